"""Whatever the numbers, gradcheck refutes nothing that is right: edges, saturation, zeros, kinks, every dtype."""

import numpy as np
import pytest
from check.mutants import Mutant, planted
from check.samples import SAMPLES

import autograd_seq.operations as ops
from autograd_seq import Graph, Tensor, gradcheck, relu, sigmoid, stop_gradient, tanh
from autograd_seq.check import record_differences, slopes
from autograd_seq.check.each_record import each_record
from autograd_seq.core.errors import DtypeError, ShapeError
from cells import LSTM
from tests.sweeps import slow_but_part_of

A = np.array
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
ONE_HOT = A([[1.0], [0.0], [0.0]])


def huber(w):
    r = np.sum(w)
    return np.where(np.abs(r) < 1, 0.5 * r * r, np.abs(r) - 0.5)


def by_hand(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def lstm(change, dtype=np.float64):
    cell = LSTM(2, 3, seed=0, dtype=dtype)
    for name, p in cell.parameters.items():
        p.value = change(name, p.value)
    return lambda x: cell.unroll(x).final["a"]


X = A([0.3, -0.4, 1.2])
SEQUENCE = np.random.default_rng(0).standard_normal((2, 2, 3))
RIGHT = {
    # a kink on a scalar, not met
    "relu of a scalar": (lambda w: relu(np.sum(w)), A([0.1, 0.2])),
    "absolute value of a scalar": (lambda w: np.abs(np.sum(w)), A([0.1, 0.2])),
    "hinge": (lambda w: np.maximum(0, 1 - np.sum(w)), A([0.1, 0.2])),
    "Huber inside": (huber, A([0.1, 0.2])),
    "Huber outside": (huber, A([1.1, 0.2])),
    "clipping by norm": (lambda w: w * np.minimum(1.0, 1.0 / ops.norm(w)), A([3.0, 4.0])),
    "where of a scalar": (lambda x: np.where(x > 0, x * x, x), A(0.5)),
    "a kink that is smoothed out": (lambda x: np.sum(x / (1 + np.abs(x)) + x * np.abs(x)), A([0.0, 0.5])),
    "next to a kink": (lambda x: np.sum(relu(x)), A([1e-13, -1e-13])),
    # next to an edge, saturated, of very different sizes
    "log": (lambda x: np.sum(np.log(x)), A([0.01, 1e-4, 1e-300, 1e300])),
    "square root": (lambda x: np.sum(np.sqrt(x)), A([0.005])),
    "reciprocal": (lambda x: np.sum(1 / x), A([0.01])),
    "power": (lambda x: np.sum(x**1.5), A([0.001, 0.0])),
    "tanh saturated": (lambda x: np.sum(tanh(x)), A([10.0, -12.0, 14.0, 18.0, -18.0])),
    "sigmoid saturated": (lambda x: np.sum(sigmoid(x)), A([25.0, 30.0, -30.0, -700.0])),
    "cross-entropy with a gap": (
        lambda z: ops.categorical_cross_entropy(ops.softmax(z), ONE_HOT), A([[0.0], [20.0], [0.0]]),
    ),
    "softmax by hand": (lambda z: -np.log(by_hand(z))[0], A([0.0, 20.0, 0.0])),
    "LSTM with an open gate": (lstm(lambda name, v: v + 20.0 * (name == "bf")), SEQUENCE),
    "LSTM with large weights": (lstm(lambda name, v: v * 20.0), SEQUENCE),
    "large and small": (lambda x: (x * x).sum(), A([1e6, 1.0])),
    "exponentials": (lambda x: np.exp(x).sum(), A([30.0, 0.0])),
    "a large term": (lambda x: x.sum(), A([1e10, 1.0])),
    "cancelling": (lambda z: np.sum(1 - np.tanh(z) ** 2), A([10.0, 1.0])),
    "tiny gradients": (lambda x: np.sum(tanh(x) * 1e-200), X),
    # gradients that are 0
    "a shift before the mean is taken off": (lambda x: np.sum(x - np.mean(x)), A([1.0, 2.0, 3.0])),
    "a bias before a mean": (lambda x, b: np.sum((tanh(x) + b - np.mean(tanh(x) + b)) ** 2), X, 0.3),
    "a shift of all logits": (lambda z, s: np.sum(ops.softmax(z + s, axis=0) * X), X, 0.3),
    "sum of probabilities": (lambda z: np.sum(ops.softmax(z, axis=0)), X),
    "variance of a constant": (np.var, A([2.0, 2.0, 2.0])),
    "exact fit": (lambda w: np.sum((w * A([1.0, 2.0]) - A([3.0, 6.0])) ** 2), 3.0),
    # branches that were not taken
    "logarithm not taken": (lambda x: np.where(x > 0, np.log(x), x), A([-1.0, 4.0])),
    "logarithm of 1 + x not taken": (lambda x: np.where(x > -1, np.log1p(x), x), A([-2.0, 4.0])),
    "masked logits": (
        lambda z: np.sum(ops.softmax(np.where([True, True, False], z, -np.inf), axis=0) * X), X,
    ),
    "logits with an infinite mask": (lambda z: np.sum(by_hand(z + A([0, 0, -np.inf])) * X), X),
    # dtypes
    "half precision": (lambda x: np.sum(sigmoid(x) * x), np.float16([0.3, 0.2, 3])),
    "single precision": (lambda x: tanh(x @ x), np.float32([0.3, 0.2])),
    "single precision, large": (lambda x: np.sum(x * x), np.float32([1e6, 1])),
    "long double": (lambda x: np.sum(np.sign(x) * x), np.longdouble([0.3, 0.2, 3])),
    "LSTM in long double": (lstm(lambda name, v: v, np.longdouble), SEQUENCE.astype(np.longdouble)),
    "through single precision": (lambda x: np.sum(tanh(x.astype("float32").astype("float64"))), X),
    "one-hot targets": (lambda z, y: -np.sum(y * np.log(ops.softmax(z))), A([[0.1], [0.2], [0.3]]), [[1], [0], [0]]),
    # cut off on purpose
    "stop_gradient": (lambda x: np.sum(x * stop_gradient(x)), X),
    "straight through": (lambda x: np.sum((x + stop_gradient(np.round(x.value) - x)) ** 2), X),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_passes(case):
    function, *inputs = RIGHT[case]
    report = gradcheck(function, *inputs)
    assert report.ok, str(report)
    assert all(w.error < 1e-6 or w.error < 1e-2 and report.dtype != "float64" for w in report.wholes)


EXCLUDED = {
    "norm of zeros": (ops.norm, A([0.0, 0.0]), 2),
    "norm of a difference": (lambda x: ops.norm(x - x), A([1.0, 2.0]), 2),
    "the larger of two equal ones": (np.max, A([2.0, 2.0, 1.0]), 2),
    "absolute value at 0": (np.abs, A([0.0, 1.0]), 1),
}


@pytest.mark.parametrize("case", EXCLUDED)
def test_a_kink_that_is_met_exactly_is_excluded(case):
    function, x, elements = EXCLUDED[case]
    report = gradcheck(function, x)
    assert report.ok and report.excluded == elements and report.wholes[0].excluded == elements


def test_the_answer_does_not_depend_on_what_was_asked_before():
    for x in ([0.7], [2.0, 2.0, 1.0], np.longdouble([0.3, 0.2]), [0.7], [1.0, 5.0, 5.0]):
        assert gradcheck(np.max, x).ok
        assert gradcheck(lambda x: np.sum(np.sign(x) * x), x).ok


@pytest.mark.parametrize("function, x", [
    (lambda x: np.sum(np.sqrt(x)), [0.0, 1.0]),
    (lambda x: np.sum(np.log(x)), [0.0, 1.0]),
    (lambda x: np.sum(np.exp(x)), [800.0, 1.0]),
])  # fmt: skip
def test_a_gradient_that_is_not_finite_is_no_success_and_no_wrong_rule(function, x):
    report = gradcheck(function, x)
    assert not report.ok and not report.failures and not report.undecided
    assert report.not_finite == {"x": "inf"} and "not finite" in str(report)


def test_dtype_and_cuts_are_said():
    assert "(checked, float16)" in str(gradcheck(lambda x: tanh(x), np.float16([0.3])))
    assert "(checked, float32)" in str(gradcheck(lambda x: np.sum(x.astype("float32")), X))
    assert "cut off on purpose, by stop_gradient: 1 record" in str(gradcheck(RIGHT["stop_gradient"][0], X))


def test_a_function_that_is_not_the_same_twice_is_undecided():
    rng = np.random.default_rng(0)
    report = gradcheck(lambda x: x * rng.random(3), X)
    assert not report.ok and not report.failures
    assert "not the same twice" in report.undecided[0] and "UNDECIDED" in str(report)


def test_lost_digits_are_undecided():
    """The probability of the right class is smaller than any float: the gradient comes out as 0 in place of -1."""
    report = gradcheck(lambda z: ops.categorical_cross_entropy(ops.softmax(z), A([[1.0], [0.0]])), [[0.0], [800.0]])
    assert not report.failures and report.undecided == ["z: rounding in float64 leaves fewer than three digits"]


SIZES = {
    "ordinary": lambda a: a,
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "ties": lambda a: np.full_like(a, 0.5),
    "zeros and ones": lambda a: np.resize([0.0, 1.0, 1.0], a.shape),
    "small": lambda a: a * 1e-6,
    "tiny": lambda a: a * 1e-30,
    "subnormal": lambda a: a * 1e-310,
    "saturated": lambda a: a * 20,
    "large": lambda a: a * 300,
    "huge": lambda a: a * 1e10,
    "enormous": lambda a: a * 1e200,
    "spread": lambda a: a * 10.0 ** np.resize([-8, 3, 0, 7, -2], a.shape),
    "minus infinity": lambda a: np.where(np.resize([True, False, False, False], a.shape), -np.inf, a),
    "NaN": lambda a: np.where(np.resize([True, False, False, False], a.shape), np.nan, a),
}
LINEAR_ALGEBRA = {
    ops.inv, ops.det, ops.logabsdet, ops.cholesky, ops.solve_columns,
    ops.adjugate, ops.dyads, ops.from_singular, ops.singular_values,
}  # fmt: skip
DTYPES = (np.float16, np.float32, np.float64, np.longdouble)
NOT_IN_FLOATS = {
    # the squares of these are 0 in floats, so the length is, and the gradient is off
    ("norm", "small", "float16"), ("norm", "tiny", "float32"), ("norm", "subnormal", "float64"),
    ("dyads", "spread", "float32"),  # one singular value is 10^10 times the other, whose vectors have no digit
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("operation", slow_but_part_of(SAMPLES, 6))
def test_no_rule_is_refuted_whatever_the_numbers(operation, size):
    for call, arrays in SAMPLES[operation]:
        for dtype in DTYPES:
            if (operation.name, size, dtype.__name__) in NOT_IN_FLOATS:
                continue
            with np.errstate(all="ignore"):
                leaves = [Tensor(SIZES[size](a).astype(dtype), requires_grad=True) for a in arrays]
                try:
                    found = each_record(Graph(call(*leaves)))
                except (DtypeError, ShapeError):  # NumPy's linear algebra has two dtypes, and refuses what is singular
                    assert operation in LINEAR_ALGEBRA
                    continue
            assert not found.failures and not found.unsettled, (dtype, found.failures, found.unsettled)


def test_where_there_is_no_value_nothing_is_wrong():
    report = gradcheck(np.remainder, np.zeros((2, 3)), np.zeros((2, 1)))
    assert not report.failures and report.excluded == 8 and list(report.not_finite) == ["x2"] and not report.ok


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", [-1.0, -2.0, 0.5, 3.0])
@pytest.mark.parametrize("base", [-np.inf, np.inf])
def test_a_power_of_infinity_is_not_called_wrong(base, exponent, dtype):
    report = gradcheck(ops.power, np.array([base, 2.0], dtype), np.array([exponent, 0.5], dtype))
    assert not report.failures and not report.undecided and "b" in report.not_finite and not report.ok


@pytest.mark.parametrize("divisor, dividend", [(0.0, 3.0), (2.0, np.inf), (np.nan, 3.0)])
def test_a_remainder_without_a_value_leaves_the_others_to_be_compared(dividend, divisor):
    report = gradcheck(np.remainder, np.array([dividend, 7.3]), np.array([divisor, 2.0]))
    assert not report.failures and not report.undecided and not report.ok
    with planted(Mutant(ops.remainder, 0, "times 2", None, lambda piece, _: piece * 2)):
        assert gradcheck(np.remainder, np.array([5.2, 7.3]), np.array([3.0, 2.0])).failures


def test_a_result_that_a_rule_reads_has_all_its_digits():
    """By differences, in float64: a result in float16 is no part of the rule."""
    a, b = (Tensor(np.array(v, np.float16), requires_grad=True) for v in ([-np.inf, 1.3], [2.0, -2.7]))
    y = ops.power(a, b)
    for k in (0, 1):
        assert record_differences.differences(y, k, np.random.default_rng(0)).ok


def test_of_slopes_that_contradict_each_other_the_one_of_shorter_steps_counts():
    """Of |t + 1e-150|, of which all longer steps make a corner."""
    found = slopes.best_slope(lambda t: abs(t + 1e-150), slopes.scales_for(1e-150))
    assert found.value == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(5))
def test_singular_values_of_very_different_sizes_are_not_called_wrong(seed):
    """LAPACK knows the small ones to a rounding of the largest, not of their own."""
    a = np.random.default_rng(seed).normal(size=(2, 2)) * A([[1.0, 2**15], [2**15, 2**30]])
    assert not gradcheck(ops.singular_values, a).failures
    with planted(Mutant(ops.singular_values, 0, "times 2", None, lambda piece, _: piece * 2)):
        assert gradcheck(ops.singular_values, a).failures


@pytest.mark.parametrize("n", [2, 3])
def test_determinants_of_elements_of_all_sizes_are_not_called_wrong(n):
    rng = np.random.default_rng(n)
    for _ in range(5):
        a = rng.normal(size=(n, n)) * 10.0 ** rng.choice([-8, 3, 0, 7, -2], (n, n))
        assert not gradcheck(np.linalg.det, a).failures and not gradcheck(ops.adjugate, a).failures
