"""Somebody's program on one draw of its inputs, to be run once more after its lines were changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.calling import Caller, without_chance_memory
from autograd_seq.diagnosis.finding import EQUAL, difference
from autograd_seq.diagnosis.kept_forward import KeptForward, copied, is_plain
from autograd_seq.diagnosis.one_run import run_backward
from autograd_seq.diagnosis.own_code import OtherOutputsError
from autograd_seq.diagnosis.pair import Pair

Gradients = Mapping[str, Array]
Owned = tuple[list[Any], list[Any]]


class OfPair:
    """A forward and a backward pass.

    Parameters
    ----------
    pair : Pair
        Both.
    numbers : mapping
        ``inputs``, ``upstream``, and the ``outputs`` that a changed program must have too.
    true, found : mapping
        The gradients.
    """

    def __init__(self, pair: Pair, numbers: Mapping[str, Any], true: Gradients, found: Gradients) -> None:
        self.pair, self.numbers, self.true, self.found = pair, numbers, true, found
        self.inputs: Mapping[str, Any] = numbers["inputs"]
        self._kept: KeptForward | None = None

    def keep(self) -> None:
        """Let the forward pass run from now on only where some of it is changed, if that makes no difference."""
        try:
            whole = self.again()
            with without_chance_memory(self.pair.spaces):
                self._kept = KeptForward(self.pair, self.inputs)
            if not all(_are_alike(self.again(), whole) for _ in range(2)):  # once more, as it may use something up
                self._kept = None
        except Exception:  # what cannot be copied, or a program that fails when its forward pass does not run before
            self._kept = None

    def again(self) -> dict[str, Array]:
        """The gradients of one more run; it must be of the same outputs.

        Raises
        ------
        OtherOutputsError, UsageError
            If it is not, or fails.
        """
        with without_chance_memory(self.pair.spaces):
            cache = self._kept.cache() if self._kept is not None and self._kept.holds else self._forward()
            upstream = {k: np.array(v) for k, v in self.numbers["upstream"].items()}  # which may be changed in place
            found, failure, _ = run_backward(lambda: self.pair.backward(upstream, cache))
        if failure:
            raise UsageError(failure)
        return found

    def _forward(self) -> Any:
        """What the forward pass hands over."""
        run = self.pair.forward(self.inputs)
        if any(difference(run.outputs[k], v) > EQUAL for k, v in self.numbers["outputs"].items()):
            raise OtherOutputsError
        return run.cache

    def begin(self) -> None:
        """The part of a run that comes before the backward pass."""
        with without_chance_memory(self.pair.spaces):
            self.pair.forward(self.inputs)

    def doubled(self) -> None:
        """A run that is given twice as large adjoints."""
        with without_chance_memory(self.pair.spaces):
            cache = self.pair.forward(self.inputs).cache
            self.pair.backward({k: 2 * v for k, v in self.numbers["upstream"].items()}, cache)

    def owned(self) -> Owned:
        """The functions that the program begins with, and the global variables of its files."""
        return [getattr(f, "__func__", f) for f in self.pair.parts], self.pair.spaces


class OfCourse:
    """One of the assignment's backward functions.

    Parameters
    ----------
    function : callable
        It.
    numbers : mapping
        Its ``arguments``, and the ``inputs`` that they were made from.
    true, found : mapping
        The gradients.
    """

    def __init__(
        self, function: Callable[..., Any], numbers: Mapping[str, Any], true: Gradients, found: Gradients
    ) -> None:
        self.function, self.numbers, self.true, self.found = function, numbers, true, found
        self.inputs: Mapping[str, Any] = numbers["inputs"]
        self._caller = Caller(function)
        self._copied: Callable[[Any], Any] = copied if is_plain(numbers["arguments"]) else copy.deepcopy

    def again(self) -> dict[str, Array]:
        """The gradients of one more run.

        Raises
        ------
        UsageError
            If it fails.
        """
        arguments = self._copied(self.numbers["arguments"])
        with without_chance_memory(self._caller.spaces):
            found, failure, _ = run_backward(lambda: self._caller.plain(lambda: self.function(*arguments)))
        if failure:
            raise UsageError(failure)
        return {standard(k): v for k, v in found.items()}

    def keep(self) -> None:
        """There is no forward pass to be kept."""

    def begin(self) -> None:
        """The part of a run that comes before the backward pass: none."""

    def owned(self) -> Owned:
        """The function, and the global variables of its files."""
        return [self.function], self._caller.spaces


def _are_alike(some: Gradients, other: Gradients) -> bool:
    """Whether two runs gave the same, as far as the order of sums in memory lets them."""
    return some.keys() == other.keys() and all(difference(some[k], other[k]) < EQUAL for k in some)


def standard(key: str) -> str:
    """How a gradient is called that the assignment's code and its text call otherwise."""
    return {"dWu": "dWi", "dbu": "dbi", "dx_t": "dxt", "da_0": "da0"}.get(key, key)
