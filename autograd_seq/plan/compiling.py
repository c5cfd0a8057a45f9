"""Compile a recording, or the function that makes it, into a program that computes loss and gradients again."""

from __future__ import annotations

import builtins
import inspect
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import DtypeError, GraphLostError, ShapeError, UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.record import branches
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.scope import no_grad
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.folding.fold import Family
from autograd_seq.plan.rewrites.sequence import rewrite
from autograd_seq.plan.translate import Translation
from autograd_seq.plan.value import STEPS, Network, Value
from autograd_seq.plan.writing.numba_loops import FastProgram
from autograd_seq.plan.writing.statements import Program
from autograd_seq.plan.writing.tools import require

Result = tuple[float, dict[str, Array]]


class Replay:
    """One compiled recording, for arrays of the shapes that it was recorded with.

    Parameters
    ----------
    recording : Recording
        A loss and its backward pass.
    """

    def __init__(self, recording: Recording, fast: bool = False) -> None:
        notes: list[str] = []
        for rewritten, compiled in ((True, True), (True, False), (False, False)):
            if compiled and not fast:
                continue
            try:
                self._compile(recording, rewritten, compiled)
                wrong = self._differs(recording)
            except Exception as error:  # a program that cannot be written or run is no reason to give up
                if not rewritten:
                    raise GraphLostError(
                        "this recording has a shape that plans do not know yet: go on with the recorded one "
                        f"({type(error).__name__}: {error}){here()}"
                    ) from error
                wrong = f"error: {type(error).__name__}: {error}"
            if wrong is None:
                self.network.notes += notes
                return
            what = "compiled loops" if compiled else "rewrites"
            notes.append(f"the program with the {what} gave another {wrong}, so they are not used")
            if rewritten:
                warnings.warn(f"{notes[-1]}: the plan is right, but slower", stacklevel=4)
        raise GraphLostError(
            f"the compiled program gives another {wrong} than the recording. Does the function give the same "
            f"loss twice, without random numbers of its own?{here()}"
        )

    def _compile(self, recording: Recording, rewritten: bool, compiled: bool) -> None:
        translation = Translation(recording)
        self.network: Network = translation.network
        if rewritten:
            rewrite(self.network, fused=compiled)
        program = FastProgram(self.network) if compiled else Program(self.network)
        self.source = program.text
        self.names = [value.name for value in program.given]
        self.keys = [key.removeprefix("d") for key in list(self.network.outputs)[1:]]
        units = [translation.given[value] for value in program.given]
        self.recorded = [_recorded(value, unit) for value, unit in zip(program.given, units, strict=True)]
        self.leaves = [None if isinstance(unit, Family) else unit.record for unit in units]
        namespace = dict(program.namespace)
        # The text is this package's own: operations and identifiers, never a user's words.
        exec(builtins.compile(self.source, "<compiled replay>", "exec"), namespace)
        self.run: Callable[..., tuple[Any, ...]] = namespace["run"]
        for name, block in program.blocks.items():
            if not block.keeps and np.dtype(block.dtype).kind == "f":
                namespace[name].fill(np.nan)  # what is read before it is written shows in the comparison

    def _differs(self, recording: Recording) -> str | None:
        """Which result is not that of the recording: what is compiled wrongly is never returned."""
        loss = recording.forward.outputs[0]
        with np.errstate(all="ignore"):
            found = self.run(*self.recorded)
        wanted = [loss._value, *(recording.adjoints[leaf]._value for leaf in self._differentiated())]
        tolerance = 1e-9 if loss.dtype == np.float64 else 1e-3
        greatest = max((_greatest(want) for want in wanted), default=0.0)
        for key, got, want in zip(self.network.outputs, found, wanted, strict=True):
            close = tolerance * (_greatest(want) + 1e-4 * greatest + 1e-3)  # what is left of 0 is rounding
            if np.shape(got) != want.shape or not np.allclose(got, want, rtol=tolerance, atol=close, equal_nan=True):
                return key
        return None

    def _differentiated(self) -> list[Tensor]:
        by_name = dict(zip(self.names, self.leaves, strict=True))
        return [by_name[key] for key in self.keys]  # type: ignore[misc]


def _greatest(array: Array) -> float:
    """The greatest finite size of a number in an array."""
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max(initial=0.0))


def _recorded(value: Value, unit: Any) -> Array:
    """The recorded array of what is given."""
    if value.kind == STEPS:
        return np.stack([unit.members[t].record._value for t in unit.times], axis=-1)
    return np.asarray(unit.record._value)


