"""The arguments of a function that is compiled: as a caller gives them, and as its recording sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import AutogradError, DtypeError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Handle, Tensor

Given = Array | str | None


class Argument(Handle):
    """An argument while the function is recorded: a tensor that a dict or a set finds by its number.

    Parameters
    ----------
    array : ndarray
    name : str
    """

    __slots__ = ()

    def __init__(self, array: Array, name: str) -> None:
        self._record = Tensor(array, name)

    def __str__(self) -> str:
        return str(self.value)  # as of an array

    def __hash__(self) -> int:
        return super().__hash__() if self.ndim else hash(self.item())  # item() notes that the number was read


def given(value: Any, name: str) -> Given:
    """What a caller gives for an argument, as a plain array; None and texts stay what they are.

    Raises
    ------
    DtypeError
        If it is not an array of real numbers.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Tensor):
        return value.record._value
    try:
        array = np.asarray(value)
    except AutogradError:
        raise
    except (ValueError, TypeError) as error:
        raise DtypeError(f"{name} is not an array of numbers: {error}{here()}") from error
    if array.dtype.kind not in "biuf":
        raise DtypeError(
            f"{name} must hold real numbers, but got {array.dtype}: {value!r:.80}. What is not an array does not "
            f"belong among the arguments: give it in a function around, lambda x: loss(x, it){here()}"
        )
    return array


def signature(values: list[Given]) -> tuple[Any, ...]:
    """What a recording is made for: shapes and dtypes of arrays; texts and None themselves."""
    return tuple((a.shape, a.dtype) if isinstance(a, np.ndarray) else a for a in values)


def same(a: Given, b: Given) -> bool:
    """Whether two arguments of one signature are equal, bit for bit."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a == b
    return a is b or a.tobytes() == b.tobytes()
