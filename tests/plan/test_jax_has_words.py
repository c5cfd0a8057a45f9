"""No operation of the package lacks words in JAX: each gives in a plan what it gives in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from operations.cases import CASES, Case

from autograd_seq import Parameter, Tensor, compile
from autograd_seq import sum as total
from autograd_seq.plan.writing import jax_run

pytestmark = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")


@pytest.mark.parametrize("operation", CASES, ids=lambda operation: operation.name)
@settings(max_examples=1, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.data())
def test_an_operation_in_jax(operation: Any, data: Any) -> None:
    case: Case = data.draw(CASES[operation])
    scale = Parameter(np.array([0.5]), "scale")
    learned = {f"p{i}": Parameter(a, f"p{i}") for i, a in enumerate(case.arrays) if a.dtype.kind == "f"}
    operands = [learned.get(f"p{i}", Tensor(a)) for i, a in enumerate(case.arrays)]

    def loss(x: Any) -> Any:
        return total(case.call(*operands) * 1.0) * total(scale) + total(x)

    J, gradients = compile(loss, {**learned, "scale": scale}, engine="jax")(np.ones(2))
    recorded = loss(Tensor(np.ones(2)))
    recorded.backward()
    np.testing.assert_allclose(np.asarray(J), recorded.value, 1e-9, 1e-9)
    for name, gradient in gradients.items():
        wanted = scale.grad if name == "scale" else learned[name].grad
        np.testing.assert_allclose(np.asarray(gradient), wanted, 1e-8, 1e-8)
