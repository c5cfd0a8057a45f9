"""For which sizes a program is right: for any, for other numbers of steps too, or only for those of the recording.

A program that is not for any size says so when it is called with another, in place of a wrong number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.folding.provenance import CODE, LENGTH, lengths_in_index, of_index
from autograd_seq.folding.step_index import GivenAt, GivenIndex
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.readings.program import ProgramWriter
from autograd_seq.readings.python_text import quoted
from autograd_seq.writer.tree import Apply, Every, Number, Size, Sizes, Sum, Tree, record_of

FEWEST = 3  # steps that show what the first, the last and those between them have in common


def steps_are_alike(writer: ProgramWriter) -> bool:
    """Whether the loops say all that happens in time, so that there may be more steps or fewer."""
    folded = writer.d.folded
    if not folded.loops:
        return True
    if any(_adds_in_steps(unit, writer) for unit in folded.units):
        return False
    together = {node for unit in folded.units if isinstance(unit, Family) for node in unit.together}
    return writer.last >= FEWEST and not any(_is_apart(unit, writer) for unit in folded.units if unit not in together)


def goes_on(writer: ProgramWriter, backward: bool = True) -> bool:
    """Whether what is written shows what more steps would do: between the first and the last, nothing stands apart.

    Without the backward pass only what the forward pass does counts. What happens before the first step or after the
    last, and at either of these alone, is said as such.
    """
    folded = writer.d.folded
    if not folded.loops:
        return True
    together = {node for unit in folded.units if isinstance(unit, Family) for node in unit.together}
    units = [u for u in folded.units if u not in together and (backward or writer.d.in_forward(u))]
    return writer.last >= FEWEST and not any(_is_between(u, writer) or _adds_in_steps(u, writer) for u in units)


def _is_between(unit: Unit, writer: ProgramWriter) -> bool:
    """Whether it is at one step, or uses one, that is neither the first nor the last."""
    if isinstance(unit, Family):
        return _is_apart(unit, writer)
    stands = not unit.literal and not unit.leaf and unit.time is not None
    refs = [use.ref for use in writer.d.folded.inputs[unit]]
    used = {ref.at for ref in refs if ref.at is not None} | ({unit.time} if stands else set())
    return bool(used - {-1, 0, 1, writer.last, writer.last + 1})


def _adds_in_steps(unit: Unit, writer: ProgramWriter) -> bool:
    """Whether an adjoint adds one thing once for each of some steps, and not of all."""
    refs = [use.ref for use in writer.d.folded.inputs[unit]] if isinstance(unit, Node) and unit.total else []
    often = {refs.count(ref) for ref in set(refs)}
    steps = writer.last - writer.d.folded.turns
    return any(n >= FEWEST and n % steps for n in often) and steps > 1


def _is_apart(unit: Unit, writer: ProgramWriter) -> bool:
    """Whether something happens at one step, or is used of one step, that is neither the first nor the last."""
    last = writer.last
    ends = {-1, 0, 1, last, last + 1}
    refs = [use.ref for use in writer.d.folded.inputs[unit]]
    if isinstance(unit, Family):
        refs += unit.extension.values()
        if unit.times[0] > FEWEST or unit.times[-1] < last - 1:
            return True
    elif unit.time is not None and not unit.literal and not (unit.leaf and unit.time in ends):
        return True
    single = {(ref.unit, ref.at) for ref in refs if ref.at is not None}
    return any(at not in ends for _, at in single) or (isinstance(unit, Node) and len(single) > 1)


def is_for_any_size(writer: ProgramWriter) -> bool:
    """Whether no number in the program is a length of the recording that is not written as one."""
    free = _free(writer)
    if any(free & set(record_of(unit).shape) for unit in writer.made):
        return False
    return not any(_frozen(unit, writer, free) for unit in writer.d.folded.units if not unit.leaf)


def _free(writer: ProgramWriter) -> set[int]:
    """Lengths that others may have elsewhere: T, and those of data that no parameter has for sure."""
    own = {n for unit in writer.d.parameters for n in record_of(unit).shape}
    found = {writer.last} if writer.d.folded.loops else set()
    for unit in writer.d.folded.units:
        if unit.leaf and unit not in writer.d.parameters and writer.d.in_forward(unit):
            shape = record_of(unit).shape
            found |= {n for n in shape if n not in own or shape.count(n) > 1}
    return found - {0, 1}


def _frozen(unit: Unit, writer: ProgramWriter, free: set[int]) -> bool:
    tree = writer.trees.definition(unit)
    return any(
        _is_length(value, free, certain=False) for value in _numbers(tree, writer)
    ) or any(_setting_is_frozen(key, value, node, free) for key, value, node in _settings(tree))


def _numbers(tree: Tree, writer: ProgramWriter) -> Iterator[Any]:
    """The numbers that a tree writes out and that are not of the program's text."""
    if isinstance(tree, Number):
        known = tree.counted is not None or tree.origin is None or writer._number(tree) is not None
        never = tree.origin is not None and tree.origin.kind == LENGTH and writer.function is None
        if not known and tree.value != 0 and not never:
            yield tree.value
    elif isinstance(tree, (Apply, Sum)):
        for part in tree.operands if isinstance(tree, Apply) else tree.terms:
            yield from _numbers(part, writer)
    elif isinstance(tree, Every):
        yield from _numbers(tree.body, writer)


