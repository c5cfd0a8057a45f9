"""What a true pass makes once at every time step, in rows: what a line of somebody's loop should make, turn by turn."""

from __future__ import annotations

from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.rerun import bare


def rows_of(c: Context) -> tuple[list[list[Tensor]], int]:
    """The adjoints of one quantity at all time steps, then whatever else does the same, in the order of the true pass.

    Quantities of one kind follow one another too: those of several layers, where a function goes back through one
    layer at a time.

    Returns
    -------
    tuple of list and int
        The rows, and how many of the first of them are of one quantity each.
    """
    rows: dict[tuple[Tensor, ...], None] = {}
    by_kind: dict[Any, list[Tensor]] = {}
    for found in c.quantities.values():
        row = [bare(a) for _, a in found]
        rows[tuple(row)] = None
        node = found[0][0]
        if node.operation is not None:
            by_kind.setdefault((node.operation, node.ndim), []).extend(row)
    by_role: dict[Any, list[Tensor]] = {}
    for r in c.program.records:
        if r in c.live and algebra(r) != "name":
            by_role.setdefault(c.role(r, r), []).append(r)
    rows.update(dict.fromkeys(map(tuple, by_role.values())))
    single = len(rows)
    rows.update(dict.fromkeys(map(tuple, by_kind.values())))
    return [list(row) for row in rows], single
