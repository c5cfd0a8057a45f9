"""A node is one operation at one step, a family is the same operation at all steps; both are units of a fold."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.operation import Operation
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.step_index import unify


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
    family : Family or None
        The same node at all steps, where there is such.
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
    family: Family | None = None

    def __repr__(self) -> str:
        return f"<node {self.order}: {self.name or self.record.label}>"

    @property
    def settings(self) -> dict[str, Any]:
        """The operation's settings."""
        return {} if self.total else self.record.settings

    @property
    def leaf(self) -> bool:
        """Whether nothing in the recording made it."""
        return self.operation is None and not self.total

    @property
    def beyond(self) -> bool:
        """Whether it was made by what the recording does not look behind: a value of the forward pass."""
        return self.leaf and self.record.operation is not None

    @property
    def literal(self) -> bool:
        """Whether it is written as a number."""
        return self.leaf and is_literal(self.record)

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
        return self.record.scope.layer, self.record.scope.direction


@dataclass(eq=False, repr=False)
class Family:
    """One operation at all time steps at which it happens.

    Attributes
    ----------
    members : dict of int to Node
        By time step, without a gap.
    uses : list of Use
        Its inputs in order; for a total, its terms.
    extension : dict of int to Ref
        What stands in for a member just before the first or just after the last.
    """

    members: dict[int, Node]
    uses: list[Use] = field(default_factory=list)
    extension: dict[int, Ref] = field(default_factory=dict)
    irregular: bool = False
    together: list[Node] = field(default_factory=list)

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
        return sorted(self.members)

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
        """The operation's settings; what counts with time is a `StepIndex`."""
        result = {}
        for key, value in self.any.settings.items():
            result[key] = unify({t: m.settings[key] for t, m in self.members.items()}, value)
        return result

    @property
    def lane(self) -> tuple[int | None, str | None]:
        """Layer and direction."""
        return self.any.lane

    @property
    def order(self) -> int:
        """Where its first member stands in the recording."""
        return min(m.order for m in self.members.values())


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
