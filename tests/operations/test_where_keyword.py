"""``where=`` and its kin: only some numbers are computed, only some are written, or only their places are asked for."""

import numpy
import pytest

import autograd_seq.numpy as np
from autograd_seq import GraphLostError, Tensor, UsageError, gradcheck

X = numpy.array([1.5, 0.0, -2.0, 3.0])


def gradient(function, at=X):
    x = Tensor(at, "x", requires_grad=True)
    y = function(x)
    y.backward()
    return y.item(), x.grad


@pytest.mark.parametrize(
    ("function", "value", "slopes"),
    [
        (lambda x: np.divide(1.0, x, out=np.zeros_like(x), where=x != 0), 0.5, -1 / X[[0, 2, 3]] ** 2),
        (lambda x: np.log(x, out=np.full_like(x, -5.0), where=x > 0), numpy.log(4.5) - 10, 1 / X[[0, 3]]),
        (lambda x: np.arccosh(x, out=np.ones_like(x), where=x > 1), sum(numpy.arccosh([1.5, 3])) + 2,
         (X[[0, 3]] ** 2 - 1) ** -0.5),
        (lambda x: np.power(x, 0.5, out=np.zeros(4), where=x > 0), 1.5**0.5 + 3**0.5, 0.5 * X[[0, 3]] ** -0.5),
        (lambda x: np.add(x, 1, out=np.zeros((4,)), where=np.array([True, False, False, True])), 6.5, [1.0, 1.0]),
    ],
)  # fmt: skip
def test_elsewhere_stands_what_was_there_and_has_no_gradient(function, value, slopes):
    found, grad = gradient(lambda x: np.sum(function(x)))
    assert found == pytest.approx(value)
    numpy.testing.assert_allclose(grad[grad != 0], slopes)
    assert gradcheck(lambda x: np.sum(function(x)), X[[0, 2, 3, 0]] + 0.1).ok


def test_what_was_there_keeps_its_own_gradient():
    def kept(x):
        out = np.zeros(4)
        out += 2 * x
        np.exp(x, out=out, where=x > 1)
        return np.sum(out)

    _, grad = gradient(kept)
    numpy.testing.assert_allclose(grad, [numpy.exp(1.5), 2.0, 2.0, numpy.exp(3.0)])


def test_without_out_nobody_knows_what_stands_elsewhere():
    with pytest.raises(UsageError, match=r"out=np\.zeros_like\(x\)"):
        np.exp(Tensor(X, "x", requires_grad=True), where=X > 0)
    with pytest.raises(GraphLostError, match="autograd_seq.numpy"):
        np.exp(Tensor(X, "x", requires_grad=True), out=numpy.zeros(4), where=X > 0)


def test_copyto_writes_where_it_is_told():
    def copied(x):
        y = x.copy()
        numpy.copyto(y, 3 * x, where=numpy.array([True, False, True, False]))
        return np.sum(y * y)

    value, grad = gradient(copied)
    assert value == pytest.approx(9 * (1.5**2 + 4) + 9)
    numpy.testing.assert_allclose(grad, [27.0, 0.0, -36.0, 6.0])


@pytest.mark.parametrize("module", [np, numpy])
def test_a_condition_alone_gives_places(module):
    x = Tensor(X.reshape(2, 2), "x", requires_grad=True)
    rows, columns = module.where(x > 0)
    assert rows.tolist() == [0, 1] and columns.tolist() == [0, 1] and type(rows) is numpy.ndarray
    assert np.sum(x[rows, columns] ** 2).item() == pytest.approx(1.5**2 + 9)


@pytest.mark.parametrize("place", [1, -1, (1,), numpy.int64(2)])
def test_gradcheck_follows_a_number_that_is_put_into_an_array(place):
    def put(x):
        y = np.zeros(4)
        y[place] = x[0] * x[2]
        y[0] = 2.0
        return np.sum((y + x) ** 3)

    assert gradcheck(put, X).ok


@pytest.mark.parametrize("function", ["max", "min"])
@pytest.mark.parametrize("settings", [{}, {"axis": 0}, {"axis": 0, "keepdims": True}, {"axis": (0, 1)}, {"axis": 1}])
@pytest.mark.parametrize("initial", [0.5, numpy.array([1.0, 2.0, 3.0])])
def test_of_no_elements_the_initial_one_is_the_largest(function, settings, initial):
    empty = numpy.zeros((0, 3))
    if numpy.ndim(initial) and settings != {"axis": 0}:
        return
    of_numpy = numpy.broadcast_to(0.5, getattr(numpy, function)(empty, initial=0.5, **settings).shape)
    begin = Tensor(initial, "begin", requires_grad=True)
    found = getattr(np, function)(Tensor(empty, "x", requires_grad=True), initial=begin, **settings)
    wanted = of_numpy if not numpy.ndim(initial) else initial
    numpy.testing.assert_array_equal(found.value, wanted)
    np.sum(found).backward()
    numpy.testing.assert_array_equal(numpy.sum(begin.grad), found.size)
