"""A derivation: both passes folded, each thing under one name, in the order in which one would teach it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.fold import Block, Family, Folded, Ref, Unit, fold, fold_both
from autograd_seq.folding.step_index import GivenIndex
from autograd_seq.folding.unit import Node
from autograd_seq.operations import multiply
from autograd_seq.operations import sum as sum_of
from autograd_seq.readings.textbook import recognised
from autograd_seq.writer.from_folded import Trees
from autograd_seq.writer.tree import is_bare, record_of, size

_ASSIGNED = re.compile(r"^([A-Za-z_]\w*)\s*=(?!=)\s*(.+)$")
LARGE = 6  # operations that an unnamed expression may write out more than once


class Derivation:
    """A recording, folded and named: what equations, source and documents are read from.

    Parameters
    ----------
    thing : Tensor, Graph, Recording, or an object with a loss, outputs, states or an ``unroll`` method
        A scalar is differentiated. Whatever has no scalar (states, outputs) is given an adjoint
        from outside, named ``delta``: δ = ∂J/∂output.

    short : bool
        Whether of many steps that do the same it is enough to look at some.

    Attributes
    ----------
    forward : Graph
        The forward pass.
    folded : Folded
        Both passes, folded.
    names : dict
        From each unit that is called by a name to that name, without its place.
    outputs : list
        The units that the forward pass is for.
    """

    def __init__(self, thing: Any, short: bool = True) -> None:
        self._thing = thing
        recorded, outputs = _recorded(thing)
        self._recorded = recorded
        self.forward: Graph = recorded.forward if isinstance(recorded, Recording) else Graph(recorded)
        both = isinstance(recorded, Recording) or not short
        self.folded: Folded = fold(self.recording) if both else fold_both(self.forward)
        node = self.folded.nodes.forward
        self.outputs: list[Unit] = list(dict.fromkeys(self.unit_of(node[r.record]) for r in outputs))
        self._forward = self._behind(self.outputs)
        self.uses: Counter[Unit] = Counter(
            use.ref.unit for unit in self.folded.units for use in self.folded.inputs[unit]
        )
        self._users = self._consumers()
        self.adjoint_of: dict[Unit, Unit] = {}
        for unit in self.folded.units:
            owner = (unit.any if isinstance(unit, Family) else unit).adjoint_of
            if owner is not None:
                self.adjoint_of[unit] = owner.family or owner
        self._made_for: dict[Tensor, Node] = {}  # from a backward record to what it is the adjoint of
        for forward, adjoint in self.folded.nodes.adjoints.items():
            self._made_for.setdefault(adjoint.record, forward)
        self.names: dict[Unit, str] = {}
        self.states = {  # what a loop carries from step to step
            use.ref.unit
            for unit in self.folded.units
            for use in self.folded.inputs[unit]
            if use.ref.shift and not self.is_backward(unit)
        }
        self._taken: dict[tuple[str, Any], list[Unit]] = {}  # by the name as it is written (Wk is W_k) and lane
        self._indices: dict[str, list[GivenIndex]] = {}
        self._give_names()
        self.trees = Trees(self.folded, self.names)

    @cached_property
    def recording(self) -> Recording:
        """Both passes, every step of them."""
        return self._recorded if isinstance(self._recorded, Recording) else differentiate(self._recorded)

    @cached_property
    def whole(self) -> Derivation:
        """The same, with the values of every step."""
        return Derivation(self._thing, short=False) if self.folded.turns else self

    # -- what belongs to what

    def unit_of(self, node: Node) -> Unit:
        """The unit of a node."""
        return node.family or node

    def _behind(self, units: list[Unit]) -> set[Unit]:
        seen = set(units)
        stack = list(units)
        while stack:
            for use in self.folded.inputs.get(stack.pop(), []):
                more = [use.ref]
                if isinstance(use.ref.unit, Family):
                    more.extend(use.ref.unit.extension.values())
                for ref in more:
                    if ref.unit not in seen:
                        seen.add(ref.unit)
                        stack.append(ref.unit)
        return seen

    def is_backward(self, unit: Unit) -> bool:
        """Whether a unit belongs to the backward pass."""
        return (unit.any if isinstance(unit, Family) else unit).owner is not None

    def in_forward(self, unit: Unit) -> bool:
        """Whether the forward pass needs a unit for its outputs."""
        return unit in self._forward

    @property
    def blocks(self) -> tuple[list[Block], list[Block]]:
        """The blocks of the forward and of the backward pass, without what neither needs."""
        forward: list[Block] = []
        backward: list[Block] = []
        for block in self.folded.blocks:
            for target, keep in ((forward, self.in_forward), (backward, self.is_backward)):
                units = [unit for unit in block.units if keep(unit)]
                if units:
                    target.append(Block(units, block.direction, block.loop, block.lane))
        return forward, backward

    @cached_property
    def last(self) -> int:
        """The last time step, T; 0 where no steps are alike."""
        looped = [unit.times[-1] for unit in self.folded.units if isinstance(unit, Family)]
        alone = [unit.time or 0 for unit in self._forward if isinstance(unit, Node) and not unit.leaf]
        return max([*looped, *alone]) if looped else 0

    @property
    def parameters(self) -> list[Unit]:
        """The leaves whose gradients are wanted, in order; those of a single step are inputs."""
        leaves = [unit for unit in self.folded.units if isinstance(unit, Node) and unit.leaf]
        return [u for u in leaves if u.record.requires_grad and u.time is None and not self.is_backward(u)]

    def varies(self, unit: Unit) -> bool:
        """Whether a sum has other terms at its first or last step."""
        if not isinstance(unit, Family) or not unit.total:
            return False
        for use in unit.uses:
            x = use.ref.unit
            if isinstance(x, Family) and any(t + use.ref.shift not in x.members for t in unit.members):
                return True
        return False

    # -- names

    def _consumers(self) -> dict[Unit, list[Unit]]:
        users: dict[Unit, list[Unit]] = {}
        for unit in self.folded.units:
            for use in self.folded.inputs[unit]:
                users.setdefault(use.ref.unit, []).append(unit)
        return users

    def _give_names(self) -> None:
        """Names from the recording first; then for the adjoints that are used more than once, and what is too large."""
        units = self.folded.units
        others = any(u.leaf and isinstance(u, Family) and u.name and not self.is_backward(u) for u in units)
        for unit in self.outputs:
            if isinstance(unit, Node) and (name := record_name(unit)) is not None:
                self._name(unit, name)  # what a function returns has its name before what it was made of
        states = {record_name(unit) for unit in units if not unit.leaf and not self.is_backward(unit)}
        begin = [u for u in units if isinstance(u, Family) and u.leaf and record_name(u) in states]
        for unit in [*(unit for unit in units if unit not in set(begin)), *begin]:  # a state is called so, not its data
            if unit in self.names:
                continue
            if (name := record_name(unit)) is not None and not (unit.leaf and self.is_backward(unit)):
                of = self.names.get(self.adjoint_of[unit]) if unit in self.adjoint_of else None
                self._name(unit, name if of is None else f"d{of}")
            elif isinstance(unit, Family) and unit.leaf and not self.is_backward(unit):
                self._name(unit, "input" if others or any(name == "x" for name in self.names.values()) else "x")
        self._name_initial_states()
        for unit in units:
            if isinstance(unit, Node) and unit not in self.names and self._is_data(unit):
                self._name(unit, "input")
        for unit in units:
            for use in self.folded.inputs[unit]:
                other = use.ref.unit
                if use.ref.shift and other not in self.names and not other.leaf and not self.is_backward(other):
                    self._name(other, self.own_name(other))  # what a loop carries from step to step
        roots = set(self.outputs)
        self._name_large([unit for unit in units if not self.is_backward(unit) and unit not in roots])
        for unit in units:
            if unit in self.names or unit.leaf:
                continue
            adjoint = unit in self.adjoint_of
            if unit in roots and not adjoint:
                scalar = not record_of(unit).ndim and self.given_name(unit) is None
                free = not any(name == "J" for name in self.names.values())
                self._name(unit, "J" if scalar and free else "loss" if scalar else self.own_name(unit))
            elif adjoint and (self.varies(unit) or self.uses[unit] > 1 or not self.uses[unit]):
                owner = self.adjoint_of[unit]
                wanted = self.varies(unit) or not self.uses[unit] or self.given_name(owner)
                if wanted and not self._plain(unit):
                    self._name(unit, "d" + self.own_name(owner))
        self._name_large(units)

    def _name_initial_states(self) -> None:
        """What is given without a name in place of a step before the first is called what that step would be."""
        for unit in [unit for unit in self.names if isinstance(unit, Family)]:
            for time, ref in unit.extension.items():
                given = ref.unit
                if not isinstance(given, Node) or not given.leaf or given.given:
                    continue
                if self.names.get(given) == self.names[unit]:
                    name = self.names.pop(given)  # h is h<0>
                    self._taken[names.text(name), given.lane].remove(given)
                if given not in self.names and self._is_data(given):
                    given.time = time
                    self._name(given, self.names[unit])

    def _is_data(self, node: Node) -> bool:
        """Whether it is an array that was given, and not the same number everywhere."""
        given = node.leaf and not node.literal and node.record in self.forward.positions
        return given and not node.beyond and len(np.unique(node.record._value)) > 1

    def _name_large(self, units: list[Unit]) -> None:
        """Give names to what is used more than once and would be long to write out each time."""
        trees = Trees(self.folded, self.names)
        for unit in units:
            again = unit not in self.names and not unit.leaf and self.uses[unit] > 1
            if again and size(trees.refer(Ref(unit))) > LARGE:
                self._name(unit, self.own_name(unit))

    def _plain(self, unit: Unit) -> bool:
        """Whether an adjoint is another name for something that has one."""
        trees = Trees(self.folded, self.names)
        return not self.varies(unit) and is_bare(trees.definition(unit))

    def _name(self, unit: Unit, name: str) -> None:
        """Give a unit a name, with a number where another has that name already at one of its steps."""
        base, number = name, 2
        while any(_meet(unit, other) for other in self._taken.get((names.text(name), unit.lane), [])):
            name, number = f"{base}_{number}", number + 1
        self._taken.setdefault((names.text(name), unit.lane), []).append(unit)
        self.names[unit] = name

    def called(self, index: GivenIndex) -> str:
        """What an index that data give is called: as the program calls them, if nothing else has that name."""
        name, number = index.words or "index", 2
        while not self._may_be_called(index, name):
            name, number = f"{index.words or 'index'}_{number}", number + 1
        known = self._indices.setdefault(name, [])
        if index not in known:
            known.append(index)
        return name

    def _may_be_called(self, index: GivenIndex, name: str) -> bool:
        spans = [_span(unit) for unit in self._taken.get((names.text(name), (None, None)), [])]
        if any(step is None if span is None else step is not None and span[0] <= step <= span[1]
               for span in spans for step, _ in index.values):  # fmt: skip
            return False
        return all(index.agrees(other) for other in self._indices.get(name, []))

    def own_name(self, unit: Unit) -> str:
        """A name for what has none: a meaningful one, else after its operation and what that is applied to."""
        if (name := self.given_name(unit)) is not None:
            return name
        if (name := self._name_of_term(unit)) is not None:
            return name
        record = record_of(unit)
        word = record.operation.name if record.operation else "leaf"
        inner = [n for use in self.folded.inputs.get(unit, []) if (n := record_name(use.ref.unit))]
        return "_".join([word, *inner] if len(inner) < 2 else inner)

    def _name_of_term(self, unit: Unit) -> str | None:
        """What a rule made as the adjoint of something, and rules behind it passed on, is called after that."""
        owner = self._made_for.get(record_of(unit)) if self.is_backward(unit) else None
        if owner is None or (unit_of := self.adjoint_of.get(unit, self.unit_of(owner))) not in self.folded.inputs:
            return None
        return "d" + self.own_name(unit_of)

    def given_name(self, unit: Unit) -> str | None:
        """The name of a unit, or one after what it is the argument of; None if there is no such."""
        if unit in self.names:
            return self.names[unit]
        if self.is_backward(unit):
            return None  # its line is that of what it is an adjoint of
        line = record_of(unit).source
        if line is not None and (found := _ASSIGNED.match(line.text)) and found[2].strip() == line.expression:
            word = found[1]  # of our own cells, which name what the notes name, and no more
            if not any(name == word for name in self.names.values()):
                return word
        for _ in range(LARGE):
            users = list(dict.fromkeys(u for u in self._users.get(unit, []) if not self.is_backward(u)))
            of_it_alone = [u for u in users if len(self._read(u)) == 1]
            if len(of_it_alone) != 1 or any(of_it_alone[0] not in [*self._read(u), u] for u in users):
                return None
            unit = of_it_alone[0]
            if unit in self.names:
                return names.argument(self.names[unit])
        return None

    def _read(self, unit: Unit) -> list[Unit]:
        """What a unit is made of, numbers aside; one that it is made of twice stands twice."""
        inputs = [use.ref.unit for use in self.folded.inputs[unit]]
        return [x for x in inputs if not (isinstance(x, Node) and x.literal)]

    def scope(self, unit: Unit) -> Scope:
        """Where a unit is, without its time."""
        layer, direction = unit.lane
        return Scope(layer=layer, direction=direction)


def record_name(unit: Unit) -> str | None:
    """The name that a unit was recorded with."""
    return unit.name


def _meet(unit: Unit, other: Unit) -> bool:
    """Whether two units of one name would be called the same at a step; what stands in for a member may be."""
    mine, its = _span(unit), _span(other)
    if mine is None or its is None:
        return mine is its
    return mine[0] <= its[1] and its[0] <= mine[1] and not (_stands_in(unit, other) or _stands_in(other, unit))


def _span(unit: Unit) -> tuple[int, int] | None:
    """The first and the last step at which a unit goes by its name; None if it belongs to none."""
    if isinstance(unit, Family):
        return min([unit.times[0], *unit.extension]), max([unit.times[-1], *unit.extension])
    return None if unit.time is None else (unit.time, unit.time)


def _stands_in(node: Unit, family: Unit) -> bool:
    alone = isinstance(node, Node) and isinstance(family, Family)  # what is given step by step has steps of its own
    return alone and any(ref.unit is node for ref in family.extension.values())  # type: ignore[union-attr]


Reading = Callable[[list[Tensor]], list[Tensor]]


def as_recorded(thing: Any) -> Tensor:
    """The scalar that a derivation of a thing is of, of what the program itself recorded.

    A proof is about that: for the equations, a logarithm is joined with the softmax inside of it, and neither of the
    two is differentiated by itself then.
    """
    found, _ = _recorded(thing, list)
    output: Tensor = found.forward.outputs[0] if isinstance(found, Recording) else found
    return output


def _recorded(thing: Any, read: Reading = recognised) -> tuple[Recording | Tensor, list[Tensor]]:
    """Both passes of whatever was given, or the scalar to differentiate, and what the forward pass is for."""
    if isinstance(thing, Derivation):
        return _recorded(thing._thing, read)
    if isinstance(thing, Recording):
        return _recognised_recording(thing) if read is recognised else (thing, list(thing.forward.outputs))
    if isinstance(thing, Tensor):
        (thing,) = read([thing])
        return (thing, [thing]) if thing.size == 1 and thing.requires_grad else _weighed([thing], read)
    if isinstance(thing, Graph):
        outputs = list(thing.outputs)
        return _recorded(outputs[0], read) if len(outputs) == 1 else _weighed(outputs, read)
    if isinstance(getattr(thing, "loss", None), Tensor):
        return _recorded(thing.loss, read)
    if getattr(thing, "outputs", None):
        return _weighed(list(thing.outputs), read)
    if getattr(thing, "states", None) and isinstance(thing.states, dict):
        return _weighed(list(next(iter(thing.states.values()))), read)
    if callable(getattr(thing, "unroll", None)) and hasattr(thing, "n_x"):
        rng = np.random.default_rng(0)
        return _recorded(thing.unroll(rng.standard_normal((thing.n_x, 2, 4))), read)
    raise UsageError(
        f"a derivation is read from a tensor, a graph, a recording, a run or a cell, not from {type(thing).__name__}; "
        f"give the loss, such as equations(loss){here()}"
    )


def _recognised_recording(thing: Recording) -> tuple[Recording | Tensor, list[Tensor]]:
    """Both passes, with the functions that the program spells out; as they are where there are none."""
    before = list(thing.forward.outputs)
    seed = thing.adjoints.get(before[0])
    from_one = len(before) == 1 and not before[0].ndim and seed is not None and seed._value == 1
    after = recognised(before) if from_one else before
    return (thing, before) if after[0] is before[0] else (after[0], after)


def _weighed(outputs: list[Tensor], read: Reading) -> tuple[Recording | Tensor, list[Tensor]]:
    """Differentiate outputs that no loss was made of, for an adjoint δ that arrives at each from outside."""
    outputs = read(outputs)
    if not any(output.requires_grad for output in outputs):
        return Recording(Graph(*outputs), Graph(), {}, {}), outputs  # a forward pass alone
    rng = np.random.default_rng(1)
    total: Any = None
    several = len({output.name for output in outputs}) > 1
    for output in outputs:
        with Marked(output.scope):
            name = "delta" + (f"_{output.name}" if several and output.name else "")
            delta = Tensor(rng.standard_normal(output.shape), name, dtype=output.dtype)
            part = sum_of(multiply(delta, output))
        with Marked(Scope()):
            total = part if total is None else total + part
    if total.operation is not None:
        total._name = "J"
    return total, outputs
