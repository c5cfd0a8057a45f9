"""What a stepping page knows of a recording: data only, short keys, arrays cut to what a person reads.

The keys of a record, as ``assets/page.js`` reads them:
``n`` name ``[arrow, base, subscript, superscript]``, ``y`` how it is said aloud, ``b`` box, ``s`` shape,
``v`` value, ``N`` its norm, ``a`` adjoint, ``A`` its norm, ``p`` place, ``l`` source line, ``f`` the
operation, ``e`` the whole equation of a named record, ``d`` what its adjoint gives to each input
``[input, norm, formula]``. A formula is ``[template, [records]]``; -1 - i stands for the adjoint of record i.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.array import Array
from autograd_seq.core.backward import sweep
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.rules import unbroadcast
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.steps import scopes, without_step
from autograd_seq.readings.contributions import contributions
from autograd_seq.translation.reader import translated
from viz.directions import direction_in_words, short
from viz.page_formulas import Formulas
from viz.page_order import in_steps

ROOM = 50_000  # numbers written into a page: values, adjoints, contributions
EDGES = (12, 8, 6, 5, 4, 3, 2)  # rows and columns of an array that are shown, the most that fit


@dataclass
class Table:
    """Texts that many records share, each kept once."""

    texts: list[str] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    def add(self, text: str) -> int:
        """The place of `text`."""
        if text not in self._known:
            self._known[text] = len(self.texts)
            self.texts.append(text)
        return self._known[text]


class Model:
    """A recording and its reverse sweep as data for a page.

    Parameters
    ----------
    graph : Graph
        The forward recording.
    loss : Tensor or None
        What to differentiate; None for a page without a backward pass.
    gradient : array_like, optional
        The adjoint to start from.
    boxes : mapping of Tensor to int
        The box of the picture that each record is drawn in.

    Attributes
    ----------
    numbers : dict
        The place of each record in the data.
    adjoints : dict
        The adjoint of each record that the derivative passes through.
    pieces : dict
        For each (record, position) what its adjoint gives to the input at that position; filled by `data`.
    met : dict
        For each parameter the places that it is used at, in the order in which the sweep meets them; filled by `data`.
    """

    def __init__(self, graph: Graph, loss: Tensor | None, gradient: Any, boxes: Mapping[Tensor, int]) -> None:
        self.graph, self.boxes = graph, boxes
        self.records = [record for record in graph if not is_literal(record)]
        self.numbers = {record: i for i, record in enumerate(self.records)}
        self.adjoints: dict[Tensor, Array] = {}
        if loss is not None:
            self.adjoints = dict(sweep(loss.record, np.asarray(gradient), everything=True))
        self.loss = loss
        self.gradient = gradient
        self.edge = _edge([*self.records, *self._learned() * len({s.place for s in scopes(graph).values()})])
        self.formulas, self.lines, self.places = Formulas(), Table(), Table()
        self.pieces: dict[tuple[Tensor, int], Array] = {}
        self.met: dict[Tensor, list[Any]] = {}

    def data(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        groups = in_steps(self.graph)
        forward = [record for group in groups for record in group]
        back = [record for record in reversed(forward) if record in self.adjoints]
        records = [self._record(record) for record in self.records]
        return {
            "records": records,
            "forward": [self.numbers[record] for record in forward],
            "backward": [self.numbers[record] for record in back],
            "marks": self._marks(groups),
            "parameters": [self._parameter(record, back) for record in self._learned()],
            "formulas": self.formulas.templates,
            "lines": self.lines.texts,
            "places": self.places.texts,
        }

    def _marks(self, groups: list[list[Tensor]]) -> list[int]:
        """Where in the walk a time step ends."""
        marks = [0]
        for group in groups:
            marks.append(marks[-1] + len(group))
        for group in reversed(groups):
            met = sum(record in self.adjoints for record in group)
            if met:
                marks.append(marks[-1] + met)
        return marks

    def _record(self, record: Tensor) -> dict[str, Any]:
        scope = scopes(self.graph)[record]
        value = record.value
        entry: dict[str, Any] = {
            "n": self.name(record), "y": spoken(record, scope, self.numbers[record]), "b": self.boxes.get(record, -1),
            "s": list(value.shape), "v": self._shown(value), "N": rounded(norm(value)),
        }  # fmt: skip
        if where := _where(scope):
            entry["p"] = self.places.add(where)
        if (line := record.source) is not None:
            entry["l"] = self.lines.add(f"{line}\n{line.text}")
        if record.operation is not None:
            entry["f"] = self.formulas.add(record, self.numbers)
            if record.name:
                whole = self.formulas.add(record, self._stops(record))
                if whole != entry["f"]:
                    entry["e"] = whole
        if (adjoint := self.adjoints.get(record)) is not None:
            entry["a"], entry["A"] = self._shown(adjoint), rounded(norm(adjoint))
            if given := self._given(record, adjoint):
                entry["d"] = given
        return entry

    def _stops(self, record: Tensor) -> dict[Tensor, int]:
        """The records at which the equation of a named record ends: all that are not unnamed parts of its box."""
        inside: set[Tensor] = set()
        stack = [record]
        while stack:
            for x in stack.pop().inputs:
                if x not in inside and x.operation is not None and not x.name and self._together(x, record):
                    inside.add(x)
                    stack.append(x)
        return _Without(self.numbers, inside)

    def _together(self, x: Tensor, record: Tensor) -> bool:
        return self.boxes.get(x, -1) == self.boxes.get(record, -1)

    def _given(self, record: Tensor, adjoint: Array) -> list[Any]:
        """What the adjoint of a record gives to each of its inputs: norm and formula."""
        rules: Any = record.operation.vjp if record.operation else None
        if rules is None:
            return []
        g = Tensor(adjoint)
        known = {x: self.numbers[x] for x in (record, *record.inputs) if x in self.numbers}
        known[g] = -1 - self.numbers[record]
        found = []
        with Marked(Scope()):
            for i, x in enumerate(record.inputs):
                if not x.requires_grad or rules[i] is None:
                    continue
                piece = rules[i](g, record, *record.inputs, **record.settings)
                whole = _whole(piece, x.shape)
                self.pieces[record, i] = whole.value
                source = piece.piece if type(piece) is Part else whole
                found.append([self.numbers[x], rounded(norm(whole.value)), self._formula(source, known)])
        return found

    def _formula(self, piece: Tensor, known: Mapping[Tensor, int]) -> tuple[int, list[int]]:
        return self.formulas.reference(known[piece]) if piece in known else self.formulas.add(piece, known)

    def _learned(self) -> list[Tensor]:
        """The parameters, in the order of the recording."""
        return [r for r in self.records if r.operation is None and r.requires_grad and r in self.adjoints and r.name]

    def _parameter(self, record: Tensor, back: list[Tensor]) -> dict[str, Any]:
        """A parameter's gradient, contribution by contribution, in the order in which the sweep meets them."""
        assert self.loss is not None  # there are adjoints, so there was something to differentiate
        parts = contributions(self.loss, record, self.gradient)
        arrival = self._arrivals(record, {r: i for i, r in enumerate(back)})
        met = self.met[record] = sorted(parts, key=lambda place: arrival.get(place, len(back)))
        total = np.zeros_like(record.value)
        entries = []
        for place in met:
            total = total + parts[place]
            entries.append({
                "p": _place(place), "at": arrival.get(place, len(back)),
                "v": self._shown(parts[place], 3), "N": rounded(norm(parts[place])),
                "t": self._shown(total, 3), "T": rounded(norm(total)),
            })  # fmt: skip
        return {"r": self.numbers[record], "parts": entries}

    def _arrivals(self, parameter: Tensor, turns: Mapping[Tensor, int]) -> dict[Any, int]:
        """How many backward records have passed when the contribution of a place is complete."""
        places = scopes(self.graph)
        arrival: dict[Any, int] = {}
        for node in without_step(parameter, self.uses, places):
            for user, _ in self.uses[node]:
                if user in turns:
                    place = places[user].place
                    arrival[place] = max(arrival.get(place, 0), turns[user] + 1)
        return arrival

    @cached_property
    def uses(self) -> dict[Tensor, list[tuple[Tensor, int]]]:
        """For each record, who uses it and as which input."""
        return self.graph.consumers()

    def name(self, record: Tensor) -> list[str]:
        """``[arrow, base, subscript, superscript]`` of a record; ``%14`` stands for one without a name."""
        if not record.name:
            return ["", f"%{self.graph.positions[record]}", "", ""]
        scope = scopes(self.graph)[record]
        parts = names.Name.parse(record.name)
        base = "d" * parts.adjoint + names.GREEK.get(parts.base, parts.base) + names.ACCENTS.get(parts.accent, "")
        above = names.place(scope).replace("<", "⟨").replace(">", "⟩")
        return [names.ARROWS.get(scope.direction or "", ""), base, parts.subscript, above]

    def _shown(self, array: Array, digits: int = 4) -> Any:
        """The corner of an array that a page shows, as nested lists of rounded numbers."""
        if array.ndim == 0:
            return rounded(array.item(), digits)
        corner = array[(0,) * max(array.ndim - 2, 0) + (slice(self.edge),) * min(array.ndim, 2)]
        return [[rounded(x, digits) for x in row] for row in np.atleast_2d(corner).tolist()]


