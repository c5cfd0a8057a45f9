"""What is edited: a forward value that is another one where the backward pass reads it.

*What* it is: that of another step, another quantity, one computed anew and not as the forward pass did, one that
was changed in place. *Where*: wherever it is read, also in what is made of it, in its own derivative, by one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Variant, constant, own, reading
from autograd_seq.diagnosis.perturb.which_step import STEPS, Step
from autograd_seq.diagnosis.rerun import DOES_NOT_FIT, Change, bare, formula
from autograd_seq.diagnosis.truth import bends_elements, is_activation

Values = dict[Tensor, Array]  # in place of what a forward value is


def wherever_read(c: Context, mapping: Values) -> dict[Tensor, Change]:
    """The lines that read any of some forward values, with others in their place."""
    seen = {x: constant(value) for x, value in mapping.items()}
    readers = {r for x in mapping for r in c.program.users.get(x, ()) if not c.from_above(r)}
    return {r: reading(r, {x: seen[x] for x in r.inputs if x in seen}) for r in sorted(readers, key=lambda r: r.index)}


def made_of(c: Context, mapping: Values) -> Values:
    """What a backward pass would compute anew from changed values: their products and stacks."""
    new = dict(mapping)
    for r in c.products:
        if r not in mapping and any(x in new for x in r.inputs):
            with np.errstate(all="ignore"), suppress(*DOES_NOT_FIT):  # the logarithm of a negative number; other sizes
                new[r] = np.asarray(r.operation.value(*(new.get(x, x._value) for x in r.inputs), **r.settings))
    return {r: value for r, value in new.items() if r not in mapping}


def _read(c: Context, key: Any, said: Said, mapping: Values, rank: int, spread: bool = True) -> Iterator[Variant]:
    """A wrong value wherever it is read, and in what is made of it too."""
    more = made_of(c, mapping) if spread else {}
    for place, values in (("direct", mapping), ("spread", mapping | more)):
        if (place == "direct" or more) and (changes := wherever_read(c, values)):
            first = next(iter(changes))
            variant = c.variant((key, place), Edit(("value",), said, own(first)), first, rank, changes)
            stack = next((r for r in reversed(list(more)) if algebra(r) == "joined" and r.name), None)
            if place == "spread" and stack is not None:  # whose line it is, and not that of what is made of it
                named = c.called(stack)
                variant = replace(variant, where=named, correct=f"{named} = {formula(bare(stack))}")
            yield variant


# -- of another step -------------------------------------------------------------------------------------------


def of_another_step(c: Context, rank: int) -> Iterator[Variant]:
    """One value, or all of them, of another time step."""
    by_role: dict[Any, list[Tensor]] = {}
    for r in c.program.truth.recording.forward if c.program.T > 1 else ():
        if r.ndim and (r.scope.time is not None or by_role.get(c.role(r))):
            by_role.setdefault(c.role(r), []).append(r)
    for step in STEPS:
        for wrapped in (False, True):
            every: Values = {}
            for role, records in by_role.items():
                mapping = _moved(c, records, step, wrapped) if len(records) > 1 else {}
                every.update(mapping)
                if mapping and (not wrapped or step.name in ("before", "after")):
                    said = kinds.AT_ANOTHER_STEP[step.name](c.called(records[-1]))
                    yield from _read(c, ("step", step.name, role, wrapped), said, mapping, rank)
            once = wrapped and step.name in ("first", "last")  # the same as before
            if every and not once and (changes := wherever_read(c, every)):
                said = kinds.AT_ANOTHER_STEP[step.name]("the forward values")
                correct = "step t uses the values of step t"
                yield c.in_the_loop(("values", step.name, wrapped), said, correct, rank, changes)


def _moved(c: Context, records: list[Tensor], step: Step, wrapped: bool) -> Values:
    times = {r.scope.time or 0: r for r in records}
    role = c.role(records[0])
    initial = (x for x in c.program.truth.recording.forward if x.operation is None and c.role(x) == role)
    if (first := next(initial, None)) is not None:
        times[0] = first
    mapping = {}
    for t, r in times.items():
        wanted = step.of(t, c.program.T)
        if wrapped and wanted not in times:
            wanted = (wanted - 1) % c.program.T + 1
        twin = times.get(wanted)
        if twin is not None and twin is not r and twin.shape == r.shape:
            mapping[r] = twin._value
    return mapping


# -- another quantity ------------------------------------------------------------------------------------------


def another_quantity(c: Context, rank: int) -> Iterator[Variant]:
    """One value in place of another of its shape wherever it is used, and both exchanged."""
    steps: dict[Any, dict[int, Tensor]] = {}
    for r in c.notable:
        steps.setdefault(c.role(r), {})[r.scope.time or 0] = r
    named = [(role, found) for role, found in steps.items() if any(r.name or is_activation(r) for r in found.values())]
    for i, (role, xs) in enumerate(named):
        for j, (other, ys) in enumerate(named):
            if role == other or next(iter(xs.values())).shape != next(iter(ys.values())).shape:
                continue
            for distance in (0, 1, -1) if c.program.T > 1 else (0,):
                pairs = [(a, ys[t + distance]) for t, a in xs.items() if t + distance in ys]
                if not pairs:
                    continue
                a, b = pairs[-1]
                said = kinds.IN_PLACE_EVERYWHERE(c.told_from(b, a), c.called(a), of=c.kind_of_swap(b, a))
                mapping = {a: b._value for a, b in pairs}
                yield from _read(c, ("for", role, other, distance), said, mapping, rank)
                if distance == 0 and i < j:
                    said = kinds.EXCHANGED_EVERYWHERE(c.called(a), c.called(b), of=c.kind_of_swap(b, a))
                    both = mapping | {b: a._value for a, b in pairs}
                    yield from _read(c, ("exchanged", role, other), said, both, rank, spread=False)


# -- computed anew ---------------------------------------------------------------------------------------------

Formed = tuple[tuple[Any, ...], Said, Array, Array]  # a key, what is said, the value, what is inside


def computed_anew(c: Context, rank: int) -> Iterator[Variant]:
    """An activation of something that lacks a term, or has another weight, operand, sign or function."""
    groups: dict[Any, list[Tensor]] = {}
    for node in c.forward:
        if is_activation(node) and node in c.adjoints:
            groups.setdefault(c.role(node), []).append(node)
    for role, nodes in groups.items():
        formed: dict[Any, list[tuple[Tensor, Formed]]] = {}
        for node in nodes:
            with suppress(*DOES_NOT_FIT):
                for form in _forms(c, node):
                    if form[2].shape == node.shape:
                        formed.setdefault(form[0], []).append((node, form))
        for key, found in formed.items():
            edit = Edit(key, found[0][1][1], own(found[0][0]), weight=2)
            mapping = {n: form[2] for n, form in found}
            own_derivative = _in_the_derivative(c, mapping, {n: form[3] for n, form in found})
            for place, changes in (
                ("derivative", own_derivative),
                ("everywhere", wherever_read(c, mapping) | own_derivative),
            ):
                if changes:
                    yield c.variant(("computed anew", role, place), edit, next(iter(changes)), rank, changes)


def _in_the_derivative(c: Context, mapping: Values, inside: Values) -> dict[Tensor, Change]:
    changes: dict[Tensor, Change] = {}
    for node, value in mapping.items():
        new = {node: constant(value), node.inputs[0]: constant(inside[node])}
        for r in c.program.truth.recording.emitted.get(node, ()):
            if r.operation is not None and any(x in new for x in r.inputs):
                changes[r] = reading(r, {x: new[x] for x in r.inputs if x in new})
    return changes


def _forms(c: Context, node: Tensor) -> Iterator[Formed]:
    z = node.inputs[0]
    name, function = c.called(node), node.operation.name

    def made(key: tuple[Any, ...], said: Said, new: Any) -> Formed:
        with np.errstate(all="ignore"):
            value = node.operation.value(np.asarray(new), **node.settings)
        return key, said, np.asarray(value), np.asarray(new)

    for key, category, words, new in _other_sums(c, z):
        yield made(key, kinds.COMPUTED_AGAIN(name, words, of=category), new)
    for other in (ops.tanh, ops.sigmoid, ops.relu):
        if other is not node.operation and bends_elements(node):
            said = kinds.IN_PLACE_OF(f"{other.name}({c.called(z)})", name)
            yield ("function", other.name), said, np.asarray(other.value(z._value)), z._value
    for y, distance in c.others(z) if len(_addends(z)) == 1 or z.name else ():
        said = kinds.IN_PLACE_OF(f"{function}({c.called(y)})", name, of=c.kind_of_swap(y, z))
        yield made(("argument", c.role(y), distance), said, y._value)


def _other_sums(c: Context, z: Tensor) -> Iterator[tuple[tuple[Any, ...], str, str, Any]]:
    """What stands within an activation with one term left out, alone, of the wrong sign, or another product."""
    addends = _addends(z)
    for i, (sign, x) in enumerate(addends):
        said = c.called(x)
        without = z._value - sign * x._value if len(addends) > 1 else np.zeros(z.shape)
        if len(addends) > 1:
            yield ("without", i), "missing term", f"without {said}", without
            yield ("sign", i), "sign", f"with the opposite sign of {said}", without - sign * x._value
        if len(addends) > 2:
            yield ("only", i), "missing term", f"of nothing but {said}", sign * x._value
        for k, part in enumerate(x.inputs) if algebra(x) in ("matrix product", "product") else ():
            for y, distance in c.others(part) if part.ndim else ():
                values = [y._value if j == k else p._value for j, p in enumerate(x.inputs)]
                product = np.asarray(x.operation.value(*values, **x.settings))
                words = f"with {c.called(y)} in place of {c.called(part)}"
                key = ("product", i, k, c.role(y), distance)
                yield key, c.kind_of_swap(y, part), words, without + sign * product


def _addends(z: Tensor, sign: float = 1.0, depth: int = 6) -> list[tuple[float, Tensor]]:
    """The terms of a sum, whether it was written in one line or in several."""
    inner = bare(z)
    if depth and algebra(inner) in ("sum", "difference"):
        a, b = inner.inputs
        other = -sign if algebra(inner) == "difference" else sign
        return _addends(a, sign, depth - 1) + _addends(b, other, depth - 1)
    return [(sign, inner)]
