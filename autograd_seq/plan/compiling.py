"""Compile a recording, or the function that makes it, into a program that computes loss and gradients again."""

from __future__ import annotations

import inspect
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from autograd_seq.core.errors import AutogradError, GraphLostError, UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.source_line import here, raising_line
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.folding.first_step import completed
from autograd_seq.folding.fold import Family
from autograd_seq.folding.joined_steps import stacked
from autograd_seq.folding.made_anew import made_once
from autograd_seq.folding.read_forwards import read_forwards
from autograd_seq.folding.rounds import in_rounds
from autograd_seq.plan import blas
from autograd_seq.plan import threads as in_threads
from autograd_seq.plan.agreement import agree, differs, tolerance_of
from autograd_seq.plan.anysize.for_any_size import ForAnySize
from autograd_seq.plan.arguments import Argument, Given, by_name, given, signature
from autograd_seq.plan.around import Name, around
from autograd_seq.plan.bound import Bound, Result, Versions
from autograd_seq.plan.engine import Engine
from autograd_seq.plan.engine import engine as make_engine
from autograd_seq.plan.guards import Guard, guards, watching
from autograd_seq.plan.in_jax import value_and_grad
from autograd_seq.plan.one_hots import LookedUp, looked_up
from autograd_seq.plan.read_tables import tables
from autograd_seq.plan.recorded_leaves import recorded_array
from autograd_seq.plan.rewrites.proofs import said
from autograd_seq.plan.rewrites.sequence import rewrite
from autograd_seq.plan.translate import Translation
from autograd_seq.plan.value import Network
from autograd_seq.plan.writing.jax_devices import same_everywhere
from autograd_seq.plan.writing.jax_program import JaxProgram, jax_program
from autograd_seq.plan.writing.jax_run import Runner
from autograd_seq.plan.writing.jax_shares import OverDevices, warn_of_copies
from autograd_seq.plan.writing.jax_words import LacksError
from autograd_seq.plan.writing.kept import execute
from autograd_seq.plan.writing.numba_loops import FastProgram
from autograd_seq.plan.writing.statements import Program
from autograd_seq.translation.reader import in_english, translated

Recorded = tuple[Recording, list[Any], list[Guard | LookedUp | Name]]
Parameters = Mapping[str, Parameter] | Iterable[Parameter] | None


NUMPY = Engine()


class Replay:
    """One compiled recording, for arrays of the shapes that it was recorded with.

    Parameters
    ----------
    recording : Recording
        A loss and its backward pass.
    engine : Engine
    split : dict of int to int
        By the id of what was recorded of an input, along which axis it is split over devices.
    """

    parts: Sequence[int] = ()
    together = "the program is for these sizes only"

    @np.errstate(under="ignore")  # what is too small for its dtype is 0, as in a recording
    def __init__(self, recording: Recording, engine: Engine = NUMPY, split: Mapping[int, int] = {}) -> None:
        self._split = split
        notes: list[str] = []
        for rewritten, compiled in ((True, True), (True, False), (False, False)):
            if compiled and not engine.compiled:
                continue
            try:
                self._compile(recording, rewritten, compiled, engine)
                wrong = self._differs(recording)
            except LacksError:
                raise
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
                warnings.warn(translated(f"{notes[-1]}: the plan is right, but slower"), stacklevel=4)
        raise GraphLostError(
            f"the compiled program gives another {wrong} than the recording. Does the function give the same "
            f"loss twice, without random numbers of its own?{here()}"
        )

    def _compile(self, recording: Recording, rewritten: bool, compiled: bool, engine: Engine) -> None:
        translation = Translation(recording)
        self.network: Network = translation.network
        if rewritten:
            rewrite(self.network, fused=compiled or engine.on_one_cpu, side_by_side=engine.side_by_side)
        program: Program | JaxProgram
        if engine.name == "jax":
            program = jax_program(self.network, engine, {}, {})
        else:
            program = FastProgram(self.network) if compiled else Program(self.network)
        self.source = program.text
        self.cast = engine.dtype is not None
        self.tolerance = engine.tolerance(tolerance_of(self.network))
        self.names = [value.name for value in program.given]
        self.keys = [key.removeprefix("d") for key in list(self.network.outputs)[1:]]
        units = [translation.given[value] for value in program.given]
        self.recorded = [recorded_array(value, unit) for value, unit in zip(program.given, units, strict=True)]
        self.leaves = [None if isinstance(unit, Family) else unit.record for unit in units]
        if isinstance(program, JaxProgram):
            self.runner = Runner(self.source, engine.device)
            if engine.devices is not None:
                shares = OverDevices(program, engine.devices, [self._split.get(id(leaf)) for leaf in self.leaves])
                self.source, self.runner = shares.text, shares.runner
                self.network.notes.append(shares.note())
            self.run: Callable[..., tuple[Any, ...]] = self.runner
            return
        namespace = dict(program.namespace)
        execute(self.source, namespace)
        self.run = namespace["run"]
        for name, block in program.blocks.items():
            if not block.keeps and np.dtype(block.dtype).kind == "f":
                namespace[name].fill(np.nan)  # what is read before it is written shows in the comparison

    def _differs(self, recording: Recording) -> str | None:
        """Which result is not that of the recording: what is compiled wrongly is never returned."""
        for _ in range(2):  # again, with what the first run left in memory
            with np.errstate(all="ignore"):
                found = [np.asarray(result) for result in self.run(*self.recorded)]
            leaves = self._differentiated()
            wrong = differs(found, recording, self.network.outputs, leaves, self.tolerance, self.cast)
            if wrong is not None:
                return wrong
        return None

    def _differentiated(self) -> list[Tensor]:
        by_name = dict(zip(self.names, self.leaves, strict=True))
        return [by_name[key] for key in self.keys]  # type: ignore[misc]


