"""What a plan computes: values, once or at every time step, and how they use each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from autograd_seq.core.operation import Operation
from autograd_seq.core.traits import Word

# Kinds of their own, beside the operations: sums and products of any number of terms, what is given, and
# what a rewrite introduces.
LITERAL, GIVEN, STEPS = "literal", "given", "steps"
SUM, PRODUCT, MATMUL, TRANSPOSE, CONCAT, ROWS = "sum", "product", "matmul", "transpose", "concat", "rows"
COLUMNS, ONES, SCALES = "columns", "ones", "scales"
EVERY = "every step"  # all steps of a value, each an operand of its own
OVER_TIME, OUTER_OVER_TIME, COLUMNS_OVER_TIME, AFFINE = "over time", "outer over time", "columns over time", "affine"


_KINDS: dict[Word, str] = {
    "product": PRODUCT, "matrix product": MATMUL, "transpose": TRANSPOSE, "joined": CONCAT,
}  # fmt: skip


def _turns(axes: Any) -> bool:
    """Whether the axes of a matrix change places."""
    return axes is None or [axis % 2 for axis in axes] == [1, 0]


def kind_of(record: Any) -> Operation | str:
    """What computes a record: one of the plan's own kinds where its shape is one that they know, or its operation."""
    operation: Operation = record.operation
    if operation.adds:
        return SUM
    kind = _KINDS.get(operation.algebra)
    fits = {
        PRODUCT: True,
        MATMUL: [x.ndim for x in record.inputs] == [2, 2],
        TRANSPOSE: record.ndim == 2 and _turns(record.settings.get("axes")),
        CONCAT: record.ndim == 2 and record.settings.get("axis") == 0,
    }
    return kind if kind is not None and fits[kind] else operation


@dataclass(slots=True)
class Use:
    """One operand.

    Attributes
    ----------
    value : Value
        What is used.
    shift : int
        Of a value of every step, by a value of every step: that of step t + shift.
    at : int or None
        Of a value of every step, by a single one: that of this step.
    """

    value: Value
    shift: int = 0
    at: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two uses equal."""
        return id(self.value), self.shift, self.at


@dataclass(eq=False, slots=True)
class Value:
    """One array, or one of each time step.

    Attributes
    ----------
    kind : Operation or str
        What computes it.
    shape : tuple of int
        Of the array at one step, as recorded.
    dtype : dtype
        As recorded.
    times : range or None
        The steps at which it is computed; None if it is a single array.
    uses : list of Use
        Its operands.
    settings : dict
        The operation's parameters; what counts with time is a `StepIndex`.
    name : str
        What the program may call it.
    beyond : dict of int to Use
        What stands at steps just outside of `times`, such as a<0>.
    """

    kind: Operation | str
    shape: tuple[int, ...]
    dtype: Any
    times: range | None = None
    uses: list[Use] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = "v"
    beyond: dict[int, Use] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.shape} {self.times}>"

    @property
    def timed(self) -> bool:
        """Whether there is one of each time step."""
        return self.times is not None

    def is_a(self, word: Word) -> bool:
        """Whether an operation computes it that is this in algebra."""
        return isinstance(self.kind, Operation) and self.kind.algebra == word

    @property
    def every_use(self) -> list[Use]:
        """Operands, and what stands at the boundary."""
        return [*self.uses, *self.beyond.values()]

    def like(self, kind: Operation | str, uses: list[Use], **changes: Any) -> Value:
        """Another value of the same shape and steps."""
        made = Value(kind, self.shape, self.dtype, self.times, uses, name=self.name)
        for key, value in changes.items():
            setattr(made, key, value)
        return made


class Network:
    """All values that the outputs need.

    Parameters
    ----------
    outputs : dict of str to Use
        By name, what the plan returns.
    """

    def __init__(self, outputs: dict[str, Use], dtypes: dict[str, Any] | None = None) -> None:
        self.outputs = outputs
        self.dtypes = dtypes or {}  # of those that are cast in the end: a gradient has that of what it is of
        self.notes: list[str] = []  # what the rewrites did
        self.tied: dict[Value, Value] = {}  # what is computed in the loop of another value, though it need not be

    @property
    def values(self) -> list[Value]:
        """All values that are needed; operands first, where they are not of another step."""
        found: dict[Value, None] = {}
        stack: list[tuple[Value, bool]] = [(use.value, False) for use in reversed(list(self.outputs.values()))]
        entered: set[Value] = set()
        while stack:
            value, left = stack.pop()
            if left:
                found[value] = None
            elif value not in entered:
                entered.add(value)
                stack.append((value, True))
                stack.extend((use.value, False) for use in value.every_use)
        return list(found)

    def all_uses(self) -> Iterator[tuple[Value | None, Use]]:
        """Every use with its user; None for the outputs."""
        for use in self.outputs.values():
            yield None, use
        for value in self.values:
            for use in value.every_use:
                yield value, use

    def users(self) -> dict[Value, list[tuple[Value | None, Use]]]:
        """By value, who uses it and how."""
        found: dict[Value, list[tuple[Value | None, Use]]] = {}
        for user, use in self.all_uses():
            found.setdefault(use.value, []).append((user, use))
        return found

    def replace(self, replacements: dict[Value, Value]) -> None:
        """Let the users of a value use another one of the same shape and steps."""
        if not replacements:
            return
        for _, use in list(self.all_uses()):
            while use.value in replacements:
                use.value = replacements[use.value]

    def components(self) -> list[list[Value]]:
        """Values that depend on each other from step to step stand together; all in an order of computation."""
        values = self.values
        graph: Any = nx.DiGraph()
        graph.add_nodes_from(values)
        graph.add_edges_from((use.value, value) for value in values for use in value.every_use)
        graph.add_edges_from((user, value) for value, user in self.tied.items() if value in graph and user in graph)
        condensed = nx.condensation(graph)
        order = {value: i for i, value in enumerate(values)}
        first = {c: min(order[v] for v in condensed.nodes[c]["members"]) for c in condensed}
        sequence = nx.lexicographical_topological_sort(condensed, key=first.__getitem__)
        return [sorted(condensed.nodes[c]["members"], key=order.__getitem__) for c in sequence]


def carried(component: Iterable[Value]) -> bool:
    """Whether values depend on themselves at another step."""
    inside = set(component)
    return any(use.value in inside for value in inside for use in value.uses)
