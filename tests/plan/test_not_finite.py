"""Infinity and NaN among the constants of a function: as numbers, in lists and arrays, as settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
import autograd_seq.numpy as recorded_np
from autograd_seq import Parameter, Tensor, compile, logsumexp, name, operation, softmax, steps, sum, tanh, where
from autograd_seq.plan.writing import tools

W_FIRST = np.random.default_rng(0).normal(size=(3, 3))
X = np.random.default_rng(1).normal(size=(3, 2))
MASK = np.array([[True, False], [False, True], [True, True]])


@operation(vjp=[lambda g, y, x, low, high: where(x > low, where(x < high, g, 0.0), 0.0)])
def kept(x: Any, /, low: float = -np.inf, high: float = np.inf) -> Any:
    """The numbers between two limits; others are the limit."""
    return np.minimum(np.maximum(x, low), high)


def over_time(step: Callable[[Any], Any], first: Any = 0.0) -> Callable[[Any, Any], Any]:
    def loss(W: Any, x: Any) -> Any:
        a, total = x, first
        for _ in steps(4):
            a = name(tanh(W @ a), "a")
            total = total + step(a)
        return total

    return loss


def greatest_over_time(W: Any, x: Any) -> Any:
    a, greatest = x, -np.inf
    for _ in steps(4):
        a = name(tanh(W @ a), "a")
        greatest = ag.maximum(greatest, a)
    return sum(greatest)


def filled(W: Any, x: Any) -> Any:
    a, states = x, recorded_np.full((3, 2, 5), -np.inf)
    for t in steps(4):
        a = name(tanh(W @ a), "a")
        states[:, :, t] = a
    return sum(recorded_np.max(states, axis=2))


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "a masked softmax": lambda W, x: sum(softmax(where(MASK, W @ x, -np.inf), axis=0)[0]),
    "a mask that is added": lambda W, x: sum(softmax(W @ x + np.where(MASK, 0, -np.inf), axis=0)[0]),
    "a masked logsumexp": lambda W, x: sum(logsumexp(W @ x + np.where(MASK, 0, -np.inf), axis=0)),
    "a masked minimum": lambda W, x: sum(ag.min(where(MASK, W @ x, np.inf), axis=0)),
    "maximum": lambda W, x: sum(np.maximum(W @ x, -np.inf)),
    "minimum": lambda W, x: sum(np.minimum(np.inf, W @ x)),
    "divided": lambda W, x: sum(W @ x / np.inf + W @ x),
    "a number that overflows": lambda W, x: sum(np.minimum(W @ x, 1e308 * 10)),
    "clip": lambda W, x: sum(np.clip(W @ x, -np.inf, 0.2)),
    "clip without limits": lambda W, x: (W @ x).clip(-np.inf, np.inf).sum(),
    "an array": lambda W, x: sum(np.maximum(W @ x, np.array([[-np.inf, 0.1]]))),
    "a list": lambda W, x: sum(np.maximum(W @ x, [-np.inf, 0.1])),
    "full": lambda W, x: sum(np.maximum(W @ x, np.full((3, 2), -np.inf))),
    "settings": lambda W, x: sum(kept(W @ x, -np.inf, 0.3) + kept(W @ x, high=np.inf)),
    "nan": lambda W, x: sum(where(MASK, W @ x, np.nan)[2]),
    "minus zero": lambda W, x: sum(W @ x) + sum(np.clip(W @ x / -0.0, -1, 1) + np.clip(W @ x / 0.0, -1, 1) * 0.5 < 0),
    "maximum over time": over_time(lambda a: sum(np.maximum(a, -np.inf) * a)),
    "a mask over time": over_time(lambda a: sum(softmax(where(MASK, a, -np.inf), axis=0)[0])),
    "clip over time": over_time(lambda a: sum(np.clip(a, -np.inf, 0.3))),
    "settings over time": over_time(lambda a: sum(kept(a, -np.inf, 0.3))),
    "from infinity": greatest_over_time,
    "an array that is written into": filled,
}


@pytest.mark.parametrize(
    "fast", [False, pytest.param(True, marks=pytest.mark.skipif(not tools.available(), reason="needs Numba and SciPy"))]
)
@pytest.mark.parametrize("way", LOSSES)
def test_a_plan(way: str, fast: bool) -> None:
    W = Parameter(W_FIRST, "W")
    with np.errstate(all="ignore"):
        plan = compile(lambda x: LOSSES[way](W, x), {"W": W}, fast=fast)
        plan(X)
        loss, gradients = plan(2 * X)
        recorded = LOSSES[way](W, Tensor(2 * X))
        recorded.backward()
    assert np.isfinite(loss) and loss == pytest.approx(recorded.item())
    np.testing.assert_allclose(gradients["W"], W.grad, rtol=1e-12, atol=1e-12)
    assert "not used" not in plan.explain()
