"""LSTM: gates decide what the memory c forgets, takes up and shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Parameter, concatenate, name, scope, tanh
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from cells.cell import Cell, State
from cells.checked import choose, kind, sizes
from cells.gate_functions import GATES
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
    gates : {"sigmoid", "hard_sigmoid"}
        What makes a gate of a number, see `cells.gate_functions`.
    memory : int, optional
        Length of a column of c, where it is not n_a: a = Wp (Γ_o ∘ tanh(c)) is then a projection of what the memory
        shows, with ``Wp`` (n_a, memory) (Sak and others, 2014).
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
    >>> {key: p.shape for key, p in LSTM(3, 2, memory=5).parameters.items() if key in ("Wf", "bf", "Wp")}
    {'Wf': (5, 5), 'Wp': (2, 5), 'bf': (5, 1)}
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
        gates: str = "sigmoid",
        memory: int | None = None,
    ) -> None:
        super().__init__(n_x, n_a, seed, dtype, scheme)
        kind(forget_bias, (int, float, np.number), "LSTM needs forget_bias to be a number")
        wider = choose(PEEPHOLES, peephole, "peephole")
        choose({"previous": 0, "current": 0}, output_sees, "output_sees")
        if output_sees == "current" and peephole is None:
            raise UsageError(f"output_sees is about peepholes: give peephole='diagonal' or 'full' too{here()}")
        if memory is not None:
            sizes("LSTM", memory=memory)
        self.peephole, self.output_sees, self.memory = peephole, output_sees, memory
        self.gates, self.gate = gates, choose(GATES, gates, "gates")
        n_c = self.length("c")
        for gate in "fuco":
            self.matrix(f"W{gate}", *[n_c] * (wider if gate != "c" else 0), n_a, n_x, rows=n_c)
        if peephole == "diagonal":
            for gate in "fuo":
                self.parameters[f"p{gate}"] = Parameter(weights(self.rng, n_c, 1, self.dtype), f"p{gate}")
        if memory is not None:
            self.matrix("Wp", memory)
        for gate in "fuco":
            self.column(f"b{gate}", forget_bias if gate == "f" else 0.0, rows=n_c)

    def length(self, key: str) -> int:
        """How long a column of a state is: n_a, of c perhaps another `memory`."""
        return self.memory if key == "c" and self.memory is not None else self.n_a

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """One step: Γ_f, Γ_u, c̃, c, Γ_o, a."""
        self.reads(state)
        p, a_prev, c_prev = self.parameters, state["a"], state["c"]
        stacked = concatenate([a_prev, x_t])
        with scope(part="forget gate"):
            gamma_f = name(self._gate("f", stacked, c_prev), "gamma_f")
            Gamma_f = name(self.gate(gamma_f), "Gamma_f")
        with scope(part="update gate"):
            gamma_u = name(self._gate("u", stacked, c_prev), "gamma_u")
            Gamma_u = name(self.gate(gamma_u), "Gamma_u")
        with scope(part="candidate"):
            z_c = name(p["Wc"] @ stacked + p["bc"], "z_c")
            c_tilde = name(tanh(z_c), "c_tilde")
        with scope(part="memory"):
            c = name(Gamma_f * c_prev + Gamma_u * c_tilde, "c")
        with scope(part="output gate"):
            gamma_o = name(self._gate("o", stacked, c if self.output_sees == "current" else c_prev), "gamma_o")
            Gamma_o = name(self.gate(gamma_o), "Gamma_o")
        with scope(part="state"):
            shown = Gamma_o * tanh(c)
            a = name(shown if self.memory is None else p["Wp"] @ shown, "a")
        return {"a": a, "c": c}

    def _gate(self, gate: str, stacked: Any, c: Any) -> Any:
        """A gate before its sigmoid: W [a; x] + b, and with peepholes what it sees of the memory c."""
        W, b = self.parameters[f"W{gate}"], self.parameters[f"b{gate}"]
        if self.peephole == "full":
            return W @ concatenate([c, stacked]) + b
        if self.peephole == "diagonal":
            return W @ stacked + self.parameters[f"p{gate}"] * c + b
        return W @ stacked + b
