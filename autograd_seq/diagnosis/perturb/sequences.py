"""What is edited: at which index a sequence, or the rows of a table, are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, at
from autograd_seq.diagnosis.perturb.which_step import STEPS
from autograd_seq.diagnosis.rerun import Values

DUPLICATE_WAYS: list[tuple[str, bool, str]] = [  # a name, whether it is from the end, what somebody wrote
    ("added", False, "d[ids] += … adds an index that is there twice once only; np.add.at adds both"),
    ("replaced", False, "d[ids] = … replaces what was there"),
    ("replaced from the end", True, "d[ids] = … replaces what was there"),
]


def read_at(c: Context, r: Tensor) -> Iterator[Edit]:
    """A step of a sequence of adjoints, read at another step."""
    if algebra(r) != "part" or r.inputs[0] not in c.live or (place := _integer(r.settings["index"])) is None:
        return
    source = r.inputs[0]
    parts = [u for u in c.program.users[source] if algebra(u) == "part"]
    n = len({found[1] for u in parts if (found := _integer(u.settings["index"]))})
    for step in STEPS if n > 1 else ():
        index = _moved(r.settings["index"], place[0], step.index(place[1], n))
        said = kinds.READ_AT_ANOTHER_STEP[step.name](c.called(source))
        yield Edit(("read", step.name), said, at(source)[index])


def written_at(c: Context, r: Tensor) -> Iterator[Edit]:
    """The steps of a sequence, written at other ones; where they meet, the last stays, or they are added."""
    if algebra(r) != "gathered parts" or not any(_integer(index) for index in r.settings["indices"]):
        return
    for step in STEPS:
        for added in (False, True) if step.name in ("first", "last") else (False,):
            kind = (kinds.ADDED_AT_ANOTHER_STEP if added else kinds.WRITTEN_AT_ANOTHER_STEP)[step.name]
            yield Edit(("written", step.name, added), kind(), _rewritten(r, step.index, added))


def _rewritten(r: Tensor, other: Callable[[int, int], int], added: bool) -> Form:
    parts: dict[int, list[Tensor]] = {}
    where, some = 0, r.settings["indices"][0]
    for index, x in zip(r.settings["indices"], r.inputs, strict=True):
        if place := _integer(index):
            where, k = place
            parts.setdefault(k, []).append(x)

    def change(v: Values) -> Array:
        result = np.zeros(r.shape)
        for k in sorted(parts, reverse=True):  # the loop goes back in time, and what it writes last stays
            index = _moved(some, where, other(k, len(parts)))
            result[index] = np.sum([v(x) for x in parts[k]], axis=0) + (result[index] if added else 0)
        return result

    return Form(change)


def _integer(index: Any) -> tuple[int, int] | None:
    """Where in an index a single integer stands, and which."""
    parts = index if isinstance(index, tuple) else (index,)
    found = [(i, p) for i, p in enumerate(parts) if isinstance(p, int) and not isinstance(p, bool)]
    return found[0] if len(found) == 1 else None


def _moved(index: Any, place: int, k: int) -> Any:
    parts = list(index) if isinstance(index, tuple) else [index]
    parts[place] = k
    return tuple(parts)


def rows_at(c: Context, r: Tensor) -> Iterator[Edit]:
    """Rows of a table that are picked by arrays, written at those of another time step."""
    if algebra(r) != "gathered parts":
        return
    indices = list(r.settings["indices"])
    n = len(indices)
    picked = all(isinstance(i, (np.ndarray, tuple)) for i in indices)
    for step in STEPS if n > 2 and picked and len({x.shape for x in r.inputs}) == 1 else ():
        # the pieces come from the last step to the first
        moved = [indices[n - 1 - step.index(n - 1 - k, n)] for k in range(n)]
        yield Edit(("rows", step.name), kinds.ROWS_OF_ANOTHER_STEP[step.name](), _scattered(r, moved))


def not_turned_round(c: Context, r: Tensor) -> Iterator[Edit]:
    """A sequence that was read from its end, without the same in the backward pass, or with it twice."""
    if algebra(r) == "gathered parts" and any(map(_backwards, r.settings["indices"])):
        change = _scattered(r, [_forwards(index) for index in r.settings["indices"]])
    elif algebra(r) == "part" and _backwards(r.settings["index"]):
        change = at(r.inputs[0])[_forwards(r.settings["index"])]
    else:
        return
    yield Edit(("not turned round",), kinds.NOT_TURNED_ROUND(c.called(r)), change)


def _backwards(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, slice) and p.step == -1 for p in parts)


def _forwards(index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(slice(None) if isinstance(p, slice) and p == slice(None, None, -1) else p for p in parts)


def _scattered(r: Tensor, indices: list[Any]) -> Form:
    def change(v: Values) -> Array:
        result = np.zeros(r.shape)
        for index, x in zip(indices, r.inputs, strict=True):
            np.add.at(result, index, v(x))
        return result

    return Form(change)


def one_part_left(c: Context, r: Tensor) -> Iterator[Edit]:
    """Parts of one array to which two ways lead: the second replaces what the first left there."""
    indices = [str(index) for index in r.settings["indices"]] if algebra(r) == "gathered parts" else []
    for first in (True, False):
        order = indices if first else indices[::-1]
        chosen = {(order.index(i) if first else len(order) - 1 - order.index(i)) for i in order}
        if len(chosen) < len(order):
            yield Edit(("one part left", first), kinds.ONE_PART_LEFT(), _pieces(r, chosen))


def _pieces(r: Tensor, chosen: set[int]) -> Form:
    def change(v: Values) -> Any:
        pieces = [v(x) if i in chosen else np.zeros(x.shape) for i, x in enumerate(r.inputs)]
        return r.operation.value(*pieces, **r.settings)

    return Form(change)


def without_first(c: Context, r: Tensor) -> Form:
    """A sequence whose first step is not filled in."""
    return _pieces(r, {i for i, x in enumerate(r.inputs) if c.program.time(x) != 1})


def steps_in_one_array(c: Context, r: Tensor) -> Iterator[Edit]:
    """A sequence whose steps are one array: ``dx = [np.zeros(...)] * T``."""
    joined = algebra(r) in ("gathered parts", "stacked")
    if not joined or len({x.shape for x in r.inputs}) != 1 or len(r.inputs) < 3:
        return
    total, last = Form(lambda v: np.sum([v(x) for x in r.inputs], axis=0)), at(r.inputs[0])
    for key, words, one in (("sum", "the sum of all steps", total), ("last", "the last that is written", last)):
        yield Edit(("steps in one array", key), kinds.STEPS_IN_ONE_ARRAY(words), _all(r, one))


def _all(r: Tensor, one: Form) -> Form:
    return Form(lambda v: r.operation.value(*[one(v)] * len(r.inputs), **r.settings))


def duplicates(c: Context, r: Tensor) -> Iterator[Edit]:
    """Rows that are picked more than once, of which ``d[ids] += …`` adds the last only."""
    if algebra(r) == "gathered parts" and any(map(_picks, r.settings["indices"])):
        for key, from_the_end, words in DUPLICATE_WAYS:
            yield Edit(("duplicates", key), kinds.DUPLICATES(words), _picked(r, key == "added", from_the_end))


def _picks(index: Any) -> bool:
    """Whether parts are picked by an array of indices."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, (np.ndarray, list)) and np.asarray(p).dtype.kind in "iu" for p in parts)


def _picked(r: Tensor, added: bool, from_the_end: bool) -> Form:
    def change(v: Values) -> Array:
        result = np.zeros(r.shape)
        parts = list(zip(r.settings["indices"], [v(x) for x in r.inputs], strict=True))
        for index, piece in parts[::-1] if from_the_end else parts:
            if added:
                result[index] += piece
            else:
                result[index] = piece
        return result

    return Form(change)
