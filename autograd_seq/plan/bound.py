"""A replay whose arguments have names and sources, and what it holds good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import DtypeError, GraphLostError, ShapeError, UsageError
from autograd_seq.core.recording import Recording
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.plan.arguments import Given, given, same
from autograd_seq.plan.around import Name
from autograd_seq.plan.guards import Guard, holding, owner
from autograd_seq.plan.one_hots import LookedUp

Result = tuple[float, dict[str, Array]]
WATCHED = 16  # calls in which each argument's first new value is waited for


@dataclass
class Trust:
    """How far calls of a program were compared with the function.

    Attributes
    ----------
    constant : dict of int to ndarray
        Arguments whose values count, and have been the recorded ones at every call so far.
    used : bool
        Whether it was called.
    proven : bool
        Whether a call was compared.
    doubted : bool
        Whether one gave another loss.
    patience : int
        In how many more calls each argument's first new value is waited for.
    looked : list of LookedUp
        Arguments that rows are looked up by.
    doubts : int
        How many more calls with integers that were not tried yet are compared.
    """

    constant: dict[int, Given]
    used: bool = False
    proven: bool = False
    doubted: bool = False
    patience: int = WATCHED
    looked: Sequence[LookedUp] = ()
    doubts: int = WATCHED

    def unproven(self, values: Sequence[Given]) -> bool:
        """Whether this call is to be compared with the function: the second one, and an argument's first new value."""
        if self.looked and self.doubts and not all(argument.knows(values) for argument in self.looked):
            return True
        if self.doubted or not self.patience or not self.constant:
            return self.doubted or not self.proven
        fresh = any(not same(values[i], array) for i, array in self.constant.items())
        self.patience -= not fresh
        return fresh or not self.proven

    def prove(self, values: Sequence[Given], same_loss: bool, compared: Sequence[Given] = ()) -> None:
        """Remember whether this call gave what the function gives; where one did not, none is trusted any more.

        What was compared may have been a shorter one.
        """
        self.doubts -= not all(argument.knows(values) for argument in self.looked)
        for argument in self.looked:
            argument.try_(compared or values)
        self.proven, self.doubted = True, self.doubted or not same_loss
        self.constant = {i: array for i, array in self.constant.items() if same(values[i], array)}


