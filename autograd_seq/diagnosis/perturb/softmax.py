"""Edits of softmax's derivative, y ∘ (g − Σ g ∘ y), alone and behind a cross entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit


def softmaxes(c: Context, r: Tensor) -> Iterator[Edit]:
    """The two terms of the derivative left out, of the wrong sign, or without one of their factors."""
    node = c.program.serves[r]
    if node.operation is not ops.softmax or c.program.truth.recording.emitted[node][-1] is not r:
        return
    g, y, axis = c.adjoints[node], node._value, node.settings["axis"]
    name, above = c.called(node), c.called(g)

    def total(v: Any, over: int = axis) -> Any:
        return np.sum(v(g) * y, axis=over, keepdims=True)

    edits: list[tuple[str, str, str, Any]] = [
        (
            "no sum",
            "missing term",
            f"without the term −{name} Σ {above} ∘ {name}: each output as if it depended on its own input only",
            lambda v: y * v(g),
        ),
        (
            "diagonal",
            "activation derivative",
            f"with the diagonal {name} ∘ (1 − {name}) of softmax's derivative only, as if it were a sigmoid",
            lambda v: v(g) * y * (1 - y),
        ),
        (
            "only sum, positive",
            "missing term",
            f"with {name} Σ {above} ∘ {name} only, and of the opposite sign",
            lambda v: y * total(v),
        ),
        ("only sum", "missing term", f"without the term {name} ∘ {above}", lambda v: -y * total(v)),
        ("plus", "sign", f"with + in place of − before the sum Σ {above} ∘ {name}", lambda v: y * (v(g) + total(v))),
        (
            "sign of sum only",
            "sign",
            f"with the opposite sign of the term {name} ∘ {above}",
            lambda v: -y * (v(g) + total(v)),
        ),
        (
            "outside",
            "parentheses",
            f"with {name} ∘ {above} − Σ {above} ∘ {name}: parentheses misplaced, or the factor {name} "
            "forgotten on the sum",
            lambda v: y * v(g) - total(v),
        ),
        ("no y", "missing factor", f"without the factor {name} before the parentheses", lambda v: v(g) - total(v)),
        (
            "no y inside",
            "missing factor",
            f"without the factor {name} within the sum",
            lambda v: y * (v(g) - np.sum(v(g), axis=axis, keepdims=True)),
        ),
        (
            "no upstream inside",
            "missing factor",
            f"without the factor {above} within the sum",
            lambda v: y * (v(g) - np.sum(y, axis=axis, keepdims=True)),
        ),
        (
            "mean",
            "mean over the batch",
            f"with the mean of {above} ∘ {name} in place of the sum",
            lambda v: y * (v(g) - np.mean(v(g) * y, axis=axis, keepdims=True)),
        ),
        (
            "everything",
            "missing sum",
            f"with the sum of {above} ∘ {name} over everything",
            lambda v: y * (v(g) - np.sum(v(g) * y)),
        ),
        ("twice", "extra factor", f"with the factor {name} twice", lambda v: y * y * (v(g) - total(v))),
        ("only y", "wrong value", f"with {name} in place of it", lambda v: np.array(y)),
        (
            "without",
            "activation derivative",
            f"without the derivative of softmax: {above} itself",
            lambda v: np.array(v(g)),
        ),
    ]
    for other in range(node.ndim):
        if other not in (axis, axis + node.ndim):
            edits.append(
                (
                    f"axis {other}",
                    "missing sum",
                    f"with the sum over axis {other} in place of axis {axis}",
                    lambda v, other=other: y * (v(g) - total(v, other)),
                )
            )
    for key, category, words, change in edits:
        yield Edit(("softmax", key), category, words, change, weight=0)
