"""Cross-checks against PyTorch and JAX, where they happen to be installed; never required."""

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import Tensor, grad

pytestmark = pytest.mark.peers
RNG = np.random.default_rng(23)
A, B = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5))
P, Q = RNG.uniform(0.1, 0.9, (2, 4, 5))
HOT = np.eye(4)[:, RNG.integers(0, 4, 5)]
BATCH, MATRIX = RNG.normal(size=(3, 2, 4)), RNG.normal(size=(4, 5))
ROWS = np.array([0, 3, 3, 1])

# By name: our function, the peers' (given their own module), the arrays.
SHARED = {
    "tanh": (ops.tanh, lambda m: m.tanh, [A]),
    "log1p": (ops.log1p, lambda m: m.log1p, [P]),
    "expm1": (ops.expm1, lambda m: m.expm1, [A]),
    "matmul": (ops.matmul, lambda m: m.matmul, [BATCH, MATRIX]),
    "einsum": (
        lambda a, b: ops.einsum("bij,jk->bk", a, b),
        lambda m: lambda a, b: m.einsum("bij,jk->bk", a, b),
        [BATCH, MATRIX],
    ),
    "where": (lambda a, b: ops.where(a > b, a * b, b), lambda m: lambda a, b: m.where(a > b, a * b, b), [A, B]),
    "power": (ops.power, lambda m: m.pow, [P, A]),
    "indexing": (lambda a: a[ROWS] * 2, lambda m: lambda a: a[ROWS] * 2, [A]),
    "cumsum": (lambda a: ops.cumsum(a, axis=1), lambda m: lambda a: m.cumsum(a, axis=1), [A]),
    "prod": (lambda a: ops.prod(a, axis=0), lambda m: lambda a: m.prod(a, 0), [A * (A > -0.5)]),
    "max": (lambda a: ops.max(a, axis=0), lambda m: lambda a: m.amax(a, 0), [np.round(A)]),
    "maximum": (ops.maximum, lambda m: m.maximum, [np.round(A), np.round(B)]),
    "std": (lambda a: ops.std(a, axis=0, ddof=1), lambda m: lambda a: m.std(a, 0, ddof=1), [A]),
    "norm": (lambda a: ops.norm(a, axis=0), lambda m: lambda a: m.linalg.norm(a, None, 0), [A]),
}


def torch_losses():
    f = pytest.importorskip("torch").nn.functional
    return {
        "softmax": (ops.softmax, lambda z: f.softmax(z, 0), [A]),
        "log_softmax": (ops.log_softmax, lambda z: f.log_softmax(z, 0), [A]),
        "logsumexp": (ops.logsumexp, lambda z: z.logsumexp(0), [A]),
        "sigmoid": (ops.sigmoid, f.sigmoid, [30 * A]),
        "softplus": (ops.softplus, f.softplus, [A]),
        "binary": (ops.binary_cross_entropy, lambda p, y: f.binary_cross_entropy(p, y, reduction="none"), [P, Q]),
        "binary logits": (
            ops.binary_cross_entropy_from_logits,
            lambda z, y: f.binary_cross_entropy_with_logits(z, y, reduction="none"),
            [30 * A, Q],
        ),
        "categorical": (
            ops.categorical_cross_entropy_from_logits,
            lambda z, y: f.cross_entropy(z.T, y.T, reduction="none"),
            [30 * A, HOT],
        ),
    }


def ours(function, arrays, adjoint):
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    y = function(*tensors)
    return y.value, grad(y, tensors, gradient=adjoint)


def compare(function, arrays, values, slopes, adjoint):
    value, found = ours(function, arrays, adjoint)
    np.testing.assert_allclose(value, values, rtol=1e-11, atol=1e-13)
    for slope, expected in zip(found, slopes, strict=True):
        np.testing.assert_allclose(slope, expected, rtol=1e-10, atol=1e-12)


def with_torch(function, theirs, arrays):
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = theirs(*tensors)
    adjoint = RNG.normal(size=tuple(y.shape))
    slopes = torch.autograd.grad(y, tensors, torch.tensor(adjoint))
    compare(function, arrays, y.detach().numpy(), [s.numpy() for s in slopes], adjoint)


@pytest.mark.parametrize("name", sorted(set(SHARED) - {"std"}))
def test_torch(name):
    torch = pytest.importorskip("torch")
    function, theirs, arrays = SHARED[name]
    with_torch(function, theirs(torch), arrays)


@pytest.mark.parametrize(
    "name",
    ["softmax", "log_softmax", "logsumexp", "sigmoid", "softplus", "binary", "binary logits", "categorical"],
)
def test_torch_losses(name):
    with_torch(*torch_losses()[name])


@pytest.mark.parametrize("name", sorted(SHARED))
def test_jax(name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    function, theirs, arrays = SHARED[name]
    y, pull = jax.vjp(theirs(jax.numpy), *[jax.numpy.asarray(a) for a in arrays])
    adjoint = RNG.normal(size=y.shape)
    compare(function, arrays, np.asarray(y), [np.asarray(s) for s in pull(jax.numpy.asarray(adjoint))], adjoint)
