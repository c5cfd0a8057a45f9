"""Edits of stacks: pieces joined in another order, and one term of a sliced sum that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import bare, evaluate

MOST_PIECES = 4


def joined(c: Context, r: Tensor) -> Iterator[Edit]:
    """The adjoints of what was split, joined in another order."""
    pieces = list(r.inputs)
    times = {c.program.time(x) for x in pieces}
    if not 1 < len(pieces) <= MOST_PIECES or len(times) > 1 or len({x.shape for x in pieces}) > 1:
        return
    indices = r.settings.get("indices")
    if indices is not None:
        pieces = [pieces[k] for k in np.argsort([str(_start(i)).zfill(9) for i in indices])]
    for order in permutations(range(len(pieces))):
        if order != tuple(range(len(pieces))):
            said = ", ".join(c.called(pieces[k]) for k in order)
            swapped = {id(x): pieces[k] for x, k in zip(pieces, order, strict=True)}

            def change(v: Any, swapped: dict[int, Tensor] = swapped) -> Array:
                values = [v(swapped[id(x)]) for x in r.inputs]
                return np.asarray(r.operation.value(*values, **r.settings))

            yield Edit(
                ("joined", order),
                "wrong value",
                f"with its parts in the order {said}, not that of the forward pass",
                change,
            )


def _start(index: Any) -> int:
    """Where the first slice that is not everything begins."""
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, slice) and part != slice(None):
            return part.start or 0
    return 0


def terms_of_a_part(c: Context, r: Tensor) -> Iterator[Edit]:
    """One of the matrix products Wᵀ dz in a part of their sum: (W[:, part])ᵀ dz written out for each."""
    total = bare(r.inputs[0])
    index = r.settings["index"]
    first = index[0] if isinstance(index, tuple) else index
    if (
        algebra(total) != "sum of uses"
        or not isinstance(first, slice)
        or (isinstance(index, tuple) and len(index) > 1)
    ):
        return
    products = [(x, *bare(x).inputs) for x in total.inputs if algebra(bare(x)) == "matrix product"]
    start, stop, _ = first.indices(total.shape[0])
    n, whole = stop - start, total.shape[0]
    for x, turned, dz in products:
        if algebra(turned) != "transpose" or dz not in c.live:
            continue
        weight = turned.inputs[0]
        name = f"({c.called(weight)}[:, {start}:{stop}])"
        role = c.role(x)

        def instead(piece: Any, x: Tensor = x) -> Any:
            return lambda v: evaluate(r, v) - v(x)[start:stop] + piece(v)

        for other in {0, whole - n} - {start}:
            yield Edit(
                ("term other half", role, other == 0),
                "wrong half",
                f"with the columns {other}:{other + n} of {c.called(weight)} in the term of {c.called(dz)}: "
                "the other part of the stack",
                instead(lambda v, w=weight, d=dz, k=other: v(w)[:, k : k + n].T @ v(d)),
            )
        if weight.shape[0] == n:
            yield Edit(
                ("term transpose", role),
                "transpose",
                f"with {name} not transposed in the term of {c.called(dz)}",
                instead(lambda v, w=weight, d=dz: v(w)[:, start:stop] @ v(d)),
            )
        for _, other_turned, other_dz in products:
            if other_dz is not dz and other_dz.shape == dz.shape:
                yield Edit(
                    ("term adjoint", role, c.role(other_dz)),
                    "wrong value",
                    f"with {c.called(other_dz)} in place of {c.called(dz)} in the term of {c.called(weight)}",
                    instead(lambda v, t=turned, d=other_dz: (v(t) @ v(d))[start:stop]),
                )
            if other_turned is not turned and other_turned.shape == turned.shape:
                yield Edit(
                    ("term weight", role, c.role(other_turned.inputs[0], other_turned.inputs[0].name)),
                    "wrong value",
                    f"with {c.called(other_turned.inputs[0])} in place of {c.called(weight)} "
                    f"in the term of {c.called(dz)}",
                    instead(lambda v, t=other_turned, d=dz: (v(t) @ v(d))[start:stop]),
                )
