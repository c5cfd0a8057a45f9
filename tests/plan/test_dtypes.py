"""The dtypes of a plan's results are those of the recording, whatever meets in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
import autograd_seq.numpy as recorded_np
from autograd_seq import Parameter, Tensor, compile, name, sigmoid, softmax, steps, sum, tanh
from autograd_seq.plan.writing import tools
from cells import LSTM

CELLS = {dtype: LSTM(3, 4, seed=0, dtype=dtype) for dtype in ("float32", "float64")}


def over_time(first: Any, start: Callable[[Any], Any]) -> Callable[[Any, Any, Any], Any]:
    def loss(W: Any, b: Any, x: Any) -> Any:
        J, a = first, start(x)
        for t in steps(4):
            a = name(tanh(W @ a + b * x[:, :, t]), "a")
            J = J + sum(a * a)
        return J / 4

    return loss


def without_steps(W: Any, b: Any, x: Any) -> Any:
    J, a = 0.0, x[:, :, 0]
    for _ in range(4):
        a = sigmoid(W @ a + b)
        J += ag.mean((a - 0.5) ** 2)
    return J


def written(dtype: str) -> Callable[[Any, Any, Any], Any]:
    def loss(W: Any, b: Any, x: Any) -> Any:
        states, a = recorded_np.zeros((3, 2, 4), dtype=dtype), x[:, :, 0]
        for t in steps(4):
            a = name(tanh(W @ a + b), "a")
            states[:, :, t] = a
        return recorded_np.sum(states * states)

    return loss


def of_a_cell(W: Any, b: Any, x: Any) -> Any:
    return sum(CELLS[W.dtype.name].unroll(x).final["a"]) * b.sum() + W.sum()


LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "from 0.0": over_time(0.0, lambda x: x[:, :, 0]),
    "from 0": over_time(0, lambda x: x[:, :, 0]),
    "from an array of one 0": over_time(np.zeros(()), lambda x: x[:, :, 0]),
    "from zeros": over_time(0.0, lambda x: np.zeros((3, 2))),
    "from zeros of float32": over_time(0.0, lambda x: np.zeros((3, 2), np.float32)),
    "from a number of float64": over_time(np.float64(0.5), lambda x: x[:, :, 0]),
    "without steps": without_steps,
    "written into float64": written("float64"),
    "written into float32": written("float32"),
    "Python's numbers": lambda W, b, x: sum(W @ x[:, :, 0]) * 3 + b.sum() * 2.5,
    "numbers of float64": lambda W, b, x: sum(W @ x[:, :, 0] * np.array(0.5) + b * np.float64(2.0)),
    "numbers of float32": lambda W, b, x: sum(W @ x[:, :, 0] * np.float32(0.5) + b * np.float32(2.0)),
    "integers": lambda W, b, x: sum(W @ x[:, :, 0] * np.arange(2) + b * np.array(2)),
    "a mean": lambda W, b, x: ag.mean((W @ x[:, :, 1] + b) ** 2),
    "a softmax": lambda W, b, x: sum(ag.categorical_cross_entropy(softmax(W @ x[:, :, 0] + b), np.eye(3)[:, :2])),
    "clipped": lambda W, b, x: sum(np.clip(W @ x[:, :, 0] + b, -0.5, 0.5)),
    "greatest": lambda W, b, x: ag.max(W @ x[:, :, 0]) + sum(ag.maximum(b, 0.0)),
    "a cell": of_a_cell,
}


def check(which: str, dtypes: tuple[str, str, str], shape: tuple[int, ...], fast: bool) -> None:
    """A plan against the recording, for the dtypes of W, b and x."""
    rng = np.random.default_rng(0)
    W = Parameter(rng.normal(size=(3, 3)).astype(dtypes[0]), "W")
    b = Parameter(np.asarray(rng.normal(size=shape)).astype(dtypes[1]), "b")
    x = (2 * rng.normal(size=(3, 2, 4))).astype(dtypes[2])
    plan = compile(lambda x: LOSSES[which](W, b, x), {"W": W, "b": b}, fast=fast)
    plan(x)
    loss, gradients = plan(x)
    recorded = LOSSES[which](W, b, Tensor(x))
    recorded.backward()
    rough = "float32" in dtypes[:2]
    assert type(loss) is float
    assert loss == pytest.approx(recorded.item(), rel=1e-5 if rough else 1e-12)
    for key, p in {"W": W, "b": b}.items():
        assert type(gradients[key]) is np.ndarray
        assert gradients[key].dtype == p.dtype
        close = 1e-4 if rough else 1e-12
        np.testing.assert_allclose(gradients[key], p.grad, rtol=close, atol=close)
    assert "not used" not in plan.explain()


@pytest.mark.parametrize("which", LOSSES)
def test_results_have_the_dtypes_of_the_recording(which: str) -> None:
    floats = ("float32", "float64")
    for dtypes in itertools.product(floats, floats, (*floats, "int64")):
        check(which, dtypes, (3, 1), fast=False)
    check(which, ("float32", "float32", "bool"), (), fast=False)
    check(which, ("float64", "float32", "float32"), (), fast=False)


@pytest.mark.skipif(not tools.available(), reason="needs Numba and SciPy")
@pytest.mark.parametrize("which", ["from 0.0", "from zeros", "written into float64", "a softmax", "a cell"])
def test_those_of_compiled_loops_too(which: str) -> None:
    check(which, ("float32", "float32", "float64"), (3, 1), fast=True)
    check(which, ("float32", "float64", "float32"), (3, 1), fast=True)


def test_half_precision() -> None:
    W = Parameter(np.eye(3, dtype=np.float16), "W")
    x = np.linspace(-1, 1, 6, dtype=np.float16).reshape(3, 2)
    plan = compile(lambda x: sum(tanh(W @ x)), {"W": W})
    plan(x)
    assert plan(2 * x)[1]["W"].dtype == np.float16
