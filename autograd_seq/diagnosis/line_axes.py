"""Rules for the axes in somebody's line: which a sum goes over, whether it is kept, and sums that are missing."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import Any

from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.line_places import Edit, Place, called, places, read, said
from autograd_seq.diagnosis.line_variables import shape_of
from autograd_seq.diagnosis.own_code import Part

SUMS = ("sum", "mean")
AXES = ("0", "1", "2", "(0, 1)", "(0, 2)", "(1, 2)", "-1", "None")
SUMMED = ("axis=0", "axis=0, keepdims=True", "axis=1", "axis=1, keepdims=True")


def axes(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The axes over which a sum or a mean goes."""
    for place in places(s):
        node = place[3]
        if not isinstance(node, ast.Call) or called(node) not in SUMS:
            continue
        for keyword in [k for k in node.keywords if k.arg == "axis"]:
            yield from _other_axes(s, keyword, "value", None, keyword.value)
        first = 0 if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in ("np", "numpy") else 1
        if len(node.args) > first:
            yield from _other_axes(s, node, "args", first, node.args[first])
        if any(k.arg == "axis" for k in node.keywords) or len(node.args) > first:
            yield _kept_axes(s, place)
        elif len(node.args) == first:
            for axis in AXES[:2]:
                new = ast.Call(node.func, node.args, [*node.keywords, ast.keyword("axis", read(axis))])
                words = f"with the sum over all axes in place of {_axes(axis)}"
                yield Edit(s, *place[:3], new, "missing sum", words)
    yield from _all_axes(s)
    yield from _axes_told(part, s)
    yield from _one_of_many(part, s)


def _axes_told(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The axis that a function of theirs is told: logsumexp(z, 0) for logsumexp(z, 1)."""
    theirs = {k for k, v in part.function.__globals__.items() if isinstance(v, types.FunctionType)}
    for holder, name, index, node in places(s):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in theirs:
            continue
        told = [*enumerate(node.args), *((k.arg, k.value) for k in node.keywords)]
        for at, value in [(at, v) for at, v in told if ast.unparse(v) in ("0", "1", "-1")]:
            for other in [axis for axis in ("0", "1", "-1") if axis != ast.unparse(value)]:
                args = [read(other) if i == at else a for i, a in enumerate(node.args)]
                keywords = [ast.keyword(k.arg, read(other) if k.arg == at else k.value) for k in node.keywords]
                new = ast.Call(node.func, args, keywords)
                yield Edit(s, holder, name, index, new, *kinds.IN_PLACE_OF(said(node), said(new), of="missing sum"))


def _kept_axes(s: ast.stmt, place: Place) -> Edit:
    """A sum that keeps its axis, with length 1, where it does not; one that does not, where it does."""
    holder, name, index, node = place
    assert isinstance(node, ast.Call)
    others = [k for k in node.keywords if k.arg != "keepdims"]
    kept = [] if len(others) < len(node.keywords) else [ast.keyword("keepdims", ast.Constant(True))]
    new = ast.Call(node.func, node.args, [*others, *kept])
    return Edit(s, holder, name, index, new, *kinds.BROADCAST_OTHERWISE(said(node), said(new)))


def _one_of_many(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """The first row, or the last one, where all of them are to be added up."""
    for holder, name, index, node in places(s):
        if isinstance(node, ast.Subscript) and len(shape_of(part, ast.unparse(node.value)) or ()) > 1:
            axis = {"0": "0", "-1": "0", ":, 0": "1", ":, -1": "1"}.get(ast.unparse(node.slice).strip("()"))
            if axis is not None:
                new = read(f"{ast.unparse(node.value)}.sum(axis={axis})")
                words = f"with {said(node)} in place of {said(new)}"
                yield Edit(s, holder, name, index, new, "missing sum", words)


def _all_axes(s: ast.stmt) -> Iterator[Edit]:
    """The axis of all the sums in a line."""
    named = [k for n in ast.walk(s) if isinstance(n, ast.Call) and called(n) in SUMS for k in n.keywords]
    old = {ast.unparse(k.value) for k in named if k.arg == "axis"}
    value = getattr(s, "value", None)
    if len(named) < 2 or len(old) != 1 or value is None:
        return
    (axis,) = old
    for other in [other for other in AXES if other != axis]:
        new = read(ast.unparse(value).replace(f"axis={axis}", f"axis={other}"))
        words = f"with the sums over {_axes(axis)} in place of {_axes(other)}"
        yield Edit(s, s, "value", None, new, "missing sum", words)


def unsummed(part: Part, s: ast.stmt) -> Iterator[Edit]:
    """A sum over the examples that is missing from what a line makes."""
    value = getattr(s, "value", None)
    if not isinstance(s, (ast.Assign, ast.AugAssign, ast.Return)) or value is None:
        return
    ends: list[tuple[Any, str, int | None, ast.expr]] = [(s, "value", None, value)]
    for name in ("elts", "values"):
        if isinstance(value, (ast.Tuple, ast.List, ast.Dict)) and hasattr(value, name):
            ends = [(value, name, i, e) for i, e in enumerate(getattr(value, name))]
    for holder, name, index, node in ends:
        if isinstance(node, ast.Constant) or (isinstance(node, ast.Call) and called(node) in SUMS):
            continue
        for axis in SUMMED:
            new = read(f"({ast.unparse(node)}).sum({axis})")
            yield Edit(s, holder, name, index, new, *kinds.NOT_SUMMED_OVER(said(node), axis.split(",")[0][-1]))


def _other_axes(s: ast.stmt, holder: ast.AST, name: str, index: int | None, old: ast.expr) -> Iterator[Edit]:
    for other in AXES:
        if other != ast.unparse(old):
            words = f"with the sum over {_axes(ast.unparse(old))} in place of {_axes(other)}"
            yield Edit(s, holder, name, index, read(other), "missing sum", words)


def _axes(text: str) -> str:
    return "all axes" if text == "None" else f"axes {text.strip('()')}" if "," in text else f"axis {text}"
