"""Losses of whole sequences: sums over classes, time and examples, as the notes' Σ does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.errors import ShapeError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor


class Loss:
    """A loss made from an operation that compares element by element.

    Parameters
    ----------
    elements : callable
        ``elements(prediction, target)``, such as `autograd_seq.binary_cross_entropy`.

    Examples
    --------
    >>> import numpy as np
    >>> prediction = Tensor(np.full((1, 4), 0.5), requires_grad=True)
    >>> round(binary_cross_entropy(prediction, np.ones((1, 4))).item(), 4)
    2.7726
    >>> round(binary_cross_entropy(prediction, np.ones((1, 4)), reduction="mean").item(), 4)
    0.6931
    """

    def __init__(self, elements: Callable[[Any, Any], Any]) -> None:
        self.elements = elements

    def __call__(self, prediction: Any, target: Any, reduction: str = "sum") -> Tensor:
        """The loss, a scalar.

        Parameters
        ----------
        prediction : Tensor or list of Tensor
            ŷ (n_y, m), or ŷ<1> … ŷ<T>.
        target : array_like or list
            y of the same shape, or y<1> … y<T>.
        reduction : {"sum", "mean"}
            ``"mean"`` divides by the number of examples m.

        Raises
        ------
        ShapeError, ValueRangeError
            If shapes or numbers of steps differ; for an unknown reduction.
        """
        if reduction not in ("sum", "mean"):
            raise ValueRangeError(f"there is no reduction {reduction!r}: choose 'sum' or 'mean'{here()}")
        listed = isinstance(prediction, (list, tuple))
        pairs = list(zip(prediction, target, strict=False)) if listed else [(prediction, target)]
        if listed and (len(prediction) != len(target) or not pairs):
            raise ShapeError(f"{len(prediction)} predictions for {len(target)} targets: one for each step{here()}")
        for y_hat, y in pairs:
            if y_hat.shape != np.shape(y):
                raise ShapeError(f"a prediction has shape {y_hat.shape}, its target {np.shape(y)}{here()}")
        total = ops.accumulate([ops.sum(self.elements(y_hat, y)) for y_hat, y in pairs])
        return total / pairs[0][0].shape[-1] if reduction == "mean" else total


def _squares(prediction: Any, target: Any) -> Any:
    return ops.square(prediction - target)


binary_cross_entropy = Loss(ops.binary_cross_entropy)
binary_cross_entropy_from_logits = Loss(ops.binary_cross_entropy_from_logits)
categorical_cross_entropy = Loss(ops.categorical_cross_entropy)
categorical_cross_entropy_from_logits = Loss(ops.categorical_cross_entropy_from_logits)
squared_error = Loss(_squares)
