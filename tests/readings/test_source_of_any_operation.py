"""Programs of operations without a form of their own in NumPy: of users, and of what the rules of the sweep make."""

import numpy as np
import pytest
from readings.agreement import agrees

from autograd_seq import Parameter, Tensor, UsageError, operation, source
from autograd_seq.core.notation import Form
from autograd_seq.readings.derivation import Derivation


@operation(vjp=[lambda g, y, x: g * (y + (1 - y) / (1 + np.exp(-x)))])
def swish(x, /):
    """A user's activation, which says nothing of how it is written."""
    return x / (1 + np.exp(-x))


@operation(vjp=[lambda g, y, x, slope: g * np.where(x > 0, 1.0, slope)])
def exp(x, /, slope=0.1):
    """Called as a function of NumPy's that does something else."""
    return np.where(x > 0, x, slope * x)


@operation(vjp=[lambda g, y, x: g], source=Form("({0} + 0)"))
def same(x, /):
    return x


def beside(x):
    return x


@operation(vjp=[lambda g, y, x: g])
def elsewhere(x, /):
    return beside(x)


LOSSES = {
    "own": lambda z: swish(z),
    "own with a setting": lambda z: exp(z, slope=0.2) * exp(z),
    "own with a form": lambda z: same(z) ** 2,
    "product": lambda z: np.prod(z),
    "product of columns": lambda z: np.prod(z, axis=0),
    "trace": lambda z: np.einsum("ii->", z),
    "diagonal": lambda z: np.einsum("ii->i", z),
    "sum of rows": lambda z: np.einsum("ij->i", z),
    "an operand that is summed": lambda z: np.einsum("ij,k->i", z, z[0]),
    "an index of all": lambda z: np.einsum("ij,ij->", z, z),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_program_has_all_that_it_needs(name):
    rng = np.random.default_rng(2)
    W, x = Parameter(rng.normal(size=(3, 3)), "W"), Tensor(rng.normal(size=(3, 3)), "x")
    derivation = Derivation(np.sum(LOSSES[name](W @ x)))
    text = source(derivation, "net")
    assert "def net_backward(cache):" in text
    agrees(text, derivation, [derivation])


def test_an_operation_that_needs_the_program_around_it_is_refused():
    with pytest.raises(UsageError, match="its value rule uses beside") as refused:
        source(np.sum(elsewhere(Parameter([1.0], "W"))))
    assert "source=" in str(refused.value)
