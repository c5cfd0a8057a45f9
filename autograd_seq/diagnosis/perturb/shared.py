"""Parts that fall together: gradients that share one array, rows of a table that are used more than once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change

MOST = 6  # gradients of one shape of which every subset is tried


def one_array(c: Context) -> Iterator[Variant]:
    """Several gradients that are one array, and each the sum of all: ``dWf = dWi = np.zeros(...)``."""
    by_shape: dict[Any, list[str]] = {}
    for key, r in c.program.results.items():
        if r.operation is not None:
            by_shape.setdefault(r.shape, []).append(key)
    for keys in by_shape.values():
        sizes = range(2, len(keys) + 1) if len(keys) <= MOST else (2, len(keys))
        for group in (g for n in sizes for g in combinations(keys, n)):
            records = [c.program.results[k] for k in group]
            for kind, words in (
                ("sum", f"with the sum of all {len(group)} in its place: they are one array"),
                ("last", f"with {group[-1]} in its place: they are one array"),
                ("first", f"with {group[0]} in its place: they are one array"),
            ):
                chosen = records if kind == "sum" else [records[-1] if kind == "last" else records[0]]
                if kind != "sum" and len(group) < 3:
                    continue  # that is one gradient in place of another
                edit = Edit(("one array", kind), "shared array", words, nothing)
                total = np.sum([x._value for x in chosen], axis=0)
                changes = {r: _constant(total) for r in records if kind == "sum" or r is not chosen[0]}
                names = [k for k, r in zip(group, records, strict=True) if r in changes]
                yield c.listed(("one array", *group), edit, names, changes)
    yield from _steps_in_one_array(c)


def _constant(value: Any) -> Change:
    return lambda v: value


def _steps_in_one_array(c: Context) -> Iterator[Variant]:
    """A sequence whose steps are one array: ``dx = [np.zeros(...)] * T``."""
    for name, r in c.program.results.items():
        joined = algebra(r) in ("gathered parts", "stacked")
        if not joined or len({x.shape for x in r.inputs}) != 1 or len(r.inputs) < 3:
            continue
        for kind, words in (("sum", "the sum of all steps"), ("last", "the last that is written")):

            def change(v: Any, r: Tensor = r, kind: str = kind) -> Any:
                pieces = [v(x) for x in r.inputs]
                one = np.sum(pieces, axis=0) if kind == "sum" else pieces[0]
                return r.operation.value(*[one] * len(pieces), **r.settings)

            edit = Edit(("steps", kind), "shared array", f"with {words} in every one: they are one array", change)
            yield c.listed(("steps in one array", name), edit, [name], {r: change})


def repeated_indices(c: Context) -> Iterator[Variant]:
    """Rows that are picked more than once, of which ``d[ids] += …`` adds the last only."""
    found = [r for r in c.program.records if algebra(r) == "gathered parts" and _picks(r)]
    for key, category, words in (
        ("added", "duplicate indices", "d[ids] += … adds an index that is there twice once only; np.add.at adds both"),
        ("replaced", "duplicate indices", "d[ids] = … replaces what was there"),
        ("replaced from the end", "duplicate indices", "d[ids] = … replaces what was there"),
    ):
        changes = {r: _picked(r, key) for r in found}
        if not changes:
            continue
        said = f"with the last of several parts only wherever an index is there more than once: {words}"
        edit = Edit((key,), category, said, nothing)
        keys = [k for k, result in c.program.results.items() if any(result is r for r in found)]
        if keys:
            yield c.listed(("repeated", key), edit, keys, changes)
            for k in keys if len(keys) > 1 else ():
                r = c.program.results[k]
                yield c.listed(("repeated", key, k), edit, [k], {r: changes[r]})
        else:
            yield c.variant(("repeated", key), edit, found[0], 0, changes)


def _picks(r: Tensor) -> bool:
    """Whether parts are picked by arrays of indices."""
    return any(_arrays(index) for index in r.settings["indices"])


def _arrays(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, (np.ndarray, list)) and np.asarray(p).dtype.kind in "iu" for p in parts)


def _picked(r: Tensor, kind: str) -> Change:
    def change(v: Any) -> Any:
        result = np.zeros(r.shape)
        parts = list(zip(r.settings["indices"], [v(x) for x in r.inputs], strict=True))
        for index, piece in parts if kind != "replaced from the end" else parts[::-1]:
            if kind == "added":
                result[index] += piece
            else:
                result[index] = piece
        return result

    return change
