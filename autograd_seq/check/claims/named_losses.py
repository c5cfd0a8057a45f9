"""Losses by name, for a claim about a readout: ``loss="cross-entropy"``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import is_activation

Elements = Callable[[Any, Any], Any]
PARTS = 64  # targets are drawn in such parts, which floats add up exactly
_MEAN = "mean-"
_LOSSES: dict[str, Elements] = {
    "cross-entropy": lambda p, y: ops.categorical_cross_entropy(p, y),
    "cross-entropy-from-logits": lambda z, y: ops.categorical_cross_entropy_from_logits(z, y),
    "binary-cross-entropy": lambda p, y: ops.binary_cross_entropy(p, y),
    "binary-cross-entropy-from-logits": lambda z, y: ops.binary_cross_entropy_from_logits(z, y),
    "squared-error": lambda p, y: ops.square(p - y),
}
LOSSES = (*_LOSSES, *(_MEAN + name for name in _LOSSES))
LOSS_NAMES = {"J", "L", "loss", "cost", "Loss", "Cost", "ℒ", "𝓛", "𝒥"}


def of_prediction(name: str, prediction: Tensor, rng: np.random.Generator) -> Tensor:
    """A named loss of a prediction, J, against targets y that are drawn: a scalar.

    Parameters
    ----------
    name : str
        One of `LOSSES`; those that begin with ``mean-`` are divided by the number of examples m.
    prediction : Tensor
        ŷ (n_y, m), an activation's result; a loss from logits is of what the activation was applied to.
    rng : Generator
        For the targets.

    Raises
    ------
    UsageError
        If there is no such loss.

    Examples
    --------
    >>> y_hat = Tensor(np.full((2, 3), 0.5))
    >>> of_prediction("mean-squared-error", y_hat, np.random.default_rng(0)).name
    'J'
    """
    key = name.lower().replace("_", "-").replace(" ", "-").replace("categorical-", "")
    if key not in LOSSES:
        raise UsageError(f"there is no loss {name!r}; there are {', '.join(LOSSES)}")
    elements = key.removeprefix(_MEAN)
    r = prediction.record
    if elements.endswith("from-logits") and is_activation(r):
        r = r.inputs[0]
    draw = _probabilities if elements.startswith("cross") else _fractions
    made = ops.sum(_LOSSES[elements](r, Tensor(draw(rng, r.shape), "y", requires_grad=True)))
    if key.startswith(_MEAN):
        made = made / r.shape[-1]
    made._name = "J"
    return made.record


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Targets whose columns add up to 1, exactly; not one-hot, for which too much is true: y² = y."""
    spare = PARTS - shape[0]
    counts = rng.multinomial(spare, np.full(shape[0], 1 / shape[0]), size=shape[1:]) + 1
    return np.moveaxis(counts, -1, 0) / PARTS


def _fractions(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(1, PARTS, size=shape) / PARTS