class Bound:
    """A replay whose arguments have names and sources.

    Parameters
    ----------
    replay : Replay
    parameters : dict of str to Parameter
        Those whose current values count.
    inputs : list of Tensor, str or None
        The arguments that a function was recorded with; none of a finished recording.
    checks : list of Guard, LookedUp or Name, optional
        What it holds good for; nothing is looked at if the recording was finished before.
    trust : Trust, optional
        How far it was compared, if another is the same program for other sizes.

    Attributes
    ----------
    names : list of str
        What each argument is called: a parameter by its key, if it came with one.
    sources : list
        Where each argument comes from: the number of an input, a parameter, or a recorded array.
    keys : list of str
        What each gradient is of.
    why_not : str or None
        Why it is for these sizes only.
    gradients : dict of int to str
        By the id of what collects a leaf's gradient, its name.
    """

    def __init__(
        self,
        replay: Any,
        parameters: Mapping[str, Parameter],
        inputs: Sequence[Any] = (),
        checks: Sequence[Guard | LookedUp | Name] | None = None,
        trust: Trust | None = None,
    ) -> None:
        self.replay = replay
        self.checks = checks or []
        self.why_not: str | None = None  # it is for any sizes
        self.names: list[str] = []
        self.sources: list[Any] = []
        self.others: list[tuple[str, Parameter, Tensor]] = []  # parameters that were not given
        numbers = {id(x.record): i for i, x in enumerate(inputs) if isinstance(x, Tensor)}
        cells = {id(p.record._gradient): key for key, p in parameters.items()}
        for name, leaf, recorded in zip(replay.names, replay.leaves, replay.recorded, strict=True):
            key = cells.get(id(leaf._gradient)) if leaf is not None and leaf.requires_grad else None
            self.names.append(key or name)
            self.sources.append(parameters[key] if key else numbers.get(id(leaf), recorded))
            if checks is not None and leaf is not None and not key and (parameter := owner(leaf)) is not None:
                self.others.append((name, parameter, leaf))
        if len(set(self.names)) < len(self.names) or len(cells) < len(parameters):
            raise UsageError(
                f"the gradients would be called {', '.join(self.names)}: give each parameter one name of its own, in "
                f"compile(function, {{name: parameter}}) and in Parameter(value, name){here()}"
            )
        called = dict(zip(replay.names, self.names, strict=True))
        self.keys = [called[key] for key in replay.keys]
        by_key = dict(zip(self.names, replay.leaves, strict=True))
        self.gradients = {id(by_key[key]._gradient): key for key in self.keys}
        fixed = {check.source for check in self.checks if isinstance(check, Guard) and isinstance(check.source, int)}
        free = {i: x.record._value for i, x in enumerate(inputs) if isinstance(x, Tensor) and i not in fixed}
        looked = [check for check in self.checks if isinstance(check, LookedUp)]
        self.trust = Trust(free, looked=looked) if trust is None else trust

    def holds(self, values: Sequence[Given]) -> bool:
        """Whether all that was read as plain numbers is as it was."""
        return holding(self.checks, values)

    def arguments(self, values: Sequence[Given], by_name: Mapping[str, Any]) -> list[Any]:
        """What the program is called with.

        Raises
        ------
        GraphLostError
            If a parameter has changed that does not count, or one is given that was read as plain numbers.
        """
        for name, parameter, leaf in self.others:
            if parameter.record is not leaf and name not in by_name:
                raise GraphLostError(
                    f"{name} is a parameter that was not given as in compile(function, {{'{name}': {name}}}), so the "
                    f"plan knows its first value alone, and it has another one now{here()}"
                )
        result = [
            values[source] if type(source) is int else source.record._value if isinstance(source, Parameter) else source
            for source in self.sources
        ]
        for name, thing in by_name.items():
            place = self.place(name)
            result[place] = self._fitted(name, thing, self.replay.recorded[place])
            if any(isinstance(c, Guard) and c.name == name and not same(result[place], c.array) for c in self.checks):
                raise GraphLostError(
                    f"the function reads {name} as plain numbers, so another value cannot take its place for one "
                    f"call: assign it, {name}.value = ..., or make {name} an argument of the function{here()}"
                )
        return result

    @staticmethod
    def _fitted(name: str, thing: Any, wanted: Array) -> Array:
        array = thing.record._value if isinstance(thing, Tensor) else given(thing, name)
        if not isinstance(array, np.ndarray):
            raise DtypeError(f"{name} must hold real numbers, but got {thing!r:.80}{here()}")
        if array.shape != wanted.shape:
            raise ShapeError(
                f"{name} was recorded with shape {wanted.shape}, but got {array.shape}; "
                f"compile the function in place of its result, then other shapes are recorded anew{here()}"
            )
        fitted = array.astype(wanted.dtype, copy=False)
        if wanted.dtype.kind != "f" and not np.array_equal(fitted, array):
            raise DtypeError(f"{name} was recorded as {wanted.dtype}, which cannot hold {array!r:.80}{here()}")
        return fitted

    def answer(self, recording: Recording) -> Result | None:
        """Loss and gradients of another recording of the function; None if that has other parameters."""
        found = {}
        for leaf, adjoint in recording.adjoints.items():
            if leaf.operation is None:
                found[self.gradients.get(id(leaf._gradient))] = adjoint._value.astype(leaf.dtype)
        if set(found) != set(self.keys):
            return None
        return recording.forward.outputs[0]._value.item(), {key: found[key] for key in self.keys}

    def place(self, name: str) -> int:
        """The place of an argument.

        Raises
        ------
        UsageError
            If there is none of this name.
        """
        if name not in self.names:
            raise UsageError(f"there is no {name} in the plan; it has {', '.join(self.names)}{here()}")
        return self.names.index(name)


class Versions:
    """The recordings of one signature, by the values that they hold good for; the latest first.

    The first is compiled. A value that a recording does not hold good for is answered by the function itself when it
    comes first, and compiled when it comes again.

    Attributes
    ----------
    answers : int
        How many the function gave itself.
    """

    KEPT = 8

    def __init__(self) -> None:
        self.kept: list[Bound] = []
        self.answers = 0
        self._once: list[Sequence[Guard | LookedUp | Name]] = []  # what the latest of them hold good for

    def holding(self, values: Sequence[Given]) -> Bound | None:
        """The recording that holds good for some arguments."""
        for i, bound in enumerate(self.kept):
            if bound.holds(values):
                if i:
                    self.kept.insert(0, self.kept.pop(i))
                return bound
        return None

    def changed(self, values: Sequence[Given]) -> set[str]:
        """The names around the function that stand for something else than in the latest recording."""
        checks = self.kept[0].checks if self.kept else []
        return {check.name for check in checks if isinstance(check, Name) and not check.holds(values)}

    def come_again(self, values: Sequence[Given]) -> bool:
        """Whether values are to be compiled: the first, and those that came before."""
        again = [checks for checks in self._once if holding(checks, values)]
        self._once = [checks for checks in self._once if all(checks is not other for other in again)]
        return bool(again) or not self.kept

    def add(self, bound: Bound) -> Bound:
        """Keep another recording, and let go of the one that was not used for longest."""
        self.kept = [bound, *self.kept][: self.KEPT]
        return bound

    def answered(self, checks: Sequence[Guard | LookedUp | Name]) -> bool:
        """Remember values that the function answered itself; whether it is time to say so."""
        self._once = [checks, *self._once][: self.KEPT]
        self.answers += 1
        return self.answers == self.KEPT
