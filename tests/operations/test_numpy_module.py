"""What `autograd_seq.numpy` hands out in place of NumPy's own: lists of tensors, also in its modules, and np.r_."""

import numpy
import pytest

import autograd_seq.numpy as np
from autograd_seq import AutogradError, GraphLostError, Parameter, Tensor, UsageError, compile, grad

V, S, M = numpy.array([1.0, -2.0, 0.5]), numpy.array(3.0), numpy.arange(6.0).reshape(2, 3)


def learned(array):
    return Tensor(array, requires_grad=True)


def test_lists_of_tensors_are_arrays_in_the_modules_too():
    x = learned(0.0)
    assert grad(np.linalg.norm([x, x + 2]), x) == 1.0
    assert grad(np.linalg.det([[x, 1.0], [2.0, x + 3.0]]), x) == 3.0
    a, b = learned(M), learned(M.T)
    numpy.testing.assert_allclose(np.linalg.multi_dot([a, b, a]).value, M @ M.T @ M)
    with pytest.raises(UsageError, match=r"np\.fft\.fft has no derivative"):
        np.fft.fft([x, x])


def test_the_modules_are_numpys():
    assert np.linalg.LinAlgError is numpy.linalg.LinAlgError
    assert dir(np.linalg) == dir(numpy.linalg)
    assert not isinstance(np.linalg.norm(V), Tensor)
    with pytest.raises(AttributeError, match=r"linalg.*no attribute 'nrom'"):
        np.linalg.nrom  # noqa: B018


@pytest.mark.parametrize("key", ["V", "V, V", "V, S, 7.0", "V, 1:3, S", "V, -1:1:3j", "M, M", "[S, 2.0], V", "S"])
@pytest.mark.parametrize("joined", ["r_", "c_"])
def test_joining_by_an_index(joined, key):
    if joined == "c_" and key in ("V, S, 7.0", "V, 1:3, S", "[S, 2.0], V"):
        key = {"V, S, 7.0": "S, 7.0", "V, 1:3, S": "V, 1:4", "[S, 2.0], V": "V, M.T"}[key]
    text = f"np.{joined}[{key}]"
    expected = eval(text, {"np": numpy, "V": V, "S": S, "M": M})
    tensors = {"V": learned(V), "S": learned(S), "M": learned(M)}
    found = eval(text, {"np": np, **tensors})
    assert isinstance(found, Tensor)
    numpy.testing.assert_array_equal(found.value, expected)
    weights = numpy.random.default_rng(0).normal(size=expected.shape)
    used = {name: x for name, x in tensors.items() if name in key}
    for name, slope in grad(np.sum(found * weights), used).items():
        shown = {**{"V": V, "S": S, "M": M}, name: tensors[name].value + 1.0}
        moved = eval(text, {"np": numpy, **shown})
        assert numpy.sum(slope) == pytest.approx(numpy.sum(weights * (moved - expected)))


def test_joining_plain_arrays_by_an_index_is_numpys():
    assert type(np.r_["0,2", V, V]) is numpy.ndarray
    numpy.testing.assert_array_equal(np.r_["0,2", V, V], numpy.r_["0,2", V, V])
    numpy.testing.assert_array_equal(np.c_[V, 1:4], numpy.c_[V, 1:4])


def test_joining_with_words_is_refused():
    with pytest.raises(UsageError, match=r"np\.concatenate"):
        np.r_["0,2", learned(V), V]
    with pytest.raises(GraphLostError):
        numpy.r_[learned(V)]


# Whole numbers have no gradient, and their answers are NumPy's all the same.
@pytest.mark.parametrize(
    "text",
    [
        "np.median(x)", "np.median(x, axis=1)", "np.percentile(x, 30)", "np.quantile(x, 0.4, method='midpoint')",
        "np.quantile(x, 0.4, method='lower')", "np.nanmedian(x)", "np.nanmax(x, axis=0)", "np.nansum(x)", "np.fabs(x)",
        "np.sum(x, where=x > 1)", "np.prod(x, where=x > 1)", "np.float_power(x, -2)", "np.copysign(x, -1.0)",
        "np.modf(x)[0]", "np.linalg.norm(x, 1)", "np.linalg.norm(x, np.inf)", "np.nancumsum(x)", "np.polyval(x[0], x)",
        "np.average(x)", "np.var(x)", "np.mean(x, axis=0)",
    ],
)  # fmt: skip
def test_whole_numbers(text):
    whole = numpy.array([[3, 1, 2, 8], [5, 4, 9, 2]])
    expected = numpy.asarray(eval(text, {"np": numpy, "x": whole}))
    found = eval(text, {"np": np, "x": Tensor(whole)})
    numpy.testing.assert_allclose(found.value, expected, rtol=1e-15)
    assert found.dtype == expected.dtype


def test_whole_numbers_have_no_reciprocal_but_one_cut_to_whole_numbers():
    with pytest.raises(UsageError, match=r"1\.0 / x"):
        np.reciprocal(Tensor(numpy.array([1, 2])))


