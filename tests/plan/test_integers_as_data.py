"""Integers are data of a plan: new values cost no recording, and are right where rows are not what they seem, too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plan import everyday_integers
from plan.everyday import PROGRAMS

import autograd_seq as ag
from autograd_seq import GraphLostError, Parameter, compile

KINDS = [kind for kind, known in PROGRAMS.items() if known.make.__module__ == everyday_integers.__name__]
RNG = np.random.default_rng(0)
E, W = Parameter(RNG.standard_normal((6, 4)), "E"), Parameter(RNG.standard_normal((4, 4)), "W")


def agrees(plan: Any, loss: Callable[..., Any], *arrays: Any) -> None:
    for parameter in (E, W):
        parameter.grad = None
    J, gradients = plan(*arrays)
    recorded = loss(*arrays)
    recorded.backward()
    assert abs(J - recorded.item()) < 1e-12 * max(1.0, abs(recorded.item()))
    for key, found in gradients.items():
        wanted = {"E": E, "W": W}[key].grad
        assert np.abs(found - wanted).max() < 1e-12 * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("kind", KINDS)
def test_new_values_cost_no_recording(kind: str) -> None:
    known = PROGRAMS[kind]
    loss, parameters = known.ready()
    calls = []

    def counted(*arrays: Any) -> Any:
        calls.append(arrays[0].shape)
        return loss(*arrays)

    counted.__signature__ = inspect.signature(loss)  # type: ignore[attr-defined]
    plan = compile(counted, parameters)
    for seed in range(40):
        plan(*known.data(5, 9 + seed % 2))  # other numbers for other sizes
        if seed == 9:
            made = len(calls)
    assert len(calls) == made, plan.explain()


def by_rows(table: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def loss(ids: Any) -> Any:
        h = np.zeros((1, 4))
        for t in range(ids.shape[0]):
            h = ag.tanh(h @ W + table(ids[t])[None] @ E)
        return ag.sum(h**2)

    return loss


def cut_off(k: Any) -> Any:
    return np.concatenate([np.eye(9)[k][:5], [0.0]])


def another_from_four_on(k: Any) -> Any:
    return np.array([np.eye(6)[i] if i < 4 else 2 * np.eye(6)[i] for i in range(6)])[k]


@pytest.mark.parametrize("table", [cut_off, another_from_four_on], ids=lambda f: f.__name__)
def test_rows_that_only_seem_to_be_of_ones(table: Callable[[Any], Any]) -> None:
    """What was compared were integers below 4; others come later."""
    loss = by_rows(table)
    plan = compile(loss, [E, W])
    for seed in range(4):
        agrees(plan, loss, np.random.default_rng(seed).integers(0, 4, 7))
    for ids in ([4, 5, 4, 5, 5, 4, 4], [0, 1, 5, 2, 4, 4, 5], [5, 5, 5, 1, 1, 2, 3], [0, 1, 2, 3, 3, 2, 1]):
        agrees(plan, loss, np.array(ids))


def test_rows_of_which_only_the_gradient_is_another() -> None:
    """What was tried were integers below 4; with 5 the loss is the same, and the gradient of E is not."""

    def row(k: Any) -> Any:
        return np.eye(6)[4] if k == 5 else np.eye(6)[k]

    def loss(ids: Any) -> Any:
        h = np.zeros((1, 4))
        for t in range(ids.shape[0]):
            rows = np.array([row(i) for i in range(6)])[ids[t]]
            h = ag.tanh(h @ W + rows[None] @ E)
        return ag.sum(h**2)

    E.value = np.concatenate([E.value[:5], E.value[4:5]])
    plan = compile(loss, [E, W])
    for seed in range(3):
        agrees(plan, loss, np.random.default_rng(seed).integers(0, 4, 7))
    for ids in ([4, 5, 4, 5, 5, 4, 4], [0, 1, 5, 2, 4, 4, 5], [5, 5, 5, 1, 1, 2, 3]):
        agrees(plan, loss, np.array(ids))


def test_threads_that_look_up_rows() -> None:
    eye, table = np.eye(6), RNG.standard_normal((6, 4))

    def loss(xs: Any) -> Any:
        h = np.zeros((xs.shape[0], 4))
        for t in range(xs.shape[1]):
            h = ag.tanh(h @ W + E[xs[:, t]] + eye[xs[:, t]] @ E + table[xs[:, t]])
        return ag.mean(h**2)

    plan = compile(loss, [E, W], threads=2)
    for m, T in ((6, 5), (4, 9), (7, 3)):
        agrees(plan, loss, RNG.integers(0, 6, (m, T)))
    assert "2 threads: 4 + 3 examples" in plan.explain()


def test_an_integer_that_is_no_row() -> None:
    loss = by_rows(lambda k: np.eye(6)[k])
    plan = compile(loss, [E, W])
    agrees(plan, loss, np.array([0, 5, 2, 1, 3, 4]))
    with pytest.raises(GraphLostError, match=r"ids \(6,\): IndexError: index 6 is out of bounds"):
        plan(np.array([0, 6, 2, 1, 3, 4]))
    agrees(plan, loss, np.array([-1, 5, 2, -6, 3, 4]))


def test_numbers_that_are_all_the_same_tell_nothing() -> None:
    loss = by_rows(lambda k: np.eye(6)[k])
    plan = compile(loss, [E, W])
    for ids in ([0] * 6, [0] * 6, [3, 0, 1, 4, 5, 2], [2, 2, 1, 0, 0, 5], [1] * 6):
        agrees(plan, loss, np.array(ids))


def test_what_python_decides_on_is_no_data() -> None:
    def loss(ids: Any) -> Any:
        h = np.zeros((1, 4))
        for t in range(ids.shape[0]):
            if ids[t] != 0:
                h = ag.tanh(h @ W + E[ids[t]])
        return ag.sum(h**2)

    plan = compile(loss, [E, W])
    for ids in ([1, 0, 2, 3], [0, 0, 2, 3], [4, 5, 0, 0], [1, 1, 2, 3], [0, 5, 0, 1]):
        agrees(plan, loss, np.array(ids))
    assert "each new value costs a recording" in plan.explain()


def test_explain_tells_data_from_what_costs() -> None:
    plan = compile(by_rows(lambda k: np.eye(6)[k]), [E, W])
    plan(np.array([0, 5, 2, 1, 3, 4]))
    assert "ids is data" in plan.explain() and "for any T, with ids (T,)" in plan.explain()
    plan = compile(lambda ids: ag.sum(ag.tanh(E[int(ids[0])] @ W)), [E, W])
    plan(np.array([0, 5]))
    assert "without int(), it costs none" in plan.explain()


def test_threads_that_pick_by_integers() -> None:
    def loss(xs: Any, ys: Any) -> Any:
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            h = ag.tanh(h @ W + E[xs[:, t]])
            total = total - ag.sum(ag.log_softmax(h @ E.T, axis=1)[np.arange(len(ys)), ys[:, t]])
        return total / xs.size

    plan = compile(loss, [E, W], threads=2)
    for m, T in ((6, 5), (4, 9), (7, 3)):
        agrees(plan, loss, *RNG.integers(0, 6, (2, m, T)))


def test_the_gradient_of_an_embedding_takes_no_array_for_each_step() -> None:
    def loss(xs: Any) -> Any:
        h = np.zeros((xs.shape[0], 4))
        for t in range(xs.shape[1]):
            h = ag.tanh(h @ W + E[xs[:, t]])
        return ag.sum(h**2)

    plan = compile(loss, [E, W])
    agrees(plan, loss, RNG.integers(0, 6, (3, 8)))
    assert "added in one array" in plan.explain()
    assert plan.source.count("put_back") == 1


@pytest.mark.parametrize("engine", ["numpy", "numba", "jax"])
def test_integers_that_lie_outside_are_an_error_with_every_engine(engine: str) -> None:
    if engine != "numpy":
        pytest.importorskip(engine)

    def loss(ids: Any) -> Any:
        h = np.zeros(4)
        for t in range(len(ids)):
            h = ag.tanh(W @ h + E[ids[t]])
        return ag.sum(h**2)

    plan = compile(loss, [E, W], engine=engine)
    for ids in ([0, 1, 5, 2], [3, 4, 2, 1], [5, 5, 0, -1], [-6, 1, 2, 3]):
        assert abs(float(plan(np.array(ids))[0]) - loss(np.array(ids)).item()) < 1e-12
    for outside in (6, 9, -7):
        with pytest.raises(ag.ShapeError, match="out of bounds: axis 0 has length 6"):
            plan(np.array([0, outside, 1, 2]))
    assert abs(float(plan(np.array([5, 1, 0, 2]))[0]) - loss(np.array([5, 1, 0, 2])).item()) < 1e-12
