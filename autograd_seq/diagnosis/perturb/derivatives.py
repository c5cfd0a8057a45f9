"""What is edited: the derivatives of activations, g ∘ f'(x), and of softmax, y ∘ (g − Σ g ∘ y)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import DERIVATIVE, Kind, Said
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, at, constant
from autograd_seq.diagnosis.truth import is_activation

# What stands in place of f'(x), by what people take for each other: a name, the factor, what is said of it.
FACTORS: list[tuple[str, Any, str]] = [
    ("square", lambda y: 1 - y, "1 − {0}"),
    ("outside", lambda y: (1 - y) ** 2, "(1 − {0})²"),
    ("1 + y²", lambda y: 1 + y * y, "1 + {0}²"),
    ("y(1 + y)", lambda y: y * (1 + y), "{0} ∘ (1 + {0})"),
    ("1 + y", lambda y: 1 + y, "1 + {0}"),
    ("2y", lambda y: 2 * y, "2 {0}"),
    ("-2y", lambda y: -2 * y, "−2 {0}"),
    ("1 - 2y", lambda y: 1 - 2 * y, "1 − 2 {0}"),
    ("1 - y²", lambda y: 1 - y * y, "1 − {0}²"),
    ("y(1 - y)", lambda y: y * (1 - y), "{0} ∘ (1 − {0})"),
    ("y > 0", lambda y: y > 0, "the derivative of ReLU"),
    ("y", lambda y: y, "{0}"),
    ("y²", lambda y: y * y, "{0}²"),
]
DERIVED_ONCE_MORE = ("-2y", "1 - 2y")

# What stands in place of y ∘ (g − Σ g ∘ y): a name, its kind, and the value, from g, y and Σ; {0} is y, {1} is g.
SOFTMAX: list[tuple[str, Kind, Any]] = [
    (
        "no sum",
        Kind("missing term", "without the term −{0} Σ {1} ∘ {0}: each output as if it depended on its own input only"),
        lambda g, y, sum: y * g,
    ),
    (
        "diagonal",
        Kind(DERIVATIVE, "with the diagonal {0} ∘ (1 − {0}) of softmax's derivative only, as if it were a sigmoid"),
        lambda g, y, sum: g * y * (1 - y),
    ),
    (
        "only sum, positive",
        Kind("missing term", "with {0} Σ {1} ∘ {0} only, and of the opposite sign"),
        lambda g, y, sum: y * sum(g * y),
    ),
    ("only sum", Kind("missing term", "without the term {0} ∘ {1}"), lambda g, y, sum: -y * sum(g * y)),
    ("plus", Kind("sign", "with + in place of − before the sum Σ {1} ∘ {0}"), lambda g, y, sum: y * (g + sum(g * y))),
    (
        "sign of sum only",
        Kind("sign", "with the opposite sign of the term {0} ∘ {1}"),
        lambda g, y, sum: -y * (g + sum(g * y)),
    ),
    (
        "outside",
        Kind(
            "parentheses",
            "with {0} ∘ {1} − Σ {1} ∘ {0}: parentheses misplaced, or the factor {0} forgotten on the sum",
        ),
        lambda g, y, sum: y * g - sum(g * y),
    ),
    (
        "no y",
        Kind("missing factor", "without the factor {0} before the parentheses"),
        lambda g, y, sum: g - sum(g * y),
    ),
    (
        "no y inside",
        Kind("missing factor", "without the factor {0} within the sum"),
        lambda g, y, sum: y * (g - sum(g)),
    ),
    (
        "no upstream inside",
        Kind("missing factor", "without the factor {1} within the sum"),
        lambda g, y, sum: y * (g - sum(y)),
    ),
    (
        "everything",
        Kind("missing sum", "with the sum of {1} ∘ {0} over everything"),
        lambda g, y, sum: y * (g - np.sum(g * y)),
    ),
    ("twice", Kind("extra factor", "with the factor {0} twice"), lambda g, y, sum: y * y * (g - sum(g * y))),
    ("only y", Kind("wrong value", "with {0} in place of it"), lambda g, y, sum: np.array(y)),
    ("without", Kind(DERIVATIVE, "without the derivative of softmax: {1} itself"), lambda g, y, sum: np.array(g)),
]


def activations(c: Context, r: Tensor) -> Iterator[Edit]:
    """Everything that can happen to g ∘ f'(x), where `r` is that piece."""
    node = c.program.serves[r]
    if not is_activation(node) or node not in c.adjoints or c.program.truth.recording.emitted[node][-1] is not r:
        return
    g, x, y = c.adjoints[node], node.inputs[0]._value, node._value
    function, said_y, said_g = node.operation.name, c.called(node), c.called(g)
    name = f"{function}'"
    rules: Any = node.operation.vjp

    def rule(g: Form, y: Form, x: Form) -> Form:
        return Form(lambda v: np.asarray(rules[0](g(v), y(v), x(v), **node.settings)))

    def edit(key: str, words: str, change: Form) -> Edit:
        return Edit((key,), Said(DERIVATIVE, words), change, weight=0)

    G, X, Y, one = at(g), constant(x), constant(y), constant(np.ones(node.shape))
    derivative = np.asarray(rules[0](np.ones(node.shape), y, x, **node.settings))
    again = constant(node.operation.value(y, **node.settings))
    left_out = f"without the derivative {name}: the adjoint of {said_y}, not of what is inside {function}"
    yield edit("left out", left_out, G)
    yield edit("squared", f"with the derivative {name} applied twice", rule(rule(G, Y, X), Y, X))
    words = f"with {function} applied again to {said_y}, which is a {function} already"
    yield edit("of itself", words, rule(G, again, Y))
    words = f"with {c.called(node.inputs[0])} where {said_y} belongs in the derivative {name}"
    yield edit("of argument", words, rule(G, X, X))
    yield from _factors(c, node, g, derivative)
    if node.operation.elementwise and np.isin(derivative, (0, 1)).all():
        words = f"with the zeros where {said_y} is positive, and not where it is 0"
        yield edit("opposite mask", words, G * (x <= 0))
    else:
        words = f"with {said_y} ∘ (1 − {said_y}) once more, on the adjoint of what is inside already"
        yield edit("once more", words, rule(G, Y, X) * (y * (1 - y)))
    said = kinds.NO_UPSTREAM(said_g, f"the derivative {name}")
    yield Edit(("no upstream",), said._replace(words=f"{said.words}, not multiplied with the adjoint"), rule(one, Y, X))
    if g.shape == node.shape:
        yield edit("of adjoint", f"with {said_g} where {said_y} belongs in {name}", rule(G, G, G))
    for other in c.near(node):
        if other.shape == node.shape and other is not node:
            key = ("derivative at", c.role(other), (other.scope.time or 0) - (node.scope.time or 0))
            yield Edit(key, kinds.OTHER_IN_DERIVATIVE(c.called(other), said_y, name), rule(G, at(other), X))


