"""Mistakes of the loop over time: too short, or with values of another time step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.gradients import only_time
from autograd_seq.diagnosis.perturb.variant import FIRST, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, bare

_SHIFTS: list[tuple[str, str, Any]] = [
    ("reversed", "in the opposite order of time", lambda t, n: n - 1 - t),
    ("before", "one time step too early", lambda t, n: t - 1),
    ("after", "one time step too late", lambda t, n: (t + 1) % n),
    ("first", "at the first time step in every one", lambda t, n: 0),
    ("last", "at the last time step in every one", lambda t, n: n - 1),
]

# From a time step, counted from 1, and their number to the one that is read in its place.
TIMES: list[tuple[str, str, Any]] = [
    ("before", "of the time step before", lambda t, n: t - 1),
    ("after", "of the time step after", lambda t, n: t + 1),
    ("reversed", "in the opposite order of time", lambda t, n: n + 1 - t),
    ("first", "of the first time step in every one", lambda t, n: 1),
    ("last", "of the last time step in every one", lambda t, n: n),
]


def short_loop(c: Context) -> Iterator[Variant]:
    """The first step left out: its parts missing, and the state's adjoint one step early."""
    changes: dict[Tensor, Change] = {}
    for r in c.program.results.values():
        if algebra(r) == "gathered parts":
            changes[r] = _scattered_without(c, r)
        elif algebra(r) == "sum of uses" and len({c.program.time(x) for x in r.inputs}) > 1:
            changes[r] = only_time(c, r, 1, without=True)
        elif (early := _a_step_later(c, r)) is not None:
            changes[r] = early
    edit = Edit(("first step",), "off by one", "without the first time step: the loop ends too early", nothing)
    if changes:
        yield Variant(
            ("short loop",), edit.category, "the loop", edit.words, "t runs from T_x - 1 down to 0", FIRST, changes
        )


def _scattered_without(c: Context, r: Tensor) -> Change:
    def change(v: Any) -> Any:
        pieces = [np.zeros(x.shape) if c.program.time(x) == 1 else v(x) for x in r.inputs]
        return r.operation.value(*pieces, **r.settings)

    return change


def _a_step_later(c: Context, r: Tensor) -> Change | None:
    """What belongs to the state before step 2 in place of the state before step 1."""
    part = bare(r)
    mine = list(part.inputs) if algebra(part) == "sum of uses" else [part]
    for state in c.program.records:
        if algebra(state) != "sum of uses" or c.program.time(state) != 1:
            continue
        carried = [x for x in state.inputs if c.program.time(x) == 2]
        if carried and {c.role(x) for x in carried} == {c.role(x) for x in mine}:
            return lambda v, carried=carried: np.sum([v(x) for x in carried], axis=0)  # type: ignore[misc]
    return None


def other_indices(c: Context) -> Iterator[Variant]:
    """A sequence of adjoints read or written at another time than it should be."""
    read: dict[Tensor, list[tuple[Tensor, int, int]]] = {}
    for r in c.program.records:
        if algebra(r) == "part" and r.inputs[0] in c.live:
            place = _integer(r.settings["index"])
            if place is not None:
                read.setdefault(r.inputs[0], []).append((r, *place))
    for source, parts in read.items():
        if len(parts) < 2:
            continue
        for key, words, other in _SHIFTS:
            length = len({k for _, _, k in parts})
            changes = {r: _indexed(r, at, other(k, length)) for r, at, k in parts}
            edit = Edit((key,), "off by one", f"with {c.called(source)} read {words}", nothing)
            yield c.variant(("read", c.role(source)), edit, parts[0][0], FIRST, changes)
    for name, r in c.program.results.items():
        if algebra(r) == "gathered parts":
            for key, words, other in _SHIFTS:
                for added in (False, True) if key in ("first", "last") else (False,):
                    edit = Edit((key, added), "off by one", f"{'added' if added else 'written'} {words}", nothing)
                    yield c.listed(("written", name), edit, [name], {r: _rewritten(r, other, added)})