class _Without(dict[Tensor, int]):
    """A mapping without some of its keys, not copied."""

    def __init__(self, numbers: Mapping[Tensor, int], hidden: set[Tensor]) -> None:
        self._numbers, self._hidden = numbers, hidden

    def __contains__(self, key: object) -> bool:
        return key not in self._hidden and key in self._numbers

    def __getitem__(self, key: Tensor) -> int:
        return self._numbers[key]


def _edge(records: Iterable[Tensor]) -> int:
    """How many rows and columns of each array there is room for."""
    shapes = [record.shape[-2:] for record in records]
    for edge in EDGES:
        if 2 * sum(int(np.prod([min(n, edge) for n in shape])) for shape in shapes) <= ROOM:
            return edge
    return 1


def _whole(piece: Any, shape: tuple[int, ...]) -> Tensor:
    """What a VJP rule gave, in the input's shape."""
    if type(piece) is Part:
        return Tensor(Part(piece.piece.value, piece.index, piece.shape).whole())
    return unbroadcast(piece, shape) if piece.shape != shape else piece


def _where(scope: Scope) -> str:
    """A place in words: ``time step 2, layer 1, forget gate``."""
    words = [
        f"time step {scope.time}" if scope.time is not None else "",
        f"layer {scope.layer}" if scope.layer is not None else "",
        direction_in_words(scope.direction) if scope.direction else "",
        scope.part or "",
    ]
    return translated(", ".join(word for word in words if word))


