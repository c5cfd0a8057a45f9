"""A VJP rule applied to bare arrays, as the sweep applies it; and to exact scalars, with bounds for rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.check.application import Use
from autograd_seq.core.array import Array
from autograd_seq.core.errors import GradientError
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.rules import unbroadcast
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.precise import on_branch
from autograd_seq.readings.rounding import Rounding


def pulled(record: Tensor, position: int, adjoint: Array, values: Sequence[Array], result: Array) -> Array:
    """What the rule of one input gives for an adjoint, in bare arrays of the input's shape."""
    rules: Any = record.operation.vjp if record.operation else None
    piece = rules[position](adjoint, result, *values, **record.settings)
    shape = record.inputs[position].shape
    if type(piece) is Part:
        return piece.whole()
    piece = np.asarray(piece)
    piece = np.asarray(unbroadcast(piece, shape)) if piece.shape != shape else piece
    if piece.shape != shape:
        raise ValueError(f"the rule gives shape {piece.shape}, but the input has shape {shape}")
    return piece


def as_recorded(record: Tensor, position: int, adjoint: Array) -> Array:
    """The same for the recorded arrays."""
    return pulled(record, position, adjoint, [x._value for x in record.inputs], record._value)


def exactly(
    record: Tensor, position: int, adjoint: Array, rounding: Rounding, inputs: Sequence[Array], result: Array
) -> Array:
    """What the rule gives in exact scalars with bounds: the formula itself, whatever floats make of it.

    Parameters
    ----------
    record : Tensor
        A result.
    position : int
        Which input.
    adjoint : ndarray
        The adjoint of the result.
    rounding : Rounding
        Makes the scalars.
    inputs, result : ndarray
        The record's inputs and result in such scalars.
    """
    use = Use.of(record, adjoint)
    application = use.apply(position)
    if application.piece is None:
        raise GradientError(application.message)
    graph = Graph(application.piece)
    at = dict(zip(use.inputs, inputs, strict=True))
    at |= {use.adjoint: rounding.array(adjoint), use.result: result}
    at |= {x: rounding.rounded(x._value) for x in graph.leaves if x not in at}
    piece = np.asarray(on_branch(graph, rounding, at)[application.piece], dtype=object)
    if application.part:
        whole = rounding.array(np.zeros(record.inputs[position].shape))
        np.add.at(whole, application.part[0], piece)
        return whole
    return piece
