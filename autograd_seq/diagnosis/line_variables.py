"""What occurs in somebody's function: its operands and their shapes, its indices, its keys, its definitions."""

from __future__ import annotations

import ast
import linecache
import re
from functools import lru_cache
from typing import Any

from autograd_seq.diagnosis.line_places import ATOMS
from autograd_seq.diagnosis.own_code import Part

DERIVATIVE_FORM = re.compile(r"1(\.0*)? - |\*\* 2|> 0|\*.*\(1|d(tanh|sigmoid|relu)|prime|deriv", re.IGNORECASE)
MOST_PARTS = 64  # functions that are remembered
LONGEST_KEY = 20
MOST_WORDS = 12
NUMBERS = ("int", "float")
USUAL = (-1.0, 0.0, 0.5, 1.0, 2.0)
MOST_NUMBERS = 6


@lru_cache(MOST_PARTS)
def atoms(part: Part) -> list[str]:
    """The operands that occur in a function, the most frequent first, and what stands beside them unread."""
    called = {id(n.func) for n in ast.walk(part.tree) if isinstance(n, ast.Call)}
    space = part.function.__globals__
    found: dict[str, int] = {}
    for node in ast.walk(part.tree):
        if not isinstance(node, ATOMS) or id(node) in called or _root(node) in _not_arrays(space):
            continue
        if isinstance(node, ast.Attribute) and node.attr in ("T", "shape", "size", "ndim"):
            continue
        text = ast.unparse(node)
        found[text] = found.get(text, 0) + 1
    return [*sorted(found, key=lambda k: -found[k]), *(text for text in part.beside if text not in found)]


def _root(node: ast.AST) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _not_arrays(space: dict[str, Any]) -> set[str]:
    """Names of modules and functions."""
    return {k for k, v in space.items() if type(v).__name__ == "module" or callable(v)} | {"range", "len", "reversed"}


def fits(part: Part, wrong: str, right: str) -> bool:
    """Whether one operand could stand for another: they are of one kind, or nothing is known of one.

    A list does not stand for what may be an array: put into itself it would have no end.
    """
    mine, its = part.kinds.get(wrong), part.kinds.get(right)
    if mine is None:
        return its is None or isinstance(its, tuple) or its in NUMBERS
    return its is None or mine == its


def shape_of(part: Part, text: str) -> tuple[int, ...] | None:
    """The shape of an operand; None where it is not an array."""
    kind = part.kinds.get(text)
    return kind[0] if isinstance(kind, tuple) else None


def spreads(part: Part, factor: str, over: str) -> bool:
    """Whether a factor could be multiplied with what a line makes."""
    mine, its = shape_of(part, factor), shape_of(part, over)
    if mine is None or its is None:
        return factor in part.kinds and its is None
    return len(mine) <= len(its) and all(a in (1, b) for a, b in zip(mine[::-1], its[::-1], strict=False))


def forms_over(part: Part, factor: str, over: str) -> list[str]:
    """A factor as it could be multiplied with what a line makes: as it is, or with an axis more, mask[:, :, None]."""
    if spreads(part, factor, over):
        return [factor]
    mine, its = shape_of(part, factor) or (), shape_of(part, over) or ()
    if 0 < len(mine) < len(its) and mine == its[: len(mine)]:
        return [f"{factor}[{', '.join([':'] * len(mine) + ['None'] * (len(its) - len(mine)))}]"]
    return []


@lru_cache(MOST_PARTS)
def functions_of(part: Part) -> dict[str, str]:
    """The calls of one operand that occur in a function, such as tanh(c), each with the operand."""
    calls = [n for n in ast.walk(part.tree) if isinstance(n, ast.Call) and len(n.args) == 1 and not n.keywords]
    found = {ast.unparse(n): ast.unparse(n.args[0]) for n in calls if isinstance(n.args[0], ATOMS)}
    return {call: of for call, of in found.items() if shape_of(part, of)}


