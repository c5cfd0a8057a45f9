"""What a user brings never becomes program text that is run: names are made identifiers, settings stay objects."""

import ast

import numpy as np
import pytest
import sympy

from autograd_seq import Parameter, Tensor, compile, einsum, grad, name, source, steps, sum, swapaxes, tanh
from autograd_seq.plan.writing import jax_run, tools

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


ENGINES = [
    "numpy",
    pytest.param("numba", marks=pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")),
    pytest.param("jax", marks=pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed")),
]


def calls(text):
    """The names that a program calls."""
    nodes = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("engine", ENGINES)
def test_names_with_any_engine(text, engine):
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), text)
    x = np.random.default_rng(1).normal(size=(3, 2))

    def loss(x):
        a = Tensor(x, text)
        for _ in steps(3):
            a = name(tanh(W @ a), text)
        return (a * a).sum()

    plan = compile(loss, [W], engine=engine)
    _, gradients = plan(x)
    np.testing.assert_allclose(next(iter(gradients.values())), grad(loss(x), W), rtol=1e-11)
    assert not calls(plan.source) & {"__import__", "exec", "eval", "compile", "open", "getattr"}


class Real(float):
    def __repr__(self):
        return "__import__('os')._exit(1)"

    __str__ = __repr__

    def __format__(self, how):
        return repr(self)


class Whole(int):
    __repr__, __str__, __format__ = Real.__repr__, Real.__str__, Real.__format__


class Listed(np.ndarray):
    def tolist(self):
        return Text()

    def item(self, *at):
        return Real(2)


LISTED = np.array([1, 2]).view(Listed)


@pytest.mark.parametrize(
    "made",
    [
        lambda a: sum(a * a, axis=Whole(0)),
        lambda a: np.clip(a, Real(-0.5), Real(0.5)),
        lambda a: a[Whole(1)] + a[Whole(0) :] * a[LISTED[:1]],
        lambda a: a[LISTED] * Real(0.5),
        lambda a: a.reshape((Whole(6),)) * LISTED[0],
        lambda a: einsum(Text("ij,kj->ik"), a, a),
        lambda a: swapaxes(a, Whole(0), Whole(1)) * 2,
        lambda a: np.concatenate([a, a], axis=Whole(1)),
        lambda a: np.stack([a, a * 2], axis=Whole(1)),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_settings_that_print_as_code_with_any_engine(made, engine):
    W = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "W")
    x = np.random.default_rng(1).normal(size=(3, 2))

    def loss(x):
        a = x
        for _ in steps(3):
            a = tanh(W @ a)
        return made(a).sum()

    J, gradients = compile(loss, [W], engine=engine)(x)
    np.testing.assert_allclose(J, loss(x).value, rtol=1e-11)
    np.testing.assert_allclose(gradients["W"], grad(loss(x), W), rtol=1e-11)


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
