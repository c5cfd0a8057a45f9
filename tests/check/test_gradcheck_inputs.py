"""Whatever numbers come in, gradcheck differentiates by them; what it leaves out it names, with the reason."""

import array
from collections import namedtuple
from fractions import Fraction

import numpy as np
import pytest

import autograd_seq.operations as ops
from autograd_seq import GradientError, GraphLostError, Parameter, Tensor, UsageError, gradcheck, operation, tanh
from autograd_seq.check.inputs import mapped
from autograd_seq.testing import assert_gradients
from cells import LSTM

X = np.array([-1.3, 0.4, 2.0])
Pair = namedtuple("Pair", "first second")


@operation(vjp=[lambda g, y, a, k: g * k, lambda g, y, a, k: g * a])
def right(a, k, /):
    return a * k


@operation(vjp=[lambda g, y, a, k: g * k, lambda g, y, a, k: 1.01 * g * a])
def wrong(a, k, /):
    return a * k


@operation(vjp=[lambda g, y, a, k: g * k, None])
def forgotten(a, k, /):
    return a * k


ONE = {
    "list": [1.5, 2.0, -1.0],
    "list of integers": [1, 2, -1],
    "list of truth values": [True, False, True],
    "nested list": [[1, 2, 3], [4, 5, 6]],
    "nested list of floats": [[0.5, 1.0, 1.5]],
    "tuple": (1, 2, 3),
    "mixed tuple": (1, 2.5, True),
    "nested tuple": ((1, 2, 3), [4, 5, 6]),
    "list of NumPy's numbers": [np.float64(1.5), np.int64(2), np.float32(3)],
    "range": range(3),
    "array of integers": np.array([1, 2, 3]),
    "array of small integers": np.array([[1], [2]], dtype=np.uint8),
    "array of truth values": np.array([True, False, True]),
    "array of floats": np.array([0.5, 1.5, 2.5]),
    "array of single precision": np.array([0.5, 1.5, 2.5], np.float32),
    "array of the standard library": array.array("i", [1, 2, 3]),
    "NumPy's integer": np.int64(3),
    "NumPy's truth value": np.bool_(True),
    "NumPy's float": np.float32(1.5),
    "integer": 3,
    "float": 1.5,
    "truth value": True,
    "fraction": Fraction(1, 3),
    "tensor": Tensor([1.0, 2.0, 3.0], requires_grad=True),
}
INSIDE = {
    "dict": (lambda k: {"scale": k, "name": "text"}, lambda p: p["scale"]),
    "dict in a dict": (lambda k: {"layer": {"k": k}}, lambda p: p["layer"]["k"]),
    "list with text": (lambda k: ["text", k], lambda p: p[1]),
    "tuple with a tensor": (lambda k: (Parameter(X, "W"), k), lambda p: p[1]),
    "named tuple": (lambda k: Pair(None, k), lambda p: p.second),
    "list of arrays": (lambda k: [np.ones(2), np.asarray(k)], lambda p: p[1]),
}


@pytest.mark.parametrize("given", ONE.values(), ids=ONE)
def test_a_wrong_rule_is_caught_in_whatever_the_numbers_come(given):
    report = gradcheck(lambda x, k: right(x, k), X, given)
    assert report.ok and not report.left_out, str(report)
    assert [w.name for w in report.wholes] == ["x", "k"] or isinstance(given, Tensor)
    for rule in (wrong, forgotten):
        report = gradcheck(lambda x, k: rule(x, k), X, given)  # noqa: B023
        assert not report.ok and not report.left_out, str(report)
    with pytest.raises(AssertionError, match="wrong gradients"):
        assert_gradients(lambda k: wrong(Tensor(X), k), given)


@pytest.mark.parametrize("inside", INSIDE.values(), ids=INSIDE)
@pytest.mark.parametrize("given", [[1.5, 2.0, -1.0], [1, 2, 3], np.array([1, 2, 3]), 3, True], ids=repr)
def test_a_wrong_rule_is_caught_inside_containers(given, inside):
    pack, unpack = inside
    for rule in (right, wrong, forgotten):
        report = gradcheck(lambda x, p: rule(x, unpack(p)), X, pack(given))  # noqa: B023
        assert report.ok is (rule is right), str(report)


def test_parts_of_unequal_lengths_and_arrays_stay_parts():
    def function(rows):
        assert isinstance(rows, list) and [r.shape for r in rows] == [(2,), (3,)]
        return [tanh(r) for r in rows]

    report = gradcheck(function, [[1, 2], [3, 4, 5]])
    assert report.ok and [w.name for w in report.wholes] == ["rows[0]", "rows[1]"]
    assert gradcheck(function, [np.ones(2), np.ones(3)]).ok
    steps = gradcheck(lambda x: LSTM(2, 3, seed=0).unroll(x).final["a"], [np.ones((2, 4)), np.zeros((2, 4))])
    assert steps.ok and {"x[0]", "x[1]"} <= {w.name for w in steps.wholes}


