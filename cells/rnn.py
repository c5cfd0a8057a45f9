"""The recurrent cell of the notes: a<t> = g(Waa a<t-1> + Wax x<t> + ba)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import concatenate, name, relu, scope, sigmoid, tanh
from cells.cell import Cell, State
from cells.checked import choose, flags

ACTIVATIONS = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}


class RNN(Cell):
    """A recurrent cell.

    Parameters
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    activation : {"tanh", "relu", "sigmoid"}
        g.
    stacked : bool
        The notes' simplified form a<t> = g(Wa [a<t-1>; x<t>] + ba), with one parameter ``Wa``
        (n_a, n_a + n_x) = [Waa, Wax] in place of two. Both forms compute the same.
    seed, dtype, scheme
        As in `Cell`.

    Examples
    --------
    >>> import numpy as np
    >>> cell = RNN(3, 4, seed=0)
    >>> run = cell.unroll(np.ones((3, 2, 5)))
    >>> len(run.states["a"]), run.final["a"].shape
    (5, (4, 2))
    >>> RNN(10000, 100, stacked=True).parameters["Wa"].shape
    (100, 10100)
    """

    def __init__(
        self,
        n_x: int,
        n_a: int,
        activation: str = "tanh",
        seed: Any = None,
        dtype: Any = np.float64,
        stacked: bool = False,
        scheme: str = "xavier",
    ) -> None:
        super().__init__(n_x, n_a, seed, dtype, scheme)
        flags("RNN", stacked=stacked)
        self.activation = choose(ACTIVATIONS, activation, "activation")
        self.stacked = stacked
        if stacked:
            self.matrix("Wa", n_a, n_x)
        else:
            self.matrix("Waa", n_a)
            self.matrix("Wax", n_x)
        self.column("ba")

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """a<t> = g(Waa a<t-1> + Wax x<t> + ba)."""
        self.reads(state)
        p, a_prev = self.parameters, state["a"]
        with scope(part="state"):
            if self.stacked:
                z_a = name(p["Wa"] @ concatenate([a_prev, x_t]) + p["ba"], "z_a")
            else:
                z_a = name(p["Waa"] @ a_prev + p["Wax"] @ x_t + p["ba"], "z_a")
            a = name(self.activation(z_a), "a")
        return {"a": a}
