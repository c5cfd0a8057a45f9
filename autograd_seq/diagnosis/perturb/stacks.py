"""What is edited: parts of what is stacked, the order in which parts are joined, and the terms of a sliced sum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, at, own, reading
from autograd_seq.diagnosis.rerun import bare

MOST_PIECES = 4


def parts(c: Context, r: Tensor) -> Iterator[Edit]:
    """The other part of a stack."""
    if algebra(r) != "part":
        return
    x, index = r.inputs[0], r.settings["index"]
    whole_index = index if isinstance(index, tuple) else (index,)
    for axis, piece in enumerate(whole_index):
        if not isinstance(piece, slice) or piece == slice(None) or piece.step not in (None, 1):
            continue
        if any(not isinstance(i, slice) for i in whole_index):
            return
        start, stop, _ = piece.indices(x.shape[axis])
        n, whole = stop - start, x.shape[axis]
        places = set(range(0, whole, n)) if whole % n == 0 else {0, whole - n}
        for other in sorted(places - {start}):
            said = _other_part(axis, other, n, whole, (start + 1, stop))
            key = ("part", axis, other == 0, other if whole % n == 0 else 0)
            part = (*whole_index[:axis], slice(other, other + n), *whole_index[axis + 1 :])
            yield Edit(key, said, at(x)[part])


def _other_part(axis: int, other: int, n: int, whole: int, right: tuple[int, int]) -> kinds.Said:
    """What is said of n rows or columns that begin at another place of the stack."""
    rows = axis == 0
    if other == 0:
        return (kinds.FIRST_ROWS if rows else kinds.FIRST_COLUMNS)(n, whole, *right)
    if other == whole - n:
        return (kinds.LAST_ROWS if rows else kinds.LAST_COLUMNS)(n, whole, *right)
    return (kinds.OTHER_ROWS if rows else kinds.OTHER_COLUMNS_OF_STACK)(other + 1, other + n, whole, *right)


def _ends(start: int, stop: int, whole: int) -> str:
    """A slice as it is written, without ends that the array has anyway."""
    return f"{start or ''}:{'' if stop == whole else stop}"


def terms_of_a_part(c: Context, r: Tensor) -> Iterator[Edit]:
    """One of the matrix products Wᵀ dz in a part of their sum: (W[:, part])ᵀ dz written out for each."""
    found = _sliced_sum(r)
    if found is None:
        return
    total, start, stop = found
    n, whole = stop - start, total.shape[0]
    products = [(x, *bare(x).inputs) for x in total.inputs if algebra(bare(x)) == "matrix product"]
    for x, turned, dz in products:
        if algebra(turned) != "transpose" or dz not in c.live:
            continue
        W, role, rest = turned.inputs[0], c.role(x), own(r) - at(x)[start:stop]
        said_W, said_dz = c.called(W), c.called(dz)
        for other in sorted({0, whole - n} - {start}):
            said = kinds.OTHER_COLUMNS(_ends(other, other + n, whole), said_W, said_dz)
            change = rest + at(W)[:, other : other + n].T @ at(dz)
            yield Edit(("term other half", role, other == 0), said, change)
        if W.shape[0] == n:
            said = kinds.TERM_NOT_TRANSPOSED(f"{said_W}[:, {_ends(start, stop, whole)}]", said_dz)
            yield Edit(("term transpose", role), said, rest + at(W)[:, start:stop] @ at(dz))
        for _, other_turned, other_dz in products:
            if other_dz is not dz and other_dz.shape == dz.shape:
                said = kinds.IN_THE_TERM(c.called(other_dz), said_dz, said_W)
                yield Edit(("term adjoint", role, c.role(other_dz)), said, rest + _part_of(turned, other_dz, found))
            if other_turned is not turned and other_turned.shape == turned.shape:
                V = other_turned.inputs[0]
                said = kinds.IN_THE_TERM(c.called(V), said_W, said_dz)
                yield Edit(("term weight", role, c.role(V, V.name)), said, rest + _part_of(other_turned, dz, found))


def _sliced_sum(r: Tensor) -> tuple[Tensor, int, int] | None:
    """The sum that a record is some rows of, and which."""
    if algebra(r) != "part":
        return None
    total, index = bare(r.inputs[0]), r.settings["index"]
    parts = index if isinstance(index, tuple) else (index,)
    if algebra(total) != "sum of uses" or len(parts) > 1 or not isinstance(parts[0], slice):
        return None
    start, stop, _ = parts[0].indices(total.shape[0])
    return total, start, stop


def _part_of(turned: Tensor, dz: Tensor, rows: tuple[Tensor, int, int]) -> Form:
    return (at(turned) @ at(dz))[rows[1] : rows[2]]


def joined(c: Context, r: Tensor) -> Iterator[Edit]:
    """The adjoints of what was split, joined in another order."""
    pieces = list(r.inputs)
    times = {c.program.time(x) for x in pieces}
    fits = algebra(r) in ("gathered parts", "joined") and len(times) == 1 and len({x.shape for x in pieces}) == 1
    if not fits or not 1 < len(pieces) <= MOST_PIECES:
        return
    indices = r.settings.get("indices")
    if indices is not None:
        pieces = [pieces[k] for k in np.argsort([str(_start(i)).zfill(9) for i in indices])]
    for order in permutations(range(len(pieces))):
        if order != tuple(range(len(pieces))):
            said = kinds.JOINED_OTHERWISE(", ".join(c.called(pieces[k]) for k in order))
            swapped = {x: at(pieces[k]) for x, k in zip(pieces, order, strict=True)}
            yield Edit(("joined", order), said, reading(r, swapped))


def _start(index: Any) -> int:
    """Where the first slice that is not everything begins."""
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, slice) and part != slice(None):
            return part.start or 0
    return 0
