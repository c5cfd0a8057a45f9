"""Random recurrent programs: what a plan gives on other data is what the program gives."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, compile, steps
from autograd_seq.plan.writing import numba_loops as fast
from tests.plan.test_fast import plain_tools

N, N_X = 4, 3


def program(seed: int) -> tuple[Any, dict[str, Parameter]]:
    """A function of x (N_X, m, T), and the parameters that it uses."""
    choose, rng = random.Random(seed), np.random.default_rng(seed)
    parameters: dict[str, Parameter] = {}

    def weight(*shape: int) -> Parameter:
        made = Parameter(rng.standard_normal(shape) / 2, f"p{len(parameters)}")
        parameters[str(made.name)] = made
        return made

    def operation() -> Any:
        """From two (N, m) to one."""
        W, V, b, i = weight(N, N), weight(N, 2 * N), weight(N, 1), choose.randrange(N)
        return choose.choice([
            lambda a, c: a + c, lambda a, c: a * ag.tanh(c), lambda a, c: a / (1 + c**2), lambda a, c: ag.relu(a) - c,
            lambda a, c: W @ a + b, lambda a, c: ag.sigmoid(V @ ag.concatenate([a, c], axis=0)),
            lambda a, c: ag.tanh((a.T @ W).T), lambda a, c: a[i : i + 1] * c,
            lambda a, c: ag.concatenate([a[:i], c[i:]], axis=0), lambda a, c: ag.softmax(W @ a, axis=0) + c,
            lambda a, c: a - ag.sum(c, axis=0, keepdims=True) / N, lambda a, c: ag.where(a > 0.1, a, c),
            lambda a, c: a * ag.sigmoid(ag.sum(c, axis=1, keepdims=True)), lambda a, c: ag.exp(-ag.relu(a)) * c,
        ])  # fmt: skip

    U, body, turns = weight(N, N_X), [operation() for _ in range(choose.randint(3, 7))], choose.random() < 0.3
    picks = [(choose.randrange(100), choose.randrange(100)) for _ in body]
    kind = choose.choice(["all", "last", "cross-entropy"])

    def loss(x: Any) -> Tensor:
        m, T = x.shape[1:]
        state = other = Tensor(np.zeros((N, m)) + 0.5)
        J: Any = 0.0
        for t in steps(T, reverse=turns) if turns else steps(T):
            values = [state, other, U @ x[:, :, t]]
            for step, (i, j) in zip(body, picks, strict=True):
                values.append(step(values[i % len(values)], values[j % len(values)]))
            state, other = ag.tanh(values[-1] + values[2]), ag.tanh(values[-2] + state)
            if kind == "all":
                J = J + ag.sum(state**2)
            elif kind == "cross-entropy":
                J = J + ag.sum(ag.categorical_cross_entropy(ag.softmax(state, axis=0), np.eye(N)[:, np.arange(m) % N]))
        return ag.sum(state) + ag.mean(other) if kind == "last" else J + 0.1 * ag.sum(other)

    return loss, parameters


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_a_plan_gives_what_the_program_gives(seed: int, compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled loops run as plain Python here."""
    monkeypatch.setattr(fast, "tools", plain_tools)
    monkeypatch.setattr("autograd_seq.plan.engine.require", lambda: None)
    loss, parameters = program(seed)
    plan = compile(loss, parameters, fast=compiled)
    rng = np.random.default_rng(100 + seed)
    for m, T in ((2, 4), (2, 4), (1, 3), (1, 3), (3, 1)):
        x = rng.standard_normal((N_X, m, T))
        J, gradients = plan(x)
        for p in parameters.values():
            p.grad = None
        recorded = loss(Tensor(x))
        recorded.backward()
        assert abs(J - recorded.item()) <= 1e-9 * max(1, abs(J))
        greatest = max(float(np.abs(p.grad).max()) for p in parameters.values() if p.grad is not None)
        for key, p in parameters.items():
            if p.grad is not None:
                close = 1e-9 * float(np.abs(p.grad).max()) + 1e-13 * greatest
                np.testing.assert_allclose(gradients[key], p.grad, rtol=0, atol=close, err_msg=key)
