"""ONNX's LSTM, GRU and RNN, step by step: recorded in the notes' notation, columns and all.

The weights of a file hold all gates one above another, and both directions; here each gate's part has its name, such
as W_fx for what the forget gate makes of x<t>, and remains a part of the file's array, which so has its gradient.

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
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.scope import scope
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor, name
from autograd_seq.exchange.onnx_operators import elu, hard_sigmoid, leaky, whole
from autograd_seq.exchange.recurrent_step import KINDS, Activation, Part, RecurrentStep

Settings = Mapping[str, Any]

GATES = {"RNN": "a", "GRU": "zrc", "LSTM": "uofc"}
PEEPHOLES = "uof"  # in the order of P
USUAL = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}

# Activations by name: what alpha and beta are if not given, and the function.
ACTIVATIONS: dict[str, tuple[tuple[float, ...], Callable[..., Any]]] = {
    "Tanh": ((), np.tanh),
    "Sigmoid": ((), lambda x: ops.sigmoid(x)),
    "Relu": ((), lambda x: ops.relu(x)),
    "Softplus": ((), lambda x: ops.softplus(x)),
    "Softsign": ((), lambda x: x / (1 + np.abs(x))),
    "LeakyRelu": ((0.01,), leaky),
    "ThresholdedRelu": ((1.0,), lambda x, alpha: np.where(x > alpha, x, 0.0)),
    "Elu": ((1.0,), elu),
    "Affine": ((1.0, 0.0), lambda x, alpha, beta: alpha * x + beta),
    "ScaledTanh": ((1.0, 1.0), lambda x, alpha, beta: alpha * np.tanh(beta * x)),
    "HardSigmoid": ((0.2, 0.5), hard_sigmoid),
}


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
    given: list[Any] = [*inputs, *[None] * (8 - len(inputs))]
    X, W, R, B, lengths, a_0, c_0, P = given
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
            cell = _cell(kind, settings, d, W, R, B, P)
            begin = [_initial(v, d, s, R.shape[2], X) for v, s in zip((a_0, c_0), cell.states)]
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
    cell: RecurrentStep, X: Any, state: list[Any], sizes: Sequence[int] | None, back: bool
) -> tuple[list[Any], list[Any]]:
    """The output of each step, as rows, and the final state; examples that have ended keep theirs and give 0."""
    T = X.shape[0]
    outputs: list[Any] = [None] * T
    for t in reversed(range(T)) if back else range(T):
        with scope(time=t + 1):
            new = cell(name(X[t].T, "x"), state)
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


def _cell(kind: str, settings: Settings, d: int, W: Any, R: Any, B: Any, P: Any) -> RecurrentStep:
    """The step of one direction."""
    n, gates = R.shape[2], GATES[kind]
    reset_after = bool(settings.get("linear_before_reset", 0))  # which the GRU alone has
    parts = {}
    for k, gate in enumerate(gates):
        rows = slice(k * n, (k + 1) * n)
        part = parts[gate] = Part(name(W[d, rows], f"W_{gate}x"), name(R[d, rows], f"W_{gate}a"))
        if B is not None:
            outer, inner = B[d, rows], B[d, (len(gates) + k) * n : (len(gates) + k + 1) * n]
            if reset_after and gate == "c":
                part.b = name(np.reshape(outer, (n, 1)), "b_c")
                part.inner = name(np.reshape(inner, (n, 1)), "b_ca")
            else:
                part.b = name(np.reshape(outer + inner, (n, 1)), f"b_{gate}")
        if P is not None and gate != "c":
            place = PEEPHOLES.index(gate)
            part.peephole = name(np.reshape(P[d, place * n : (place + 1) * n], (n, 1)), f"p_{gate}")
    return KINDS[kind](
        parts,
        _activations(kind, settings, d),
        reset_after=reset_after,
        coupled=bool(settings.get("input_forget", 0)),
        clip=settings.get("clip"),
    )


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

