"""Matrices of low rank or with equal singular values, remainders, equal elements, and what is not a number."""

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import Parameter, Tensor, compile, grad, gradcheck, prove
from autograd_seq.readings.precise import PreciseAlgebra


@pytest.mark.parametrize(
    "function",
    [np.nansum, np.nanmean, np.nanmax, np.nanstd, np.nanmedian, np.nancumsum, np.nan_to_num, np.isnan,
     lambda x: np.fmax(x, 0.5), lambda x: np.where(np.isfinite(x), x, 0.0) ** 2],
)  # fmt: skip
def test_what_is_not_a_number_is_left_out_and_no_proof_calls_that_wrong(function):
    x = Tensor(np.array([2.0, np.nan, 1.0]), "x", requires_grad=True)
    proof = prove(np.sum(function(x) * x[0]), wrt=[x])
    assert proof.ok, str(proof)
    assert np.isfinite(grad(np.sum(function(x) * x[0]), x)).all()


def test_in_exact_numbers_what_is_too_large_for_a_float_is_finite():
    algebra = PreciseAlgebra()
    numbers = np.array([algebra.exact(1.0), algebra.context.mpf("1e5000"), algebra.context.inf, algebra.context.nan])
    assert ops.isfinite.meaning(algebra, numbers).tolist() == [True, True, False, False]
    assert ops.isnan.meaning(algebra, numbers).tolist() == [False, False, False, True]


@pytest.mark.parametrize("x", [np.ones((2, 2)), np.diag([3.0, 2.0, 2.0]), np.diag([2.0, 1.0]), np.zeros((2, 3))])
@pytest.mark.parametrize("ord", [2, -2, "nuc"])
def test_norms_by_singular_values_are_checked_or_excluded_and_never_wrong(x, ord):
    W = Tensor(x, "W", requires_grad=True)
    proof = prove(np.linalg.norm(W, ord), wrt=[W])
    single = x.shape == (2, 2) and x[0, 0] != x[1, 1]
    assert proof.ok and proof["W"].status == ("checked" if single else "excluded")
    assert gradcheck(lambda W: np.linalg.norm(W, ord), x).ok


def test_equal_singular_values_share_and_those_of_zero_get_nothing():
    W = Tensor(np.diag([2.0, -2.0, 1.0]), requires_grad=True)
    np.testing.assert_allclose(grad(np.linalg.norm(W, 2), W), np.diag([0.5, -0.5, 0.0]), atol=1e-15)
    np.testing.assert_allclose(grad(np.linalg.norm(W, "nuc"), W), np.diag([1.0, -1.0, 1.0]), atol=1e-15)
    flat = Tensor(np.outer([1.0, 2.0], [3.0, 4.0]), requires_grad=True)
    unit = flat.value / np.linalg.norm(flat.value)
    np.testing.assert_allclose(grad(np.linalg.norm(flat, "nuc"), flat), unit, rtol=1e-14)
    np.testing.assert_allclose(grad(np.linalg.norm(flat, -2), flat), np.zeros((2, 2)))


@pytest.mark.parametrize("x", [[[1.0, 2.0], [2.0, 4.0]], np.zeros((3, 3)), np.arange(9.0).reshape(3, 3), [[0.0]]])
def test_the_determinant_of_a_singular_matrix_has_first_and_second_derivatives(x):
    W = Tensor(np.array(x), "W", requires_grad=True)
    n = len(x)
    minors = np.array([[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(W.value, i, 0), j, 1)) for j in range(n)]
                       for i in range(n)])  # fmt: skip
    slope = grad(np.linalg.det(W), W, create_graph=True)
    np.testing.assert_allclose(slope.value, minors, atol=1e-13)
    assert prove(np.linalg.det(W), wrt=[W])["W"].status == "proven"
    if n > 1:
        second = grad(slope[0, 0], W)
        rest = np.delete(np.delete(W.value, 0, 0), 0, 1)
        expected = np.zeros((n, n))
        expected[1:, 1:] = [[1.0]] if n == 2 else [[rest[1, 1], -rest[1, 0]], [-rest[0, 1], rest[0, 0]]]
        np.testing.assert_allclose(second, expected, atol=1e-13)


