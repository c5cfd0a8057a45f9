"""Where parentheses stand in what is printed, and where they do not."""

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, equations, name
from autograd_seq.core.notation import ATOM, PRODUCT, SIGN, SUM, Total, enclosed


def arrays(make=Parameter):
    values = {"a": [[1.0, 2.0], [3.0, 5.0]], "b": [[0.5, 0.3], [0.2, 0.7]], "c": [[1.5, 2.5], [0.5, 1.0]]}
    return {key: make(value, key) for key, value in values.items()}


def written(expression):
    """The equation of an expression in a, b and c, as text and in LaTeX."""
    y = eval(expression, {"np": np, "Tensor": Tensor, **arrays(Tensor)})
    equation = equations(name(y, "y")).forward[-1]
    return equation.text.removeprefix("y = "), equation.latex.removeprefix("y = ")


@pytest.mark.parametrize(
    ("expression", "text", "latex"),
    [
        ("-(a + b)", "−(a + b)", "-(a + b)"),
        ("-(a - b)", "−(a − b)", "-(a - b)"),
        ("-a - b", "−a − b", "-a - b"),
        ("-(a * b)", "−a ∘ b", r"-a \circ b"),
        ("-(a @ b)", "−a b", "-a b"),
        ("-(a + b) * c", "(−(a + b)) ∘ c", r"(-(a + b)) \circ c"),
        ("-(a + b) / c", "(−(a + b)) / c", r"\frac{-(a + b)}{c}"),
        ("-(a + b) @ c", "(−(a + b)) c", "(-(a + b)) c"),
        ("2 * -(a + b)", "2 ∘ (−(a + b))", r"2 \circ (-(a + b))"),
        ("c + (-(a + b))", "c − (a + b)", "c - (a + b)"),
        ("c - (-(a + b))", "c − (−(a + b))", "c - (-(a + b))"),
        ("a - (b - c)", "a − (b − c)", "a - (b - c)"),
        ("a + (b - c)", "a + b − c", "a + b - c"),
        ("-(np.sum(a) + 1)", "−(Σ(a) + 1)", r"-(\sum a + 1)"),
        ("-(-a)", "−(−a)", "-(-a)"),
        ("a * -1", "a ∘ (−1)", r"a \circ (-1)"),
        ("a - (-1.0)", "a − (−1)", "a - (-1)"),
        ("a + -1", "a − 1", "a - 1"),
        ("-2 * a", "−2 ∘ a", r"-2 \circ a"),
        ("a - -2 * b", "a − (−2 ∘ b)", r"a - (-2 \circ b)"),
        ("-a ** 2", "−a²", "-{a}^2"),
        ("(-a) ** 2", "(−a)²", "{(-a)}^2"),
        ("Tensor(-1.0) ** a", "(−1) ^ a", "{(-1)}^{a}"),
        ("a ** -1", "a ^ (−1)", "{a}^{-1}"),
        ("(a ** b) ** c", "(a ^ b) ^ c", "{({a}^{b})}^{c}"),
        ("a ** (b ** c)", "a ^ (b ^ c)", "{a}^{{b}^{c}}"),
        ("(a @ b).T", "(a b)ᵀ", "{(a b)}^T"),
        ("(a + b).T", "(a + b)ᵀ", "{(a + b)}^T"),
        ("(-a).T", "(−a)ᵀ", "{(-a)}^T"),
        ("1 / (2 + np.exp(-a))", "1 / (2 + exp(−a))", r"\frac{1}{2 + \exp(-a)}"),
        ("a / b / c", "a / b / c", r"\frac{\frac{a}{b}}{c}"),
        ("a / (b / c)", "a / (b / c)", r"\frac{a}{\frac{b}{c}}"),
        ("(a / b) ** 2", "(a / b)²", r"{(\frac{a}{b})}^2"),
        ("(a / b).T", "(a / b)ᵀ", r"{(\frac{a}{b})}^T"),
        ("(a / b)[0]", "(a / b)[0]", r"(\frac{a}{b})[0]"),
        ("(a + b)[0]", "(a + b)[0]", "(a + b)[0]"),
        ("a @ b * c", "a b ∘ c", r"a b \circ c"),
        ("a @ (b * c)", "a (b ∘ c)", r"a (b \circ c)"),
        ("(a * b) @ c", "(a ∘ b) c", r"(a \circ b) c"),
        ("np.sum(a * b)", "Σ(a ∘ b)", r"\sum (a \circ b)"),
        ("np.sum(a) * b", "Σ(a) ∘ b", r"(\sum a) \circ b"),  # a sign of summation reaches over products
        ("c * np.mean(a) * 2", "c ∘ mean(a) ∘ 2", r"c \circ (\operatorname{mean} a) \circ 2"),
        ("np.sum(a + b) + 1", "Σ(a + b) + 1", r"\sum (a + b) + 1"),
        (  # what stands behind the brace of cases would seem to belong to the last of them
            "np.where(a > b, a, c) + b",
            "where(a > b, a, c) + b",
            r"(\begin{cases}a & a > b \\ c & \text{otherwise}\end{cases}) + b",
        ),
        ("np.concatenate([a, b - c])", "[a; b − c]", r"\begin{bmatrix}a \\ b - c\end{bmatrix}"),
        ("np.concatenate([a, -b], axis=1)", "[a, −b]", r"\begin{bmatrix}a & -b\end{bmatrix}"),
    ],
)
def test_parentheses_stand_where_they_are_needed(expression, text, latex):
    assert written(expression) == (text, latex)


