"""What among the inputs of a function is a number, in whatever it comes, and what is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from numbers import Integral, Real
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor

MANY = 3  # parts of one input that are left out each by name


@dataclass(frozen=True, eq=False)
class Number:
    """Numbers that are to be differentiated: one, an array, or a list of nothing else.

    Attributes
    ----------
    name : str
        Where they stand, such as ``"xs[1]"``.
    input : str
        The input that they belong to; numbers of one input are handed on in the same way.
    given : object
        What they were given as.
    array : ndarray
        They, as floats.
    whole : bool
        Whether they are integers or truth values, which may be indices.
    listed : bool
        Whether they were given as a list.
    """

    name: str
    input: str
    given: Any
    array: Array
    whole: bool
    listed: bool


@dataclass
class Reading:
    """Inputs read one after the other: their numbers, their tensors, and by name why something is neither."""

    numbers: list[Number] = field(default_factory=list)
    tensors: dict[str, list[Tensor]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def read(self, x: Any, path: str, input: str) -> Any:
        """An input with a `Number` in place of all numbers in it."""
        if isinstance(x, Tensor):
            if x.requires_grad:
                self.tensors.setdefault(input, []).append(x)
            else:
                self.left_out[path] = f"a tensor of {x.dtype} without requires_grad=True, held constant"
            return x
        if (array := _array_of(x)) is not None:
            self.numbers.append(Number(path, input, x, array, _is_whole(x), _is_list(x)))
            return self.numbers[-1]
        if isinstance(x, Mapping) and x:
            return {key: self.read(part, f"{path}[{key!r}]", f"{path}[{key!r}]") for key, part in x.items()}
        if _is_list(x) and len(x):
            return self._parts(x, path, input)
        self.left_out[path] = _what(x)
        return x

    def _parts(self, x: Sequence[Any], path: str, input: str) -> Any:
        """The parts of a list; if all are left out for one reason, it is said once."""
        inside = Reading(self.numbers, self.tensors)
        parts = [inside.read(part, f"{path}[{i}]", input) for i, part in enumerate(x)]
        found = inside.left_out
        if len(found) == len(parts) > 1 and len(set(found.values())) == 1:
            self.left_out[path] = f"a {type(x).__name__} of {len(parts)} parts, each {next(iter(found.values()))}"
            return x
        self.left_out |= dict(islice(found.items(), MANY))
        if len(found) > MANY:
            self.left_out[f"{path}[…]"] = f"{len(found) - MANY} parts more that are not differentiated"
        return _like(x, parts)


def mapped(part: Any, change: Callable[[Any], Any]) -> Any:
    """The same lists, tuples and dicts with their parts changed; what holds nothing changed stays itself.

    Examples
    --------
    >>> mapped({"a": (1, [2]), "b": "text"}, lambda part: 10 * part if isinstance(part, int) else part)
    {'a': (10, [20]), 'b': 'text'}
    """
    if isinstance(part, Mapping):
        pairs = {key: mapped(value, change) for key, value in part.items()}
        return pairs if any(pairs[key] is not part[key] for key in pairs) else part
    if isinstance(part, (list, tuple)):
        parts = [mapped(value, change) for value in part]
        return _like(part, parts) if any(new is not old for new, old in zip(parts, part, strict=True)) else part
    return change(part)


def _like(x: Sequence[Any], parts: list[Any]) -> Any:
    """A list, or a tuple of the same kind."""
    if not isinstance(x, tuple):
        return parts
    return type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)


def _is_list(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes, bytearray, memoryview))


def _is_array(x: Any) -> bool:
    """NumPy's arrays and numbers, and arrays of other libraries."""
    return hasattr(x, "__array__") and not isinstance(x, type)


def _array_of(x: Any) -> Array | None:
    """A number, an array of numbers, or a list of nothing but numbers, as floats; None for anything else."""
    try:
        if _is_array(x):
            return _floats(np.asarray(x))
        if isinstance(x, Real):
            return np.asarray(float(x))
        return _floats(np.array(x)) if _is_list(x) and len(x) and _is_numbers(x) else None
    except (ValueError, TypeError, OverflowError):  # rows of unequal lengths, 10 ** 400
        return None


def _floats(array: Array) -> Array | None:
    if array.dtype.kind == "f":
        return array
    return array.astype(np.float64) if array.dtype.kind in "bui" else None


def _is_numbers(x: Sequence[Any]) -> bool:
    """Whether a list holds numbers, or lists of them, and nothing else: arrays stay arrays of their own."""
    return all(isinstance(part, (Real, np.generic)) or (_is_list(part) and _is_numbers(part)) for part in x)


def _is_whole(x: Any) -> bool:
    """Whether numbers are integers or truth values."""
    if _is_array(x):
        return np.asarray(x).dtype.kind in "bui"
    return isinstance(x, Integral) if isinstance(x, Real) else all(map(_is_whole, x))


def _what(x: Any) -> str:
    """What it is that is not a number, in words."""
    if isinstance(x, np.ndarray):
        return f"an array of {x.dtype}, which are not real numbers"
    if isinstance(x, Real):
        return "a number too large for a float"
    if x is None:
        return "None, not a number"
    if isinstance(x, Mapping) or _is_list(x):
        return f"an empty {type(x).__name__}"
    return f"of type {type(x).__name__}, not a number"