@pytest.mark.parametrize(("a", "b"), [(1e17, 3.0), (1e6, 2 * np.pi), (5.0, np.inf), (-3.0, np.inf), (-7.0, 2.0)])
@pytest.mark.parametrize("function", [np.remainder, np.fmod])
def test_remainders_are_numpys_to_the_last_digit(function, a, b):
    x = Tensor(np.array([a]), requires_grad=True)
    assert function(x, b).value == function(np.array([a]), b)
    assert grad(function(x, b).sum(), x) == 1.0


def test_a_compiled_remainder_counts_anew():
    W = Parameter(np.array([3.0, 4.0]), "W")
    plan = compile(lambda x: np.sum(x % W + np.fmod(x, W)), {"W": W})
    for x in (np.array([7.0, 9.5]), np.array([-10.0, 0.5])):
        value, gradients = plan(x)
        assert value == np.sum(x % W.value + np.fmod(x, W.value))
        np.testing.assert_array_equal(gradients["W"], -np.floor(x / W.value) - np.trunc(x / W.value))


def test_where_nothing_differs_the_standard_deviation_has_the_derivative_zero():
    for x in (np.array([2.0, 2.0, 2.0]), np.array(3.5)):
        W = Tensor(x, "W", requires_grad=True)
        for deviation in (np.std(W), np.std(W, where=np.ones(x.shape, bool)), np.nanstd(W)):
            np.testing.assert_array_equal(grad(deviation, W), np.zeros(x.shape))


@pytest.mark.parametrize("lowest", [-np.inf, np.inf])
@pytest.mark.parametrize(
    ("function", "shares"),
    [
        (np.logaddexp, [0.5, 0.5]),
        (np.logaddexp2, [0.5, 0.5]),
        (lambda a, b: np.logaddexp.reduce(np.stack([a, b])), [0.5, 0.5]),
        (lambda a, b: ops.logsumexp(np.stack([a, b, a]), axis=0), [2 / 3, 1 / 3]),
        (lambda a, b: ops.logsumexp(np.stack([a, b])[None], axis=(0, 1)), [0.5, 0.5]),
        (lambda a, b: np.logaddexp.accumulate(np.stack([a, b]))[1], [0.5, 0.5]),
    ],
)
def test_two_of_one_infinity_share_the_adjoint_as_two_equal_numbers_do(function, shares, lowest):
    for value in (lowest, -3.0):
        a, b = (Tensor(value, name, requires_grad=True) for name in "ab")
        with np.errstate(divide="ignore"):
            y = function(a, b)
        np.testing.assert_allclose(grad(y, [a, b]), shares, rtol=1e-15)


def test_a_number_beside_infinity_gets_nothing_or_all():
    for other, share in ((-np.inf, 1.0), (np.inf, 0.0)):
        for function in (np.logaddexp, lambda a, b: ops.logsumexp(np.stack([a, b]))):
            a, b = Tensor(-2.0, "a", requires_grad=True), Tensor(other, "b", requires_grad=True)
            np.testing.assert_allclose(grad(function(a, b), [a, b]), [share, 1 - share])


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_states_that_no_path_has_reached_take_nothing_from_the_others(engine):
    """The forward algorithm of a chain that begins in its first state and goes one state on at most."""
    if engine == "numba":
        pytest.importorskip("numba")
    rng = np.random.default_rng(1)
    stay, move, scores = Parameter(-0.3, "stay"), Parameter(-1.4, "move"), rng.standard_normal((4, 4))

    def loss(low):
        alpha = Tensor(np.array([0.0, low, low, low]))
        for t in range(4):
            from_left = np.concatenate([np.full(1, low), alpha[:-1] + move])
            alpha = np.logaddexp(alpha + stay, from_left) + scores[t]
        return -alpha[3]

    with np.errstate(invalid="raise"):
        found = grad(loss(-np.inf), [stay, move])
    np.testing.assert_allclose(found, grad(loss(-1e4), [stay, move]), rtol=1e-14)
    np.testing.assert_allclose(found, [-1.0, -3.0])  # of four steps three move
    value, slopes = compile(lambda: loss(-np.inf), {"stay": stay, "move": move}, engine=engine)()
    assert np.isfinite(value)
    np.testing.assert_allclose([slopes["stay"], slopes["move"]], found, rtol=1e-14)