@lru_cache(MOST_PARTS)
def definitions(part: Part) -> dict[str, list[str]]:
    """Under each variable what is assigned to it."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(part.tree):
        if isinstance(node, ast.Assign):
            found.setdefault(ast.unparse(node.targets[0]), []).append(ast.unparse(node.value))
    return found


@lru_cache(MOST_PARTS)
def unread_names(part: Part) -> list[str]:
    """The arguments and variables of a function that it never reads: one may be meant where another stands."""
    names = [n for n in ast.walk(part.tree) if isinstance(n, ast.Name)]
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    arguments = part.tree.args
    told = [a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    return [k for k in dict.fromkeys([*told, *(n.id for n in names)]) if k not in read and k.strip("_") and k != "self"]


@lru_cache(MOST_PARTS)
def index_names(part: Part) -> set[str]:
    """The variables that some index of a function is made of."""
    found = set()
    for node in ast.walk(part.tree):
        if isinstance(node, ast.Subscript):
            found |= {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
    numbers = {k for k in [*found, *unread_names(part)] if not shape_of(part, k)}
    return numbers - _not_arrays(part.function.__globals__)


def _tree_of_file(file: str) -> ast.Module:
    return _tree_of("".join(linecache.getlines(file)))  # a file may be another one when it is looked at again


@lru_cache(MOST_PARTS)
def _tree_of(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])


@lru_cache(MOST_PARTS)
def texts_of_calls(part: Part) -> list[str]:
    """The words that functions and methods are called with anywhere in a file, such as the name of a layer."""
    calls = [n for n in ast.walk(_tree_of_file(part.file)) if isinstance(n, ast.Call)]
    told = [a.value for call in calls for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return [word for word in dict.fromkeys(told) if len(word) < LONGEST_KEY][:MOST_WORDS]


@lru_cache(MOST_PARTS)
def numbers_in_file(part: Part) -> list[str]:
    """The numbers that something is multiplied with or divided by anywhere in a file, but for those that all use."""
    products = [n for n in ast.walk(_tree_of_file(part.file)) if isinstance(n, ast.BinOp)]
    sides = [side for n in products if isinstance(n.op, (ast.Mult, ast.Div)) for side in (n.left, n.right)]
    numbers = [side for side in sides if isinstance(side, ast.Constant) and type(side.value) in (int, float)]
    return [text for text in dict.fromkeys(map(ast.unparse, numbers)) if float(text) not in USUAL][:MOST_NUMBERS]


@lru_cache(MOST_PARTS)
def conditions_in_file(part: Part) -> list[str]:
    """The comparisons that are joined by `and` anywhere in a file, as far as the function has their variables."""
    joined = [n for n in ast.walk(_tree_of_file(part.file)) if isinstance(n, ast.BoolOp)]
    known = {n.id for n in ast.walk(part.tree) if isinstance(n, ast.Name)} | {*part.function.__globals__}
    asked = [value for n in joined for value in n.values if isinstance(value, ast.Compare)]
    own = [n for n in asked if {x.id for x in ast.walk(n) if isinstance(x, ast.Name)} <= known]
    return list(dict.fromkeys(map(ast.unparse, own)))[:MOST_WORDS]


@lru_cache(MOST_PARTS)
def names_in_file(part: Part) -> list[str]:
    """The attributes and keys that occur in a file."""
    nodes = list(ast.walk(_tree_of_file(part.file)))
    found = [n.attr for n in nodes if isinstance(n, ast.Attribute)]
    inner = [n.slice.value for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant)]
    inner += [k.value for n in nodes if isinstance(n, ast.Dict) for k in n.keys if isinstance(k, ast.Constant)]
    return list(dict.fromkeys([*found, *(k for k in inner if isinstance(k, str) and k.isidentifier())]))


@lru_cache(MOST_PARTS)
def turns_round(part: Part) -> bool:
    """Whether anything is turned round anywhere in a file, x[::-1]."""
    steps = [n.step for n in ast.walk(_tree_of_file(part.file)) if isinstance(n, ast.Slice) and n.step is not None]
    return any(ast.unparse(step) == "-1" for step in steps)


@lru_cache(MOST_PARTS)
def keys(part: Part) -> list[str]:
    """The texts that occur in a function."""
    found = [n.value for n in ast.walk(part.tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [c for c in dict.fromkeys(found) if len(c) < LONGEST_KEY]


def numpy_in(part: Part) -> str | None:
    """What NumPy is called in the file of a function."""
    return next((k for k, v in part.function.__globals__.items() if getattr(v, "__name__", "") == "numpy"), None)
