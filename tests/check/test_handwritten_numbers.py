"""check_backward at awkward numbers: zero, tiny, saturated, near the edge of a domain, on a kink."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd_seq import check_backward
from autograd_seq.diagnosis.in_digits import exact
from autograd_seq.diagnosis.truth import record
from autograd_seq.testing import assert_backward


def drawn(*shape):
    return np.random.default_rng([8, *shape]).standard_normal(shape)


# -- sums that cancel ------------------------------------------------------------------------------------------


def centred(x, b):
    z = x + b
    return {"y": (z - z.mean()) ** 3}, z - z.mean()


def centred_back(up, c):
    d = 3 * c**2 * up["y"]
    return {"dx": d - d.mean(), "db": np.sum(d - d.mean())}


@pytest.mark.parametrize("db", [None, 0.0, 1e-16, -6.66e-16])
def test_what_is_zero_to_rounding_is_right(db):
    inputs = {"x": drawn(6), "b": np.array(0.3)}
    back = lambda up, c: centred_back(up, c) | ({} if db is None else {"db": db})
    report = assert_backward(centred, back, inputs)
    assert report.digits > 13
    assert db is None or report.warnings == ["db is 0 to rounding here: a mistake in it cannot be seen"]


@pytest.mark.parametrize("db", [1e-9, -1e-12, 1.0])
def test_what_is_more_than_rounding_is_wrong(db):
    inputs = {"x": drawn(6), "b": np.array(0.3)}
    report = check_backward(centred, lambda up, c: centred_back(up, c) | {"db": db}, inputs)
    assert report.wrong == ["db"]


def test_probabilities_add_up_to_one():
    def total(z):
        e = np.exp(z - z.max())
        return {"s": np.sum(e / e.sum())}, e / e.sum()

    right = lambda up, p: {"dz": p * (up["s"] - np.sum(p * up["s"]))}
    assert_backward(total, right, {"z": [1.0, 2.0, 5.0]})
    assert_backward(total, lambda up, p: {"dz": 0 * p}, {"z": [1.0, 2.0, 5.0]})
    assert check_backward(total, lambda up, p: {"dz": p * up["s"]}, {"z": [1.0, 2.0, 5.0]}).wrong == ["dz"]


def test_a_squared_error_at_the_exact_fit():
    forward = lambda W, x, t: ({"J": np.sum((W @ x - t) ** 2)}, (W, x, t))

    def back(up, cache):
        W, x, t = cache
        d = 2 * (W @ x - t) * up["J"]
        return {"dW": d @ x.T, "dx": W.T @ d, "dt": -d}

    W, x = drawn(3, 4), drawn(4, 5)
    inputs = {"W": W, "x": x, "t": W @ x}
    assert_backward(forward, back, inputs)
    assert check_backward(forward, lambda u, c: {**back(u, c), "dt": back(u, c)["dt"] / 2}, inputs).wrong == ["dt"]


def test_an_input_that_does_not_matter():
    forward = lambda x, b: ({"y": x * 2}, None)
    for db in (0.0, 1e-17):
        assert_backward(forward, lambda u, c, db=db: {"dx": 2 * u["y"], "db": db * np.ones(3)}, {"x": (3,), "b": (3,)})
    report = check_backward(forward, lambda u, c: {"dx": 2 * u["y"], "db": u["y"]}, {"x": (3,), "b": (3,)})
    assert report.wrong == ["db"]


def test_the_last_element_of_a_running_sum_by_differences_of_large_ones():
    forward = lambda x: ({"y": np.cumsum(x)}, None)

    def back(up, _):
        total = np.cumsum(up["y"])
        return {"dx": total[-1] - total + up["y"]}

    assert_backward(forward, back, {"x": drawn(2000)})
    assert check_backward(forward, lambda u, c: {"dx": np.cumsum(u["y"])}, {"x": drawn(20)}).wrong


# -- saturated -------------------------------------------------------------------------------------------------


def tanh_forward(z):
    a = np.tanh(z)
    return {"a": a}, (z, a)


TANH = {
    "from the value": lambda up, c: {"dz": up["a"] * (1 - c[1] ** 2)},
    "from cosh": lambda up, c: {"dz": up["a"] / np.cosh(c[0]) ** 2},
    "from exponentials": lambda up, c: {"dz": up["a"] * 4 / (np.exp(c[0]) + np.exp(-c[0])) ** 2},
    "factored": lambda up, c: {"dz": up["a"] * (1 - c[1]) * (1 + c[1])},
}


@pytest.mark.parametrize("way", TANH)
@pytest.mark.parametrize("z", [0.0, 1e-9, 5.0, 10.0, 18.0, 25.0, 40.0])
def test_saturated_gates(way, z):
    inputs = {"z": np.array([z, -z, 0.3])}
    assert_backward(tanh_forward, TANH[way], inputs)
    wrong = lambda up, c: {"dz": np.where(np.abs(c[0]) < 0.29, 1.0, 1.001) * TANH[way](up, c)["dz"]}
    assert check_backward(tanh_forward, wrong, inputs).wrong == ["dz"]


def test_a_wrong_exponent_at_saturated_elements_is_seen():
    report = check_backward(tanh_forward, lambda up, c: {"dz": up["a"] / np.cosh(c[0])}, {"z": [10.0, 12.0]})
    assert report.wrong == ["dz"]


def test_sixty_digits_are_those_of_the_function():
    truth = record(tanh_forward, {"z": np.array([10.0, 12.0])}, {"a": np.array([1.0, -1.0])})
    true = exact(truth)["dz"]
    np.testing.assert_allclose(true, [1 / math.cosh(10.0) ** 2, -1 / math.cosh(12.0) ** 2], rtol=1e-15)
    assert np.max(np.abs(truth.gradients["dz"] / true - 1)) > 1e-9


@pytest.mark.parametrize("gap", [0.0, 5.0, 20.0, 36.0, 60.0])
def test_logits_far_apart(gap):
    def forward(z):
        e = np.exp(z - z.max())
        p = e / e.sum()
        return {"J": -np.log(p[0])}, p

    back = lambda up, p: {"dz": (p - np.array([1.0, 0, 0])) * up["J"]}
    inputs = {"z": np.array([gap, 0.0, -1.0])}
    assert_backward(forward, back, inputs)
    worse = lambda up, p: {"dz": np.array([p[0] - 1, p[1], 2 * p[2]]) * up["J"]}
    report = check_backward(forward, worse, inputs)
    assert report.wrong == ["dz"] or (gap == 36.0 and report.undecided)  # one unit in the last place of 1


@pytest.mark.parametrize("x", [[-40.0, -38.0], [-36.5, -50.0]])
def test_what_a_difference_of_ones_leaves_nothing_of_is_undecided(x):
    forward = lambda x: ({"y": np.log(1 + np.exp(x))}, x)
    report = check_backward(forward, lambda up, x: {"dx": up["y"] * (1 - 1 / (1 + np.exp(x)))}, {"x": x})
    assert not report.failures and (report.ok or "too few digits" in report.undecided[0]), str(report)
    assert_backward(forward, lambda up, x: {"dx": up["y"] * np.exp(x) / (1 + np.exp(x))}, {"x": x})


def test_a_small_wrong_element_beside_a_large_one():
    forward = lambda x, s: ({"y": x * s}, (x, s))
    right = lambda up, c: {"dx": up["y"] * c[1], "ds": up["y"] * c[0]}
    for large in (1e6, 1e12, 1e20):
        inputs = {"x": [1.0, 2.0], "s": [large, 1e-3]}
        assert_backward(forward, right, inputs)
        wrong = lambda up, c: {**right(up, c), "dx": right(up, c)["dx"] * [1, 1 + 1e-8]}
        assert check_backward(forward, wrong, inputs).wrong == ["dx"]


# -- forward passes that cannot be recorded --------------------------------------------------------------------


def by_math(function):
    def forward(x):
        return {"y": np.vectorize(function, otypes=[float])(x)}, x

    return forward


UNRECORDED = [
    (math.log, lambda x: 1 / x, [0.01, 1e-4, 2.0]),
    (math.sqrt, lambda x: 0.5 / np.sqrt(x), [0.005, 1e-6, 3.0]),
    (lambda x: 1 / x, lambda x: -1 / x**2, [0.01, -0.02, 5.0]),
    (lambda x: x**1.5, lambda x: 1.5 * np.sqrt(x), [0.001, 0.5]),
    (math.tanh, lambda x: 1 / np.cosh(x) ** 2, [0.5, 3.0, -2.0]),
    (math.exp, np.exp, [30.0, 0.0, -5.0]),
    (lambda x: x * x, lambda x: 2 * x, [1e6, 1.0, 0.0]),
    (lambda x: 3.0, lambda x: 0 * x, [1.0, 2.0]),
]


@pytest.mark.parametrize("function, derivative, x", UNRECORDED)
def test_differences_stay_in_the_domain(function, derivative, x):
    forward = by_math(function)
    report = assert_backward(forward, lambda up, x: {"dx": up["y"] * derivative(x)}, {"x": x})
    assert "could not be recorded" in report.basis
    wrong = lambda up, x: {"dx": up["y"] * (derivative(x) * 1.01 + 1e-3 * (derivative(x) == 0))}
    assert check_backward(forward, wrong, {"x": x}).wrong == ["dx"]


def test_differences_at_a_kink():
    forward = by_math(lambda x: max(x, 0.0))
    for at_zero in (0.0, 0.5, 1.0):
        slope = lambda x, at_zero=at_zero: np.where(x > 0, 1.0, np.where(x == 0, at_zero, 0.0))
        report = assert_backward(forward, lambda up, x, s=slope: {"dx": up["y"] * s(x)}, {"x": [0.0, 1.0, -2.0]})
        assert report.excluded == ([] if at_zero == 0.5 else ["dx"])
    for wrong in (lambda x: np.where(x == 0, 2.0, x > 0), lambda x: np.where(x == 0, -0.1, x > 0)):
        back = lambda up, x, s=wrong: {"dx": up["y"] * s(x)}
        assert check_backward(forward, back, {"x": [0.0, 1.0, -2.0]}).wrong == ["dx"]


def test_what_wants_plain_numbers_is_recorded():
    def by_tanh(x):
        return {"y": np.array([math.tanh(float(v)) for v in x])}, x

    def rectified(x):
        return {"y": np.array([max(float(v), 0.0) for v in x])}, x

    right = lambda up, x: {"dx": up["y"] / np.cosh(x) ** 2}
    report = assert_backward(by_tanh, right, {"x": [0.5, 3.0, -2.0]})
    assert report.basis == "the recorded forward pass"
    wrong = lambda up, x: {"dx": right(up, x)["dx"] * 1.01}
    assert check_backward(by_tanh, wrong, {"x": [0.5, 3.0, -2.0]}).wrong == ["dx"]
    for at_zero, excluded in ((0.0, ["dx"]), (0.5, ["dx"]), (1.0, [])):
        slope = lambda up, x, s=at_zero: {"dx": up["y"] * np.where(x > 0, 1.0, np.where(x == 0, s, 0.0))}
        assert assert_backward(rectified, slope, {"x": [0.0, 1.0, -2.0]}).excluded == excluded
    steep = lambda up, x: {"dx": up["y"] * np.where(x == 0, 2.0, x > 0)}
    assert check_backward(rectified, steep, {"x": [0.0, 1.0, -2.0]}).wrong == ["dx"]


def test_differences_that_tell_too_little_leave_it_undecided():
    forward = by_math(lambda x: round(math.sin(x), 3))  # in steps, as a table has them
    report = check_backward(forward, lambda up, x: {"dx": up["y"] * np.cos(x)}, {"x": [0.5, 1.0]})
    assert report.status == "undecided" and not report.failures and not report.ok
    assert "dx" in report.undecided[0]


# -- kinks that are met exactly --------------------------------------------------------------------------------

X = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
WEIGHTS = np.array([[1.0, -1.0], [0.0, 2.0], [1.0, 1.0]])


def relu_forward(x, W):
    return {"h": np.maximum(W @ x, 0)}, (x, W, W @ x)


def relu_back(slope):
    def back(up, cache):
        x, W, z = cache
        dz = up["h"] * slope(z)
        return {"dx": W.T @ dz, "dW": dz @ x.T}

    return back


@pytest.mark.parametrize("at_zero", [0.0, 0.25, 0.5, 1.0])
def test_any_slope_of_relu_at_zero(at_zero):
    back = relu_back(lambda z: np.where(z > 0, 1.0, np.where(z == 0, at_zero, 0.0)))
    report = assert_backward(relu_forward, back, {"x": X, "W": WEIGHTS})
    assert report.excluded == ([] if at_zero == 0 else ["dx", "dW"])
    assert report.status == "checked"
    assert "kink" in str(report) or at_zero == 0


@pytest.mark.parametrize("slope", [lambda z: z >= -5, lambda z: np.where(z == 0, 2, z > 0), lambda z: z < 0])
def test_no_other_slope(slope):
    assert check_backward(relu_forward, relu_back(slope), {"x": X, "W": WEIGHTS}).wrong


TIED = np.array([[2.0, 1.0, 3.0], [2.0, 1.0, 0.0], [1.0, 1.0, 3.0]])
SHARES = {
    "first": lambda x: np.arange(3)[:, None] == x.argmax(0),
    "last": lambda x: np.arange(3)[:, None] == 2 - x[::-1].argmax(0),
    "equal": lambda x: (x == x.max(0)) / (x == x.max(0)).sum(0),
    "unequal": lambda x: (x == x.max(0)) * np.array([[1.0], [2], [3]]) / ((x == x.max(0)) * [[1], [2], [3]]).sum(0),
}


@pytest.mark.parametrize("way", SHARES)
def test_any_of_tied_maxima(way):
    forward = lambda x: ({"m": x.max(axis=0)}, x)
    report = assert_backward(forward, lambda up, x: {"dx": SHARES[way](x) * up["m"]}, {"x": TIED})
    assert report.excluded == ([] if way == "equal" else ["dx"])


def test_all_of_tied_maxima_at_once_is_too_much():
    forward = lambda x: ({"m": x.max(axis=0)}, x)
    assert check_backward(forward, lambda up, x: {"dx": (x == x.max(0)) * up["m"]}, {"x": TIED}).wrong == ["dx"]


KINKS = [
    (np.abs, lambda x, s: np.where(x == 0, s, np.sign(x)), (-1.0, 0.0, 0.3, 1.0), (-2.0, 1.5)),
    (lambda x: np.minimum(x, 1.0), lambda x, s: np.where(x == 1, s, x < 1), (0.0, 0.5, 1.0), (-1.0, 2.0)),
    (lambda x: np.clip(x, 0.0, 1.0), lambda x, s: np.where((x == 0) | (x == 1), s, (x > 0) & (x < 1)),
     (0.0, 0.7, 1.0), (-0.1, 1.1)),
    (lambda x: np.where(x > 0, x, 0.1 * x), lambda x, s: np.where(x == 0, s, np.where(x > 0, 1, 0.1)),
     (0.1, 0.5, 1.0), (0.0, 2.0)),
    (lambda x: x * (x > 0), lambda x, s: np.where(x == 0, s, x > 0), (0.0, 0.5, 1.0), (-1.0, 3.0)),
]  # fmt: skip


@pytest.mark.parametrize("function, slope, right, wrong", KINKS)
def test_other_kinks(function, slope, right, wrong):
    forward = lambda x: ({"y": function(x)}, x)
    x = [0.0, 1.0, -3.0, 0.5, 2.0, 0.0]
    for s in right:
        assert_backward(forward, lambda up, x, s=s: {"dx": up["y"] * slope(x, s)}, {"x": x})
    for s in wrong:
        report = check_backward(forward, lambda up, x, s=s: {"dx": up["y"] * slope(x, s)}, {"x": x})
        assert report.wrong == ["dx"], (s, str(report))


def test_a_kink_where_a_program_decides():
    def forward(x):
        y = [v if v > 0 else 0 * v for v in x]
        return {"y": np.stack(y)}, x

    x = np.array([0.0, 1.0, -2.0])
    for at_zero in (0.0, 0.5, 1.0):
        slope = lambda x, s=at_zero: np.where(x == 0, s, x > 0)
        report = assert_backward(forward, lambda up, x: {"dx": up["y"] * slope(x)}, {"x": x})
        assert report.excluded == ([] if at_zero == 0 else ["dx"])
    for at_zero in (-1.0, 2.0):
        slope = lambda x, s=at_zero: np.where(x == 0, s, x > 0)
        assert check_backward(forward, lambda up, x: {"dx": up["y"] * slope(x)}, {"x": x}).wrong == ["dx"]
    assert check_backward(forward, lambda up, x: {"dx": up["y"]}, {"x": x}).wrong == ["dx"]


def test_ties_that_cannot_be_recorded():
    forward = lambda x: ({"m": max(float(v) for v in x)}, x)
    x = [2.0, 1.0, 2.0]
    shares = {"excluded": np.array([1.0, 0.0, 0.0]), "undecided": np.array([1.0, 0.0, 1.0])}
    first = check_backward(forward, lambda up, _: {"dx": up["m"] * shares["excluded"]}, {"x": x})
    assert first.ok and first.excluded == ["dx"], str(first)
    both = check_backward(forward, lambda up, _: {"dx": up["m"] * shares["undecided"]}, {"x": x})
    assert not both.ok