@pytest.mark.parametrize("call", [lambda x: np.average(x, weights=x), lambda x: np.ediff1d(x, to_end=9.0),
                                  lambda x: np.linspace(x, 3.0, 4)])  # fmt: skip
def test_short_floats_stay_short(call):
    assert call(Tensor(V.astype("float32"))).dtype == numpy.float32


def filled(values):
    made = np.zeros(numpy.shape(values))
    made[...] = learned(numpy.asarray(values))
    return made


@pytest.mark.parametrize("text", ["a //= 0.7", "a %= 0.7", "a @= M", "a **= 2", "np.nan_to_num(a, copy=False)"])
def test_in_place_is_in_place_under_every_name(text):
    values = numpy.array([[1.5, -0.4, 2.0], [0.3, numpy.nan, 1.0], [2.2, 0.1, 0.6]])
    plain, made = values.copy(), filled(values)
    other, row = made, made[0]
    exec(text, {"np": numpy, "a": plain, "M": numpy.eye(3) * 2})
    exec(text, {"np": numpy, "a": made, "M": numpy.eye(3) * 2})
    numpy.testing.assert_allclose(other.value, plain, rtol=1e-15)
    numpy.testing.assert_allclose(row.value, plain[0], rtol=1e-15)


def test_a_parameter_is_not_given_a_value_in_place():
    for operator in ("//", "%", "@"):
        with pytest.raises(UsageError, match=rf"W\.value {operator}"):
            exec(f"W {operator}= 2.0", {"W": Parameter([1.0], "W")})


def test_what_belongs_to_memory_is_refused_in_words():
    x = learned(V)
    for call in (lambda: x.view(), lambda: x.view(int), lambda: np.nan_to_num(x, copy=False)):
        with pytest.raises(AutogradError, match=r"(?s)\.value|copy=False.*at "):
            call()
    assert x.item(1) == -2.0


@pytest.mark.parametrize("settings", [{}, {"density": True}, {"bins": "auto"}, {"density": True, "weights": V}])
def test_the_edges_of_a_histogram_lie_between_the_elements(settings):
    x = learned(V)
    counts, edges = np.histogram(x, **settings)
    expected = numpy.histogram(V, **settings)
    numpy.testing.assert_allclose(getattr(counts, "value", counts), expected[0], rtol=1e-13)
    numpy.testing.assert_allclose(edges.value, expected[1], rtol=1e-13, atol=1e-15)
    numpy.testing.assert_allclose(grad(edges[0], x), [0.0, 1.0, 0.0])
    if "density" in settings:
        step, slope = 1e-6, grad(counts[0] * 1.0, x)
        moved = [numpy.histogram(V + [s, 0, 0], **settings)[0][0] for s in (-step, step)]
        assert slope[0] == pytest.approx((moved[1] - moved[0]) / (2 * step), rel=1e-6, abs=1e-8)


def test_the_edges_of_nothing_and_of_one_value_are_numpys():
    for values in (numpy.ones(3), numpy.zeros(0)):
        found, expected = np.histogram(learned(values)), numpy.histogram(values)
        numpy.testing.assert_array_equal(found[0], expected[0])
        numpy.testing.assert_array_equal(getattr(found[1], "value", found[1]), expected[1])


@pytest.mark.parametrize(
    "text",
    [
        "np.pad(W * x, 1, constant_values=2.0)", "np.pad(W * x, 1, 'reflect')", "np.resize(W * x, (5,))",
        "np.average(W * x, axis=0, returned=True)[0]", "np.insert(W, 1, x[0], axis=0)",
        "np.roll(W * x, (1, 2), (0, 1))", "np.kron(W, x)", "np.tile(W, 2) * np.tile(x, 2)", "np.sort(W * x) * x",
        "np.median(W * x)", "np.gradient(W * x, axis=1)", "np.linalg.norm(W * x, 2)", "np.linalg.norm(W * x, 'nuc')",
        "np.linspace(W[0], x[1], 4)", "np.std(W * x, axis=1)", "np.quantile(W * x, 0.3, method='hazen')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("fast", [False, True], ids=["numpy", "numba"])
def test_plans_of_what_moves_elements_about(text, fast):
    if fast:
        pytest.importorskip("numba")
    W = Parameter(numpy.arange(6.0).reshape(2, 3) - 2.2, "W")
    program = written_as(text)
    plan = compile(lambda x: np.sum(program(W, x) ** 2), {"W": W}, fast=fast)
    for seed in (0, 1):
        x = numpy.random.default_rng(seed).normal(size=(2, 3))
        value, gradients = plan(x)
        loss = np.sum(program(W, x) ** 2)
        numpy.testing.assert_allclose(value, loss.item(), rtol=1e-12)
        numpy.testing.assert_allclose(gradients["W"], grad(loss, W), rtol=1e-9, atol=1e-11)


def written_as(text):
    """A function of W and x."""
    return lambda W, x: eval(text, {"np": np, "W": W, "x": x})
