"""A forward value that is another one wherever the backward pass uses it: the cache was read wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.loop import TIMES
from autograd_seq.diagnosis.perturb.variant import SWAP, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, evaluate
from autograd_seq.diagnosis.truth import is_activation

Values = dict[Tensor, Array]


def read_at_another_time(c: Context) -> Iterator[Variant]:
    """One value, or all of them, of another time step."""
    if c.program.T < 2:
        return
    by_role = _by_role(c)
    for key, words, other in TIMES:
        for wrapped in (False, True):
            every: Values = {}
            for role, records in by_role.items():
                mapping = _at(c, records, other, wrapped)
                every.update(mapping)
                if mapping and (not wrapped or key in ("before", "after")):
                    yield from _variants(c, ("value", key, role, wrapped), mapping, records, words)
            if (every and key in ("before", "after", "reversed")) or not wrapped:
                edit = Edit(("all", key, wrapped), "off by one", f"with the forward values {words}", nothing)
                changes = with_values(c, every)
                if changes:
                    yield Variant(
                        ("values", key, wrapped),
                        edit.category,
                        "the loop",
                        edit.words,
                        "step t uses the values of step t",
                        SWAP,
                        changes,
                    )


def _by_role(c: Context) -> dict[Any, list[Tensor]]:
    """Values of every time step that a backward pass can read: what is computed, and what was given in parts."""
    found: dict[Any, list[Tensor]] = {}
    for r in c.program.truth.recording.forward:
        if r.ndim and (r.scope.time is not None or len(found.get(c.role(r), ()))):
            found.setdefault(c.role(r), []).append(r)
    return {role: rs for role, rs in found.items() if len(rs) > 1}


def _at(c: Context, records: list[Tensor], other: Callable[[int, int], int | None], wrapped: bool) -> Values:
    times = {_time(r): r for r in records}
    initial = _initial(c, records)
    if initial is not None:
        times[0] = initial
    mapping = {}
    for t, r in times.items():
        wanted = other(t, c.program.T)
        if wrapped and wanted not in times and wanted is not None:
            wanted = (wanted - 1) % c.program.T + 1
        twin = times.get(wanted) if wanted is not None else None
        if twin is not None and twin is not r and twin.shape == r.shape:
            mapping[r] = twin._value
    return mapping


def _time(r: Tensor) -> int:
    return r.scope.time or 0


def _initial(c: Context, records: list[Tensor]) -> Tensor | None:
    role = c.role(records[0])
    return next((x for x in c.program.truth.recording.forward if x.operation is None and c.role(x) == role), None)


def _variants(c: Context, key: Any, mapping: Values, records: list[Tensor], words: str) -> Iterator[Variant]:
    said = f"with {c.called(records[-1])} {words}"
    yield from _made(c, (*key, "direct"), "off by one", said, mapping, records[-1])
    if spread := _spread(c, mapping):
        yield from _made(c, (*key, "spread"), "off by one", said, mapping | spread, records[-1])


def exchanged_values(c: Context) -> Iterator[Variant]:
    """One value in place of another of its shape wherever it is used, and both exchanged."""
    steps: dict[Any, dict[int, Tensor]] = {}
    for r in c.notable:
        steps.setdefault(c.role(r), {})[_time(r)] = r
    named = [(role, found) for role, found in steps.items() if any(r.name or is_activation(r) for r in found.values())]
    for i, (role, xs) in enumerate(named):
        for j, (other, ys) in enumerate(named):
            x, y = next(iter(xs.values())), next(iter(ys.values()))
            if role == other or x.shape != y.shape:
                continue
            for distance in (0, 1, -1) if c.program.T > 1 else (0,):
                pairs = [(a, ys[t + distance]) for t, a in xs.items() if t + distance in ys]
                if not pairs:
                    continue
                a, b = pairs[-1]
                mapping = {a: b._value for a, b in pairs}
                other_one = c.called(b) if c.called(b) != c.called(a) else f"another value called {c.called(b)}"
                said = f"with {other_one} in place of {c.called(a)} wherever it is used"
                kind = c.kind_of_swap(b, a)
                yield from _made(c, ("for", role, other, distance), kind, said, mapping, a)
                if spread := _spread(c, mapping):
                    yield from _made(c, ("for", role, other, distance, "spread"), kind, said, mapping | spread, a)
                if distance == 0 and i < j:
                    both = mapping | {b: a._value for a, b in pairs}
                    said = f"with {c.called(a)} and {c.called(b)} exchanged wherever they are used"
                    yield from _made(c, ("exchanged", role, other), kind, said, both, a)


def _spread(c: Context, mapping: Values) -> Values:
    """What a backward pass would compute anew from changed values: their products and stacks."""
    new = dict(mapping)
    for r in c.program.truth.recording.forward:
        if r.operation is None or r in mapping or is_activation(r) or algebra(r) == "matrix product":
            continue
        if any(x in new for x in r.inputs) and not _is_state(c, r):
            new[r] = np.asarray(r.operation.value(*(new.get(x, x._value) for x in r.inputs), **r.settings))
    return {r: value for r, value in new.items() if r not in mapping}


def _is_state(c: Context, r: Tensor) -> bool:
    """Whether a record is carried to the next time step, or given back."""
    outputs = c.program.truth.outputs.values()
    return any(r is x for x in outputs) or algebra(r) == "sum" or algebra(r) == "stacked"


def _made(c: Context, key: Any, category: str, words: str, mapping: Values, at: Tensor) -> Iterator[Variant]:
    changes = with_values(c, mapping)
    if changes:
        edit = Edit(("value",), category, words, nothing)
        where = next(iter(changes))
        yield c.variant(key, edit, where, SWAP, changes)


def with_values(c: Context, mapping: Mapping[Tensor, Array]) -> dict[Tensor, Change]:
    """The lines that read any of some forward values, with others in their place."""
    return {
        r: _reading(r, mapping)
        for r in c.program.records
        if any(x in mapping for x in r.inputs) and not c.from_above(r)
    }


def _reading(r: Tensor, mapping: Mapping[Tensor, Array]) -> Change:
    return lambda v: evaluate(r, lambda x: mapping[x] if x in mapping else v(x))
