"""What VJP rules answer: broadcasting undone, and a wrong answer named before it becomes a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.errors import wrong_answer
from autograd_seq.core.part import Part
from autograd_seq.core.record import Record


def unbroadcast(adjoint: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: an input that was used several times gets the sum of its uses."""
    extra = adjoint.ndim - len(shape)
    if extra > 0:
        adjoint = np.add.reduce(adjoint, axis=tuple(range(extra)))
    stretched = tuple([i for i, n in enumerate(shape) if n == 1 and adjoint.shape[i] != 1])
    return np.add.reduce(adjoint, axis=stretched, keepdims=True) if stretched else adjoint


def fitted(piece: Any, node: Record, x: Record) -> Any:
    """What a VJP rule of `node` answered for its input `x`, with broadcasting undone.

    Raises
    ------
    GradientError
        If it is not an array, or of a shape that no broadcasting explains: the rule is wrong.
    """
    shape = x.shape
    if isinstance(piece, (int, float)):
        piece = np.asarray(piece)
    if isinstance(piece, (np.ndarray, np.generic, Record)):
        if piece.ndim >= len(shape) and (whole := unbroadcast(piece, shape)).shape == shape:
            return whole
    elif type(piece) is Part and piece.shape == shape:
        return piece
    raise wrong_answer(node, shape, piece)


def all_there(node: Record, pieces: Any) -> None:
    """Nothing may come for an input only where it has no rule: a forgotten return would lose a gradient."""
    rules = node.operation.vjp
    for i, (x, piece) in enumerate(zip(node.inputs, pieces)):
        if piece is None and x.requires_grad and rules[i] is not None:
            fitted(piece, node, x)
