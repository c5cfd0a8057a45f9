"""Checks of what a user gives, with messages that say where in the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.errors import DtypeError, ShapeError, UsageError, ValueRangeError
from autograd_seq.core.scope import present
from autograd_seq.core.source_line import here

LARGEST = 2**31  # no length comes near it; a larger number is a mistake


def here_in_network() -> str:
    """``layer 2, backward direction: ``, as far as the present scope says it."""
    where = present()
    words = [
        f"layer {where.layer}" if where.layer is not None else "",
        f"{where.direction} direction" if where.direction else "",
    ]
    said = ", ".join(word for word in words if word)
    return said + ": " if said else ""


def sizes(what: str, **lengths: Any) -> None:
    """Refuse lengths that are not positive whole numbers."""
    for key, value in lengths.items():
        if not _whole(value) or not 0 < value < LARGEST:
            raise ValueRangeError(f"{what} needs {key} to be a whole number above 0, not {value!r:.80}{here()}")


def whole(what: str, **numbers: Any) -> None:
    """Refuse what is not a whole number."""
    for key, value in numbers.items():
        if not _whole(value) or abs(value) >= LARGEST:
            raise UsageError(f"{what} needs {key} to be a whole number, not {value!r:.80}{here()}")


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def flags(what: str, **given: Any) -> None:
    """Refuse what is neither True nor False."""
    for key, value in given.items():
        if not isinstance(value, (bool, np.bool_)):
            raise UsageError(f"{what} needs {key} to be True or False, not {value!r:.80}{here()}")


def floats(dtype: Any) -> np.dtype[Any]:
    """A dtype that weights can have."""
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError, AttributeError):
        found = np.dtype(object)
    if found.kind != "f":
        raise DtypeError(f"weights are floats: give dtype=np.float64 or np.float32, not {dtype!r:.80}{here()}")
    return found


def generator(seed: Any) -> np.random.Generator:
    """The source of random numbers that a seed stands for."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise ValueRangeError(
            f"seed must be a whole number from 0 on, None or a numpy.random.Generator, not {seed!r:.80}{here()}"
        ) from error


def choose(options: Mapping[Any, Any], given: Any, what: str) -> Any:
    """The option of that name."""
    if not (given is None or isinstance(given, str)) or given not in options:
        raise ValueRangeError(
            f"there is no {what} {given!r:.80}: choose one of {', '.join(map(repr, options))}{here()}"
        )
    return options[given]


def kind(given: Any, expected: type | tuple[type, ...], what: str) -> None:
    """Refuse a thing of another kind; `what` says who needs what."""
    if not isinstance(given, expected):
        raise UsageError(f"{here_in_network()}{what}, but got {type(given).__name__}{here()}")


def listed(given: Any) -> Any:
    """A thing that may be a list; None in place of an array without axes, which only looks like one."""
    return None if isinstance(given, np.ndarray) and not given.ndim else given


def numbers(given: Any, what: str) -> Any:
    """A tensor as it is, anything else as an array of real numbers; `what` says whose."""
    if isinstance(given, Tensor):
        return given
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ShapeError(f"{what} is not an array, as its rows differ in length: {given!r:.80}{here()}") from error
    if array.dtype.kind in "buif":
        return array
    odd = next((x for x in array.flat if not isinstance(x, (int, float, np.number))), None)
    raise DtypeError(
        f"{what} must hold real numbers, but it is an array of {array.dtype}"
        + (f", with {odd!r:.40} in it" if array.dtype.kind == "O" else "")
        + here()
    )
