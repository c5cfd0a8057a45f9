"""Values of operands in somebody's program, read off its variables without running anything."""

from __future__ import annotations

import ast
import itertools
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

UNKNOWN = object()
MOST_PLACES = 4  # at which entries of one variable are looked at
FEW_ROWS = 4  # of an array, of which each has a number of its own, as gates have
MOST_BESIDE = 60  # entries of one object


def kind_of(value: Any) -> Any:
    """The shape and the sort of numbers of an array; the type of anything else."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.shape, value.dtype.kind
    return type(value).__name__


def value_of(node: ast.AST, held: dict[str, Any]) -> Any:
    """The value of a variable, an entry or an attribute, read off without running anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return held.get(node.id, UNKNOWN)
    if isinstance(node, ast.Tuple):
        made = tuple(value_of(e, held) for e in node.elts)
        return UNKNOWN if any(m is UNKNOWN for m in made) else made
    if isinstance(node, ast.Slice):
        ends = [None if e is None else value_of(e, held) for e in (node.lower, node.upper, node.step)]
        return UNKNOWN if any(e is UNKNOWN for e in ends) else slice(*ends)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        a, b = value_of(node.left, held), value_of(node.right, held)
        if isinstance(a, (int, np.integer)) and isinstance(b, (int, np.integer)):
            return a + b if isinstance(node.op, ast.Add) else a - b
        return UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        a = value_of(node.operand, held)
        return -a if isinstance(a, (int, float, np.number)) else UNKNOWN
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        return _part_of(node, value_of(node.value, held), held)
    return UNKNOWN


def held_by(whole: Any) -> dict[str, Any]:
    """What an object holds under its own names: as attributes, in slots, or as a tuple whose fields have names."""
    if isinstance(whole, tuple):
        names = getattr(type(whole), "_fields", ())
        return dict(zip(names, tuple(whole), strict=False))
    slots = [name for kind in type(whole).__mro__ for name in _slots(kind)]
    found = {name: kind_slot.__get__(whole) for name in slots if (kind_slot := _filled(whole, name)) is not None}
    return {**found, **getattr(whole, "__dict__", {})}


def siblings(tree: ast.AST | None, held: dict[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The numbers and arrays beside those that a function reads of its objects and dicts, as it would write them.

    Parameters
    ----------
    tree : AST or None
        The function.
    held : dict
        Its variables.
    known : mapping
        The values that it reads, which are not answered again.
    """
    done: set[str] = set()
    own = [ast.Attribute(ast.Name("self", ast.Load()), "", ast.Load())] if "self" in held else []
    for node in [*ast.walk(tree), *own] if tree is not None else ():
        by_key = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        if not isinstance(node, ast.Attribute) and not (isinstance(node, ast.Subscript) and by_key):
            continue
        text = ast.unparse(node.value)
        if text in done:
            continue
        done.add(text)
        whole = value_of(node.value, held)
        entries = whole.items() if isinstance(whole, dict) else held_by(whole).items() if not by_key else ()
        for name, value in list(entries)[:MOST_BESIDE]:
            said = f"{text}.{name}" if isinstance(node, ast.Attribute) else f"{text}[{name!r}]"
            if isinstance(name, str) and said not in known and _is_number(value):
                yield said, value.copy() if isinstance(value, np.ndarray) else value
        rows = whole if by_key and isinstance(whole, (np.ndarray, list, tuple)) and len(whole) <= FEW_ROWS else ()
        for i, row in enumerate(rows):  # v[1], where v[0] is read
            if f"{text}[{i}]" not in known and _is_number(row):
                yield f"{text}[{i}]", np.array(row)


def unread(tree: ast.AST | None, held: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries, at the places where a function reads others, of its variables of which it reads none.

    Parameters
    ----------
    tree : AST or None
        The function.
    held : dict
        Its own variables.
    """
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Subscript)] if tree is not None else []
    read = {n.value.id for n in nodes if isinstance(n.value, ast.Name)}
    places = {ast.unparse(n.slice): n.slice for n in nodes if isinstance(n.slice, (ast.Name, ast.BinOp))}
    for name, whole in held.items():
        if name in read or not isinstance(whole, (np.ndarray, list, tuple)):
            continue
        for text, place in itertools.islice(places.items(), MOST_PLACES):
            if isinstance(value_of(place, held), (int, np.integer)):
                entry = value_of(ast.Subscript(ast.Name(name), place), held)
                if isinstance(entry, (np.ndarray, np.floating)):
                    yield f"{name}[{text}]", np.array(entry)


def _is_number(value: Any) -> bool:
    return isinstance(value, (np.ndarray, int, float)) and not isinstance(value, bool)


def _slots(kind: type) -> tuple[str, ...]:
    """The slots that a class of somebody's own has."""
    found = vars(kind).get("__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _filled(whole: Any, name: str) -> types.MemberDescriptorType | None:
    """A slot in which something stands."""
    slot = next((vars(kind)[name] for kind in type(whole).__mro__ if name in vars(kind)), None)
    if not isinstance(slot, types.MemberDescriptorType):
        return None
    try:
        slot.__get__(whole)
    except AttributeError:
        return None
    return slot


def _part_of(node: ast.Attribute | ast.Subscript, whole: Any, held: dict[str, Any]) -> Any:
    if isinstance(node, ast.Attribute):
        if isinstance(whole, np.ndarray):
            return whole.T if node.attr == "T" else UNKNOWN
        return held_by(whole).get(node.attr, UNKNOWN)
    place = value_of(node.slice, held)
    if place is UNKNOWN or not isinstance(whole, (np.ndarray, list, tuple, dict)):
        return UNKNOWN
    try:
        return whole[place]
    except (KeyError, IndexError, TypeError):
        return UNKNOWN
