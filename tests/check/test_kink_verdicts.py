"""At kinks and ties all checks agree: what the engine takes for a derivative there is never called wrong."""

from __future__ import annotations

import numpy as np
import pytest
from operations.test_kinks import page

from autograd_seq import Tensor, UsageError, check_backward, grad, gradcheck, prove, stop_gradient
from autograd_seq.testing import assert_gradients

MORE = {
    "norm by rows": (lambda x: np.linalg.norm(x, axis=1), [[[0.0, 0.0], [3.0, 4.0]]]),
    "norm, ord 3": (lambda x: np.linalg.norm(x, 3), [[0.0, 2.0, -1.0]]),
    "norm, ord -inf": (lambda x: np.linalg.norm(x, -np.inf), [[1.0, -1.0, 2.0]]),
    "norm of a matrix, ord 1": (lambda x: np.linalg.norm(x, 1), [[[1.0, 2.0], [2.0, 1.0]]]),
    "norm of a difference": (lambda x: np.linalg.norm(x - x), [[1.0, 2.0]]),
    "norm, tiny": (np.linalg.norm, [[3e-200, 4e-200]]),
    "norm, huge": (np.linalg.norm, [[3e200, 4e200]]),
    "hypot at (0, 2)": (np.hypot, [[0.0], [2.0]]),
    "hypot, tiny": (np.hypot, [[3e-200], [4e-200]]),
    "arctan2 at (0, 1)": (np.arctan2, [[0.0], [1.0]]),
    "arctan2 at (0, -1)": (np.arctan2, [[0.0], [-1.0]]),
    "arctan2 at (1, 0)": (np.arctan2, [[1.0], [0.0]]),
    "power at (0, 1)": (np.power, [[0.0], [1.0]]),
    "power at (0, 1.5)": (np.power, [[0.0], [1.5]]),
    "power at (0, 0.5)": (np.power, [[0.0], [0.5]]),
    "power at (0, 0)": (np.power, [[0.0], [0.0]]),
    "power at (1, 0)": (np.power, [[1.0], [0.0]]),
    "x ** 3 at 0": (lambda x: x**3, [[0.0]]),
    "x ** 1.5 at 0": (lambda x: x**1.5, [[0.0]]),
    "x ** 1.0 at 0": (lambda x: x**1.0, [[0.0]]),
    "cbrt at 0": (np.cbrt, [[0.0, 8.0]]),
    "sqrt at 0": (np.sqrt, [[0.0, 4.0]]),
    "sort, several ties": (lambda x: np.sort(x) * np.arange(4.0), [[2.0, 1.0, 2.0, 1.0]]),
    "sort by rows": (lambda x: np.sort(x, axis=1)[:, 0], [[[1.0, 1.0, 2.0], [3.0, 2.0, 2.0]]]),
    "median of an even number": (np.median, [[1.0, 1.0, 2.0, 2.0]]),
    "median of ties": (np.median, [[1.0, 1.0, 1.0, 2.0]]),
    "partition": (lambda x: np.partition(x, 1)[:2], [[2.0, 1.0, 1.0, 3.0]]),
    "quantile": (lambda x: np.quantile(x, 0.25), [[1.0, 1.0, 2.0]]),
    "percentile, two": (lambda x: np.percentile(x, [25, 50]), [[1.0, 1.0, 2.0, 2.0]]),
    "nanmedian": (np.nanmedian, [[1.0, 1.0, 2.0]]),
    "remainder at 0": (np.remainder, [[0.0], [2.0]]),
    "remainder, negative": (np.remainder, [[-4.0, 3.0], [2.0, -1.5]]),
    "remainder, no multiple": (np.remainder, [[4.5], [2.0]]),
    "fmod": (np.fmod, [[4.0, -4.0], [2.0, 2.0]]),
    "modf": (lambda x: np.modf(x)[0], [[2.0, -1.0]]),
    "floor_divide": (lambda a, b: np.floor_divide(a, b) * a, [[4.0], [2.0]]),
    "interp between nodes": (lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0]), [[0.5, 1.5]]),
    "interp beyond the ends": (lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0]), [[-1.0, 3.0]]),
    "interp with nodes that are learned": (np.interp, [[1.0], [0.0, 1.0, 2.0], [0.0, 1.0, 5.0]]),
    "fmax with NaN": (lambda x: np.fmax(x, np.array([np.nan, 1.0])), [[1.0, 1.0]]),
    "fmin at 0": (lambda x: np.fmin(x, 0.0), [[0.0, 1.0]]),
    "copysign": (np.copysign, [[0.0, 2.0], [1.0, 1.0]]),
    "copysign of -0": (lambda a: np.copysign(a, -0.0), [[0.0, 2.0]]),
    "heaviside": (lambda x: np.heaviside(x, 0.5) * x, [[0.0, 1.0]]),
    "sinc near 0": (np.sinc, [[0.0, 1e-9, 0.5, 1.0]]),
    "nan_to_num": (np.nan_to_num, [[0.0, 1.0]]),
    "max by rows": (lambda x: np.max(x, axis=1), [[[1.0, 1.0], [2.0, 1.0]]]),
    "min of a scalar": (np.min, [0.5]),
    "ptp": (np.ptp, [[1.0, 1.0, 3.0]]),
    "ptp of one number": (np.ptp, [[2.0, 2.0]]),
    "std of a constant": (np.std, [[2.0, 2.0]]),
    "var of a constant": (np.var, [[2.0, 2.0]]),
    "prod with two zeros": (np.prod, [[0.0, 0.0, 2.0]]),
    "cumprod with two zeros": (np.cumprod, [[0.0, 0.0, 2.0]]),
    "nanmax": (np.nanmax, [[1.0, 1.0]]),
    "arccos at 1": (np.arccos, [[1.0, 0.5]]),
    "arcsin at -1": (np.arcsin, [[-1.0, 0.5]]),
    "arccosh at 1": (np.arccosh, [[1.0, 2.0]]),
    "logaddexp of equal numbers": (np.logaddexp, [[700.0], [700.0]]),
    "clip with equal limits": (lambda x: np.clip(x, 1.0, 1.0), [[1.0, 2.0]]),
    "det of a matrix of ones": (np.linalg.det, [[[2.0, 1.0], [1.0, 2.0]]]),
    "trapezoid": (np.trapezoid, [[1.0, 1.0, 2.0]]),
}
BEYOND_NUMPY = ("norm, tiny", "norm, huge")  # in plain NumPy these are 0 and infinite
AT = {name: (function, arrays) for name, (function, arrays, _) in page.KINKS.items()} | MORE

