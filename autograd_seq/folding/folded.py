"""What a folded recording consists of: families, the ways in which they use each other, and loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograd_seq.folding.nodes import Node, Nodes
from autograd_seq.folding.step_index import unify
from autograd_seq.operation import Operation
from autograd_seq.tensor import Tensor


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
    def parameters(self) -> dict[str, Any]:
        """The operation's settings; what counts with time is a `StepIndex`."""
        result = {}
        for key, value in self.any.parameters.items():
            result[key] = unify({t: m.parameters[key] for t, m in self.members.items()}, value)
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


@dataclass(eq=False, repr=False)
class Block:
    """A loop over time, or straight code.

    Attributes
    ----------
    units : list
        In an order in which they can be computed.
    direction : int
        1 for t = 1 … T, -1 for t = T … 1, 0 if it does not matter or there is no loop.
    loop : bool
        Whether it is a loop.
    """

    units: list[Unit] = field(default_factory=list)
    direction: int = 0
    loop: bool = False
    lane: str | None = None

    @property
    def times(self) -> list[int]:
        """All steps of the loop, ascending."""
        return sorted({t for unit in self.units if isinstance(unit, Family) for t in unit.times})


@dataclass(eq=False, repr=False)
class Folded:
    """A folded recording.

    Attributes
    ----------
    blocks : list of Block
        In an order in which they can be computed.
    nodes : Nodes
        What was folded.
    inputs : dict
        From each unit to its inputs (or terms) as `Use`.
    seeds : frozenset of Tensor
        The adjoints that the backward pass starts from.
    """

    blocks: list[Block]
    nodes: Nodes
    inputs: dict[Unit, list[Use]]
    seeds: frozenset[Tensor] = frozenset()

    @property
    def loops(self) -> list[Block]:
        """The loops over time."""
        return [block for block in self.blocks if block.loop]

    @property
    def units(self) -> list[Unit]:
        """All units in an order in which they can be computed; leaves first."""
        leaves = [unit for unit in self.inputs if unit.leaf]
        return leaves + [unit for block in self.blocks for unit in block.units]

    def unit(self, node: Node) -> Unit:
        """The unit that a node went into."""
        return node.family or node
