"""What the sweep gathers from an array's parts, as it would be written by hand: parts that make up the whole, joined.

An array that was cut into [:4], [4:8], [8:] has the adjoint [da; db; dc].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autograd_seq.operations import concatenate
from autograd_seq.writer.tree import Apply, record_of


class SideBySide(NamedTuple):
    """Parts that make up a whole: along which axis, in which order, and the operation that joins them."""

    axis: int
    order: list[int]
    operation: Any


def joined_parts(tree: Apply, indices: Any) -> Apply:
    """Parts joined in their order; the tree itself where they overlap, leave a gap, or do not lie side by side.

    Parameters
    ----------
    tree : Apply
        What gathers the parts.
    indices : sequence
        Where each of them lies, as numbers.
    """
    found = side_by_side(indices, tuple(record_of(tree.unit).shape))
    if found is None:
        return tree
    operands = tuple(tree.operands[i] for i in found.order)
    return replace(tree, operation=found.operation, operands=operands, settings={"axis": found.axis})


def side_by_side(indices: Sequence[Any], shape: tuple[int, ...]) -> SideBySide | None:
    """How parts make up a whole; None where they do not.

    Examples
    --------
    >>> side_by_side([slice(2, 5), slice(0, 2)], (5, 3)).order
    [1, 0]
    """
    places = [_whole(index, shape) for index in indices]
    if len(places) < 2 or None in places:
        return None
    axes = {axis for place in places if place is not None for axis, cut in enumerate(place) if cut != (0, shape[axis])}
    if len(axes) != 1:
        return None
    (axis,) = axes
    order = sorted(range(len(places)), key=lambda i: places[i][axis])  # type: ignore[index]
    cuts = [places[i][axis] for i in order]  # type: ignore[index]
    ends = [0, *(end for _, end in cuts)]
    whole = [begin for begin, _ in cuts] == ends[:-1] and ends[-1] == shape[axis]
    return SideBySide(axis, order, concatenate) if whole else None


def _whole(index: Any, shape: tuple[int, ...]) -> list[tuple[int, int]] | None:
    """Where a part begins and ends along each axis; None if it is not a block of the array."""
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) > len(shape) or not all(isinstance(p, slice) and _is_plain(p) for p in parts):
        return None
    cuts = [part.indices(n) for part, n in zip(parts, shape)]
    return [(begin, end) for begin, end, _ in cuts] + [(0, n) for n in shape[len(parts) :]]


def _is_plain(part: slice) -> bool:
    return part.step is None and all(end is None or type(end) is int for end in (part.start, part.stop))