every = pytest.mark.parametrize("name", AT)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def arrays_of(name):
    return [np.array(a) for a in AT[name][1]]


def slopes_of(name, upstream=None):
    """What the sweep takes for the derivative, and the result."""
    inputs = [Tensor(a, "abc"[i], requires_grad=True) for i, a in enumerate(arrays_of(name))]
    made = AT[name][0](*inputs)
    return grad(made, inputs, gradient=np.ones(made.shape) if upstream is None else upstream), made, inputs


def endless(name):
    """Whether a derivative is infinite there."""
    return not all(np.isfinite(s).all() for s in slopes_of(name)[0])


@every
def test_gradcheck_calls_none_wrong(name):
    report = gradcheck(AT[name][0], *arrays_of(name))
    assert not report.failures and not report.undecided, report
    assert report.ok is not endless(name)


@every
def test_assert_gradients_fails_only_for_what_is_infinite(name):
    if endless(name):
        with pytest.raises(AssertionError, match="not finite"):
            assert_gradients(AT[name][0], *arrays_of(name))
    else:
        assert_gradients(AT[name][0], *arrays_of(name))


@every
def test_prove_calls_none_wrong(name):
    _, made, inputs = slopes_of(name)
    proof = prove(made, [x for x in inputs if x.record in made.graph.positions])
    assert {c.status for c in proof.claims.values()} <= {"proven", "checked", "excluded"}, proof
    assert proof.ok is not endless(name)


@every
def test_check_backward_calls_none_wrong(name):
    function, arrays = AT[name][0], arrays_of(name)
    if endless(name) or name in BEYOND_NUMPY:
        return
    if any(np.isnan(a).any() for a in arrays):
        with pytest.raises(UsageError, match="no gradient can be checked there"):
            check_backward(lambda **inputs: (inputs, None), lambda *given: {}, dict(zip("abc", arrays)))
        return

    def forward(**inputs):
        return {"y": function(*inputs.values())}, inputs

    def backward(upstream, cache):
        inputs = {key: Tensor(a, key, requires_grad=True) for key, a in cache.items()}
        slopes = grad(function(*inputs.values()), [*inputs.values()], gradient=upstream["y"])
        return {f"d{key}": s for key, s in zip(inputs, slopes)}

    report = check_backward(forward, backward, dict(zip("abc", arrays)))
    assert not report.wrong and not report.undecided, report


