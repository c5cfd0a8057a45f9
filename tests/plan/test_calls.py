"""How a plan is called: arguments, names, shapes, threads and copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, compile
from autograd_seq.core.errors import DtypeError, UsageError


def test_arguments_left_out_and_arguments_by_name() -> None:
    W = Parameter([[0.5, -1.0]], "W")
    plan = compile(lambda x, scale=2.0, *, shift=0.0: ag.sum(ag.tanh(W @ x) * scale + shift), {"W": W})
    x = np.array([[1.0], [2.0]])
    for arguments in ({}, {"shift": 1.0}, {"scale": 3.0, "shift": -1.0}):
        wanted = np.tanh(-1.5) * arguments.get("scale", 2.0) + arguments.get("shift", 0.0)
        assert plan(x, **arguments)[0] == pytest.approx(wanted)
    with pytest.raises(UsageError, match="the function takes"):
        plan(x, size=3)
    with pytest.raises(UsageError, match="a name for each array"):
        compile(lambda *arrays: ag.sum(arrays[0] @ W))


def test_a_loss_of_one_number_in_any_shape() -> None:
    W = Parameter([[0.5, -1.0]], "W")
    assert compile(lambda x: W @ x, {"W": W})(np.array([[1.0], [2.0]]))[0] == -1.5


def test_each_gradient_has_a_name_of_its_own() -> None:
    A, W = Parameter(3 * np.eye(2), "A"), Parameter(np.eye(2), "W")
    plan = compile(lambda x: ag.sum(W @ x) + ag.sum(A @ A @ x), {"A": W})
    with pytest.raises(UsageError, match="one name of its own"):
        plan(np.ones((2, 1)))


def test_a_plan_is_neither_copied_nor_run_twice_at_once() -> None:
    W = Parameter([[0.5, -1.0]], "W")
    plan = compile(ag.sum(W @ np.ones((2, 1))))
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(UsageError, match="compile it again"):
            copied(plan)
    with plan._lock, pytest.raises(UsageError, match="one thread at a time"):
        plan()
    assert plan()[0] == -0.5


def test_complex_input_is_refused() -> None:
    x = Tensor(np.ones((2, 1)), "x")
    plan = compile(ag.sum(Parameter([[0.5, -1.0]], "W") @ x))
    with pytest.raises(DtypeError, match="real numbers"):
        plan(x=np.ones((2, 1)) * 1j)


@pytest.mark.parametrize("given", [lambda W, b: [W, b], lambda W, b: (W, b), lambda W, b: {"W": W, "b": b}.values()])
def test_parameters_as_a_list_are_known_by_their_names(given: Any) -> None:
    W, b = Parameter([[0.5, -1.0]], "W"), Parameter([[0.25]], "b")
    plan, x = compile(lambda x: ag.sum(ag.tanh(W @ x + b)), given(W, b)), np.array([[1.0], [2.0]])
    for value in (0.25, 0.25, -0.5):
        b.value = [[value]]
        loss, gradients = plan(x)
        assert loss == pytest.approx(np.tanh(-1.5 + value))
        np.testing.assert_allclose(gradients["b"], [[1 - np.tanh(-1.5 + value) ** 2]])
        assert set(gradients) == {"W", "b"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda W: W, "not as one called W"),
        (lambda W: [W, Parameter(1.0, "W")], "several parameters are called W"),
        (lambda W: [W, Parameter(1.0)], r"one of shape \(\) has none: write Parameter\(value, 'W'\)"),
        (lambda W: [W.value], "not as ndarray"),
        (lambda W: W.value, "not as ndarray"),
        (lambda W: "W", "not as str"),
        (lambda W: 3, "not as int"),
        (lambda W: {"W": W.value}, "not as ndarray"),
        (lambda W: {1: W}, "has 1: write"),
        (lambda W: [Tensor(W.value, "W")], "not as Tensor"),
        (lambda W: [[W]], "not as list"),
    ],
)
def test_what_is_not_a_list_of_parameters_is_said(given: Any, said: str) -> None:
    W = Parameter([[0.5, -1.0]], "W")
    with pytest.raises(UsageError, match=said):
        compile(lambda x: ag.sum(W @ x), given(W))
