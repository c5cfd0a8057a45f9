"""A folded recording: loops over time and straight code, of units that use each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.nodes import Nodes
from autograd_seq.folding.unit import Family, Node, Unit, Use


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
    left_out : dict of Tensor to int
        Records of the forward pass that have no node of their own, since other steps stand for theirs; with their step.
    turns : int
        How many steps those are.
    """

    blocks: list[Block]
    nodes: Nodes
    inputs: dict[Unit, list[Use]]
    seeds: frozenset[Tensor] = frozenset()
    left_out: dict[Tensor, int] = field(default_factory=dict)
    turns: int = 0

    @property
    def loops(self) -> list[Block]:
        """The loops over time."""
        return [block for block in self.blocks if block.loop]

    @cached_property
    def units(self) -> list[Unit]:
        """All units in an order in which they can be computed; leaves first."""
        leaves = [unit for unit in self.inputs if unit.leaf]
        return leaves + [unit for block in self.blocks for unit in block.units]

    def unit(self, node: Node) -> Unit:
        """The unit that a node went into."""
        return node.family or node
