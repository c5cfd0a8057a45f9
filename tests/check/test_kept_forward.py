"""A forward pass runs once for many changes of the backward pass, wherever a copy of its cache is as good."""

import numpy as np
import pytest

from autograd_seq import check_backward
from autograd_seq.diagnosis.anew import OfPair
from autograd_seq.diagnosis.kept_forward import KeptForward, NotPlainError, copied
from autograd_seq.diagnosis.pair import Pair

INPUTS = {"W": np.arange(6.0).reshape(2, 3) / 7, "x": np.linspace(-1, 1, 3).reshape(3, 1)}
UPSTREAM = {"a": np.array([[0.3], [-1.1]])}
RAN: list[str] = []


def activation(z):
    RAN.append("activation")
    return np.tanh(z)


def forward(W, x):
    a = activation(W @ x)
    return {"a": a}, [W, x, {"a": a}]


def backward(upstream, cache):
    a = cache.pop()["a"]  # which uses up what it is handed
    W, x = cache
    dz = upstream["a"] * (1 - a * a)
    x *= 1  # and writes into it
    return {"dW": dz @ x.T, "dx": W.T @ dz}


def drawn(forward, backward):
    pair = Pair(forward, backward)
    run = pair.forward(INPUTS)
    found = pair.backward(UPSTREAM, run.cache)
    return OfPair(pair, {"inputs": INPUTS, "upstream": UPSTREAM, "outputs": run.outputs}, found, found)


def runs_of(case):
    RAN.clear()
    found = case.again()
    assert all(np.array_equal(found[key], value) for key, value in case.found.items())
    return len(RAN)


def test_it_runs_once():
    case = drawn(forward, backward)
    assert runs_of(case) == 1
    case.keep()
    assert [runs_of(case) for _ in range(3)] == [0, 0, 0]


def test_it_runs_again_while_a_function_of_its_is_another():
    case = drawn(forward, backward)
    case.keep()
    own = activation.__code__

    def another(z):
        RAN.append("another")
        return np.tanh(z)

    activation.__code__ = another.__code__
    try:
        assert runs_of(case) == 1 and RAN == ["another"]
    finally:
        activation.__code__ = own
    assert runs_of(case) == 0


class Layer:
    def __init__(self, W):
        self.W = W


def keeps_an_object(W, x):
    a = activation(W @ x)
    return {"a": a}, (Layer(W), x, a)


def reads_an_object(upstream, cache):
    layer, x, a = cache
    dz = upstream["a"] * (1 - a * a)
    return {"dW": dz @ x.T, "dx": layer.W.T @ dz}


KEPT: list[np.ndarray] = []


def keeps_elsewhere(W, x):
    a = activation(W @ x)
    KEPT.append(a)
    return {"a": a}, (W, x)


def takes_from_elsewhere(upstream, cache):
    W, x = cache
    a = KEPT.pop()
    dz = upstream["a"] * (1 - a * a)
    return {"dW": dz @ x.T, "dx": W.T @ dz}


@pytest.mark.parametrize("pair", [(keeps_an_object, reads_an_object), (keeps_elsewhere, takes_from_elsewhere)])
def test_it_runs_each_time_where_a_copy_is_not_as_good(pair):
    case = drawn(*pair)
    case.keep()
    assert [runs_of(case) for _ in range(3)] == [1, 1, 1]


def test_arrays_that_share_their_numbers_are_not_copied_one_by_one():
    whole = np.zeros((2, 3))
    with pytest.raises(NotPlainError):
        copied((whole, whole[0]))
    with pytest.raises(NotPlainError):
        KeptForward(Pair(lambda x: ({"a": 2 * x}, (x, x.T)), lambda upstream, cache: {}), {"x": INPUTS["x"]})
    some = copied({"a": whole, "b": [whole, (1, "two")]})
    assert some["a"] is some["b"][0] and some["a"] is not whole and some["b"][1] == (1, "two")


def test_a_mistake_is_found_whether_it_runs_again_or_not():
    def wrong(upstream, cache):
        W, x = cache
        a = KEPT.pop()
        dz = upstream["a"] * (1 - a)
        return {"dW": dz @ x.T, "dx": W.T @ dz}

    def wrong_too(upstream, cache):
        W, x, made = cache
        a = made["a"]
        dz = upstream["a"] * (1 - a)
        return {"dW": dz @ x.T, "dx": W.T @ dz}

    shapes = {"W": (2, 3), "x": (3, 1)}
    for first, last in ((keeps_elsewhere, wrong), (forward, wrong_too)):
        report = check_backward(first, last, shapes)
        assert report.wrong == ["dW", "dx"]
        assert [cause.category for cause in report.causes] == ["activation derivative"]
        assert report.causes[0].line is not None
