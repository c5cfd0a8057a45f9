"""Under ``np.seterr(all="raise")``, which people set to hunt NaN, what is too small for its dtype is 0, no error."""

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import (
    Parameter,
    Tensor,
    clip_by_element,
    clip_by_global_norm,
    clip_by_norm,
    compile,
    differentiate,
)
from autograd_seq.learning.losses import categorical_cross_entropy
from autograd_seq.learning.optimisers import SGD, Adam, Momentum, RMSProp
from cells import GRU, LSTM, Readout

FAR = np.array([[-800.0, 0.0, 720.0], [800.0, -745.0, 30.0]])


def both_sweeps(loss):
    loss.backward()
    differentiate(loss)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "function",
    [
        ops.sigmoid, ops.softmax, ops.log_softmax, ops.softplus, ops.logsumexp, ops.tanh,
        lambda x: np.exp(-np.abs(x)), lambda x: np.logaddexp(x, 0.0),
        lambda x: ops.binary_cross_entropy_from_logits(x, np.ones((2, 3), x.dtype)),
        lambda x: ops.categorical_cross_entropy_from_logits(x, np.ones((2, 3), x.dtype) / 2),
        lambda x: ops.sigmoid(x) * ops.sigmoid(x) * 1e-20,
    ],
)  # fmt: skip
def test_what_saturates_is_silent(function, dtype):
    x = Tensor(FAR.astype(dtype), "x", requires_grad=True)
    expected = function(x).value
    with np.errstate(all="raise"):
        y = function(x)
        both_sweeps(y.sum())
    np.testing.assert_array_equal(y.value, expected)
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize("scale", [20.0, 400.0])
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_saturated_cells_are_silent(kind, scale):
    cell, readout = kind(3, 4, seed=1), Readout(4, 3, seed=2)
    for part in (cell, readout):
        for parameter in part.parameters.values():
            parameter.value = parameter.value * scale
    with np.errstate(all="raise"):
        run = readout(cell.unroll(np.random.default_rng(0).normal(size=(3, 2, 6)) * 3))
        targets = [np.eye(3)[:, [0, 1]]] * 6
        loss = sum(ops.sum(categorical_cross_entropy(p, y)) for p, y in zip(run.outputs, targets))
        loss.backward()
    assert all(np.isfinite(p.grad).all() for p in cell.parameters.values())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "function",
    [
        ops.sigmoid, ops.softmax, ops.log_softmax, ops.logsumexp, lambda x: np.exp(-x * x), lambda x: np.var(x * 1e-30),
        lambda x: np.exp(x - np.max(x, axis=0, keepdims=True)) * 1e-20,
    ],
)  # fmt: skip
def test_plans_are_silent_too(function, dtype):
    x = Parameter(FAR.astype(dtype), "x")
    expected = function(x).sum().item()
    with np.errstate(all="raise"):
        plan = compile(lambda scale: np.sum(function(x)) * scale, {"x": x})
        for _ in range(2):
            loss, gradients = plan(np.asarray(1.0, dtype))
    assert loss == pytest.approx(expected, rel=1e-5) and np.isfinite(gradients["x"]).all()


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_plans_of_saturated_cells_are_silent(kind):
    cell, readout = kind(3, 4, seed=1), Readout(4, 3, seed=2)
    parameters = {**cell.parameters, **readout.parameters}
    for parameter in parameters.values():
        parameter.value = parameter.value * 20
    x, y = np.random.default_rng(0).normal(size=(3, 2, 6)) * 3, np.stack([np.eye(3)[:, [0, 1]]] * 6, axis=2)
    with np.errstate(all="raise"):
        plan = compile(lambda x, y: readout(cell.unroll(x)).measure(y, categorical_cross_entropy), parameters)
        for _ in range(2):
            loss, gradients = plan(x, y)
    assert np.isfinite(loss) and all(np.isfinite(g).all() for g in gradients.values())


@pytest.mark.parametrize("make", [SGD, Momentum, RMSProp, Adam])
def test_training_on_tiny_gradients_is_silent(make):
    parameters, optimiser = {"w": Parameter([1e-170, 1.0], "w")}, make(0.1)
    with np.errstate(all="raise"):
        for tiny in (1e-170, 1e-300, 1e-310, 0.0):
            for clip in (clip_by_global_norm, clip_by_norm, clip_by_element):
                optimiser.update(parameters, clip({"w": np.array([tiny, 1.0])}, 5.0))
    assert np.isfinite(parameters["w"].value).all()


@pytest.mark.parametrize("function", [lambda x: np.log(x * 0), lambda x: np.exp(x * 1000), lambda x: (x - x) / (x - x)])
def test_what_is_an_error_stays_one(function):
    x = Tensor([[1.0, 2.0]], "x", requires_grad=True)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        function(x)
