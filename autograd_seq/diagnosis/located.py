"""In which of somebody's own lines a mistake stands, whose value is known: the first that makes this value."""

from __future__ import annotations

import ast
import linecache
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.asked_of_lines import Sought
from autograd_seq.diagnosis.finding import plain
from autograd_seq.diagnosis.known_values import KnownValues, says_nothing
from autograd_seq.diagnosis.line_edits import said, target
from autograd_seq.diagnosis.mend import Mend
from autograd_seq.diagnosis.own_code import Part
from autograd_seq.diagnosis.seen import Place

LONGEST_LINE = 70


def located(mend: Mend, sought: Sequence[Sought]) -> list[Place | None]:
    """The line of each mistake; None where it cannot be told."""
    return [_located(mend, s) for s in sought]


def _located(mend: Mend, sought: Sought) -> Place | None:
    by_value = _by_value(mend, sought)
    if sought.where == ("the loop",) and (loop := _loop(mend, by_value)) is not None:
        return loop
    return by_value or _first_odd(mend, sought) or _by_name(mend, sought)


def _loop(mend: Mend, near: Place | None) -> Place | None:
    """The loop of the backward pass, where there is one only, or else the one around a line."""
    loops = [(part, s) for part in mend.working() for s in part.statements() if isinstance(s, ast.For)]
    around = [pair for pair in loops if near and pair[1].lineno <= near[0] <= (pair[1].end_lineno or 0)]
    chosen = loops if len(loops) == 1 else around[-1:]
    if not chosen and near:  # a line of a function that a loop calls; of its file's loops the backward one is the last
        there = [pair for pair in loops if mend.file_of(pair[0]) == near[2]]
        chosen = [max(there, key=lambda pair: _last_made(*pair))] if there else []
    return _place(mend, chosen[0][0], chosen[0][1].lineno) if chosen else None


def _last_made(part: Part, loop: ast.For) -> int:
    """When a loop made something, as far as that was kept."""
    lines = range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)
    return max((when for line in lines for when, _ in part.entries.get(line, ())), default=-1)


def caller_of(mend: Mend, line: int, file: str) -> Place | None:
    """The line that calls the function of another line, and hands over nothing but zeros for one of its arguments."""
    there = [part for part in mend.parts if mend.file_of(part) == file]
    inner = next((p for p in there if p.tree.lineno <= line <= (p.tree.end_lineno or line)), None)
    if inner is None or len(inner.calls) < 2 or not any(_is_zero_in(a.arg, inner.calls) for a in inner.tree.args.args):
        return None
    for part in mend.working():
        for statement in part.statements() if part is not inner else ():
            if not isinstance(statement, ast.For) and _calls(statement, inner.tree.name):
                return _place(mend, part, statement.lineno)
    return None


def _is_zero_in(name: str, calls: Sequence[Mapping[str, Any]]) -> bool:
    found = [call.get(name) for call in calls]
    return all(isinstance(v, np.ndarray) and v.dtype.kind == "f" and not np.any(v) for v in found)


def _calls(statement: ast.stmt, name: str) -> bool:
    called = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(isinstance(function, ast.Name) and function.id == name for function in called)


def _by_value(mend: Mend, sought: Sought) -> Place | None:
    """The first line that makes one of the wrong values, or hands it to another function.

    One that makes a multiple of it, as the adjoint of the loss may be multiplied with later on, gives way to the line
    that makes it itself.
    """
    wanted: dict[tuple[int, ...], list[Array]] = {}
    for v in sought.values:
        if np.any(v):
            wanted.setdefault(v.shape, []).append(v)
    known = KnownValues(sought.values, mend.tolerance, mend.factors)
    unknown = {shape for v in sought.values if says_nothing(v) for shape in (v.shape, v.shape[::-1])}
    multiple: tuple[Place, Array] | None = None
    for line, value, part in _made(mend):
        is_looked_up = value.dtype.kind == "f" and value.ndim < 3 and value.shape not in unknown
        if is_looked_up and not says_nothing(value) and value not in known:
            continue
        alike = wanted.get(value.shape, []) + [v.T for v in wanted.get(value.shape[::-1], []) if v.ndim > 1]
        if multiple is not None:
            alike = [v for v in alike if mend.same(v, multiple[1])]
        for factor in mend.factors[: 1 if multiple is not None else None]:
            same = next((v for v in alike if mend.same(factor * value, v)), None)
            if same is not None and _matters(mend, part, line, value):
                if factor == 1.0:
                    return _place(mend, part, line)
                multiple = multiple or (_place(mend, part, line), same)
    return multiple[0] if multiple is not None else None


def _matters(mend: Mend, part: Part, line: int, value: Array) -> bool:
    """Whether wrong gradients depend on a line, and no right one nor the outputs, as on those of the forward pass."""
    there = [s for s in part.statements() if s.lineno <= line <= (s.end_lineno or line) and not isinstance(s, ast.For)]
    reach = mend.reach(part, max(there, key=lambda s: s.lineno)) if there else None
    return value not in mend.before if reach is None else bool(reach) and reach <= set(mend.wrong)


def _made(mend: Mend) -> Iterator[tuple[int, Array, Part]]:
    """What the lines made, in the order of time."""
    made = [
        (when, line, v, part)
        for part in mend.working()
        for lines in (part.entries, part.handed)
        for line, all_ in lines.items()
        for when, v in all_
    ]
    for _, line, value, part in sorted(made, key=lambda entry: entry[0]):
        yield line, value, part


def _first_odd(mend: Mend, sought: Sought) -> Place | None:
    """The first line to make what is not in the true pass, among those on which just these gradients depend."""
    wrong = [line for line in mend.lines(list(sought.explains)) if line.reach == frozenset(sought.explains)]
    odd = [line for line in wrong if line.strange < math.inf]
    best = min(odd, key=lambda line: line.strange, default=None)
    return _place(mend, best.part, best.statement.lineno) if best is not None else None


def _by_name(mend: Mend, sought: Sought) -> Place | None:
    """The last line that gives a value to what is called so."""
    names = {plain(name) for name in (*sought.where, *(sought.explains if len(sought.explains) == 1 else ()))}
    found = [
        (part, s.lineno)
        for part in mend.working()
        for s in part.statements()
        if isinstance(s, (ast.Assign, ast.AugAssign)) and plain(_last_name(target(s))) in names
    ]
    return _place(mend, *found[-1]) if found else None


def _last_name(text: str) -> str:
    """The key or the attribute that an assignment is to, or else the variable."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def _place(mend: Mend, part: Part, line: int) -> Place:
    text = " ".join(linecache.getline(part.file, line).split("#")[0].split()).rstrip(",")
    if not text:
        text = next((said(s) for s in part.statements() if s.lineno == line), "")
    return line, text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…", mend.file_of(part)
