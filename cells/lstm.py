"""LSTM: gates decide what the memory c forgets, takes up and shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Parameter, concatenate, name, scope, sigmoid, tanh
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from cells.cell import Cell, State
from cells.checked import choose, kind
from cells.initial import weights

# How many more parts of length n_a a gate's weights have.
PEEPHOLES: dict[Any, int] = {None: 0, "diagonal": 0, "full": 1}


class LSTM(Cell):
    """An LSTM cell, with or without peepholes.

    Parameters
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    peephole : {None, "diagonal", "full"}
        Whether the gates also see the memory: through a weight for each component (``pf``, ``pu``, ``po``,
        (n_a, 1)), or through full matrices, ``Wf``, ``Wu``, ``Wo`` (n_a, 2 n_a + n_x) over [c; a; x].
    output_sees : {"previous", "current"}
        With peepholes: whether the output gate sees c<t-1>, as the other gates do, or the new c<t>.
    forget_bias : float
        What ``bf`` begins with; at 1 the forget gate begins open (Jozefowicz and others).
    seed, dtype, scheme
        As in `Cell`.

    Examples
    --------
    >>> import numpy as np
    >>> run = LSTM(3, 4, seed=0).unroll(np.ones((3, 2, 5)))
    >>> run.final["c"].shape
    (4, 2)
    >>> LSTM(3, 4, peephole="full").parameters["Wo"].shape
    (4, 11)
    """

    states = ("a", "c")

    def __init__(
        self,
        n_x: int,
        n_a: int,
        peephole: str | None = None,
        output_sees: str = "previous",
        forget_bias: float = 1.0,
        seed: Any = None,
        dtype: Any = np.float64,
        scheme: str = "xavier",
    ) -> None:
        super().__init__(n_x, n_a, seed, dtype, scheme)
        kind(forget_bias, (int, float, np.number), "LSTM needs forget_bias to be a number")
        wider = choose(PEEPHOLES, peephole, "peephole")
        choose({"previous": 0, "current": 0}, output_sees, "output_sees")
        if output_sees == "current" and peephole is None:
            raise UsageError(f"output_sees is about peepholes: give peephole='diagonal' or 'full' too{here()}")
        self.peephole, self.output_sees = peephole, output_sees
        for gate in "fuco":
            self.matrix(f"W{gate}", *[n_a] * (wider if gate != "c" else 0), n_a, n_x)
        if peephole == "diagonal":
            for gate in "fuo":
                self.parameters[f"p{gate}"] = Parameter(weights(self.rng, n_a, 1, self.dtype), f"p{gate}")
        for gate in "fuco":
            self.column(f"b{gate}", forget_bias if gate == "f" else 0.0)

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """One step: Γ_f, Γ_u, c̃, c, Γ_o, a."""
        self.reads(state)
        p, a_prev, c_prev = self.parameters, state["a"], state["c"]
        stacked = concatenate([a_prev, x_t])
        with scope(part="forget gate"):
            gamma_f = name(self._gate("f", stacked, c_prev), "gamma_f")
            Gamma_f = name(sigmoid(gamma_f), "Gamma_f")
        with scope(part="update gate"):
            gamma_u = name(self._gate("u", stacked, c_prev), "gamma_u")
            Gamma_u = name(sigmoid(gamma_u), "Gamma_u")
        with scope(part="candidate"):
            z_c = name(p["Wc"] @ stacked + p["bc"], "z_c")
            c_tilde = name(tanh(z_c), "c_tilde")
        with scope(part="memory"):
            c = name(Gamma_f * c_prev + Gamma_u * c_tilde, "c")
        with scope(part="output gate"):
            gamma_o = name(self._gate("o", stacked, c if self.output_sees == "current" else c_prev), "gamma_o")
            Gamma_o = name(sigmoid(gamma_o), "Gamma_o")
        with scope(part="state"):
            a = name(Gamma_o * tanh(c), "a")
        return {"a": a, "c": c}

    def _gate(self, gate: str, stacked: Any, c: Any) -> Any:
        """A gate before its sigmoid: W [a; x] + b, and with peepholes what it sees of the memory c."""
        W, b = self.parameters[f"W{gate}"], self.parameters[f"b{gate}"]
        if self.peephole == "full":
            return W @ concatenate([c, stacked]) + b
        if self.peephole == "diagonal":
            return W @ stacked + self.parameters[f"p{gate}"] * c + b
        return W @ stacked + b
