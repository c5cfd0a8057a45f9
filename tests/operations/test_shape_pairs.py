"""Products and joins of arrays of 0 to 3 axes, in all pairs of shapes: as NumPy, or refused where NumPy refuses."""

from itertools import product

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import AutogradError, DtypeError, GraphLostError, ShapeError, Tensor, UsageError, grad, hstack, vstack

SHAPES = [(), (1,), (2,), (3,), (1, 1), (2, 3), (3, 2), (2, 2), (1, 2, 3), (2, 3, 2), (2, 2, 2)]
PAIRS = list(product(SHAPES, SHAPES))
FUNCTIONS = {
    "append": np.append,
    "append, axis 0": lambda a, b: np.append(a, b, axis=0),
    "column_stack": lambda a, b: np.column_stack([a, b]),
    "concatenate": lambda a, b: np.concatenate([a, b]),
    "concatenate, axis -1": lambda a, b: np.concatenate((a, b), axis=-1),
    "concatenate, axis None": lambda a, b: np.concatenate([a, b], axis=None),
    "dot": np.dot,
    "dstack": lambda a, b: np.dstack([a, b]),
    "hstack": lambda a, b: np.hstack([a, b]),
    "inner": np.inner,
    "matmul": np.matmul,
    "outer": np.outer,
    "stack": lambda a, b: np.stack([a, b]),
    "stack, axis -1": lambda a, b: np.stack((a, b), axis=-1),
    "vstack": lambda a, b: np.vstack([a, b]),
}
if hasattr(np, "row_stack"):
    FUNCTIONS["row_stack"] = lambda a, b: np.row_stack([a, b])


def array(shape, seed):
    return np.asarray(np.random.default_rng((seed, *shape)).normal(size=shape))


