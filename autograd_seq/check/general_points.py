"""Numbers in general position for an operation, of the recorded shapes: where nothing coincides by chance.

Zeros, ones and one-hots are what people record, and there an operation and its meaning may agree, or a rule and
a difference, although they do not elsewhere. Which points are drawn depends on the operation, its settings and
shapes and the size of the recorded numbers, never on what was asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_seq.check.application import constant, leaf, settings_of
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def _both_signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    size = rng.uniform(0.3, 1.7, shape)
    signs = np.resize([1.0, -1.0], size.size)  # both, however few there are
    return np.asarray(size * rng.permutation(signs).reshape(shape))


def _uniform(low: float, high: float) -> Draw:
    return lambda rng, shape: np.asarray(rng.uniform(low, high, shape))


# Everywhere; where a logarithm, a probability or a root is defined; where one begins at 1.
DRAWS: tuple[Draw, ...] = (
    _both_signs, _uniform(-1.7, -0.3), _uniform(0.3, 1.7), _uniform(0.05, 0.95), _uniform(1.1, 2.9)
)  # fmt: skip


def kind_of(record: Tensor) -> Any:
    """What the points of a record depend on, to be remembered by."""
    assert record.operation is not None  # asked of results only
    inputs = tuple((x.shape, x.dtype.char, _size(x._value)) if _drawn(x) else constant(x) for x in record.inputs)
    return record.operation.value, record.operation.meaning, settings_of(record), inputs, record.dtype.char


def elsewhere(record: Tensor) -> Iterator[Tensor]:
    """The operation of a record on other numbers, in float64; only where it takes them and gives the same shape.

    What is written as a number, decides or counts stays as it is, and so do the settings.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Tensor
    >>> y = np.tanh(Tensor(np.zeros((2, 1)), "x"))
    >>> all(other.shape == (2, 1) and other.value.all() for other in elsewhere(y))
    True
    """
    shapes = [x.shape for x in record.inputs]
    for n, draw in enumerate(DRAWS):
        yield from _made(record, shapes, [draw] * len(shapes), n)
    sizes = [_size(x._value) if _drawn(x) else None for x in record.inputs]
    if any(size not in (None, (0, 0), (0, 1), (0, -1)) for size in sizes):
        yield from _made(record, shapes, [_of_size(size) if size else _both_signs for size in sizes], len(DRAWS))


def longer(record: Tensor) -> Iterator[Tensor]:
    """The same with two in place of one along an axis: two examples where one was recorded."""
    shapes = [x.shape for x in record.inputs]
    for axis in range(1, 1 + max(map(len, shapes), default=0)):
        grown = [
            (*shape[:-axis], 2, *shape[len(shape) - axis + 1 :])
            if len(shape) >= axis and shape[-axis] == 1 and _drawn(x)
            else shape
            for shape, x in zip(shapes, record.inputs, strict=True)
        ]
        if grown != shapes:
            for n, draw in enumerate((_both_signs, _uniform(0.05, 0.95))):
                made = list(_made(record, grown, [draw] * len(shapes), n, same=False))
                yield from (m for m in made if m.size > record.size or m.size == record.size == 1)


def _drawn(x: Tensor) -> bool:
    return x.dtype.kind == "f" and not is_literal(x)


def _size(value: Array) -> tuple[int, int]:
    """The power of ten of the largest number, and the sign that all have; 0 for both."""
    finite = value[np.isfinite(value)]
    largest = np.max(np.abs(finite), initial=0.0)  # of longdouble beyond what a Python float holds
    sign = 1 if (finite >= 0).all() and largest else -1 if (finite <= 0).all() and largest else 0
    return (int(np.round(np.log10(largest))) if largest else 0), sign


def _of_size(size: tuple[int, int]) -> Draw:
    power, sign = size

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        drawn = _both_signs(rng, shape)
        return np.asarray((np.abs(drawn) * sign if sign else drawn) * 10.0 ** min(max(power, -300), 300))

    return draw


def _made(
    record: Tensor, shapes: list[tuple[int, ...]], draws: list[Draw], seed: int, same: bool = True
) -> Iterator[Tensor]:
    """The record made anew; nothing where the operation does not take these numbers."""
    rng = np.random.default_rng((seed, len(shapes)))
    arrays = [
        draw(rng, shape) if _drawn(x) else x._value for x, shape, draw in zip(record.inputs, shapes, draws, strict=True)
    ]
    assert record.operation is not None  # asked of results only
    if record.operation.positive:
        arrays = [np.abs(a) if _drawn(x) else a for a, x in zip(arrays, record.inputs, strict=True)]
    try:
        value = np.asarray(record.operation.value(*arrays, **record.settings))
    except Exception:  # whatever the operation says against these numbers: they are none of its
        return
    if value.dtype.kind not in "biuf" or (same and value.shape != record.shape):
        return
    made = leaf(value)
    made.operation, made.settings, made.requires_grad = record.operation, record.settings, record.requires_grad
    made.inputs = tuple(leaf(array, x) for array, x in zip(arrays, record.inputs, strict=True))
    yield made
