"""NumPy's functions on tensors: NumPy's own values from NumPy's own ways of calling, and a record behind them."""

import numpy as np
import pytest
from operations import numpy_calls

from autograd_seq import AutogradError, Tensor, grad
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.operations.refusals import REFUSED

RNG = np.random.default_rng(7)
X = RNG.normal(size=(2, 3, 4))
M, N = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4))
V, W = RNG.normal(size=3), RNG.normal(size=3)
P = RNG.uniform(0.1, 0.9, (2, 3))
S = np.array(0.7)

CALLS = {
    "np.abs(x)": (M,),
    "np.absolute(x)": (M,),
    "np.add(x, y)": (M, P),
    "np.amax(x, axis=1)": (M,),
    "np.amin(x)": (M,),
    "np.append(x, y)": (M, P),
    "np.append(x, y, axis=0)": (M, P),
    "np.atleast_1d(x)": (S,),
    "np.atleast_2d(x)": (V,),
    "np.atleast_3d(x)": (S,),
    "np.atleast_3d(x) ": (V,),
    "np.atleast_3d(x)  ": (M,),
    "np.atleast_3d(x)   ": (X,),
    "np.broadcast_to(x, (2, 3))": (V,),
    "np.clip(x, 0, 1)": (M,),
    "np.clip(x, -0.5, None)": (M,),
    "np.clip(x, a_min=-0.2, a_max=0.3)": (M,),
    "np.clip(a=x, a_min=-0.2, a_max=0.3)": (M,),
    "np.column_stack((x, y))": (V, W),
    "np.concatenate((x, y), axis=1)": (M, P),
    "np.concatenate([x, y])": (M, P),
    "np.concatenate((x, y), axis=None)": (M, N),
    "np.cos(x)": (M,),
    "np.cumsum(x)": (M,),
    "np.cumsum(x, 1)": (M,),
    "np.cumsum(x, axis=-1)": (M,),
    "np.diagonal(x)": (M,),
    "np.divide(x, y)": (M, P),
    "np.dot(x, y)": (M, N),
    "np.dstack((x, y))": (M, P),
    "np.dstack((x, y)) ": (V, W),
    "np.dot(y, x)": (M, S),
    "np.dot(x, x)": (V,),
    "np.dot(x, y) ": (M, V),
    "np.dot(x, y.T)": (X, P @ N),
    "np.einsum('ij,jk->ik', x, y)": (M, N),
    "np.einsum('ij,jk', x, y, optimize=True)": (M, N),
    "np.exp(x)": (M,),
    "np.expand_dims(x, 0)": (M,),
    "np.expand_dims(x, axis=-1)": (M,),
    "np.expm1(x)": (M,),
    "np.fabs(x)": (M,),
    "np.flip(x)": (M,),
    "np.flip(x, axis=1)": (M,),
    "np.float_power(x, 2)": (P,),
    "np.hstack((x, y))": (M, P),
    "np.hstack([x, y])": (V, W),
    "np.inner(x, y)": (V, W),
    "np.inner(x, x)": (M,),
    "np.inner(x, y)  ": (S, M),
    "np.linalg.norm(x)": (X,),
    "np.linalg.norm(x) ": (M,),
    "np.linalg.norm(x, axis=0)": (M,),
    "np.linalg.norm(x, axis=1, keepdims=True)": (M,),
    "np.linalg.norm(x, ord='fro')": (M,),
    "np.linalg.norm(x, 1)": (V,),
    "np.linalg.norm(x, 2)": (V,),
    "np.linalg.norm(x, np.inf, axis=1)": (M,),
    "np.log(x)": (P,),
    "np.log10(x)": (P,),
    "np.log1p(x)": (P,),
    "np.log2(x)": (P,),
    "np.matmul(x, y)": (M, N),
    "np.max(x)": (M,),
    "np.max(x, axis=0, keepdims=True)": (M,),
    "np.maximum(0, x)": (M,),
    "np.mean(x, 0)": (M,),
    "np.mean(x, axis=(0, 2))": (X,),
    "np.min(x, 1)": (M,),
    "np.minimum(x, 0.1)": (M,),
    "np.moveaxis(x, 0, -1)": (X,),
    "np.multiply(x, y)": (M, P),
    "np.negative(x)": (M,),
    "np.outer(x, y)": (V, W),
    "np.positive(x)": (V,),
    "np.power(x, 2)": (M,),
    "np.power(x, y)": (P, M),
    "np.prod(x, axis=0)": (M,),
    "np.ravel(x)": (M,),
    "np.reciprocal(x)": (P,),
    "np.repeat(x, 2)": (M,),
    "np.repeat(x, 3, axis=1)": (M,),
    "np.repeat(x, [2, 0, 1], axis=1)": (M,),
    "np.reshape(x, (3, 2))": (M,),
    "np.reshape(x, (2, -1))": (X,),
    "np.reshape(x, -1)": (X,),
    "np.roll(x, 1)": (M,),
    "np.roll(x, -2, axis=1)": (M,),
    "np.sin(x)": (M,),
    "np.split(x, 3, axis=1)[1]": (M,),
    "np.split(x, 2)[0]": (M,),
    "np.split(x, [1, 2], axis=-1)[2]": (X,),
    "np.sqrt(x)": (P,),
    "np.square(x)": (M,),
    "np.squeeze(x)": (M[None, :, None],),
    "np.squeeze(x, axis=0)": (M[None, :, None],),
    "np.stack((x, y))": (M, P),
    "np.stack([x, y], axis=-1)": (M, P),
    "np.std(x, axis=0)": (M,),
    "np.std(x, ddof=1)": (V,),
    "np.subtract(x, y)": (M, P),
    "np.sum(x)": (M,),
    "np.sum(x, 1)": (M,),
    "np.sum(x, axis=(0, 1), keepdims=True)": (X,),
    "np.sum(x, axis=-1)": (X,),
    "np.swapaxes(x, 0, 2)": (X,),
    "np.take(x, [2, 0])": (M,),
    "np.take(x, [2, 0, 2], axis=1)": (M,),
    "np.take(x, 1, axis=0)": (M,),
    "np.tanh(x)": (M,),
    "np.tile(x, 2)": (M,),
    "np.tile(x, (2, 1))": (V,),
    "np.tile(x, (2, 1, 3))": (M,),
    "np.trace(x)": (M,),
    "np.transpose(x)": (X,),
    "np.transpose(x, (1, 0, 2))": (X,),
    "np.transpose(x, axes=(2, 0, 1))": (X,),
    "np.var(x, axis=1, keepdims=True)": (M,),
    "np.var(x, ddof=1)": (V,),
    "np.vstack((x, y))": (M, P),
    "np.vstack([x, y])": (V, W),
    "np.vstack([x, y], dtype='float64')": (V, W),
    "np.where(y > 0.5, x, 0)": (M, P),
    "np.add.reduce(x)": (M,),
    "np.add.reduce(x, axis=1)": (M,),
    "np.maximum.reduce(x, axis=0)": (M,),
    **numpy_calls.CALLS,
}
WITHOUT_DERIVATIVE = {
    "np.all(x > 0)": (M,),
    "np.any(x > 0, axis=0)": (M,),
    "np.argmax(x)": (M,),
    "np.argmax(x, axis=0)": (M,),
    "np.argmin(x, 1)": (M,),
    "np.equal(x, y)": (M, P),
    "np.greater(x, y)": (M, P),
    "np.greater_equal(x, y)": (M, P),
    "np.isfinite(x)": (np.where(M > 0, np.inf, M),),
    "np.isnan(x)": (np.where(M > 0, np.nan, M),),
    "np.less(x, y)": (M, P),
    "np.less_equal(x, y)": (M, P),
    "np.logical_and(x > 0, y > 0.5)": (M, P),
    "np.logical_not(x > 0)": (M,),
    "np.logical_or(x > 0, y > 0.5)": (M, P),
    "np.not_equal(x, y)": (M, P),
    "np.sign(x)": (M,),
    **numpy_calls.WITHOUT_DERIVATIVE,
}


