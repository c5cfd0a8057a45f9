"""A plan for any sizes: a few small recordings, one network for all of them, and a program that takes the sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.plan.agreement import differs, tolerance_of
from autograd_seq.plan.anysize.filled_arrays import Filled
from autograd_seq.plan.anysize.for_parts import for_parts
from autograd_seq.plan.anysize.samples import Samples
from autograd_seq.plan.anysize.size import LEAST, AllSmall, Asked, NotGeneralError
from autograd_seq.plan.anysize.splitting import Split, axis_in
from autograd_seq.plan.anysize.unify import Unified
from autograd_seq.plan.arguments import Given
from autograd_seq.plan.bound import Trust
from autograd_seq.plan.engine import Engine
from autograd_seq.plan.rewrites.sequence import rewrite
from autograd_seq.plan.threads import InThreads
from autograd_seq.plan.value import Value
from autograd_seq.plan.writing.jax_program import JaxProgram, jax_program
from autograd_seq.plan.writing.jax_run import Runner
from autograd_seq.plan.writing.jax_shares import OverDevices
from autograd_seq.plan.writing.kept import execute
from autograd_seq.plan.writing.numba_loops import FastProgram
from autograd_seq.plan.writing.statements import Program

CHECKED = ((LEAST, 1), (LEAST + 5, -1), (LEAST + 1, 2))
"""The sizes at which a program is compared: the first of them, and how much more the next one is."""
LONG = 1000  # steps at which a program is still compared, when so many come
MOST_BYTES = 48e6  # that the gradients of all steps of a recording to compare with may take: else at fewer steps
KEPT = 4  # sizes whose memory is kept


class SizedPlan:
    """One program for any sizes.

    Parameters
    ----------
    samples : Samples
    sizes : dict of str to int
        The sizes that it is for first: what is better for small steps and what for large ones is decided by them.
    engine : Engine
        What writes the program.
    split : Split
        Whether it is for a part of the examples; the sizes are those of a part then.

    Raises
    ------
    NotGeneralError
        If there is none that gives what recordings give.
    """

    def __init__(self, samples: Samples, sizes: Mapping[str, int], engine: Engine, split: Split) -> None:
        self.samples, self.split, self.threads = samples, split, engine.threads
        self.asked = AllSmall(sizes) if engine.name == "jax" else Asked(sizes)
        try:
            unified = Unified([sample.network for sample in samples.networks], samples.points, self.asked)
        except NotGeneralError as error:
            raise NotGeneralError(samples.unlike() or str(error)) from error
        self.network = unified.network
        first = samples.networks[0]
        given = {made: row for made, row in unified.origins.items() if row[0] in first.leaves}
        if split.name:
            for_parts(self.network, split, self.asked)
        rewrite(self.network, fused=engine.fused, side_by_side=engine.side_by_side)
        names = (*samples.axes, split.whole) if split.name else tuple(samples.axes)
        inputs = {id(x.record): i for i, x in enumerate(first.inputs) if isinstance(x, Tensor)}
        leaves = {value: first.leaves[row[0]] for value, row in given.items()}
        self._numbers = {value: inputs.get(id(leaf)) for value, leaf in leaves.items()}
        known = {
            value: self._constant(unified, value, row) for value, row in given.items() if self._numbers[value] is None
        }
        program = self._program(engine, names, known)
        self.source = program.text
        self.cast = engine.dtype is not None
        self.tolerance = engine.tolerance(tolerance_of(self.network))
        self.names = [value.name for value in program.given]
        self.keys = [key.removeprefix("d") for key in list(self.network.outputs)[1:]]
        self.leaves = [leaves[value] for value in program.given]
        self.axes = [axis_in(value.shape, split.name) if split.name else None for value in program.given]
        self.constants: list[Array | Filled | int] = []
        for value in program.given:
            number = self._numbers[value]
            self.constants.append(known[value] if number is None else number)
        self.namespace: dict[str, Any]
        self._soon: Runner | None = None  # of JAX, what is compiled soon and runs slowly
        if isinstance(program, JaxProgram):
            self.runner, self._soon = self._runners(program, engine)
            run = self.runner
            self.namespace = {"program": lambda **sizes: self._soon}
        else:
            self.namespace = dict(program.namespace)
            execute(self.source, self.namespace)
        self._ready: dict[tuple[int, ...], Callable[..., tuple[Any, ...]]] = {}
        arrays: dict[int, Given] = {i: x for i, x in enumerate(samples.values) if isinstance(x, np.ndarray)}
        self.trust = Trust(arrays, looked=samples.looked)
        self._check()
        if isinstance(program, JaxProgram):
            self.namespace["program"] = lambda **sizes: run  # which is traced for each shape
        self.network.notes += self._said()

    def _program(self, engine: Engine, names: tuple[str, ...], known: Mapping[Value, Any]) -> Program | JaxProgram:
        if engine.name != "jax":
            return FastProgram(self.network, names) if engine.compiled else Program(self.network, names)
        places = {(number, axis): name for name, axes in self.samples.axes.items() for number, axis in axes}
        told: dict[str, tuple[Value, int, str]] = {}
        for value, number in self._numbers.items():
            for axis in range(len(value.shape)):
                if (number, axis) in places:
                    name = places[number, axis]  # type: ignore[index]
                    rounds = self.samples.rounds.get(name)
                    told.setdefault(name, (value, axis, rounds.text if rounds is not None else "{}"))
        filled = {value: array for value, array in known.items() if isinstance(array, Filled)}
        self.asked.decisions.clear()
        return jax_program(self.network, engine, told, filled)

    def _runners(self, program: JaxProgram, engine: Engine) -> tuple[Runner, Runner]:
        """What runs the program, and the same to be compared with recordings."""
        if engine.devices is None:
            return Runner(self.source, engine.device), Runner(program.soon, engine.device)
        shares: Mapping[Any, int] = self.samples.shares
        over = OverDevices(program, engine.devices, [shares.get(self._numbers[value]) for value in program.given])
        self.source = over.text
        self.network.notes.append(over.note(self.samples.examples))
        return over.runner, over.soon

    def _constant(self, unified: Unified, value: Any, row: Sequence[Any]) -> Array | Filled:
        arrays = [sample.arrays[x] for x, sample in zip(row, self.samples.networks, strict=True)]
        return unified.array(arrays, value.name)

    def _check(self) -> None:
        """Compare with recordings at sizes that the program was not made from."""
        while not self.samples.smallest_works() and self.samples.longer():
            pass
        least = self.samples.least
        points = [{name: max(first + more * i, least[name]) for i, name in enumerate(least)} for first, more in CHECKED]
        for name, rounds in self.samples.rounds.items():  # the last steps may be of kinds that take turns otherwise
            points += [{**points[0], name: least[name] + more} for more in (2, 5) if rounds.steps > 1]
        self.reached = {name: max(point[name] for point in (*points, *self.samples.points)) for name in least}
        namespace, self.namespace["steps_at_once"] = dict(self.namespace), lambda steps, columns, most: min(steps, 3)
        self.checked = "; ".join([text for sizes in points if (text := self._agrees(sizes))])
        if not self.checked:
            raise NotGeneralError("at other sizes there is another program")
        for argument in self.samples.looked:
            for sample in self.samples.networks:
                argument.try_([x.record._value if isinstance(x, Tensor) else x for x in sample.inputs])
        self._ready.clear()
        self.namespace.update(namespace)

    def reach(self, sizes: Mapping[str, int]) -> None:
        """Compare with a recording of a few examples where there are more steps than there were anywhere so far.

        Nobody knows what a function does at a step that was never seen: ``2 if t < 20 else 1``.

        Raises
        ------
        NotGeneralError
            If it does something else.
        """
        steps = self.samples.steps
        most = MOST_BYTES / max(sum(x.record._value.nbytes for x in self.leaves if x is not None), 1)
        counted = {name: n for name, n in sizes.items() if name in steps and n <= LONG}
        few_enough = {name: min(n, int(most / self._rounds_of(name))) for name, n in counted.items()}
        longer = {name: n for name, n in few_enough.items() if self.reached[name] < n}
        if not longer:
            return
        (first, more), least = CHECKED[0], self.samples.least
        few = {name: max(first + more * i, least[name]) for i, name in enumerate(least)}
        namespace = dict(self.namespace)
        if self._soon is not None:
            self.namespace["program"] = lambda **sizes: self._soon
        try:
            for point in ({**few, **longer}, {**sizes, **longer}):
                known = tuple(point.values()) in self._ready
                agrees = self._agrees(point)
                if not known:
                    self._ready.pop(tuple(point.values()), None)
                if agrees:
                    break
        except NotGeneralError as error:
            said = ", ".join(f"{name} = {n}" for name, n in longer.items())
            raise NotGeneralError(f"at {said} the function does something that it does not at fewer steps") from error
        finally:
            self.namespace.update(namespace)
        self.reached |= longer

    def _rounds_of(self, name: str) -> int:
        """How many steps one of a size stands for."""
        return self.samples.rounds[name].steps if name in self.samples.rounds else 1

    def _said(self) -> list[str]:
        """For which sizes it is, as the shapes of the arguments say."""
        samples, first = self.samples, self.samples.networks[0]
        axes = " and ".join([f"{name} from {n} on" if n > LEAST else name for name, n in samples.least.items()])
        named = {name: str(samples.length(name, self.asked.of(name))) for name in samples.axes}
        places = {place: named[name] for name, some in samples.axes.items() for place in some}
        lengths = {
            x.name: [places.get((i, axis), str(n)) for axis, n in enumerate(x.shape)]
            for i, x in enumerate(first.inputs) if isinstance(x, Tensor)
        }  # fmt: skip
        shapes = ", ".join(f"{name} ({', '.join(n)}{',' * (len(n) == 1)})" for name, n in lengths.items())
        notes = [f"for any {axes}, with {shapes}; compared at {self.checked}"]
        for name, rounds in samples.rounds.items():
            if rounds.steps > 1:
                notes.append(f"{name} is the number of rounds: each {rounds.steps} steps do what those before them did")
        steps, examples = next((name for name in samples.axes if name.startswith("T")), None), samples.examples
        if steps is not None and examples is not None:
            notes.append(f"{steps} is the number of steps, {examples} of examples")
        return notes

    def _is_for(self, sizes: Mapping[str, int]) -> bool:
        """Whether all that was decided because of the sizes that it is for first is so for others."""
        return self.asked.holds(self.split.part(sizes, self.threads))

    def _agrees(self, sizes: Mapping[str, int]) -> str:
        """Compare with a recording at some sizes, which is let go; the sizes in words, none if it is not for them."""
        recording, inputs, _ = self.samples.as_it_is(self.samples.at(sizes))
        values = [x.record._value if isinstance(x, Tensor) else x for x in inputs]
        replay = SizedReplay(self, sizes)
        try:
            with np.errstate(all="ignore"):
                run, given = replay.run, replay.filled(values)
                runs = [[np.asarray(result) for result in run(*given)] for _ in range(1 if self._soon else 2)]
        except Exception:
            if self._is_for(sizes):
                raise
            return ""
        by_owner = {id(leaf._gradient): leaf for leaf in recording.adjoints if leaf.operation is None}
        mine = dict(zip(self.names, self.leaves, strict=True))
        leaves = [by_owner.get(id(mine[key]._gradient)) for key in self.keys]  # type: ignore[union-attr]
        text = ", ".join(f"{name} = {n}" for name, n in sizes.items())
        if any(leaf is None for leaf in leaves):
            raise NotGeneralError(f"with {text} the loss depends on other parameters")
        keys = self.network.outputs  # the second run comes upon what the first left in memory
        differing = (differs(found, recording, keys, leaves, self.tolerance, self.cast) for found in runs)  # type: ignore[arg-type]
        wrong = next((key for key in differing if key is not None), None)
        if wrong is not None and not self._is_for(sizes):
            return ""  # another program is
        if wrong is not None:
            raise NotGeneralError(f"with {text} the general program gives another {wrong} than a recording")
        return text

    def ready(self, sizes: Mapping[str, int]) -> Callable[..., tuple[Any, ...]]:
        """What runs for some sizes, with memory of its own; that of the sizes not used for longest is let go."""
        key = tuple(sizes.values())
        run = self._ready.get(key)
        if run is None:
            while len(self._ready) >= KEPT:
                self._ready.pop(next(iter(self._ready)))
            run = self._ready[key] = self._made(sizes)
        return run

    def _made(self, sizes: Mapping[str, int]) -> Callable[..., tuple[Any, ...]]:
        """What runs for some sizes: one program, or one for each part of the examples."""
        program = self.namespace["program"]
        if not self.split.name:
            return program(**sizes)
        lengths = self.split.lengths(sizes, self.threads)
        whole = {self.split.whole: sizes[self.split.name]}
        programs = [program(**{**sizes, self.split.name: n}, **whole) for n in lengths]
        return InThreads(programs, lengths, self.axes) if len(programs) > 1 else programs[0]


class SizedReplay:
    """A plan for any sizes, made ready for some: it has what a `Replay` has."""

    def __init__(self, plan: SizedPlan, sizes: Mapping[str, int]) -> None:
        self.plan = plan
        self.sizes = dict(sizes)
        self.network, self.source, self.tolerance = plan.network, plan.source, plan.tolerance
        self.names, self.keys, self.leaves = plan.names, plan.keys, plan.leaves
        self.parts = plan.split.lengths(sizes, plan.threads)
        self.together = plan.split.why_not
        shapes = plan.samples.shapes(sizes)
        self.recorded = [
            np.broadcast_to(np.zeros((), plan.samples.values[x].dtype), shapes[x]) if isinstance(x, int)  # type: ignore[union-attr]
            else x.at(sizes) if isinstance(x, Filled) else x
            for x in plan.constants
        ]  # fmt: skip

    @property
    def runner(self) -> Runner:
        """The program, where JAX runs it."""
        return self.plan.runner

    @property
    def run(self) -> Callable[..., tuple[Any, ...]]:
        """The program with memory for these sizes."""
        return self.plan.ready(self.sizes)

    def filled(self, values: Sequence[Given]) -> list[Any]:
        """What the program is called with for some arguments; parameters have their recorded values."""
        return [values[x] if isinstance(x, int) else y for x, y in zip(self.plan.constants, self.recorded, strict=True)]


__all__ = ["SizedPlan", "SizedReplay"]
