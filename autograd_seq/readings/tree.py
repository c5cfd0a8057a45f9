"""Expressions as trees before they are text: operations over named things, at a step t.

A tree is built from a folded recording, stops at the units that have a name, and can be
evaluated against the recorded values, so that what is printed can be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.operation import Operation
from autograd_seq.readings.folded import Family, Folded, Ref, Unit
from autograd_seq.readings.nodes import Node
from autograd_seq.readings.step_index import at_step


@dataclass(frozen=True)
class Named:
    """A unit called by its name: at step t + shift, or at step `at`, or at none."""

    unit: Unit
    shift: int = 0
    at: int | None = None


@dataclass(frozen=True)
class Number:
    """A number."""

    value: Any


@dataclass(frozen=True)
class Apply:
    """An operation on operands."""

    operation: Operation
    operands: tuple[Tree, ...]
    parameters: Mapping[str, Any]
    unit: Unit
    shift: int = 0
    at: int | None = None


@dataclass(frozen=True)
class Sum:
    """Terms added up."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True)
class Every:
    """The body at every step of a family: terms of a sum, or arrays of a list."""

    body: Tree
    family: Family
    summed: bool


@dataclass(frozen=True, eq=False)
class Size:
    """A length that a setting has because an array has it: its axis, or its whole shape."""

    tree: Tree
    axis: int | None
    value: Any


Tree = Named | Number | Apply | Sum | Every


class Trees:
    """Builds the tree of any unit of a folded recording.

    Parameters
    ----------
    folded : Folded
        The recording.
    stops : container of units
        What is called by its name; everything else is written out.
    """

    def __init__(self, folded: Folded, stops: Container[Unit]) -> None:
        self.folded = folded
        self.stops = stops
        self._constants: dict[Unit, float | None] = {}

    def definition(self, unit: Unit, time: int | None = None) -> Tree:
        """What a unit is made of, in the middle; with `time`, as it is at that step, boundaries included."""
        return self._write(unit, 0, None, time)

    def refer(self, ref: Ref, shift: int = 0, at: int | None = None) -> Tree:
        """The tree for one use."""
        unit = ref.unit
        if isinstance(unit, Node) and unit.literal:
            return Number(unit.record._value.item())
        if not record_of(unit).ndim and (constant := self.constant(unit)) is not None:
            return Number(constant)
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
        return self._write(unit, shift, at)

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
            return operands[0] if len(operands) == 1 and not isinstance(operands[0], Every) else Sum(tuple(operands))
        if unit.operation is None:
            return Named(unit, shift, at)
        parameters = {k: self._sized(v, k, unit, shift, at) for k, v in unit.parameters.items()}
        constants = [self.constant(use.ref.unit) for use in uses] if len(operands) == len(uses) else []
        tree = simplified(Apply(unit.operation, tuple(operands), parameters, unit, shift, at), constants)
        of_sweep = (unit.any if isinstance(unit, Family) else unit).owner is not None
        return without_double_minus(tree) if of_sweep else tree

    # -- numbers that follow from shapes

    def _sized(self, value: Any, key: str, unit: Unit, shift: int, at: int | None) -> Any:
        """A setting of a backward record, written by the shapes that it came from."""
        owner = (unit.any if isinstance(unit, Family) else unit).owner
        if owner is None or owner.leaf:
            return value
        shapes = [x.record.shape for x in owner.inputs]
        operand = record_of(self.folded.inputs[unit][0].ref.unit).shape
        parts = value if isinstance(value, tuple) else (value,)
        if value and all(type(p) is int for p in parts) and isinstance(value, tuple) and "shape" in key:
            for i, shape in enumerate(shapes):
                if shape == value:
                    return Size(self._owner_input(owner, i, shift, at), None, value)
        if any(isinstance(p, slice) for p in parts):
            cut = [self._cut(p, k, owner, operand, shift, at) for k, p in enumerate(parts)]
            return tuple(cut) if isinstance(value, tuple) else cut[0]
        return value

    def _cut(self, part: Any, axis: int, owner: Node, operand: Any, shift: int, at: int | None) -> Any:
        if not isinstance(part, slice) or part.step is not None or axis >= len(operand):
            return part

        def bound(value: Any) -> Any:
            if type(value) is not int or value in (0, operand[axis]):
                return None
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

        return slice(bound(part.start), bound(part.stop))

    def _owner_input(self, owner: Node, i: int, shift: int, at: int | None) -> Tree:
        unit = owner.family or owner
        if unit in self.folded.inputs and len(self.folded.inputs[unit]) == len(owner.inputs):
            return self.refer(self.folded.inputs[unit][i].ref, shift, at)
        return Named(owner.inputs[i].family or owner.inputs[i], shift, at)

    def constant(self, unit: Unit) -> float | None:
        """The number that every element of a unit is because the sweep starts from 1; None for anything else."""
        if unit not in self._constants:
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
        if not uses or any(use.ref.shift or use.ref.every for use in uses):
            return None
        for use in uses:
            x = use.ref.unit
            if not (isinstance(x, Node) and x.literal) and self.constant(x) is None:
                return None
        values = np.unique(node.record._value)
        return float(values[0]) if len(values) == 1 else None