def test_a_function_that_needs_a_list_gets_one():
    def function(xs):
        xs.sort(key=lambda x: x.item())
        return ops.stack(xs) * np.array([1.0, 2.0, 3.0])

    for given in ([3, 1, 2], [3.0, 1.0, 2.0]):
        report = gradcheck(function, given)
        assert report.ok and not report.left_out and len(report.wholes) == 3


# -- what must stay whole -----------------------------------------------------------------------

INDICES = {
    "index": (lambda x, n: tanh(x)[n], 1),
    "array of indices": (lambda x, n: tanh(x)[n], np.array([2, 0, 2])),
    "list of indices": (lambda x, n: tanh(x)[n], [2, 0, 2]),
    "mask": (lambda x, n: tanh(x)[n], np.array([True, False, True])),
    "range of indices": (lambda x, n: tanh(x)[n], range(2)),
    "looked up": (lambda x, n: np.eye(3)[n] @ tanh(x), [2, 0]),
    "take": (lambda x, n: np.take(tanh(x), n), [0, 0]),
    "axis": (lambda x, n: np.sum(tanh(x), axis=n), 0),
    "shape": (lambda x, n: np.reshape(tanh(x), n), (3, 1)),
    "count": (lambda x, n: sum(tanh(x) * i for i in range(n)), 3),
    "zeros": (lambda x, n: tanh(x) + np.zeros(n), 3),
    "key": (lambda x, n: tanh(x) * {1: 2.0, 2: 3.0}[n], 1),
    "part of a name": (lambda x, n: tanh(x) * {"W1": 2.0}[f"W{n}"], 1),
    "seed": (lambda x, n: tanh(x) * np.random.default_rng(n).normal(size=3), 4),
    "target made an array": (lambda x, n: np.square(x - np.array(n)), [1, 0, 1]),
}


@pytest.mark.parametrize("function, given", INDICES.values(), ids=INDICES)
def test_what_is_used_as_an_index_is_held_constant_and_named(function, given, monkeypatch):
    report = gradcheck(function, X, given)
    assert report.ok and list(report.left_out) == ["n"]
    assert "held constant: it is used as an index, a count or a setting" in report.left_out["n"]
    assert "left out n: held constant" in str(report)
    monkeypatch.setattr(ops.tanh, "vjp", [lambda g, y, x: g * (1 + y * y)])
    monkeypatch.setattr(ops.square, "vjp", [lambda g, y, x: 3 * g * x])
    assert not gradcheck(function, X, given).ok