@pytest.mark.filterwarnings("ignore:`row_stack`:DeprecationWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_pair_of_shapes_has_numpys_values_and_the_gradients_of_differences(name):
    function, fit = FUNCTIONS[name], 0
    for shapes in PAIRS:
        arrays = [array(shape, i) for i, shape in enumerate(shapes)]
        tensors = [Tensor(a, requires_grad=True) for a in arrays]
        try:
            expected = function(*arrays)
        except ValueError:
            with pytest.raises(AutogradError):
                function(*tensors)
            continue
        fit += 1
        y = function(*tensors)
        np.testing.assert_allclose(y.value, expected, rtol=1e-14, err_msg=f"{name} of {shapes}")
        assert y.shape == np.shape(expected), shapes
        for mixed in ([tensors[0], arrays[1]], [arrays[0], tensors[1]]):
            np.testing.assert_array_equal(function(*mixed).value, y.value)
        adjoint = array(y.shape, 7)
        for i, slope in enumerate(grad(y, tensors, gradient=adjoint)):
            assert slope.shape == shapes[i]
            for place in np.ndindex(shapes[i]):  # the functions are linear in each array: one difference is exact
                moved = [a.copy() for a in arrays]
                moved[i][place] += 1.0
                difference = np.sum(adjoint * (function(*moved) - expected))
                assert slope[place] == pytest.approx(difference, rel=1e-12, abs=1e-12), (name, shapes, i, place)
    assert fit >= 7


@pytest.mark.parametrize("number", [2.0, 2, np.float64(2.0), np.array(2.0), True], ids=repr)
@pytest.mark.parametrize("name", ["inner", "dot", "outer"])
def test_numbers_of_every_kind_are_scalars(name, number):
    for shape in SHAPES:
        W = array(shape, 3)
        for arguments in ((number, W), (W, number)):
            tensors = [Tensor(a, requires_grad=True) if a is W else a for a in arguments]
            y = FUNCTIONS[name](*tensors)
            np.testing.assert_array_equal(y.value, FUNCTIONS[name](*arguments))


JOINS = {
    "np.concatenate": "np.concatenate([x, y]{})",
    "np.concat": "np.concat([x, y], axis=1{})",
    "np.stack": "np.stack([x, y], axis=1{})",
    "np.vstack": "np.vstack([x, y]{})",
    "np.hstack": "np.hstack((x, y){})",
    "np.row_stack": "np.row_stack([x, y]{})",
    "vstack": "vstack([x, y]{})",
    "hstack": "hstack([x, y]{})",
}
if not hasattr(np, "row_stack"):
    del JOINS["np.row_stack"]
X, Y = array((2, 3), 1), array((2, 3), 2).astype("float32")


def evaluate(text, x, y, package=np, **names):
    return eval(text, {"np": package, "vstack": vstack, "hstack": hstack, **names}, {"x": x, "y": y})


def plain(text):
    return evaluate(text, X, Y, vstack=np.vstack, hstack=np.hstack)


def tensors():
    return Tensor(X, requires_grad=True), Tensor(Y, requires_grad=True)


@pytest.mark.filterwarnings("ignore:`row_stack`:DeprecationWarning")
@pytest.mark.parametrize("package", [np, teaching], ids=["numpy", "autograd_seq.numpy"])
@pytest.mark.parametrize(
    "settings",
    [", dtype='float32'", ", dtype=np.float64", ", dtype=None", ", casting='safe'", ", casting='same_kind'",
     ", dtype=int, casting='unsafe'", ", dtype='float64', casting='safe'"],
)  # fmt: skip
@pytest.mark.parametrize("name", JOINS)
def test_joins_take_numpys_dtype_and_casting(name, settings, package):
    text = JOINS[name].format(settings)
    expected, (x, y) = plain(text), tensors()
    made = evaluate(text, x, y, package)
    np.testing.assert_array_equal(made.value, expected)
    assert made.dtype == expected.dtype
    if made.dtype.kind == "f":
        dx, dy = grad(made, [x, y], gradient=np.full(made.shape, 2.0, made.dtype))
        assert (dx == 2.0).all() and (dy == 2.0).all()
        assert dx.dtype == X.dtype and dy.dtype == Y.dtype
    else:
        assert not made.requires_grad


@pytest.mark.filterwarnings("ignore:`row_stack`:DeprecationWarning")
@pytest.mark.parametrize(
    "settings, words",
    [
        (", dtype=int", "casting='unsafe'"),
        (", casting='no'", "casting='unsafe'"),
        (", dtype='float32', casting='safe'", "casting='unsafe'"),
        (", casting='never'", "'same_kind'"),
        (", dtype='no such'", "float, int or bool"),
        (", dtype=complex, casting='unsafe'", "float, int or bool"),
    ],
)
@pytest.mark.parametrize("name", JOINS)
def test_what_numpy_refuses_is_refused_in_words(name, settings, words):
    text = JOINS[name].format(settings)
    if "complex" not in settings:
        with pytest.raises((TypeError, ValueError)):
            plain(text)
    with pytest.raises(AutogradError, match=f"{words}(.|\n)*at <string>"):
        evaluate(text, *tensors())


@pytest.mark.parametrize("place", ["out=out", "0, out", "axis=0, out=out, casting='same_kind'"])
@pytest.mark.parametrize("function", ["concatenate", "stack"])
def test_joins_write_into_an_array_that_records(function, place):
    text = f"np.{function}([x, y], {place})"
    expected = evaluate(f"np.{function}([x, y])", X, Y)
    x, y = tensors()
    out = teaching.zeros(expected.shape)
    assert evaluate(text, x, y, out=out) is out
    np.testing.assert_array_equal(out.value, expected)
    for slope in grad(out, [x, y], gradient=np.ones(out.shape)):
        assert (slope == 1.0).all()


@pytest.mark.parametrize(
    "call, error, words",
    [
        ("np.concatenate([x, y], out=numpy.zeros((4, 3)))", GraphLostError, "autograd_seq.numpy"),
        ("np.stack([x, y], 0, numpy.zeros((2, 2, 3)))", GraphLostError, "autograd_seq.numpy"),
        ("np.concatenate([x, y], out=np.zeros((5, 3)))", ShapeError, r"\(4, 3\), but out has \(5, 3\)"),
        ("np.concatenate([x[:1]], out=np.zeros((4, 3)))", ShapeError, r"\(1, 3\), but out has \(4, 3\)"),
        ("np.concatenate([x, y], out=np.zeros((4, 3)), dtype=float)", UsageError, "not both"),
        ("np.concatenate([x, y], 0, np.zeros((4, 3)), dtype=float)", UsageError, "not both"),
        ("np.stack([x, y], out=np.zeros((2, 2, 3), 'f'), casting='safe')", DtypeError, "casting='unsafe'"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        evaluate(call, *tensors(), teaching, numpy=np)


@pytest.mark.parametrize(
    "call, words",
    [
        ("np.einsum('i', x, dtype=float)", r"einsum\(\*operands"),
        ("np.quantile(x, 0.5, weights=x)", r"quantile\(a, q, axis=None"),
        ("np.logical_and(x, x, dtype=bool)", "logical_and"),
    ],
)
@pytest.mark.parametrize("package", [np, teaching], ids=["numpy", "autograd_seq.numpy"])
def test_arguments_that_only_numpy_has_are_named(call, words, package):
    with pytest.raises(UsageError, match=words):
        evaluate(call, *tensors(), package)


def test_an_out_of_none_is_none():
    x, _ = tensors()
    assert np.sum(x, out=None).item() == pytest.approx(X.sum())
    assert np.concatenate([x, x], out=None).shape == (4, 3)


def test_arrays_of_other_shapes_are_joined_under_every_name():
    x, _ = tensors()
    for join in (teaching.concatenate, teaching.concat, teaching.vstack):
        assert join([x, x[:1]]).shape == (3, 3)
    assert teaching.dstack([x, x[:, :, None]]).shape == (2, 3, 2)
    assert teaching.column_stack([x, x[:, 0]]).shape == (2, 4)
