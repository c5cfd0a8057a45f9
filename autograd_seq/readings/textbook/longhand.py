"""What a program writes out, exp(x) / Σ exp(x), recognised by its steps as what it is: softmax(x)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from autograd_seq.core.operation import DECLARED, Operation
from autograd_seq.core.scope import NOWHERE, Marked
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.operations.pairs import SPELLED

_RECORDED: WeakKeyDictionary[Operation, list[tuple[Tensor, Tensor]]] = WeakKeyDictionary()


class Activations:
    """Every activation that there is, as programs write it that do not have it."""

    def __init__(self) -> None:
        declared = (o for o in DECLARED if o.activation and len(o.defaults) == len(o.keywords))
        self.patterns = [(o, *pattern) for o in sorted(declared, key=lambda o: o.name) for pattern in _patterns(o)]

    def found(self, r: Tensor, new: Mapping[Tensor, Tensor]) -> Tensor | None:
        """The activation that a record is the last step of; `new` has what stands for its inputs."""
        inputs = tuple(new[x] for x in r.inputs)
        for operation, x, pattern in self.patterns:
            matched = {pattern: r}
            if pattern.operation is r.operation and _alike(pattern, inputs, matched) and x in matched:
                for settings in _settings(operation, matched, x):
                    made = operation(matched[x], **settings)
                    if made.shape == r.shape and np.allclose(made._value, r._value, equal_nan=True):
                        return made
        return None


class Spelled:
    """Every operation of whole arrays, as programs write it that do not have it."""

    def __init__(self) -> None:
        declared = (o for o in DECLARED if (o.longhand or SPELLED.get(o)) and not o.elementwise and o.arity == 1)
        self.patterns = [(o, *pattern) for o in sorted(declared, key=lambda o: o.name) for pattern in _patterns(o)]
        self.ends = {pattern.operation for _, _, pattern in self.patterns}

    def found(self, r: Tensor) -> tuple[Operation, tuple[Tensor, ...], dict[str, Any]] | None:
        """The operation, its operand and its settings; None if a record is the last step of none."""
        if r.operation not in self.ends:
            return None
        for operation, x, pattern in self.patterns:
            matched = {pattern: r}
            if pattern.operation is r.operation and _alike(pattern, r.inputs, matched) and x in matched:
                source = matched[x]
                if any(y._name is not None for y in matched.values() if y is not r and y is not source):
                    continue
                for settings in _settings(operation, matched, x):
                    made = operation.value(source._value, **settings)
                    if made.shape == r.shape and np.allclose(made, r._value, rtol=1e-10, equal_nan=True):
                        return operation, (source,), settings
        return None


def _patterns(operation: Operation) -> list[tuple[Tensor, Tensor]]:
    """The argument and the result of each way to write an activation out; recorded once."""
    if operation not in _RECORDED:
        with Marked(NOWHERE):
            written = [*operation.longhand, *SPELLED.get(operation, ())]
            _RECORDED[operation] = [way for longhand in written if (way := _way(operation, longhand))]
    return _RECORDED[operation]


def _way(operation: Operation, longhand: Callable[..., Any]) -> tuple[Tensor, Tensor] | None:
    """One way to write an activation out; None if it fails: no other program is the worse for that."""
    x = Tensor(np.full((2, 2), 0.5))
    try:
        made = longhand(x, **operation.defaults)
    except Exception:  # somebody's own code; who calls it there is told
        return None
    return (x, made) if isinstance(made, Tensor) else None


def _matches(pattern: Tensor, r: Tensor, matched: dict[Tensor, Tensor]) -> bool:
    """Whether a record is computed as a pattern is, from one argument."""
    if pattern in matched:
        return matched[pattern] is r
    if is_literal(pattern):
        return is_literal(r) and r._value.item() == pattern._value.item()
    matched[pattern] = r
    return pattern.operation is None or (r.operation is pattern.operation and _alike(pattern, r.inputs, matched))


def _alike(pattern: Tensor, inputs: tuple[Tensor, ...], matched: dict[Tensor, Tensor]) -> bool:
    """Whether operands are those of a pattern, in their order or in the opposite one.

    That does not matter to all operations: the values are compared in the end.
    """
    if len(inputs) != len(pattern.inputs):
        return False
    before = dict(matched)
    for operands in (inputs, inputs[::-1])[: len(inputs)]:
        matched.clear()
        matched.update(before)
        if all(_matches(p, x, matched) for p, x in zip(pattern.inputs, operands, strict=True)):
            return True
    return False


def _settings(operation: Operation, matched: Mapping[Tensor, Tensor], argument: Tensor) -> Iterator[dict[str, Any]]:
    """The settings that an activation can have been used with: an axis is one that its steps have, too.

    What its argument was made with is none of them: scores that are a sum over axis 2 may have two axes themselves.
    """
    steps = [r for pattern, r in matched.items() if pattern is not argument]
    choices = []
    for key, default in operation.defaults.items():
        used = [r.settings[key] for r in steps if type(r.settings.get(key)) is type(default)]
        choices.append((type(default) in (int, bool) and list(dict.fromkeys(used))) or [default])
    for values in product(*choices):
        yield dict(zip(operation.defaults, values, strict=True))
