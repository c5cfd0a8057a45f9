"""One step of an RNN, GRU or LSTM in the notes' notation, in columns, from weights that were found somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.scope import scope
from autograd_seq.core.tensor import name

Activation = Callable[[Any], Any]

STATES = {"RNN": ("a",), "GRU": ("c",), "LSTM": ("a", "c")}


@dataclass(slots=True)
class Part:
    """What one gate is computed from: weights for x<t> and for the state, biases, a peephole; None for what is not.

    `inner` is the bias that the relevance gate multiplies, together with the product of the state.
    """

    x: Any = None
    a: Any = None
    b: Any = None
    inner: Any = None
    peephole: Any = None


@dataclass(slots=True)
class RecurrentStep:
    """The weights of a cell, and its step.

    Attributes
    ----------
    kind : {"RNN", "GRU", "LSTM"}
    parts : dict of str to Part
        RNN: a. GRU: z, which keeps the old state, or u, which takes the new; r, unless there is none; c.
        LSTM: f, unless it is coupled; u, c, o.
    activations : sequence of functions
        Of the state (RNN), of gates and candidate (GRU), of gates, candidate and memory (LSTM).
    reset_after : bool
        Whether Γ_r multiplies W_ca c<t-1> + b_ca, not c<t-1>.
    sees : {"previous", "current"}
        Which memory the peephole of the output gate sees.
    coupled : bool
        Whether Γ_f = 1 − Γ_u.
    one_gate : bool
        Of a GRU: whether Γ_r is the other gate, as in a minimal gated unit.
    clip : float or None
        Bound of the input of each activation.
    """

    kind: str
    parts: Mapping[str, Part]
    activations: Sequence[Activation]
    reset_after: bool = False
    sees: str = "current"
    coupled: bool = False
    clip: float | None = None
    one_gate: bool = False

    @property
    def states(self) -> tuple[str, ...]:
        """What the state consists of."""
        return STATES[self.kind]

    def __call__(self, x: Any, state: Sequence[Any]) -> list[Any]:
        """The state after a step, recorded."""
        if self.kind == "LSTM":
            return self._lstm(x, *state)
        return self._gru(x, *state) if self.kind == "GRU" else self._rnn(x, *state)

    def _sum(self, gate: str, x: Any, a: Any, c: Any = None) -> Any:
        """W_x x + W_a a + p ∘ c + b."""
        part = self.parts[gate]
        terms = [part.x @ x if part.x is not None else None, part.a @ a if part.a is not None else None]
        terms += [part.peephole * c if part.peephole is not None else None, part.b]
        return self._bounded(_added(terms))

    def _bounded(self, z: Any) -> Any:
        return z if self.clip is None else np.clip(z, -self.clip, self.clip)

    def _rnn(self, x: Any, a: Any) -> list[Any]:
        (f,) = self.activations
        return [name(f(name(self._sum("a", x, a), "z")), "a")]

    def _gru(self, x: Any, c: Any) -> list[Any]:
        f, g = self.activations
        keeps = "z" in self.parts
        with scope(part="update gate"):
            gate = name(f(self._sum("z", x, c)), "z") if keeps else name(f(self._sum("u", x, c)), "Gamma_u")
        r = gate if self.one_gate else None
        if "r" in self.parts:
            with scope(part="relevance gate"):
                r = name(f(self._sum("r", x, c)), "Gamma_r")
        with scope(part="candidate"):
            if r is not None and self.reset_after:
                part = self.parts["c"]
                inside = _added([part.a @ c, part.inner])
                sums = self._bounded(_added([part.x @ x if part.x is not None else None, r * inside, part.b]))
            else:
                sums = self._sum("c", x, c if r is None else r * c)
            new = name(g(name(sums, "z_c")), "c_tilde")
        with scope(part="memory"):
            return [name((1 - gate) * new + gate * c if keeps else gate * new + (1 - gate) * c, "c")]

    def _lstm(self, x: Any, a: Any, c: Any) -> list[Any]:
        f, g, h = self.activations
        before = c
        with scope(part="update gate"):
            up = name(f(name(self._sum("u", x, a, c), "gamma_u")), "Gamma_u")
        with scope(part="forget gate"):
            forget = 1 - up if self.coupled else f(name(self._sum("f", x, a, c), "gamma_f"))
            forget = name(forget, "Gamma_f")
        with scope(part="candidate"):
            new = name(g(name(self._sum("c", x, a), "z_c")), "c_tilde")
        with scope(part="memory"):
            c = name(forget * c + up * new, "c")
        with scope(part="output gate"):
            seen = c if self.sees == "current" else before
            out = name(f(name(self._sum("o", x, a, seen), "gamma_o")), "Gamma_o")
        with scope(part="state"):
            return [name(out * h(self._bounded(c)), "a"), c]


def _added(terms: Sequence[Any]) -> Any:
    """The sum of those that there are."""
    total: Any = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return total
