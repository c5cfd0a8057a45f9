"""Rows above one another, as in x @ W.T: their derivatives are written with as few transposes as there need be."""

import numpy as np

from autograd_seq import Parameter, Tensor, equations


def backward_of(loss):
    return str(equations(loss.graph)).split("Backward")[1]


def lines_of(make):
    rng = np.random.default_rng(0)
    W, x = Parameter(rng.normal(size=(4, 3)), "W"), Tensor(rng.normal(size=(2, 3)), "x", requires_grad=True)
    d = Tensor(rng.normal(size=(2, 4)), "delta")
    return [line.strip() for line in backward_of((make(W, x) * d).sum()).splitlines() if line.strip()]


def test_a_product_with_a_transposed_weight():
    assert lines_of(lambda W, x: x @ W.T) == ["∂J/∂W = δᵀ x", "∂J/∂x = δ W"]


def test_a_transposed_product():
    assert lines_of(lambda W, x: (W @ x.T).T) == ["∂J/∂W = δᵀ x", "∂J/∂x = δ W"]


def test_what_somebody_wrote_stays():
    rng = np.random.default_rng(0)
    W, x = Parameter(rng.normal(size=(4, 3)), "W"), Tensor(rng.normal(size=(2, 3)), "x")
    assert "(xᵀ)ᵀ" in str(equations((x.T.T @ W.T).sum().graph)).split("Backward")[0]