def compile(
    thing: Any,
    parameters: Parameters = None,
    *,
    fast: bool = False,
    engine: str | None = None,
    dtype: Any = None,
    precision: str = "highest",
    device: str | None = None,
    otherwise: str | None = None,
    threads: int = 1,
    devices: Any = None,
) -> Plan:
    """A program that computes a loss and all its gradients again, without recording.

    Parameters
    ----------
    thing : Tensor, Graph, Recording, run with a loss, or function
        What was recorded: a scalar loss. Or a function of arrays that records it and returns the loss; it is
        called with a few short arrays first, so that the program is for any lengths; where that cannot be, again
        whenever an array has another shape. It is called again for another dtype, or when a value that it read as a
        plain number has changed, and to compare the second call with it.
    parameters : dict of str to Parameter, or list of Parameter, optional
        Parameters whose current values count at every call; those of a list are known by their own names. Of a finished
        recording, others keep their recorded values unless given at the call; of a function, a plan says so when one
        of them has changed.
    fast : bool
        Compile the loops with Numba (``pip install 'autograd-seq[fast]'``): the first call with arrays of other
        shapes takes some seconds, the others less time than NumPy's. A loop that holds an operation which compiled
        loops do not know is left to NumPy. The same as ``engine="numba"``.
    engine : {"numpy", "numba", "jax"}, optional
        What the program is written for. JAX (``pip install 'autograd-seq[jax]'``) compiles it for the device that it
        finds, once for each shape, and the loss and the gradients are its arrays.
    dtype : {"float32", "float64", "bfloat16"}, optional
        What JAX computes in, if that is not what was recorded.
    precision : {"highest", "high", "default"}
        Of JAX's products: highest is that of the dtype; less is faster on a GPU or a TPU.
    device : {"cpu", "gpu", "tpu"}, optional
        Where JAX computes, if that is not the first that it finds.
    otherwise : {"numpy"}, optional
        What takes a program that has an operation which JAX lacks; if not given, that is an error.
    threads : int
        In how many parts the examples are taken at the same time, by NumPy or Numba, if the loss and its gradients are
        sums over them, or means; ``explain()`` says why, where they cannot be. The results are the same at every call,
        and those of one thread to rounding.
    devices : int, "all" or list of JAX's devices, optional
        On how many of them JAX computes: the examples are split over them, their gradients summed over all. All are
        those of other processes too, if they were joined by ``jax.distributed.initialize``; each process then gives
        the same arguments, and gets the same results.

    Returns
    -------
    Plan
        Call it with the arrays. A parameter that the loss does not depend on has no gradient among its results.

    Notes
    -----
    Which lengths can be others is found out by trying: a function of arrays with time as one axis and examples as
    another is recorded with four or five of them, and the program has both as its arguments. ``explain()`` says at
    which other lengths it was compared with a recording; or why it is for one shape, if it is.

    The program is compared with the recording before it is used. The results agree with the recorded ones to rounding,
    but where the softmax in a cross-entropy underflows: there the plan gives the limit.

    A recording computes with arrays; a number that Python reads out of one of them, by ``float(s)`` or ``s.item()`` or
    in a comparison, is the same at each replay. So a plan notices what is read of arguments and parameters
    and records anew for each new value of those; of an argument that does not reach the loss, too. ``explain()`` says
    which and where. A value that comes once is answered by that recording, without compiling; the latest 8 that come
    again are kept as programs for a shape. If many come once, a warning says so.

    Integers that index a recorded array are data, as in ``E[words]``, and so are those that rows of ones are made of,
    as in ``np.eye(5)[words]``, where the program is for any lengths.

    What the function reads from around it is compared at each call as far as it can be seen: what the global and
    nonlocal names in its text, and in that of the functions that it names, stand for, with numbers by value and
    arrays up to 64 KiB by content. What changes inside of a list, a dict, an object, a larger array, a file or a random
    generator cannot be seen. The function's loss is compared with the plan's at the second call, and when an argument
    first changes; if such a thing has changed the loss by then, an error says so, and if it changes later, the plan
    goes on with what it was. Make it an argument.

    Raises
    ------
    GraphLostError
        If the function decides on a value that depends on a parameter, which would be frozen, or the loss depends on
        something past the recording.
    UsageError
        If there is no loss to be found, a parameter has no name of its own, or Numba and SciPy are not installed where
        `fast` asks for them.

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
    chosen = make_engine(engine, fast, dtype, precision, device, otherwise, threads, devices)
    return Plan(thing, parameters, engine=chosen)


class _OnlyForTheseError(Exception):
    """Rows that integers seemed to say are others for other integers."""


class Plan:
    """What `compile` makes: call it for the loss and the gradients.

    A plan keeps its memory from call to call, so it serves one thread at a time. The arrays that it returns
    are new ones.

    Attributes
    ----------
    source : str
        The program that runs; of the shapes that it was called with last.
    """

    def __init__(self, thing: Any, parameters: Parameters = None, *, engine: Engine = NUMPY) -> None:
        self._engine = engine
        self._function: Callable[..., Any] | None = None
        self._parameters = by_name(parameters)
        self._versions: dict[Any, Versions] = {}
        self._latest: Bound | None = None
        self._any_size = ForAnySize(self._record_one_of_many, self._parameters, engine)
        self._changed: set[str] = set()  # names around the function that stood for something else once
        self._lock = threading.Lock()
        if callable(thing) and not isinstance(thing, (Tensor, Graph)):
            self._function = thing
            self._signature = _signature(thing)
            self._by_place = sum(p.kind is not p.KEYWORD_ONLY for p in self._signature.parameters.values())
            if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in self._signature.parameters.values()):
                raise UsageError(f"write a function with a name for each array, not with * or ** arguments{here()}")
        else:
            recording = _recording(thing)
            self._same_everywhere({"the recorded loss": recording.forward.outputs[0].value})
            self._latest = Bound(self._replay(recording), self._parameters)
            warn_of_copies(self._engine.devices, {}, [])

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
        """What each rewrite did, what was read as plain numbers and so costs recordings, and what was frozen.

        It ends with the equalities that the rewrites used, and whether they are proven or checked.
        """
        current = self._current
        done = Counter("\n".join(current.replay.network.notes).splitlines())  # the same for each layer, say
        notes = [translated(note) + (f" ({times}×)" if times > 1 else "") for note, times in done.items()]
        lines = [*self._ran(current.replay), *_read(current.checks, self._changed)]
        if current.why_not:
            lines.append(f"for these sizes only: {current.why_not}")
        if self._function is None:
            lines.append("compiled from a finished recording: decisions that Python took on data, if any, are frozen")
        return "\n".join([*notes, translated("\n".join([*lines, *said(current.replay.network)]))])

    def _ran(self, replay: Any) -> list[str]:
        """In how many threads the program runs, and what computes its products."""
        if self._engine.name == "jax":
            return []
        threads = in_threads.said(replay.parts, replay.together, self._engine.threads)
        loops = f"; of compiled loops: {blas.said('scipy')}" if self._engine.compiled else ""
        return [*threads, f"products: {blas.said('numpy')}{loops}"]

    def __call__(self, *arrays: Any, parameters: Mapping[str, Any] | None = None, **named: Any) -> Result:
        """The loss and, by the name of what they are of, the gradients.

        Parameters
        ----------
        *arrays, **named : array_like
            The function's arguments; of a recording, its inputs by name. Those not given keep their recorded values.
        parameters : dict, optional
            Arrays or Parameters by name, for this call.
        """
        if parameters is not None and not isinstance(parameters, Mapping):
            raise UsageError(
                f"parameters for one call come in a dict of arrays, parameters={{'W': array}}, not as "
                f"{type(parameters).__name__}{here()}"
            )
        if self._function is None:
            if arrays:
                raise UsageError(f"give the inputs by name: {', '.join(self._current.names)}{here()}")
            return self._run(self._current, [], {**named, **(parameters or {})})
        if named or not len(arrays) == self._by_place == len(self._signature.parameters):
            arrays = self._in_order(arrays, named)
        values = [given(array, name) for array, name in zip(arrays, self._signature.parameters)]
        try:
            return self._answered(values, parameters)
        except _OnlyForTheseError:
            return self._without_rows()._answered(values, parameters)
        except IndexError:
            self._record(values)  # the function's own error, if it has one
            return self._without_rows()._answered(values, parameters)

    def _answered(self, values: list[Given], parameters: Mapping[str, Any] | None) -> Result:
        """The results for some arguments."""
        key = signature(values)
        versions = self._versions.get(key)
        found = versions.holding(values) if versions is not None else None
        if versions is None or found is None:
            return self._anew(self._versions.setdefault(key, Versions()), values, parameters or {})
        self._latest = found
        result = self._run(found, values, parameters or {})
        integers = any(isinstance(v, np.ndarray) and v.dtype.kind in "iu" for v in values)
        if self._engine.name == "jax" and integers and np.isnan(result[0]):
            self._record(values)  # the function's own error, if integers lie outside of an array
        if not parameters and found.trust.unproven(values):
            self._confirm(found, values, result)
        return result

    def _without_rows(self) -> Self:
        """The same plan, for which integers that NumPy made rows of zeros with a one of are numbers that were read."""
        self._versions.clear()
        self._any_size = ForAnySize(self._record, self._parameters, self._engine)
        return self

    def value_and_grad(self, parameters: Mapping[str, Any], /, *arrays: Any, **named: Any) -> tuple[Any, Any]:
        """The loss and the gradients as a function of JAX's arrays, which can be part of what else JAX compiles.

        Nothing is copied to the device or back, nothing is compared, and the current values of the parameters do not
        count: they are given, as to a function that `jax.value_and_grad` made. Under `jax.jit`, `lax.scan` or a mesh of
        devices it is what the program is.

        Parameters
        ----------
        parameters : dict of str to array
            One array for each parameter.
        *arrays, **named : array
            The function's arguments. They may have other lengths, where the program is for any; the first arrays must
            be ones whose numbers are known.

        Returns
        -------
        loss : jax.Array
        gradients : dict of str to jax.Array

        Raises
        ------
        UsageError
            If the plan is not for JAX, or the function reads an argument as plain numbers.
        ShapeError
            If the program is for other shapes.

        Examples
        --------
        ::

            plan = compile(loss, {"W": W}, engine="jax")
            plan(x, y)                                             # finds the program

            @jax.jit
            def step(parameters, x, y):
                loss, gradients = plan.value_and_grad(parameters, x, y)
                return loss, jax.tree.map(lambda p, g: p - 0.01 * g, parameters, gradients)
        """
        if self._engine.name != "jax" or self._function is None:
            raise UsageError(f"value_and_grad is for a function compiled with engine='jax'{here()}")
        if named or not len(arrays) == self._by_place == len(self._signature.parameters):
            arrays = self._in_order(arrays, named)
        if self._latest is None:
            self(*arrays)
        return value_and_grad(self._current, parameters, dict(zip(self._signature.parameters, arrays, strict=True)))

    def _anew(self, versions: Versions, values: list[Given], parameters: Mapping[str, Any]) -> Result:
        """The results for arguments that no recording holds good for."""
        self._same_everywhere({**dict(zip(self._signature.parameters, values)), **parameters})
        self._changed |= versions.changed(values)
        compiled = versions.come_again(values) or bool(parameters)
        if compiled and (sized := self._sized(values)) is not None:
            self._latest = versions.add(sized)
            first = self._run(sized, values, parameters)
            warn_of_copies(self._engine.devices, self._any_size.shares(values), values)
            if sized.trust.used and not parameters and sized.trust.unproven(values):
                self._confirm(sized, values, first)
            sized.trust.used = True
            return first
        recording, inputs, checks = self._record(values)
        if not compiled and (result := versions.kept[0].answer(recording)) is not None:
            if versions.answered(checks):
                warnings.warn(translated(_slow(checks, self._changed)), stacklevel=3)
            return result
        axes = self._any_size.shares(values)
        split = {id(x.record): axes[i] for i, x in enumerate(inputs) if i in axes}
        found = versions.add(Bound(self._replay(recording, split), self._parameters, inputs, checks))
        warn_of_copies(self._engine.devices, axes, values)
        found.why_not = self._any_size.why_not(values)
        self._latest = found
        return self._run(found, values, parameters)

    def _same_everywhere(self, arrays: Mapping[str, Any]) -> None:
        """Make sure of it, if several processes compute together: all of them, or none, go on."""
        known = {key: parameter.value for key, parameter in self._parameters.items()}
        same_everywhere(self._engine.devices, {**known, **arrays})

    def _replay(self, recording: Recording, split: Mapping[int, int] = {}) -> Replay:
        """A program of a recording, by the engine or by what is to be used otherwise."""
        try:
            return Replay(recording, self._engine, split)
        except LacksError as error:
            self._instead(error)
            return Replay(recording, self._engine, split)

    def _sized(self, values: list[Given]) -> Bound | None:
        """A program for any sizes, if there can be one."""
        try:
            return self._any_size.bound(values)
        except LacksError as error:
            self._instead(error)
            return self._any_size.bound(values)

    def _instead(self, error: LacksError) -> None:
        """Go on with NumPy, if that was asked for."""
        if self._engine.otherwise is None:
            raise error
        said = f"{in_english(error).split('. Write')[0]}: NumPy takes the program instead"
        warnings.warn(translated(said), stacklevel=5)
        self._engine = NUMPY
        self._any_size = ForAnySize(self._record_one_of_many, self._parameters, NUMPY)

    def _in_order(self, arrays: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """The function's arguments, those by name and those left out among them."""
        try:
            bound = self._signature.bind(*arrays, **named)
        except TypeError as error:
            raise UsageError(f"the function takes {self._signature}: {error}{here()}") from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def _inputs(self, values: Sequence[Given]) -> list[Any]:
        """The arguments as the function is to see them."""
        named = zip(self._signature.parameters, values, strict=True)
        return [Argument(value, key) if isinstance(value, np.ndarray) else value for key, value in named]

    def _called(self, inputs: Sequence[Any]) -> Any:
        """What the function gives for its arguments in their order."""
        assert self._function is not None
        kinds = self._signature.parameters.values()
        placed = [a for a, p in zip(inputs, kinds, strict=True) if p.kind is not p.KEYWORD_ONLY]
        named = {p.name: a for a, p in zip(inputs, kinds, strict=True) if p.kind is p.KEYWORD_ONLY}
        try:
            return self._function(*placed, **named)
        except AutogradError:
            raise
        except (TypeError, AttributeError, LookupError) as error:
            pairs = zip(self._signature.parameters, inputs, strict=True)
            said = ", ".join(f"{key} {x.shape}" if isinstance(x, Tensor) else f"{key} {x!r:.40}" for key, x in pairs)
            raise GraphLostError(
                f"the function cannot be recorded with {said or 'no arguments'}: {type(error).__name__}: {error}. "
                "While it is, its arguments are tensors: where only a plain number or array will do, "
                f"write int(x), x.item() or x.value{here(raising_line(error))}"
            ) from error

    def __reduce__(self) -> Any:
        raise UsageError(f"a plan has memory of its own and cannot be copied or saved: compile it again{here()}")

    def _confirm(self, found: Bound, values: Sequence[Given], result: Result) -> None:
        """Compare a call with the function itself: what went past the recording was frozen."""
        given_now = values
        shorter = self._any_size.shorter(found, values)
        if shorter is not None:
            found_there, values = shorter
            result = self._run(found_there, values, {})
        tolerance = max(found.replay.tolerance, 1e-8)
        if found.trust.looked:  # rows that only seemed to be looked up may have given this loss, but other gradients
            answer = found.answer(self._record(values)[0])
            right = answer is not None and agree(result, answer, tolerance)
        else:
            answer = _loss(self._called(self._inputs(values))).item(), {}
            right = agree((result[0], {}), answer, tolerance)
        found.trust.prove(given_now, right, values)
        if not right and found.trust.looked:
            raise _OnlyForTheseError
        if not right:
            assert answer is not None
            loss, wanted = result[0], answer[0]
            raise GraphLostError(
                f"the plan gives the loss {loss:.6g}, but the function gives {wanted:.6g} now. Something in it "
                "goes past the recording: random numbers, or what stands in a list, a dict, an attribute or a file and "
                f"has changed. Make it an argument of the function{here()}"
            )

    def _record_one_of_many(self, values: Sequence[Given], rounds: Sequence[int] | None = None) -> Recorded:
        """A recording that others are compared with, so that what is a row of one integer there is one of all."""
        return self._record(values, compared=True, rounds=rounds)

    def _record(
        self, values: Sequence[Given], compared: bool = False, rounds: Sequence[int] | None = None
    ) -> Recorded:
        """A recording of the function, the arguments that it was called with, and what it holds good for."""
        inputs = self._inputs(values)
        names = around(self._function)
        with watching() as notes:
            loss = _loss(self._called(inputs))
        notes.check()
        loss, looked = looked_up(loss, notes, inputs, tables(names)) if compared else (loss, [])
        recording = _recording(loss, rounds)
        read = guards(notes, recording.forward.outputs[0], inputs, self._parameters)
        return recording, inputs, [*read, *looked, *names]

    def _run(self, bound: Bound, values: Sequence[Given], by_name: Mapping[str, Any]) -> Result:
        arguments = bound.arguments(values, by_name)
        if not self._lock.acquire(blocking=False):
            raise UsageError(f"a plan serves one thread at a time: compile one for each thread{here()}")
        try:
            with np.errstate(under="ignore"):
                loss, *gradients = bound.replay.run(*arguments)
        finally:
            self._lock.release()
        result = dict(zip(bound.keys, gradients, strict=True))
        return (loss if self._engine.name == "jax" else loss.item()), result


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"the arguments of {function!r:.80} are not known: write lambda x: ... around it{here()}"
        ) from error


