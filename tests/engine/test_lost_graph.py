"""Where NumPy or Python would lose the graph without a word, the error names the line and says what to write."""

import copy
import math
import re

import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import DtypeError, GraphLostError, Parameter, ShapeError, Tensor, UsageError, no_grad, stop_gradient


@pytest.fixture
def x():
    return Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "x", requires_grad=True)


def assign_part(x):
    plain = np.zeros((2, 3, 4))
    plain[:, :, 1] = x * 2  # the line


def assign_row(x):
    plain = np.zeros((5, 3))
    plain[2] = x[0]  # the line


def assign_under_mask(x):
    plain = np.zeros((2, 3))
    plain[plain == 0] = (x * 2).ravel()  # the line


def add_in_place(x):
    plain = np.zeros((2, 3))
    plain += x  # the line


def multiply_in_place_by_a_scalar(x):
    plain = np.ones((2, 3))
    plain *= x.sum()  # the line


def ufunc_into(x):
    np.tanh(x, out=np.zeros((2, 3)))  # the line


def function_into(x):
    np.sum(x, axis=0, out=np.zeros(3))  # the line


def to_float(x):
    return float(x.sum())  # the line


def to_int(x):
    return int(x.sum())  # the line


def of_math(x):
    return math.tanh(x[0, 0])  # the line


def percent_format(x):
    return "%f" % x.sum()  # noqa: UP031, the line


def as_index(x):
    return [1, 2, 3][x[0, 0]]  # the line


def filled_like(x):
    return np.full_like(np.zeros(3), x[0, 0])  # the line


def filled(x):
    return np.full((2, 2), x[0, 0])  # the line


def array_of_list(x):
    return np.array([x[0], x[1]])  # the line


def array_of_scalars(x):
    return np.array([x[0, 0], x[0, 1]])  # the line


def array_of_tensor(x):
    return np.array(x * 2)  # the line


def as_array(x):
    return np.asarray(x)  # the line


def mean_of_list(x):
    return np.mean([x.sum(), x.sum()])  # the line


def rounded(x):
    return round(x.sum(), 2)  # the line


def added_at(x):
    np.add.at(np.zeros(3), [0, 0, 1], x[0])  # the line


def filled_method(x):
    np.zeros(3).fill(x.sum())  # the line


def write_through_view(x):
    a = teaching.zeros((2, 3, 4))
    a[:, :, 0][0] = x[0]  # the line


def write_through_view_of_view(x):
    a = teaching.zeros((2, 3, 4))
    a[:, :, 0][0][1:] = x[0, 1:]  # the line


def write_into_part_that_was_assigned(x):
    a = teaching.zeros((2, 3, 4))
    a[:, :, 0] = x
    part = a[:, :, 0]
    part[0] = 1.0  # the line


def write_through_transpose(x):
    a = teaching.zeros((2, 3))
    a.T[0] = 1.0  # the line


def write_into_result(x):
    y = x * 2
    y[0] = 1.0  # the line


def write_into_parameter(x):
    Parameter([1.0, 2.0], "w")[0] = 1.0  # the line


LOSSES = [
    assign_part, assign_row, assign_under_mask, add_in_place, multiply_in_place_by_a_scalar, ufunc_into, function_into,
    to_float, to_int, of_math, percent_format, rounded, added_at, as_index, filled_like, filled,
    array_of_list, array_of_scalars,
    array_of_tensor, as_array, mean_of_list, write_through_view, write_through_view_of_view,
    write_into_part_that_was_assigned, write_through_transpose, write_into_result, write_into_parameter,
]  # fmt: skip


@pytest.mark.parametrize("lose", LOSSES, ids=lambda f: f.__name__)
def test_the_error_names_the_line_and_a_way_out(lose, x):
    with pytest.raises(GraphLostError) as caught:
        lose(x)
    message = str(caught.value)
    assert re.search(r"at test_lost_graph\.py:\d+: .*the line$", message), message
    assert re.search(r"\.item\(\)|autograd_seq\.numpy|total = total|\.copy\(\)", message), message
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("lose", [filled_method, lambda x: np.zeros(3).__setitem__(1, x.sum() * 2)])  # the line
def test_numpy_hides_the_error_of_a_scalar_behind_its_own_but_shows_it(lose, x):
    """NumPy turns whatever comes out of __float__ of a thing with a length into its own error, ours as the cause."""
    with pytest.raises(ValueError) as caught:
        lose(x)
    assert isinstance(caught.value.__cause__, GraphLostError)
    assert "autograd_seq.numpy" in str(caught.value.__cause__)
    assert str(caught.value.__cause__).endswith("# the line")


