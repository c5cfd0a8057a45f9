"""ONNX's LSTM, GRU and RNN, step by step: recorded in the notes' notation, columns and all.

The weights of a file hold all gates one above another, and both directions; here each gate's part has its name, such as
W_fx for what the forget gate makes of x<t>, and remains a part of the file's array, so that this array has its gradient.

===========  ===================================================================
operator     rows of W and R, in this order
===========  ===================================================================
``RNN``      the state
``GRU``      z, r, the candidate; z keeps the old state: c<t> = z ∘ c<t-1> + …
``LSTM``     Γ_u, Γ_o, Γ_f, the candidate
===========  ===================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.scope import scope
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor, name
from autograd_seq.exchange.onnx_operators import elu, hard_sigmoid, leaky, whole

Settings = Mapping[str, Any]
Activation = Callable[[Any], Any]

GATES = {"RNN": "a", "GRU": "zrc", "LSTM": "uofc"}
STATES = {"RNN": ("a",), "GRU": ("c",), "LSTM": ("a", "c")}
USUAL = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}

# Activations by name: what alpha and beta are if not given, and the function.
ACTIVATIONS: dict[str, tuple[tuple[float, ...], Callable[..., Any]]] = {
    "Tanh": ((), np.tanh),
    "Sigmoid": ((), ops.sigmoid),
    "Relu": ((), ops.relu),
    "Softplus": ((), ops.softplus),
    "Softsign": ((), lambda x: x / (1 + np.abs(x))),
    "LeakyRelu": ((0.01,), leaky),
    "ThresholdedRelu": ((1.0,), lambda x, alpha: np.where(x > alpha, x, 0.0)),
    "Elu": ((1.0,), elu),
    "Affine": ((1.0, 0.0), lambda x, alpha, beta: alpha * x + beta),
    "ScaledTanh": ((1.0, 1.0), lambda x, alpha, beta: alpha * np.tanh(beta * x)),
    "HardSigmoid": ((0.2, 0.5), hard_sigmoid),
}


@dataclass(slots=True)
class Part:
    """What one gate is computed from: weights for x<t> and for the state, a bias for each, and perhaps a peephole."""

    x: Any
    a: Any
    b: Any
    b_inner: Any = None
    peephole: Any = None


def recurrent(
    kind: str, settings: Settings, inputs: Sequence[Any], layer: int | None = None
) -> tuple[Any, ...]:
    """Record one of the three operators.

    Parameters
    ----------
    kind : {"RNN", "GRU", "LSTM"}
    settings : dict
        All attributes of the operator; ``clip`` bounds the input of every activation, as the operator is defined
        (onnxruntime bounds those of the gates only).
    inputs : sequence
        X, W, R, B, sequence_lens, initial_h, initial_c, P; None for what is left out.
    layer : int, optional
        Which of several recurrent operators above one another it is.

    Returns
    -------
    tuple
        Y, Y_h and, of an LSTM, Y_c.

    Raises
    ------
    ShapeError
        If the arrays do not fit together.
    UsageError
        For an activation that is not known.
    """
    X, W, R, B, lengths, a_0, c_0, P = [*inputs, *[None] * (8 - len(inputs))]
    if settings.get("layout", 0):
        X = np.swapaxes(X, 0, 1)
        a_0, c_0 = (v if v is None else np.swapaxes(v, 0, 1) for v in (a_0, c_0))
    direction = settings.get("direction", "forward")
    _check_shapes(kind, X, W, R, B, P, direction)
    sizes = None if lengths is None else whole(lengths, "the lengths of sequences")
    if sizes is not None and all(size == X.shape[0] for size in sizes):
        sizes = None
    found = []
    for d, way in enumerate(["forward", "backward"] if direction == "bidirectional" else [None]):
        with scope(layer=layer, direction=way):
            cell = _Cell(kind, settings, d, W, R, B, P)
            begin = [_initial(v, d, s, cell.n, X) for v, s in zip((a_0, c_0), STATES[kind])]
            back = direction == "reverse" or way == "backward"
            found.append(_unrolled(cell, X, begin, sizes, back))
    ys, finals = zip(*found, strict=True)
    with scope(layer=layer):
        return _arranged(ys, finals, bool(settings.get("layout", 0)))


def _arranged(ys: Sequence[list[Any]], finals: Sequence[list[Any]], batch_first: bool) -> tuple[Any, ...]:
    """Outputs and final states with the axes that ONNX has: time, direction, example, element."""
    steps = [np.stack([y[t] for y in ys]) for t in range(len(ys[0]))]
    outputs = [np.stack(steps), *(np.stack([final[k].T for final in finals]) for k in range(len(finals[0])))]
    if batch_first:
        outputs = [np.transpose(outputs[0], (2, 0, 1, 3)), *(np.swapaxes(v, 0, 1) for v in outputs[1:])]
    return tuple(outputs)


def _initial(given: Any, direction: int, called: str, n: int, X: Any) -> Any:
    """The state before the first step, as columns."""
    with scope(time=0):
        if given is None:
            return Tensor(np.zeros((n, X.shape[1]), X.dtype), called)
        return name(given[direction].T, called)


def _unrolled(
    cell: _Cell, X: Any, state: list[Any], sizes: Sequence[int] | None, back: bool
) -> tuple[list[Any], list[Any]]:
    """The output of each step, as rows, and the final state; examples that have ended keep theirs and give 0."""
    T = X.shape[0]
    outputs: list[Any] = [None] * T
    for t in reversed(range(T)) if back else range(T):
        with scope(time=t + 1):
            new = cell.step(name(X[t].T, "x"), state)
            if sizes is None:
                state = new
                outputs[t] = new[0].T
                continue
            running: Array = np.array([[t < size for size in sizes]])
            state = [
                name(np.where(running, after, before), f"{called}_held")
                for called, after, before in zip(cell.states, new, state, strict=True)
            ]
            outputs[t] = np.where(running, new[0], 0.0).T
    return outputs, state


class _Cell:
    """The weights of one direction, and its step."""

    def __init__(self, kind: str, settings: Settings, d: int, W: Any, R: Any, B: Any, P: Any) -> None:
        self.kind, self.states = kind, STATES[kind]
        self.n = R.shape[2]
        self.clip = settings.get("clip")
        self.coupled = bool(settings.get("input_forget", 0))
        self.inner = kind == "GRU" and bool(settings.get("linear_before_reset", 0))
        self.activations = _activations(kind, settings, d)
        self.parts = {gate: self._part(k, gate, d, W, R, B, P) for k, gate in enumerate(GATES[kind])}

    def _part(self, k: int, gate: str, d: int, W: Any, R: Any, B: Any, P: Any) -> Part:
        n, gates = self.n, len(GATES[self.kind])
        rows = slice(k * n, (k + 1) * n)
        part = Part(name(W[d, rows], f"W_{gate}x"), name(R[d, rows], f"W_{gate}a"), 0.0)
        if B is not None:
            outer, inner = B[d, rows], B[d, (gates + k) * n : (gates + k + 1) * n]
            if self.inner and gate == "c":
                part.b = name(np.reshape(outer, (n, 1)), "b_c")
                part.b_inner = name(np.reshape(inner, (n, 1)), "b_ca")
            else:
                part.b = name(np.reshape(outer + inner, (n, 1)), f"b_{gate}")
        if P is not None and gate != "c":
            place = "uof".index(gate)
            part.peephole = name(np.reshape(P[d, place * n : (place + 1) * n], (n, 1)), f"p_{gate}")
        return part

    def step(self, x: Any, state: list[Any]) -> list[Any]:
        """The state after one step."""
        return {"RNN": self._rnn, "GRU": self._gru, "LSTM": self._lstm}[self.kind](x, *state)

    def _sum(self, gate: str, x: Any, a: Any, c: Any = None) -> Any:
        """W_x x + W_a a + b, with a peephole p ∘ c where there is one."""
        part = self.parts[gate]
        z = part.x @ x + part.a @ a
        if part.peephole is not None:
            z = z + part.peephole * c
        return self._bounded(z if isinstance(part.b, float) else z + part.b)

    def _bounded(self, z: Any) -> Any:
        return z if self.clip is None else np.clip(z, -self.clip, self.clip)

    def _rnn(self, x: Any, a: Any) -> list[Any]:
        f, = self.activations
        return [name(f(name(self._sum("a", x, a), "z")), "a")]

    def _gru(self, x: Any, c: Any) -> list[Any]:
        f, g = self.activations
        with scope(part="update gate"):
            z = name(f(self._sum("z", x, c)), "z")
        with scope(part="relevance gate"):
            r = name(f(self._sum("r", x, c)), "Gamma_r")
        with scope(part="candidate"):
            if self.inner:
                part = self.parts["c"]
                seen = part.a @ c if part.b_inner is None else part.a @ c + part.b_inner
                sums = part.x @ x + r * seen
                sums = self._bounded(sums if isinstance(part.b, float) else sums + part.b)
            else:
                sums = self._sum("c", x, r * c)
            new = name(g(name(sums, "z_c")), "c_tilde")
        with scope(part="memory"):
            return [name((1 - z) * new + z * c, "c")]

    def _lstm(self, x: Any, a: Any, c: Any) -> list[Any]:
        f, g, h = self.activations
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
            out = name(f(name(self._sum("o", x, a, c), "gamma_o")), "Gamma_o")
        with scope(part="state"):
            return [name(out * h(self._bounded(c)), "a"), c]


def _activations(kind: str, settings: Settings, d: int) -> list[Activation]:
    """The functions of one direction; alpha and beta are used up by those that have them, in order."""
    usual = USUAL[kind]
    directions = 2 if settings.get("direction") == "bidirectional" else 1
    names = settings.get("activations") or usual * directions
    if len(names) != len(usual) * directions:
        raise UsageError(
            f"this {kind} names {len(names)} activations, but needs {len(usual)} for each direction{here()}"
        )
    constants = [iter(settings.get(key) or ()) for key in ("activation_alpha", "activation_beta")]
    found = [_activation(kind, called, constants) for called in names]
    return found[d * len(usual) : (d + 1) * len(usual)]


def _activation(kind: str, called: str, constants: Sequence[Iterator[float]]) -> Activation:
    known = {key.lower(): value for key, value in ACTIVATIONS.items()}
    if called.lower() not in known:
        raise UsageError(
            f"this {kind} has the activation {called!r}; known are {', '.join(ACTIVATIONS)}{here()}"
        )
    usual, function = known[called.lower()]
    given = [next(source, default) for source, default in zip(constants, usual)]
    return (lambda x: function(x, *given)) if given else function


def _check_shapes(kind: str, X: Any, W: Any, R: Any, B: Any, P: Any, direction: str) -> None:
    """Say which array does not fit."""
    gates, directions = len(GATES[kind]), 2 if direction == "bidirectional" else 1
    if X.ndim != 3 or W.ndim != 3 or R.ndim != 3:
        raise ShapeError(
            f"{kind} needs X, W and R with three axes, but has {X.shape}, {W.shape} and {R.shape}{here()}"
        )
    n = R.shape[2]
    wanted = {
        "W": (W, (directions, gates * n, X.shape[2])),
        "R": (R, (directions, gates * n, n)),
        "B": (B, (directions, 2 * gates * n)),
        "P": (P, (directions, 3 * n)),
    }
    for called, (array, shape) in wanted.items():
        if array is not None and tuple(array.shape) != shape:
            raise ShapeError(
                f"{called} of this {kind} has shape {tuple(array.shape)}; with X {tuple(X.shape)}, n_a = {n} and "
                f"{directions} direction{'s' * (directions - 1)} it needs {shape}{here()}"
            )

