"""The recurrent cell of the notes: a<t> = g(Waa a<t-1> + Wax x<t> + ba)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Parameter, name, relu, sigmoid, tanh

from cells.cell import Cell, State
from cells.initial import weights

ACTIVATIONS = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}


class RNN(Cell):
    """A recurrent cell.

    Parameters
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    activation : {"tanh", "relu", "sigmoid"}
        g.
    seed : int or numpy.random.Generator, optional
        For the weights.

    Examples
    --------
    >>> import numpy as np
    >>> cell = RNN(3, 4, seed=0)
    >>> run = cell.unroll(np.ones((3, 2, 5)))
    >>> len(run.states["a"]), run.final["a"].shape
    (5, (4, 2))
    """

    def __init__(
        self, n_x: int, n_a: int, activation: str = "tanh", seed: Any = None, dtype: Any = np.float64
    ) -> None:
        self.n_x, self.n_a, self.dtype = n_x, n_a, dtype
        self.activation = ACTIVATIONS[activation]
        rng = np.random.default_rng(seed)
        self.parameters = {
            "Waa": Parameter(weights(rng, n_a, n_a, dtype), "Waa"),
            "Wax": Parameter(weights(rng, n_a, n_x, dtype), "Wax"),
            "ba": Parameter(np.zeros((n_a, 1), dtype), "ba"),
        }

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """a<t> = g(Waa a<t-1> + Wax x<t> + ba)."""
        Waa, Wax, ba = self.parameters["Waa"], self.parameters["Wax"], self.parameters["ba"]
        return {"a": name(self.activation(Waa @ state["a"] + Wax @ x_t + ba), "a")}
