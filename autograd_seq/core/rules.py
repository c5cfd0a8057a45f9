"""What VJP rules answer: broadcasting undone, and a wrong answer named before it becomes a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from autograd_seq.core.errors import GradientError
from autograd_seq.core.tensor import Tensor
from autograd_seq.operations.indexing import Part


def unbroadcast(adjoint: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: an input that was used several times gets the sum of its uses."""
    extra = adjoint.ndim - len(shape)
    if extra > 0:
        adjoint = np.add.reduce(adjoint, axis=tuple(range(extra)))
    stretched = tuple([i for i, n in enumerate(shape) if n == 1 and adjoint.shape[i] != 1])
    return np.add.reduce(adjoint, axis=stretched, keepdims=True) if stretched else adjoint


def fitted(piece: Any, node: Tensor, x: Tensor) -> Any:
    """What a VJP rule of `node` answered for its input `x`, with broadcasting undone.

    Raises
    ------
    GradientError
        If it is no array, or of a shape that no broadcasting explains: the rule is wrong.
    """
    shape = x._value.shape
    if isinstance(piece, (int, float)):
        piece = np.asarray(piece)
    if isinstance(piece, (ndarray, np.generic, Tensor)):
        if piece.ndim >= len(shape) and (whole := unbroadcast(piece, shape)).shape == shape:
            return whole
        answer = f"an array of shape {piece.shape}"
    elif type(piece) is Part and piece.shape == shape:
        return piece
    else:
        answer = f"{type(piece).__name__} {piece!r:.40}" if piece is not None else "None (is its return missing?)"
    raise GradientError(
        f"the VJP rule of {node.operation.name if node.operation else node.label} gave {answer} "
        f"for an input of shape {shape}. "
        f"A rule gives an adjoint of the input's shape, or of the one that it was broadcast to{_made_at(node)}"
    )


def _made_at(node: Tensor) -> str:
    line = node.source
    return f"\n  recorded at {line}: {line.text}" if line else ""


def all_there(node: Tensor, pieces: Any) -> None:
    """Nothing may come for an input only where it has no rule: a forgotten return would lose a gradient."""
    rules: Any = node.operation.vjp if node.operation else None
    for x, rule, piece in zip(node.inputs, (rules[i] for i in range(len(node.inputs))), pieces):
        if piece is None and x.requires_grad and rule is not None:
            fitted(piece, node, x)
