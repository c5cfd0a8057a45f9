"""The tree of any unit of a folded recording: written out down to the units that have a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.core.notation import TimeAxis
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.folding.folded import Folded
from autograd_seq.folding.provenance import COUNT, LENGTH, Origin
from autograd_seq.folding.step_index import ENDS, GivenAt, GivenIndex, StepIndex, given_at, given_in
from autograd_seq.folding.time_axis import time_axis
from autograd_seq.folding.unit import Family, Node, Ref, Unit
from autograd_seq.writer.gathered import joined_parts
from autograd_seq.writer.numerals import as_meant, as_number
from autograd_seq.writer.simpler import simplified, without_double_minus, without_double_transpose
from autograd_seq.writer.terms import collected
from autograd_seq.writer.tree import Apply, Assumption, Count, Every, Named, Number, Size, Sizes, Sum, Tree, record_of

_TIMES = BY_NUMPY[np.multiply]


class Trees:
    """Builds the tree of any unit of a folded recording.

    Parameters
    ----------
    folded : Folded
        The recording.
    stops : mapping
        By unit, what is called by its name; everything else is written out. It may grow.
    general : bool
        Whether what is written is for arrays of other sizes too: a number that follows from a size is none then.
    """

    def __init__(self, folded: Folded, stops: Mapping[Unit, Any], general: bool = False) -> None:
        self.folded = folded
        self.stops = stops
        self.general = general
        self._steps = max((u.times[-1] for u in folded.inputs if isinstance(u, Family)), default=0)
        self._written: dict[tuple[Unit, int, int | None], Tree] = {}  # what is used often is one tree
        self._stopped = 0
        self._constants: dict[Unit, float | None] = {}
        self._assumed: dict[Any, list[Assumption]] = {}  # by unit, and by what was written
        self._assuming: list[Assumption] = []

    def definition(self, unit: Unit, time: int | None = None, at: int | None = None) -> Tree:
        """What a unit is made of, in the middle; with `time` as it is at that step, boundaries included.

        With `at` in addition, which is the same step, all that it names is named at its own step, without a t.
        """
        self._assuming = []
        tree = self._write(unit, 0, at, time)
        self._assumed[unit] = self._assuming
        return tree

    def assumed(self, unit: Unit) -> tuple[Assumption, ...]:
        """What has to hold of the data for the definition of a unit that was asked for last."""
        found = self._assumed.get(unit, [])
        return tuple(x for i, x in enumerate(found) if x not in found[:i])

    def refer(self, ref: Ref, shift: int = 0, at: int | None = None) -> Tree:
        """The tree for one use."""
        unit = ref.unit
        if isinstance(unit, Node) and unit.literal:
            return Number(as_number(unit.record._value), unit.origin)
        if not record_of(unit).ndim and (constant := self.constant(unit)) is not None:
            return Number(constant, divided=self._divided(unit))
        if ref.at is not None:
            shift, at = 0, ref.at
        elif isinstance(unit, Family):
            shift, at = (0, at + ref.shift) if at is not None else (shift + ref.shift, None)
        else:
            shift, at = 0, None
        if isinstance(unit, Family) and at is not None and at in unit.extension and at not in unit.members:
            return self.refer(unit.extension[at])
        if unit in self.stops or unit.leaf:
            return Named(unit, shift, at)
        if self._stopped != len(self.stops):
            self._written, self._stopped = {}, len(self.stops)
        key = unit, shift, at
        if key not in self._written:
            outside, self._assuming = self._assuming, []
            self._written[key] = self._write(unit, shift, at)
            outside, self._assumed[key] = [*outside, *self._assuming], self._assuming
            self._assuming = outside
        else:
            self._assuming.extend(self._assumed[key])
        return self._written[key]

    def _write(self, unit: Unit, shift: int, at: int | None, boundary: int | None = None) -> Tree:
        uses = self.folded.inputs[unit]
        operands: list[Tree] = []
        for use in uses:
            ref = use.ref
            if ref.every:
                body = self.refer(Ref(ref.unit))
                operands.append(Every(body, ref.unit, unit.total))  # type: ignore[arg-type]
                continue
            if boundary is not None and isinstance(ref.unit, Family) and ref.at is None:
                there = boundary + ref.shift
                if there not in ref.unit.members:
                    stand_in = ref.unit.extension.get(there)
                    if stand_in is not None:
                        operands.append(self.refer(stand_in))
                    continue  # nothing there: a term that is zero
            operands.append(self.refer(ref, shift, at))
        if unit.total:
            operands = self._as_often(operands, unit)
            if len(operands) == 1 and not isinstance(operands[0], Every):
                return operands[0]
            return self._tidy(Sum(tuple(operands)), unit)
        if unit.operation is None:
            return Named(unit, shift, at)
        settings = {k: self._sized(_given(v, k, unit), k, unit, shift, at) for k, v in unit.settings.items()}
        operands = [self._counted(x, unit, shift, at) for x in operands]
        constants = [self.constant(use.ref.unit) for use in uses] if len(operands) == len(uses) else []
        applied = Apply(unit.operation, tuple(operands), settings, unit, shift, at)
        if unit.operation.algebra == "gathered parts":
            applied = joined_parts(applied, unit.settings["indices"])
        return self._tidy(simplified(applied, constants), unit)

    def _as_often(self, terms: list[Tree], unit: Unit) -> list[Tree]:
        """Terms, where one that every step adds anew stands once, T times."""
        steps = self._steps - self.folded.turns
        if not isinstance(unit, Node) or steps < 3 or len(terms) < steps:
            return terms
        found: dict[Tree, int] = {}
        for term in terms:
            if not isinstance(term, Named):
                return terms
            found[term] = found.get(term, 0) + 1
        if any(n % steps for n in found.values()):
            return terms
        often = Number(self._steps, Origin(LENGTH, "T", False, ("T", 0)))
        return [Apply(_TIMES, (often, term), {}, unit) for term, n in found.items() for _ in range(n // steps)]

    def _tidy(self, tree: Tree, unit: Unit) -> Tree:
        """What the sweep made, as one would write it; what somebody wrote stays as it is written."""
        of_sweep = (unit.any if isinstance(unit, Family) else unit).owner is not None
        if not of_sweep:
            return tree
        return collected(without_double_transpose(without_double_minus(tree)), self._assuming.append)

    # -- numbers that follow from shapes

    def _counted(self, tree: Tree, unit: Unit, shift: int, at: int | None) -> Tree:
        """A number of elements with what it counts: what the forward record made fewer."""
        if not isinstance(tree, Number) or tree.origin is None or tree.origin.kind != COUNT:
            return tree
        owner = (unit.any if isinstance(unit, Family) else unit).owner
        assert owner is not None
        if isinstance(unit, Node) and owner.family is not None:
            at = owner.time
        axis, ndim = owner.settings.get("axis"), owner.inputs[0].record.ndim
        axes = None if axis is None else tuple(a % ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
        return replace(tree, counted=Count(self._owner_input(owner, 0, shift, at), axes))

    def _sized(self, value: Any, key: str, unit: Unit, shift: int, at: int | None) -> Any:
        """A setting of a backward record, written by the shapes that it came from."""
        owner = (unit.any if isinstance(unit, Family) else unit).owner
        if key == "axis":
            return _of_time(value, unit.any if isinstance(unit, Family) else unit)
        if owner is None or owner.leaf or owner.total:
            return value
        if isinstance(unit, Node) and owner.family is not None:
            at = owner.time  # one step's own, outside of any loop
        shapes = [x.record.shape for x in owner.inputs]
        if "shape" in key and isinstance(value, tuple) and value and all(type(p) is int for p in value):
            for i, shape in enumerate(shapes):
                if shape == value:
                    return Size(self._owner_input(owner, i, shift, at), None, value)
        if key == "index":
            whole = record_of(self.folded.inputs[unit][0].ref.unit).shape
            return self._cut_index(value, owner, whole, shift, at)
        if key == "indices":
            return tuple(self._cut_index(index, owner, unit.settings["shape"], shift, at) for index in value)
        return value

    def _cut_index(self, index: Any, owner: Node, whole: Sequence[int], shift: int, at: int | None) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if not all(isinstance(part, (int, slice, StepIndex)) for part in parts):
            return index  # which part is of which axis is not known
        cut = [self._cut(part, k, owner, whole, shift, at) for k, part in enumerate(parts)]
        return tuple(cut) if isinstance(index, tuple) else cut[0]

    def _cut(self, part: Any, axis: int, owner: Node, whole: Sequence[int], shift: int, at: int | None) -> Any:
        if not isinstance(part, slice) or part.step is not None or axis >= len(whole):
            return part

        def bound(value: Any, natural: int) -> Any:
            if value == natural:
                return None
            if type(value) is not int:
                return value
            total = 0
            sizes = []
            for i, x in enumerate(owner.inputs):
                if x.record.ndim <= axis:
                    return value
                total += x.record.shape[axis]
                sizes.append(Size(self._owner_input(owner, i, shift, at), axis, x.record.shape[axis]))
                if total == value:
                    return sizes[0] if len(sizes) == 1 else Sizes(tuple(sizes))
            return value

        return slice(bound(part.start, 0), bound(part.stop, whole[axis]))

    def _owner_input(self, owner: Node, i: int, shift: int, at: int | None) -> Tree:
        unit = owner.family or owner
        if unit in self.folded.inputs and len(self.folded.inputs[unit]) == len(owner.inputs):
            return self.refer(self.folded.inputs[unit][i].ref, shift, at)
        made = owner.inputs[i]
        if made.family is not None:  # one step of it, though the owner joins all
            return self.refer(Ref(made.family, at=made.time))
        return Named(made, shift, at)

    def constant(self, unit: Unit) -> float | None:
        """The number that every element of a unit is because the sweep starts from 1; None for anything else."""
        if unit not in self._constants:
            self._constants[unit] = self._filled(unit)  # so that a carry, which is made from itself, is asked once
            self._constants[unit] = self._find_constant(unit)
        return self._constants[unit]

    def _find_constant(self, unit: Unit) -> float | None:
        node = unit.any if isinstance(unit, Family) else unit
        if node.literal:
            return None
        if node.leaf:
            seed = node.owner is None and node.record in self.folded.seeds
            return 1.0 if seed and bool((node.record._value == 1).all()) else None
        if node.owner is None:
            return None
        uses = self.folded.inputs.get(unit, [])
        if not uses or any(use.ref.every for use in uses):
            return None
        for use in uses:
            x = use.ref.unit
            if isinstance(x, Node) and x.literal:
                if x.origin is not None and (self.general or x.origin.counts is not None):
                    return None
            elif self.constant(x) is None and not (_adds(unit) and self._one_hot(x)):
                return None
        return self._filled(unit)

    def _one_hot(self, unit: Unit) -> bool:
        """Whether it is a constant at some places and 0 at the others: the sum is the same wherever they are."""
        gathered = unit.operation is not None and unit.operation.algebra == "gathered parts"
        behind = [use.ref.unit for use in self.folded.inputs.get(unit, [])]
        if unit.operation is None and len(behind) == 1:  # a sum of one use
            return self._one_hot(behind[0])
        return gathered and all(self.constant(x) is not None for x in behind)

    def _divided(self, unit: Unit) -> bool:
        """Whether a constant came by a division."""
        if unit.operation is not None and unit.operation.algebra == "quotient":
            return True
        return any(self._divided(use.ref.unit) for use in self.folded.inputs.get(unit, []) if not use.ref.shift)

    def _filled(self, unit: Unit) -> float | None:
        """The number that every element of a unit is, at every step."""
        nodes = unit.members.values() if isinstance(unit, Family) else [unit]
        first = record_of(unit)._value
        if not first.size or first.dtype.kind == "c":
            return None
        number = first.flat[0]
        same = all((node.record._value == number).all() for node in nodes)
        return float(as_meant(np.asarray(number))) if same else None


def _adds(unit: Unit) -> bool:
    return unit.operation is not None and unit.operation.reduces is np.add


def _given(value: Any, key: str, unit: Unit) -> Any:
    """A setting of a single record; where data gave an index, it is called by its name."""
    if not isinstance(unit, Node) or key not in ("index", "indices"):
        return value
    if key == "indices":
        return tuple(_given_index(index, unit, i) for i, index in enumerate(value))
    return _given_index(value, unit, 0)


def _given_index(index: Any, node: Node, number: int) -> Any:
    """An index with what data gave; that of one step of a loop is what the loop has there."""
    origins, picked = node.index_origins(number), node.picked[number] if number < len(node.picked) else node
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) != len(origins) or picked is None:
        return index
    if picked.family is not None and picked.time is not None:
        looped = picked.family.settings["index"]
        known = looped if isinstance(looped, tuple) else (looped,)
        named = tuple(_as_in_loop(part, there, picked.time) for part, there in zip(parts, known, strict=True))
    else:
        place, time = picked.order, picked.time
        given = partial(given_at, place=place, time=time)
        named = tuple(given_in(part, origin, given) for part, origin in zip(parts, origins, strict=True))
    return named if isinstance(index, tuple) else named[0]


def _as_in_loop(part: Any, looped: Any, time: int) -> Any:
    """A part of an index of one step of a loop, where data give it: as the loop has it there."""
    if isinstance(part, slice) and isinstance(looped, slice):
        return slice(*(_as_in_loop(getattr(part, end), getattr(looped, end), time) for end in ENDS))
    return GivenAt(looped, time) if isinstance(looped, GivenIndex) else part


def _of_time(axis: Any, node: Node) -> Any:
    """An axis as one of time, where what is added up along it goes along time."""
    (one,) = axis if isinstance(axis, tuple) and len(axis) == 1 else (axis,)
    if type(one) is not int or node.operation is None or not node.operation.along or not node.inputs:
        return axis
    x = node.inputs[0]
    if node.record.shape == x.record.shape or time_axis(x) != one % max(x.record.ndim, 1):
        return axis
    return TimeAxis(one)
