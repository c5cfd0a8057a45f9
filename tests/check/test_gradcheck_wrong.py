"""What is wrong is caught and named: by little, for some numbers only, in the adjoint, in the second derivative."""

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import Tensor, each, gradcheck, operation, tanh
from autograd_seq.testing import assert_gradients

A = np.array
X = A([0.3, -0.4, 1.2])


def made(value, rule, meaning=None):
    def activation(x, /):
        return value(x)

    return operation(vjp=[rule], meaning=meaning)(activation)


def meant(algebra, x):
    return each(algebra.tanh, x)


def of_tanh(rule, meaning=meant):
    return made(np.tanh, rule, meaning)


WRONG = {
    "by one part in a thousand million": (of_tanh(lambda g, y, x: g * (1 - y * y) * (1 + 1e-9)), X),
    "without a meaning of its own": (made(lambda x: np.tanh(x), lambda g, y, x: g * (1 - y * y) * (1 + 1e-9)), X),
    "unreadable": (made(lambda x: np.arctan(x), lambda g, y, x: g / (1 + x)), X),
    "below 0 only": (of_tanh(lambda g, y, x: np.where(x < 0, g, g * (1 - y * y))), X),
    "saturated, 0": (of_tanh(lambda g, y, x: g * 0), A([18.0, 19.0])),
    "saturated, doubled": (of_tanh(lambda g, y, x: g * (1 - y * y) * 2), A([18.0, 19.0])),
    "adjoint clipped": (of_tanh(lambda g, y, x: np.clip(g, -1e3, 1e3) * (1 - y * y)), X),
    "small adjoints dropped": (of_tanh(lambda g, y, x: np.where(np.abs(g) < 1e-8, 0, g) * (1 - y * y)), X),
    "positive adjoints only": (of_tanh(lambda g, y, x: np.where(g > 0, g, 0) * (1 - y * y)), X),
    "adjoint squared": (of_tanh(lambda g, y, x: g * g * (1 - y * y)), X),
    "meaning like the value at 0 only": (
        made(lambda x: np.tanh(2 * x), lambda g, y, x: g * (1 - y * y), meant), A([0.0, 0.0]),
    ),
    "meaning like the value at 0 and 1 only": (
        made(lambda x: x * x, lambda g, y, x: g * 1.0, lambda algebra, x: x), A([1.0, 0.0, 1.0]),
    ),
    "small beside large": (
        made(lambda x: x * A([1e8, 1.0, 1e-8]), lambda g, y, x: g * A([1e8, 1.0, 2e-8])), X,
    ),
    "answers in half precision": (of_tanh(lambda g, y, x: (g * (1 - y * y)).astype("float16")), X),
    "in half precision": (of_tanh(lambda g, y, x: g * (1 - y)), np.float16(X)),
    "in long double": (of_tanh(lambda g, y, x: g * (1 - y * y) * 1.001), np.longdouble(X)),
    "on bare arrays only": (
        of_tanh(lambda g, y, x: g * (1 - y * y) if isinstance(g, Tensor) else g * (1 - y)), X,
    ),
    "on tensors only": (
        of_tanh(lambda g, y, x: g * (1 - y) if isinstance(g, Tensor) else g * (1 - y * y)), X,
    ),
    "not a number": (of_tanh(lambda g, y, x: g * np.nan), X),
    "list of integers": (made(lambda x: x * x, lambda g, y, x: g * x), [1, 2, 3]),
    "second derivative": (of_tanh(lambda g, y, x: g * ops.stop_gradient(1 - y * y)), X),
    "no rule": (made(np.tanh, None, meant), X),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", [c for c in WRONG if c != "no rule"])
def test_it_is_caught_and_its_record_named(case):
    wrong, x = WRONG[case]
    report = gradcheck(lambda x: np.sum(ops.sin(tanh(wrong(x)))), x)
    assert report.failures and report.failures[0].operation == "activation", str(report)
    assert {f.operation for f in report.failures} <= {"activation", "leaf"}
    with pytest.raises(AssertionError, match="operation activation"):
        assert_gradients(lambda x: np.sum(ops.sin(wrong(x))), x)


def test_an_input_without_a_rule_is_named():
    wrong, x = WRONG["no rule"]
    report = gradcheck(lambda x: np.sum(wrong(x) * x), x)
    assert not report.ok and report.failures[0].operation == "activation"
    assert "no rule for this input" in str(report)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_gradient_that_a_branch_not_taken_spoils_is_named():
    report = gradcheck(lambda x: np.where(x > 0, np.sqrt(x), x), A([-1.0, 4.0]))
    assert report.failures[0].operation == "sqrt" and report.not_finite == {"x": "nan"}
    assert "choose the argument before the operation" in str(report)


@pytest.mark.parametrize("function", [
    lambda x: np.sum(x * x.value),
    lambda x: np.sum(x * (1 / np.linalg.norm(x.value))),
    lambda x: np.sum(tanh(x) + x.value**3),
])  # fmt: skip
def test_what_is_read_past_the_graph_is_refuted(function):
    report = gradcheck(function, X)
    assert not report.ok and report.failures[0].link == "whole"
    assert "reads values outside the graph" in str(report)


def test_a_rule_that_is_unreadable_and_right_passes():
    right = made(lambda x: np.log2(x), lambda g, y, x: g / (x * np.log(2)))
    report = gradcheck(right, A([1e-4, 0.01, 5.0, 1e8]))
    assert report.ok and "differences in float64" in str(report)


def test_a_rounded_constant_is_no_mistake():
    right = made(
        lambda x: np.log(x) / np.log(10), lambda g, y, x: g / (x * np.log(10)),
        lambda algebra, x: each(lambda e: algebra.log(e) / algebra.log(10), x),
    )  # fmt: skip
    assert gradcheck(right, A([0.01, 5.0])).ok
    wrong = made(right.value, lambda g, y, x: g / (x * np.log(10) * (1 + 1e-13)), right.meaning)
    assert not gradcheck(wrong, A([0.01, 5.0])).ok
