"""The arguments of a function that is compiled: as a caller gives them, and as its recording sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import AutogradError, DtypeError, UsageError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Handle, Parameter, Tensor

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
    GraphLostError
        If it is a recorded tensor, or one with a gradient.
    """
    if type(value) is np.ndarray and value.dtype.kind in "biuf":  # what it mostly is
        return value
    if value is None or isinstance(value, str):
        return value
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


def by_name(parameters: Any) -> dict[str, Parameter]:
    """Parameters by the names that their gradients get: a dict as it is; others under their own names.

    Raises
    ------
    UsageError
        If one of them is no Parameter, or has no name of its own.
    """
    if parameters is None:
        return {}
    if isinstance(parameters, Mapping):
        found = list(parameters.items())
    elif isinstance(parameters, Iterable) and not isinstance(parameters, (Tensor, np.ndarray, str)):
        found = [(getattr(parameter, "name", None), parameter) for parameter in parameters]
    else:
        raise _not_parameters(parameters)
    for key, parameter in found:
        if not isinstance(parameter, Parameter):
            raise _not_parameters(parameter)
        if not isinstance(key, str) or not key:
            raise UsageError(
                f"a gradient is found by the name of its parameter, but one of shape {parameter.shape} has "
                f"{'none' if key is None else repr(key)}: write Parameter(value, 'W') or "
                f"compile(function, {{'W': W}}){here()}"
            )
    keys = [key for key, _ in found]
    if twice := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        raise UsageError(
            f"several parameters are called {', '.join(twice)}, so their gradients could not be told apart: give "
            f"names, compile(function, {{'W1': first, 'W2': second}}){here()}"
        )
    return dict(found)


def _not_parameters(thing: Any) -> UsageError:
    what = f"one called {thing.name}" if isinstance(thing, Parameter) else f"{type(thing).__name__} {thing!r:.60}"
    return UsageError(
        f"parameters come in a dict, {{'W': W}}, or a list, [W], of Parameter(value, name), not as {what}{here()}"
    )


def signature(values: list[Given]) -> tuple[Any, ...]:
    """What a recording is made for: shapes and dtypes of arrays; texts and None themselves."""
    return tuple([(a.shape, a.dtype) if isinstance(a, np.ndarray) else a for a in values])


def same(a: Given, b: Given) -> bool:
    """Whether two arguments of one signature are equal, bit for bit."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a == b
    return a is b or a.tobytes() == b.tobytes()
