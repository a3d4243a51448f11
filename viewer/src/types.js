// The data of one page, as the Python side writes them, and the state of the viewer. Keys that are absent mean "", [] or null.

/**
 * A piece of text: the text, its role ("plain", "forward", "backward", "name", "code", "faint", "agrees", "differs", "not compared",
 * "missing", "loud"), and the same as MathML where it is mathematics.
 * @typedef {[text: string, role: string, mathml?: string]} Cell
 */

/**
 * A tensor as a small heat map and a histogram; a level is null where something is not finite.
 * @typedef {object} Sketch
 * @property {(number | null)[][]} levels
 * @property {number[]} [counts]
 * @property {string} [low]
 * @property {string} [high]
 * @property {string} [nonfinite]
 */

/**
 * One line of a box; `y` is the text's baseline, or the sketch's top.
 * @typedef {object} Row
 * @property {number} y
 * @property {"always" | "forward" | "backward"} shows
 * @property {Cell[]} [cells]
 * @property {Sketch} [sketch]
 */

/**
 * @typedef {"operation" | "weight" | "constant" | "module" | "repeated" | "stretch"} Kind
 */

/**
 * One value with the operation that made it, or a part that can be opened.
 * @typedef {object} Box
 * @property {string} key
 * @property {Kind} kind
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {Row[]} [rows]
 * @property {string} [about]
 * @property {string} [spoken]
 * @property {string} [verdict]
 * @property {string} [op]
 * @property {string} [module]
 * @property {[file: number, line: number] | null} [source]
 * @property {number} [forward]
 * @property {number} [backward]
 * @property {Part} [inside]
 */

/**
 * A value on its way from one box to another, and the gradient on its way back; "" is the part's border.
 * @typedef {object} Arrow
 * @property {string} key
 * @property {string} [from]
 * @property {string} [to]
 * @property {string[]} [values]
 * @property {[x: number, y: number][]} points
 * @property {Cell[]} [label]
 * @property {[x: number, y: number] | null} [at]
 * @property {string} [about]
 * @property {string} [verdict]
 * @property {number} [forward]
 * @property {number} [backward]
 * @property {boolean} [flows]
 */

/**
 * Boxes and arrows in their own coordinates.
 * @typedef {object} Part
 * @property {string} key
 * @property {string} [title]
 * @property {number} w
 * @property {number} h
 * @property {Box[]} boxes
 * @property {Arrow[]} [arrows]
 */

/**
 * One step of the walk, first forward, then backward.
 * @typedef {object} Moment
 * @property {boolean} forward
 * @property {string} box
 * @property {Cell[]} told
 */

/**
 * The text of a program, its lines from number `first` on.
 * @typedef {object} Source
 * @property {string} name
 * @property {number} [first]
 * @property {string[]} lines
 */

/**
 * One number for every box by which the picture can be coloured, with its text.
 * @typedef {object} Heat
 * @property {string} name
 * @property {Record<string, number>} values
 * @property {Record<string, string>} texts
 * @property {string} [worst]
 */

/** @typedef {{ kind: "heading", text: string, level: number }} Heading */
/** @typedef {{ kind: "prose", cells: Cell[] }} Prose */
/** @typedef {{ kind: "formula", parts: Cell[], remark?: Cell[] }} Formula */
/** @typedef {{ kind: "table", columns: string[], rows: Cell[][][], caption?: string }} Table */
/** @typedef {{ kind: "ledger", title: string, rows: Cell[][], total: Cell[] }} Ledger */
/** @typedef {Heading | Prose | Formula | Table | Ledger} Block */

/**
 * Everything of one page.
 * @typedef {object} PageData
 * @property {string} title
 * @property {Moment[]} [moments]
 * @property {number} [forward]
 * @property {Part} root
 * @property {Record<string, Block[]>} [details]
 * @property {Source[]} [sources]
 * @property {Heat[]} [heats]
 */

/**
 * What the reader did: the selected box, the moment of the walk, the keys of the opened boxes, the number of the heat or −1, what a
 * search found.
 * @typedef {object} State
 * @property {string} selected
 * @property {number} moment
 * @property {ReadonlySet<string>} opened
 * @property {number} heat
 * @property {ReadonlySet<string>} found
 */

/**
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(patch: Partial<State>) => void} set
 * @property {(listener: (state: State, before: State) => void) => (() => void)} subscribe
 */

/**
 * The live picture. `fit` shows all of it, `reveal` opens the parents of a box and brings it into the middle.
 * @typedef {object} View
 * @property {() => void} fit
 * @property {(key: string) => void} reveal
 * @property {HTMLElement} element
 */

export {};