@pytest.mark.parametrize(
    "function, given, reason",
    [
        (lambda x, n: np.where(n, x, 2 * x), np.array([True, False, True]), "jumps"),
        (lambda x, n: x * (np.arange(3) == n), 1, "jumps"),
        (lambda x, n: tanh(x) * (n // 2), 5, "no recorded operation"),
        (lambda x, n: np.roll(tanh(x), n), 1, "jumps"),
        (lambda x, n: x * ops.sign(n), 0, "jumps"),
        (lambda x, n: x**n, 2, "not defined between"),
        (lambda x, n: x + np.sqrt(n), 0, "not defined between"),
        (lambda x, n: x * 2 if isinstance(n, int) else x * 3, 4, "something else"),
        (lambda x, n: x[: int((n.item() if isinstance(n, Tensor) else n) + 0.005)], 2, "shape"),
        (lambda x, n: x if n else 2 * x, True, "no recorded operation"),
        (lambda x, n: x * (n.value if isinstance(n, Tensor) else n), 3, "no recorded operation"),
    ],
)
def test_what_has_no_derivative_between_whole_numbers_is_named(function, given, reason):
    report = gradcheck(function, X, given)
    assert report.ok and reason in report.left_out["n"], str(report)
    assert len(report.wholes) == 1


def test_an_exponent_is_an_input_where_it_can_be():
    report = gradcheck(lambda x, n: x**n, np.abs(X), 2)
    assert report.ok and [w.name for w in report.wholes] == ["x", "n"]
    assert report.wholes[1].how == "elements"


def test_each_input_is_judged_by_itself():
    def function(p, i, scale, words):
        assert words == ["a", "b"]
        return tanh(p["W"] * scale)[i] * len(words) + p["n"]

    report = gradcheck(function, {"W": [0.5, 1.0, -1.0], "n": 2}, 1, 3, ["a", "b"])
    assert report.ok and {w.name for w in report.wholes} == {"p['W']", "p['n']", "scale"}
    assert set(report.left_out) == {"i", "words"}
    assert report.left_out["words"] == "a list of 2 parts, each of type str, not a number"


def test_many_indices_are_all_found():
    def function(x, *n):
        return x[n[0]] * n[1] + x[n[2]] * n[3] + x[n[4]]

    report = gradcheck(function, X, 0, 5, 1, 7, 2)
    assert report.ok and list(report.left_out) == ["input 2", "input 4", "input 6"]
    assert [w.name for w in report.wholes] == ["x", "input 3", "input 5"]


@pytest.mark.parametrize(
    "given, reason",
    [
        ("text", "of type str"),
        (None, "None, not a number"),
        (b"bytes", "of type bytes"),
        (1j, "of type complex"),
        (10**400, "too large"),
        ([], "an empty list"),
        ({}, "an empty dict"),
        (["a"], "of type str"),
        ([None, "a"], "of type str"),
        (np.array(["a", "b"]), "array of <U1"),
        (np.array([1j]), "array of complex128"),
        (slice(1), "of type slice"),
        (np.float32, "of type type"),
        (np.random.default_rng(0), "of type Generator"),
        (LSTM(2, 2, seed=0), "of type LSTM"),
        (Tensor([1.0, 2.0, 3.0]), "without requires_grad=True"),
        (Tensor(np.array([1, 2])), "without requires_grad=True"),
        ({"mode": "relu"}, "of type str"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_number_is_handed_on_and_named(given, reason):
    handed_on = []

    def function(x, other):
        handed_on.append(other)
        return tanh(x)

    report = gradcheck(function, X, given)
    assert report.ok and any(reason in said for said in report.left_out.values()), report.left_out
    assert all(name.startswith("other") for name in report.left_out)
    assert all(type(other) is type(given) for other in handed_on)
    if not isinstance(given, (dict, list)):
        assert all(other is given for other in handed_on)


def test_the_list_of_what_is_left_out_stays_short():
    report = gradcheck(lambda x, parts: x * parts[0], X, [2.0, *"abc", None, *"de"])
    assert report.ok and list(report.left_out) == ["parts[1]", "parts[2]", "parts[3]", "parts[…]"]
    assert report.left_out["parts[…]"] == "3 parts more that are not differentiated"


def test_floats_that_the_function_turns_into_plain_numbers_are_refused():
    for given in ([0.0, 1.0, 0.5], np.array([0.0, 1.0, 0.5])):
        with pytest.raises(GraphLostError, match="tensor y into plain numbers"):
            gradcheck(lambda x, y: np.sum(x - np.array(y)), X, given)


def test_where_nothing_is_left_to_differentiate_it_says_why():
    with pytest.raises(GradientError, match="depends on its inputs(.|\n)*i: held constant: it is used as an index"):
        gradcheck(lambda i: Tensor(X)[i], 1)


def test_errors_of_the_function_are_its_own():
    with pytest.raises(AttributeError, match="no_such"):
        gradcheck(lambda x, n: x.no_such(n), X, 3)
    with pytest.raises(ZeroDivisionError):
        gradcheck(lambda x, n, m: x * (1 / 0), X, 3, [1, 2])
    with pytest.raises(UsageError, match="must give tensors"):
        gradcheck(lambda x, n: 3.0, X, 3)


def test_a_report_without_left_out_inputs_does_not_speak_of_them():
    assert "left out" not in str(gradcheck(lambda x, k: x * k, X, 3))


def test_containers_without_numbers_stay_themselves():
    part = {"a": ["text", (None,)], "b": []}
    assert mapped(part, lambda x: x) is part
    assert mapped(Pair(1, [2]), lambda x: x + 1) == Pair(2, [3])


def added_under_two_names(x):
    y = x * 1.0
    z = y
    y += 1.0
    return np.sum(z**2)


def added_by_a_helper(x):
    def more(a):
        a += 1.0

    y = x * 2.0
    more(y)
    return np.sum(y**2)


def added_under_one_name(x):
    y = x * 1.0
    y += 1.0
    y *= y
    return np.sum(y)


def its_argument(x):
    x *= 2.0
    return np.sum(x**2)


@pytest.mark.parametrize("function", [added_under_two_names, added_by_a_helper])
def test_what_numpy_changes_under_another_name_is_not_vouched_for(function):
    report = gradcheck(function, X)
    assert not report.ok and not report.failures and "under each of its names" in report.undecided[0]


@pytest.mark.parametrize("function", [added_under_one_name, its_argument, lambda x: np.sum(x.value * x)])
def test_what_is_changed_under_its_only_name_is(function):
    before = X.copy()
    assert "plain arrays" not in " ".join(gradcheck(function, before).undecided)
    assert (before == X).all()