def compile(thing: Any, parameters: Mapping[str, Parameter] | None = None, *, fast: bool = False) -> Plan:
    """A program that computes a loss and all its gradients again, without recording.

    Parameters
    ----------
    thing : Tensor, Graph, Recording, run with a loss, or function
        What was recorded: a scalar loss. Or a function of arrays that records it and returns the loss; it is
        called again whenever an array has another shape or dtype, and once more to compare the second call.
    parameters : dict of str to Parameter, optional
        Parameters whose current values count at every call; others keep their recorded values unless given
        at the call.
    fast : bool
        Compile the loops with Numba (``pip install 'autograd-seq[fast]'``): the first call with arrays of other
        shapes takes some seconds, the others less time than NumPy's. A loop that holds an operation which compiled
        loops do not know is left to NumPy.

    Returns
    -------
    Plan
        Call it with the arrays. A parameter that the loss does not hang on has no gradient among its results.

    Notes
    -----
    The program is compared with the recording before it is used, and the loss of the second call with arrays of the
    same shapes with the function's. What the function reads past the recording later, through ``.value`` or ``.item()``
    or from variables around it, stays as it was. The results agree with the recorded ones to rounding, but where the
    softmax in a cross-entropy underflows: there the plan gives the limit.

    Raises
    ------
    GraphLostError
        If the function decides on a value of its arrays, or takes something in past the recording: it would
        be frozen.
    UsageError
        If there is no loss to be found, or Numba and SciPy are not installed where `fast` asks for them.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Parameter, compile, sum, tanh
    >>> W = Parameter([[0.5, -1.0]], "W")
    >>> plan = compile(lambda x: sum(tanh(W @ x)), {"W": W})
    >>> J, gradients = plan(np.array([[1.0], [2.0]]))
    >>> round(J, 4), gradients["W"].round(4)
    (-0.9051, array([[0.1807, 0.3614]]))
    """
    return Plan(thing, parameters, fast=fast)


