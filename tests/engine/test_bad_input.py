"""Bad input: each error is of the package's own kinds and says what was given, what is expected, and where."""

import re

import numpy as np
import pytest

import autograd_seq
import autograd_seq.numpy as teaching
from autograd_seq import (
    AutogradError,
    DtypeError,
    GradientError,
    Graph,
    Parameter,
    ShapeError,
    Tensor,
    UsageError,
    ValueRangeError,
    clip_by_element,
    clip_by_norm,
    contributions,
    derive,
    differentiate,
    grad,
    matmul,
    name,
    scope,
    source,
    steps,
    tanh,
)  # fmt: skip

X = Tensor(np.ones((2, 3)), "x", requires_grad=True)
COUNTS = np.array([1, 2, 3])

CASES = [
    # shapes
    (ShapeError, lambda: X + np.ones((4, 3)), ["add", "(2, 3)", "(4, 3)", "broadcast"]),
    (ShapeError, lambda: np.multiply(np.ones(2), X), ["multiply", "(2, 3)", "(2,)", "broadcast"]),
    (ShapeError, lambda: X @ np.ones((2, 5)), ["matmul", "(2, 3)", "(2, 5)"]),
    (ShapeError, lambda: np.dot(X, np.ones(4)), ["(2, 3)", "(4,)"]),
    (ShapeError, lambda: teaching.concatenate([X, np.ones((2, 4))]), ["concatenate", "(2, 3)", "(2, 4)"]),
    (ShapeError, lambda: X.reshape(4, 2), ["reshape", "(2, 3)", "(4, 2)"]),
    (ShapeError, lambda: X[5], ["getitem", "(2, 3)", "out of bounds"]),
    (ShapeError, lambda: X.item(), ["item()", "exactly one", "x", "(2, 3)"]),
    (ShapeError, lambda: len(X.sum()), ["scalar", "length"]),
    (ShapeError, lambda: bool(X), ["(2, 3)", ".any()", ".all()"]),
    # kinds of values
    (DtypeError, lambda: Tensor("word"), ["real numbers", "word"]),
    (DtypeError, lambda: Tensor([1, None]), ["numbers", "None"]),
    (DtypeError, lambda: Tensor([[1.0, 2.0], [3.0]]), ["array of numbers", "[[1.0, 2.0], [3.0]]"]),
    (DtypeError, lambda: Tensor(1j), ["real numbers", "complex128"]),
    (DtypeError, lambda: X + "word", ["real numbers", "word"]),
    (DtypeError, lambda: Tensor(COUNTS, "n", requires_grad=True), ["floats", "n", "int64", "dtype=float"]),
    (DtypeError, lambda: Parameter(["a"], "W"), ["real numbers"]),
    (DtypeError, lambda: Tensor([1, None], dtype=float), ["real numbers", "object", "None"]),
    (DtypeError, lambda: Tensor(np.array(["1", "2"]), dtype=float), ["real numbers", "<U1"]),
    (DtypeError, lambda: Tensor(np.ones(2) * 1j, dtype=float), ["real numbers", "complex128"]),
    (DtypeError, lambda: Tensor([1.0], dtype=complex), ["real numbers", "complex128"]),
    (DtypeError, lambda: Tensor([1.0], dtype="foo"), ["foo"]),
    (DtypeError, lambda: Parameter([1.0], "W", dtype=object), ["real numbers", "object"]),
    (DtypeError, lambda: set_value(np.array([[None, 1.0]])), ["real numbers", "object"]),
    (UsageError, lambda: Tensor([1.0], 3), ["name is a text", "3"]),
    (UsageError, lambda: Parameter([1.0], ["W"]), ["name is a text", "['W']"]),
    (ValueRangeError, lambda: clip_by_norm([np.ones(2)], "5"), ["limit", "above 0", "'5'"]),
    (ValueRangeError, lambda: clip_by_element([np.ones(2)], None), ["limit", "above 0", "None"]),
    (DtypeError, lambda: clip_by_norm([None], 5.0), ["gradient", "array of numbers", "None"]),
    (DtypeError, lambda: clip_by_element([[[1.0], [1.0, 2.0]]], 5.0), ["gradient", "array of numbers", "[[1.0]"]),
    (UsageError, lambda: derive(X.sum(), title=3), ["title", "text", "int"]),
    (UsageError, lambda: derive(X.sum(), proof=3), ["proof", "prove(loss)", "int"]),
    (UsageError, lambda: source(X.sum(), 3), ["name", "text", "int"]),
    # values of a parameter
    (ValueRangeError, lambda: Parameter([[1.0, np.nan]], "Waa"), ["Waa", "finite", "nan", "[0, 1]", "1 of 2"]),
    (ValueRangeError, lambda: Parameter([np.inf, -np.inf, 1.0], "ba"), ["ba", "inf", "[0]", "2 of 3"]),
    (ValueRangeError, lambda: set_value([[np.nan, 0.0]]), ["Wax", "nan", "[0, 0]"]),
    (ShapeError, lambda: set_value([1.0]), ["Wax", "(1, 2)", "(1,)"]),
    (DtypeError, lambda: set_value("w"), ["numbers"]),
    # derivatives
    (GradientError, lambda: X.backward(), ["x", "(2, 3)", "scalar", ".sum()", "gradient="]),
    (GradientError, lambda: grad(X * 2, X), ["(2, 3)", "scalar", "gradient="]),
    (GradientError, lambda: differentiate(X * 2), ["(2, 3)", "scalar"]),
    (GradientError, lambda: contributions(X * 2, X), ["(2, 3)", "scalar"]),
    (UsageError, lambda: contributions((X * 2).sum(), 3), ["contributions()", "Parameter", "int"]),
    (UsageError, lambda: contributions(3, X), ["tensor", "int"]),
    (ShapeError, lambda: X.backward(np.ones((3, 2))), ["x", "(2, 3)", "(3, 2)"]),
    (DtypeError, lambda: X.backward("ones"), ["numbers", "ones"]),
    (GradientError, lambda: Tensor(2.0).backward(), ["requires a gradient", "Parameter"]),
    (GradientError, lambda: (Tensor([1.0]) > 0).sum().backward(), ["requires a gradient"]),
    (GradientError, lambda: grad(X.sum(), Tensor(1.0, "y")), ["y", "requires_grad=True"]),
    (UsageError, lambda: grad(X.sum(), [np.ones(3)]), ["tensors", "ndarray"]),
    (UsageError, lambda: grad(5.0, X), ["tensor", "float", "Parameter"]),
    (UsageError, lambda: differentiate(np.ones(2)), ["tensor", "ndarray"]),
    (GradientError, lambda: differentiate(X.sum()).adjoint(Tensor(1.0, "y")), ["no derivative", "y"]),
    # keywords and calls
    (UsageError, lambda: autograd_seq.operations.sum(X, axes=0), ["sum()", "'axes'", "axis", "keepdims"]),
    (UsageError, lambda: tanh(X, scale=2), ["tanh()", "'scale'", "1 array"]),
    (UsageError, lambda: tanh(), ["tanh()", "1 array", "0 arguments"]),
    (UsageError, lambda: matmul(X), ["matmul()", "2 arrays", "1 arguments"]),
    (UsageError, lambda: Tensor(1.0, grad=True), ["Tensor()", "'grad'", "requires_grad"]),
    (UsageError, lambda: Parameter(1.0, "W", requires_grad=True), ["Parameter()", "'requires_grad'", "name"]),
    (ValueRangeError, lambda: scope(step=3), ["scope()", "'step'", "time", "layer"]),
    (ValueRangeError, lambda: scope(direction="left"), ["direction", "'left'", "'forward'", "'backward'"]),
    (UsageError, lambda: next(steps(2.5)), ["steps()", "2.5", "whole number"]),
    (UsageError, lambda: name(X * 2, 3), ["name()", "'Gamma_f'", "3"]),
    (UsageError, lambda: Graph(3), ["tensors", "int"]),
    (UsageError, lambda: (X * 2).graph.find("a"), ["no record", "'a'", "x"]),
    (UsageError, lambda: np.add.reduceat(X, [0]), ["add.reduceat", "no derivative", "operation of your own", ".value"]),
    (UsageError, lambda: np.nextafter(X, 2.0), ["np.nextafter", "no derivative", ".value"]),
    (UsageError, lambda: np.linalg.eig(X), ["np.linalg.eig", "no derivative", "np.linalg.solve"]),
]


