"""The reverse sweep: from an output back through time, youngest record first.

Here the VJP rules run on bare arrays, and only the leaves' gradients are kept. The same sweep
over tensors, which leaves a recording of the backward pass, is `differentiate`.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from autograd_seq.core import errors
from autograd_seq.core.array import Array, as_array
from autograd_seq.core.part import Part
from autograd_seq.core.record import Record
from autograd_seq.core.rules import all_there, fitted
from autograd_seq.core.scope import note_read


def record_of(output: Any) -> Any:
    """The record that a sweep starts from."""
    if not isinstance(output, Record):
        raise errors.not_a_tensor(output)
    return output.record


def seed_for(output: Record, gradient: Any) -> Array:
    """The adjoint that a sweep starts from."""
    if not output.requires_grad:
        raise errors.no_gradient(output)
    if gradient is None:
        if output.size != 1:
            raise errors.no_seed(output)
        return np.ones(output.shape, output.dtype)
    seed = as_array(gradient.value if isinstance(gradient, Record) else gradient, output.dtype)
    if seed.shape != output.shape:
        raise errors.wrong_seed(output, seed)
    return seed


Sweep = Callable[[Any, Array, bool], list[tuple[Any, Array]]]
shorter: Sweep | None = None  # a quicker way to the same adjoints; `shortcuts` sets it, and nothing depends on it


@np.errstate(under="ignore")  # what is too small for its dtype is 0
def sweep(output: Record, seed: Array, everything: bool = False) -> list[tuple[Any, Array]]:
    """Run the VJP rules on bare arrays.

    The youngest record that still waits is always next, so all its uses have been met.
    The answer pairs each leaf (or, on demand, each record) with its whole adjoint.
    """
    note_read(output)  # adjoints in bare arrays come of every value
    return (shorter or in_order)(output, seed, everything)


def in_order(output: Record, seed: Array, everything: bool) -> list[tuple[Any, Array]]:
    """The sweep itself."""
    found = []
    waiting: dict[int, list[Any]] = {-output.index: [output, seed]}  # by index, negative: a record, and its adjoint
    heap = [-output.index]  # so far
    while heap:
        node, adjoint = waiting.pop(heappop(heap))
        if everything or node.operation is None:
            found.append((node, _whole(adjoint)))
        if node.operation is None:
            continue
        pieces = node.operation.pull(node, _whole(adjoint))
        for x, piece in zip(node.inputs, pieces):
            if piece is None:
                if x.requires_grad:
                    all_there(node, pieces)
                continue
            key, piece = -x.index, fitted(piece, node, x)
            if key in waiting:
                waiting[key][1] = _whole(waiting[key][1]) + _whole(piece)
            else:
                waiting[key] = [x, piece]
                heappush(heap, key)
    return found


def _whole(adjoint: Any) -> Array:
    """An adjoint as an array: of a part of one, or of the scalar that NumPy makes of a 0-d array."""
    return adjoint.whole() if type(adjoint) is Part else np.asarray(adjoint)


def backward(output: Record, gradient: Any = None, accumulate: bool = False) -> None:
    """Leave in ``.grad`` of each leaf the derivative of `output`; see `Tensor.backward`."""
    record = record_of(output)
    replaced: set[int] = set()
    for leaf, adjoint in sweep(record, seed_for(record, gradient)):
        box: Any = leaf._gradient  # the successive values of one Parameter share it
        array = np.array(adjoint, dtype=leaf.dtype)
        box[0] = box[0] + array if box[0] is not None and (accumulate or id(box) in replaced) else array
        replaced.add(id(box))
