"""Which units of a derivation become variables of a program, what they are called, and which are kept by step."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.notation import ATOM
from autograd_seq.folding.step_index import StepIndex
from autograd_seq.folding.unit import Family, Node, Ref, Unit
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.own_arguments import count
from autograd_seq.readings.own_function import OwnFunction, own_function
from autograd_seq.readings.own_operation import is_own
from autograd_seq.writer import Writer
from autograd_seq.writer.from_folded import Trees
from autograd_seq.writer.tree import Apply, Every, Named, Number, Size, Sum, Tree, names_in, record_of, size

OWN = {"np", "t", "T", "cache", "parameters", "gradients", "range", "sum", "len", "ValueError"}  # of every program
RESERVED = OWN | {"l", "O", "I"} | set(keyword.kwlist)


class Variables:
    """The variables of a program.

    Parameters
    ----------
    derivation : Derivation
        What to write.

    Attributes
    ----------
    stops : dict
        The units that are computed by statements of their own.
    variables : dict
        From each of them, and each argument, to its name.
    kept : set
        Families of which every step's value is kept, in a dictionary by step.
    carried : dict
        From terms that come from the step before in a loop to the sums they belong to.
    states : dict
        From initial states to the families that they begin.
    begun : list
        Families of data that are held in a dictionary by step, for what stands beside the first or the last.
    function : OwnFunction or None
        The user's function whose arguments the program takes.
    """

    def __init__(self, derivation: Derivation) -> None:
        self.d = derivation
        self.last = derivation.last
        self.forward_blocks, self.backward_blocks = derivation.blocks
        self.taken = set(RESERVED)
        for unit in derivation.folded.units:
            if unit.operation is not None:
                if is_own(unit.operation):
                    self.taken.add(names.as_identifier(unit.operation.name))
                self.taken.update(re.findall(r"^def (\w+)", unit.operation.forms["source"].helper, re.MULTILINE))
        self.constant = self._trees({}).constant
        self.made = {unit for unit in derivation.folded.units if self._is_made(unit)}
        self.states = self._initial_states()
        self.carried = self._carried()
        self.stops = self._variables()
        self.trees = self._trees(self.stops)
        self.kept = self._kept()
        self.begun = [unit for unit in derivation.folded.units if self._is_begun(unit)]
        self.function = self._own_function()
        self.variables: dict[Unit, str] = {}
        self._name_variables()

    def _is_begun(self, unit: Unit) -> TypeGuard[Family]:
        """Whether it is data for every step, before or after which something else stands."""
        return isinstance(unit, Family) and unit.leaf and bool(unit.extension) and self.d.in_forward(unit)

    def _trees(self, stops: Mapping[Unit, Any]) -> Trees:
        return Trees(self.d.folded, stops, general=True)

    def _is_made(self, unit: Unit) -> bool:
        """Whether a rule of the sweep made an array out of nothing, the same at all steps."""
        nodes = list(unit.members.values()) if isinstance(unit, Family) else [unit]
        known, first = self.d.forward.positions, nodes[0].record._value
        if not unit.leaf or nodes[0].literal or any(n.record in known or n.record.operation for n in nodes):
            return False
        return not self._seed(unit) and all(np.array_equal(node.record._value, first) for node in nodes)

    # -- what is a variable ---------------------------------------------------------------------

    def _initial_states(self) -> dict[Node, Family]:
        """Leaves that stand in for a member beside the first step, such as a<0>, with their family."""
        found: dict[Node, Family] = {}
        for unit in self.d.folded.units:
            if isinstance(unit, Family) and not self.d.is_backward(unit):
                for ref in unit.extension.values():
                    if isinstance(ref.unit, Node) and ref.unit.leaf:
                        found.setdefault(ref.unit, unit)
        return found

    def _carried(self) -> dict[Family, Family]:
        """Terms of a sum that come from the step before in the loop, each with the sum."""
        found: dict[Family, Family] = {}
        for unit in self.d.folded.units:
            if isinstance(unit, Family) and self.d.varies(unit):
                for use in unit.uses:
                    term = use.ref.unit
                    once = isinstance(term, Family) and abs(use.ref.shift) == 1 and self.d.uses[term] == 1
                    if once and self._in_time(unit, term):  # type: ignore[arg-type]
                        found[term] = unit  # type: ignore[index]
        return found

    def _in_time(self, total: Family, term: Family) -> bool:
        """Whether a loop reads the term's old value before it computes the new one."""
        for block in self.d.folded.loops:
            if total in block.units:
                return term in block.units and block.units.index(total) < block.units.index(term)
        return False

    def _variables(self) -> dict[Unit, None]:
        """Named units, carried terms, and whatever is used more than once and takes an operation to compute."""
        stops: dict[Unit, None] = dict.fromkeys(self.d.names)
        stops |= dict.fromkeys(self.carried)
        stops |= dict.fromkeys(self.d.outputs)
        uses = self.d.uses
        for unit in self.d.folded.units:
            if unit.leaf or unit in stops or uses[unit] < 2:
                continue
            tree = self._trees(stops).refer(Ref(unit))
            if size(tree) > 1 or not self._short(tree):
                stops[unit] = None
        # the adjoints of parameters have names; a sum over steps is one of them or is kept as a variable
        for unit in self.d.folded.units:
            if any(use.ref.every for use in self.d.folded.inputs[unit]) and unit.total:
                stops[unit] = None
            if isinstance(unit, Family) and self.d.varies(unit):
                stops[unit] = None
                # a term that is missing at the first or last step is zero there: it needs a place to be zero in
                stops |= {use.ref.unit: None for use in unit.uses if use.ref.shift and not use.ref.unit.leaf}
        constant = self.constant
        return {u: None for u in stops if record_of(u).ndim or constant(u) is None}

    def _short(self, tree: Tree) -> bool:
        """Whether writing an expression twice is not a loss: a name with a mark, such as W.T."""
        if not isinstance(tree, Apply) or _is_part_of_named(tree):
            return True
        marks, _ = Writer("source", lambda x: None).filled(tree, [("", ATOM)] * len(tree.operands))
        return len(marks) <= 2

    def _kept(self) -> set[Unit]:
        """Families whose values are needed at another step, in another loop, or by the other pass."""
        kept: set[Unit] = {u for u in self.d.outputs if isinstance(u, Family)}
        kept |= {u for u, owner in self.d.adjoint_of.items() if owner.leaf and isinstance(u, Family)}
        home: dict[Unit, int] = {}
        blocks = [*self.forward_blocks, *self.backward_blocks]
        for i, block in enumerate(blocks):
            home.update(dict.fromkeys(block.units, i))
        for unit in self.d.folded.units:
            if unit not in self.stops or unit.leaf:
                continue
            for named in self._names_of(unit):
                other = named.unit
                if not isinstance(other, Family) or other in self.carried:
                    continue
                where = home.get(unit)
                if isinstance(unit, Node):
                    where = None
                if named.shift or named.at is not None or home.get(other) != where:
                    kept.add(other)
        for block in blocks:
            for unit in block.units:
                for use in self.d.folded.inputs[unit]:
                    if use.ref.every and isinstance(use.ref.unit, Family):
                        body = self._trees(self.stops).refer(Ref(use.ref.unit))
                        for named in [*names_in(body), *self._sizes_in(body)]:
                            listed = not unit.total and named.unit is use.ref.unit
                            away = named.shift or home.get(named.unit) != home.get(use.ref.unit)
                            if isinstance(named.unit, Family) and (listed or away) and named.unit not in self.carried:
                                kept.add(named.unit)
        return kept

    def _names_of(self, unit: Unit) -> list[Named]:
        """What the statement of a unit names; the bodies of sums over time are looked at where they stand."""
        trees = self._trees(self.stops)
        tree = trees.definition(unit)
        found = [*names_in(tree, bodies=False), *self._sizes_in(tree)]
        if isinstance(unit, Family):
            for ref in unit.extension.values():
                found += names_in(trees.refer(ref))
        return found

    def _sizes_in(self, tree: Tree) -> list[Named]:
        """What is named only for its shape."""
        if isinstance(tree, Sum):
            return [n for term in tree.terms for n in self._sizes_in(term)]
        if isinstance(tree, Every):
            return self._sizes_in(tree.body)
        if isinstance(tree, Number) and tree.counted is not None:
            return names_in(tree.counted.tree)
        if not isinstance(tree, Apply):
            return []
        found = [n for x in tree.operands for n in self._sizes_in(x)]
        stack = list(tree.settings.values())
        while stack:
            value = stack.pop()
            if isinstance(value, Size):
                found += names_in(value.tree)
            elif isinstance(value, slice):
                stack += [value.start, value.stop]
            elif isinstance(value, tuple):
                stack += value
            elif hasattr(value, "sizes"):
                stack += value.sizes
        return found

    # -- names ----------------------------------------------------------------------------------

    def _own_function(self) -> OwnFunction | None:
        """The user's function, if its arguments tell T, and have no names that the program needs itself."""
        own = own_function(self.d)
        if own is None or set(own.arguments) & (OWN - {"parameters", "T"}):
            return None
        counts = {count(given.way) for given in own.given.values()} - {None}
        told = counts or not self.d.folded.loops
        return own if told and ("T" not in own.arguments or "T" in counts) else None

    def _name_own_arguments(self, arguments: list[Unit]) -> None:
        """What is an argument of the user's function, or an element of one, is called so."""
        if self.function is None:
            return
        self.taken.update(self.function.arguments)
        for unit in arguments:
            given = self.function.given.get(unit)
            in_steps = isinstance(unit, Family) and not self._is_begun(unit)
            if given is not None and (given.bare or in_steps):
                self.variables[unit] = str(given.way.root)

    def _name_variables(self) -> None:
        arguments = [u for u in self.d.folded.units if u.leaf and not (isinstance(u, Node) and u.literal)]
        arguments = [unit for unit in arguments if unit not in self.made]
        self._name_own_arguments(arguments)
        for unit in arguments:
            if unit in self.states and unit not in self.variables:
                family = self.states[unit]
                state = self.d.names.get(family) or self.d.own_name(family)
                own = unit.name if unit.name and not unit.given and unit.name != state else None
                begin = f"{state}_0" if state[-1:].isdigit() else f"{state}0"  # of hs_2, hs_20 would be another
                self._take(unit, self._placed(own or begin, family))
        for unit in arguments:
            if unit not in self.variables and not self._seed(unit):
                self._take(unit, self._placed(self.d.names.get(unit) or "constant", unit))
        for unit in [*self.d.folded.units, *self.stops]:
            if unit in self.variables or unit not in self.stops:
                continue
            if unit in self.carried:
                total = self.carried[unit]
                base = self.d.names.get(total) or "d" + self.d.own_name(self.d.adjoint_of.get(total, total))
                self._take(unit, self._placed(base, total) + "_next")
                continue
            base = self.d.names.get(unit) or self._adjoint_name(unit) or self.d.own_name(unit)
            self._take(unit, self._placed(base, unit))

    def _adjoint_name(self, unit: Unit) -> str | None:
        owner = self.d.adjoint_of.get(unit)
        return None if owner is None else "d" + self.d.own_name(owner)

    def _seed(self, unit: Unit) -> bool:
        return isinstance(unit, Node) and self.constant(unit) is not None

    def _placed(self, name: str, unit: Unit) -> str:
        """A name with layer and direction, as an identifier."""
        layer, direction = unit.lane
        word = "_".join([name, *([direction] if direction else []), *([f"layer{layer}"] if layer is not None else [])])
        return names.as_identifier(word)

    def _take(self, unit: Unit, word: str) -> None:
        candidate, number = word, 2
        if candidate in self.taken and isinstance(unit, Node) and unit.time is not None:
            candidate = word = f"{word}_{unit.time}"
        while candidate in self.taken:
            candidate, number = f"{word}_{number}", number + 1
        self.taken.add(candidate)
        self.variables[unit] = candidate


def _is_part_of_named(tree: Apply) -> bool:
    """Whether it is a view of something that has a name, such as p[:, 0:1]."""
    index = tree.settings.get("index")
    views = all(isinstance(part, (int, slice, StepIndex)) for part in (index if isinstance(index, tuple) else (index,)))
    return tree.operation.algebra == "part" and isinstance(tree.operands[0], Named) and views
