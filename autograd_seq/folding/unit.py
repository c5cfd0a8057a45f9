"""A node is one operation at one step, a family is the same operation at all steps; both are units of a fold."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.operation import Operation
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.provenance import COUNTER, Origin, of_index
from autograd_seq.folding.step_index import unify, unify_index


@dataclass(frozen=True, slots=True)
class Role:
    """What a node does in its step; equal in two recordings of one program.

    Attributes
    ----------
    kind : hashable
        What all that could have this role have in common.
    number : int
        Which of that kind it is.
    """

    kind: Hashable
    number: int
    _hash: int = field(init=False, repr=False, compare=False)  # kinds hold roles, which hold kinds

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.kind, self.number)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """One record in a fold.

    Attributes
    ----------
    record : Tensor
        Where its value, shape and name are.
    operation : Operation or None
        What made it; None for a leaf and for a total.
    total : bool
        Whether it is the sum of its inputs, however many there are.
    inputs : list of Node
        Its operands, or its terms.
    name : str or None
        Its name without a place.
    time : int or None
        Its step, said or inferred.
    owner : Node or None
        For a backward node, the forward node whose VJP rule made it.
    adjoint_of : Node or None
        For an adjoint, the forward node that it belongs to.
    order : int
        Its place in the order in which things were made.
    role : Role or None
        What it does in its step.
    model : Node or None
        The node of another step that it repeats, input for input.
    family : Family or None
        The same node at all steps, where there is such.
    origin : Origin or None
        Of a number, where the program has it from.
    picked : tuple of Node or None
        Of a backward node that has indices, the forward nodes that picked by them.
    left_out : int
        While a recording is folded of which steps were left out, how many there are before its own.
    told : dict or None
        Its settings, where they are not those of its record.
    leaf : bool
        Whether nothing in the recording made it.
    literal : bool
        Whether it is written as a number.
    """

    record: Tensor
    operation: Operation | None
    total: bool
    inputs: list[Node]
    name: str | None
    time: int | None
    owner: Node | None = None
    adjoint_of: Node | None = None
    order: int = 0
    role: Role | None = None
    model: Node | None = None
    family: Family | None = None
    origin: Origin | None = None
    picked: tuple[Node | None, ...] = ()
    left_out: int = 0
    told: dict[str, Any] | None = None
    leaf: bool = field(init=False)
    literal: bool = field(init=False)

    def __post_init__(self) -> None:
        self.leaf = self.operation is None and not self.total
        self.literal = self.leaf and is_literal(self.record) and not (self.origin is not None and self.origin.given)
        if self.operation is not None and self.record.settings and self.told is None:
            self.told = _counted_from_first(self.operation, self.record)

    def __repr__(self) -> str:
        return f"<node {self.order}: {self.name or self.record.label}>"

    @property
    def settings(self) -> dict[str, Any]:
        """The operation's settings."""
        if self.told is not None:
            return self.told
        return {} if self.total else self.record.settings

    @property
    def step(self) -> int | None:
        """Its step in the whole recording, by which its settings count."""
        return None if self.time is None else self.time + self.left_out

    def index_origins(self, number: int) -> tuple[Origin, ...]:
        """The origins of the parts of an index; of a backward node, of that of the forward node that picked."""
        picked = self.picked[number] if number < len(self.picked) else self if self.owner is None else None
        if picked is not None:
            return of_index(picked.record)
        index = self.settings["indices"][number] if "indices" in self.settings else self.settings["index"]
        return (Origin(COUNTER),) * (len(index) if isinstance(index, tuple) else 1)  # the rule's own, as of a stack

    def picked_later(self, number: int) -> int:
        """How many steps after its own step an index was picked by: the next step's, of a state that that reads."""
        picked = self.picked[number] if number < len(self.picked) else None
        return picked.time - self.time if picked and picked.time is not None and self.time is not None else 0

    @property
    def beyond(self) -> bool:
        """Whether it was made by what the recording does not look behind: a value of the forward pass."""
        return self.leaf and self.record.operation is not None

    @property
    def given(self) -> bool:
        """Whether its name, or that of what it is the adjoint of, was given with `name`, not found in the program."""
        if self.adjoint_of is not None:
            return self.adjoint_of.given
        return self.name is not None and self.record._name is not None

    @property
    def lane(self) -> tuple[int | None, str | None]:
        """Layer and direction."""
        if self.adjoint_of is not None:
            return self.adjoint_of.lane
        scope = self.record.scope
        return scope.layer, scope.direction


def sort_of(node: Node) -> tuple[Any, ...]:
    """Of what sort a node is, before it has a role."""
    made = "adjoint" if node.adjoint_of is not None else node.operation
    count = None if node.total else len(node.inputs)
    given = node.leaf and node.record.requires_grad
    return made, node.name, node.lane, node.record.shape, count, given, node.owner and sort_of(node.owner)


