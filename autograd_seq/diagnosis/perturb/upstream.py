"""An adjoint given from above that is taken for 1: a loss whose own adjoint is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import LIKELY, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, evaluate


def taken_for_one(c: Context) -> Iterator[Variant]:
    """A given adjoint that is 1 wherever it is used, or in one formula."""
    groups: dict[Any, list[tuple[Tensor, Tensor]]] = {}
    for name, seed in c.program.truth.seeds.items():
        passed = {seed, *(r for r in c.program.records if c.from_above(r) and _begins(r) is seed)}
        for r in c.program.records:
            for x in r.inputs:
                if x in passed and r not in passed:
                    groups.setdefault((name,), []).append((r, x))
                    groups.setdefault((name, c.role(r)), []).append((r, x))
    for key, found in groups.items():
        words = f"with 1 in place of the adjoint given for {key[0]}"
        edit = Edit(("is one",), "upstream missing", words, nothing)
        yield c.variant(("upstream", key), edit, found[0][0], LIKELY, {r: _with_ones(r, x) for r, x in found})


def _begins(r: Tensor) -> Tensor:
    """Where a chain of records with one input begins."""
    while r.operation is not None and len(r.inputs) == 1:
        r = r.inputs[0]
    return r


def _of_ones(x: Tensor) -> Array:
    """What a chain that begins with a given adjoint is where that is 1."""
    return np.ones(x.shape) if x.operation is None else evaluate(x, _of_ones)


def _with_ones(r: Tensor, x: Tensor) -> Change:
    return lambda v: evaluate(r, lambda y: _of_ones(x) if y is x else v(y))
