"""Names are read off compiled code: of code without a file, of a notebook's cells, of functions that look alike."""

import linecache

import numpy
import pytest

import autograd_seq.numpy as np
from autograd_seq import Parameter, equations

PROGRAM = """
def sigmoid(v):
    return 1 / (1 + np.exp(-v))

def cell(xt, s, W):
    gate = sigmoid(W @ xt)
    kept = gate * s
    return kept

def loss(x, s0, W):
    s = s0
    for t in range(x.shape[2]):
        s = cell(x[:, :, t], s, W)
    J = np.sum(s)
    return J
"""
SAID = [
    "gate<t> = σ(W x<t>)",
    "s<0> = s0",
    "s<t> = gate<t> ∘ s<t-1>",
    "J = Σ(s<T>)",
    "ds<t> = ds<t+1> ∘ gate<t+1>    (t < T)",
    "ds<T> = 1    (t = T)",
    "dgate<t> = ds<t> ∘ s<t-1>",
    "∂J/∂W = Σ_t (dgate<t> ∘ gate<t> ∘ (1 − gate<t>)) x<t>ᵀ",
]


def recorded(filename):
    namespace = {"np": np}
    exec(compile(PROGRAM, filename, "exec"), namespace)
    rng = numpy.random.default_rng(0)
    x, s0 = rng.standard_normal((3, 2, 4)), rng.standard_normal((3, 2))
    return namespace["loss"](x, s0, Parameter(rng.standard_normal((3, 3)), "W"))


NOTEBOOKS = ["<ipython-input-3-0f1e2d3c4b5a>", "/tmp/ipykernel_4711/1234567890.py"]
PLACES = ["<string>", "<stdin>", "no such file.py", "", *NOTEBOOKS]


@pytest.mark.parametrize("filename", PLACES)
def test_code_without_a_source_file_has_its_names(filename):
    assert [equation.text for equation in equations(recorded(filename))] == SAID


def test_a_source_that_has_changed_since_does_not_matter():
    filename = "<changed>"
    linecache.cache[filename] = (1, None, ["other = words\n"] * 30, filename)
    try:
        assert [equation.text for equation in equations(recorded(filename))] == SAID
    finally:
        del linecache.cache[filename]


def encoder(x, W):
    z = W @ x
    h = np.tanh(z)
    return h


def decoder(x, W):
    z = W @ x
    h = np.exp(z)
    return h


def test_equal_local_names_of_two_functions_are_told_apart():
    x = numpy.random.default_rng(0).standard_normal((3, 2))
    W, V = Parameter(numpy.eye(3) / 2, "W"), Parameter(numpy.eye(3) / 3, "V")
    code = encoder(x, W)
    out = decoder(code, V)
    J = np.sum(out)
    said = [e.text for e in equations(J).forward]
    assert said == ["z = W x", "code = tanh(z)", "z_2 = V code", "out = exp(z_2)", "J = Σ(out)"]


def test_equal_names_that_nobody_renames_get_numbers():
    x = numpy.random.default_rng(0).standard_normal((3, 2))
    W, V = Parameter(numpy.eye(3) / 2, "W"), Parameter(numpy.eye(3) / 3, "V")
    J = np.sum(decoder(encoder(x, W), V) ** 2)
    said = [e.text for e in equations(J).forward]
    assert said == ["z = W x", "h = tanh(z)", "z_2 = V h", "h_2 = exp(z_2)", "J = Σ(h_2²)"]


def test_a_loss_that_is_divided_is_what_is_differentiated():
    W = Parameter(numpy.eye(2), "W")

    def total_of(y):
        J = np.sum(y * y)
        return J / 2

    J = total_of(W @ numpy.ones((2, 1)))
    both = equations(J)
    last = both.forward[-1].name
    assert all(e.text.startswith(f"∂{last}/∂") for e in both.backward if e.text.startswith("∂"))
