"""Which axis of an array goes along time: where a program put what it made at each step side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autograd_seq.core.traits import algebra
from autograd_seq.folding.unit import Node

FAR = 12  # operations between a sum and what it adds up


def time_axis(node: Node, far: int = FAR) -> int | None:
    """The axis along which an array has one place for each time step; None if there is none."""
    r = node.record
    if node.operation is None or node.total or not far:
        return None
    kind, inputs = algebra(r), node.inputs
    if kind in ("stacked", "joined") and isinstance(r.settings["axis"], int) and _one_a_step(inputs):
        axis = r.settings["axis"] % r.ndim
        return axis if kind == "stacked" or all(x.record.shape[axis] == 1 for x in inputs) else None
    if "indices" in r.settings and _one_a_step(inputs[-len(r.settings["indices"]) :]):
        return _of_indices(r.settings["indices"])
    if kind == "matrix product" and r.ndim == 2:
        left, right = (time_axis(x, far - 1) if x.record.ndim == 2 else None for x in inputs)
        return 1 if right == 1 else 0 if left == 0 else None
    keeps = node.operation.along and r.shape == inputs[0].record.shape
    if node.operation.elementwise or kind == "name" or keeps:
        for x in inputs:
            along, shape = time_axis(x, far - 1), x.record.shape
            if along is not None and shape[along] == r.shape[along + r.ndim - len(shape)]:
                return along + r.ndim - len(shape)
    return None


def _one_a_step(inputs: Sequence[Node]) -> bool:
    """Whether nodes are of one time step after the other, there or back; of many steps some in a row are left out."""
    times = [x.time for x in inputs if x.time is not None]
    if len(times) < 2 or len(times) < len(inputs):
        return False
    ways = [later - earlier for earlier, later in pairwise(times)]
    gaps = sum(abs(way) != 1 for way in ways)
    return 0 not in ways and len({way > 0 for way in ways}) == 1 and gaps <= (len(ways) > 2)


def _of_indices(indices: Sequence[object]) -> int | None:
    """The axis on which each of some indices is another whole number."""
    parts = [index if isinstance(index, tuple) else (index,) for index in indices]
    axes = {k for part in parts for k, i in enumerate(part) if type(i) is int}
    if len(axes) != 1 or any(sum(type(i) is int for i in part) != 1 for part in parts):
        return None
    (axis,) = axes
    return axis if len({part[axis] for part in parts}) == len(parts) else None
