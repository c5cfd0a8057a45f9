"""Sequences of their own lengths in one batch: padding that touches no result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_seq import Tensor, name, scope, where
from autograd_seq.core.errors import DtypeError, ShapeError, ValueRangeError
from autograd_seq.core.scope import watched
from autograd_seq.core.source_line import here
from cells.checked import here_in_network, kind, listed, numbers, whole

Array = np.ndarray[Any, Any]


def pad(sequences: Sequence[Any], value: float = 0.0) -> tuple[Array, list[int]]:
    """Make one array of sequences that have their own lengths.

    Parameters
    ----------
    sequences : sequence of array_like
        m arrays (n_x, T_x(i)), one for each example.
    value : float
        What to fill with; it reaches no result.

    Returns
    -------
    x : ndarray
        (n_x, m, T_x), T_x the longest.
    lengths : list of int
        T_x(i), to give to `unroll` and to `measure`.

    Raises
    ------
    ShapeError, ValueRangeError
        If there is no sequence, one is empty, or their n_x differ.
    UsageError, DtypeError
        If what is given is not a list of arrays of numbers.

    Examples
    --------
    >>> x, lengths = pad([np.ones((2, 3)), np.ones((2, 1))])
    >>> x.shape, lengths, x[0]
    ((2, 2, 3), [3, 1], array([[1., 1., 1.],
           [1., 0., 0.]]))
    """
    kind(listed(sequences), Iterable, "pad() needs a list of arrays (n_x, T_x), one for each example")
    kind(value, (int, float, np.number), "pad() fills with a number")
    arrays = [_numbers(s, i) for i, s in enumerate(sequences, start=1)]
    if not arrays:
        raise ValueRangeError(f"pad() got no sequence: give a list of arrays (n_x, T_x){here()}")
    for i, array in enumerate(arrays, start=1):
        if array.ndim != 2 or array.shape[0] != arrays[0].shape[0]:
            raise ShapeError(
                f"example {i} has shape {array.shape}, but all examples need (n_x, T_x) with n_x as in the "
                f"first, {arrays[0].shape}{here()}"
            )
        if not array.shape[1]:
            raise ValueRangeError(f"example {i} is empty: its T_x is 0; leave it out of the batch{here()}")
    lengths = [array.shape[1] for array in arrays]
    dtype = np.result_type(*arrays)
    x = np.full((arrays[0].shape[0], len(arrays), max(lengths)), value, dtype if dtype.kind == "f" else np.float64)
    for i, array in enumerate(arrays):
        x[:, i, : lengths[i]] = array
    return x, lengths


def _numbers(sequence: Any, example: int) -> Array:
    """One sequence as an array of numbers."""
    try:
        array = np.asarray(sequence)
    except ValueError as error:
        raise ShapeError(f"example {example} is not an array (n_x, T_x): {error}{here()}") from error
    if array.dtype.kind not in "biuf":
        raise DtypeError(
            f"example {example} is {type(sequence).__name__} of {array.dtype.name}, but a sequence is an array of "
            f"numbers (n_x, T_x){here()}"
        )
    return array


def columns(
    x: Any, n_x: int, dtype: Any, lengths: Sequence[int] | None = None, start: int = 1, reader: str = ""
) -> list[Tensor]:
    """The input of each time step as a tensor x<t> (n_x, m); `reader` says in messages who reads it."""
    reader = reader or here_in_network()
    is_list = isinstance(x, (list, tuple))
    whole("unroll()", start=start)
    x = x if is_list else numbers(x, f"{reader}x")
    if not is_list and np.ndim(x) != 3:
        raise ShapeError(
            f"{reader}x has shape {np.shape(x)}, but a sequence is (n_x, m, T_x) with n_x = {n_x}, "
            f"or a list of T_x arrays (n_x, m){here()}"
        )
    T = len(x) if is_list else np.shape(x)[2]
    if not T:
        raise ShapeError(f"{reader}the sequence is empty: give x as (n_x, m, T_x) with T_x > 0{here()}")
    result: list[Tensor] = []
    for t in range(T):
        with scope(time=start + t):
            x_t = numbers(x[t], f"{reader}x<{start + t}>") if is_list else x[:, :, t]
            expected = (n_x, result[0].shape[1] if result else "m")
            shape = np.shape(x_t)
            if len(shape) != 2 or shape[0] != n_x or not shape[1] or (result and shape != expected):
                raise ShapeError(
                    f"{reader}x<{start + t}> has shape {shape}, but this cell takes "
                    f"(n_x, m) = ({expected[0]}, {expected[1]}), a column for each example{here()}"
                )
            if not (is_list and isinstance(x_t, Tensor)):
                x_t = _without_padding(x_t, lengths, start + t)
                x_t = name(x_t, "x") if isinstance(x_t, Tensor) else Tensor(x_t, "x", dtype=dtype)
            result.append(x_t)
    return result


def _without_padding(x_t: Any, lengths: Sequence[int] | None, time: int) -> Any:
    """Zeros for examples that have ended: a NaN there would get into products with 0."""
    given = _whole_numbers(lengths) if lengths is not None else None
    if given is None or given.shape != np.shape(x_t)[1:]:  # where they are wrong, `presence` says so
        return x_t
    running = time <= given
    if not isinstance(x_t, Tensor):
        return np.where(running, x_t, 0)
    if not watched() and not np.any(x_t.value[:, ~running]):
        return x_t
    return where(Tensor(running), x_t, 0)


def _whole_numbers(lengths: Any) -> Array | None:
    """Lengths as an array; None where they are something else."""
    try:
        given = np.asarray(lengths)
    except ValueError:
        return None
    return given if given.dtype.kind in "iu" else None


def presence(lengths: Sequence[int] | None, m: int, T: int, start: int = 1) -> list[Tensor | None]:
    """For each step, which of the m examples are still running, (1, m); None where all are."""
    if lengths is None:
        return [None] * T
    given = _whole_numbers(lengths)
    if given is None or given.shape != (m,):
        raise ShapeError(
            f"{here_in_network()}lengths needs a whole number for each of the m = {m} examples, not "
            f"{lengths!r:.80}{here()}"
        )
    end = start - 1 + T
    for i, length in enumerate(given.tolist(), start=1):
        if not 1 <= length <= end:
            raise ValueRangeError(
                f"{here_in_network()}example {i} has length {length}, but lengths go from 1 to T_x = {end}, "
                f"as long as the array is{here()}"
            )
    masks: list[Tensor | None] = []
    for time in range(start, end + 1):
        with scope(time=time, part="padding"):
            masks.append(None if time <= given.min() else Tensor((time <= given)[None, :], "running"))
    return masks


def held(key: str, running: Tensor, following: Any, before: Any) -> Tensor:
    """One state after a step, in which examples that have ended keep what they had."""
    with scope(part="padding"):
        return name(where(running, following, before), f"{key}_held")
