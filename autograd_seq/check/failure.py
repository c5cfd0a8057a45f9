"""Failure: a derivative that is wrong, and everything that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from autograd_seq.core import names
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.translation.reader import translated

LONG = 400  # characters of an expression that a person still reads


@dataclass(frozen=True, eq=False)
class Failure:
    """What is wrong, and where.

    Attributes
    ----------
    link : str
        ``"rule"``, ``"meaning"`` or ``"bookkeeping"``: which link of the proof does not hold.
    record : Tensor
        The record whose derivative is wrong.
    index : int
        Its place in the graph.
    input : int or None
        Which of its inputs the wrong adjoint belongs to.
    element : tuple of int or None
        Which element of that input, counted from 0.
    expected, found : Any
        The derivative as it should be and as the rule gives it: SymPy expressions, or numbers.
    numbers : tuple of float, or None
        Both at the recorded values (and random adjoints): a counterexample.
    message : str
        What happened, in words.
    """

    link: str
    record: Tensor
    index: int
    input: int | None = None
    element: tuple[int, ...] | None = None
    expected: Any = None
    found: Any = None
    numbers: tuple[float, float] | None = None
    message: str = ""
    shared: int = 0  # how many further records fail in the same way
    scope: Scope | None = None  # its place in the graph, where repeated lines count the steps

    @property
    def place(self) -> Scope:
        """Where in the network it belongs."""
        return self.scope or self.record.scope

    @property
    def operation(self) -> str:
        """The name of the operation."""
        return self.record.operation.name if self.record.operation else "leaf"

    @property
    def name(self) -> str:
        """What the record is called."""
        return self.record.label

    @property
    def time(self) -> int | None:
        """Its time step."""
        return self.place.time

    @property
    def layer(self) -> int | None:
        """Its layer."""
        return self.place.layer

    @property
    def source(self) -> str:
        """The user's line that made it."""
        line = self.record.source
        return f"{line}: {line.text}" if line and line.text else str(line or "")

    @property
    def entry(self) -> str:
        """The scalar whose adjoint is wrong, as in ``dWaa_12``."""
        if self.input is None:
            return ""
        x = self.record.inputs[self.input]
        return "d" + names.symbol(x, self.element or ()) if self.element is not None else f"d({x.label})"

    @cached_property
    def difference(self) -> Any:
        """Found minus expected, factored."""
        if self.expected is None or self.found is None:
            return None
        if not hasattr(self.expected, "free_symbols") and not hasattr(self.found, "free_symbols"):
            return self.found - self.expected
        import sympy

        from autograd_seq.readings.symbols import as_expression

        gap = as_expression(self.found) - self.expected
        if gap.has(sympy.nan, sympy.zoo, sympy.oo):
            return gap
        wild = any(not p.exp.is_Integer or abs(p.exp) > 12 for p in gap.atoms(sympy.Pow))
        # factoring is for a person to read; it may take for ever where there is nothing to read
        return gap if wild or sympy.count_ops(gap) > 100 else sympy.factor(sympy.expand(gap))

    def __str__(self) -> str:
        lines = [f"{self.link} refuted at {place_of(self.record, self.index, self.place)}"]
        if self.source:
            lines.append(f"    {self.source}")
        if self.message:
            lines.append(f"    {self.message}")
        if self.input is not None:
            x = self.record.inputs[self.input]
            lines.append(f"    input {self.input} ({x.label}, {_shape(x)}), entry {self.entry}")
        if self.expected is not None:
            lines.append(f"    expected   {short(self.expected)}")
            lines.append(f"    found      {short(self.found)}")
            lines.append(f"    difference {short(self.difference)}")
        if self.numbers is not None:
            lines.append(f"    at the recorded values: expected {self.numbers[0]:.6g}, found {self.numbers[1]:.6g}")
        if self.shared:
            lines.append(f"    {self.shared} more record{'s' * (self.shared != 1)} with the same rule and shapes")
        return translated("\n".join(lines))

    def to_dict(self) -> dict[str, Any]:
        """The same for a program to read."""
        line = self.record.source
        return {
            "link": self.link,
            "index": self.index,
            "operation": self.operation,
            "name": self.record.name,
            "label": self.record.label,
            "time": self.time,
            "layer": self.layer,
            "direction": self.place.direction,
            "part": self.place.part,
            "file": line.file if line else None,
            "line": line.line if line else None,
            "input": self.input,
            "element": list(self.element) if self.element is not None else None,
            "entry": self.entry,
            "expected": None if self.expected is None else str(self.expected),
            "found": None if self.found is None else str(self.found),
            "difference": None if self.expected is None else str(self.difference),
            "at_recorded_values": [n if isfinite(n) else None for n in self.numbers] if self.numbers else None,
            "message": self.message,
            "more_with_the_same_rule": self.shared,
        }


def place_of(record: Tensor, index: int, scope: Scope) -> str:
    """Which record of a graph, in words: its place, operation, name, time, layer and direction."""
    place = [f"record %{index}", f"operation {record.operation.name if record.operation else 'leaf'}"]
    place += [f"{record.label}"] if record.name else []
    place += [f"time {scope.time}"] if scope.time is not None else []
    place += [f"layer {scope.layer}"] if scope.layer is not None else []
    place += [f"direction {scope.direction}"] if scope.direction else []
    return ", ".join(place)


def short(thing: Any) -> str:
    """An expression, cut where nobody would read on."""
    words = f"{thing:.12g}" if isinstance(thing, float) else str(thing)
    return words if len(words) <= LONG else words[:LONG] + " …"


def _shape(x: Tensor) -> str:
    return "×".join(str(n) for n in x.shape) or "scalar"
