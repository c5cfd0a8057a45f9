"""The bound on rounding: no gradient is further from the true one, and the bound is not an empty one."""

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, UsageError, prove, softmax, tanh
from autograd_seq.check.accuracy import accuracy
from autograd_seq.commands.things import example_run, output_of
from autograd_seq.readings.precise import gradients


def leaves(output):
    return [x for x in output.graph.leaves if x.requires_grad]


def assert_bounded(output):
    output.backward()
    exact = gradients(output, 60)
    for x in leaves(output):
        errors, digits = accuracy(output, x)
        true = exact[x]
        off = np.array([float(abs(a - b)) for a, b in zip(true.flat, x.grad.flat)]).reshape(x.shape)
        assert (off <= errors).all(), x.name
        size = np.abs(true.astype(float))
        assert (off[size > 0] <= size[size > 0] * 10.0 ** -digits[size > 0] * (1 + 1e-9)).all()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "peephole-full", "bidirectional"])
def test_the_true_gradient_of_a_cell_lies_within_the_bound(cell):
    assert_bounded(output_of(example_run(cell, 6, n_x=2, n_a=3)))


@pytest.mark.parametrize("seed", range(8))
def test_the_true_gradient_of_functions_that_cancel_lies_within_the_bound(seed):
    rng = np.random.default_rng(seed)
    x = Parameter(rng.normal(size=(3, 2)) * 10.0 ** rng.integers(-4, 3), "x")
    W = Parameter(rng.normal(size=(3, 3)), "W")
    z = W @ x
    parts = [
        ((z - z.mean()) ** 2).sum(), softmax(z * 5, axis=0)[0].sum(), (np.exp(z * 0.01) - 1 - z * 0.01).sum(),
        (tanh(z) - z).sum(), np.log(1 + z * z).sum(), ((1 + z) ** 3 - 1 - 3 * z).sum(), (np.cos(z) - 1).sum(),
    ]  # fmt: skip
    assert_bounded(parts[seed % len(parts)])


def test_single_precision_has_its_own_bound():
    assert_bounded((tanh(Parameter(np.array([0.3, -2.0], dtype=np.float32), "W")) ** 3).sum())


def test_the_bound_tells_what_cancels_from_what_does_not():
    x = Parameter([1.0, 1e-8], "x")
    digits = prove(((1 + x) ** 2 - 1 - 2 * x).sum())["x"].digits
    assert digits[0] > 13 and 5 < digits[1] < 8
    assert (prove((x * 3.0).sum())["x"].digits > 14.5).all()


def test_what_does_not_depend_or_is_not_finite():
    x = Parameter([1.0], "x")
    assert (prove((x * 0.0 + Tensor([1.0])).sum())["x"].rounding <= 1e-300).all()
    with np.errstate(all="ignore"):
        proof = prove((x / np.array([0.0])).sum())
    with pytest.raises(UsageError, match="no right digits"):
        _ = proof["x"].digits
