"""The backward pass on the forward picture: an arrow back beside every arrow, or the backward pass alone.

Both are laid out by the same scopes as the forward picture: what belongs together stands in the same place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from autograd_seq import Graph, Recording, Tensor, differentiate
from autograd_seq.core.array import Array
from autograd_seq.core.errors import GradientError
from autograd_seq.core.rules import unbroadcast
from autograd_seq.core.source_line import here
from viz.backward_formula import BackwardWriter
from viz.box_formula import number, shape_text
from viz.boxes import Box, Folded, Use, fold
from viz.builder import Options, norm
from viz.layout import lay_out
from viz.lettering import Line, Run
from viz.routes import beside, loop
from viz.scene import Column, Edge, Layout, Node
from viz.unrolled import Unrolled

DECADES = 4.0  # from the widest arrow to the thinnest
THINNEST, WIDEST = 0.6, 5.0


def recording_of(graph: Graph, recording: Recording | None = None) -> Recording:
    """The derivative of a graph's output, with respect to all that it is made of.

    Raises
    ------
    GradientError
        If the graph has several outputs or its output is not a scalar.
    """
    if recording is not None:
        return recording
    if len(graph.outputs) != 1:
        raise GradientError(
            f"the graph has {len(graph.outputs)} outputs, and a derivative needs one: draw the loss in place of the run"
            f"{here()}"
        )
    return differentiate(graph.outputs[0])


def overlay(graph: Graph, recording: Recording, view: str, options: Options) -> Layout:
    """A picture with an arrow back beside every arrow that a derivative passes, as wide as the adjoint is large."""
    gradients = {record: norm(adjoint._value) for record, adjoint in recording.adjoints.items()}
    room = replace(options, double=True, gradients=gradients)
    layout = lay_out(graph, view, room)
    flows = Flows(recording.adjoints)
    sizes = {edge: flows.size(edge.uses) for edge in layout.edges}
    largest = max((size for size in sizes.values() if size), default=1.0)
    answers = []
    for edge, size in sizes.items():
        if not size or not edge.points:  # where nothing passes, or zero
            continue
        back = Edge(f"b{edge.id[1:]}", edge.target, edge.source, "adjoint", edge.uses)
        own = edge.source is edge.target
        back.points = loop(edge.source, outer=True)[::-1] if own else beside(edge.points, options.size.aside)
        back.width = options.size.widest * line_width(size, largest)
        back.tooltip = f"‖∂/∂{edge.source.label}‖ by way of {edge.target.label} = {number(size)}"
        answers.append(back)
    layout.edges.extend(answers)
    layout.notes.append("arrows back: the wider, the larger the adjoint's norm (logarithmic, over four decades)")
    return layout


def line_width(size: float, largest: float) -> float:
    """The width of an arrow: the logarithm of the adjoint's norm, over four decades."""
    if size <= 0.0 or largest <= 0.0 or not math.isfinite(size) or not math.isfinite(largest):
        return WIDEST if size and not math.isfinite(size) else THINNEST
    share = 1.0 + math.log10(size / largest) / DECADES
    return THINNEST + (WIDEST - THINNEST) * min(max(share, 0.0), 1.0)


class Flows:
    """What each use gives to the adjoint of what it uses; every record's rules run once.

    Parameters
    ----------
    adjoints : dict of Tensor to Tensor
        The adjoint of each record.
    """

    def __init__(self, adjoints: Mapping[Tensor, Tensor]) -> None:
        self.adjoints = adjoints
        self._pulled: dict[Tensor, list[Array | None]] = {}

    def pulled(self, consumer: Tensor) -> list[Array | None]:
        """What a record's adjoint gives to each of its inputs; None where no derivative passes."""
        if consumer not in self._pulled:
            adjoint = self.adjoints.get(consumer)
            pieces: list[Array | None] = [None] * len(consumer.inputs)
            if adjoint is not None and consumer.operation is not None and consumer.requires_grad:
                for i, piece in enumerate(consumer.operation.pull(consumer, adjoint._value)):
                    if piece is not None:
                        whole = piece.whole() if hasattr(piece, "whole") else piece
                        pieces[i] = unbroadcast(whole, consumer.inputs[i].shape)
            self._pulled[consumer] = pieces
        return self._pulled[consumer]

    def size(self, uses: list[Use]) -> float | None:
        """The norm of what some uses give together; None where no derivative passes."""
        totals: dict[Tensor, Array] = {}
        for producer, consumer, i in uses:
            piece = self.pulled(consumer)[i]
            if piece is not None:
                totals[producer] = totals[producer] + piece if producer in totals else piece
        if not totals:
            return None
        return math.sqrt(sum(norm(total) ** 2 for total in totals.values()))


def backward_view(graph: Graph, recording: Recording, options: Options) -> Layout:
    """The recorded backward pass alone: each adjoint where its record stands, arrows against the forward ones."""
    layout = _Backward(fold(graph, merge_named=False), options, recording).build()
    for edge in layout.edges:
        edge.source, edge.target, edge.kind = edge.target, edge.source, "adjoint"
        edge.points = edge.points[::-1]
    layout.table_title = "summed over all steps"
    return layout


__all__ = ["Flows", "backward_view", "line_width", "overlay", "recording_of"]


class _Backward(Unrolled):
    """The forward layout with adjoints written into it."""

    longest = 30.0

    def __init__(self, folded: Folded, options: Options, recording: Recording) -> None:
        gradients = {record: norm(adjoint._value) for record, adjoint in recording.adjoints.items()}
        super().__init__(folded, replace(options, parameters=False, gradients=gradients))
        self.recording = recording
        self.backward = BackwardWriter(self.writer, recording)

    def placed(self, columns: list[Column]) -> Layout:
        """Write the adjoints, leave out what no derivative passes, and place the rest."""
        for node in self.nodes:
            if node.box is not None:
                self._rewrite(node)
        flows = Flows(self.recording.adjoints)
        self.edges = {ends: edge for ends, edge in self.edges.items() if flows.size(edge.uses) is not None}
        touched = {node for ends in self.edges for node in ends}
        self.nodes = [n for n in self.nodes if (n in touched if n.kind in ("fold", "port") else n.record is not None)]
        layout = super().placed(columns)
        layout.edges = [edge for edge in layout.edges if flows.size(edge.uses)]  # zero looks like nothing
        return layout

    def title(self, box: Box) -> list[Run]:
        """What stands for a box that is not drawn: its adjoint's name, if it has one."""
        return self.backward.title(box) if box.record in self.recording.adjoints else super().title(box)

    def _rewrite(self, node: Node) -> None:
        box = node.box
        adjoint = self.recording.adjoints.get(box.record) if box is not None else None
        if box is None or adjoint is None:
            node.record, node.records = None, ()
            return
        title = self.backward.title(box)
        node.lines = [self.line(title, self.size.name)]
        if self.with_formulas:
            node.lines += self.broken(box, self.backward.formula(box, self.longest_formula()), self.size.formula)
            size = Run(f"  ‖·‖ {number(norm(adjoint._value))}", color="adjoint")
            facts = [Run(shape_text(adjoint.shape), dim=True, in_words=True), size]
            node.lines.append(self.line(facts, self.size.facts))
        if not adjoint._value.any():
            node.kind = "zero"
        emitted = dict.fromkeys(made for record in box.records for made in self.recording.emitted.get(record, ()))
        node.record, node.records = adjoint, tuple(emitted)
        node.tooltip = Line(tuple(title)).plain
        self.measure(node)
