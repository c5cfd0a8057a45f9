"""The function called again: whether it gives the same twice, and whether its recording follows it to other numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.check.application import branch_of
from autograd_seq.check.inputs import mapped
from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import branches
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import decisions
from autograd_seq.readings.rounding import coarsest

NEAR = (1e9, 1e7, 1e5, 1e3)  # how far to move, in units of rounding: the first that changes no decision
MANY = 100  # elements; of no more each is moved alone
SLOWER = 10.0  # how much more slowly than the steps what parts for a decision gets less
MOST = 0.03  # and relative to the numbers, halved twice each time
ALIKE = 256  # units of rounding that the same function may differ by when it is called again
CHANGES = "the function is not the same twice: called again with the same inputs it gives something else, {}"
JUMPS = "the function decides by its numbers, as rounding and sorting do, and decides otherwise within every step"
IN_PLACE = (
    "called with plain arrays, the function gives something else, {}: with NumPy, h += b changes h under each of its "
    "names, and a tensor stays what it is. Write h = h + b, or copy what is to be kept"
)
UNRECORDED = "what the function computes at other numbers is not what it recorded: it reads values outside the graph"


def outputs_of(made: Any) -> list[Tensor]:
    """The tensors that a function gave.

    Raises
    ------
    UsageError
        If it gave anything else.
    """
    if isinstance(made, Tensor):
        return [made.record]
    parts = list(made.values()) if isinstance(made, Mapping) else made
    if isinstance(parts, (list, tuple)) and parts:
        return [o for part in parts for o in outputs_of(part)]
    raise UsageError(f"the function must give tensors, but it gave {type(made).__name__}{here()}")


def _flat(made: Any) -> list[Array]:
    """The arrays that a function gave, in the order of `outputs_of`."""
    if isinstance(made, Tensor):
        return [made._value]
    parts = list(made.values()) if isinstance(made, Mapping) else made
    if isinstance(parts, (list, tuple)):
        return [a for part in parts for a in _flat(part)]
    return [np.asarray(parts)]


def _in_range(plain: Array, recorded: Array) -> Array:
    """What NumPy made of plain arrays, but for what left its range: a norm of its own squares 1e-200 to 0."""
    if plain.dtype.kind != "f" or recorded.dtype.kind != "f":
        return plain
    small = np.abs(recorded) < np.sqrt(np.finfo(recorded.dtype).tiny)
    return np.where(~np.isfinite(plain) | ((plain == 0) & small), recorded, plain)


def _plain(x: Any) -> Any:
    """A copy of a tensor's array; what is handed on to the function as it is, as it is."""
    return x._value.copy() if isinstance(x, Tensor) and x.requires_grad else x


