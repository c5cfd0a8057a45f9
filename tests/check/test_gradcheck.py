"""gradcheck(): the wrong record, the slope, second order; and the readings in high precision."""

import mpmath
import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import (
    GradientError,
    Parameter,
    Tensor,
    UsageError,
    differentiate,
    gradcheck,
    name,
    operation,
    steps,
    tanh,
)
from autograd_seq.core.graph import Graph
from autograd_seq.readings import precise
from cells import GRU, LSTM, RNN, Readout

RNG = np.random.default_rng(3)


@pytest.fixture
def broken(monkeypatch):
    def plant(which, position, rule):
        rules = list(which.vjp)
        rules[position] = rule
        monkeypatch.setattr(which, "vjp", rules)

    return plant


@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_cells_agree_in_every_record_and_as_a_whole(make):
    cell = make(3, 2, seed=0)
    report = gradcheck(lambda x: cell.unroll(x).final["a"], RNG.standard_normal((3, 2, 4)))
    assert report.ok and report.digits > 8
    assert {w.name for w in report.wholes} >= set(cell.parameters)
    assert all(w.error < 1e-8 for w in report.wholes)
    assert report.slope == pytest.approx(2, abs=0.1)
    assert report.second_order < 1e-7


def test_the_wrong_record_is_named_and_the_slope_is_one(broken):
    W = Parameter(RNG.standard_normal((2, 2)), "W")

    def function(x):
        a = x
        for _ in steps(3):
            a = name(tanh(W @ a), "a")
        return ops.sin(a)

    broken(ops.sin, 0, lambda g, y, x: g * ops.cos(x) * 1.001)
    report = gradcheck(function, RNG.standard_normal((2, 3)))
    assert not report.ok and not report
    first = report.failures[0]
    assert (first.link, first.operation) == ("rule", "sin")
    assert "ops.sin(a)" in first.source and first.found == pytest.approx(1.001 * first.expected)
    assert report.slope == pytest.approx(1, abs=0.05)
    assert {f.operation for f in report.failures if f.link == "rule"} == {"sin"}
    assert "sin" in str(report) and "order 1" in str(report)


def test_a_rule_that_is_right_for_ones_only_is_caught(broken):
    """An adjoint of ones hides a square; random adjoints do not."""
    broken(ops.tanh, 0, lambda g, y, x: g * g * (1 - y * y))
    assert not gradcheck(tanh, RNG.standard_normal((2, 3))).ok


def test_equal_seeds_give_equal_reports():
    x = RNG.standard_normal((2, 3))
    assert str(gradcheck(ops.softmax, x, seed=5)) == str(gradcheck(ops.softmax, x, seed=5))


def test_kinks_are_left_out_and_said():
    report = gradcheck(ops.relu, np.array([-1.0, 0.0, 2.0]))
    assert report.ok and report.excluded == 1 and "kink" in str(report)


def test_a_linear_function_has_no_remainder():
    report = gradcheck(lambda x: x * 3.0, RNG.standard_normal((2, 3)))
    assert report.ok and np.isinf(report.slope) and "linear" in str(report)


def test_several_outputs_and_several_inputs():
    def function(a, b, n):
        return {"sum": a + b, "parts": [a * n, tanh(b)]}

    report = gradcheck(function, RNG.standard_normal((2, 1)), RNG.standard_normal((2, 3)), 4)
    assert report.ok and [w.name for w in report.wholes] == ["a", "b", "n"]


def test_large_inputs_are_compared_along_directions():
    report = gradcheck(lambda W: tanh(W @ np.ones((150, 3))), RNG.standard_normal((200, 150)) / 7)
    assert report.ok and report.wholes[0].how == "directions" and "scalar operations" in str(report)
    report = gradcheck(lambda W: tanh(W @ np.ones((40, 3))), RNG.standard_normal((50, 40)) / 7)
    assert report.ok and report.wholes[0].how == "elements"


def test_single_precision_is_compared_in_double():
    assert gradcheck(lambda x: tanh(x) * 2.0, np.ones(3, np.float32) * 0.3).digits > 8


def test_a_wrong_second_derivative_is_named(broken):
    """cos is used by the rule of sin only, so the first derivative is right."""
    broken(ops.cos, 0, lambda g, y, x: g * ops.sin(x))
    report = gradcheck(ops.sin, RNG.standard_normal(3))
    assert not report.ok and report.failures[0].operation == "cos"
    assert gradcheck(ops.sin, RNG.standard_normal(3), second_order=False).ok


