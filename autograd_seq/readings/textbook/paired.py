"""A logarithm or a loss of a probability, made from what the probability is made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_seq.folding.literal import is_literal
from autograd_seq.operations.pairs import OF_COMPLEMENT, OF_PART, PAIRS
from autograd_seq.readings.textbook.pointwise import Use


def paired(use: Use, made_by: Callable[[Any], Use | None]) -> Use | None:
    """How a logarithm or a loss of a probability is made from what the probability is made from; None for others."""
    outer, inputs, settings = use
    below = made_by(inputs[0]) if inputs else None
    if below is None or not below[1]:
        return None
    inner, (z, *rest), inner_settings = below
    if rest and inner.algebra == "difference" and is_literal(z) and z._value == 1:
        behind = made_by(rest[0])
        pair = OF_COMPLEMENT.get((outer, behind[0])) if behind else None
        return (pair, (behind[1][0], rest[0]), {}) if pair and behind else None
    if inner.algebra == "part":
        behind = made_by(z)
        pair = OF_PART.get((outer, behind[0])) if behind else None
        return (pair, (behind[1][0], z, inputs[0]), {**behind[2], **inner_settings}) if pair and behind else None
    pair = PAIRS.get((outer, inner))
    if pair is None or (settings and settings != inner_settings):
        return None
    return pair, (z, *inputs), inner_settings