def set_value(value):
    Parameter([[1.0, 2.0]], "Wax").value = value  # CASES is not where it went wrong


@pytest.mark.parametrize(("kind", "call", "said"), CASES)
def test_the_message_says_what_was_given_what_is_expected_and_where(kind, call, said):
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    for part in said:
        assert part in message, message
    place, _, line = message.rpartition("\n  at ")[2].partition(": ")
    assert place.startswith("test_bad_input.py:"), message
    assert "lambda" in line or "not where it went wrong" in line, message
    assert isinstance(caught.value, AutogradError)


def test_the_kinds_are_pythons_own_too():
    for kind, builtin in [
        (ShapeError, ValueError), (ValueRangeError, ValueError), (DtypeError, TypeError),
        (UsageError, TypeError), (GradientError, RuntimeError),
    ]:  # fmt: skip
        assert issubclass(kind, builtin)
        assert issubclass(kind, AutogradError)


def test_a_failed_operation_leaves_nothing_behind():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ShapeError):
        x + np.ones(3)
    with pytest.raises(ValueRangeError), scope(time=2), scope(direction="sideways"):
        pass
    y = (x * x).sum()
    assert y.scope.time is None
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_dtypes_are_kept():
    single = Parameter(np.ones((2, 2), np.float32), "W")
    y = tanh(single @ np.ones((2, 1), np.float32) * 2 + 1.5)
    assert y.dtype == np.float32
    y.sum().backward()
    assert single.grad.dtype == np.float32
    assert (single + np.ones(2)).dtype == np.float64
    assert grad((single + np.ones(2)).sum(), single).dtype == np.float32
    assert Tensor(3).dtype == np.float64
    assert Tensor(np.array([1, 2])).dtype == np.int64
    assert Tensor(np.array([1, 2], np.uint8)).dtype == np.uint8
    assert Parameter([1, 2], "n").dtype == np.float64


def test_advice_on_arrays_is_in_the_words_of_the_program():
    """What is to be written can be written: no record is called by its number."""
    W, kept = Parameter(np.eye(2), "W"), {}
    with pytest.raises(GradientError, match=re.escape("Write np.sum(W @ W) first")):
        (W @ W).backward()
    with pytest.raises(GradientError, match=re.escape("Write hidden.sum() first")):
        hidden = np.tanh(W @ W)
        hidden.backward()
    with pytest.raises(GradientError, match=re.escape("Write np.sum(np.tanh(W)) first")):
        kept[0] = np.tanh(W)  # kept.sum() is no array's
        grad(kept[0], W)
    with pytest.raises(GradientError, match=re.escape("Write W.sum() first")):
        W.backward()
