"""Edits of the derivatives of activations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import Change
from autograd_seq.diagnosis.truth import is_activation


def activations(c: Context, r: Tensor) -> Iterator[Edit]:
    """Everything that can happen to g ∘ f'(x), where `r` is that piece."""
    node = c.program.serves[r]
    if not is_activation(node) or c.program.truth.recording.emitted[node][-1] is not r:
        return
    g = c.adjoints[node]
    rules: Any = node.operation.vjp
    y, x = node._value, node.inputs[0]._value
    name = f"{node.operation.name}'"

    def rule(v: Any, y: Array, x: Array) -> Array:
        return np.asarray(rules[0](v, y, x, **node.settings))

    def edit(key: str, words: str, change: Change) -> Edit:
        return Edit((key,), "activation derivative", words, change, weight=0)

    again = node.operation.value
    derivative = rule(np.ones(node.shape), y, x)
    yield edit(
        "left out",
        f"without the derivative {name}: the adjoint of {c.called(node)}, not of what is inside {name[:-1]}",
        lambda v: np.array(v(g)),
    )
    yield edit("squared", f"with the derivative {name} applied twice", lambda v: rule(rule(v(g), y, x), y, x))
    yield edit(
        "of itself",
        f"with {name[:-1]} applied again to {c.called(node)}, which is a {name[:-1]} already",
        lambda v: rule(v(g), again(y, **node.settings), y),
    )
    yield edit(
        "of argument",
        f"with {c.called(node.inputs[0])} where {c.called(node)} belongs in the derivative {name}",
        lambda v: rule(v(g), x, x),
    )
    for key, words, factor in (
        (
            "square",
            f"with 1 − {c.called(node)} in place of 1 − {c.called(node)}²: the square is missing"
            if np.allclose(derivative, 1 - y * y)
            else f"with 1 − {c.called(node)} in place of the derivative {name}",
            1 - y,
        ),
        (
            "outside",
            f"with (1 − {c.called(node)})² in place of 1 − {c.called(node)}²: the square stands outside",
            (1 - y) ** 2,
        ),
        ("1 + y²", f"with 1 + {c.called(node)}² in place of the derivative {name}", 1 + y * y),
        ("y(1 + y)", f"with {c.called(node)} ∘ (1 + {c.called(node)}) in place of the derivative {name}", y * (1 + y)),
        ("1 + y", f"with 1 + {c.called(node)} in place of the derivative {name}", 1 + y),
        ("2y", f"with 2 {c.called(node)} in place of the derivative {name}", 2 * y),
        ("-2y", f"with −2 {c.called(node)} in place of the derivative {name}: derived once more", -2 * y),
        ("1 - 2y", f"with 1 − 2 {c.called(node)} in place of the derivative {name}: derived once more", 1 - 2 * y),
        ("1 - y²", f"with 1 − {c.called(node)}² in place of the derivative {name}", 1 - y * y),
        (
            "y(1 - y)",
            f"with {c.called(node)} ∘ (1 − {c.called(node)}) in place of the derivative {name}",
            y * (1 - y),
        ),
        ("y > 0", f"with the derivative of ReLU in place of {name}", y > 0),
        ("y", f"with {c.called(node)} in place of the derivative {name}", y),
        ("y²", f"with {c.called(node)}² in place of the derivative {name}", y * y),
    ):
        category = "sign" if "+" in key else "activation derivative"
        yield Edit((key,), category, words, lambda v, factor=factor: v(g) * factor, weight=0)  # type: ignore[misc]
    if node.operation.elementwise and np.isin(derivative, (0, 1)).all():
        words = f"with the zeros where {c.called(node)} is positive, and not where it is 0"
        yield edit("opposite mask", words, lambda v: v(g) * (x <= 0))
    else:
        words = f"with {c.called(node)} ∘ (1 − {c.called(node)}) once more, on the adjoint of what is inside already"
        yield edit("once more", words, lambda v: rule(v(g), y, x) * y * (1 - y))
    yield Edit(
        ("no upstream",),
        "upstream missing",
        f"without {c.called(g)}: the derivative {name} alone, not multiplied with the adjoint",
        lambda v: rule(np.ones(node.shape), y, x),
    )
    if g.shape == node.shape:
        yield edit(
            "of adjoint",
            f"with {c.called(g)} where {c.called(node)} belongs in {name}",
            lambda v: rule(v(g), v(g), v(g)),
        )
    for other in c.near(node):
        if other.shape == node.shape and other is not node:
            yield Edit(
                ("derivative at", c.role(other), (other.scope.time or 0) - (node.scope.time or 0)),
                "activation derivative",
                f"with {c.called(other)} in place of {c.called(node)} in the derivative {name}",
                lambda v, other=other: rule(v(g), other._value, x),  # type: ignore[misc]
            )
