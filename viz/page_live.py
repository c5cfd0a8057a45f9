"""What a live page knows beside what every page does: instructions, and where each number of the page is computed.

The keys, as ``assets/live.js`` reads them: ``program`` the instructions; ``v`` and ``a`` for each record where its
value and its adjoint are, ``[first, stride or map]``; ``d`` what it gives back, in the order of the record's own ``d``;
``given`` the records whose numbers may be changed; ``edges`` for each line the pieces that come along it, those of one
tensor together; ``parts`` for each parameter its contributions; ``holds`` the results that may be held at a number, as
``[record, after, first, size]`` with what they give back, as ``[after, first, size]``; ``presets`` and ``film``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.live import Instructions, instructions
from autograd_seq.readings.live.memory import packed
from viz.backward_edges import DECADES, THINNEST, WIDEST
from viz.filming import Film
from viz.page_model import Model, rounded
from viz.page_presets import presets
from viz.scene import Edge, Layout

Found = tuple[int, int]
CORNER = 8  # rows and columns of an array that is computed: each of them is written anew in every frame


def live_data(model: Model, layout: Layout, film: Film | None = None) -> dict[str, Any]:
    """Everything that a page needs in order to compute, ready for JSON."""
    told = instructions(model.graph, model.loss, model.gradient)
    data = _Places(model, told).data(layout)
    data["presets"] = presets(model, told)
    if film is not None:
        data["film"] = _film(film, model, told)
    data["program"] = told.memory.data()  # last: to find something may take an instruction more
    return data


class _Places:
    def __init__(self, model: Model, told: Instructions) -> None:
        self.model, self.told, self.memory = model, told, told.memory

    def data(self, layout: Layout) -> dict[str, Any]:
        """Where everything is."""
        records = self.model.records
        return {
            "v": [self._found(record) for record in records],
            "a": [self._found(self.told.adjoints.get(record)) for record in records],
            "d": [[self.memory.found(self.told.positions[piece]) for piece in self._given(r)] for r in records],
            "given": [self.model.numbers[record] for record in self.told.given],
            "edges": [self._along(edge) for edge in layout.edges],
            "parts": [self._parts(record) for record in self.model.met],
            "holds": [hold for record in records if (hold := self._hold(record))],
            "edge": min(self.model.edge, CORNER), "widths": [THINNEST, WIDEST, DECADES],
            "loss": -1 if self.model.loss is None else self.model.numbers[self.model.loss],
        }  # fmt: skip

    def _found(self, tensor: Tensor | None) -> Found | None:
        if tensor is None:
            return None
        return self.memory.found(self.told.positions[tensor])

    def _given(self, record: Tensor) -> list[Tensor]:
        """What a record's adjoint gives to its inputs."""
        uses = ((record, i) for i in range(len(record.inputs)))
        return [self.told.pieces[use] for use in uses if use in self.told.pieces]

    def _along(self, edge: Edge) -> list[Any]:
        groups: dict[Tensor, list[Found]] = {}
        for x, user, i in edge.uses:
            if (piece := self.told.pieces.get((user, i))) is not None:
                groups.setdefault(x, []).append(self.memory.found(self.told.positions[piece]))
        return [[x.size, *found] for x, found in groups.items()]

    def _parts(self, record: Tensor) -> list[Found]:
        parts = self.told.contributions(record)
        return [self.memory.found(parts[place]) for place in self.model.met[record]]

    def _hold(self, record: Tensor) -> list[Any] | None:
        """Where a result can be put in place of what was computed, with the derivative cut off behind it."""
        own = self._own(record)
        if own is None or record.operation is None or not record.operation.activation or not record.name:
            return None
        pieces = self._given(record)
        given = [self._own(piece) for piece in pieces]
        adjoint = self.told.adjoints.get(record)
        if None in given or any(piece is adjoint for piece in pieces):
            return None
        return [self.model.numbers[record], *own, given]

    def _own(self, tensor: Tensor) -> list[int] | None:
        """After which instruction, where and how many: of what instructions of its own make, in one piece."""
        positions = self.told.positions[tensor].ravel()
        after = self.told.ends.get(tensor)
        if after is None or not np.array_equal(positions, positions[0] + np.arange(positions.size)):
            return None
        return [after, int(positions[0]), int(positions.size)]


def _film(film: Film, model: Model, told: Instructions) -> dict[str, Any]:
    """The frames of a film, for the parameters that the recording has too."""
    chosen = film.of(told.given)
    values = [[np.ravel(frame.values[key]) for key in chosen.values()] for frame in film.frames]
    return {
        "r": [model.numbers[record] for record in chosen],
        "updates": [frame.update for frame in film.frames],
        "losses": [None if frame.loss is None else rounded(frame.loss) for frame in film.frames],
        "values": [packed(np.concatenate(arrays), "<f8") for arrays in values],
    }


def stripped(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without the numbers that the page computes for itself."""
    return [{key: value for key, value in record.items() if key not in ("v", "a")} for record in records]