def test_bad_use_says_what_to_do():
    with pytest.raises(UsageError, match="takes a function"):
        gradcheck(3.0)
    with pytest.raises(UsageError, match="must give tensors"):
        gradcheck(lambda x: 3.0, np.ones(2))
    with pytest.raises(GradientError, match="depends on its inputs"):
        gradcheck(lambda x: ops.stop_gradient(x), np.ones(2))


# -- high precision -------------------------------------------------------------------------


def loss_of(cell, T=3):
    run = Readout(2, 3, seed=1)(cell.unroll(RNG.standard_normal((3, 2, T))))
    return run.measure([np.eye(3)[:, [t % 3, 1]] for t in range(T)], ops.categorical_cross_entropy)


@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_central_differences_of_a_loss_agree_to_thirty_digits(make):
    cell = make(3, 2, seed=0)
    loss = loss_of(cell)
    found = precise.gradients(loss)
    for parameter in cell.parameters.values():
        place = tuple(int(RNG.integers(n)) for n in parameter.shape)
        expected = precise.difference(loss, parameter, place)
        assert abs(expected - found[parameter.record][place]) < mpmath.mpf(10) ** -30 * max(1, abs(expected))


def test_high_precision_agrees_with_the_recorded_numbers():
    loss = loss_of(LSTM(3, 2, seed=0))
    values = precise.evaluate(Graph(loss), 50)
    for record in Graph(loss):
        assert np.allclose(values[record].astype(float), record.value, rtol=1e-11, atol=1e-13)


def test_as_many_digits_as_asked_for():
    y = tanh(Parameter(0.5, "W"))
    value = precise.evaluate(Graph(y), 100)[y].item()
    with mpmath.workdps(100):
        assert abs(mpmath.tanh(mpmath.mpf("0.5")) - mpmath.mpf(str(value))) < mpmath.mpf(10) ** -97


def test_other_precisions_of_mpmath_are_not_disturbed():
    before = mpmath.mp.dps
    precise.gradients(tanh(Parameter(0.5, "W")), 80)
    assert mpmath.mp.dps == before


def test_other_values_may_stand_for_some_records():
    x = Tensor([0.5, 1.0], "x", requires_grad=True)
    y = ops.relu(x - 0.75)
    assert [float(v) for v in precise.evaluate(Graph(y), at={x: np.array([1.0, 0.5])})[y]] == [0.25, 0.0]


def test_a_backward_recording_is_read_too():
    W = Parameter([0.5, 1.5], "W")
    recording = differentiate(ops.exp(W).sum())
    values = precise.evaluate(recording.backward, 30)
    assert [float(v) for v in values[recording.adjoint(W)]] == pytest.approx(np.exp([0.5, 1.5]))


EMPTY = {
    "product": lambda e: (e * 2).sum(),
    "no sum": lambda e: np.tanh(e),
    "matmul": lambda e: e @ np.ones((2, 3)),
    "matmul to zeros": lambda e: np.sin(e.T @ np.ones((0, 3))),
    "joined": lambda e: (np.concatenate([e, np.ones((1, 2))]) ** 2).sum(),
    "square": lambda e: (e * e).sum(axis=0),
}


@pytest.mark.parametrize("case", EMPTY)
def test_an_empty_parameter_is_no_failure(case):
    report = gradcheck(EMPTY[case], Parameter(np.zeros((0, 2)), "e"))
    assert report.ok and not report.notes, str(report)


def test_an_empty_parameter_beside_one_that_is_not():
    w = Parameter([[0.5, -1.5]], "w")
    both = (Parameter(np.zeros((0, 2)), "e"), w)
    report = gradcheck(lambda e, w: (np.concatenate([e, np.tanh(w)]) ** 2).sum(), *both)
    assert report.ok and report.slope == pytest.approx(2, abs=0.2), str(report)
    assert gradcheck(lambda w: np.tanh(w)[0:0], w).ok


def test_a_rule_of_the_wrong_shape_fails_on_an_empty_parameter_too():
    @operation(vjp=[lambda g, y, x: np.ones((3, 2)) * 2.0])
    def double(x, /):
        return x * 2

    assert not gradcheck(lambda e: double(e).sum(), Parameter(np.zeros((0, 2)), "e")).ok
