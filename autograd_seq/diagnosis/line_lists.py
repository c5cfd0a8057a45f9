"""Rules for lists and tuples in somebody's line: their order, their ends, what stands in which place."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_places import ATOMS, Edit, called, place_of, places, read, said
from autograd_seq.diagnosis.line_variables import atoms, fits, shape_of, turns_round
from autograd_seq.diagnosis.own_code import Part

MOST_VALUES = 5  # side by side, of which two may be exchanged


def exchanged_rows(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """What stands beside two names exchanged, as in the list that a loop goes through: (("o", do), ("g", dg))."""
    for holder, name, index, node in places(s):
        rows = node.elts if isinstance(node, (ast.Tuple, ast.List)) else []
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            rows = [ast.Tuple([k, v], ast.Load()) for k, v in pairs if k is not None]
        if not rows or not all(isinstance(row, ast.Tuple) and len(row.elts) == 2 for row in rows):
            continue
        for one, other in itertools.combinations(range(len(rows)), 2):
            made: list[Any] = [copy.copy(row) for row in rows]
            (a, first), (b, second) = made[one].elts, made[other].elts
            made[one].elts, made[other].elts = [a, second], [b, first]
            new = _dict_of(made) if isinstance(node, ast.Dict) else copy.copy(node)
            if isinstance(new, (ast.Tuple, ast.List)):
                new.elts = made
            yield Edit(s, holder, name, index, new, *kinds.EXCHANGED(said(first), said(second)))


def exchanged_values(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Two of the things that a line puts together, each in the place of the other: kept[k] = [dc, dh]."""
    value = getattr(s, "value", None)
    if isinstance(s, ast.Assign) and isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) <= MOST_VALUES:
        for i, k in itertools.combinations(range(len(value.elts)), 2):
            made = list(value.elts)
            made[i], made[k] = value.elts[k], value.elts[i]
            words = kinds.EXCHANGED(said(value.elts[i]), said(value.elts[k]))
            yield Edit(s, s, "value", None, type(value)(made, ast.Load()), *words)


def looped(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """Two of the things that a loop goes over exchanged, zip('ifgo', (di, df, do, dg)); another value for one."""
    for node in [n for n in ast.walk(s.iter) if isinstance(n, (ast.Tuple, ast.List))] if isinstance(s, ast.For) else ():
        for i, k in itertools.combinations(range(len(node.elts)), 2):
            one, other = node.elts[i], node.elts[k]
            if isinstance(one, ATOMS) and isinstance(other, ATOMS):
                made = list(node.elts)
                made[i], made[k] = other, one
                new = ast.copy_location(type(node)(made, ast.Load()), node)
                words = kinds.EXCHANGED(said(one), said(other))
                yield from (Edit(s, *there, new, *words) for there in place_of(s, node))
        for i, text in [(i, ast.unparse(e)) for i, e in enumerate(node.elts) if isinstance(e, ATOMS)]:
            fitting = [a for a in atoms(part) if a != text and shape_of(part, text) and fits(part, text, a)]
            for other_name in fitting if text in part.forward else ():
                yield Edit(s, node, "elts", i, read(other_name), *kinds.IN_PLACE_OF(text, other_name))


def _dict_of(rows: Sequence[ast.Tuple]) -> ast.Dict:
    return ast.Dict([row.elts[0] for row in rows], [row.elts[1] for row in rows])


def lists(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """One array several times in a list; the last entry read in place of taken away."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
            for entry in node.left.elts:
                new = read(f"[({ast.unparse(entry)}).copy() for _ in range({ast.unparse(node.right)})]")
                words = f"with {said(node)}, one array in all places, which is changed in place"
                yield Edit(s, holder, name, index, new, "shared array", words)
        if isinstance(node, ast.Subscript) and ast.unparse(node.slice) in ("-1", "0"):
            first = "0" if ast.unparse(node.slice) == "0" else ""
            new = read(f"{ast.unparse(node.value)}.pop({first})")
            words = f"with {said(node)} in place of {said(new)}: every step reads the same entry"
            yield Edit(s, holder, name, index, new, "off by one", words)
        other = _at_the_other_end(node) if isinstance(node, ast.Call) else None
        if other is not None:
            words = f"with {said(node)} in place of {said(other)}: the list has its entries in the opposite order"
            yield Edit(s, holder, name, index, other, "off by one", words)
        if isinstance(node, ast.Call) and called(node) == "pop" and [ast.unparse(a) for a in node.args] in ([], ["0"]):
            new = ast.Call(node.func, [] if node.args else [ast.Constant(0)], [])
            words = f"with {said(node)} in place of {said(new)}: the list is read from its other end"
            yield Edit(s, holder, name, index, new, "off by one", words)


def _at_the_other_end(node: ast.Call) -> ast.expr | None:
    """What is put to the end of a list put to its beginning, and the other way round."""
    method, given = node.func, node.args
    if not isinstance(method, ast.Attribute) or node.keywords:
        return None
    if method.attr == "append" and len(given) == 1:
        return ast.Call(ast.Attribute(method.value, "insert", ast.Load()), [ast.Constant(0), *given], [])
    if method.attr in ("insert", "appendleft") and (len(given) == 1 or ast.unparse(given[0]) == "0"):
        return ast.Call(ast.Attribute(method.value, "append", ast.Load()), given[-1:], [])
    return None


def turned(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A list that is answered from its other end; an array, where the file turns any round."""
    if not isinstance(s, (ast.Return, ast.Assign, ast.AugAssign)):
        return
    for holder, name, index, node in places(s):
        text = ast.unparse(node)
        if isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "::-1":
            yield Edit(s, holder, name, index, node.value, *kinds.TURNED_ROUND(text, "[::-1] does not belong there"))
        elif _is_turned(part, s, node) and not isinstance(holder, (ast.Subscript, ast.Attribute)):
            new = read(f"{text}[::-1]")
            yield Edit(s, holder, name, index, new, *kinds.TURNED_ROUND(text, "[::-1] is missing"))


def _is_turned(part: Part, s: Any, node: ast.expr) -> bool:
    """Whether something could be meant the other way round: a list, or an array that is all of what a line adds."""
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return False
    whole = node is s.value and len(shape_of(part, ast.unparse(node)) or ()) > 1
    return part.kinds.get(ast.unparse(node)) == "list" or (whole and turns_round(part))
