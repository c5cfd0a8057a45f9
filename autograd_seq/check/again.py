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
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import decisions
from autograd_seq.readings.rounding import coarsest

NEAR = (1e9, 1e7, 1e5)  # how far to move, in units of rounding: the first that changes no decision
ALIKE = 256  # units of rounding that the same function may differ by when it is called again
CHANGES = "the function is not the same twice: called again with the same inputs it gives something else, {}"
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

    def _apart(self, a: Array, b: Array) -> tuple[int, ...] | None:
        """The first place where two results differ by more than rounding."""
        if a.dtype.kind != "f":
            differ: Any = a != b
        else:
            size = max((_size(r._value) for r in self.graph), default=0.0)
            with np.errstate(all="ignore"):
                differ = np.abs(a - b) > ALIKE * float(np.finfo(coarsest(self.graph)).eps) * size
                differ |= np.isnan(a) != np.isnan(b)
        where = np.argwhere(differ)
        return tuple(int(i) for i in where[0]) if len(where) else None

    def departs(self, leaves: Sequence[Tensor], rng: np.random.Generator) -> bool:
        """Whether the function and its recording part at other numbers: then it depends on what is not recorded."""
        arguments = [x for x in leaves if self._called({x: x._value}) is not None]
        unit = float(np.finfo(coarsest(self.graph)).eps)
        for far in NEAR:
            step = min(far * unit, 0.03)
            moved = {}
            for x in arguments:
                size = np.where((x._value == 0) | ~np.isfinite(x._value), 1.0, np.abs(x._value))
                moved[x] = np.asarray(x._value + step * size * rng.uniform(0.5, 1.0, x.shape), dtype=x.dtype)
            try:
                with np.errstate(all="ignore"):
                    values = self.replayed(moved, held=False)
                    if not self.same_branch(values):
                        continue
                    found = self._called(moved) if moved else None
            except Exception:  # outside what it takes
                continue
            if found is None:
                return False
            return any(
                v.shape != o.shape or self._apart(values[o], v) is not None
                for o, v in zip(self.outputs, found, strict=True)
            )
        return False


def _size(values: Array) -> float:
    """The largest finite size."""
    if values.dtype.kind != "f":
        return 0.0
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