class Plan:
    """What `compile` makes: call it for the loss and the gradients.

    A plan keeps its memory from call to call, so it serves one thread at a time. The arrays that it returns
    are new ones.

    Attributes
    ----------
    source : str
        The program that runs; of the shapes that it was called with last.
    """

    def __init__(
        self, thing: Any, parameters: Mapping[str, Parameter] | None = None, *, fast: bool = False
    ) -> None:
        if fast:
            require()
        self._fast = fast
        self._function: Callable[..., Any] | None = None
        self._parameters = dict(parameters or {})
        self._replays: dict[Any, Bound] = {}
        self._latest: Bound | None = None
        self._lock = threading.Lock()
        if callable(thing) and not isinstance(thing, (Tensor, Graph)):
            self._function = thing
            self._signature = inspect.signature(thing)
            if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in self._signature.parameters.values()):
                raise UsageError(f"write a function with a name for each array, not with * or ** arguments{here()}")
        else:
            self._latest = self._bound(_recording(thing), [])

    @property
    def _current(self) -> Bound:
        if self._latest is None:
            raise UsageError(f"a function is compiled when it is first called: call the plan with arrays{here()}")
        return self._latest

    @property
    def source(self) -> str:
        """The program that runs."""
        return self._current.replay.source

    def explain(self) -> str:
        """What each rewrite did, and what was frozen."""
        replay = self._current.replay
        lines = [*replay.network.notes]
        if self._function is None:
            lines.append("compiled from a finished recording: decisions that Python took on data, if any, are frozen")
        return "\n".join(lines)

    def __call__(self, *arrays: Any, parameters: Mapping[str, Any] | None = None, **named: Any) -> Result:
        """The loss and, by the name of what they are of, the gradients.

        Parameters
        ----------
        *arrays, **named : array_like
            The function's arguments; of a recording, its inputs by name. Those not given keep their recorded values.
        parameters : dict, optional
            Arrays or Parameters by name, for this call.
        """
        if self._function is None:
            if arrays:
                raise UsageError(f"give the inputs by name: {', '.join(self._current.names)}{here()}")
            return self._run(self._current, [], {**named, **(parameters or {})})
        if named or len(arrays) != len(self._signature.parameters):
            arrays = self._in_order(arrays, named)
        given = [np.asarray(array) for array in arrays]
        key = tuple((a.shape, a.dtype) for a in given)
        found = self._replays.get(key)
        if found is None:
            found = self._replays[key] = self._record(given)
            self._latest = found
            return self._run(found, given, parameters or {})
        self._latest = found
        result = self._run(found, given, parameters or {})
        if not found.confirmed and not parameters:
            self._confirm(given, result[0])
            found.confirmed = True
        return result

    def _in_order(self, arrays: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """The function's arguments, those by name and those left out among them."""
        try:
            bound = self._signature.bind(*arrays, **named)
        except TypeError as error:
            raise UsageError(f"the function takes {self._signature}: {error}{here()}") from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def _tensors(self, given: Sequence[Array]) -> list[Tensor]:
        return [Tensor(array, key) for key, array in zip(self._signature.parameters, given, strict=True)]

    def _called(self, arrays: Sequence[Any]) -> Any:
        """What the function gives for its arguments in their order."""
        assert self._function is not None
        kinds = self._signature.parameters.values()
        placed = [a for a, p in zip(arrays, kinds, strict=True) if p.kind is not p.KEYWORD_ONLY]
        named = {p.name: a for a, p in zip(arrays, kinds, strict=True) if p.kind is p.KEYWORD_ONLY}
        return self._function(*placed, **named)

    def __reduce__(self) -> Any:
        raise UsageError(f"a plan has memory of its own and cannot be copied or saved: compile it again{here()}")

    def _confirm(self, given: list[Array], loss: float) -> None:
        """Compare the second call with the function itself, once: what went past the recording was frozen."""
        assert self._function is not None
        with no_grad():
            wanted = self._called(self._tensors(given))
        tolerance = 1e-8 if wanted.dtype == np.float64 else 1e-3
        if not np.isclose(loss, wanted.item(), rtol=tolerance, atol=tolerance, equal_nan=True):
            raise GraphLostError(
                f"the plan gives the loss {loss:.6g}, but the function gives {wanted.item():.6g} now. Something in it "
                "goes past the recording: a parameter that was not given as in compile(function, parameters), "
                f"a plain array made of x.value, or random numbers. Make it an argument of the function{here()}"
            )

    def _record(self, given: list[Array]) -> Bound:
        assert self._function is not None
        inputs = self._tensors(given)
        noted: list[Tensor] = []
        token = branches.set(noted)
        try:
            loss = self._called(inputs)
        finally:
            branches.reset(token)
        if noted:
            labels = ", ".join(dict.fromkeys(t.label for t in noted))
            where = next((f" in {t.source.text!r}" for t in noted if t.source is not None), "")
            raise GraphLostError(
                f"the function decides on the value of {labels}{where}: a compiled program would always go the same "
                f"way. Decide with where(condition, a, b), or before the function is called{here()}"
            )
        return self._bound(_recording(loss), inputs)

    def _bound(self, recording: Recording, inputs: list[Tensor]) -> Bound:
        return Bound(Replay(recording, self._fast), self._parameters, inputs)

    def _run(self, bound: Bound, arrays: list[Array], by_name: Mapping[str, Any]) -> Result:
        arguments = [
            arrays[source] if type(source) is int else source.record._value if type(source) is Parameter else source
            for source in bound.sources
        ]
        for name, given in by_name.items():
            place = bound.place(name)
            wanted = bound.replay.recorded[place]
            array = given.record._value if isinstance(given, Tensor) else np.asarray(given)
            if array.dtype.kind not in "biuf":
                raise DtypeError(f"{name} must hold real numbers, but got {array.dtype}{here()}")
            array = array.astype(wanted.dtype, copy=False)
            if array.shape != wanted.shape:
                raise ShapeError(
                    f"{name} was recorded with shape {wanted.shape}, but got {array.shape}; "
                    f"compile the function in place of its result, then other shapes are recorded anew{here()}"
                )
            arguments[place] = array
        if not self._lock.acquire(blocking=False):
            raise UsageError(f"a plan serves one thread at a time: compile one for each thread{here()}")
        try:
            loss, *gradients = bound.replay.run(*arguments)
        finally:
            self._lock.release()
        return loss.item(), dict(zip(bound.keys, gradients, strict=True))


class Bound:
    """A replay whose arguments have names and sources.

    Attributes
    ----------
    names : list of str
        What each argument is called: a parameter by its key, if it came with one.
    sources : list
        Where each argument comes from: the number of an input, a parameter, or a recorded array.
    keys : list of str
        What each gradient is of.
    confirmed : bool
        Whether a second call gave what the function gives.
    """

    def __init__(self, replay: Replay, parameters: Mapping[str, Parameter], inputs: list[Tensor]) -> None:
        self.replay = replay
        self.confirmed = False
        self.names: list[str] = []
        self.sources: list[Any] = []
        numbers = {id(leaf): i for i, leaf in enumerate(inputs)}
        cells = {id(p.record._gradient): key for key, p in parameters.items()}
        for name, leaf, recorded in zip(replay.names, replay.leaves, replay.recorded, strict=True):
            key = cells.get(id(leaf._gradient)) if leaf is not None and leaf.requires_grad else None
            self.names.append(key or name)
            self.sources.append(parameters[key] if key else numbers.get(id(leaf), recorded))
        if len(set(self.names)) < len(self.names) or len(cells) < len(parameters):
            raise UsageError(
                f"the gradients would be called {', '.join(self.names)}: give each parameter one name of its own, in "
                f"compile(function, {{name: parameter}}) and in Parameter(value, name){here()}"
            )
        called = dict(zip(replay.names, self.names, strict=True))
        self.keys = [called[key] for key in replay.keys]

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


def _recording(thing: Any) -> Recording:
    """Both passes of what was given."""
    if isinstance(thing, Recording):
        return thing
    if isinstance(thing, Graph) and len(thing.outputs) == 1:
        thing = thing.outputs[0]
    if not isinstance(thing, Tensor) and isinstance(getattr(thing, "loss", None), Tensor):
        thing = thing.loss
    if not isinstance(thing, Tensor) or thing.size != 1:
        raise UsageError(
            f"a plan is compiled from a loss: a recorded number, or a function that returns one, not "
            f"{'an array of shape ' + str(thing.shape) if isinstance(thing, Tensor) else type(thing).__name__}{here()}"
        )
    return differentiate(thing)