def _place(place: tuple[int | None, str | None, int | None]) -> str:
    """The place of a contribution, short: ``t = 2, layer 1``."""
    layer, direction, time = place
    words = [f"t = {time}" if time is not None else "", translated(f"layer {layer}") if layer is not None else ""]
    return ", ".join(word for word in [*words, short(direction)] if word) or translated("untimed")


def spoken(record: Tensor, scope: Scope, number: int) -> str:
    """A name as a screen reader should say it: ``Gamma f, time step 2``."""
    base = record.name.replace("_", " ") if record.name else translated(f"record {number}")
    words = [translated(f"time step {scope.time}") if scope.time is not None else ""]
    words += [translated(f"layer {scope.layer}") if scope.layer is not None else "", short(scope.direction)]
    return ", ".join([base, *(word for word in words if word)])


def norm(array: Array) -> float:
    """The Frobenius norm."""
    return float(np.linalg.norm(np.asarray(array, dtype=float)))


def rounded(x: float | bool, digits: int = 4) -> float | str | bool:
    """A number with so many digits; JSON has no NaN and no infinity, so these are texts."""
    if isinstance(x, bool):
        return x
    if not np.isfinite(x):
        return "NaN" if np.isnan(x) else "∞" if x > 0 else "−∞"
    short = float(f"{x:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