# -- forward passes that go in steps ---------------------------------------------------------------------------


def rounded(x, W):
    h = np.tanh(W @ x)
    return {"y": np.round(h, 2)}, (x, W, h)


def floored(x, W):
    h = np.tanh(W @ x)
    return {"y": np.floor(h * 8) / 8}, (x, W, h)


def signs(x, W):
    h = np.tanh(W @ x)
    return {"y": np.sign(h)}, (x, W, h)


def compared(x, W):
    h = np.tanh(W @ x)
    return {"y": np.where(h > 0.1, 1.0, 0.0)}, (x, W, h)


def by_python(x, W):
    h = np.tanh(W @ x)
    return {"y": np.array([[round(float(v), 2) for v in row] for row in h])}, (x, W, np.array(h))


def recurrent(x, W):
    h = np.zeros((W.shape[0], x.shape[1]))
    for _ in range(3):
        h = np.round(np.tanh(W @ x + h), 2)
    return {"y": h}, (x, W, h)


def straight_through(up, cache):
    x, W, h = cache
    dz = up["y"] * (1 - h**2)
    return {"dx": W.T @ dz, "dW": dz @ x.T}


STEPS_MADE = [rounded, floored, signs, compared, by_python, recurrent]


@pytest.mark.parametrize("forward", STEPS_MADE)
def test_what_is_passed_straight_through_steps_is_undecided(forward):
    report = check_backward(forward, straight_through, {"x": (3, 4), "W": (5, 3)})
    assert report.wrong == [] and len(report.undecided) == 2 and not report.ok
    assert "stop_gradient" in report.undecided[0] and report.status == "undecided"


def test_the_advice_is_one_that_works():
    def forward(x, W):
        h = np.tanh(W @ x)
        return {"y": h + stop_gradient(np.round(h, 2) - h)}, (x, W, h)

    def wrong(up, cache):
        x, W, h = cache
        return straight_through(up, (x, W, h**2))

    assert check_backward(forward, straight_through, {"x": (3, 4), "W": (5, 3)}).ok
    assert check_backward(forward, wrong, {"x": (3, 4), "W": (5, 3)}).wrong == ["dx", "dW"]


def test_no_gradient_at_all_is_right_where_a_pass_goes_in_steps():
    def backward(up, cache):
        return {"dx": np.zeros((3, 4)), "dW": np.zeros((5, 3))}

    assert check_backward(rounded, backward, {"x": (3, 4), "W": (5, 3)}).ok


def rectified(x, W):
    return {"y": np.maximum(W @ x, 0)}, (x, W)


def largest(x, W):
    return {"y": np.max(W @ x, axis=0)}, (x, W)


def rectified_by_if(x, W):
    h = np.array([[float(v) if v > 0 else 0.0 for v in row] for row in W @ x])
    return {"y": h}, (x, W)


@pytest.mark.parametrize("forward", [rectified, largest, rectified_by_if])
def test_what_is_flat_here_only_is_no_step(forward):
    def backward(up, cache):
        x, W = cache
        dz = up["y"] * np.ones((5, 4))
        return {"dx": W.T @ dz, "dW": dz @ x.T}

    report = check_backward(forward, backward, {"x": (3, 4), "W": (5, 3)})
    assert report.wrong == ["dx", "dW"] and not report.undecided


def test_a_small_gradient_beside_a_large_output_is_no_step():
    def forward(x, W):
        return {"y": np.tanh(W @ x) + 1e4, "z": 1e-6 * np.tanh(W @ x)}, (x, W)

    def backward(up, cache):
        x, W = cache
        dz = (up["y"] + 1e-6 * up["z"]) * (1 - np.tanh(W @ x))
        return {"dx": W.T @ dz, "dW": dz @ x.T}

    report = check_backward(forward, backward, {"x": (3, 4), "W": (5, 3)})
    assert report.wrong == ["dx", "dW"] and not report.undecided
