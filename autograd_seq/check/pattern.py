"""A small record of the same pattern as a large one, to be proven in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.check.application import leaf
from autograd_seq.core.tensor import Tensor

KEPT = 3  # lengths up to this stay as they are


def smaller(record: Tensor, limit: int) -> Tensor | None:
    """The same operation on small arrays: equal lengths stay equal, different ones different; None if there is none.

    Parameters
    ----------
    record : Tensor
        A record that is too large for symbols.
    limit : int
        How many scalars the small one may have.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Tensor
    >>> W, x = Tensor(np.ones((100, 127))), Tensor(np.ones((127, 32)))
    >>> [x.shape for x in smaller(W @ x, 200).inputs]
    [(3, 4), (4, 2)]
    """
    return next((made for lengths in _choices(record) if (made := _made(record, lengths, limit)) is not None), None)


def _choices(record: Tensor) -> Iterator[dict[int, int]]:
    """Small lengths for the long ones, in the same order, a few ways."""
    present = {n for x in (*record.inputs, record) for n in x.shape}
    long = sorted(n for n in present if n > KEPT)
    yield {n: 2 + i for i, n in enumerate(long)}
    # where one length is the sum of two others, as in a stack
    for total in long:
        for a in long:
            if total - a in present and a < total:
                chosen = {n: 2 + i for i, n in enumerate(n for n in long if n != total)}
                yield chosen | {total: chosen[a] + chosen.get(total - a, total - a)}
    # where one length is the product of two others, as in a reshape
    for total in long:
        for a in long:
            if a < total and total % a == 0 and total // a in present | {1}:
                chosen = {n: 2 + i for i, n in enumerate(n for n in long if n != total)}
                yield chosen | {total: chosen[a] * chosen.get(total // a, total // a)}
    yield {n: 2 for n in long}
    yield {n: 1 for n in long}


def _made(record: Tensor, lengths: dict[int, int], limit: int) -> Tensor | None:
    inputs = [x._value[tuple(slice(lengths.get(n, n)) for n in x.shape)] for x in record.inputs]
    if sum(x.size for x in inputs) > limit or record.operation is None:
        return None
    settings = {key: _shrunk(setting, lengths) for key, setting in record.settings.items()}
    try:
        value = np.asarray(record.operation.value(*inputs, **settings))
    except Exception:  # not a pattern that this operation takes
        return None
    same = value.ndim == record.ndim and [n == 1 for n in value.shape] == [n == 1 for n in record.shape]
    if not same or value.size + sum(x.size for x in inputs) > limit:
        return None
    made = leaf(value)
    made.operation, made.settings = record.operation, settings
    made.inputs = tuple(leaf(array, x) for x, array in zip(record.inputs, inputs, strict=True))
    return made


def _shrunk(setting: Any, lengths: dict[int, int]) -> Any:
    """A setting with its long lengths replaced: shapes, ends of slices, indices."""
    if isinstance(setting, (bool, str)) or setting is None:
        return setting
    if isinstance(setting, (int, np.integer)):
        return _length(int(setting), lengths)
    if isinstance(setting, slice):
        return slice(_shrunk(setting.start, lengths), _shrunk(setting.stop, lengths), setting.step)
    if isinstance(setting, (tuple, list)):
        return type(setting)(_shrunk(s, lengths) for s in setting)
    if isinstance(setting, np.ndarray) and setting.dtype.kind in "iub":
        small = setting[tuple(slice(lengths.get(n, n)) for n in setting.shape)]
        return small if setting.dtype.kind == "b" else np.vectorize(lambda k: _length(int(k), lengths))(small)
    return setting


def _length(k: int, lengths: dict[int, int]) -> int:
    if abs(k) <= KEPT or not lengths:
        return k if not lengths or abs(k) < max(lengths.values()) else 0
    if abs(k) in lengths:
        return lengths[abs(k)] * (1 if k > 0 else -1)
    return abs(k) % min(lengths.values())