def _factors(c: Context, node: Tensor, g: Tensor, derivative: Array) -> Iterator[Edit]:
    y, name = node._value, f"{node.operation.name}'"
    for key, factor, words in FACTORS:
        said = kinds.OTHER_DERIVATIVE(words.format(c.called(node)), name, of="sign" if "+" in key else "")
        if key in ("square", "outside") and np.allclose(derivative, 1 - y * y):
            fault = "the square is missing" if key == "square" else "the square stands outside"
            said = kinds.IN_PLACE_OF(words.format(c.called(node)), f"1 − {c.called(node)}²: {fault}", of=DERIVATIVE)
        if key in ("square", "y") and np.allclose(derivative, y * (1 - y)):
            y_, other = c.called(node), f"1 − {c.called(node)}"
            gone, whole = (y_ if key == "square" else other), f"{y_} ∘ ({other})"
            said = kinds.NO_FACTOR_OF_DERIVATIVE(gone, name, whole)
        if key in DERIVED_ONCE_MORE:
            said = said._replace(words=f"{said.words}: derived once more")
        yield Edit((key,), said, at(g) * factor(y), weight=0)


def softmaxes(c: Context, r: Tensor) -> Iterator[Edit]:
    """The two terms of softmax's derivative left out, of the wrong sign, or without one of their factors."""
    node = c.program.serves[r]
    if node.operation is not ops.softmax or c.program.truth.recording.emitted[node][-1] is not r:
        return
    g, y, axis = c.adjoints[node], node._value, node.settings["axis"]
    said = c.called(node), c.called(g)

    def form(value: Any, over: int = axis, sum: Any = np.sum) -> Form:
        return Form(lambda v: value(v(g), y, lambda what: sum(what, axis=over, keepdims=True)))

    def right(g: Array, y: Array, sum: Any) -> Any:
        return y * (g - sum(g * y))

    for key, kind, value in SOFTMAX:
        yield Edit(("softmax", key), kind(*said), form(value), weight=0)
    mean = Said("mean over the batch", f"with the mean of {said[1]} ∘ {said[0]} in place of the sum")
    yield Edit(("softmax", "mean"), mean, form(right, sum=np.mean), weight=0)
    for other in range(node.ndim):
        if other not in (axis, axis + node.ndim):
            words = f"with the sum over axis {other} in place of axis {axis}"
            yield Edit(("softmax axis", other), Said("missing sum", words), form(right, other), weight=0)
