"""Known cells of a recording as nodes of ONNX: an LSTM, GRU or RNN in place of a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.exchange.affine import Weight
from autograd_seq.exchange.known_cells import Found, Gate
from autograd_seq.exchange.onnx_builder import FLOAT, TRUTH, Written
from autograd_seq.exchange.onnx_program import History, Loop, Step, Translator
from autograd_seq.exchange.rolled import places

GATES = {"RNN": "a", "GRU": "zrc", "LSTM": "uofc"}  # in the order of ONNX's rows
PROBE = np.array([-2.3, -0.4, 0.7, 1.9])
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "Tanh": np.tanh, "Relu": lambda x: np.maximum(x, 0), "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}  # fmt: skip


class CellNodes:
    """Writes the cells of one recording, each when the loop that computes it comes.

    Parameters
    ----------
    translator : Translator
    cells : list of Found
    variable_of : function
        From a record of the recording to the program's name for it; None if it has none of its own.
    ends : (Written, Written), optional
        Where examples end at different steps: their lengths, and which of them are running at which step (1, m, T).
    """

    def __init__(
        self,
        translator: Translator,
        cells: list[Found],
        variable_of: Callable[[Any], str | None],
        ends: tuple[Written, Written] | None = None,
    ) -> None:
        self.t, self.variable_of, self.ends = translator, variable_of, ends
        self.left = [(cell, where) for cell, where in zip(cells, places(cells), strict=True) if as_node(cell)]
        self.written: list[Found] = []

    def __call__(self, loop: Loop) -> None:
        """Write those cells that a loop makes, if what it reads is there and only the state is read later."""
        for cell, where in list(self.left):
            names = {key: self._kept_as(cell, key) for key in cell.steps[-1].after}
            state = next(iter(names.values()))
            if state in loop.assigned and self._write(cell, where, names, loop):
                self.left.remove((cell, where))
                self.written.append(cell)

    def _kept_as(self, cell: Found, key: str) -> str | None:
        """The variable of a state; where examples end, what is kept of it, which the last step may not need."""
        names = [self.variable_of(step.after[key]) for step in reversed(cell.steps)]
        kept = [name for name in names if isinstance(self.t.env.get(name or ""), History)]
        return kept[0] if self.ends is not None and kept else names[0]

    def _write(self, cell: Found, where: Any, names: dict[str, str | None], loop: Loop) -> bool:
        if any(name in loop.read_later for name in list(names.values())[1:]):
            return False  # the operator gives the memory after the last step only
        own = {name for name in names.values() if name is not None}
        sources = [self._steps(x, cell, loop, own) for x in cell.steps[-1].inputs]
        found = [self.t.env.get(name) for name in names.values() if name is not None]
        held = [value for value in found if isinstance(value, History)]
        if None in sources or len(held) != len(names):
            return False
        b, back = self.t.b, where.times[0] > where.times[-1]
        parts = [x for x in sources if x is not None]
        x = parts[0] if len(parts) == 1 else b.node("Concat", parts, axis=2)
        begins = [self._begin(h, back, cell) for h in held]
        if not all(begins):
            return False
        W, R, B, P = arrays_of(cell)
        lengths = Written("") if self.ends is None else self.ends[0]
        inputs = [x, b.constant(W), b.constant(R), b.constant(B), lengths, *[v for v in begins if v is not None]]
        if P is not None:
            inputs.append(b.constant(P))
        called = f"{next(iter(names.values()))}_rows"
        Y, last = b.nodes_of(cell.kind, inputs, [called, f"{called}_last"], [FLOAT] * 2, **attributes_of(cell, back))
        steps = b.node("Squeeze", [Y, b.wholes(1)])
        if self.ends is not None:  # the operator gives 0 where an example is not running
            running = b.node("Transpose", [self.ends[1]], perm=[2, 1, 0], of=TRUTH)
            kept = next(v for v in begins if v is not None) if back else last
            steps = b.node("Where", [running, steps, kept])
        if cell.columns:
            steps = b.node("Transpose", [steps], perm=[0, 2, 1])
        name = next(iter(names.values()))
        assert name is not None
        self.t.env[name] = History(self.t.env[name].single, steps, Step(1), Step(0, True))
        return True

    def _steps(self, record: Any, cell: Found, loop: Loop, own: set[str]) -> Written | None:
        """What a cell reads, as (T, m, n); if it is computed in the same loop, without the cell."""
        name = self.variable_of(record)
        held = self.t.env.get(name) if name is not None else None
        if isinstance(held, History) and held.stacked is not None:
            if (held.first, held.last) != (Step(1), Step(0, True)):
                return None
            return self.t.b.node("Transpose", [held.stacked], perm=[0, 2, 1]) if cell.columns else held.stacked
        if name in loop.assigned:
            made = loop.beforehand(name, own)
            return made if made is None or not cell.columns else self.t.b.node("Transpose", [made], perm=[0, 2, 1])
        if isinstance(held, Written) and record.operation is None:
            return self.t.b.node("Transpose", [held], perm=[2, 1, 0] if cell.columns else [2, 0, 1])
        return None

    def _begin(self, held: History, back: bool, cell: Found) -> Written | None:
        """The state before the first step, as (1, m, n)."""
        begin = held.single.get(Step(1, True) if back else Step(0))
        if begin is None:
            return None
        rows = self.t.b.node("Transpose", [begin]) if cell.columns else begin
        return self.t.b.node("Unsqueeze", [rows, self.t.b.wholes(0)])


def as_node(cell: Found) -> bool:
    """Whether an operator computes the same with its usual activations, in every runtime."""
    gates = cell.steps[-1].gates
    if cell.coupled or (cell.sees == "previous" and gates["o"].peephole):
        return False
    letters = GATES[cell.kind]
    if not all(letter in gates or (letter == "z" and "u" in gates) for letter in letters):
        return False
    usual = {"a": ("Tanh", "Relu"), "c": ("Tanh",)}
    return all(activation_of(gate) in usual.get(letter, ("Sigmoid",)) for letter, gate in gates.items())


def activation_of(gate: Gate) -> str | None:
    """ONNX's word for a gate's function; None for any other."""
    values = np.asarray(gate.activation(PROBE))
    return next((word for word, function in ACTIVATIONS.items() if np.allclose(values, function(PROBE))), None)


def attributes_of(cell: Found, back: bool) -> dict[str, Any]:
    """The attributes of the operator, those that differ from the usual."""
    found: dict[str, Any] = {"hidden_size": cell.n_a}
    if back:
        found["direction"] = "reverse"
    if cell.reset_after:
        found["linear_before_reset"] = 1
    if "a" in cell.steps[-1].gates and (word := activation_of(cell.steps[-1].gates["a"])) != "Tanh":
        found["activations"] = [word]
    return found


def arrays_of(cell: Found) -> tuple[Array, Array, Array, Array | None]:
    """W, R, B and P of the operator, from the weights as they stand in the recording."""
    n, gates, inputs = cell.n_a, cell.steps[-1].gates, cell.steps[-1].inputs
    rows: list[tuple[Array, Array, Array, Array]] = []
    for letter in GATES[cell.kind]:
        gate = gates[letter if letter in gates else "u"]
        sign = 1 if letter in gates else -1  # ONNX's z keeps the old state: σ(−x) = 1 − σ(x)
        x = [w.matrix()._value for source in inputs for data, w in gate.x if data is source]
        a, b, inner = (_total(w, n) for w in (gate.a, gate.b, gate.inner))
        rows.append((sign * np.hstack(x), sign * a, sign * b, sign * inner))
    W, R, B, inner = (np.concatenate([row[k] for row in rows]) for k in range(4))
    peepholes = [gates[g].peephole for g in "uof" if g in gates]
    P = np.concatenate([_total(p, n) for p in peepholes])[None] if any(peepholes) else None
    return W[None], R[None], np.concatenate([B, inner])[None], P


def _total(weights: list[Weight], n: int) -> Array:
    """The sum of matrices, or of vectors as a row."""
    if weights and weights[0].base.ndim == 2 and 1 not in weights[0].base.shape:
        return np.asarray(sum(w.matrix()._value for w in weights))
    return np.asarray(sum((w.vector()._value.ravel() for w in weights), np.zeros(n)))

