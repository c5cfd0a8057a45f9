"""Ties, zeros, repeated indices, empty arrays, integers, shapes that do not fit: one small fact each."""

import numpy as np
import pytest
from readings.test_source import agrees

import autograd_seq.operations as ops
from autograd_seq import (
    AutogradError,
    DtypeError,
    GradientError,
    GraphLostError,
    ShapeError,
    Tensor,
    UsageError,
    compile,
    differentiate,
    grad,
    source,
)
from autograd_seq.readings.derivation import Derivation

RNG = np.random.default_rng(3)


def variable(values):
    return Tensor(np.asarray(values, dtype=float), requires_grad=True)


def gradient(function, *values, adjoint=None):
    """The gradient of a call, which both sweeps must agree on."""
    inputs = [variable(v) for v in values]
    y = function(*inputs)
    adjoint = RNG.normal(size=y.shape) if adjoint is None else np.broadcast_to(np.asarray(adjoint, float), y.shape)
    bare = grad(y, inputs, gradient=adjoint)
    recording = differentiate(y, gradient=adjoint)
    for x, slope in zip(inputs, bare, strict=True):
        np.testing.assert_allclose(recording.adjoint(x).value, slope)
    return bare[0] if len(bare) == 1 else bare


# -- ties and kinks ----------------------------------------------------------------------


def test_at_a_tie_the_larger_of_two_is_both_by_halves():
    for function in (ops.maximum, ops.minimum):
        a, b = gradient(function, [1.0, 2.0, 3.0], [1.0, 1.0, 4.0], adjoint=[2.0, 3.0, 5.0])
        assert a[0] == b[0] == 1.0
        assert sorted([a[1], b[1]]) == [0.0, 3.0] and sorted([a[2], b[2]]) == [0.0, 5.0]


def test_at_a_tie_all_the_largest_share():
    np.testing.assert_allclose(gradient(ops.max, [3.0, 1.0, 3.0, 3.0], adjoint=6.0), [2, 0, 2, 2])
    down = gradient(lambda x: ops.min(x, axis=0), [[1.0, 4.0], [1.0, 2.0], [5.0, 2.0]], adjoint=[4.0, 6.0])
    np.testing.assert_allclose(down, [[2, 0], [2, 3], [0, 3]])


def test_at_a_kink_the_derivative_is_as_documented():
    assert gradient(ops.relu, [0.0], adjoint=5.0) == 0
    assert gradient(ops.abs, [0.0], adjoint=5.0) == 0
    np.testing.assert_array_equal(
        gradient(lambda x: ops.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0], adjoint=3.0), [0, 3, 3, 3, 0]
    )
    assert gradient(ops.norm, [0.0, 0.0], adjoint=5.0).tolist() == [0, 0]


def test_an_infinite_adjoint_does_not_leak_through_what_was_not_chosen():
    np.testing.assert_array_equal(gradient(ops.relu, [-1.0, 2.0], adjoint=np.inf), [0, np.inf])
    a, b = gradient(lambda a, b: ops.where(a > b, a, b), [1.0], [2.0], adjoint=np.inf)
    assert a == 0 and b == np.inf


# -- zeros ---------------------------------------------------------------------------------


def test_products_with_zeros():
    for zeros in ([], [1], [1, 2], [0, 1, 2]):
        x = RNG.normal(size=(3, 2))
        x[zeros, 0] = 0
        adjoint = RNG.normal(size=2)
        others = np.array([[np.prod(np.delete(x[:, j], i)) for j in range(2)] for i in range(3)])
        np.testing.assert_allclose(gradient(lambda v: ops.prod(v, axis=0), x, adjoint=adjoint), adjoint * others)


def test_powers_of_zero():
    np.testing.assert_array_equal(gradient(lambda x: x**2, [0.0, 3.0], adjoint=1.0), [0, 6])
    np.testing.assert_array_equal(gradient(lambda x: x**1, [0.0, 3.0], adjoint=1.0), [1, 1])
    np.testing.assert_array_equal(gradient(lambda x: x**0, [0.0, 3.0], adjoint=1.0), [0, 0])
    base, exponent = gradient(ops.power, [0.0, 0.0, 0.0], [1.0, 2.0, 0.0], adjoint=1.0)
    np.testing.assert_array_equal(base, [1, 0, 0])
    np.testing.assert_array_equal(exponent, [0, 0, 0])


def test_a_negative_base_with_a_whole_exponent():
    np.testing.assert_allclose(gradient(lambda x: x**3, [-2.0], adjoint=1.0), [12])
    np.testing.assert_allclose(gradient(lambda x: x ** np.array([3.0, 2.0]), [-2.0, -2.0], adjoint=1.0), [12, -4])


