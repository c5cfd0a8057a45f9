"""Programs of parts of an array: halves that are joined again, masks, lists of places, order; as recorded, ties too."""

import inspect

import numpy
import pytest

import autograd_seq.numpy as np
from autograd_seq import Parameter, equations, name, source

Z = numpy.random.default_rng(4).normal(size=(4, 6))


def joined_halves(z):
    a, b = np.hsplit(z, 2)
    return np.tanh(np.vstack([a, b])).sum()


def the_largest_of_halves(z):
    a, b = np.split(z, 2, axis=1)
    return np.concatenate([a, b]).max() + (a * b).sum()


def rows_of_halves(z):
    a, b = np.hsplit(z, 2)
    return (np.r_[a[0], b[0]] ** 2).sum()


def masked(z):
    m = z.value > 0
    y = np.zeros_like(z)
    y[m] = z[m] ** 2
    y[~m] = -z[~m]
    return (y * y).sum()


def added_at(z):
    c = np.zeros((4, 6))
    np.add.at(c, numpy.array([0, 2, 2]), z[numpy.array([1, 1, 3])])
    return (c**3).sum()


def exchanged(z):
    y = z.copy()
    y[[2, 3]] = y[[3, 2]]
    y[numpy.array([0, 0])] += z[[1, 2]]
    return (y * np.cos(z)).sum()


def ordered(z):
    return (np.sort(np.clip(z, -0.5, 0.5), axis=None) * numpy.arange(24)).sum()


@pytest.mark.parametrize(
    "function",
    [joined_halves, the_largest_of_halves, rows_of_halves, masked, added_at, exchanged, ordered],
)
def test_the_program_computes_what_was_recorded(function):
    z = Parameter(Z, "z")
    loss = name(function(z), "J")
    loss.backward()
    assert str(equations(loss))
    made = {}
    exec(compile(source(loss), "network", "exec"), made)
    forward, backward = (next(f for k, f in made.items() if k.endswith(end)) for end in ("_forward", "_backward"))
    others = {"idx": numpy.array([1, 1, 3]), "m": Z > 0}
    wanted = [key for key in inspect.signature(forward).parameters if key != "parameters"]
    if any(key not in others for key in wanted):
        return  # asks for other data, such as lists of places; that it is written is all
    found, cache = forward({"z": Z}, *(others[key] for key in wanted))
    numpy.testing.assert_allclose(found, loss.value, rtol=1e-12)
    numpy.testing.assert_allclose(backward(cache)["dz"], z.grad, rtol=1e-10, atol=1e-12)


def test_of_equal_numbers_the_program_picks_the_one_that_was_picked():
    x = Parameter(numpy.resize([1.0, 1.0, 0.0, -1.0], 64), "x")
    loss = name((np.sort(x) * numpy.arange(64)).sum(), "J")
    loss.backward()
    made = {}
    exec(compile(source(loss), "network", "exec"), made)
    assert "stable=True" in source(loss)
    forward, backward = made["network_forward"], made["network_backward"]
    given = [numpy.arange(64)] * (len(inspect.signature(forward).parameters) - 1)
    numpy.testing.assert_array_equal(backward(forward({"x": x.value}, *given)[1])["dx"], x.grad)
