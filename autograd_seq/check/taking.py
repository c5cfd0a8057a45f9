"""How a function takes its inputs: every number as a tensor to differentiate, unless it must stay whole.

An index, a count or a label is a whole number that cannot be a little larger: the function
refuses it as a float, or jumps there. It is held constant, and the reason is kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Any

import numpy as np

from autograd_seq.check.inputs import Number, Reading, mapped
from autograd_seq.check.slopes import FAR_APART
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.translation.reader import in_english

# What the numbers of an input are handed on as.
ARRAY = "tensors, a list of numbers as one of them"
ELEMENTS = "lists of tensors"
GIVEN = "whole numbers as they were given"
CONSTANT = "tensors without a gradient"

TRIED = 256  # ways to take the inputs, at most

Function = Callable[..., Any]
Choice = dict[str, str]


@dataclass(frozen=True)
class Taken:
    """The inputs as a function takes them.

    Attributes
    ----------
    arguments : list
        What it is called with.
    made : object
        What it gave.
    tensors : dict of list
        By name of an input, what it is differentiated by.
    left_out : dict of str
        By name, why what is not differentiated is not.
    """

    arguments: list[Any]
    made: Any
    tensors: dict[str, list[Tensor]]
    left_out: dict[str, str]


def take(function: Function, inputs: Sequence[Any]) -> Taken:
    """Call a function with every number among its inputs as a tensor that requires a gradient.

    Parameters
    ----------
    function : callable
        Of the inputs.
    inputs : sequence
        Numbers, arrays, lists and dicts of them, tensors, or anything else.

    Raises
    ------
    Exception
        What the function raises, if it takes its inputs in no way.

    Examples
    --------
    >>> taken = take(lambda x, i: x[i] * 2.0, ([1, 2, 3], 0))
    >>> taken.arguments[0].requires_grad, taken.arguments[1]
    (True, 0)
    >>> taken.left_out["i"][:38]
    'held constant: it is used as an index,'
    """
    return _Call(function, inputs).taken()


class _Call:
    """A function and the ways in which its inputs can be handed on."""

    def __init__(self, function: Function, inputs: Sequence[Any]) -> None:
        self.function = function
        reading = Reading()
        names = _names(function, len(inputs))
        self.inputs = [reading.read(x, name, name) for name, x in zip(names, inputs, strict=True)]
        self.given, self.left_out = reading.tensors, reading.left_out
        self.ways: dict[str, list[str]] = {n.input: [ARRAY] for n in reading.numbers}
        for name, ways in self.ways.items():
            mine = [n for n in reading.numbers if n.input == name]
            ways += [ELEMENTS] * any(n.listed for n in mine) + [GIVEN] * any(n.whole for n in mine)
        self.whole = [name for name, ways in self.ways.items() if GIVEN in ways]

    def taken(self) -> Taken:
        """The first way that works, with as few numbers held constant as can be."""
        if all(ways == [ARRAY] for ways in self.ways.values()):
            return self._taken(next(self._choices()))
        expected = self._expected()
        choice = next((c for c in self._choices() if not self._fault(c, expected)), None)
        if choice is None:  # whatever is wrong is wrong with the numbers as they were given, too
            choice = {name: GIVEN if name in self.whole else ARRAY for name in self.ways}
            self._taken(choice)
        for name in self.whole:
            if choice[name] == GIVEN and not (fault := self._fault(choice | {name: ARRAY}, expected)):
                choice[name] = ARRAY
            if choice[name] != GIVEN and (fault := self._between(choice, name)):
                choice[name] = CONSTANT
            if fault:
                self.left_out[name] = f"held constant: {fault}"
        return self._taken(choice)

    def _taken(self, choice: Choice) -> Taken:
        arguments, tensors = self._arguments(choice)
        return Taken(arguments, self.function(*arguments), tensors, self.left_out)

    def _choices(self) -> Iterator[Choice]:
        """All numbers as tensors of floats; then another way for as few inputs as can be."""
        first = {name: ARRAY for name in self.ways}
        others = [name for name, ways in self.ways.items() if len(ways) > 1]
        changed = (names for count in range(len(others) + 1) for names in combinations(others, count))
        every = (
            first | dict(zip(names, ways, strict=True))
            for names in changed
            for ways in product(*(self.ways[name][1:] for name in names))
        )
        return islice(every, TRIED)

    def _arguments(
        self, choice: Choice, moved: str | None = None, step: float = 0.0
    ) -> tuple[list[Any], dict[str, list[Tensor]]]:
        """The inputs in some way, and the tensors among them; the numbers of one moved by a step, each up or down."""
        tensors = {name: [*given] for name, given in self.given.items()}

        def made(array: Array, number: Number) -> Any:
            if choice[number.input] == ELEMENTS and number.listed and array.ndim:
                return [made(np.asarray(part), number) for part in array]
            tensor = Tensor(array, number.name, requires_grad=choice[number.input] != CONSTANT)
            tensors.setdefault(number.input, []).extend([tensor] * tensor.requires_grad)
            return tensor

        def change(part: Any) -> Any:
            if not isinstance(part, Number):
                return part
            if choice[part.input] == GIVEN and part.whole:
                return part.given
            if part.input != moved:
                return made(part.array, part)
            return made(part.array + step * _signs(part.array.shape), part)

        return [mapped(x, change) for x in self.inputs], tensors

    def _expected(self) -> list[Array] | None:
        """What the function gives for whole numbers as such; None where it takes none, or changes from call to call."""
        if not self.whole:
            return None

        def change(part: Any) -> Any:
            if not isinstance(part, Number):
                return part
            if not part.whole:
                return Tensor(part.array, part.name, requires_grad=True)
            return np.asarray(part.given) if part.listed else part.given

        try:
            once, again = (_values(self.function(*[mapped(x, change) for x in self.inputs])) for _ in range(2))
        except Exception:  # it may want tensors
            return None
        return once if once and again and _same(once, again) else None

    def _fault(self, choice: Choice, expected: list[Array] | None) -> str:
        """Why the inputs cannot be taken in this way; empty where they can."""
        try:
            found = _values(self.function(*self._arguments(choice)[0]))
        except Exception as error:  # whatever a user's function raises is a refusal
            return f"it is used as an index, a count or a setting, which must be whole ({_said(error)})"
        if expected and found and not _same(found, expected):
            return "for the same numbers as floats the function gives something else"
        return ""

    def _between(self, choice: Choice, name: str) -> str:
        """Why the function has no derivative by whole numbers that it takes as floats; empty where it may have."""
        steps = (0.0, FAR_APART, -FAR_APART, FAR_APART / 100, -FAR_APART / 100)
        try:
            with np.errstate(all="ignore"):
                found = [_values(self.function(*self._arguments(choice, name, step)[0])) for step in steps]
        except Exception as error:
            return f"the function takes nothing between whole numbers ({_said(error)})"
        at, *ends = [values or [] for values in found]
        if any([v.shape for v in end] != [v.shape for v in at] for end in ends):
            return "the shape of what the function gives depends on it"
        if _finite(at) and not all(map(_finite, ends)):
            return "the function is not defined between whole numbers"
        far, near = (max(_distance(at, end) for end in pair) for pair in (ends[:2], ends[2:]))
        if near > far / 2 and near > 1e-9 * max(map(_size, at)):
            return "the function jumps at whole numbers, so it is a condition or a label"
        return ""


def _names(function: Function, count: int) -> list[str]:
    """What the function calls its inputs."""
    try:
        declared = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # of a function that is not written in Python
        declared = []
    by_place = [p.name for p in declared if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [by_place[i] if i < len(by_place) else f"input {i + 1}" for i in range(count)]


def _signs(shape: tuple[int, ...]) -> Array:
    """Some up, some down, the same at every call."""
    return np.asarray(np.random.default_rng(0).choice([-1.0, 1.0], shape))


def _said(error: Exception) -> str:
    """An error in few words."""
    said = in_english(error)
    words = said.splitlines()[0].split(". ")[0] if said else ""
    return f"{type(error).__name__}: {words:.160}"


def _values(made: Any) -> list[Array] | None:
    """All numbers that a function gave; None if there is anything else."""
    if isinstance(made, Tensor):
        return [made._value]
    if isinstance(made, (Mapping, list, tuple)):
        parts = [_values(part) for part in (made.values() if isinstance(made, Mapping) else made)]
        return None if any(part is None for part in parts) else [v for part in parts for v in part or []]
    array = np.asarray(made)
    return [array] if array.dtype.kind in "buif" else None


def _same(a: list[Array], b: list[Array]) -> bool:
    """Whether two answers are the same to a few digits: another way through the function gives quite another one."""
    return [v.shape for v in a] == [v.shape for v in b] and all(
        np.allclose(v, w, rtol=1e-3, atol=1e-6 * _size(w), equal_nan=True)
        for v, w in zip(a, b, strict=True)
    )


def _size(values: Array) -> float:
    """How large the largest finite value is."""
    return float(np.max(np.abs(values[np.isfinite(values)]), initial=0))


def _finite(values: list[Array]) -> bool:
    return all(bool(np.isfinite(v).all()) for v in values)


def _distance(a: list[Array], b: list[Array]) -> float:
    return max((float(np.max(np.abs(v - 1.0 * w), initial=0)) for v, w in zip(a, b, strict=True)), default=0.0)
