"""A cell whose weights are recorded: it is made of another library's arrays by its table, and gradients reach them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from autograd_seq import Parameter, Tensor, concatenate
from cells.exchange.cell_kinds import KINDS, Thing
from cells.exchange.convention import Array, Convention, Sizes


def of_tensors(convention: Convention, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Thing:
    """A cell that computes with tensors of a library's shapes, which may be parts of a recording.

    Examples
    --------
    >>> from cells.exchange.libraries import TORCH
    >>> weights = {"weight_ih": Parameter(np.ones((4, 3)), "W"), "weight_hh": Parameter(np.ones((4, 4)), "U")}
    >>> cell = of_tensors(TORCH.conventions[0], weights, {"activation": "tanh"})
    >>> cell.unroll(np.ones((3, 1, 2))).final["a"].sum().backward()
    >>> weights["weight_ih"].grad.shape
    (4, 3)
    """
    sizes = convention.sizes(cast(Mapping[str, Array], tensors)) or Sizes(0, 0, 0)
    n = sizes.n
    thing = KINDS[convention.cell].make(sizes, np.float64, **settings)
    assert not isinstance(thing, Parameter)  # a table is looked up in, and computes nothing
    slots, parts = KINDS[convention.cell].slots(thing), dict[tuple[str, int], Any]()
    for held in convention.held:
        if held.name in tensors:
            for (part, gate), block in convention.split(held, cast(Array, tensors[held.name]), n):
                key, columns = slots[part, gate]
                signed = block if convention.sense(gate) > 0 else -block
                at = key, columns.start or 0
                parts[at] = parts[at] + signed if at in parts else signed
    for gate, number in convention.added.items():
        at = slots["bx", gate][0], 0
        parts[at] = parts[at] + number if at in parts else np.full((n, 1), number)
    made = {key: [parts[at] for at in sorted(parts) if at[0] == key] for key in thing.parameters}
    for key, blocks in made.items():
        value = concatenate(blocks, axis=1) if len(blocks) > 1 else blocks[0] if blocks else np.zeros((n, 1))
        thing.parameters[key] = cast(Parameter, value if isinstance(value, Tensor) else Tensor(value, key))
    return thing
