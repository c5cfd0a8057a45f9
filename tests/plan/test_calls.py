"""How a plan is called: arguments, names, shapes, threads and copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, compile
from autograd_seq.core.errors import AutogradError, DtypeError, UsageError
from autograd_seq.plan.writing.tools import available


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


def squares(W: Any, x: Any, y: Any) -> Any:
    a, J = np.zeros((3, 2)), 0.0
    for t in ag.steps(x.shape[2]):
        a = ag.name(ag.tanh(W @ a + x[:, :, t]), "a")
        J = J + ag.sum((a - y[:, :, t]) ** 2)
    return J


FIRST, TARGETS = np.random.default_rng(0).normal(size=(2, 3, 2, 4))
SAME_NUMBERS = {
    "Fortran's order": np.asfortranarray(FIRST),
    "strided": np.repeat(FIRST, 2, axis=2)[:, :, ::2],
    "reversed": FIRST[:, :, ::-1].copy()[:, :, ::-1],
    "other axes first": FIRST.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    "read-only": np.frombuffer(FIRST.tobytes()).reshape(FIRST.shape),
    "a list": FIRST.tolist(),
    "a list of arrays": list(FIRST),
    "a masked array": FIRST.view(np.ma.MaskedArray),
    "big-endian": FIRST.astype(">f8"),
    "long double": FIRST.astype(np.longdouble),
    "a tensor": Tensor(FIRST),
}
OTHER_NUMBERS = {
    "float32": FIRST.astype(np.float32),
    "float16": FIRST.astype(np.float16),
    "integers": (3 * FIRST).astype(int),
    "bytes": (abs(3 * FIRST)).astype(np.uint8),
    "truth values": FIRST > 0,
    "broadcast": np.broadcast_to(FIRST[:, :1], FIRST.shape),
    "one number": np.broadcast_to(0.5, FIRST.shape),
    "shorter": FIRST[:, :, :2],
    "not finite": FIRST * np.array([1, 1, 1, np.nan]),
}
FAST = [False, pytest.param(True, marks=pytest.mark.skipif(not available(), reason="needs Numba and SciPy"))]


@pytest.mark.parametrize("fast", FAST)
@pytest.mark.parametrize("which", [*SAME_NUMBERS, *OTHER_NUMBERS])
def test_arrays_of_every_kind(which: str, fast: bool) -> None:
    W = Parameter(np.random.default_rng(1).normal(size=(3, 3)), "W")
    x = {**SAME_NUMBERS, **OTHER_NUMBERS}[which]
    plan = compile(lambda x, y: squares(W, x, y), {"W": W}, fast=fast)
    rough = getattr(x, "dtype", None) in (np.float16, np.float32)
    for given in (FIRST, x, x, FIRST, x):
        loss, gradients = plan(given, TARGETS)
        recorded = squares(W, Tensor(np.asarray(given)), TARGETS)
        recorded.backward()
        assert loss == pytest.approx(recorded.item(), rel=1e-3 if rough else 1e-9, nan_ok=True)
        np.testing.assert_allclose(gradients["W"], W.grad, rtol=1e-3 if rough else 1e-9)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (FIRST * 1j, r"x must hold real numbers, but got complex128"),
        ([[1], [2, 3]], r"x is not an array of numbers: .*inhomogeneous"),
        (np.array(["a"]), r"x must hold real numbers, but got <U1"),
        ({"a": FIRST}, r"x must hold real numbers, but got object"),
        ({1, 2}, r"x must hold real numbers, but got object"),
        (10**30, r"x must hold real numbers, but got object"),
        (np.array(["2020-01-01"], "M8[D]"), r"x must hold real numbers, but got datetime64"),
        (np.sum, r"give it in a function around"),
        (None, r"with x None, y \(3, 2, 4\): AttributeError"),
        ("abc", r"with x 'abc', y \(3, 2, 4\): AttributeError"),
        (3.0, r"with x \(\), y \(3, 2, 4\): IndexError"),
        (FIRST[0], r"with x \(2, 4\), y \(3, 2, 4\): IndexError"),
        (FIRST[:2], r"\(3, 2\) and \(2, 2\)"),
        (FIRST[:, :, :0], r"not float"),
        (np.concatenate([FIRST, FIRST], axis=2), r"\(3, 2, 4\), index="),
        (Parameter(FIRST, "x"), r"lose its gradient"),
        (Tensor(FIRST) * 2, r"lose its gradient"),
    ],
)
def test_what_is_not_an_array_that_fits_is_said(given: Any, said: str) -> None:
    W = Parameter(np.eye(3), "W")
    plan = compile(lambda x, y: squares(W, x, y), [W])
    first, _ = plan(FIRST, TARGETS)
    for _ in range(2):
        with pytest.raises(AutogradError, match=f"(?s){said}.* at test_calls.py"):
            plan(given, TARGETS)
    assert plan(FIRST, TARGETS)[0] == first


def test_arguments_by_place_and_by_name() -> None:
    W = Parameter([[0.5, -1.0]], "W")

    def loss(x: Any, /, factor: Any = 2.0, *, power: Any = None, kind: Any = "sum") -> Any:
        z = ag.tanh(W @ x) * factor if power is None else ag.tanh(W @ x) ** power * factor
        return ag.sum(z) if kind == "sum" else ag.mean(z)

    plan, x = compile(loss, [W]), np.array([[1.0, 2.0], [2.0, 0.5]])
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((x,), {}), ((x, 3.0), {}), ((x,), {"factor": 3}), ((x,), {"power": 3}), ((x, 3), {"power": 2.0}),
        ((x,), {"kind": "mean"}), ((x,), {"power": None, "kind": "sum"}), ((x,), {"kind": "mean", "power": 2}),
    ]  # fmt: skip
    for arguments, named in [*calls, *reversed(calls)]:
        assert plan(*arguments, **named)[0] == pytest.approx(loss(*arguments, **named).item())
    for arguments, named, said in (
        ((), {}, "missing a required argument: 'x'"),
        ((x, 1.0, 2.0), {}, "too many positional"),
        ((x, 1.0, 2.0, "sum"), {}, "too many positional"),
        ((x, 1.0), {"factor": 2.0}, "multiple values"),
        ((x,), {"size": 1}, "unexpected keyword"),
        ((), {"x": x}, "'x'"),
        ((x,), {"parameters": [W]}, "in a dict of arrays"),
        ((x,), {"parameters": {"V": W}}, "there is no V"),
    ):
        with pytest.raises(UsageError, match=said):
            plan(*arguments, **named)


def test_results_belong_to_the_caller_and_arguments_are_left_as_they_are() -> None:
    W = Parameter(np.eye(3), "W")
    plan, x = compile(lambda x, y: squares(W, x, y), [W]), FIRST.copy()
    first, gradients = plan(x, TARGETS)
    kept = gradients["W"].copy()
    gradients["W"][...] = np.nan
    assert np.array_equal(x, FIRST)
    x[...] = 0.5
    plan(x, TARGETS)
    loss, gradients = plan(FIRST, TARGETS)
    assert loss == first
    np.testing.assert_array_equal(gradients["W"], kept)


def test_a_finished_recording_keeps_its_dtypes() -> None:
    W, i = Parameter(np.eye(3), "W"), Tensor(np.array([1, 2]), "i")
    plan = compile(ag.sum(W @ np.ones((3, 2)) * i), [W])
    assert plan(i=[2.0, 3.0])[0] == 15.0
    with pytest.raises(DtypeError, match="i was recorded as int64, which cannot hold"):
        plan(i=[2.5, 3.0])
    with pytest.raises(DtypeError, match="must hold real numbers"):
        plan(i=None)


def test_what_has_no_signature_is_said() -> None:
    with pytest.raises(UsageError, match=r"write lambda x: \.\.\. around it"):
        compile(max)


def test_errors_of_the_function_itself_stay() -> None:
    def loss(x: Any) -> Any:
        raise ValueError("no data")

    with pytest.raises(ValueError, match="^no data$"):
        compile(loss)(FIRST)