# -- indexing --------------------------------------------------------------------------------


def test_an_element_picked_twice_gets_both_adjoints():
    np.testing.assert_array_equal(
        gradient(lambda x: x[[0, 2, 0]], [5.0, 6.0, 7.0], adjoint=[1.0, 10.0, 100.0]), [101, 0, 10]
    )
    columns = gradient(lambda x: x[:, [1, 1]], [[1.0, 2.0], [3.0, 4.0]], adjoint=[[1, 10], [100, 1000]])
    np.testing.assert_array_equal(columns, [[0, 11], [0, 1100]])


def test_masks_and_their_mixtures():
    x = RNG.normal(size=(3, 4))
    mask = x > 0
    adjoint = RNG.normal(size=mask.sum())
    expected = np.zeros_like(x)
    expected[mask] = adjoint
    np.testing.assert_array_equal(gradient(lambda v: v[mask], x, adjoint=adjoint), expected)
    np.testing.assert_array_equal(gradient(lambda v: v[v > 0], x, adjoint=adjoint), expected)
    rows = np.array([True, False, True])
    for index in (np.s_[None, 1:, ..., ::-2], np.s_[[0, 2], 1:3], np.s_[rows], np.s_[-1, [0, 0]]):
        adjoint = RNG.normal(size=x[index].shape)
        expected = np.zeros_like(x)
        np.add.at(expected, index, adjoint)
        np.testing.assert_allclose(gradient(lambda v, i=index: v[i], x, adjoint=adjoint), expected)


def test_indices_may_be_tensors_and_lists():
    x = variable([5.0, 6.0, 7.0])
    best = x.argmax()
    assert x[best].item() == 7
    assert x[Tensor(np.array([2, 0]))].value.tolist() == [7, 5]
    assert x[[]].shape == (0,)
    assert grad(ops.sum(x[[]]) + x[0], x).tolist() == [1, 0, 0]


def test_a_learned_number_is_no_setting():
    x, two = variable([5.0, 6.0, 7.0]), variable(2.0)
    for lost in (lambda: x[two], lambda: ops.clip(x, 0.0, two), lambda: ops.sum(x, axis=two)):
        with pytest.raises(GraphLostError, match=r"(?s)gradient.*\.item\(\).*test_edges"):
            lost()
    low, high = variable(5.5), variable([9.0, 6.5, 6.5])
    y = np.clip(x, low, high)
    assert y.value.tolist() == [5.5, 6, 6.5]
    dx, dlow, dhigh = grad(y, [x, low, high], gradient=np.array([1.0, 10.0, 100.0]))
    assert dx.tolist() == [0, 10, 0] and dlow == 1 and dhigh.tolist() == [0, 0, 100]
    dx, dlow = grad(x.clip(low), [x, low], gradient=np.array([1.0, 10.0, 100.0]))  # the method as the function
    assert dx.tolist() == [0, 10, 100] and dlow == 1


def test_several_tensors_become_one_array_by_stacking():
    x = variable([5.0, 6.0])
    for lost in (lambda: np.sum([x[0], x[1]]), lambda: np.array([x, x]), lambda: ops.sum([x[0], x[1]])):
        with pytest.raises(GraphLostError, match=r"(?s)np\.stack.*test_edges"):
            lost()


def test_a_later_assignment_hides_an_earlier_one():
    indices = (np.s_[0:2], np.s_[1], np.array([2, 2]))
    visible = ops.indexing.visibility((3,), indices)
    base, two, one, repeated = gradient(
        lambda *x: ops.assign(x, indices=indices, visible=visible),
        [9.0, 9.0, 9.0], [1.0, 2.0], 3.0, [4.0, 5.0], adjoint=[1.0, 10.0, 100.0],
    )  # fmt: skip
    assert base.tolist() == [0, 0, 0]
    assert two.tolist() == [1, 0]
    assert one == 10
    assert repeated.tolist() == [0, 100]


def test_an_array_read_in_parts_gathers_them():
    x = RNG.normal(size=(4, 3))
    a, b, c = RNG.normal(size=(3, 4, 3))
    slope = gradient(lambda v: ops.sum(v[0] * a[0]) + ops.sum(v[0:2] * b[:2]) + ops.sum(v * c), x, adjoint=2.0)
    expected = c.copy()
    expected[0] += a[0]
    expected[:2] += b[:2]
    np.testing.assert_allclose(slope, 2 * expected)


# -- dtypes ------------------------------------------------------------------------------------


