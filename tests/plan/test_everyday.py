"""Everyday programs have one plan for all sizes, which gives what the recording gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plan.everyday import BACKWARDS, PROGRAMS, TWO_LENGTHS

from autograd_seq import Tensor, compile
from autograd_seq.plan.writing import jax_run, tools

with_jax = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")
SIZES = (3, 7), (2, 9), (5, 4), (2, 31)  # m, T
FEW = ["in_reversed_order", "lists_one_turned", "stacked_directions", "decoder_with_attention", "source_backwards"]


def one_plan_for_all(kind: str, engine: str) -> Any:
    known = PROGRAMS[kind]
    loss, parameters = known.ready()
    plan = compile(loss, parameters, engine=engine)
    source = None
    for sizes in SIZES:
        arrays = known.data(*sizes)
        J, gradients = plan(*arrays)
        assert "these sizes only" not in plan.explain(), plan.explain()
        assert source in (None, plan.source)
        source = plan.source
        recorded = loss(*map(Tensor, arrays))
        recorded.backward()
        assert abs(float(J) - recorded.item()) < 1e-11 * max(1.0, abs(recorded.item()))
        for name, p in parameters.items():
            assert np.abs(np.asarray(gradients[name]) - p.grad).max() < 1e-11 * max(1.0, np.abs(p.grad).max())
    return plan


@pytest.mark.parametrize("kind", PROGRAMS)
def test_one_program_for_all_sizes(kind: str) -> None:
    one_plan_for_all(kind, "numpy")


@with_jax
@pytest.mark.parametrize("kind", BACKWARDS + TWO_LENGTHS)
def test_in_jax(kind: str) -> None:
    one_plan_for_all(kind, "jax")


@pytest.mark.skipif(not tools.available(), reason="Numba or SciPy is not installed")
@pytest.mark.parametrize("kind", FEW)
def test_with_compiled_loops(kind: str) -> None:
    one_plan_for_all(kind, "numba")
