"""Where a derivative does not exist, or a number overflowed: nothing is claimed of what such a record is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq.check.application import Application, Use
from autograd_seq.check.constancy import constancy
from autograd_seq.check.failure import place_of
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes


def lively(graph: Graph, matters: Callable[[Tensor], bool]) -> set[Tensor]:
    """The records that the output's derivative passes through; not what is only compared, or cut off.

    A record without rules counts as passed through where its result changes with its input.
    """
    alive = set(graph.outputs)
    for record in reversed(graph.records):
        if record in alive and record.operation is not None and not record.operation.cuts:
            rules: Any = record.operation.vjp
            for i, x in enumerate(record.inputs):
                if x in alive or not matters(x) or x.dtype.kind != "f":
                    continue
                if (rules is not None and rules[i] is not None) or constancy(record, i).status == "refuted":
                    alive.add(x)
    return alive


def undefined(
    graph: Graph, alive: set[Tensor], uses: Mapping[Tensor, list[Application]], recording: Recording | None
) -> Iterator[tuple[Tensor, str]]:
    """Each record by which there is no derivative in numbers, and where that begins.

    Parameters
    ----------
    graph : Graph
        The forward graph.
    alive : set of Tensor
        The records that matter.
    uses : mapping
        For each record the rule applications that give to it.
    recording : Recording or None
        The sweep, if there is one.
    """
    begun: dict[Tensor, str] = {}  # forward record -> where what is not finite in it began
    for record in graph:
        if record in alive and (number := _odd(record._value)):
            before = next((begun[x] for x in record.inputs if x in begun), "")
            begun[record] = before or f"{_place(graph, record)}: its value is {number}, no derivative there"
            yield record, begun[record]
    behind: dict[Tensor, str] = {}  # the same for adjoints
    for record in reversed(graph.records):
        own = [p for p in uses.get(record, []) if p.use.record in alive]
        for p in own:
            if p.piece is not None and _odd(p.piece._value) and (number := _odd(_by_ones(p))):
                user = p.use.record
                behind[record] = begun.get(user) or (
                    f"{_place(graph, user)}: its derivative by input {p.position} ({record.label}) is {number}"
                )
                yield record, behind[record]
        adjoint = recording.adjoints.get(record) if recording is not None else None
        if record in alive and record not in behind and adjoint is not None and (number := _odd(adjoint._value)):
            before = next((behind[p.use.record] for p in own if p.use.record in behind), "")
            behind[record] = before or f"{_place(graph, record)}: its adjoint is {number}"
            yield record, behind[record]


def _by_ones(application: Application) -> Array:
    """What a rule gives of an adjoint of ones, which no large adjoint makes overflow."""
    record = application.use.record
    piece = Use.of(record, np.ones(record.shape, record.dtype)).apply(application.position).piece
    return piece._value if piece is not None else np.zeros(())


def _odd(value: Array) -> str:
    """The first number that is not finite; empty if there is none."""
    finite = np.isfinite(value)
    return "" if finite.all() else str(value[~finite].flat[0])


def _place(graph: Graph, record: Tensor) -> str:
    line = record.source
    at = f" ({line}: {line.text})" if line and line.text else f" ({line})" if line else ""
    return place_of(record, graph.positions[record], scopes(graph)[record]) + at
