"""Whole gradients: never assigned, averaged, overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, bare, evaluate, sums_axes


def scaled(c: Context) -> Iterator[Variant]:
    """Means in place of sums, over the examples or over time."""
    for key, r in c.program.results.items():
        edit = Edit(("zero",), "missing term", "with zero in place of everything: it was never assigned", nothing)
        yield c.listed(("zero", key), edit, [key], {r: scaled_by(r, 0.0)})
    summed = _summed(c)
    biases = [k for k in summed if c.program.results[k].shape[-1:] == (1,)]
    several = [list(summed), biases, [k for k in summed if k not in biases]]
    for keys in _distinct(several):
        if len(keys) > 1:
            edit = Edit(
                ("zero",), "missing term", "with zero in place of everything: they were never assigned", nothing
            )
            changes = {c.program.results[k]: scaled_by(c.program.results[k], 0.0) for k in keys}
            yield c.listed(("zero", *keys), edit, keys, changes)
    sets = [[k] for k in summed] + several
    for keys in _distinct(sets):
        records = [c.program.results[k] for k in keys]
        counts = [("mean over the batch", "the number of examples", summed[keys[0]])]
        if c.program.T > 1:
            counts.append(("mean over time", "the number of time steps", c.program.T))
        for category, words, n in counts:
            for sign, power in (("divided", 1.0 / n), ("multiplied", float(n))):
                edit = Edit((category, sign), category, f"{sign} {'by' if power < 1 else 'with'} {words}, {n}", nothing)
                changes = {r: scaled_by(r, power) for r in records}
                yield c.listed(("scaled", *keys), edit, keys, changes)


def _summed(c: Context) -> dict[str, int]:
    """The gradients that are summed over examples, with how many examples there are."""
    found = {}
    for key, result in c.program.results.items():
        terms = list(result.inputs) if algebra(result) == "sum of uses" else [result]
        sizes = [summed_over(bare(t)) for t in terms]
        if all(sizes):
            found[key] = sizes[0]
    return found


def summed_over(term: Tensor) -> int:
    """How many examples a term sums over; 0 if it does not."""
    if algebra(term) == "matrix product" and algebra(term.inputs[1]) == "transpose":
        return term.inputs[1].shape[0]
    if sums_axes(term):
        return term.inputs[0].size // max(term.size, 1)
    return 0


def _distinct(sets: list[list[str]]) -> list[list[str]]:
    return [list(keys) for keys in dict.fromkeys(tuple(s) for s in sets if s)]


def assigned(c: Context) -> Iterator[Variant]:
    """Assignment in place of addition, a loop that is too short, indices that are off."""
    if c.program.T < 2:
        return
    added = {}
    for key, r in c.program.results.items():
        if algebra(r) == "sum of uses" and len({c.program.time(x) for x in r.inputs}) > 1:
            added[key] = r
    biases = [k for k in added if c.program.results[k].shape[-1:] == (1,)]
    sets = [[k] for k in added] + [list(added), biases, [k for k in added if k not in biases]]
    for keys in _distinct(sets):
        for first, words in ((True, "the first"), (False, "the last")):
            edit = Edit(
                ("assigned", first),
                "assignment",
                f"with the part of {words} time step only: each step replaces it (=) in place of adding to it (+=)",
                nothing,
            )
            changes = {added[k]: only_time(c, added[k], 1 if first else c.program.T) for k in keys}
            yield c.listed(("assigned", *keys), edit, keys, changes)
    yield from _overwritten(c)


def only_time(c: Context, r: Tensor, time: int, without: bool = False) -> Change:
    """The terms of a sum that belong to one time step, or all others."""
    terms = [x for x in r.inputs if (c.program.time(x) == time) != without]
    return lambda v: np.sum([v(x) for x in terms], axis=0) if terms else np.zeros(r.shape)


def _overwritten(c: Context) -> Iterator[Variant]:
    """Parts of one array to which two ways lead: the second replaces what the first left there."""
    for name, r in c.program.results.items():
        if algebra(r) != "gathered parts":
            continue
        indices = [str(index) for index in r.settings["indices"]]
        for first in (True, False):
            order = indices if first else indices[::-1]
            chosen = {(order.index(i) if first else len(order) - 1 - order.index(i)) for i in order}
            if len(chosen) == len(order):
                continue
            words = "with one of the parts that belong there only: the other is replaced (=) in place of added to (+=)"
            edit = Edit(("overwritten", first), "assignment", words, nothing)
            yield c.listed(("overwritten", name), edit, [name], {r: _some_pieces(r, chosen)})


def _some_pieces(r: Tensor, chosen: set[int]) -> Change:
    def change(v: Any) -> Any:
        pieces = [v(x) if i in chosen else np.zeros(x.shape) for i, x in enumerate(r.inputs)]
        return r.operation.value(*pieces, **r.settings)

    return change


def scaled_by(r: Tensor, factor: float) -> Change:
    """A multiple of what stands there."""
    return lambda v: evaluate(r, v) * factor
