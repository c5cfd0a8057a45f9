"""Expressions as trees before they are text: operations over named things, at a step t."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.folding.provenance import Origin
from autograd_seq.folding.step_index import GivenAt, GivenIndex
from autograd_seq.folding.unit import Family, Unit


@dataclass(frozen=True)
class Named:
    """A unit called by its name: at step t + shift, or at step `at`, or at none."""

    unit: Unit
    shift: int = 0
    at: int | None = None


@dataclass(frozen=True)
class Number:
    """A number; with where the program has it from, and of what it is the count, where that is known.

    It is `divided` if it came by a division, as the 1 / 3 of a mean over three.
    """

    value: Any
    origin: Origin | None = field(default=None, compare=False)
    counted: Count | None = field(default=None, compare=False)
    divided: bool = field(default=False, compare=False)


@dataclass(frozen=True, eq=False)
class Apply:
    """An operation on operands; two are equal if they are the same of the same units."""

    operation: Operation
    operands: tuple[Tree, ...]
    settings: Mapping[str, Any]
    unit: Unit
    shift: int = 0
    at: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Apply) and self.unit is other.unit and key(self) == key(other)

    def __hash__(self) -> int:
        return hash(key(self))


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


@dataclass(frozen=True, eq=False)
class Count:
    """How many elements an array has along some of its axes, or along all."""

    tree: Tree
    axes: tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class Sizes:
    """A sum of lengths."""

    sizes: tuple[Size, ...]

    @property
    def value(self) -> int:
        """The number."""
        return int(sum(size.value for size in self.sizes))


Tree = Named | Number | Apply | Sum | Every


@dataclass(frozen=True)
class Assumption:
    """An equality of data that a simpler equation rests on, such as targets that add up to 1."""

    left: Tree
    right: Tree


def indices_in(tree: Tree) -> Iterator[GivenIndex]:
    """The indices in a tree that data give, in reading order."""
    for part in tree.operands if isinstance(tree, Apply) else tree.terms if isinstance(tree, Sum) else ():
        yield from indices_in(part)
    if isinstance(tree, Every):
        yield from indices_in(tree.body)
    if isinstance(tree, Apply):
        yield from _given(tuple(tree.settings.values()))


def _given(setting: Any) -> Iterator[GivenIndex]:
    if isinstance(setting, (GivenIndex, GivenAt)):
        yield setting if isinstance(setting, GivenIndex) else setting.index
    elif isinstance(setting, (tuple, list, slice)):
        for part in (setting.start, setting.stop, setting.step) if isinstance(setting, slice) else setting:
            yield from _given(part)


def key(tree: Tree) -> Hashable:
    """What two trees that are written alike have in common."""
    if isinstance(tree, Named):
        return "named", id(tree.unit), tree.shift, tree.at
    if isinstance(tree, Number):
        return "number", repr(tree.value)
    if isinstance(tree, Apply):
        settings = tuple((name, _hashable(value)) for name, value in tree.settings.items())
        return "apply", id(tree.operation), tuple(map(key, tree.operands)), settings, tree.shift, tree.at
    if isinstance(tree, Sum):
        return "sum", tuple(map(key, tree.terms))
    return "every", key(tree.body), id(tree.family), tree.summed


def _hashable(setting: Any) -> Hashable:
    """A setting as what can be compared: arrays by all their numbers, lengths by what they are lengths of."""
    if isinstance(setting, np.ndarray):
        return setting.shape, setting.dtype.str, setting.tobytes()
    if isinstance(setting, (tuple, list)):
        return type(setting), tuple(map(_hashable, setting))
    if isinstance(setting, slice):
        return slice, _hashable((setting.start, setting.stop, setting.step))
    if isinstance(setting, Size):
        return Size, key(setting.tree), setting.axis
    if isinstance(setting, Sizes):
        return Sizes, _hashable(setting.sizes)
    return (type(setting), setting) if isinstance(setting, Hashable) else repr(setting)


def record_of(unit: Unit) -> Any:
    """A record to ask for shape, name and source line."""
    return (unit.any if isinstance(unit, Family) else unit).record


def shape_of(tree: Tree) -> tuple[int, ...]:
    """The shape of a tree's value."""
    if isinstance(tree, Apply) and tree.operation.elementwise:
        return np.broadcast_shapes(*map(shape_of, tree.operands))
    if isinstance(tree, Apply) and tree.operation.algebra == "transpose" and tree.settings["axes"] is None:
        return shape_of(tree.operands[0])[::-1]
    if isinstance(tree, (Named, Apply)):
        return tuple(record_of(tree.unit).shape)
    if isinstance(tree, Sum):
        return np.broadcast_shapes(*map(shape_of, tree.terms))
    return shape_of(tree.body) if isinstance(tree, Every) else ()


def size(tree: Tree) -> int:
    """How many operations a tree writes out."""
    if isinstance(tree, Apply):
        return 1 + sum(size(x) for x in tree.operands)
    if isinstance(tree, Sum):
        return len(tree.terms) - 1 + sum(size(x) for x in tree.terms)
    return size(tree.body) + 1 if isinstance(tree, Every) else 0


def is_bare(tree: Tree) -> bool:
    """Whether a tree writes out no operation: it is a name or a number, or nothing."""
    if isinstance(tree, Sum):
        return len(tree.terms) <= 1 and all(map(is_bare, tree.terms))
    return isinstance(tree, (Named, Number))


def names_in(tree: Tree, bodies: bool = True) -> list[Named]:
    """Everything that a tree calls by name, in reading order; `bodies`: in sums over time too."""
    if isinstance(tree, Named):
        return [tree]
    parts = tree.operands if isinstance(tree, Apply) else tree.terms if isinstance(tree, Sum) else ()
    if isinstance(tree, Every) and (bodies or not tree.summed):
        parts = (tree.body,)
    return [name for part in parts for name in names_in(part, bodies)]
