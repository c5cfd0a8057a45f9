"""One step of an RNN, GRU or LSTM in the notes' notation, in columns, from weights that were found somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.scope import scope
from autograd_seq.core.tensor import name

Activation = Callable[[Any], Any]

def _sigmoid(z: Any) -> Any:
    return ops.sigmoid(z)


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
    parts : dict of str to Part
        By the letters of the gates.
    activations : sequence of functions
        In the order in which ONNX has them; the usual ones if empty.
    reset_after : bool
        Of a GRU: whether Γ_r multiplies W_ca c<t-1> + b_ca, not c<t-1>.
    one_gate : bool
        Of a GRU: whether Γ_r is the other gate, as in a minimal gated unit.
    sees : {"previous", "current"}
        Of an LSTM: which memory the peephole of the output gate sees.
    coupled : bool
        Of an LSTM: whether Γ_f = 1 − Γ_u.
    clip : float or None
        Bound of the input of each activation.
    """

    parts: Mapping[str, Part]
    activations: Sequence[Activation] = ()
    reset_after: bool = False
    one_gate: bool = False
    sees: str = "current"
    coupled: bool = False
    clip: float | None = None

    states: ClassVar[tuple[str, ...]]
    usual: ClassVar[Sequence[Activation]]

    def __call__(self, x: Any, state: Sequence[Any]) -> list[Any]:
        """The state after a step, recorded."""
        raise NotImplementedError

    def _functions(self) -> Sequence[Activation]:
        return self.activations or self.usual

    def _sum(self, gate: str, x: Any, a: Any, c: Any = None) -> Any:
        """W_x x + W_a a + p ∘ c + b."""
        part = self.parts[gate]
        terms = [part.x @ x if part.x is not None else None, part.a @ a if part.a is not None else None]
        terms += [part.peephole * c if part.peephole is not None else None, part.b]
        return self._bounded(_added(terms))

    def _bounded(self, z: Any) -> Any:
        return z if self.clip is None else np.clip(z, -self.clip, self.clip)


class RNNStep(RecurrentStep):
    """a<t> = tanh(W_ax x<t> + W_aa a<t-1> + b_a)."""

    states = ("a",)
    usual = (np.tanh,)

    def __call__(self, x: Any, state: Sequence[Any]) -> list[Any]:
        """The state after a step, recorded."""
        (f,) = self._functions()
        return [name(f(name(self._sum("a", x, state[0]), "z")), "a")]


class GRUStep(RecurrentStep):
    """Gates z, which keeps the old state, or u, which takes the new; r, unless there is none; the candidate c."""

    states = ("c",)
    usual = (_sigmoid, np.tanh)

    def __call__(self, x: Any, state: Sequence[Any]) -> list[Any]:
        """The state after a step, recorded."""
        (c,) = state
        f, g = self._functions()
        keeps = "z" in self.parts
        with scope(part="update gate"):
            gate = name(f(self._sum("z", x, c)), "z") if keeps else name(f(self._sum("u", x, c)), "Gamma_u")
        r = gate if self.one_gate else None
        if "r" in self.parts:
            with scope(part="relevance gate"):
                r = name(f(self._sum("r", x, c)), "Gamma_r")
        with scope(part="candidate"):
            new = name(g(name(self._candidate(x, c, r), "z_c")), "c_tilde")
        with scope(part="memory"):
            return [name((1 - gate) * new + gate * c if keeps else gate * new + (1 - gate) * c, "c")]

    def _candidate(self, x: Any, c: Any, r: Any) -> Any:
        if r is None or not self.reset_after:
            return self._sum("c", x, c if r is None else r * c)
        part = self.parts["c"]
        inside = _added([part.a @ c, part.inner])
        return self._bounded(_added([part.x @ x if part.x is not None else None, r * inside, part.b]))


class LSTMStep(RecurrentStep):
    """Gates f, unless it is coupled, u and o; the candidate c."""

    states = ("a", "c")
    usual = (_sigmoid, np.tanh, np.tanh)

    def __call__(self, x: Any, state: Sequence[Any]) -> list[Any]:
        """The state after a step, recorded."""
        a, before = state
        f, g, h = self._functions()
        with scope(part="update gate"):
            up = name(f(name(self._sum("u", x, a, before), "gamma_u")), "Gamma_u")
        with scope(part="forget gate"):
            forget = 1 - up if self.coupled else f(name(self._sum("f", x, a, before), "gamma_f"))
            forget = name(forget, "Gamma_f")
        with scope(part="candidate"):
            new = name(g(name(self._sum("c", x, a), "z_c")), "c_tilde")
        with scope(part="memory"):
            c = name(forget * before + up * new, "c")
        with scope(part="output gate"):
            seen = c if self.sees == "current" else before
            out = name(f(name(self._sum("o", x, a, seen), "gamma_o")), "Gamma_o")
        with scope(part="state"):
            return [name(out * h(self._bounded(c)), "a"), c]


KINDS: dict[str, type[RecurrentStep]] = {"RNN": RNNStep, "GRU": GRUStep, "LSTM": LSTMStep}


def _added(terms: Sequence[Any]) -> Any:
    """The sum of those that there are."""
    total: Any = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return total