def test_integers_carry_no_gradient():
    x = variable([1.7, -1.7])
    y = ops.astype(x, int)
    assert y.value.tolist() == [1, -1] and y.dtype.kind == "i" and not y.requires_grad
    assert not ops.astype(x, bool).requires_grad
    assert grad(ops.sum(y * x), x).tolist() == [1, -1]
    with pytest.raises(GradientError):
        ops.sum(y).backward()


def test_precision_changes_carry_it_and_change_it_back():
    x = variable([1.5, 2.5])
    y = ops.astype(x, "float32")
    assert y.dtype == np.float32
    slope = grad(y, x, gradient=np.array([1, 2], np.float32))
    assert slope.dtype == np.float64 and slope.tolist() == [1, 2]
    assert ops.astype(np.array([1.0]), np.float16).dtype == np.float16


@pytest.mark.parametrize("dtype", ["complex128", "U3", "no such thing", "datetime64[s]"])
def test_a_tensor_holds_real_numbers(dtype):
    with pytest.raises(DtypeError, match=r"(?s)real numbers.*test_edges"):
        ops.astype(variable([1.0]), dtype)


def test_integer_inputs():
    n = Tensor(np.array([1, 2, 3]))
    x = variable([0.5, 1.5, 2.5])
    assert n.dtype.kind == "i"
    assert (n * 2).dtype.kind == "i" and (n / 2).dtype == np.float64
    for y in (x * n, x**n, ops.maximum(x, n), ops.where(n > 1, x, n), ops.dot(n, x)):
        assert y.requires_grad and y.dtype == np.float64
        assert grad(y, x, gradient=np.ones(y.shape)).dtype == np.float64
    np.testing.assert_allclose(grad(x**n, x, gradient=np.ones(3)), n.value * x.value ** (n.value - 1))
    for function in (ops.exp, ops.tanh, ops.sigmoid, ops.softplus, ops.softmax, ops.mean, ops.norm, ops.logsumexp):
        np.testing.assert_allclose(function(n).value, function(np.array([1.0, 2.0, 3.0])))


@pytest.mark.parametrize("function", [ops.add, ops.subtract, ops.multiply, ops.divide, ops.maximum, ops.matmul])
def test_one_dimension_more_or_less_is_summed_away(function):
    a, b = (RNG.normal(size=s) for s in (((4, 2, 3), (3, 5)) if function is ops.matmul else ((4, 1, 3), (2, 1))))
    da, db = gradient(function, a, b)
    assert da.shape == a.shape and db.shape == b.shape


# -- empty arrays ---------------------------------------------------------------------------------


def test_nothing_sums_to_zero():
    empty = np.empty((0, 3))
    assert gradient(ops.sum, empty, adjoint=2.0).shape == (0, 3)
    assert ops.sum(variable(empty), axis=0).value.tolist() == [0, 0, 0]
    assert ops.prod(variable(empty)).item() == 1
    assert gradient(ops.prod, empty, adjoint=2.0).shape == (0, 3)
    assert gradient(lambda x: ops.mean(x, axis=1), empty).shape == (0, 3)
    assert gradient(lambda x: x @ np.ones((3, 2)), empty).shape == (0, 3)
    assert gradient(lambda x: np.ones((2, 0)) @ x, empty).shape == (0, 3)
    assert gradient(lambda x: ops.concatenate([x, np.ones((2, 3))]), empty).shape == (0, 3)
    assert gradient(lambda x: ops.tanh(x) * x + 1, empty).shape == (0, 3)
    assert gradient(ops.cumsum, empty).shape == (0, 3)
    assert gradient(lambda x: ops.softmax(x, axis=1), empty).shape == (0, 3)


@pytest.mark.parametrize(
    "function", [ops.max, ops.min, ops.mean, ops.logsumexp, ops.softmax, ops.log_softmax, ops.argmax]
)
def test_of_nothing_there_is_no_extreme_and_no_mean(function):
    with pytest.raises(ShapeError, match="test_edges"):
        function(variable(np.empty((0, 3))), axis=0)


