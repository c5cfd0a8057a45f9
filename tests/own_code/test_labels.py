"""Labels are plain numbers, and what a program computes of them stays data in every reading."""

import inspect

import numpy as np
import pytest

from autograd_seq import Parameter, equations, grad, source

RNG = np.random.default_rng(0)
W, U = Parameter(RNG.normal(size=(3, 3)) * 0.5, "W"), Parameter(RNG.normal(size=(3, 2)), "U")
V = Parameter(RNG.normal(size=(1, 3)), "V")


def entropy(y, p):
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


def in_a_helper(x, y):
    h, J = np.zeros((3, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        h = np.tanh(W @ h + U @ x[:, :, t])
        J = J + entropy(y[t], 1 / (1 + np.exp(-(V @ h))))
    return J


def in_the_loop(x, y):
    h, J = np.zeros((3, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        h = np.tanh(W @ h + U @ x[:, :, t])
        p = 1 / (1 + np.exp(-(V @ h)))
        J = J - np.sum(y[t] * np.log(p) + (1 - y[t]) * np.log(1 - p))
    return J


LABELS = [np.array([1.0, 0.0, 1.0, 1.0]), [1, 0, 1, 1], np.ones(4), np.array([[1.0], [0.0], [0.0], [1.0]])]


@pytest.mark.parametrize("program", [in_a_helper, in_the_loop])
@pytest.mark.parametrize("y", LABELS, ids=["array", "list", "ones", "rows"])
def test_binary_cross_entropy_reads_as_in_a_textbook(program, y):
    text = str(equations(program(RNG.normal(size=(2, 1, 4)), y)))
    if program is in_a_helper and all(label == 1 for label in np.ravel(y)):
        pytest.skip("an argument of a helper that is always the same is one number, and no label of a step")
    p = "σ(V h<t>)" if program is in_a_helper else "p<t>"
    assert f"y<t> ∘ log({p}) + (1 − y<t>) ∘ log(1 − {p})" in text


@pytest.mark.parametrize("y", LABELS[:3], ids=["array", "list", "ones"])
def test_source_takes_other_labels(y):
    written = {}
    exec(str(source(in_the_loop(RNG.normal(size=(2, 1, 4)), y))), written)
    forward = next(made for key, made in written.items() if key.endswith("_forward"))
    backward = next(made for key, made in written.items() if key.endswith("_backward"))
    x, other = RNG.normal(size=(2, 1, 6)), [0.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    given = {"x": x, "y": other, "parameters": {"W": W.value, "U": U.value, "V": V.value}}
    loss, cache = forward(**{key: given[key] for key in inspect.signature(forward).parameters if key in given})
    wanted = in_the_loop(x, other)
    np.testing.assert_allclose(loss, wanted.item())
    np.testing.assert_allclose(backward(cache)["dW"], grad(wanted, W))


def test_what_has_no_name_is_an_argument_and_no_number():
    def weighed(x, y):
        h, J = np.zeros((3, 1)), 0.0
        for t in range(x.shape[2]):
            h = np.tanh(W @ h + U @ x[:, :, t])
            J = J + np.sum(h) * y.mean() + np.sum((h - 2 * y[t]) ** 2)
        return J

    J = weighed(RNG.normal(size=(2, 1, 4)), np.array([0.5, 1.5, 2.0, -1.0]))
    text = str(equations(J)).split("Backward")[0]
    assert "0.75" not in text and "number<t>" in text and "(h<t> − 2 ∘ y<t>)²" in text
    assert "0.75" not in str(source(J))
