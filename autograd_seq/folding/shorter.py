"""A long recording without most of the steps that do all the same, which is folded in their stead.

A derivation reads the same at 400 steps as at 20. So what lies in the middle is left out before the sweep: the step
behind the gap is made from the one in front of it. What is folded then stands for all: `stand_in` gives the families
their members at the steps that were left out, and the steps behind the gap their own numbers again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.nodes import Nodes
from autograd_seq.folding.steps import scopes
from autograd_seq.folding.turns import Turns
from autograd_seq.folding.unit import Node

AROUND = 6  # steps that do the same, at least, on either side of what is left out
WORTH = 12  # steps to leave out, for fewer it is not worth it


class NotAlikeError(Exception):
    """Steps that look alike are used in ways that do not let some be left out."""


@dataclass
class Gap:
    """What was left out of a recording.

    Attributes
    ----------
    last : int
        The step in front of it.
    length : int
        How many steps are left out.
    turns : Turns
        The whole forward pass.
    whole : dict of Tensor to Tensor
        From the records of the short forward pass to those of the whole one.
    places : dict of Tensor to Scope
        Where the records of the short forward pass are, by steps without a gap.
    absent : set of Tensor
        What stands for a record that was left out, where it is used outside of any step.
    """

    last: int
    length: int
    turns: Turns
    whole: dict[Tensor, Tensor] = field(default_factory=dict)
    places: dict[Tensor, Scope] = field(default_factory=dict)
    absent: set[Tensor] = field(default_factory=set)

    def counted(self, time: int) -> int:
        """The number of a step without the gap."""
        return time - self.length if time > self.last + self.length else time

    def real(self, time: int) -> int:
        """The number that a step has."""
        return time + self.length if time > self.last else time

    def is_left_out(self, time: int | None) -> bool:
        """Whether a step is left out."""
        return time is not None and self.last < time <= self.last + self.length

    def without_absent(self, nodes: Nodes) -> None:
        """Take what was left out from lists; a chain of additions leaves it out itself."""
        for node in nodes.forward.values() if self.absent else ():
            if node.operation is not None and node.operation.variadic:
                node.inputs = [x for x in node.inputs if x.record not in self.absent]

    def note(self, nodes: Iterable[Node]) -> None:
        """Tell nodes how many steps are left out before theirs."""
        for node in nodes:
            if any(x.record in self.absent for x in node.inputs):
                raise NotAlikeError
            if node.time is not None and node.time > self.last:
                node.left_out = self.length


def shortened(graph: Graph) -> tuple[Recording, Gap] | None:
    """Both passes of a scalar without most of the steps that do the same; None where there are not enough of them."""
    places = scopes(graph)
    turns = Turns(graph, places)
    alike = turns.alike()
    others = len(turns.steps) - len(alike)
    around = max(AROUND, others + 2)
    if len(alike) < 2 * around + WORTH:
        return None
    if not turns.show([*alike[:around], *alike[-around:]], alike):
        return None
    gap = Gap(alike[around - 1], len(alike) - 2 * around, turns)
    try:
        output = _Short(graph, places, gap, alike).output
    except NotAlikeError:
        return None
    return differentiate(output), gap


class _Short:
    """A forward pass made anew, without the steps of a gap."""

    def __init__(self, graph: Graph, places: Mapping[Tensor, Scope], gap: Gap, alike: range) -> None:
        self.gap, self.turns, self.alike = gap, gap.turns, alike
        self.new: dict[Tensor, Tensor] = {}
        self.model = self.turns.steps[alike[len(alike) // 2]]
        for record in graph:
            time = places[record].time
            if record.operation is None:
                made = self.new[record] = record
            elif gap.is_left_out(time):
                continue
            else:
                made = self.new[record] = self._made(record, time)
            gap.whole[made] = record
            gap.places[made] = places[record] if time is None else replace(places[record], time=gap.counted(time))
        (output,) = graph.outputs
        if output not in self.new:
            raise NotAlikeError
        self.output = self.new[output]

    def _made(self, record: Tensor, time: int | None) -> Tensor:
        """A record of what there is in the short pass; the record itself where nothing is different."""
        if time is None:
            inputs = tuple([self._outside(x, record) for x in record.inputs])
        else:
            inputs = tuple([self._at_step(x, record, i, time) for i, x in enumerate(record.inputs)])
        if all(x is y for x, y in zip(inputs, record.inputs, strict=True)):
            return record
        made: Tensor = again(record, inputs)
        made.index = record.index  # it stands where that stood
        return made

    def _outside(self, x: Tensor, user: Tensor) -> Tensor:
        """What stands for something that is used outside of any step."""
        slot = self.turns.slots.get(x)
        if slot is None or not self.gap.is_left_out(slot[0]):
            return self.new[x]
        operation = user.operation
        plain = (operation.adds or operation.algebra == "difference") and all(
            y._value.shape == user._value.shape for y in user.inputs
        )
        listed = operation.variadic and not any(
            isinstance(v, (tuple, list)) and len(v) >= len(user.inputs) for v in user.settings.values()
        )
        if not plain and not listed:
            raise NotAlikeError
        stands_for: Tensor = Tensor(x._value, "left out")
        self.gap.absent.add(stands_for)
        self.gap.places[stands_for] = Scope()
        return stands_for

    def _at_step(self, x: Tensor, user: Tensor, number: int, time: int) -> Tensor:
        """What a step uses; what another step makes on the other side of the gap, as far away as it was."""
        slot = self.turns.slots.get(x)
        if slot is None or slot[0] == time:
            return self.new[x]
        gap, there = self.gap, slot[0]
        inside = gap.is_left_out(there)
        if not inside and ((there <= gap.last) is (time <= gap.last) or time not in self.alike):
            return self.new[x]
        if self._is_fixed(x, user, number):
            if inside:
                raise NotAlikeError
            return self.new[x]
        return self._moved(slot, gap.real(gap.counted(time) + there - time))

    def _is_fixed(self, x: Tensor, user: Tensor, number: int) -> bool:
        """Whether all steps use the same, of whatever step that is."""
        place = self.turns.slots[user][1]
        return len(self.model) > place and self.model[place].inputs[number] is x

    def _moved(self, slot: Any, time: int) -> Tensor:
        """What stands in a place at another step."""
        known: Any = self.turns.given if isinstance(slot[1], tuple) else self.turns.steps
        try:
            return self.new[known[time][slot[1]]]
        except (KeyError, IndexError):
            raise NotAlikeError from None