# -- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x + np.ones(4), r"add .*\(2, 3\).*\(4,\).*broadcast"),
        (lambda x: x @ x, r"matmul .*\(2, 3\) and \(2, 3\).*columns"),
        (lambda x: ops.concatenate([x, np.ones((2, 4))]), r"concatenate .*differ only"),
        (lambda x: ops.stack([x, np.ones(3)]), r"stack .*one shape"),
        (lambda x: ops.accumulate([x, np.ones((2, 1))]), r"accumulate .*one shape"),
        (lambda x: x[5], r"getitem .*index=5.*within"),
        (lambda x: x[0, 0, 0], r"getitem .*within"),
        (lambda x: x[1.5], r"getitem"),
        (lambda x: ops.sum(x, axis=2), r"sum .*axis=2.*axes"),
        (lambda x: ops.squeeze(x, axis=1), r"squeeze .*length 1"),
        (lambda x: ops.swapaxes(x, 0, 4), r"swapaxes"),
        (lambda x: ops.moveaxis(x, 0, 4), r"moveaxis"),
        (lambda x: ops.expand_dims(x, 7), r"expand_dims"),
        (lambda x: ops.flip(x, 3), r"flip"),
        (lambda x: ops.broadcast_to(x, (2, 4)), r"broadcast_to .*broadcasts to"),
        (lambda x: ops.transpose(x, (1,)), r"transpose .*each axis"),
        (lambda x: ops.reshape(x, (7,)), r"reshape .*as many elements"),
        (lambda x: ops.cumsum(x, axis=3), r"cumsum"),
        (lambda x: ops.take(x, [9], axis=1), r"getitem"),
        (lambda x: ops.einsum("ij,jk->ik", x, x), r"einsum .*letter"),
        (lambda x: ops.einsum("ij->k", x), r"einsum"),
        (lambda x: ops.softmax(x, axis=2), r"softmax .*axes"),
        (lambda x: ops.split(x, 2, axis=1), r"split cannot cut axis 1"),
        (lambda x: ops.split(x, 2, axis=5), r"no axis 5"),
        (lambda x: ops.take(x, [0], axis=5), r"no axis 5"),
        (lambda x: ops.dot(x, np.ones((2, 3))), r"matmul"),
        (lambda x: ops.vstack([x, np.ones(2)]), r"concatenate"),
        (lambda x: ops.mean(x, axis=(0, 0)), r"mean"),
    ],
)
def test_a_refusal_names_operation_shapes_expectation_and_line(call, words):
    with pytest.raises(ShapeError, match=rf"(?s){words}.*at .*test_edges"):
        call(variable(np.ones((2, 3))))


def test_a_wrong_kind_of_argument_is_said_to_be_one():
    x = variable(np.ones((2, 3)))
    for call in (
        lambda: ops.tanh(x, 1),
        lambda: ops.add(x),
        lambda: ops.sum(x, axes=1),
        lambda: ops.tanh(x, out=np.ones(3)),
        lambda: ops.reshape(x),
    ):
        with pytest.raises(UsageError, match=r"(?s)takes .*test_edges"):
            call()
    for call in (lambda: ops.tanh("a"), lambda: x + "a", lambda: ops.add(x, [1j]), lambda: ops.concatenate([x, None])):
        with pytest.raises((AutogradError, TypeError)):
            call()


@pytest.mark.parametrize("size", [2.0**-1060, 1e-200, 1.0, 1e200, 2.0**1020])
def test_the_norm_of_huge_and_tiny_numbers_keeps_its_digits(size):
    x = Tensor(np.array([3.0, -4.0]) * size, requires_grad=True)
    assert ops.norm(x).item() == pytest.approx(5 * size, rel=1e-15)
    np.testing.assert_allclose(grad(ops.norm(x), x), [0.6, -0.8], rtol=1e-15)


@pytest.mark.parametrize("size", [2.0**-1020, 1e-200, 1.0, 1e200, 2.0**1020])
@pytest.mark.parametrize(("axis", "keepdims"), [(None, False), (0, True), (1, False), ((0, 1), True)])
def test_a_plan_and_a_written_program_keep_the_digits_of_a_norm(size, axis, keepdims):
    x = Tensor(np.array([[3.0, -4.0], [0.0, 2.0]]) * size, "x", requires_grad=True)
    loss = ops.sum(ops.norm(x, axis=axis, keepdims=keepdims))
    value, gradients = compile(loss)()
    assert value == loss.item()
    np.testing.assert_allclose(gradients["x"], grad(loss, x), rtol=1e-15)
    derivation = Derivation(loss)
    agrees(source(derivation, "net"), derivation, [derivation])


def test_the_norm_of_numbers_in_range_is_the_root_of_their_squares_to_the_last_digit():
    x = np.random.default_rng(3).normal(size=(50, 4))
    beside_nothing = ops.norm(np.vstack([x, np.zeros((1, 4))]), axis=1)
    assert np.array_equal(beside_nothing[:-1], np.sqrt(np.sum(np.square(x), axis=1)))


def test_the_norm_of_what_is_not_finite():
    assert ops.norm(np.array([np.inf, 1.0])) == np.inf
    assert np.isnan(ops.norm(np.array([np.nan, 1.0])))
    assert ops.norm(np.zeros(3)) == 0 and ops.norm(np.zeros((0,))) == 0
