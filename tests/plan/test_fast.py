"""Plans with compiled loops: the text of the loops, run as plain Python, and by Numba where it is installed."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, compile, steps
from autograd_seq.core.errors import UsageError
from autograd_seq.plan.writing import numba_loops as fast
from autograd_seq.plan.writing import tools
from cells import GRU, LSTM, RNN, Readout
from tests.plan.test_compile import NETWORKS, agrees, data, problem
from tests.sweeps import slow_but_part_of

numba_installed = pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")


def plain_tools(dtype: str) -> dict[str, Any]:
    """What Numba would compile, left as it is."""
    kind = np.dtype(dtype).type

    def dot(a: Any, b: Any, out: Any) -> None:
        out[...] = a @ b

    return {
        "compiled": lambda function: function, "half": kind(0.5), "zero": kind(0), "float32": np.float32,
        "sums": tools.sums, "maxima": tools.maxima, "log": math.log,
        "tanh": math.tanh, "exp": math.exp, "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    }  # fmt: skip


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "tools", plain_tools)


@pytest.mark.parametrize("kind", NETWORKS)
def test_compiled_loops_say_what_the_recording_says(kind: str, plain: None) -> None:
    loss, parameters = problem(kind)
    plan = compile(loss, parameters, fast=True)
    for seed, m, T in ((0, 3, 6), (1, 1, 4), (2, 2, 1)):
        x, y = data(seed, m, T)
        plan(x, y)
        agrees(plan, loss, parameters, *data(seed + 10, m, T))
        assert not any("not used" in line for line in plan.explain().split("\n"))


@pytest.mark.parametrize("kind", ["rnn", "gru", "gru_reset_after", "lstm", "lstm_peephole", "deep"])
def test_every_loop_over_time_is_compiled(kind: str, plain: None) -> None:
    loss, parameters = problem(kind)
    plan = compile(loss, parameters, fast=True)
    plan(*data(0, 2, 6))
    assert "@compiled" in plan.source
    assert " in steps_" not in plan.source  # no loop is left to Python


def test_all_gates_of_a_step_are_computed_in_one_loop(plain: None) -> None:
    loss, parameters = problem("lstm")
    plan = compile(loss, parameters, fast=True)
    plan(*data(0, 2, 6))
    forward = plan.source.split("def elements_")[1]
    assert len(re.findall(r"= sigmoid\(", forward)) == 3
    assert len(re.findall(r"= tanh\(", forward)) == 2


def test_adjoints_are_written_over_the_gates_that_they_are_of(plain: None) -> None:
    """One block of all steps holds both; the numbers are compared elsewhere."""
    loss, parameters = problem("lstm")
    plan = compile(loss, parameters, fast=True)
    plan(*data(0, 2, 7))
    assert len(re.findall(r"= zeros\(\(T, 20, m\)", plan.source)) == 1


def test_a_gru_goes_back_in_a_loop(plain: None) -> None:
    """Its reset gate is still needed when the adjoint of the update gate is there, so the adjoints have a block."""
    loss, parameters = problem("gru")
    plan = compile(loss, parameters, fast=True)
    plan(*data(0, 2, 7))
    assert len(re.findall(r"= zeros\(\(T, 10, m\)", plan.source)) == 2
    assert not re.search(r"Gamma_\w+\[[1-6], ", plan.source)  # no step is written out


def test_a_loop_with_an_operation_of_its_own_stays_as_it_is(plain: None) -> None:
    """softplus is none of those that the compiled loops know."""
    W = Parameter(np.array([[0.3, -0.5], [0.2, 0.4]]), "W")

    def loss(x: Any) -> Tensor:
        a = Tensor(np.zeros((2, 3)), "a")
        for t in steps(5):
            a = ag.softplus(W @ a + x[:, :, t])
        return ag.sum(a**2)

    plan = compile(loss, {"W": W}, fast=True)
    x = np.random.default_rng(0).standard_normal((2, 3, 5))
    plan(x)
    agrees_alone(plan, loss, W, x + 0.5)
    assert " in steps_" in plan.source


def test_a_users_cell_with_masks_and_column_vectors(plain: None) -> None:
    """Operands of one row, of one column and of one number for all elements."""
    rng = np.random.default_rng(1)
    W, b = Parameter(rng.standard_normal((4, 4)) / 2, "W"), Parameter(rng.standard_normal((4, 1)), "b")
    mask, rate = rng.random((1, 3)), 0.25

    def loss(x: Any) -> Tensor:
        a = Tensor(np.zeros((4, 3)), "a")
        for t in steps(5):
            new = ag.tanh(W @ a + x[:, :, t] + b)
            a = a + rate * mask * (new - a)
        return ag.sum(a * np.arange(12.0).reshape(4, 3))

    plan = compile(loss, {"W": W, "b": b}, fast=True)
    x = rng.standard_normal((4, 3, 5))
    plan(x)
    agrees_alone(plan, loss, W, 2 * x)
    assert "@compiled" in plan.source


def test_a_gate_of_one_row_for_all_units(plain: None) -> None:
    """It is computed in the step that it is repeated in."""
    rng = np.random.default_rng(1)
    W, v = Parameter(rng.standard_normal((4, 4)) / 2, "W"), Parameter(rng.standard_normal((1, 4)), "v")

    def loss(x: Any) -> Tensor:
        a = Tensor(np.zeros((4, 3)), "a")
        for t in steps(5):
            gate = ag.sigmoid(v @ a)
            a = gate * a + (1 - gate) * ag.tanh(W @ a + x[:, :, t])
        return ag.sum(a * np.arange(12.0).reshape(4, 3))

    plan = compile(loss, {"W": W, "v": v}, fast=True)
    x = rng.standard_normal((4, 3, 5))
    plan(x)
    agrees_alone(plan, loss, W, 2 * x)
    assert "not used" not in plan.explain()
    assert " in steps_" not in plan.source.split("def run")[1].split("sum")[0]


def agrees_alone(plan: Any, loss: Any, W: Parameter, x: np.ndarray) -> None:
    J, gradients = plan(x)
    recorded = loss(Tensor(x, "x"))
    W.grad = None
    recorded.backward()
    assert math.isclose(J, recorded.item(), rel_tol=1e-12)
    np.testing.assert_allclose(gradients["W"], W.grad, rtol=1e-10, atol=1e-13)


def test_without_numba_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "available", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'autograd-seq\[fast\]'"):
        compile(problem("rnn")[0], fast=True)


@numba_installed
@pytest.mark.parametrize(
    ("cell", "dtype", "m"),
    slow_but_part_of([(LSTM, "float64", 3), (GRU, "float32", 2), (RNN, "float64", 1)], one_in=3),
)
def test_numba_says_what_the_recording_says(cell: Any, dtype: str, m: int) -> None:
    network, readout = cell(3, 5, seed=0, dtype=dtype), Readout(5, 4, seed=1, dtype=dtype)
    parameters = {**network.parameters, **readout.parameters}
    x, y = (array.astype(dtype) for array in data(0, m, 6))

    def loss(x: Any, y: Any) -> Tensor:
        outputs = readout(network.unroll(x)).outputs
        return ag.accumulate([ag.categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(outputs)])

    plan = compile(loss, parameters, fast=True)
    plan(x, y)
    J, gradients = plan(2 * x, y)
    recorded = loss(Tensor(2 * x, "x"), Tensor(y, "y"))
    recorded.backward()
    close = 1e-12 if dtype == "float64" else 1e-4
    assert abs(J - recorded.item()) < close * abs(J)
    for key, p in parameters.items():
        assert gradients[key].dtype == dtype
        np.testing.assert_allclose(gradients[key], p.grad, rtol=close, atol=close * np.abs(p.grad).max(), err_msg=key)


@numba_installed
@pytest.mark.slow
def test_what_overflows_or_is_not_a_number_comes_through() -> None:
    cell, readout = LSTM(3, 5, seed=0), Readout(5, 4, seed=1)

    def loss(x: Any) -> Tensor:
        return ag.accumulate([ag.sum(p**2) for p in readout(cell.unroll(x)).outputs])

    plan = compile(loss, {**cell.parameters, **readout.parameters}, fast=True)
    x = np.random.default_rng(0).standard_normal((3, 2, 4))
    plan(x)
    J, gradients = plan(1e300 * x)
    assert math.isfinite(J)
    x[0, 0, 0] = np.nan
    J, gradients = plan(x)
    assert math.isnan(J)
    assert np.isnan(gradients["Wf"]).any()


@pytest.mark.parametrize("text", ["tanh", "k", "compiled", "a\nimport os", "x[0]; y", "half", "np", "世界", "sums"])
def test_what_users_call_things_never_changes_the_program(text: str, plain: None) -> None:
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), text)

    def loss(x: Any) -> Tensor:
        a = Tensor(np.ones((3, 2)), text)
        for t in steps(4):
            a = ag.name(ag.tanh(W @ a + x[:, :, t]), text)
        return ag.sum(a * a)

    plan = compile(loss, {"W": W}, fast=True)
    x = np.random.default_rng(1).normal(size=(3, 2, 4))
    plan(x)
    agrees_alone(plan, loss, W, 2 * x)
    assert "@compiled" in plan.source


@pytest.mark.parametrize("kind", ["deep", pytest.param("both directions", marks=pytest.mark.slow)])
def test_stacked_networks_compile_to_one_program_every_time(kind):
    """Which block is written over which depends on the network alone; two were once written over each other."""
    from autograd_seq import categorical_cross_entropy
    from cells import LSTM, Bidirectional, Deep, Readout

    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((3, 2, 4)), [np.eye(2)] * 4
    deep, both = Deep([LSTM(3, 4, seed=0), LSTM(4, 4, seed=1)]), Bidirectional(LSTM(3, 4), LSTM(3, 4))
    cells = {"deep": deep, "both directions": both}
    run = Readout(cells[kind].n_a, 2, seed=1)(cells[kind].unroll(x))
    loss = run.measure(targets, categorical_cross_entropy)
    assert len({compile(loss, fast=True).source for _ in range(4)}) == 1
