"""Operations declared by users: rules that are missing, too many, or answer what is no adjoint."""

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, contributions, differentiate, grad, operation
from autograd_seq.core.errors import GradientError, UsageError


def unary(rule):
    @operation(vjp=[rule])
    def doubled(x, /):
        return 2 * x

    return doubled


def with_setting(rule):
    @operation(vjp=[rule])
    def doubled(x, /, factor=2):
        return factor * x

    return doubled


def binary(left, right):
    @operation(vjp=[left, right])
    def product(a, b, /):
        return a * b

    return product


@pytest.mark.parametrize("declare", [unary, with_setting])
def test_an_input_without_a_rule_gets_no_gradient(declare):
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = declare(None)(x)
    assert not y.requires_grad
    (y * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(GradientError, match=r"depends on x by way of declare\(None\)\(x\)"):
        y.sum().backward()


def test_a_result_requires_a_gradient_only_through_an_input_that_has_a_rule():
    half = binary(lambda g, y, a, b: g * b, None)
    a, b = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 5.0], requires_grad=True)
    assert not half(Tensor([1.0, 1.0]), b).requires_grad
    assert half(a, b.value).requires_grad
    y = half(a, b)
    assert grad(y.sum(), a).tolist() == [3.0, 5.0]
    assert differentiate(y.sum()).adjoint(a).value.tolist() == [3.0, 5.0]
    y.sum().backward()
    assert b.grad is None
    assert a.grad.tolist() == [3.0, 5.0]
    assert grad(half(a, a).sum(), a).tolist() == [1.0, 2.0]  # the same tensor twice, with a rule for one use


def unbroadcastable(g, y, x, **parameters):
    return g[:1]


WRONG = {
    "too short": (unbroadcastable, r"shape \(1,\)"),
    "ones": (lambda g, y, x, **parameters: np.ones(1), r"shape \(1,\)"),
    "summed": (lambda g, y, x, **parameters: g.sum(), r"shape \(\)"),
    "longer": (lambda g, y, x, **parameters: np.ones(3), r"shape \(3,\)"),
    "nothing": (lambda g, y, x, **parameters: None, "None"),
    "float": (lambda g, y, x, **parameters: 2.0, r"shape \(\)"),
    "word": (lambda g, y, x, **parameters: "2 g", "str"),
    "list": (lambda g, y, x, **parameters: [1.0, 2.0], "list"),
}


@pytest.mark.parametrize("declare", [unary, with_setting])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_rule_that_answers_no_adjoint_of_its_input_is_named_by_every_sweep(wrong, declare):
    rule, said = WRONG[wrong]
    x = Tensor([1.0, 2.0], requires_grad=True)
    loss = (declare(rule)(x) * Tensor([3.0, 5.0])).sum()
    for derive in (lambda: loss.backward(), lambda: differentiate(loss), lambda: contributions(loss, x)):
        with pytest.raises(GradientError, match=rf"(?s)doubled.*{said}.*\(2,\).*test_wrong_rules"):
            derive()
    assert x.grad is None


def test_broadcasting_is_undone_and_plain_numbers_do_for_scalars():
    product = binary(lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
    a, b = Parameter([[2.0], [3.0]], "a"), Parameter([1.0, 4.0, 5.0], "b")
    weights = np.arange(6.0).reshape(2, 3)
    loss = (product(a, b) * weights).sum()
    np.testing.assert_allclose(grad(loss, a), (weights * b.value).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(differentiate(loss).adjoint(b).value, (weights * a.value).sum(axis=0))
    s = Tensor(3.0, requires_grad=True)
    y = unary(lambda g, y, x: 2.0)(s)
    assert grad(y, s) == differentiate(y).adjoint(s).value == 2.0


@pytest.mark.parametrize("vjp", [[], [None, None], [abs, abs, abs], 3, "rule", [3], abs, {0: abs}])
def test_the_number_of_rules_is_checked_where_the_operation_is_declared(vjp):
    with pytest.raises(UsageError, match=r"(?s)twice.*vjp=\[\.\.\.\].*test_wrong_rules"):

        @operation(vjp=vjp)
        def twice(x, /):
            return 2 * x


def test_an_operation_of_any_number_of_arrays_takes_one_rule():
    with pytest.raises(UsageError, match="first argument is the input's position"):

        @operation(vjp=[abs])
        def total(*arrays):
            return sum(arrays)


@pytest.mark.parametrize("bare", [True, False])
def test_an_operation_without_rules_says_what_to_write(bare):
    def cube(x, /):
        return x**3

    with pytest.raises(UsageError, match=r"@operation\(vjp=\[lambda g, y, x"):
        operation(cube) if bare else operation()
