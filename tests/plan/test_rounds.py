"""Steps of several kinds in turn: one program for each remainder, which gives what the recording gives."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from plan import everyday_rounds
from plan.everyday import PROGRAMS

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, compile
from autograd_seq.plan.writing import jax_run, tools

with_jax = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")
KINDS = [kind for kind, known in PROGRAMS.items() if known.make.__module__ == everyday_rounds.__name__]
SIZES = (6, 31), (3, 20), (2, 61), (3, 48)  # m, T
FEW = ["alternating_weights", "clockwork_three_last", "stacked_alternating", "windows_stride_two"]
RNG = np.random.default_rng(3)
W, U = (Parameter(0.4 * RNG.standard_normal((4, n)), name) for name, n in (("W", 4), ("U", 3)))


def agrees(plan: Any, loss: Any, parameters: dict[str, Parameter], *arrays: np.ndarray) -> None:
    J, gradients = plan(*arrays)
    for p in parameters.values():
        p.grad = None
    recorded = loss(*map(Tensor, arrays))
    recorded.backward()
    assert abs(float(J) - recorded.item()) < 1e-11 * max(1.0, abs(recorded.item()))
    for name, p in parameters.items():
        assert np.abs(np.asarray(gradients[name]) - p.grad).max() < 1e-11 * max(1.0, np.abs(p.grad).max())


def for_any_number(kind: str, engine: str, some: Sequence[tuple[int, int]] = SIZES) -> None:
    known = PROGRAMS[kind]
    loss, parameters = known.ready()
    plan = compile(loss, parameters, engine=engine)
    for sizes in some:
        agrees(plan, loss, parameters, *known.data(*sizes))
        assert "these sizes only" not in plan.explain() and "for any" in plan.explain(), plan.explain()


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_for_any_number_of_rounds(kind: str) -> None:
    for_any_number(kind, "numpy")


@with_jax
@pytest.mark.parametrize("kind", FEW)
def test_in_jax(kind: str) -> None:
    for_any_number(kind, "jax", [(6, 31), (3, 20)])


@pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")
def test_with_compiled_loops() -> None:
    for_any_number("alternating_weights", "numba", [(6, 31), (2, 13)])


def test_explain_says_what_a_round_is() -> None:
    known = PROGRAMS["three_in_turn"]
    loss, parameters = known.ready()
    plan = compile(loss, parameters)
    plan(*known.data(2, 31))
    assert "with x (3, m, 3 * K + 1)" in plan.explain() and "each 3 steps do what those before" in plan.explain()
    plan(*known.data(2, 8))
    assert "3 in a round, and there is a program for any number of rounds from 4 on" in plan.explain()


def recurrent(x: Any, weight: Any, cut: Any) -> Any:
    h, total = np.zeros((4, x.shape[1])), 0.0
    for t in range(x.shape[2]):
        h = ag.stop_gradient(h) if cut(t) else h
        h = ag.tanh(W @ h + U @ x[:, :, t])
        total = total + weight(t) * ag.sum(h**2)
    return total


def warm_up(x: Any) -> Any:
    return recurrent(x, lambda t: 2.0 if t < 20 else 1.0, lambda t: False)


def cut_once(x: Any) -> Any:
    return recurrent(x, lambda t: 1.0, lambda t: t == 23)


def cut_at_every_twentieth(x: Any) -> Any:
    return recurrent(x, lambda t: 1.0, lambda t: t > 0 and t % 20 == 0)


@pytest.mark.parametrize("loss", [warm_up, cut_once, cut_at_every_twentieth], ids=lambda f: f.__name__)
def test_what_begins_late_is_not_overlooked(loss: Any) -> None:
    """A plan is made of a few short recordings, in which none of this happens."""
    plan = compile(loss, [W, U])
    for T in (9, 41, 15):
        agrees(plan, loss, {"W": W, "U": U}, RNG.standard_normal((3, 2, T)))


def test_rounds_of_many_steps() -> None:
    plan = compile(cut_at_every_twentieth, [W, U])
    for T in (90, 110):
        agrees(plan, cut_at_every_twentieth, {"W": W, "U": U}, RNG.standard_normal((3, 2, T)))
    assert "with x (3, m, 20 * K + 10)" in plan.explain()


def test_a_number_that_changes_late_is_named() -> None:
    plan = compile(warm_up, [W, U])
    plan(RNG.standard_normal((3, 2, 60)))
    assert "at T = 60 the function does something that it does not at fewer steps" in plan.explain()


def test_what_only_the_last_step_of_a_kind_makes() -> None:
    """Of four to seven steps it is always the fourth."""

    def loss(x: Any) -> Any:
        h = np.zeros((4, x.shape[1]))
        for t in range(x.shape[2]):
            if t % 4 == 3:
                h = ag.tanh(U @ x[:, :, t])
        return ag.sum(h**2)

    plan = compile(loss, [U])
    for T in (13, 20, 8, 31, 32):
        agrees(plan, loss, {"U": U}, RNG.standard_normal((3, 2, T)))


def test_a_value_that_is_not_there_at_the_last_step_is_zero_at_every_call() -> None:
    """In the backward loop it has room for one step, in which the call before left something."""

    def loss(x: Any) -> Any:
        h, g, total = np.zeros((4, x.shape[1])), np.zeros((4, x.shape[1])), 0.0
        for t in range(x.shape[2]):
            h = (h - ag.mean(g, axis=0, keepdims=True) + U @ x[:, :, t]) / (1 + ag.sum(h**2, axis=0, keepdims=True))
            if t > 0:
                g = ag.tanh(W @ h + U @ x[:, :, t])
            else:
                g = ag.sin(h + U @ x[:, :, t])
            total = total + ag.sum(h**2)
        return total

    x = RNG.standard_normal((3, 4, 5))
    plan = compile(loss(Tensor(x, "x")), [W, U])
    for _ in range(3):
        agrees(lambda x: plan(x=x), loss, {"W": W, "U": U}, x)


@pytest.mark.parametrize("T", [10, 12, 16])
def test_memory_that_is_seen_through_a_view_of_a_view(T: int) -> None:
    p = Parameter(RNG.standard_normal((4, 4)), "p")

    def loss(x: Any) -> Any:
        states = [ag.tanh(U @ x[:, :, t]) if t % 2 else ag.sin(U @ x[:, :, t]) for t in range(T)]
        return ag.sum(ag.stack([ag.sum(s * p, axis=0) for s in states]) ** 2)

    x = RNG.standard_normal((3, 4, T))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan = compile(loss(Tensor(x, "x")), [U, p])
    agrees(lambda x: plan(x=x), loss, {"U": U, "p": p}, x)


def test_large_weights_are_compared_at_fewer_steps() -> None:
    rng = np.random.default_rng(3)
    W = Parameter(0.04 * rng.standard_normal((600, 600)), "W")  # 2.9 MB, of which 48 MB hold the gradients of 16 steps
    asked = []

    def loss(x: Any) -> Any:
        asked.append(x.shape[1])
        h = np.zeros(600)
        for t in range(x.shape[1]):
            h = np.tanh(W @ h + x[:, t])
        return np.sum(h * h)

    plan = compile(loss, {"W": W})
    for steps in (4, 40):
        x = rng.standard_normal((600, steps))
        J, gradients = plan(x)
        recorded = loss(x)
        assert np.allclose(J, recorded.item() if hasattr(recorded, "item") else float(recorded), rtol=1e-12, atol=0)
    assert max(asked[:-1]) == 16