def _counted_from_first(operation: Operation, record: Tensor) -> dict[str, Any] | None:
    """The settings of a record with its axes counted from the first, as -1 is 1 of a matrix; None if they are."""
    axes = record.settings.get("axis") if operation.along or operation.reduces else None
    listed = axes if isinstance(axes, tuple) else (axes,)
    if not any(isinstance(axis, int) and axis < 0 for axis in listed):
        return None
    counted = tuple(axis % record.inputs[0].ndim for axis in listed)
    return {**record.settings, "axis": counted if isinstance(axes, tuple) else counted[0]}


@dataclass(eq=False, repr=False)
class Family:
    """One operation at all time steps at which it happens.

    Attributes
    ----------
    members : dict of int to Node
        By time step, without a gap. Of a long recording, one may stand for others that do the same.
    uses : list of Use
        Its inputs in order; for a total, its terms.
    extension : dict of int to Ref
        What stands in for a member just before the first or just after the last.
    again : dict of Node to Node
        Of what stands in, the same array recorded once more, with where it was recorded first.
    misfits : set of int
        The steps that use something else.
    nothing : set of int
        Steps without a member where a sum counts on there being nothing.
    """

    members: dict[int, Node]
    uses: list[Use] = field(default_factory=list)
    extension: dict[int, Ref] = field(default_factory=dict)
    irregular: bool = False
    together: list[Node] = field(default_factory=list)
    again: dict[Node, Node] = field(default_factory=dict)
    misfits: set[int] = field(default_factory=set)
    nothing: set[int] = field(default_factory=set)
    _times: list[int] = field(default_factory=list)  # as they were when they were last asked for

    def __repr__(self) -> str:
        return f"<family {self.order}: {self.name or self.any.record.label}, t = {self.times}>"

    @property
    def any(self) -> Node:
        """A member to ask for what all have in common; from the middle, where no boundary is near."""
        times = self.times
        return self.members[times[len(times) // 2]]

    @property
    def times(self) -> list[int]:
        """The steps of its members, ascending."""
        if len(self._times) != len(self.members):  # members come or go, but never both at once
            self._times = sorted(self.members)
        return self._times

    @property
    def name(self) -> str | None:
        """Its name without a place."""
        return self.any.name

    @property
    def given(self) -> bool:
        """Whether its name was given with `name`, not found in the program."""
        return self.any.given

    @property
    def operation(self) -> Operation | None:
        """What makes it; None for leaves and totals."""
        return self.any.operation

    @property
    def total(self) -> bool:
        """Whether it is the sum of its terms."""
        return self.any.total

    @property
    def leaf(self) -> bool:
        """Whether it is given at every step, such as x<t>."""
        return self.any.leaf

    @property
    def settings(self) -> dict[str, Any]:
        """The operation's settings; what counts with time is a `StepIndex`, what data give for it a `GivenIndex`."""
        result = {}
        for key, value in self.any.settings.items():
            known = {t: m.settings[key] for t, m in self.members.items() if m.time == t}
            result[key] = unify_setting(key, known, value, self.any)
        return result

    @property
    def lane(self) -> tuple[int | None, str | None]:
        """Layer and direction."""
        return self.any.lane

    @property
    def order(self) -> int:
        """Where its first member stands in the recording."""
        return min(m.order for m in self.members.values())


def unify_setting(key: str, values: dict[int, Any], default: Any, node: Node) -> Any:
    """One setting for several steps, of nodes that do what `node` does."""
    first = next(iter(values.values()))
    if all(value is first for value in values.values()) and not isinstance(first, (int, tuple)):
        return first
    if key == "index":
        return unify_index(values, default, node.index_origins(0), node.picked_later(0))
    if key == "indices" and len({len(value) for value in values.values()}) == 1:
        parts = [
            unify_index({t: v[i] for t, v in values.items()}, default, node.index_origins(i), node.picked_later(i))
            for i in range(len(first))
        ]
        return default if any(part is default for part in parts) else tuple(parts)
    return unify(values, default)


Unit = Family | Node


@dataclass(frozen=True, slots=True)
class Ref:
    """How one unit is used by another.

    Attributes
    ----------
    unit : Family or Node
        What is used.
    shift : int
        For a family used by a family: the member at t + shift.
    at : int or None
        For a family used from outside the loop: the member at this step.
    every : bool
        All members, as the terms of a sum or the arrays of a list.
    """

    unit: Unit
    shift: int = 0
    at: int | None = None
    every: bool = False


@dataclass(slots=True)
class Use:
    """One input of a unit.

    Attributes
    ----------
    ref : Ref
        What is used, at a step in the middle.
    times : set of int
        At which steps; the others are the boundary.
    """

    ref: Ref
    times: set[int]
