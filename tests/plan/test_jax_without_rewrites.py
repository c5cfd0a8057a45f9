"""The JAX program of a recording as it is, which is taken where a rewrite gave something else."""

from __future__ import annotations

from typing import Any

import pytest
from plan import everyday_steps
from plan.everyday import PROGRAMS, RECURRENT, Program, inputs, zeros

import autograd_seq as ag
from autograd_seq import Tensor, differentiate
from autograd_seq.plan.compiling import Replay
from autograd_seq.plan.engine import Engine
from autograd_seq.plan.writing import jax_run

pytestmark = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed")
MADE = [everyday_steps]


def two_states_back(W: Any, U: Any, b: Any, A: Any) -> Any:
    def loss(x: Any) -> Any:
        states = [zeros(x), zeros(x)]
        for t in range(x.shape[2]):
            states.append(ag.tanh(W @ states[-1] + A @ states[-2] + U @ x[:, :, t] + b))
        return ag.sum(states[-1] ** 2)

    return loss


KNOWN = {kind: PROGRAMS[kind] for kind in ("in_reversed_order", "source_backwards", "two_steps_ahead")}
KNOWN["two_states_back"] = Program(two_states_back, inputs, {**RECURRENT, "A": (4, 4)})


class AsItIs(Replay):
    def _compile(self, recording: Any, rewritten: bool, compiled: bool, engine: Engine) -> None:
        super()._compile(recording, False, compiled, engine)


@pytest.mark.parametrize("kind", KNOWN)
def test_it_gives_what_the_recording_gives(kind: str) -> None:
    loss, _ = KNOWN[kind].ready()
    recording = differentiate(loss(*[Tensor(x, f"x{i}") for i, x in enumerate(KNOWN[kind].data(3, 5))]))
    replay = AsItIs(recording, Engine("jax"))
    assert replay._differs(recording) is None and not any("not used" in note for note in replay.network.notes)
