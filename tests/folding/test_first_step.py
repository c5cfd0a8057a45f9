"""What NumPy computed of a first state of its own is read as what the other steps record there."""

import inspect

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, compile, equations, grad, source
from autograd_seq.folding.first_step import completed

RNG = np.random.default_rng(0)
W = Parameter(RNG.normal(size=(3, 3)) * 0.5, "W")
U = Parameter(RNG.normal(size=(3, 2)), "U")
V = Parameter(RNG.normal(size=(3, 5)) * 0.4, "V")
ALL = {"W": W, "U": U, "V": V}


def leaky(x):
    h, J = np.zeros((3, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        h = 0.5 * h + 0.5 * np.tanh(W @ h + U @ x[:, :, t])
        J = J + np.sum(h * h)
    return J


def from_a_number(x):
    h, J = 0.0, 0.0
    for t in range(x.shape[2]):
        h = 0.5 * h + 0.5 * np.tanh(U @ x[:, :, t])
        J = J + np.sum(h * h)
    return J


def gated(x):
    h, J = np.zeros((3, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        joined = np.concatenate([h, x[:, :, t]])
        z, r = 1 / (1 + np.exp(-(V @ joined))), np.tanh(V @ joined)
        new = np.tanh(V @ np.concatenate([r * h, x[:, :, t]]))
        h = (1 - z) * h + z * new
        J = J + np.sum(h**2)
    return J


def from_ones(x):
    h, J = np.ones((3, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        h = h * 0.5 + np.clip(h, 0, 1) * np.tanh(U @ x[:, :, t])
        J = J + np.sum(h * h)
    return J


def normalised(x):
    h, J = np.zeros((3, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        centred = (h - np.mean(h, axis=0, keepdims=True)) / np.sqrt(np.var(h, axis=0, keepdims=True) + 1e-5)
        h = np.tanh(W @ centred + U @ x[:, :, t])
        J = J + np.sum(h * h)
    return J


def two_steps_back(x):
    h, J = np.zeros((3, x.shape[1])), 0.0
    g = h
    for t in range(x.shape[2]):
        h, g = np.tanh(W @ h + 0.5 * g + U @ x[:, :, t]), h
        J = J + np.sum(h * h)
    return J


def in_a_list(x):
    hs = [np.zeros((3, x.shape[1]))]
    for t in range(x.shape[2]):
        hs.append(0.2 * hs[-1] + 0.8 * np.tanh(U @ x[:, :, t]))
    return sum(np.sum(h * h) for h in hs[1:])


PROGRAMS = [leaky, from_a_number, gated, from_ones, normalised, two_steps_back, in_a_list]


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_equation_says_all_steps(program):
    text = str(equations(program(RNG.normal(size=(2, 4, 5)))))
    assert "(t > 1)" not in text.split("Backward")[0] and "J = Σ_t Σ(" in text


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_plan_is_for_any_size(program):
    plan = compile(program, ALL)
    for lengths in ((4, 3), (4, 3), (2, 5), (3, 7)):
        x = RNG.normal(size=(2, *lengths))
        loss, gradients = plan(x)
        wanted = program(x)
        np.testing.assert_allclose(loss, wanted.item(), rtol=1e-12)
        for key, found in gradients.items():
            np.testing.assert_allclose(found, grad(wanted, ALL[key]), rtol=1e-9, atol=1e-12)
    assert "for any m and T" in plan.explain()


@pytest.mark.parametrize("program", PROGRAMS)
def test_source_is_for_any_size(program):
    written = {}
    exec(str(source(program(RNG.normal(size=(2, 4, 5))))), written)
    forward = next(made for key, made in written.items() if key.endswith("_forward"))
    backward = next(made for key, made in written.items() if key.endswith("_backward"))
    for m, T in ((4, 5), (3, 8)):
        x = RNG.normal(size=(2, m, T))
        given = {"x": x, "parameters": {key: p.value for key, p in ALL.items()}, "h0": np.ones((3, m))}
        loss, cache = forward(**{key: given[key] for key in inspect.signature(forward).parameters if key in given})
        wanted = program(x)
        np.testing.assert_allclose(loss, wanted.item(), rtol=1e-12)
        for key, found in backward(cache).items():
            np.testing.assert_allclose(found, grad(wanted, ALL[key[1:]]), rtol=1e-9, atol=1e-12)


def test_another_number_is_left_as_it_is():
    """What stands at the first step is not what the rule of the others gives there: it stays a constant."""

    def other(x):
        h, J = np.zeros((3, x.shape[1])), 0.0
        for t in range(x.shape[2]):
            begin = np.array([[1.0], [2.0], [4.0]]) if t == 0 else 0.5 * h
            h = begin + np.tanh(U @ x[:, :, t])
            J = J + np.sum(h * h)
        return J

    J = other(RNG.normal(size=(2, 1, 4)))
    assert completed([J])[0] is J
    assert "0.5 ∘ h<0>" not in str(equations(J))


def test_values_stay_to_the_last_bit():
    J = leaky(RNG.normal(size=(2, 4, 5)))
    (whole,) = completed([J])
    assert whole is not J and whole.value.tobytes() == J.value.tobytes()
    np.testing.assert_array_equal(grad(whole, W), grad(J, W))


@pytest.mark.parametrize("T", [4, 5, 6, 7, 9])
def test_first_states_that_are_data_have_a_name_of_their_own(T):
    """Three states are given, and called as what the loop makes: no equation says that hs<0> is hs<3>."""
    hs, J = [RNG.normal(size=(3, 1)) for _ in range(3)], 0.0
    x = RNG.normal(size=(2, 1, T))
    for t in range(T):
        hs.append(np.tanh(W @ hs[-1] + V[:, :3] @ hs[-3] + U @ x[:, :, t]))
        J = J + np.sum(hs[-1] * hs[-1])
    text = str(equations(J)).split("Backward")[0]
    used = ("hs<-2> = hs_2<1>", "V[:, :3] hs_2<1>", "V[:, :3] hs_2<t>")
    assert any(words in text for words in used) and "\n  hs<0> = hs<" not in text


def test_states_of_two_steps_back_are_differentiated_by_source():
    """The adjoint goes two steps back as well; a program that carries it to the next step is wrong."""
    h, g, J = Tensor(np.zeros((3, 1)), "h0"), Tensor(np.ones((3, 1)), "h1"), 0.0
    x = RNG.normal(size=(2, 1, 6))
    for t in range(6):
        h, g = np.tanh(W @ h + 0.5 * g + U @ x[:, :, t]), h
        J = J + np.sum(h * h)
    written = {}
    exec(str(source(J)), written)
    arrays = {"x": x, "h0": np.zeros((3, 1)), "parameters": {"W": W.value, "U": U.value}}
    names = inspect.signature(written["network_forward"]).parameters
    loss, cache = written["network_forward"](**{name: arrays.get(name, np.ones((3, 1))) for name in names})
    np.testing.assert_allclose(loss, J.item())
    np.testing.assert_allclose(written["network_backward"](cache)["dW"], grad(J, W))
