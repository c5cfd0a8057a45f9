"""Sigmoid, softmax and the cross-entropies where probabilities are extreme: finite, and right to rounding."""

import mpmath
import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import ShapeError, Tensor, grad, sigmoid, softmax
from autograd_seq.operations import (
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    log_softmax,
    logsumexp,
    softplus,
)

RNG = np.random.default_rng(11)
LOGITS = np.array([-1e4, -745.0, -700.0, -100.0, -37.0, -1.0, 0.0, 1e-9, 2.0, 37.0, 100.0, 700.0, 1e4])
KINDS = pytest.mark.parametrize("dtype", [np.float64, np.float32])
REDUNDANT = pytest.mark.parametrize("label", [0.0, 1.0, 0.3])


def to_float(values):
    return np.array([float(v) for v in values])


def weights(shape, dtype=float):
    return RNG.uniform(0.5, 100.0, shape).astype(dtype)


def test_sigmoid_keeps_its_digits_where_it_is_tiny():
    z = np.linspace(-708.0, 36.0, 300)
    with mpmath.workdps(30):
        exact = to_float(1 / (1 + mpmath.exp(-mpmath.mpf(v))) for v in z)
    np.testing.assert_allclose(sigmoid(z), exact, rtol=4e-16 * 2)
    single = z[z > -87].astype(np.float32)
    with mpmath.workdps(30):
        exact = to_float(1 / (1 + mpmath.exp(-mpmath.mpf(float(v)))) for v in single)
    np.testing.assert_allclose(sigmoid(single), exact, rtol=4e-7)