def test_a_minus_before_a_sum_in_every_document():
    W, b = Parameter([[0.5, -0.3], [0.2, 0.8]], "W"), Parameter([[1.0], [2.0]], "b")
    J = name(np.sum(np.exp(-(W @ Tensor([[1.0], [2.0]], "x") + b))), "J")
    both = equations(J)
    assert both.forward[-1].text == "J = Σ(exp(−(W x + b)))"
    for words in (both.latex, both.markdown):
        assert r"\sum \exp(-(W x + b))" in words.replace("&", "")


def gradient(expression):
    """∂J/∂a of the sum of an expression."""
    J = name(np.sum(eval(expression, {"np": np, **arrays()})), "J")
    return next(e for e in equations(J).backward if e.name == "da")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("(1 - a) * 2", "−2"),
        ("-(1 - a)", "1"),
        ("2 - (1 - a)", "1"),
        ("1 - (1 - a) * -1.0", "−1"),
        ("b * -(1 - a)", "b"),
        ("3 * a", "3"),
        ("a / 2", "1 / 2"),
    ],
)
def test_the_sweep_writes_no_minus_twice(expression, text):
    equation = gradient(expression)
    assert equation.text == f"∂J/∂a = {text}"
    assert equation.evaluate().shape == equation.value().shape == (2, 2)
    np.testing.assert_allclose(equation.evaluate(), equation.value())


def test_a_total_takes_its_signs_from_its_terms():
    total = Total()
    assert total.write([], {}) == ("0", ATOM)
    assert total.write([("−a", SUM)], {}) == ("−a", SUM)
    assert total.write([("−a", SUM), ("−b ∘ c", PRODUCT), ("−2", SIGN), ("d − e", SUM)], {}) == (
        "−a − b ∘ c − 2 + d − e",
        SUM,
    )
    assert total.write([("a", ATOM), ("-1 of a user", ATOM)], {})[0] == "a + -1 of a user"  # a name, not a sign


def test_parentheses_keep_signs_apart():
    assert enclosed(("−a", SUM), PRODUCT) == "(−a)"
    assert enclosed(("-2", SIGN), PRODUCT) == "-2"
    assert enclosed(("-2", SIGN), PRODUCT, behind=True) == "(-2)"
    assert enclosed(("-2", SIGN), 0, behind=True) == "-2"  # between parentheses already