def not_turned_round(c: Context) -> Iterator[Variant]:
    """A sequence that was read from its end, without the same in the backward pass, or with it twice."""
    for r in c.program.records:
        if algebra(r) == "gathered parts" and any(map(_backwards, r.settings["indices"])):
            new = [_forwards(index) for index in r.settings["indices"]]
            changed = _scattered_at(r, new)
        elif algebra(r) == "part" and _backwards(r.settings["index"]):
            changed = _read_at(r, _forwards(r.settings["index"]))
        else:
            continue
        words = "in the opposite order of time: [::-1] is missing where the sequence was read from its end"
        edit = Edit(("not turned round",), "off by one", f"with {c.called(r)} {words}", changed)
        yield c.variant(("turned", c.role(r)), edit, r, FIRST, {r: changed})


def _backwards(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, slice) and p.step == -1 for p in parts)


def _forwards(index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(slice(None) if isinstance(p, slice) and p == slice(None, None, -1) else p for p in parts)


def _scattered_at(r: Tensor, indices: list[Any]) -> Change:
    def change(v: Any) -> Any:
        result = np.zeros(r.shape)
        for index, x in zip(indices, r.inputs, strict=True):
            np.add.at(result, index, v(x))
        return result

    return change


def _read_at(r: Tensor, index: Any) -> Change:
    return lambda v: v(r.inputs[0])[index]


def other_rows(c: Context) -> Iterator[Variant]:
    """Rows of a table that are picked by arrays, written at those of another time step."""
    for r in c.program.records:
        if algebra(r) != "gathered parts":
            continue
        indices = list(r.settings["indices"])
        n = len(indices)
        if n < 3 or not all(isinstance(i, (np.ndarray, tuple)) for i in indices):
            continue
        if len({np.shape(x) for x in r.inputs}) != 1:
            continue
        for key, words, other in _SHIFTS:
            # the pieces come from the last step to the first
            moved = [indices[n - 1 - other(n - 1 - k, n) % n] for k in range(n)]
            edit = Edit((key,), "off by one", f"added to the rows {words}", _scattered_at(r, moved))
            yield c.variant(("rows", c.role(r)), edit, r, FIRST, {r: edit.change})


def other_cache(c: Context) -> Iterator[Variant]:
    """The forward values of another time step."""
    for key, words, other in TIMES:
        changes: dict[Tensor, Change] = {}
        for r in c.program.records:
            time = c.program.time(r)
            if r not in c.live or time is None:
                continue
            wanted = (other(time, c.program.T) - 1) % c.program.T + 1
            twin = next((x for x in c.groups[c.role(r)] if c.program.time(x) == wanted), None)
            if twin is not None and twin is not r:
                changes[r] = _with_operands_of(r, twin, c.live)
        edit = Edit((key,), "off by one", f"with the forward values {words}", nothing)
        if changes:
            yield Variant(
                ("cache", key), edit.category, "the loop", edit.words, "step t uses caches[t]", FIRST, changes
            )


def _integer(index: Any) -> tuple[int, int] | None:
    """Where in an index a single integer stands, and which."""
    parts = index if isinstance(index, tuple) else (index,)
    found = [(i, p) for i, p in enumerate(parts) if isinstance(p, int) and not isinstance(p, bool)]
    return found[0] if len(found) == 1 else None


def _moved(index: Any, at: int, k: int) -> Any:
    parts = list(index) if isinstance(index, tuple) else [index]
    parts[at] = k
    return tuple(parts)


def _indexed(r: Tensor, at: int, k: int) -> Change:
    index = _moved(r.settings["index"], at, k)
    return lambda v: v(r.inputs[0])[index]


def _rewritten(r: Tensor, other: Any, added: bool = False) -> Change:
    """Each part of a sequence written at another place."""
    parts: dict[int, list[Tensor]] = {}
    at, some = 0, r.settings["indices"][0]
    for index, x in zip(r.settings["indices"], r.inputs, strict=True):
        if place := _integer(index):
            at, k = place
            parts.setdefault(k, []).append(x)

    def change(v: Any) -> Any:
        result = np.zeros(r.shape)
        for k in sorted(parts, reverse=True):  # the loop goes back in time, and what it writes last stays
            index = _moved(some, at, other(k, len(parts)))
            result[index] = np.sum([v(x) for x in parts[k]], axis=0) + (result[index] if added else 0)
        return result

    return change


def _with_operands_of(r: Tensor, twin: Tensor, live: set[Tensor]) -> Change:
    operands = [x if x in live else y for x, y in zip(r.inputs, twin.inputs, strict=False)]
    return lambda v: r.operation.value(*(v(x) for x in operands), **r.settings)