def _settings(tree: Tree) -> Iterator[tuple[str, Any, Node]]:
    """The settings of the operations that a tree writes out, each with a record that has it."""
    if isinstance(tree, Apply):
        node = tree.unit.any if isinstance(tree.unit, Family) else tree.unit
        yield from ((key, value, node) for key, value in tree.settings.items())
    if isinstance(tree, (Apply, Sum)):
        for part in tree.operands if isinstance(tree, Apply) else tree.terms:
            yield from _settings(part)
    elif isinstance(tree, Every):
        yield from _settings(tree.body)


def _setting_is_frozen(key: str, value: Any, node: Node, free: set[int]) -> bool:
    if key in ("axis", "axes", "keepdims", "dtype", "subscripts"):
        return False
    if key == "index" and node.owner is None:
        kinds = {origin.kind for origin in of_index(node.record)}
        if kinds and kinds <= {CODE}:
            return False
        lengths = lengths_in_index(node.record)
        if lengths and None not in lengths:
            return any(n in free for part in lengths if part is not None for n in part)
    if key == "indices" and isinstance(value, tuple):
        value = tuple(index for i, index in enumerate(value) if {x.kind for x in node.index_origins(i)} != {CODE})
    return any(_is_length(part, free, certain=True) for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from _parts(part)
    elif isinstance(value, slice):
        yield from (part for part in (value.start, value.stop) if part is not None)
    elif not isinstance(value, (Size, Sizes, GivenAt, GivenIndex)):
        yield value


def _is_length(value: Any, free: set[int], certain: bool) -> bool:
    """Whether something may be a length, one less or more, or an array that has one; as a number, one part of one."""
    if isinstance(value, np.ndarray) and value.ndim:
        return bool(free & set(value.shape))
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        return False
    number = abs(float(value))
    if not certain and 0 < number < 1:
        number = 1 / number
    near = {n + k for n in free for k in (-1, 0, 1)} if certain else {*free, *(a * b for a in free for b in free)}
    return any(abs(number - n) < 1e-9 * n for n in near if n > 1)


def guard(writer: ProgramWriter, data: list[Unit], counts: bool) -> list[str]:
    """Statements that refuse other sizes, for a program that is not for any."""
    for_any = is_for_any_size(writer)
    lines = []
    alike = steps_are_alike(writer)
    if counts and (not alike or (not for_any and writer.function is not None)):
        why = "some of its numbers belong to that size" if alike else "its steps are not all alike"
        lines = [
            f"if T != {writer.last}:",
            f'    raise ValueError(f"this program was recorded for T = {writer.last}, and {why}; '
            'record it again for T = {T}")',
        ]
    if for_any or not data:
        return lines
    for unit in data:
        name, expected = _shown(unit, writer)
        said = f"this program was recorded for {name} of shape {expected}, and some of its numbers belong to that size"
        again = quoted(f"{said}; record it again for ")
        lines += [f"if np.shape({name}) != {expected}:", f"    raise ValueError({again} + str(np.shape({name})))"]
    return lines


def _shown(unit: Unit, writer: ProgramWriter) -> tuple[str, tuple[int, ...]]:
    """What tells the size of an argument, and its shape in the recording."""
    shape, name = record_of(unit).shape, writer.variables[unit]
    if not isinstance(unit, Family):
        return name, shape
    if writer.function is None or unit not in writer.function.given:
        return name, (*shape, len(unit.times))
    return writer.element(unit, 0, unit.times[0]), shape
