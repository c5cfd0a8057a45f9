"""A forward and a backward pass that belong together, and one run of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.floats import epsilon_of, is_floats
from autograd_seq.diagnosis.calling import Caller, arrays_in
from autograd_seq.diagnosis.given import real
from autograd_seq.diagnosis.one_run import student_line
from autograd_seq.diagnosis.outside import read_outside
from autograd_seq.diagnosis.truth import Truth, outputs_of, record
from autograd_seq.diagnosis.unit_errors import EPSILON


class NotTheSameError(Exception):
    """A forward pass answers otherwise when it is called again with the same inputs."""


@dataclass(frozen=True)
class Run:
    """What one plain run of a forward pass gave.

    Attributes
    ----------
    outputs : dict
        Its outputs, as floats.
    cache : object
        What it hands to the backward pass.
    epsilon : float
        The distance of neighbouring numbers near 1 in the coarsest array that it made.
    changed : list of str
        The arguments that it changed in place.
    """

    outputs: dict[str, Array]
    cache: Any
    epsilon: float
    changed: list[str]


class Pair:
    """A forward and a backward pass, each call of which begins alike.

    Parameters
    ----------
    forward, backward : callable
        As for `check_backward`.
    """

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        self.parts = backward, forward
        self._forward, self._backward = forward, backward
        self._caller = Caller(forward, backward)
        self.spaces = self._caller.spaces

    def forward(self, inputs: Mapping[str, Array]) -> Run:
        """Run the forward pass on plain arrays.

        Raises
        ------
        UsageError
            If it fails, or returns something else than outputs and a cache.
        """
        handed = {k: np.array(v) for k, v in inputs.items()}
        try:
            answer = self._caller.plain(lambda: self._forward(**handed))
        except Exception as error:  # whatever a student's program raises is an answer to report
            shapes = ", ".join(f"{k} {np.shape(v)}" for k, v in inputs.items())
            said = f"{type(error).__name__}: {error}{student_line(error)}"
            raise UsageError(f"forward fails: {said}\n  with inputs of the shapes {shapes}") from error
        returned = outputs_of(answer)
        outputs = {k: real(v, f"forward's output {k!r}") for k, v in returned.items()}
        if not any(v.size for v in outputs.values()):
            raise UsageError("forward returned no output, so there is no gradient to check: return {'a': a}, cache")
        changed = [k for k, v in handed.items() if not np.array_equal(v, inputs[k])]
        return Run(outputs, answer[1], _coarsest((returned, answer[1])), changed)

    def record(self, inputs: Mapping[str, Array], upstream: Mapping[str, Array]) -> Truth:
        """Run the forward pass on tensors and differentiate it."""
        handed = {k: np.array(v) for k, v in inputs.items()}
        return self._caller.as_it_is(lambda: record(self._forward, handed, upstream))

    def held(self) -> list[Any]:
        """What the backward pass reads beside its arguments: its object's arrays, and those of its file."""
        objects = [getattr(f, "__self__", None) for f in self.parts]
        return [*(vars(o) for o in objects if hasattr(o, "__dict__")), *read_outside(self._backward).values()]

    def backward(self, upstream: Mapping[str, Array], cache: Any) -> Any:
        """Run the backward pass on plain arrays."""
        return self._caller.plain(lambda: self._backward(upstream, cache))


def _coarsest(made: Any) -> float:
    """The distance of neighbouring numbers near 1, in the coarsest array of floats."""
    kinds = {a.dtype for _, a in arrays_in(made, "") if is_floats(a.dtype)}
    return max([EPSILON, *map(epsilon_of, kinds)])


def refuse_another(first: Run, last: Run) -> None:
    """Refuse a forward pass whose outputs are others when it is called again.

    Raises
    ------
    NotTheSameError
        With the output and two of its numbers.
    """
    for key, before in first.outputs.items():
        now = last.outputs.get(key, np.zeros(()))
        if before.shape != now.shape:
            said = f"has shape {now.shape} in place of {before.shape}"
            raise NotTheSameError(f"{_WHY}: its output {key!r} {said}{_WHAT_TO_DO}")
        off = np.abs(now - before) > 1e3 * first.epsilon * np.maximum(np.abs(now), np.abs(before))
        if np.any(off):
            place = tuple(int(i) for i in np.argwhere(off)[0])
            said = f"{now[place]:.17g} in place of {before[place]:.17g} at {list(place)}"
            raise NotTheSameError(f"{_WHY}: its output {key!r} is {said}{_WHAT_TO_DO}")


_WHY = "forward is not the same function when it is called again with the same inputs"
_WHAT_TO_DO = (
    "\n  so no gradient of it can be compared. Does it draw random numbers, count its calls, or carry a state over?"
    "\n  Make that an input, or seed it inside forward: rng = np.random.default_rng(0)"
)
