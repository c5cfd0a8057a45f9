"""The printed table: a row for each record; long recordings fold into one row for each repeated time step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.names import text
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.alike import alike
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.steps import scopes
from autograd_seq.translation.columns import display_width, padded, shortened
from autograd_seq.translation.reader import translated
from autograd_seq.writer import Writer

FOLD_ABOVE = 100  # rows that a person still reads
SHORTENED = (1, 2, 4)  # the cells that are cut where there is little room
SHORTEST = 10


def table(graph: Graph, fold: bool | None = None, width: int | None = None) -> str:
    """The recording as text.

    Parameters
    ----------
    graph : Graph
        Any recording, forward or backward.
    fold : bool, optional
        Whether time steps with the same records as the one before are folded into one row;
        by default where there are more than 100 rows.
    width : int, optional
        Columns to fit into: lines of the program are then named and not quoted, of
        values there is the norm alone if need be, and long cells are cut.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, scope
    >>> W, x = Parameter([[0.5]], "W"), Tensor([[2.0]], "x")
    >>> with scope(time=1):
    ...     a = name(W @ x, "a")
    >>> print(table(a.graph))  # doctest: +ELLIPSIS
    %  name  operation  shape  value  time  line
    0  W                1×1    0.5
    1  x                1×1    2
    2  a<1>  W x        1×1    1      1     ...
    """
    rows = [record for record in graph if not is_literal(record)]
    positions, places = graph.positions, scopes(graph)

    def refer(record: Tensor) -> str | None:
        if is_literal(record):
            return None  # written as its number
        if record.name:
            return text(record.name, places.get(record, record.scope), as_in_code=True)
        return f"%{positions[record]}" if record in positions else f"%({record.label})"

    fold = len(rows) > FOLD_ABOVE if fold is None else fold
    roles = alike(graph).roles if fold else {}
    lines: list[Sequence[str] | str] = [_headings()]
    before: list[Any] | None = None
    folded: list[int] = []
    for time, group in groupby(rows, key=lambda record: places[record].time):
        records = list(group)
        done = [(roles.get(record), record.operation, record.shape) for record in records]
        if fold and time is not None and done == before:
            folded.append(time)
            last = records
            continue
        _close(lines, folded, last if folded else [], graph, refer)
        before = done if time is not None else None
        lines.extend(_clipped([_row(record, graph, refer) for record in records], fold))
    _close(lines, folded, last if folded else [], graph, refer)
    return _aligned(lines if width is None else _narrowed(lines, width))


def _headings() -> Sequence[str]:
    words = [translated("name"), translated("operation"), translated("shape"), translated("value"), translated("time")]
    return ["%", *words, translated("line")]


def _narrowed(lines: list[Sequence[str] | str], width: int) -> list[Sequence[str] | str]:
    """The rows within so many columns: program lines without their text, of values the norm, long cells cut."""
    rows = [list(line) for line in lines if not isinstance(line, str)]
    for row in rows:
        row[-1] = row[-1].split("  ")[0]
    room = _widths(rows)
    if sum(room) + 2 * (len(room) - 1) > width:
        for row in rows:
            row[4] = re.sub(r"(?<=‖) .*", "", row[4])  # the norm alone
        room = _widths(rows)
    while sum(room) + 2 * (len(room) - 1) > width and max(room[i] for i in SHORTENED) > SHORTEST:
        room[max(SHORTENED, key=lambda i: room[i])] -= 1
    shorter = iter([[_short(cell, room[i]) for i, cell in enumerate(row)] for row in rows])
    return [line if isinstance(line, str) else next(shorter) for line in lines]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(display_width(row[i]) for row in rows) for i in range(len(rows[0]))]


def _close(
    lines: list[Sequence[str] | str],
    folded: list[int],
    last: list[Tensor],
    graph: Graph,
    refer: Callable[[Tensor], str | None],
) -> None:
    """End a run of equal steps: say which were folded, and show the last one's named records."""
    if not folded:
        return
    first, end = folded[0], folded[-1]
    if len(folded) > 1 or not any(r.name for r in last):
        span = f"t = {first}" if first == end else f"t = {first} … {end}"
        follow = translated(f"; those of t = {end} with a name:") if any(r.name for r in last) else ""
        lines.append("   ⋮ " + translated(f"{span}: the same {len(last)} records a step") + follow)
    lines.extend(_row(r, graph, refer) for r in last if r.name)
    folded.clear()


def _clipped(rows: list[Sequence[str]], fold: bool) -> list[Sequence[str] | str]:
    """A stretch without repetition that is still too long, cut in the middle."""
    if not fold or len(rows) <= FOLD_ABOVE:
        return list(rows)
    half = FOLD_ABOVE // 4
    return [*rows[:half], "   ⋮ " + translated(f"{len(rows) - 2 * half} records more"), *rows[-half:]]


def _row(record: Tensor, graph: Graph, refer: Callable[[Tensor], str | None]) -> Sequence[str]:
    scope = scopes(graph)[record]
    line = record.source
    return (
        str(graph.positions[record]),
        text(record.name, scope, as_in_code=True) if record.name else "",
        _short(Writer("text", refer).expression(record)[0]) if record.operation else "",
        "×".join(str(n) for n in record.shape) or translated("scalar"),
        _summary(record._value),
        "" if scope.time is None else str(scope.time),
        f"{line}  {_short(line.text, 50)}" if line else "",
    )


def _summary(value: np.ndarray) -> str:
    """A scalar as itself; an array by its norm and range."""
    if not value.size:
        return translated("empty")
    if value.size == 1:
        return f"{value.item():.4g}"
    if value.dtype.kind == "b":
        return translated(f"{int(value.sum())} of {value.size} true")
    return f"‖{np.linalg.norm(value):.3g}‖ {value.min():.3g} … {value.max():.3g}"


def _short(words: str, width: int = 60) -> str:
    return shortened(words, width)


def _aligned(lines: Sequence[Sequence[str] | str]) -> str:
    rows = [line for line in lines if not isinstance(line, str)]
    widths = _widths(rows)
    return "\n".join(
        line
        if isinstance(line, str)
        else "  ".join(padded(cell, w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


Graph.printed = table