@KINDS
@pytest.mark.parametrize("function", [sigmoid, softplus, ops.tanh, ops.relu])
def test_activations_of_any_number_are_finite_and_quiet(function, dtype):
    x = Tensor(LOGITS.astype(dtype), requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = function(x)
        slope = grad(y, x, gradient=weights(x.shape, dtype))
    assert np.isfinite(y.value).all()
    assert np.isfinite(slope).all()
    assert y.dtype == slope.dtype == dtype


@KINDS
def test_softmaxes_of_any_numbers(dtype):
    z = np.stack([LOGITS, LOGITS[::-1], np.zeros_like(LOGITS)]).astype(dtype)
    x = Tensor(z, requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for function in (softmax, log_softmax, logsumexp):
            y = function(x)
            assert np.isfinite(y.value).all()
            assert np.isfinite(grad(y, x, gradient=weights(y.shape, dtype))).all()
    np.testing.assert_allclose(softmax(z).sum(axis=0), 1, rtol=1e-6)
    with mpmath.workdps(30):
        for column in range(z.shape[1]):
            terms = [mpmath.mpf(float(v)) for v in z[:, column]]
            total = mpmath.log(sum(mpmath.exp(t) for t in terms))
            np.testing.assert_allclose(logsumexp(z)[column], float(total), rtol=1e-6 if dtype == np.float32 else 1e-14)
            exact = to_float(t - total for t in terms)
            np.testing.assert_allclose(
                log_softmax(z)[:, column], exact, rtol=2e-6, atol=1e-6 if dtype == np.float32 else 1e-12
            )


def test_softmax_of_an_all_ones_adjoint_is_zero_but_not_of_others():
    x = Tensor(RNG.normal(size=(4, 3)), requires_grad=True)
    assert np.abs(grad(softmax(x), x, gradient=np.ones((4, 3)))).max() < 1e-15
    assert np.abs(grad(softmax(x), x, gradient=RNG.normal(size=(4, 3)))).max() > 1e-3


@KINDS
@REDUNDANT
def test_binary_cross_entropy_from_any_logit(dtype, label):
    z = Tensor(LOGITS.astype(dtype), requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = binary_cross_entropy_from_logits(z, label)
        slope = grad(loss, z, gradient=weights(z.shape, dtype) * 0 + 1)
    with mpmath.workdps(9000):  # exp(1e4) + 1 needs 4,343 digits to keep its 1
        y = mpmath.mpf(label)
        exact = [mpmath.log(1 + mpmath.exp(mpmath.mpf(float(v)))) - y * mpmath.mpf(float(v)) for v in z.value]
        slopes = [1 / (1 + mpmath.exp(-mpmath.mpf(float(v)))) - y for v in z.value]
    tight = {"rtol": 1e-14, "atol": 1e-14} if dtype == np.float64 else {"rtol": 1e-6, "atol": 1e-7}
    np.testing.assert_allclose(loss.value, to_float(exact), **tight)
    np.testing.assert_allclose(slope, to_float(slopes), **tight)


@KINDS
@pytest.mark.parametrize("label", [0.0, 1.0, 0.5])
def test_binary_cross_entropy_of_certain_probabilities(dtype, label):
    """p exactly 0 or 1, right or wrong: a finite loss, a finite gradient of the right sign, no warning."""
    p = Tensor(np.array([0.0, 1.0, 1e-45, 0.5], dtype), requires_grad=True)
    y = Tensor(np.full(4, label, dtype), requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = binary_cross_entropy(p, y)
        dp, dy = grad(loss, [p, y], gradient=weights(4, dtype))
    assert loss.dtype == dp.dtype == dy.dtype == dtype
    for array in (loss.value, dp, dy):
        assert np.isfinite(array).all()
    assert loss.value.min() >= 0
    if label == 1:
        assert loss.value[0] > 80 and loss.value[1] == 0
        assert dp[0] < -1e30 and dp[1] < 0, "a larger p is better, and at p = 1 the slope is -1 / p"
    if label == 0:
        assert loss.value[0] == 0 and loss.value[1] > 80
        assert dp[1] > 1e30 and dp[0] > 0


@KINDS
def test_a_saturated_sigmoid_under_cross_entropy_gives_no_nan(dtype):
    z = Tensor(LOGITS.astype(dtype), requires_grad=True)
    for label in (0.0, 1.0):
        slope = grad(binary_cross_entropy(sigmoid(z), label), z, gradient=weights(z.shape, dtype))
        assert np.isfinite(slope).all()


def test_cross_entropy_of_a_sigmoid_is_right_as_far_as_its_digits_go():
    z = Tensor(np.linspace(-690.0, 30.0, 50), requires_grad=True)
    slope = grad(binary_cross_entropy(sigmoid(z), 1.0), z, gradient=np.ones(50))
    np.testing.assert_allclose(slope, sigmoid(z.value) - 1, rtol=1e-12, atol=1e-12)


@KINDS
def test_categorical_cross_entropy_of_certain_probabilities(dtype):
    p = Tensor(np.array([[0.0, 1.0, 0.2], [1.0, 0.0, 0.5], [0.0, 0.0, 0.3]], dtype), requires_grad=True)
    y = Tensor(np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]], dtype), requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = categorical_cross_entropy(p, y)
        dp, dy = grad(loss, [p, y], gradient=weights(3, dtype))
    for array in (loss.value, dp, dy):
        assert np.isfinite(array).all()
        assert array.dtype == dtype
    assert loss.shape == (3,)
    assert loss.value[0] > 80 and loss.value[1] == 0
    assert dp[0, 0] < -1e30 and dp[1, 0] == 0


@KINDS
def test_categorical_cross_entropy_from_any_logits(dtype):
    z = Tensor(np.stack([LOGITS, LOGITS[::-1], np.zeros_like(LOGITS)]).astype(dtype), requires_grad=True)
    y = np.eye(3)[:, RNG.integers(0, 3, len(LOGITS))].astype(dtype)
    adjoint = weights(len(LOGITS), dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = categorical_cross_entropy_from_logits(z, y)
        slope = grad(loss, z, gradient=adjoint)
    np.testing.assert_allclose(loss.value, -np.sum(y * log_softmax(z.value), axis=0), rtol=1e-6)
    np.testing.assert_allclose(slope, adjoint * (softmax(z.value) - y), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        binary_cross_entropy,
        binary_cross_entropy_from_logits,
        categorical_cross_entropy,
        categorical_cross_entropy_from_logits,
    ],
)
@pytest.mark.parametrize("labels", [np.int64, np.int32, bool, np.float32])
def test_labels_of_any_kind_leave_float32_predictions_float32(loss, labels):
    p = Tensor(RNG.uniform(0.1, 0.9, (3, 2)).astype(np.float32), requires_grad=True)
    y = np.array([[1, 0], [0, 0], [0, 1]], labels)
    value = loss(p, y)
    assert value.dtype == np.float32
    assert grad(ops.sum(value), p).dtype == np.float32


@pytest.mark.parametrize("loss", [categorical_cross_entropy, categorical_cross_entropy_from_logits])
def test_targets_of_another_shape_are_refused(loss):
    p = Tensor(RNG.uniform(0.1, 0.9, (3, 2)), requires_grad=True)
    with pytest.raises(ShapeError, match=r"(?s)\(3, 2\) and \(2,\).*one shape.*test_cross_entropies"):
        loss(p, np.ones(2))


def test_other_axes_are_classes_too():
    z = RNG.normal(size=(4, 3))
    y = np.eye(3)[[0, 2, 1, 1]]
    np.testing.assert_allclose(
        categorical_cross_entropy_from_logits(z, y, axis=1), categorical_cross_entropy_from_logits(z.T, y.T)
    )
    p = softmax(z, axis=-1)
    np.testing.assert_allclose(categorical_cross_entropy(p, y, axis=-1), -np.log(p[y > 0]))