@dataclass(frozen=True, eq=False)
class Sizes:
    """A sum of lengths."""

    sizes: tuple[Size, ...]

    @property
    def value(self) -> int:
        """The number."""
        return int(sum(size.value for size in self.sizes))


def record_of(unit: Unit) -> Any:
    """A record to ask for shape, name and source line."""
    return (unit.any if isinstance(unit, Family) else unit).record


# -- simplification --------------------------------------------------------------------------------


def simplified(tree: Apply, constants: list[float | None]) -> Tree:
    """Without a factor 1, with a minus sign for a factor -1, and with a square for a product with itself."""
    if len(tree.operands) != 2 or tree.parameters:
        return tree
    shape = tuple(record_of(tree.unit).shape)
    for i, constant in enumerate(constants):
        other = tree.operands[1 - i]
        acts = _acts_as(tree.operation, i, constant) if constant in (1, -1) else 0
        if acts and isinstance(other, Number):
            everywhere = _filled(tree.operands[i], acts * other.value)
            if everywhere is not None and shape_of(everywhere) == shape:
                return everywhere
        if acts and shape_of(other) == shape:
            return other if acts == 1 else Apply(ops.negative, (other,), {}, tree.unit, tree.shift, tree.at)
    if tree.operands[0] == tree.operands[1] and _squares(tree.operation):
        return Apply(ops.square, tree.operands[:1], {}, tree.unit, tree.shift, tree.at)
    return tree


def without_double_minus(tree: Tree) -> Tree:
    """What the sweep writes as −(−x), as x; what somebody wrote stays as it is written."""
    if not isinstance(tree, Apply) or not _turns_sign(tree):
        return tree
    opposite = _opposite(tree.operands[0])
    return tree if opposite is None else opposite


def _opposite(tree: Tree) -> Tree | None:
    """A tree with one minus less; None if it has none."""
    if isinstance(tree, Number):
        return Number(-tree.value) if tree.value < 0 else None
    if isinstance(tree, Apply) and _turns_sign(tree):
        return tree.operands[0]
    if not _is_stretched(tree):
        return None
    inner = _opposite(tree.operands[0])
    return None if inner is None else replace(tree, operands=(inner,))


def _filled(tree: Tree, value: Any) -> Tree | None:
    """A number that was stretched to an array, with another number in its place; None for what is none."""
    if isinstance(tree, Number):
        return Number(value)
    if isinstance(tree, Apply) and _turns_sign(tree):
        return _filled(tree.operands[0], value)
    if not _is_stretched(tree):
        return None
    inner = _filled(tree.operands[0], value)
    return None if inner is None else replace(tree, operands=(inner,))


def _is_stretched(tree: Tree) -> TypeGuard[Apply]:
    """Whether a tree is written as what it is made from."""
    return isinstance(tree, Apply) and tree.operation.forms["text"].template == "{0}"


def _turns_sign(tree: Apply) -> bool:
    """Whether an operation does what a minus sign does; found out by trying."""
    if len(tree.operands) != 1 or tree.parameters:
        return False
    try:
        with np.errstate(all="ignore"):
            return bool(np.array_equal(tree.operation.value(_PROBE), -_PROBE))
    except (TypeError, ValueError):
        return False


_PROBE = np.array([0.37, -1.91, 2.63])