def _read(checks: Sequence[Guard | LookedUp | Name], changed: set[str]) -> list[str]:
    """What costs recordings, said of each."""
    return [str(check) for check in checks if not isinstance(check, Name) or check.name in changed]


def _slow(checks: Sequence[Guard | LookedUp | Name], changed: set[str]) -> str:
    """What to say when a plan does not help."""
    return (
        f"{'; '.join(_read(checks, changed))}. {Versions.KEPT} values came once so far: such are answered by the "
        "function itself, as slowly as without a plan. What is computed with in array operations, such as s * x or "
        "where(s > 0, a, b), costs none"
    )


def _recording(thing: Any, rounds: Sequence[int] | None = None) -> Recording:
    """Both passes of what was given; in rounds, if it is told of each loop what these are, and as it is, if of none."""
    if isinstance(thing, Recording):
        return thing
    outputs = [_loss(thing)]
    if rounds is not None:
        if not rounds:
            return differentiate(*outputs)
        outputs = in_rounds(outputs, rounds)
    for made_alike in (completed, made_once, read_forwards, stacked):
        outputs = made_alike(outputs)
    return differentiate(*outputs)


def _loss(thing: Any) -> Tensor:
    """The loss in what was given."""
    if isinstance(thing, Graph) and len(thing.outputs) == 1:
        thing = thing.outputs[0]
    if not isinstance(thing, Tensor) and isinstance(getattr(thing, "loss", None), Tensor):
        thing = thing.loss
    if not isinstance(thing, Tensor) or thing.size != 1:
        raise UsageError(
            f"a plan is compiled from a loss: a recorded number, or a function that returns one, not "
            f"{'an array of shape ' + str(thing.shape) if isinstance(thing, Tensor) else type(thing).__name__}{here()}"
        )
    return thing
