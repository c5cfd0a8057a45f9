"""What a plan computes: values, once or at every time step, and how they use each other.

A value never changes: who wants another one makes it, with `Value.like` or `Value.instead`, and `Network.replace` lets
the users of the old one use the new one. That, and tying values that use each other in a circle, is all that is ever
done to a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from autograd_seq.core.operation import Operation
from autograd_seq.core.traits import Traits, Word


@dataclass(eq=False, repr=False, kw_only=True)
class Kind(Traits):
    """What computes a value where no operation does, with the traits of one: rules ask both alike."""

    name: str

    def __repr__(self) -> str:
        return self.name


# What is given, and what knows any number of operands, or time.
LITERAL, GIVEN, STEPS = Kind(name="literal"), Kind(name="given"), Kind(name="steps")
SUM, PRODUCT = Kind(name="sum", algebra="sum"), Kind(name="product", algebra="product")
MATMUL, TRANSPOSE = Kind(name="matmul", algebra="matrix product"), Kind(name="transpose", algebra="transpose")
CONCAT, ROWS, COLUMNS = Kind(name="concat", algebra="joined"), Kind(name="rows"), Kind(name="columns")
OVER_TIME, OUTER_OVER_TIME = Kind(name="over time"), Kind(name="outer over time")
COLUMNS_OVER_TIME, AFFINE = Kind(name="columns over time"), Kind(name="affine", elementwise=True)
ONES, SCALES = Kind(name="ones"), Kind(name="scales")

_KINDS: dict[Word, Kind] = {kind.algebra: kind for kind in (PRODUCT, MATMUL, TRANSPOSE, CONCAT)}


def _turns(axes: Any) -> bool:
    """Whether the axes of a matrix change places."""
    return axes is None or [axis % 2 for axis in axes] == [1, 0]


def kind_of(record: Any) -> Operation | Kind:
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


@dataclass(frozen=True, slots=True)
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

    @property
    def plain(self) -> bool:
        """Whether it is the whole of a single value, or that of the same step."""
        return not self.shift and self.at is None

    def of(self, value: Value) -> Use:
        """The same use of another value; of a single one there are no steps to choose from."""
        return Use(value, self.shift, self.at) if value.timed else Use(value)


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """One array, or one of each time step.

    Attributes
    ----------
    kind : Operation or Kind
        What computes it.
    shape : tuple of int
        Of the array at one step, as recorded.
    dtype : dtype
        As recorded.
    times : range or None
        The steps at which it is computed; None if it is a single array.
    uses : sequence of Use
        Its operands.
    settings : dict
        The operation's parameters; what counts with time is a `StepIndex`.
    name : str
        What the program may call it.
    beyond : dict of int to Use
        What stands at steps just outside of `times`, such as a<0>. At all others outside, it is 0.
    """

    kind: Operation | Kind
    shape: tuple[int, ...]
    dtype: Any
    times: range | None = None
    uses: Sequence[Use] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = "v"
    beyond: Mapping[int, Use] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tie(self, uses=tuple(self.uses))

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.shape} {self.times}>"

    @property
    def timed(self) -> bool:
        """Whether there is one of each time step."""
        return self.times is not None

    def is_a(self, word: Word) -> bool:
        """Whether it is this in algebra."""
        return self.kind.algebra == word

    @property
    def every_use(self) -> list[Use]:
        """Operands, and what stands at the boundary."""
        return [*self.uses, *self.beyond.values()]

    def like(self, kind: Operation | Kind, uses: Iterable[Use], **changes: Any) -> Value:
        """Another value of the same shape and steps, to compute with on the way."""
        fields = {"shape": self.shape, "dtype": self.dtype, "times": self.times, "name": self.name, **changes}
        return Value(kind, uses=tuple(uses), **fields)

    def instead(self, kind: Operation | Kind, uses: Iterable[Use], **settings: Any) -> Value:
        """The same value, computed in another way; what stands beyond its steps stays."""
        return self.like(kind, uses, settings=settings, beyond=self.beyond)


def tie(value: Value, **fields: Any) -> None:
    """Complete a value that is being made: values of a loop use each other, so not all can be there at once."""
    for key, content in fields.items():
        object.__setattr__(value, key, content)


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
        self.applied: dict[Any, int] = {}  # how often each rule was
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
                stack += [(use.value, False) for use in (value.every_use if value.beyond else value.uses)]
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

    def replace(self, replacements: Mapping[Value, Value]) -> None:
        """Let the users of each value use another one, which equals it at every step."""
        if not replacements:
            return

        def turned(use: Use) -> Use:
            made = use.value
            while made in replacements:
                made = replacements[made]
            return use if made is use.value else use.of(made)

        seen: set[Value] = set()
        outputs = {key: turned(use) for key, use in self.outputs.items()}
        stack = [use.value for use in outputs.values()]
        while stack:
            value = stack.pop()
            if value not in seen:
                seen.add(value)
                retie(value, turned)
                stack += [use.value for use in value.every_use]
        self.outputs = outputs

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


def retie(value: Value, turned: Callable[[Use], Use]) -> None:
    """Let a value use other ones."""
    if any(turned(use) is not use for use in value.every_use):
        tie(value, uses=tuple(map(turned, value.uses)), beyond={t: turned(use) for t, use in value.beyond.items()})


def carried(component: Iterable[Value]) -> bool:
    """Whether values depend on themselves at another step."""
    inside = set(component)
    return any(use.value in inside for value in inside for use in value.uses)