def _acts_as(operation: Operation, position: int, number: float) -> int:
    """1 if the operation with this number at this position leaves the other operand as it is, -1 if it turns its sign.

    Found out by trying, so that no operation has to be known.
    """
    arrays = [_PROBE, np.full(3, float(number))]
    try:
        with np.errstate(all="ignore"):
            result = operation.value(*(arrays if position else arrays[::-1]))
    except (TypeError, ValueError):
        return 0
    if np.shape(result) != (3,):
        return 0
    return 1 if np.array_equal(result, _PROBE) else -1 if np.array_equal(result, -_PROBE) else 0


def _squares(operation: Operation) -> bool:
    """Whether the operation of something with itself is its square."""
    try:
        return bool(np.array_equal(operation.value(_PROBE, _PROBE), _PROBE * _PROBE))
    except (TypeError, ValueError):
        return False


def shape_of(tree: Tree) -> tuple[int, ...]:
    """The shape of a tree's value."""
    if isinstance(tree, (Named, Apply)):
        return tuple(record_of(tree.unit).shape)
    if isinstance(tree, Sum):
        return shape_of(tree.terms[0]) if tree.terms else ()
    return shape_of(tree.body) if isinstance(tree, Every) else ()


def size(tree: Tree) -> int:
    """How many operations a tree writes out."""
    if isinstance(tree, Apply):
        return 1 + sum(size(x) for x in tree.operands)
    if isinstance(tree, Sum):
        return len(tree.terms) - 1 + sum(size(x) for x in tree.terms)
    return size(tree.body) + 1 if isinstance(tree, Every) else 0


def names_in(tree: Tree, bodies: bool = True) -> list[Named]:
    """Everything that a tree calls by name, in reading order; `bodies`: in sums over time too."""
    if isinstance(tree, Named):
        return [tree]
    parts = tree.operands if isinstance(tree, Apply) else tree.terms if isinstance(tree, Sum) else ()
    if isinstance(tree, Every) and (bodies or not tree.summed):
        parts = (tree.body,)
    return [name for part in parts for name in names_in(part, bodies)]


# -- evaluation ------------------------------------------------------------------------------------


def evaluate(tree: Tree, time: int | None, value_of: Callable[[Unit, int | None], Array] | None = None) -> Array:
    """The value of a tree at a step, from the recorded values of what it names.

    Parameters
    ----------
    tree : Tree
        What to evaluate.
    time : int or None
        t; None where the tree has none.
    value_of : callable, optional
        ``(unit, time)`` to the value of a named unit; the recorded one if not given.

    Returns
    -------
    ndarray
        Its value.
    """
    look_up = value_of or recorded
    if isinstance(tree, Number):
        return np.asarray(tree.value)
    if isinstance(tree, Named):
        return look_up(tree.unit, tree.at if tree.at is not None else None if time is None else time + tree.shift)
    if isinstance(tree, Sum):
        parts = [evaluate(term, time, look_up) for term in tree.terms]
        return np.asarray(sum(parts[1:], parts[0]) if parts else 0.0)
    if isinstance(tree, Every):
        parts = [evaluate(tree.body, t, look_up) for t in tree.family.times]
        return np.asarray(sum(parts[1:], parts[0])) if tree.summed else np.asarray(parts)
    operands: list[Array] = []
    for x in tree.operands:
        many = isinstance(x, Every) and not x.summed
        operands.extend(list(evaluate(x, time, look_up)) if many else [evaluate(x, time, look_up)])
    now = tree.at if tree.at is not None else 0 if time is None else time + tree.shift
    return np.asarray(tree.operation.value(*operands, **{k: settle(v, now) for k, v in tree.parameters.items()}))


def settle(setting: Any, time: int) -> Any:
    """A setting as a plain value."""
    if isinstance(setting, (Size, Sizes)):
        return setting.value
    if isinstance(setting, tuple):
        return tuple(settle(part, time) for part in setting)
    if isinstance(setting, slice):
        return slice(*(settle(part, time) for part in (setting.start, setting.stop, setting.step)))
    return at_step(setting, time)


def recorded(unit: Unit, time: int | None) -> Array:
    """The recorded value of a unit at a step; what stands in beside the first and the last."""
    if isinstance(unit, Node):
        return unit.record._value
    assert time is not None  # a family is only ever named at a step
    if time in unit.members:
        return unit.members[time].record._value
    ref = unit.extension[time]
    return recorded(ref.unit, ref.at)


__all__ = [
    "Apply", "Every", "Named", "Number", "Size", "Sizes", "Sum", "Tree", "Trees", "evaluate",
    "names_in", "record_of", "settle", "shape_of", "simplified", "size",
]  # fmt: skip