class Again:
    """A function, what it was called with, and what it recorded.

    Parameters
    ----------
    function : callable
        Of the arguments.
    arguments : sequence
        What it was called with.
    graph : Graph
        What it recorded.
    """

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any], graph: Graph) -> None:
        self.function, self.arguments, self.graph = function, arguments, graph
        self.outputs: Sequence[Tensor] = graph.outputs
        self.kinked = [r for r in graph if r.operation is not None and branch_of(r)]
        self.cut = any(r.operation is not None and r.operation.cuts for r in graph)
        self.here = [decisions(r) for r in self.kinked]
        self.tied = any(0 in d for d in self.here)  # a kink is met exactly
        self.jumps = False  # what `departs` found was a decision that no record shows

    def called(self, moved: Mapping[Tensor, Array]) -> list[Array] | None:
        """The outputs for other values of some leaves; None if some are not among the arguments."""
        if moved and self.cut:  # a call would move what counts as a constant
            return None
        return self._called(moved)

    def _called(self, moved: Mapping[Tensor, Array]) -> list[Array] | None:
        own = set()

        def change(x: Any) -> Any:
            if not isinstance(x, Tensor) or x.record not in moved:
                return x
            own.add(x.record)
            return Tensor(moved[x.record], x.name, requires_grad=True)

        arguments = [mapped(x, change) for x in self.arguments]
        if not own.issuperset(moved):
            return None
        return [o._value for o in outputs_of(self.function(*arguments))]

    def replayed(self, moved: Mapping[Tensor, Array], held: bool = True) -> dict[Tensor, Array]:
        """Every record for other values of some leaves; with `held`, what is cut off on purpose keeps its value."""
        values: dict[Tensor, Array] = {}
        for r in self.graph:
            if r in moved or r.operation is None or (held and r.operation.cuts):
                values[r] = moved.get(r, r._value)
            else:
                values[r] = np.asarray(r.operation.value(*(values[x] for x in r.inputs), **r.settings))
        return values

    def same_branch(self, values: Mapping[Tensor, Array]) -> bool:
        """Whether every decision is the recorded one."""
        return all(
            decisions(r, [values[x] for x in r.inputs]) == was for r, was in zip(self.kinked, self.here, strict=True)
        )

    def changes(self) -> str:
        """Whether the function gives something else when it is called once more, and what; empty if it does not."""
        try:
            again = [o._value for o in outputs_of(self.function(*self.arguments))]
        except Exception as error:
            return CHANGES.format(f"it raises {type(error).__name__}")
        if [v.shape for v in again] != [o.shape for o in self.outputs]:
            return CHANGES.format("results of other shapes")
        for o, v in zip(self.outputs, again, strict=True):
            if (place := self._apart(o._value, v)) is not None:
                return CHANGES.format(f"first {o._value[place]:.6g}, then {v[place]:.6g}")
        return ""

    def differs_plainly(self) -> str:
        """Whether the function gives something else for plain arrays, and what; empty if it does not, or takes none."""
        plain = [mapped(x, _plain) for x in self.arguments]
        try:
            with np.errstate(all="ignore"):
                made = _flat(self.function(*plain))
        except Exception:  # it is written for tensors
            return ""
        if [v.shape for v in made] != [o.shape for o in self.outputs]:
            return ""
        for o, v in zip(self.outputs, made, strict=True):
            if (place := self._apart(o._value, _in_range(v, o._value))) is not None:
                return IN_PLACE.format(f"{v[place]:.6g} in place of {o._value[place]:.6g}")
        return ""

    def _apart(self, a: Array, b: Array) -> tuple[int, ...] | None:
        """The first place where two results differ by more than rounding."""
        where = np.argwhere(self._gaps(a, b) > ALIKE)
        return tuple(int(i) for i in where[0]) if len(where) else None

    def _gaps(self, a: Array, b: Array) -> Array:
        """How far two results of a shape differ, in units of rounding."""
        if a.dtype.kind != "f":
            return np.where(a != b, np.inf, 0.0)
        size = max((_size(r._value) for r in self.graph), default=0.0)
        with np.errstate(all="ignore"):
            gaps = np.abs(a - b) / (float(np.finfo(coarsest(self.graph)).eps) * size)
            gaps = np.where(a == b, 0.0, gaps)
            return np.where(np.isnan(gaps), np.where(np.isnan(a) != np.isnan(b), np.inf, 0.0), gaps)

    def departs(self, leaves: Sequence[Tensor], rng: np.random.Generator) -> bool:
        """Whether the function and its recording part at other numbers: then it depends on what is not recorded.

        Where it decides by its numbers and they decide otherwise there, they part as well, but by no less
        for shorter steps, or not at all: `jumps` is true where no step is short enough to tell.
        """
        arguments = [x for x in leaves if self._called({x: x._value}) is not None]
        before: tuple[float, float] | None = None  # how far they parted at the step before, and how long that was
        for k, far in enumerate(NEAR):
            step = min(far * float(np.finfo(coarsest(self.graph)).eps), MOST / 4**k)
            parted = self._parted(arguments, step, rng)
            if parted is None:
                continue
            gap, decides = parted
            if gap <= ALIKE and (before is None or before[0] * step / before[1] > ALIKE):
                return False
            if not decides:
                return gap > ALIKE
            if before is None:
                before = gap, step
            self.jumps = gap <= ALIKE or gap / before[0] > SLOWER * step / before[1]
        return before is not None and not self._one_sided(arguments, step)

    def _one_sided(self, arguments: Sequence[Tensor], step: float) -> bool:
        """Whether the recording follows the function to one side of each element, as at a node of `interp`."""
        if sum(x.size for x in arguments) > MANY:
            return False
        sides = {}
        for x in arguments:
            sides[x] = np.zeros(x.shape)
            for place in np.ndindex(x.shape):
                for side in (1.0, -1.0):
                    alone = np.zeros(x.shape)
                    alone[place] = side
                    parted = self._parted([x], step, {x: alone})
                    if parted is not None and parted[0] <= ALIKE:
                        sides[x][place] = side
                        break
                else:
                    return False
        together = self._parted(arguments, step, sides)
        return together is not None and together[0] <= ALIKE

    def _parted(
        self, arguments: Sequence[Tensor], step: float, direction: np.random.Generator | Mapping[Tensor, Array]
    ) -> tuple[float, bool] | None:
        """How far function and recording part at a step, and whether the function decides by its numbers.

        None where a decision of a record changes on the way, or where the function takes no such numbers.
        """
        moved = {}
        for x in arguments:
            size = np.where((x._value == 0) | ~np.isfinite(x._value), 1.0, np.abs(x._value))
            along = direction[x] if isinstance(direction, Mapping) else direction.uniform(0.5, 1.0, x.shape)
            moved[x] = np.asarray(x._value + step * size * along, dtype=x.dtype)
        noted: list[Any] = []
        token = branches.set(noted)
        try:
            with np.errstate(all="ignore"):
                values = self.replayed(moved, held=False)
                if not self.same_branch(values):
                    return None
                found = self._called(moved) if moved else None
        except Exception:  # outside what it takes
            return None
        finally:
            branches.reset(token)
        if found is None:
            return 0.0, False
        gaps = [
            float(np.max(self._gaps(values[o], v), initial=0.0)) if v.shape == o.shape else np.inf
            for o, v in zip(self.outputs, found, strict=True)
        ]
        return max(gaps, default=0.0), bool(noted)


def _size(values: Array) -> float:
    """The largest finite size."""
    if values.dtype.kind != "f":
        return 0.0
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
