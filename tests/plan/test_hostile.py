"""What a user brings never becomes program text that is run: names are made identifiers, settings stay objects."""

import ast

import numpy as np
import pytest
import sympy

from autograd_seq import Parameter, Tensor, compile, einsum, grad, name, source, steps, sum, swapaxes, tanh

NAMES = [
    "__import__('os')._exit(1)", "a\nimport os", "x = 1; y", "'''", "W{0.__class__}", "class", "lambda", "None",
    "np", "run", "sum", "range", "T", "m", "_", "世界", "é",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("T", [1, 4])
def test_names(text, T):
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), text)
    a = Tensor(np.random.default_rng(1).normal(size=(3, 2)), text)
    for _ in steps(T):
        a = name(tanh(W @ a), text)
    loss = (a * a).sum()
    _, gradients = compile(loss)()
    (gradient,) = gradients.values()
    np.testing.assert_allclose(gradient, grad(loss, W), rtol=1e-12)
    ast.parse(source(loss))  # what is printed for readers is Python too; it is not run


class Number(int):
    def __repr__(self):
        return "__import__('os')._exit(1)"


class Text(str):
    __slots__ = ()

    def __repr__(self):
        return "__import__('os')._exit(1)"


@pytest.mark.parametrize(
    "made",
    [
        lambda W: sum(W * W, axis=Number(0)).sum(),
        lambda W: W[Number(1)].sum() * 2,
        lambda W: (W.reshape((Number(9),)) * 2).sum(),
        lambda W: einsum(Text("ij,jk->ik"), W, W).sum(),
        lambda W: (swapaxes(W @ W, Number(0), 1) * W).sum(),
    ],
)
def test_settings_that_print_as_code(made):
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W")
    loss = made(W)
    _, gradients = compile(loss)()
    np.testing.assert_allclose(gradients["W"], grad(loss, W), rtol=1e-12)


def test_strict_sympify_takes_no_text():
    """Proofs turn results into SymPy's objects with it: text that got so far would be refused, not parsed."""
    with pytest.raises(sympy.SympifyError):
        sympy.sympify("__import__('os')", strict=True)
