"""The names a result gets: what stands left of the `=`, and which output gets which name."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from byhand.recording.words import Words

Target: TypeAlias = "str | tuple[Target, ...] | None"
"""A name, a tuple of targets for a result that is unpacked (`*rest` for a starred one), or None: no name."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a result is bound to, in the order Python binds it.

    `each` says that the result is looped over: the target is the name of every element, one after the other.
    """

    bound: tuple[Target, ...] = ()
    each: bool = False


NOWHERE = Targets()


def output_names(target: Target, count: int) -> tuple[str, ...]:
    """The names of a result's `count` outputs: `h` for one, `h[0]`, `h[1]` for several, or those it is unpacked to.

    An output without a name has "". A target that does not fit the count names nothing.
    """
    if isinstance(target, str):
        return (target,) if count == 1 else tuple(f"{target}[{number}]" for number in range(count))
    elements = unpacked(target or (), count)
    return tuple(each if isinstance(each, str) else "" for each in elements) or ("",) * count


def unpacked(target: tuple[Target, ...], count: int) -> tuple[Target, ...]:
    """One target for each of `count` elements: `(a, *rest)` and 3 give `a`, `rest[0]`, `rest[1]`. Empty if it does not fit."""
    starred = [number for number, each in enumerate(target) if isinstance(each, str) and each.startswith("*")]
    if not starred:
        return target if len(target) == count else ()
    star, taken = starred[0], count - len(target) + 1
    name = str(target[star]).removeprefix("*")
    rest = tuple(f"{name}[{number}]" for number in range(taken))
    return (*target[:star], *rest, *target[star + 1 :]) if taken >= 0 else ()


def assigned(node: ast.expr, parents: Mapping[ast.AST, ast.AST], words: Words) -> Targets:
    """What the value of an expression is bound to: only if it is the whole value, or a whole element of it."""
    path: list[tuple[int, int]] = []
    bound: list[Target] = []
    inner: ast.AST = node
    while True:
        outer = parents.get(inner)
        match outer:
            case ast.NamedExpr(target=name):
                bound.append(_pick(written_target(name, words), path))
            case ast.IfExp(test=test) if test is not inner:
                pass
            case ast.BoolOp(values=[*_, last]) if last is inner:
                pass
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if not any(isinstance(each, ast.Starred) for each in elements):
                path.append((next(number for number, each in enumerate(elements) if each is inner), len(elements)))
            case ast.Assign(targets=targets, value=value) if value is inner:
                return Targets((*bound, *(_pick(written_target(each, words), path) for each in targets)))
            case ast.AnnAssign(target=target, value=value) if value is inner:
                return Targets((*bound, _pick(written_target(target, words), path)))
            case ast.For(target=target, iter=looped) | ast.comprehension(target=target, iter=looped) if looped is inner and not (
                path or bound
            ):
                return Targets((written_target(target, words),), each=True)
            case _:
                return Targets(tuple(bound))
        inner = outer


def written_target(node: ast.expr, words: Words) -> Target:
    """A target as it is written."""
    match node:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(written_target(each, words) for each in elements)
        case _:
            return words.text(node) or None


def _pick(target: Target, path: list[tuple[int, int]]) -> Target:
    """The part of the target that an element goes to; the path leads from the element outwards."""
    for number, count in reversed(path):
        if isinstance(target, str):
            target = f"{target}[{number}]"
        else:
            elements = unpacked(target or (), count)
            target = elements[number] if elements else None
    return target
