"""What the code of a hook says of it: what it returns, and whether it keeps or prints something besides."""

import dis
from collections.abc import Iterator
from types import CodeType

KEEPS = frozenset({"STORE_ATTR", "STORE_SUBSCR", "STORE_GLOBAL", "STORE_DEREF"})
TELLS = frozenset(
    {"append", "extend", "add", "update", "setdefault", "print", "item", "tolist", "write", "log", "info", "debug", "add_scalar"}
)


def returns(code: CodeType) -> int:
    """Where the code returns something other than None (the last such place), as an instruction; 0 if it never does."""
    before, found = "", 0
    for each in _instructions(code):
        if each.opname == "RETURN_VALUE" and before != "LOAD_CONST None":
            found = each.offset
        if each.opname == "RETURN_CONST" and each.argval is not None:
            found = each.offset
        before = f"{each.opname} {each.argval}" if each.opname == "LOAD_CONST" else each.opname
    return found


def writes(code: CodeType) -> int:
    """Where the code changes something in place (the first such place), as an instruction; 0 if it does not."""
    for each in _instructions(code):
        called = str(each.argval) if "LOAD" in each.opname and each.opname != "LOAD_CONST" else ""
        if (called.endswith("_") and not called.endswith("__")) or (each.opname == "BINARY_OP" and each.argrepr.endswith("=")):
            return each.offset
    return 0


def observes(code: CodeType | None) -> bool:
    """Whether the code keeps, prints or counts something."""
    return code is not None and any(
        each.opname in KEEPS or (each.argval in TELLS and "LOAD" in each.opname) for each in _instructions(code)
    )


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    return (each for each in dis.get_instructions(code) if each.opname not in ("CACHE", "EXTENDED_ARG", "NOP"))
