"""The SymPy reading: names, exact numbers, branches, straight-line programs."""

import numpy as np
import pytest
import sympy

import autograd_seq.operations as ops
from autograd_seq import Parameter, Tensor, UsageError, differentiate, name, relu, scope, sigmoid, steps, tanh
from autograd_seq.check.identity import is_zero
from autograd_seq.core.graph import Graph
from autograd_seq.readings.branches import decisions
from autograd_seq.readings.symbols import expressions, sigma, straight_line


def symbol(text):
    return sympy.Symbol(text, real=True)


def network(T=2):
    W, a = Parameter([[0.5, -0.25]], "Waa"), Tensor([[1.0], [2.0]], "a")
    for t in steps(T):
        x = Tensor([[0.5 * t], [1.0]], "x")
        a = name(tanh(W @ (a + x)), "a")
    return W, a


def test_the_names_of_the_notes():
    W, a = network(1)
    value = expressions(Graph(a), expand=True)[a].item()
    first, second = (symbol(f"a_{i}1") + symbol(f"x_{i}1^<1>") for i in (1, 2))
    assert value == sympy.tanh(symbol("Waa_11") * first + symbol("Waa_12") * second)


def test_the_backward_pass_is_read_by_the_same_code():
    W, a = network()
    recording = differentiate(a.sum())
    forward = expressions(recording.forward, expand=True)
    backward = expressions(recording.backward, expand=True, leaves=forward)
    (seed,) = backward[recording.adjoints[recording.forward.outputs[0]]].flat
    for place in np.ndindex(W.shape):
        expected = seed * sympy.diff(forward[a.record].sum(), forward[W.record][place])
        assert is_zero(expected - backward[recording.adjoint(W)][place])


def test_a_straight_line_program_computes_the_values():
    W, a = network(3)
    known = {}
    for left, right in straight_line(Graph(a)):
        for s in right.free_symbols - known.keys():
            base, _, place = str(s).partition("^")
            base, _, digits = base.partition("_")
            leaf = next(x for x in Graph(a).leaves if x.label == base + place)
            known[s] = leaf.value[tuple(int(d) - 1 for d in digits)]
        known[left] = float(right.subs(known))
    assert known[symbol("a_11^<3>")] == pytest.approx(a.value.item())


def test_records_of_one_name_and_place_are_told_apart():
    x, y = Tensor([1.0], "x"), Tensor([2.0], "x")
    z = x * y
    (value,) = expressions(Graph(z))[z]
    assert len(value.free_symbols) == 2


def test_numbers_are_exact():
    y = Parameter([1.0], "w") * 0.1
    (value,) = expressions(Graph(y))[y]
    assert value == sympy.Rational(0.1) * symbol("w_1")


def test_piecewise_whole_or_on_the_recorded_branch():
    x = Tensor([-1.0, 2.0], "x", requires_grad=True)
    y = relu(x)
    assert list(expressions(Graph(y))[y]) == [sympy.Max(0, symbol("x_1")), sympy.Max(0, symbol("x_2"))]
    assert list(expressions(Graph(y), branch="recorded")[y]) == [0, symbol("x_2")]
    z = ops.where(x > 0, x, x * x)
    assert list(expressions(Graph(z), expand=True, branch="recorded")[z]) == [symbol("x_1") ** 2, symbol("x_2")]
    whole = expressions(Graph(z), expand=True)[z][0]
    assert whole.subs(symbol("x_1"), 3) == 3 and whole.subs(symbol("x_1"), -3) == 9
    with pytest.raises(UsageError, match="'all' or 'recorded'"):
        expressions(Graph(y), branch="some")


def test_the_backward_pass_of_a_kink_is_read_too():
    x = Tensor([-1.0, 2.0], "x", requires_grad=True)
    recording = differentiate(relu(x).sum())
    found = expressions(recording.backward, expand=True, leaves=expressions(recording.forward))
    value = found[recording.adjoint(x)][1]
    assert value.subs(symbol("x_2"), 2) != 0 and value.subs(symbol("x_2"), -2) == 0


def test_sigma_is_opaque_and_evaluates():
    x = sympy.Symbol("x")
    assert sigma(x).diff(x) == sigma(x) * (1 - sigma(x))
    assert float(sigma(sympy.Rational(1, 2)).evalf()) == pytest.approx(1 / (1 + np.exp(-0.5)))
    with scope(time=2):
        y = name(sigmoid(Parameter([0.5], "z")), "Gamma_f")
    assert straight_line(Graph(y)) == [(symbol("Gamma_f_1^<2>"), sigma(symbol("z_1")))]


def test_decisions_are_asked_for_in_order():
    x = Tensor([[1.0, 3.0, 3.0]])
    assert decisions(ops.max(x, axis=1)) == [-1, 0]
    assert decisions(tanh(x)) == []
    assert decisions(x) == []
