"""LSTM: gates decide what the memory c forgets, takes up and shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Parameter, concatenate, name, scope, sigmoid, tanh

from cells.cell import Cell, State
from cells.initial import weights


class LSTM(Cell):
    """An LSTM cell.

    Parameters
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    seed : int or numpy.random.Generator, optional
        For the weights.

    Examples
    --------
    >>> import numpy as np
    >>> run = LSTM(3, 4, seed=0).unroll(np.ones((3, 2, 5)))
    >>> run.final["c"].shape
    (4, 2)
    """

    states = ("a", "c")

    def __init__(self, n_x: int, n_a: int, seed: Any = None, dtype: Any = np.float64) -> None:
        self.n_x, self.n_a, self.dtype = n_x, n_a, dtype
        rng = np.random.default_rng(seed)
        self.parameters = {}
        for gate in "fuco":
            self.parameters[f"W{gate}"] = Parameter(weights(rng, n_a, n_a + n_x, dtype), f"W{gate}")
        for gate in "fuco":
            self.parameters[f"b{gate}"] = Parameter(np.zeros((n_a, 1), dtype), f"b{gate}")

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """One step: Γ_f, Γ_u, c̃, c, Γ_o, a."""
        p = self.parameters
        stacked = concatenate([state["a"], x_t])
        with scope(part="forget gate"):
            Gamma_f = name(sigmoid(p["Wf"] @ stacked + p["bf"]), "Gamma_f")
        with scope(part="update gate"):
            Gamma_u = name(sigmoid(p["Wu"] @ stacked + p["bu"]), "Gamma_u")
        with scope(part="candidate"):
            c_tilde = name(tanh(p["Wc"] @ stacked + p["bc"]), "c_tilde")
        with scope(part="memory"):
            c = name(Gamma_f * state["c"] + Gamma_u * c_tilde, "c")
        with scope(part="output gate"):
            Gamma_o = name(sigmoid(p["Wo"] @ stacked + p["bo"]), "Gamma_o")
        with scope(part="state"):
            a = name(Gamma_o * tanh(c), "a")
        return {"a": a, "c": c}
