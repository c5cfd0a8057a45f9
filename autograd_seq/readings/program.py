"""Writes a derivation as statements: where loops begin, what they add up, and what they begin with."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.notation import ATOM, PRODUCT, SUM, Form, Written, literal
from autograd_seq.core.operation import Operation
from autograd_seq.folding.folded import Block
from autograd_seq.folding.step_index import GivenIndex
from autograd_seq.folding.unit import Family, Node, Ref, Unit
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.own_arguments import ONE_HOT, element, length_of, lengths
from autograd_seq.readings.own_helper import own_helper
from autograd_seq.readings.own_operation import is_own, written_out
from autograd_seq.readings.variables import Variables
from autograd_seq.writer import Steps, Writer
from autograd_seq.writer.tree import Apply, Every, Named, Number, Size, Sum, Tree, names_in, record_of

INDENT = "    "


@dataclass(frozen=True)
class Line:
    """A line of the program.

    Attributes
    ----------
    text : str
        The statement.
    unit : Family or Node
        What it computes.
    depth : int
        1 inside a loop, else 0.
    """

    text: str
    unit: Unit
    depth: int = 0


class ProgramWriter(Variables):
    """Writes one derivation.

    Parameters
    ----------
    derivation : Derivation
        What to write.
    name : str
        What the functions' names begin with.
    """

    def __init__(self, derivation: Derivation, name: str) -> None:
        super().__init__(derivation)
        self.name = name
        self.helpers: dict[str, None] = {}
        self._helper_words: dict[str, str] = {}  # of the author's helpers, by their names
        self.own: dict[Operation, tuple[str, str]] = {}  # how users' operations would be called, and are
        self.given: dict[tuple[str, Hashable], str] = {}  # what is an argument besides the leaves
        steps = Steps(self._size, self._every, self._given, self._number, self._time)
        self.write = _InOwnWords("source", self._call, steps=steps)
        self.write.form_of = self._form_of

    # -- how things are written -----------------------------------------------------------------

    def _time(self, shift: int, at: int | None) -> str:
        if at is None:
            return "t" if not shift else f"t {'-' if shift < 0 else '+'} {abs(shift)}"
        away = at - self.last
        if self.d.folded.loops and self.last > 2 and away >= -1:
            return "T" if not away else f"T {'-' if away < 0 else '+'} {abs(away)}"
        return str(at)

    def _call(self, named: Named) -> str:
        unit = named.unit
        if unit in self.made:
            return self._constant(unit)
        variable = self.variables[unit]
        if not isinstance(unit, Family):
            return variable
        if unit.leaf and unit not in self.begun:
            return self.element(unit, named.shift, named.at)
        if unit in self.kept or unit in self.begun:
            return f"{variable}[{self._time(named.shift, named.at)}]"
        return variable

    def element(self, unit: Family, shift: int = 0, at: int | None = None) -> str:
        """One step of what is given for all."""
        given = None if self.function is None else self.function.given.get(unit)
        if given is None:
            return f"{self.variables[unit]}[{self._step_of(unit, shift, at)}]"
        if any(way.word == "one-hot" for way in given.way.walk()):
            self.helpers[ONE_HOT.strip()] = None
        return element(given, self._time, self.last, shift, at)

    def axis(self, unit: Unit, number: int) -> str:
        """The length of an axis of an argument, or of its element at one step."""
        given = None if self.function is None else self.function.given.get(unit)
        return f"{self.variables[unit]}.shape[{number}]" if given is None else given.way.axis(number)

    @cached_property
    def lengths(self) -> dict[str, int]:
        """What the arguments of the user's function tell of lengths."""
        return {} if self.function is None else lengths(self.function, self.last)

    def _step_of(self, unit: Family, shift: int, at: int | None) -> str:
        """The index of one step in an argument that holds all."""
        first = unit.times[0]
        axes = ":, " * record_of(unit).ndim if record_of(unit).ndim <= 2 else "..., "
        return f"{axes}{self._time(shift - first, None if at is None else at - first)}"

    def _range(self, times: list[int]) -> str:
        """The steps from the first to the last, for a loop."""
        away = times[-1] + 1 - self.last  # of the step behind
        last = self._time(0, times[-1])
        behind = self._time(0, times[-1] + 1) if away <= 1 or last.isdigit() else "T + 2"
        return f"range({times[0]}, {behind})"

    def _constant(self, unit: Unit) -> str:
        """An array that a rule of the sweep made, such as the ones of an einsum."""
        value = record_of(unit)._value
        if value.ndim == 2 and np.array_equal(value, np.eye(len(value))):
            return f"np.eye({len(value)})"
        if value.size and (value == value.flat[0]).all():
            return f"np.full({literal(value.shape)}, {literal(value.flat[0])})"
        return literal(value)

    def _size(self, size: Size) -> str:
        if isinstance(size.tree, Named) and size.axis is not None and self._is_element(size.tree.unit):
            return self.axis(size.tree.unit, size.axis)
        text = self.write(size.tree, 60)
        return f"{text}.shape" if size.axis is None else f"{text}.shape[{size.axis}]"

    def _is_element(self, unit: Unit) -> bool:
        return self.function is not None and unit in self.function.given and unit not in self.begun

    # -- numbers that are no numbers of the program's text ---------------------------------------

    def _number(self, number: Number) -> Written | None:
        """A length by the array that has it; what else is not of the program's text, by the name of an argument."""
        if number.counted is not None:
            tree, axes = number.counted.tree, number.counted.axes
            text = self.write(tree, ATOM)
            if axes is None:
                return f"np.size({self.write(tree)})", ATOM
            return " * ".join(f"{text}.shape[{axis}]" for axis in axes), ATOM if len(axes) == 1 else PRODUCT
        if number.origin is None or number.origin.length is None:
            return None
        told = length_of(*number.origin.length, number.value, self.lengths)
        found = told or self.length(number.value)
        if not found and self.function is not None:
            return None  # nobody could give it: the program says that it is for this size
        return None if found is None else (found or self.argument(number.origin.words or "length", number.value), ATOM)

    def length(self, value: Any) -> str | None:
        """What has that length: T, or an axis of an argument; empty if that is not certain, None if it never varies."""
        steps = bool(self.d.folded.loops) and value == self.last
        found, fixed = [], False
        for unit in self.variables:
            if unit.leaf and self.d.in_forward(unit) and not (self.function is not None and unit in self.function.made):
                for axis, n in enumerate(record_of(unit).shape):
                    if n == value and unit in self.d.parameters:
                        fixed = True
                    elif n == value:
                        found.append(self.axis(unit, axis))
        if fixed or (steps and found):
            return "" if found or steps else None
        return "T" if steps else found[0] if found else ""

    def _given(self, index: GivenIndex, shift: int, at: int | None) -> str:
        """An index that data gave: an element of an argument."""
        first = index.values[0][0]
        variable = self.argument(index.words or "index", index)
        if first is None:
            return variable
        return f"{variable}[{self._time(shift - first, None if at is None else at - first)}]"

    def argument(self, words: str, given: Hashable) -> str:
        """The argument by which something is given that no leaf of the recording is."""
        key = words, given
        if key not in self.given:
            name, word, number = names.as_identifier(words), names.as_identifier(words), 2
            own = self.function is not None and word in self.function.arguments and word not in self.given.values()
            while word in self.taken and not own:
                word, number = f"{name}_{number}", number + 1
            self.taken.add(word)
            self.given[key] = word
        return self.given[key]

    def _every(self, family: Family, body: Written, summed: bool) -> Written:
        series = f"{body[0]} for t in {self._range(family.times)}"
        return (f"sum({series})", 60) if summed else (f"*({series})", 0)

    # -- statements -----------------------------------------------------------------------------

    @cached_property
    def forward_lines(self) -> list[Line]:
        """The statements of the forward pass."""
        return list(map(self._in_own_words, self._lines(self.forward_blocks)))

    @cached_property
    def backward_lines(self) -> list[Line]:
        """The statements of the backward pass."""
        return list(map(self._in_own_words, self._lines(self.backward_blocks)))

    def _lines(self, blocks: list[Block]) -> list[Line]:
        lines: list[Line] = [*map(self._by_step, self.begun)] if blocks is self.forward_blocks else []
        totals = self._running(blocks)
        for block in blocks:
            if not block.loop:
                for unit in block.units:
                    if unit in self.stops and unit not in totals:
                        lines.append(Line(f"{self._left(unit)} = {self._right(unit)}", unit))
                    elif unit in totals:
                        lines.extend(self._rest(unit))
            else:
                lines.extend(self._loop(block, totals))
        return lines

    def _by_step(self, unit: Family) -> Line:
        """Data of every step together with what stands before the first or after the last."""
        held = [f"{self._time(0, t)}: {self._referred(ref)}" for t, ref in unit.extension.items()]
        variable = self.variables[unit]
        data = f"**{{t: {self.element(unit)} for t in {self._range(unit.times)}}}"
        return Line(f"{variable} = {{{', '.join([*held, data])}}}", unit)

    def _running(self, blocks: list[Block]) -> set[Unit]:
        """Sums over time, which a loop adds up as it goes."""
        return {
            unit
            for block in blocks
            for unit in block.units
            if isinstance(unit, Node) and unit.total and any(u.ref.every for u in self.d.folded.inputs[unit])
        }

    def _rest(self, unit: Unit) -> list[Line]:
        """The terms of a sum over time that are outside of time."""
        rest = [use.ref for use in self.d.folded.inputs[unit] if not use.ref.every]
        variable = self.variables[unit]
        return [Line(f"{variable} = {variable} + {self._referred(ref, SUM + 1)}", unit) for ref in rest]

    def _loop(self, block: Block, totals: set[Unit]) -> list[Line]:
        lines: list[Line] = []
        inside: list[Line] = []
        adds: dict[Unit, list[Unit]] = {}
        for total in totals:
            for use in self.d.folded.inputs[total]:
                if use.ref.every:
                    adds.setdefault(use.ref.unit, []).append(total)
        said = [unit for unit in block.units if isinstance(unit, Family) and (unit in self.stops or unit in adds)]
        times = sorted({t for unit in said for t in unit.times})
        for family in said:
            inside.extend(self._step(family, times, adds.get(family, [])))
        for unit in block.units:
            for total in adds.get(unit, []):
                if not any(line.unit is total for line in lines):
                    lines.append(Line(f"{self.variables[total]} = {self._zero(total)}", total))
        lines = [line for line in lines if not self._begun(line.unit, block)]
        lines.extend(self._before(block))
        if not inside:
            return lines
        ends = self._time(0, times[-1])
        if block.direction < 0:
            head = f"for t in range({ends}, {times[0] - 1}, -1):"
        else:
            head = f"for t in {self._range(times)}:"
        return [*lines, Line(head, block.units[0]), *inside]

    def _begun(self, total: Unit, block: Block) -> bool:
        """Whether an earlier loop has begun a sum already."""
        families = {use.ref.unit for use in self.d.folded.inputs[total] if use.ref.every}
        for other in [*self.forward_blocks, *self.backward_blocks]:
            if other is block:
                return False
            if families & set(other.units):
                return True
        return False

    def _before(self, block: Block) -> list[Line]:
        """What a loop needs to begin with: dictionaries by step, initial states, carried terms."""
        lines = []
        for unit in block.units:
            if not isinstance(unit, Family) or unit not in self.stops:
                continue
            if unit in self.carried:
                total = self.carried[unit]
                use = next(use for use in total.uses if use.ref.unit is unit)
                at = (total.times[-1] if use.ref.shift > 0 else total.times[0]) + use.ref.shift
                ref = unit.extension.get(at)
                zero = self._zero(total, at - use.ref.shift) if ref is None else self._referred(ref)
                lines.append(Line(f"{self.variables[unit]} = {zero}", unit))
            elif unit in self.kept:
                held = [f"{self._time(0, t)}: {self._referred(r)}" for t, r in unit.extension.items()]
                if unit in self._read_by_totals():
                    for t, zero in self._missing(unit):
                        held.append(f"{self._time(0, t)}: {zero}")
                lines.append(Line(f"{self.variables[unit]} = {{{', '.join(held)}}}", unit))
        return lines

    def _read_by_totals(self) -> set[Unit]:
        return {
            use.ref.unit
            for unit in self.d.folded.units
            if isinstance(unit, Family) and self.d.varies(unit)
            for use in unit.uses
        }

    def _missing(self, unit: Family) -> list[tuple[int, str]]:
        found = []
        for total in self.d.folded.units:
            if isinstance(total, Family) and total.total:
                for use in total.uses:
                    if use.ref.unit is unit:
                        for t in total.times:
                            at = t + use.ref.shift
                            if at not in unit.members and at not in unit.extension:
                                found.append((at, self._zero(total, t)))
        return found

    def _zero(self, total: Unit, time: int | None = None) -> str:
        """Zeros of the shape of a sum: that of the forward value whose adjoint it is, where there is one."""
        owner = self.d.adjoint_of.get(total)
        if not record_of(total).shape:
            return "0.0"
        if owner is not None:
            named = Named(owner, 0, time if isinstance(owner, Family) else None)
            if owner in self.variables and (owner in self.kept or owner.leaf or isinstance(owner, Node)):
                return f"np.zeros_like({self._call(named)})"
        return "0.0"

    def _step(self, unit: Family, times: list[int], totals: list[Unit]) -> list[Line]:
        """The statements for one family inside its loop."""
        statements = []
        if unit in self.stops:
            statements.append(Line(f"{self._left(unit)} = {self._right(unit)}", unit, 1))
        for total in totals:
            statements += [Line(text, total, 1) for text in self._added(unit, total)]
        missing = [t for t in times if t not in unit.members]
        if statements and missing and not self._harmless(unit, missing):
            first, end = unit.times[0], unit.times[-1]
            last = self._time(0, end)
            test = [f"t >= {first}"] * (first > times[0]) + [f"t <= {last}"] * (end < times[-1])
            head = Line(f"if {' and '.join(test)}:", unit, 1)
            return [head, *(Line(line.text, line.unit, 2) for line in statements)]
        return statements

    def _added(self, unit: Family, total: Unit) -> list[str]:
        """What a step adds to a sum: to all of it, or to the parts that the step has read."""
        tree = self.trees.refer(Ref(unit))
        variable = self.variables[total]
        gathers = isinstance(tree, Apply) and tree.operation.algebra == "gathered parts"
        if not gathers or self._zero(total) == "0.0":
            self._note_helpers(tree)
            return [f"{variable} += {self._bare(self.write(tree, SUM + 1))}"]
        assert isinstance(tree, Apply)
        lines = []
        for x, index in zip(tree.operands, tree.settings["indices"], strict=True):
            self._note_helpers(x)
            where, piece = self.write.index(index, tree), self.write(x)
            at_once = f"{variable}[{where}] += {piece}"
            lines.append(at_once if _is_plain(index) else f"np.add.at({variable}, np.s_[{where}], {piece})")
        return lines

    def _bare(self, text: str) -> str:
        return text[1:-1] if text.startswith("(") and text.endswith(")") and _balanced(text[1:-1]) else text

    def _harmless(self, unit: Family, missing: Iterable[int]) -> bool:
        """Whether a step more can be computed that nobody reads: all it needs is there."""
        if not self.d.is_backward(unit) or unit not in self.stops:
            return False
        for named in names_in(self.trees.definition(unit)):
            other = named.unit
            if isinstance(other, Family) and (other in self.kept or not self.d.is_backward(other)):
                there = {*other.members, *other.extension, *(t for t, _ in self._missing(other))}
                if any(t + named.shift not in there for t in missing):
                    return False
        return True

    def _left(self, unit: Unit) -> str:
        return self._call(Named(unit))

    def _right(self, unit: Unit) -> str:
        return self.write(self._bounded(unit))

    def _bounded(self, unit: Unit) -> Tree:
        """The definition of a unit; the sum of nothing is zero."""
        tree = self.trees.definition(unit)
        self._note_helpers(tree)
        return Number(0.0) if isinstance(tree, Sum) and not tree.terms else tree

    def _referred(self, ref: Ref, level: int = 0) -> str:
        """The text for one use."""
        tree = self.trees.refer(ref)
        self._note_helpers(tree)
        return self.write(tree, level)

    def _note_helpers(self, tree: Tree) -> None:
        if isinstance(tree, Apply):
            helper = self.write.form(tree).helper
            if helper:
                self.helpers[helper.strip()] = None
            elif is_own(tree.operation):
                self._note_own(tree)
            for x in tree.operands:
                self._note_helpers(x)
        elif isinstance(tree, Sum):
            for term in tree.terms:
                self._note_helpers(term)
        elif isinstance(tree, Every):
            self._note_helpers(tree.body)

    def _form_of(self, tree: Apply, otherwise: Form) -> Form:
        """How an operation is written: by the author's helper for it, if nothing else has that name."""
        form = own_helper(tree, otherwise)
        word = "" if form is None else form.helper[len("def ") : form.helper.index("(")]
        if form is None or word in self.taken or self._helper_words.setdefault(word, form.helper) != form.helper:
            return otherwise
        return form

    def _note_own(self, tree: Apply) -> None:
        """A user's operation that says nothing of how it is written is a function of the program's."""
        operation = tree.operation
        called = f"np.{operation.name}("
        written, _ = self.write.filled(tree, [("x", ATOM)] * len(tree.operands))
        if operation not in self.own and written.startswith(called):
            word = names.as_identifier(operation.name)
            self.own[operation] = called, f"{word}("
            self.helpers[written_out(operation, word)] = None

    def _in_own_words(self, line: Line) -> Line:
        text = line.text
        for called, word in self.own.values():
            text = text.replace(called, word)
        return replace(line, text=text)