def evaluate(text, arguments):
    return eval(text.strip(), {"np": np}, dict(zip("xy", arguments, strict=False)))


@pytest.mark.parametrize("text", CALLS)
def test_numpy_records(text):
    arrays = CALLS[text]
    expected = evaluate(text, arrays)
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    y = evaluate(text, tensors)
    assert isinstance(y, Tensor)
    np.testing.assert_allclose(y.value, expected, rtol=1e-13, atol=1e-15)
    assert y.shape == np.shape(expected)
    assert y.dtype == np.asarray(expected).dtype
    adjoint = np.asarray(RNG.normal(size=y.shape))
    for i, slope in enumerate(grad(y, tensors, gradient=adjoint)):
        direction = np.asarray(RNG.normal(size=arrays[i].shape))

        def at(step, i=i, direction=direction):
            moved = [a + step * direction if k == i else a for k, a in enumerate(arrays)]
            return np.sum(adjoint * evaluate(text, moved))

        quotient = (4 * (at(5e-4) - at(-5e-4)) / 1e-3 - (at(1e-3) - at(-1e-3)) / 2e-3) / 3  # Richardson's
        assert np.sum(slope * direction) == pytest.approx(quotient, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("text", WITHOUT_DERIVATIVE)
def test_numpy_remembers_decisions(text):
    arrays = WITHOUT_DERIVATIVE[text]
    y = evaluate(text, [Tensor(a, requires_grad=True) for a in arrays])
    np.testing.assert_array_equal(y.value, evaluate(text, arrays))
    assert y.operation is not None
    assert not y.requires_grad


@pytest.mark.parametrize("text", numpy_calls.CONSTANT)
def test_numpy_answers_with_constants(text):
    arrays = numpy_calls.CONSTANT[text]
    y = evaluate(text, [Tensor(a, requires_grad=True) for a in arrays])
    assert not isinstance(y, Tensor)
    np.testing.assert_array_equal(y, evaluate(text, arrays))


def test_every_function_that_records_is_tried():
    tried = " ".join([*CALLS, *WITHOUT_DERIVATIVE, *numpy_calls.CONSTANT, *numpy_calls.REFUSED])
    recorded = [f for f in BY_NUMPY if f not in REFUSED]
    of_numpy = {f for f in recorded if f in (getattr(np, f.__name__, None), getattr(np.linalg, f.__name__, None))}
    ours = {f.__name__ for f in of_numpy if BY_NUMPY[f].__module__.startswith("autograd_seq.operations")}
    assert not {name for name in ours if f"np.{name}(" not in tried and f"linalg.{name}(" not in tried}


@pytest.mark.parametrize(
    "text",
    [
        "np.linalg.norm(x, 3)",
        "np.clip(x, 0, 1, casting='unsafe')",
        "np.sum(x, axis=5)",
        "np.concatenate([x, x[:1]], axis=1)",
        "np.einsum('i....', x)",
        "np.einsum('ij,jk', x)",
        "np.einsum('i', x)",
        "np.split(x, 5)",
        "np.reshape(x, (5, 5))",
        "np.transpose(x, (0, 0))",
        "np.squeeze(x, axis=0)",
        "np.matmul(x, x)",
        "np.take(x, 7, axis=0)",
        "np.where(x > 0, x)",
        "np.fft.fft(x)",
        "np.add(x, x[:, :2])",
        "np.diagonal(x[0])",
        *numpy_calls.REFUSED,
    ],
)
def test_what_cannot_be_done_says_where_and_what_was_expected(text):
    with pytest.raises(AutogradError, match=r"at .*test_numpy_signatures|at <string>") as raised:
        evaluate(text, [Tensor(M, requires_grad=True)])
    assert len(str(raised.value)) > 40
