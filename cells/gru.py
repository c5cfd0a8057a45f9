"""GRU: an update gate decides, component by component, between the old memory and a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Tensor, concatenate, name, scope, tanh
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from cells.cell import Cell, State
from cells.checked import choose, flags
from cells.gate_functions import GATES
from cells.padding import held


class GRU(Cell):
    """A gated recurrent unit, in the notes' notation: its memory is its state, a<t> = c<t>.

    Parameters
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    full : bool
        With the relevance gate Γ_r; without it, the notes' simplified unit of an update gate alone.
    reset_after : bool
        The variant that PyTorch and cuDNN compute: Γ_r multiplies Wca c<t-1> + bca, not c<t-1>. The candidate's
        weights are then ``Wca`` (n_a, n_a) and ``Wcx`` (n_a, n_x), with two biases ``bca`` and ``bc``.
    gates : {"sigmoid", "hard_sigmoid"}
        What makes a gate of a number, see `cells.gate_functions`.
    seed, dtype, scheme
        As in `Cell`.

    Notes
    -----
    A state is ``{"a": …, "c": …}`` with both the same; ``{"a": …}`` alone will do. The next step reads c, and a<t> is
    what the layer above sees: the whole derivative with respect to the state is that of c.

    Examples
    --------
    >>> import numpy as np
    >>> run = GRU(3, 4, seed=0).unroll(np.ones((3, 2, 5)))
    >>> bool((run.final["a"].value == run.final["c"].value).all())
    True
    """

    states = ("a", "c")

    def __init__(
        self,
        n_x: int,
        n_a: int,
        full: bool = True,
        reset_after: bool = False,
        seed: Any = None,
        dtype: Any = np.float64,
        scheme: str = "xavier",
        gates: str = "sigmoid",
    ) -> None:
        super().__init__(n_x, n_a, seed, dtype, scheme)
        flags("GRU", full=full, reset_after=reset_after)
        if reset_after and not full:
            raise UsageError(
                "reset_after=True is about the relevance gate, which full=False leaves out: choose "
                f"one{here()}"
            )
        self.full, self.reset_after = full, reset_after
        self.gates, self.gate = gates, choose(GATES, gates, "gates")
        self.matrix("Wu", n_a, n_x)
        if full:
            self.matrix("Wr", n_a, n_x)
        if reset_after:
            self.matrix("Wca", n_a)
            self.matrix("Wcx", n_x)
        else:
            self.matrix("Wc", n_a, n_x)
        for bias in ["bu", *["br"] * full, *["bca"] * reset_after, "bc"]:
            self.column(bias)

    def begin(self, state: Mapping[str, Any] | None, m: int, time: int = 0) -> State:
        """The state to begin with; a and c are one thing, so one of them is enough."""
        if isinstance(state, Mapping) and set(state) == {"a"}:
            state = {"a": state["a"], "c": state["a"]}
        current = super().begin(state, m, time)
        if current["a"] is not current["c"] and not np.array_equal(current["a"].value, current["c"].value):
            raise UsageError(f"in a GRU a = c, but in the given state they differ: is it the state of an LSTM?{here()}")
        return current

    def adopt(self, final: Mapping[str, Any], m: int, time: int = 0) -> State:
        """Take over a final state: its a, which is also c."""
        return self.begin({"a": final["a"]}, m, time)

    def hold(self, running: Tensor, following: Mapping[str, Any], before: Mapping[str, Any]) -> State:
        """The state after a step, in which examples that have ended keep their c, which is also a."""
        c = held("c", running, following["c"], before["c"])
        return {"a": name(c, "a_held"), "c": c}

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """One step: Γ_u, Γ_r, c̃, c, and a<t> = c<t>."""
        self.reads(state, "a")
        p, c_prev = self.parameters, state.get("c", state["a"])
        stacked = concatenate([c_prev, x_t])
        with scope(part="update gate"):
            gamma_u = name(p["Wu"] @ stacked + p["bu"], "gamma_u")
            Gamma_u = name(self.gate(gamma_u), "Gamma_u")
        if self.full:
            with scope(part="relevance gate"):
                gamma_r = name(p["Wr"] @ stacked + p["br"], "gamma_r")
                Gamma_r = name(self.gate(gamma_r), "Gamma_r")
        with scope(part="candidate"):
            if self.reset_after:
                z_c = name(Gamma_r * (p["Wca"] @ c_prev + p["bca"]) + p["Wcx"] @ x_t + p["bc"], "z_c")
            else:
                seen = concatenate([Gamma_r * c_prev, x_t]) if self.full else stacked
                z_c = name(p["Wc"] @ seen + p["bc"], "z_c")
            c_tilde = name(tanh(z_c), "c_tilde")
        with scope(part="memory"):
            c = name(Gamma_u * c_tilde + (1 - Gamma_u) * c_prev, "c")
        with scope(part="state"):
            a = name(c, "a")
        return {"a": a, "c": c}