class _InOwnWords(Writer):
    """A writer of source that asks how an operation is written."""

    form_of: Callable[[Apply, Form], Form]

    def form(self, x: Any) -> Form:
        return self.form_of(x, super().form(x)) if isinstance(x, Apply) else super().form(x)


def _is_plain(index: Any) -> bool:
    """Whether an index reads no element twice."""
    if isinstance(index, GivenIndex):
        return all(_is_plain(value) for _, value in index.values)
    parts = index if isinstance(index, tuple) else (index,)
    return all(_is_plain(p) if isinstance(p, GivenIndex) else not isinstance(p, (list, np.ndarray)) for p in parts)


_ASSIGNMENT = re.compile(r"^(\w+)(?:\[[^]]*\])? \+?= (.*)$")


def live(lines: list[Line], wanted: set[str]) -> list[Line]:
    """The statements that something wanted depends on; what is computed and never read is left out."""
    while True:
        read = set(wanted)
        for line in lines:
            found = _ASSIGNMENT.match(line.text)
            read.update(re.findall(r"[^\W\d]\w*", found[2] if found else line.text))
        kept = [line for line in lines if not (found := _ASSIGNMENT.match(line.text)) or found[1] in read]
        heads = [
            line
            for i, line in enumerate(kept)
            if line.text.startswith(("for ", "if ")) and (i + 1 == len(kept) or kept[i + 1].depth <= line.depth)
        ]
        kept = [line for line in kept if not any(line is head for head in heads)]
        if len(kept) == len(lines):
            return lines
        lines = kept


def _balanced(text: str) -> bool:
    depth = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if depth < 0:
            return False
    return depth == 0
