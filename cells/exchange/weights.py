"""Weights from a library's arrays into a cell and back: one piece of code for all conventions.

Going in is linear: a weight here is the sum of blocks there, each with its sense, and what the library adds by itself.
So gradients go out by the transposed map: each block has the gradient of the weight that it is part of, with its sense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from cells.exchange.cell_kinds import KINDS, Slots, Thing, parameters
from cells.exchange.convention import BIASES, Array, Block, Convention, Sizes


def into(convention: Convention, arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> Thing:
    """A cell, readout or table with the weights of arrays that have this convention's names and shapes."""
    sizes = convention.sizes(arrays) or Sizes(0, 0, 0)
    kind = KINDS[convention.cell]
    dtype = np.result_type(*arrays.values())
    thing = kind.make(sizes, dtype, **settings)
    slots, found = kind.slots(thing), parameters(thing)
    values = {key: np.zeros(p.shape, dtype) for key, p in found.items()}
    for held in convention.held:
        if held.name in arrays:
            for (part, gate), block in convention.split(held, arrays[held.name], sizes.n):
                key, columns = slots[part, gate]
                values[key][:, columns] += convention.sense(gate) * block
    for gate, number in convention.added.items():
        values[slots["bx", gate][0]] += number
    for key, value in values.items():
        found[key].value = value
    return thing


def out_of(convention: Convention, thing: Thing, what: str) -> dict[str, Array]:
    """The arrays of a library from the weights of a thing; `what` is the library's name.

    Where a bias here is the sum of two there, the first holds it and the second is zero.
    """
    slots = KINDS[convention.cell].slots(thing)
    values = {key: p.value for key, p in parameters(thing).items()}
    _nothing_is_left(convention, slots, values, what)
    taken: set[str] = set()

    def block(part: str, gate: str) -> Array:
        key, columns = slots[part, gate]
        value = values[key][:, columns]
        if part in BIASES:
            if key in taken:
                return np.zeros_like(value)
            taken.add(key)
            value = value - np.asarray(convention.added.get(gate, 0.0), value.dtype)
        return np.asarray(convention.sense(gate) * value)

    return _arrays(convention, block)


def adjoint(convention: Convention, thing: Thing, gradients: Mapping[str, Array]) -> dict[str, Array]:
    """Gradients of a thing's parameters as gradients of the library's arrays."""
    slots = KINDS[convention.cell].slots(thing)

    def block(part: str, gate: str) -> Array:
        key, columns = slots[part, gate]
        return np.asarray(convention.sense(gate) * gradients[key][:, columns])

    return _arrays(convention, block)


def _arrays(convention: Convention, block: Callable[[str, str], Array]) -> dict[str, Array]:
    arrays = {}
    for held in convention.held:
        blocks: dict[Block, Array] = {(part, gate): block(part, gate) for part in held.parts for gate in held.gates}
        arrays[held.name] = convention.joined(held, blocks)
    return arrays


def _nothing_is_left(convention: Convention, slots: Slots, values: Mapping[str, Array], what: str) -> None:
    """Refuse a weight that the library has no place for, unless it is zero."""
    there = {slots[part, gate][0] for held in convention.held for part in held.parts for gate in held.gates}
    for key, value in values.items():
        if key not in there and np.any(value):
            kind = convention.classes[0]
            raise UsageError(f"{what} has no place for {key}, which is not zero: its {kind} lacks it{here()}")