def test_ways_out_on_purpose(x):
    assert x.sum().item() == 21.0
    assert type(x.sum().item()) is float
    np.testing.assert_array_equal(np.array(x.value), x.value)
    assert f"{x.sum():.1f}" == "21.0"
    assert math.tanh(x[0, 0].item()) == np.tanh(1.0)


def test_a_constant_that_nobody_computed_is_just_numbers():
    constant = Tensor([1.0, 2.0])
    np.testing.assert_array_equal(np.array(constant), [1.0, 2.0])
    assert float(constant.copy()[0].value) == 1.0
    with no_grad():
        free = Parameter([3.0], "w") * 2
    assert float(free[0].value) == 6.0
    assert stop_gradient(Parameter([3.0], "w") * 2).requires_grad is False


def test_places_and_counts_have_no_derivative_to_lose(x):
    best = np.argmax(x, axis=1)
    assert [["a", "b", "c"][i] for i in best] == ["c", "c"]
    assert int(best[0]) == 2
    assert np.arange(3)[best].tolist() == [2, 2]
    assert np.ones((2, 3))[x > 4].sum() == 2
    assert list(range(best[1])) == [0, 1]


def test_plain_numbers_in_an_array_that_can_be_written_into_stay_plain():
    a = teaching.zeros((2, 3))
    a[1, 2] = 5
    assert float(a[1, 2]) == 5.0
    assert np.array(a[1]).tolist() == [0, 0, 5]
    assert a[:, 2].operation is None
    assert int(a[1, 2]) == 5


def test_values_are_copied_in_and_read_only():
    mine = np.array([1.0, 2.0, 3.0])
    x, p = Tensor(mine, requires_grad=True), Parameter(mine, "p")
    y = (x * p).sum()
    mine[:] = 0
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 2, 3])
    np.testing.assert_array_equal(p.grad, [1, 2, 3])
    for tensor in (x, p, x * 2, x[1:], teaching.zeros(3), x.sum()):
        with pytest.raises(ValueError, match="read-only"):
            tensor.value[...] = 7
    replacement = np.array([4.0, 5.0, 6.0])
    p.value = replacement
    replacement[:] = 0
    np.testing.assert_array_equal(p.value, [4, 5, 6])


def test_constants_of_an_operation_are_copied_in():
    mine, x = np.array([2.0, 3.0]), Tensor([1.0, 1.0], requires_grad=True)
    y, z = x * mine, np.dot(mine, x)
    index = np.array([1, 0])
    picked = (x * mine)[index]
    mine[:] = 100
    index[:] = 0
    (y.sum() + z + (picked * np.array([10.0, 20.0])).sum()).backward()
    np.testing.assert_array_equal(x.grad, [2 + 2 + 40, 3 + 3 + 30])


def test_the_value_of_a_result_cannot_be_replaced(x):
    with pytest.raises(UsageError, match="only a Parameter's can"):
        (x * 2).value = np.zeros((2, 3))
    with pytest.raises(UsageError, match=r"is a result.*differentiate"):
        (x * 2).grad = np.zeros((2, 3))


def test_errors_of_assignment():
    a = teaching.zeros((2, 3))
    with pytest.raises(ShapeError, match=r"\(4,\).*\(2, 3\).*\(3,\)[\s\S]*at test_lost_graph"):
        a[0] = np.ones(4)
    with pytest.raises(ShapeError, match=r"\(2, 3\)[\s\S]*out of bounds[\s\S]*at test_lost_graph"):
        a[5] = 1
    with pytest.raises(ShapeError, match=r"too many indices[\s\S]*at test_lost_graph"):
        a[0, 0, 0]
    counts = teaching.zeros(3, dtype=int)
    assert isinstance(counts, np.ndarray)
    whole = Tensor(np.array([1, 2, 3])).copy()
    whole[0] = 5.7  # as NumPy: cut
    assert whole.value.tolist() == [5, 2, 3]
    with pytest.raises(DtypeError, match=r"int64.*dtype=float"):
        whole[0] = Parameter([1.5], "w")[0]


def test_deepcopy_of_a_cache(x):
    weight, array = Parameter([[1.0]], "W"), teaching.zeros(2)
    array[0] = x[0, 0]
    cache = (x * 2, {"W": weight}, array)
    copied = copy.deepcopy(cache)
    assert copied[0] is cache[0]
    assert copied[1]["W"] is not weight
    copied[1]["W"].value = [[5.0]]
    assert weight.value.item() == 1.0
    assert copied[1]["W"].name == "W"
    copied[2][1] = 3.0
    assert array.value.tolist() == [1.0, 0.0]
    assert copied[2].value.tolist() == [1.0, 3.0]
