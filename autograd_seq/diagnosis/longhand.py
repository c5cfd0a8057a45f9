"""Activations that a program writes out, 1 / (1 + exp(-x)), recognised as what they are: σ(x)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from autograd_seq.core.operation import DECLARED, Operation
from autograd_seq.core.scope import NOWHERE, present
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal


class Activations:
    """Every activation that there is, as programs write it that do not have it."""

    def __init__(self) -> None:
        declared = (o for o in DECLARED if o.activation and len(o.defaults) == len(o.keywords))
        self.patterns = [(o, *pattern) for o in sorted(declared, key=lambda o: o.name) for pattern in _patterns(o)]

    def found(self, r: Tensor, new: Mapping[Tensor, Tensor]) -> Tensor | None:
        """The activation that a record is the last step of, as a record of what stands for its argument in `new`."""
        for operation, x, pattern in self.patterns:
            matched: dict[Tensor, Tensor] = {}
            if _matches(pattern, r, matched) and x in matched:
                for settings in _settings(operation, matched):
                    made = operation(new[matched[x]], **settings)
                    if made.shape == r.shape and np.allclose(made._value, r._value, equal_nan=True):
                        return made
        return None


def _patterns(operation: Operation) -> Iterator[tuple[Tensor, Tensor]]:
    """The argument and the result of each way to write an activation out."""
    token = present.set(NOWHERE)
    try:
        for longhand in operation.longhand:
            x = Tensor(np.full((2, 2), 0.5))
            yield x, longhand(x, **operation.defaults)
    finally:
        present.reset(token)


def _matches(pattern: Tensor, r: Tensor, matched: dict[Tensor, Tensor]) -> bool:
    """Whether a record is computed as a pattern is, from one argument; its operands may stand in another order.

    That does not hold for all operations: the values are compared in the end.
    """
    if pattern in matched:
        return matched[pattern] is r
    if is_literal(pattern):
        return is_literal(r) and r._value.item() == pattern._value.item()
    if pattern.operation is None:
        matched[pattern] = r
        return True
    if r.operation is not pattern.operation or len(r.inputs) != len(pattern.inputs):
        return False
    before = dict(matched)
    for operands in (r.inputs, r.inputs[::-1])[: len(r.inputs)]:
        matched.clear()
        matched.update({**before, pattern: r})
        if all(_matches(p, x, matched) for p, x in zip(pattern.inputs, operands, strict=True)):
            return True
    return False


def _settings(operation: Operation, matched: Mapping[Tensor, Tensor]) -> Iterator[dict[str, Any]]:
    """The settings that an activation can have been used with: an axis is one that its steps have, too."""
    choices = []
    for key, default in operation.defaults.items():
        used = [r.settings[key] for r in matched.values() if type(r.settings.get(key)) is int]
        choices.append(list(dict.fromkeys(used)) if type(default) is int else [default])
    for values in product(*choices):
        yield dict(zip(operation.defaults, values, strict=True))
