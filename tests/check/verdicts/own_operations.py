"""Operations of users: right ones, and such whose meaning and rule are those of another function.

The other function agrees with the value where networks begin: at zeros, ones and one-hots. Its derivative does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from check.verdicts.case import Answer, Case, of_report

import autograd_seq.operations as ops
from autograd_seq import Operation, Tensor, each, gradcheck, operation, prove

Points = tuple[np.ndarray, ...]
ZEROS, ONES, ONE_HOT = np.zeros((2, 3)), np.ones((2, 3)), np.eye(3)
SIGNS = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
GENERAL = np.array([[0.3, -0.7, 1.2], [-1.1, 0.4, 0.8]])


@dataclass(frozen=True)
class Own:
    """A user's operation, declared right and declared as another function.

    Attributes
    ----------
    name : str
        What it computes, and what the wrong one is declared to be.
    value : callable
        The value rule, in NumPy.
    rules, meaning : tuple of callables, callable
        The right declaration.
    other_rules, other_meaning : tuple of callables, callable
        Those of the other function.
    points : tuple of tuples of arrays
        Where both have the same value and not the same derivative.
    """

    name: str
    value: Callable[..., Any]
    rules: tuple[Callable[..., Any], ...]
    meaning: Callable[..., Any]
    other_rules: tuple[Callable[..., Any], ...]
    other_meaning: Callable[..., Any]
    points: tuple[Points, ...]


def _pass_on(g: Any, y: Any, *xs: Any) -> Any:
    return g


def _nothing(g: Any, y: Any, a: Any, b: Any) -> Any:
    return b * 0


def _itself(algebra: Any, x: Any, *others: Any) -> Any:
    return x


OWN = (
    Own("tanh(2x), declared tanh(x)", lambda x: np.tanh(2 * x), (lambda g, y, x: 2 * g * (1 - y * y),),
        lambda algebra, x: each(lambda e: algebra.tanh(2 * e), x), (lambda g, y, x: g * (1 - y * y),),
        lambda algebra, x: each(algebra.tanh, x), ((ZEROS,),)),
    Own("x², declared x", lambda x: x * x, (lambda g, y, x: 2 * g * x,), lambda algebra, x: x * x, (_pass_on,), _itself,
        ((ZEROS,), (ONES,), (ONE_HOT,))),
    Own("x³, declared x", lambda x: x * x * x, (lambda g, y, x: 3 * g * x * x,), lambda algebra, x: x * x * x,
        (_pass_on,), _itself, ((ZEROS,), (ONES,), (SIGNS,))),
    Own("tanh(x), declared x / 2", np.tanh, (lambda g, y, x: g * (1 - y * y),),
        lambda algebra, x: each(algebra.tanh, x), (lambda g, y, x: 0.5 * g,), lambda algebra, x: x / 2, ((ZEROS,),)),
    Own("exp(2x), declared 1 + x", lambda x: np.exp(2 * x), (lambda g, y, x: 2 * g * y,),
        lambda algebra, x: each(lambda e: algebra.exp(2 * e), x), (_pass_on,), lambda algebra, x: 1 + x, ((ZEROS,),)),
    Own("log(x), declared 3(x - 1)", np.log, (lambda g, y, x: g / x,), lambda algebra, x: each(algebra.log, x),
        (lambda g, y, x: 3 * g,), lambda algebra, x: 3 * (x - 1), ((ONES,),)),
    Own("a b, declared a", lambda a, b: a * b, (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
        lambda algebra, a, b: a * b, (_pass_on, _nothing), _itself, ((GENERAL, ONES),)),
    Own("a @ b, declared a", lambda a, b: a @ b, (lambda g, y, a, b: g @ b.T, lambda g, y, a, b: a.T @ g),
        lambda algebra, a, b: a @ b, (_pass_on, _nothing), _itself, ((GENERAL, np.eye(3)),)),
    Own("Σ x² over rows, declared Σ x", lambda x: np.sum(x * x, axis=0), (lambda g, y, x: 2 * g * x,),
        lambda algebra, x: np.sum(x * x, axis=0), (lambda g, y, x: g + 0 * x,),
        lambda algebra, x: np.sum(x, axis=0), ((ONE_HOT,), (ZEROS,))),
    Own("x / Σx, declared x", lambda x: x / np.sum(x, axis=0),
        (lambda g, y, x: (g - (g * y).sum(axis=0)) / x.sum(axis=0),),
        lambda algebra, x: x / np.sum(x, axis=0), (_pass_on,), _itself, ((ONE_HOT,), (np.full((4, 3), 0.25),))),
)  # fmt: skip


def declared(own: Own, right: bool) -> Operation:
    """The operation with its own declaration, or with the other function's."""
    arity = len(own.rules)
    value = _named(own.value, arity)
    rules, meaning = (own.rules, own.meaning) if right else (own.other_rules, own.other_meaning)
    return operation(vjp=list(rules), meaning=meaning)(value)


def _named(function: Callable[..., Any], arity: int) -> Callable[..., Any]:
    """A value rule with as many inputs as it has rules."""
    if arity == 1:

        def own(x: Any, /) -> Any:
            return function(x)

        return own

    def own_of_two(a: Any, b: Any, /) -> Any:
        return function(a, b)

    return own_of_two


def cases() -> Iterator[Case]:
    """Each declared right and wrong, asked of both."""
    for own in OWN:
        for k, point in enumerate([*own.points, tuple(np.abs(a) + 0.3 for a in own.points[0])]):
            name = f"{own.name}, at " + (f"point {k}" if k < len(own.points) else "general numbers")
            for right in (True, False):
                truth = "right" if right else "wrong"
                made = declared(own, right)
                yield Case("own operations, gradcheck", name, truth, lambda o=made, p=point: _gradcheck(o, p))
                yield Case("own operations, prove", name, truth, lambda o=made, p=point: _prove(o, p))


def _function(made: Operation, weights: np.ndarray) -> Callable[..., Any]:
    return lambda *xs: ops.sum(ops.multiply(made(*xs), weights))


def _weights(made: Operation, point: Points) -> np.ndarray:
    shape = np.shape(made(*point))
    return np.resize([1.0, -0.5, 2.0, 0.7], shape)


def _gradcheck(made: Operation, point: Points) -> Answer:
    report = gradcheck(_function(made, _weights(made, point)), *point)
    return of_report(report, lambda failure: failure.record.operation is made)


def _prove(made: Operation, point: Points) -> Answer:
    leaves = [Tensor(a, name="xy"[i], requires_grad=True) for i, a in enumerate(point)]
    proof = prove(_function(made, _weights(made, point))(*leaves), leaves)
    return of_report(proof, lambda failure: failure.record.operation is made)
