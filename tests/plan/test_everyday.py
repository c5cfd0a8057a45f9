"""Everyday programs have one plan for all sizes, which gives what the recording gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plan import everyday_beginnings, everyday_integers, everyday_steps, everyday_tables
from plan.everyday import PROGRAMS

import autograd_seq as ag
from autograd_seq import Parameter, Tensor, compile
from autograd_seq.plan.writing import jax_run, tools

with_jax = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")
MADE = [everyday_beginnings, everyday_integers, everyday_steps, everyday_tables]  # they note their programs
KINDS = [kind for kind, known in PROGRAMS.items() if "rounds" not in known.make.__module__]
SHAPES = {"E": (5, 4), "W": (4, 4), "V": (4, 5)}
SIZES = (6, 7), (2, 9), (5, 4), (2, 31)  # m, T
FEW = [
    "in_reversed_order", "lists_one_turned", "stacked_directions", "decoder_with_attention", "source_backwards",
    "told_the_target_before", "predicting_the_next_input", "as_in_the_course", "attention_of_the_last_state",
    "embedded_words", "characters_as_columns_of_zeros", "rows_of_a_helper_at_once", "the_state_is_added_if_t",
    "differences_as_a_penalty", "two_steps_ahead", "both_directions_in_one_loop",
    "plain_table", "closed_over_mask",
]  # fmt: skip


def one_plan_for_all(kind: str, engine: str) -> Any:
    known = PROGRAMS[kind]
    loss, parameters = known.ready()
    plan = compile(loss, parameters, engine=engine)
    source = None
    for sizes in SIZES:
        arrays = known.data(*sizes)
        J, gradients = plan(*arrays)
        assert "these sizes only" not in plan.explain() and "costs a recording" not in plan.explain(), plan.explain()
        assert source in (None, plan.source)
        source = plan.source
        recorded = loss(*map(Tensor, arrays))
        recorded.backward()
        assert abs(float(J) - recorded.item()) < 1e-11 * max(1.0, abs(recorded.item()))
        for name, p in parameters.items():
            assert np.abs(np.asarray(gradients[name]) - p.grad).max() < 1e-11 * max(1.0, np.abs(p.grad).max())
    return plan


@pytest.mark.parametrize("kind", KINDS)
def test_one_program_for_all_sizes(kind: str) -> None:
    one_plan_for_all(kind, "numpy")


@with_jax
@pytest.mark.parametrize("kind", KINDS)
def test_in_jax(kind: str) -> None:
    one_plan_for_all(kind, "jax")


@pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")
@pytest.mark.parametrize("kind", FEW)
def test_with_compiled_loops(kind: str) -> None:
    one_plan_for_all(kind, "numba")


def test_an_embedding_whose_rows_are_numbers() -> None:
    """A program of integers is for all of them."""
    rng = np.random.default_rng(0)
    E, W, V = (Parameter(0.4 * rng.standard_normal(shape), name) for name, shape in SHAPES.items())

    def loss(xs: Any, ys: Any) -> Any:
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            h = ag.tanh(h @ W + E[xs[:, t]])
            z = h @ V
            logp = z - ag.logsumexp(z, axis=1, keepdims=True)
            total = total - ag.sum(logp[np.arange(xs.shape[0]), ys[:, t]])
        return total / xs.size

    plan, sources = compile(loss, [E, W, V]), set()
    for m, T in SIZES:
        xs, ys = rng.integers(0, 5, (2, m, T))
        J, gradients = plan(xs, ys)
        sources.add(plan.source)
        recorded = loss(xs, ys)
        recorded.backward()
        assert abs(J - recorded.item()) < 1e-12
        for p in (E, W, V):
            assert p.name is not None and np.abs(gradients[p.name] - p.grad).max() < 1e-12
    assert len(sources) == 1
