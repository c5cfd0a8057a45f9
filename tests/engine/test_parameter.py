"""Parameters: how a new value is given, and how they are saved."""

import operator
import pickle

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import Parameter, Tensor
from autograd_seq.core.errors import UsageError


@pytest.mark.parametrize(
    "change", [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow], ids=lambda f: f.__name__
)
def test_in_place_operators_say_how_a_parameter_is_given_a_new_value(change):
    W = Parameter([[1.0, 2.0]], "W")
    (W * W).sum().backward()
    with pytest.raises(UsageError, match=r"(?s)W\.value = W\.value - 0\.1 \* W\.grad.*test_parameter"):
        change(W, 0.1 * W.grad)
    W.value = W.value - 0.1 * W.grad
    np.testing.assert_allclose(W.value, [[0.8, 1.6]])


def test_a_name_that_started_as_a_parameter_still_adds_up_results():
    W = Parameter([1.0, 2.0], "W")
    total = W * 1
    total += W
    assert isinstance(total, Tensor)
    assert total.value.tolist() == [2.0, 4.0]
    assert W.value.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_parameter_is_pickled_with_its_name_and_dtype_and_can_be_trained_further(dtype, protocol):
    W = Parameter(np.array([[0.1, -2.0, 3.0]], dtype), "Waa")
    W.value = W.value * 3
    back = pickle.loads(pickle.dumps(W, protocol))
    assert type(back) is Parameter
    assert back.name == "Waa"
    assert back.value.dtype == dtype
    np.testing.assert_array_equal(back.value, W.value)
    (back * back).sum().backward()
    np.testing.assert_array_equal(back.grad, 2 * W.value)
    back.value = back.value * 2
    assert not np.array_equal(back.value, W.value)


def test_leaves_are_pickled_and_results_say_what_to_save():
    x = pickle.loads(pickle.dumps(Tensor([1.0, 2.0], "x", requires_grad=True)))
    assert (x.name, x.requires_grad, x.value.tolist()) == ("x", True, [1.0, 2.0])
    a = teaching.zeros(3)
    b = pickle.loads(pickle.dumps(a))
    b[2] = 7
    assert b.value.tolist() == [0.0, 0.0, 7.0]
    a[1] = x[0]
    for recorded in (x * 2, a, a[1:], {"a": [x * 2]}):
        with pytest.raises(UsageError, match=r"(?s)x\.value.*Parameter.*test_parameter"):
            pickle.dumps(recorded)
