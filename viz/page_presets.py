"""What one may want to try on a live page: offered by general rules on names and shapes, only where they apply.

A preset is ``{"t": what it is called, "w": what it does, "a": actions}``. An action is ``["scale", record, factor]``,
``["set", record, positions, numbers]`` or ``["hold", record, number]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes
from autograd_seq.readings.live import Instructions
from autograd_seq.translation.reader import translated
from viz.page_model import Model

Preset = dict[str, Any]
FACTORS = {
    "weights twice as large": (2.0, "multiplies every weight matrix by 2"),
    "weights half as large": (0.5, "divides every weight matrix by 2"),
    "saturate": (20.0, "multiplies every weight matrix by 20: activations come to stand at their ends"),
}
GATES = {"f": "forget gate", "u": "update gate", "o": "output gate", "i": "input gate", "r": "relevance gate"}


def presets(model: Model, told: Instructions) -> list[Preset]:
    """All that apply to a recording."""
    weights = [record for record in told.given if record.requires_grad and _is_matrix(record)]
    found = [
        {"t": title, "w": words, "a": [["scale", model.numbers[record], factor] for record in weights]}
        for title, (factor, words) in FACTORS.items()
        if weights
    ]
    found += [*_identity(model, weights), *_gates(model)]
    return [preset | {key: translated(str(preset[key])) for key in ("t", "w")} for preset in found]


def _is_matrix(record: Tensor) -> bool:
    return record.ndim == 2 and record.size > max(record.shape)


def _identity(model: Model, weights: list[Tensor]) -> list[Preset]:
    """The part of a weight matrix that a state of an earlier step is multiplied by, as the identity."""
    actions = []
    for W in weights:
        columns = _recurrent_columns(model, W)
        if columns is None or model.name(W)[1].startswith("Γ"):
            continue
        rows = W.shape[0]
        positions = (np.arange(rows)[:, None] * W.shape[1] + columns + np.arange(rows)).ravel()
        actions.append(["set", model.numbers[W], positions.tolist(), np.eye(rows).ravel().tolist()])
    words = "sets what a state is multiplied by to the identity matrix: the step before comes through as it is"
    return [{"t": "identity recurrence", "w": words, "a": actions}] if actions else []


def _recurrent_columns(model: Model, W: Tensor) -> int | None:
    """The first of the columns that meet a state which was itself made with the matrix; None if there are none."""
    gates = _feeding_gates(model, W)
    for record in model.graph:
        if record.operation is None or record.operation.algebra != "matrix product" or record.inputs[0] is not W:
            continue
        other = record.inputs[1]
        parts = other.inputs if other.operation is not None and other.operation.algebra == "joined" else (other,)
        first = 0
        for part in parts:
            if not gates and part.ndim and part.shape[0] == W.shape[0] and _made_with(part, W):
                return first
            first += part.shape[0] if part.ndim else 0
    return None


def _made_with(record: Tensor, W: Tensor) -> bool:
    seen, stack = {record}, [record]
    while stack:
        for x in stack.pop().inputs:
            if x is W:
                return True
            if x not in seen:
                seen.add(x)
                stack.append(x)
    return False


def _feeding_gates(model: Model, W: Tensor) -> bool:
    """Whether a matrix makes a gate: something called Gamma stands behind its product before any other name."""
    uses = model.uses
    stack, seen = [user for user, _ in uses[W]], set()
    while stack:
        record = stack.pop()
        if record in seen:
            continue
        seen.add(record)
        if record.name:
            if _gate(record) is not None:
                return True
            if record.operation is not None and record.operation.activation:
                continue
        if record.operation is None or not record.operation.activation:
            stack += [user for user, _ in uses[record] if user.operation.elementwise]
    return False


def _gate(record: Tensor) -> str | None:
    """Which gate a record is by its name; empty for one that has no letter."""
    parsed = names.Name.parse(record.name) if record.name else None
    if parsed is None or parsed.adjoint or names.GREEK.get(parsed.base, parsed.base) != "Γ":
        return None
    return parsed.subscript


def _gates(model: Model) -> list[Preset]:
    """Each gate closed or open at one step, for the step in the middle, and at all of them."""
    places = scopes(model.graph)
    gates: dict[str, list[tuple[int, Tensor]]] = {}
    for record in model.records:
        letter = _gate(record)
        if letter is None or record.operation is None or not record.operation.activation:
            continue
        time = places[record].time
        if time is not None:
            gates.setdefault(letter, []).append((time, record))
    found = []
    for letter, members in gates.items():
        title = GATES.get(letter, f"gate Γ_{letter}" if letter else "gate")
        times = sorted({time for time, _ in members})
        middle = 3 if 3 in times else times[len(times) // 2]
        for word, number in (("close", 0.0), ("open", 1.0)):
            one = [["hold", model.numbers[r], number] for time, r in members if time == middle]
            words = f"holds it at {number:.0f}, so that no derivative passes to what it was computed from"
            found.append({"t": f"{word} the {title} at t = {middle}", "w": words, "a": one})
        every = [["hold", model.numbers[r], 1.0] for _, r in members]
        if len(times) > 1 and letter == "f":
            found.append({"t": f"open the {title} at every t", "w": "holds it at 1 throughout", "a": every})
    return found
