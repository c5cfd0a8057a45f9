"""Derivatives in high precision through the meanings: beside differences, at edges, kinks and cuts."""

import numpy as np
import pytest
from check.samples import SAMPLES

import autograd_seq.operations as ops
from autograd_seq import Parameter, Tensor, relu, stop_gradient
from autograd_seq.readings import precise

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # some stand outside a domain on purpose


@pytest.mark.parametrize("operation", SAMPLES, ids=lambda o: o.name)
def test_forwards_backwards_and_differences_agree_to_thirty_digits(operation):
    rng = np.random.default_rng(1)
    for call, arrays in SAMPLES[operation]:
        leaves = [Parameter(a, f"x{i}") for i, a in enumerate(arrays)]
        y = call(*leaves)
        weights = {y: rng.uniform(0.5, 1.5, y.shape)}
        back = precise.derivatives(weights, leaves).by
        total = ops.sum(ops.multiply(y, weights[y]))
        for x in leaves:
            direction = rng.standard_normal(x.shape)
            forward, kinked = precise.slope(weights, {x: direction})
            assert not kinked and abs(forward - np.sum(back[x.record] * direction)) < 1e-50
            place = tuple(int(rng.integers(n)) for n in x.shape)
            assert abs(precise.difference(total, x, place) - back[x.record][place]) < 1e-30


AT = {
    "saturated": (np.tanh, [18.0, -100.0], [4 * np.exp(-36.0), 4 * np.exp(-200.0)]),
    "gate shut": (ops.sigmoid, [-40.0, 800.0], [np.exp(-40.0), 0.0]),
    "near the edge": (np.log, [1e-300, 1e300], [1e300, 1e-300]),
    "branch not taken": (lambda x: np.where(x > 0, np.log(x), x), [-1.0, 4.0], [1.0, 0.25]),
    "masked": (lambda x: np.where([True, False], x, -np.inf), [1.0, 2.0], [1.0, 0.0]),
    "power of zero": (lambda x: x**1.5, [0.0, 1.0], [0.0, 1.5]),
    "smooth over a kink": (lambda x: relu(x) ** 2, [0.0, 1.0], [0.0, 2.0]),
    "straight through": (lambda x: x + stop_gradient(np.sign(x) - x), [0.3, -0.4], [1.0, 1.0]),
    "a tie that is not the largest": (lambda x: np.max(np.stack([x[0], x[0], x[1]])), [1.0, 5.0], [0.0, 1.0]),
}


@pytest.mark.parametrize("case", AT)
def test_at_edges_and_saturated(case):
    function, at, expected = AT[case]
    x = Parameter(at, "x")
    y = function(x)
    found = precise.derivatives({y: np.ones(y.shape)}, [x])
    assert found.by[x.record].astype(float) == pytest.approx(np.array(expected), rel=1e-12, abs=1e-300)
    assert not found.kinked[x.record].any()


KINKS = {
    "relu": (relu, [0.0, 1.0], [True, False]),
    "relu of a scalar": (lambda x: relu(np.sum(x)), [0.5, -0.5], [True, True]),
    "largest": (np.max, [1.0, 5.0, 5.0], [False, True, True]),
    "comparison": (lambda x: np.where(x > 1, x, 1), [1.0, 2.0], [True, False]),
    "sign": (lambda x: np.sign(x) * 2.0, [0.0, 2.0], [True, False]),
}


@pytest.mark.parametrize("case", KINKS)
def test_a_kink_that_is_met_exactly_is_seen(case):
    function, at, expected = KINKS[case]
    x = Parameter(at, "x")
    y = function(x)
    assert precise.derivatives({y: np.ones(y.shape)}, [x]).kinked[x.record].tolist() == expected
    assert precise.slope({y: np.ones(y.shape)}, {x: np.array([1.0, 0.3, 0.2])[: len(at)]})[1]


def test_no_derivative_where_there_is_none():
    x = Parameter([0.0, 0.0], "x")
    assert np.isnan(float(precise.derivatives({ops.norm(x): 1.0}, [x]).by[x.record][0]))
    assert np.isinf(float(precise.derivatives({np.sqrt(x).sum(): 1.0}, [x]).by[x.record][0]))


def test_the_branch_stays_the_recorded_one_when_the_numbers_move():
    x = Parameter([1e-3, -1.0], "x")
    found = precise.derivatives({relu(x).sum(): 1.0}, [x], at={x: np.array([-1.0, 2.0])})
    assert [float(v) for v in found.by[x.record]] == [1.0, 0.0]


def test_by_a_record_in_the_middle_and_in_other_dtypes():
    for dtype in (np.float16, np.float32, np.longdouble):
        x = Tensor(np.array([0.25, 3.0], dtype=dtype), "x", requires_grad=True)
        y = x * x
        found = precise.derivatives({np.sum(y * y): 1.0}, [y])
        assert [float(v) for v in found.by[y.record]] == [0.125, 18.0]


def test_outside_the_domain_there_are_no_complex_numbers():
    x = Tensor([-1.0, 0.25], "x")
    for y in (np.log(x), np.sqrt(x), x**0.5):
        values = precise.evaluate(y.graph)[y.record]
        assert np.isnan(float(values[0])) and np.isfinite(float(values[1]))
