"""What an operation says: its own words, those of its operands, and the names of its result."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from byhand.recording.targets import NOWHERE, Targets, assigned, written_target
from byhand.recording.words import Piece, Words

_CALL = (ast.Call,)
_ITEM = (ast.Subscript,)
KINDS: Mapping[str, tuple[type[Piece], ...]] = {
    "BINARY_OP": (ast.BinOp, ast.AugAssign),
    "UNARY_NEGATIVE": (ast.UnaryOp,),
    "UNARY_POSITIVE": (ast.UnaryOp,),
    "UNARY_INVERT": (ast.UnaryOp,),
    "COMPARE_OP": (ast.Compare,),
    "CONTAINS_OP": (ast.Compare,),
    "BINARY_SUBSCR": _ITEM,
    "BINARY_SLICE": _ITEM,
    "STORE_SUBSCR": _ITEM,
    "STORE_SLICE": _ITEM,
    "LOAD_ATTR": (ast.Attribute,),
    "LOAD_METHOD": (ast.Attribute,),
    "CALL": _CALL,
    "CALL_KW": _CALL,
    "CALL_FUNCTION_EX": _CALL,
    "UNPACK_SEQUENCE": (ast.Tuple, ast.List),
    "UNPACK_EX": (ast.Tuple, ast.List),
    "GET_ITER": (ast.For, ast.expr),
}
"""The pieces of source that each instruction carries out."""


@dataclass(frozen=True, slots=True)
class Operand:
    """What an operation is given: its words, its keyword if it has one, whether it is a plain name, path or literal, and which."""

    text: str
    keyword: str = ""
    plain: bool = False
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What the source says of one operation. `expression` is "" for one that has no words of its own, like unpacking."""

    expression: str = ""
    operands: tuple[Operand, ...] = ()
    receiver: Operand | None = None
    targets: Targets = NOWHERE
    operator: bool = False


def said(name: str, piece: Piece, parents: Mapping[ast.AST, ast.AST], words: Words) -> Said | None:
    """What an instruction's piece of source says; None if the instruction only stands there and does something else."""
    outer = parents.get(piece)
    match name, piece, outer:
        case "GET_ITER", ast.For(iter=looped), _:
            return _looped(looped, parents, words)
        case "GET_ITER", ast.expr(), ast.For(iter=looped) | ast.comprehension(iter=looped) if looped is piece:
            return _looped(piece, parents, words)
        case "GET_ITER", _, _:
            return None
        case "STORE_SUBSCR" | "STORE_SLICE", ast.Subscript(), _:
            return _stored_item(piece, outer, words)
        case "UNPACK_SEQUENCE" | "UNPACK_EX", ast.Tuple() | ast.List(), _:
            value = outer.value if isinstance(outer, ast.Assign) else None
            return Said("", _operands([value], words), None, Targets((written_target(piece, words),)))
        case _, ast.AugAssign(target=target, value=value), _:
            return Said(
                words.text(piece), _operands([target, value], words), None, Targets((written_target(target, words),)), operator=True
            )
        case _, ast.Call(), ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return None
        case _, ast.Compare(ops=[_, _, *_]), _:
            return None
        case _, ast.expr(), _:
            operator = isinstance(piece, ast.BinOp | ast.Compare)
            return Said(words.text(piece), _given(piece, words), _receiver(piece, words), assigned(piece, parents, words), operator)
    return None


def _looped(looped: ast.expr, parents: Mapping[ast.AST, ast.AST], words: Words) -> Said:
    return Said("", _operands([looped], words), None, assigned(looped, parents, words))


def _stored_item(item: ast.Subscript, outer: ast.AST | None, words: Words) -> Said | None:
    """Storing an item changes what the item belongs to: that is what gets the name."""
    if isinstance(outer, ast.AugAssign):
        return Said(words.text(outer), _operands([item.value, item.slice], words), None, _owner(item, words))
    if isinstance(outer, ast.Assign) and (place := words.text(item)) and (value := words.text(outer.value)):
        return Said(f"{place} = {value}", _operands([item.value, item.slice, outer.value], words), None, _owner(item, words))
    return Said("", _operands([item.value, item.slice], words), None, _owner(item, words))


def _owner(item: ast.Subscript, words: Words) -> Targets:
    return Targets((words.text(item.value) or None,)) if _is_path(item.value) else NOWHERE


def _given(piece: ast.expr, words: Words) -> tuple[Operand, ...]:
    match piece:
        case ast.BinOp(left=left, right=right):
            return _operands([left, right], words)
        case ast.UnaryOp(operand=operand):
            return _operands([operand], words)
        case ast.Compare(left=left, comparators=[right]):
            return _operands([left, right], words)
        case ast.Subscript(value=value, slice=key):
            return _operands([value, key], words)
        case ast.Attribute(value=value):
            return _operands([value], words)
        case ast.Call(args=arguments, keywords=keywords):
            return (*_operands(arguments, words), *(_operand(each.value, words, keyword=each.arg or "**") for each in keywords))
    return ()


def _receiver(piece: ast.expr, words: Words) -> Operand | None:
    match piece:
        case ast.Call(func=ast.Attribute(value=owner)):
            return _operand(owner, words)
    return None


def _operands(pieces: list[ast.expr] | list[ast.expr | None], words: Words) -> tuple[Operand, ...]:
    return tuple(_operand(each, words) for each in pieces if each is not None)


def _operand(piece: ast.expr, words: Words, *, keyword: str = "") -> Operand:
    literal = _is_literal(piece)
    return Operand(words.text(piece), keyword, literal or _is_path(piece), literal)


def _is_path(piece: ast.expr) -> bool:
    while isinstance(piece, ast.Attribute):
        piece = piece.value
    return isinstance(piece, ast.Name)


def _is_literal(piece: ast.expr) -> bool:
    match piece:
        case ast.Constant() | ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant()):
            return True
    return False
