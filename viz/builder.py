"""What every view needs: boxes become nodes with text, uses become edges, and all is placed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.array import Array
from viz.box_formula import BoxWriter, number, shape_text, value_text
from viz.boxes import Box, Folded, Use
from viz.lettering import Line, Run, name_runs
from viz.placing import Places
from viz.scene import Column, Edge, Layout, Node, Row

SHOWN_STEPS = 12  # more are elided in the middle
WIDEST = 14_000.0  # points; a PDF page ends at 14,400
FORMULA = 21.0  # longest formula in ems
ASIDE = 7.0  # distance of an adjoint's arrow from the arrow that it answers
LONG_FORMULA = 44.0  # inside one step there is more room


@dataclass(frozen=True, slots=True)
class Options:
    """What a drawing shows besides the boxes and arrows.

    Attributes
    ----------
    all_steps : bool
        No step is elided, as long as the drawing stays readable.
    parameters : bool
        Parameters are boxes with arrows to every use, not only chips.
    values : bool
        Small arrays in full, large ones as norm and range.
    double : bool
        Room for an adjoint beside every arrow.
    widest : float
        In points; what would be wider is elided in the middle all the same.
    gradients : dict of Tensor to float
        Norms of adjoints to write beside the shapes.
    """

    all_steps: bool = False
    parameters: bool = False
    values: bool = False
    double: bool = False
    widest: float = WIDEST
    gradients: Mapping[Tensor, float] = field(default_factory=dict)


class Builder:
    """Turns boxes into nodes in columns, and has them placed; the views are subclasses.

    Parameters
    ----------
    folded : Folded
        What to draw.
    options : Options
        What to show.
    """

    longest = FORMULA

    def __init__(self, folded: Folded, options: Options) -> None:
        self.folded, self.options = folded, options
        self.colors = {record: f"p{i}" for i, record in enumerate(folded.shared)}
        self.writer = BoxWriter(folded, self.colors)
        self.notes: list[str] = []
        self.nodes: list[Node] = []
        self.node_of: dict[Box, Node] = {}
        self.edges: dict[tuple[Node, Node], Edge] = {}
        self.into_outputs = _scalars_near_outputs(folded)

    def build(self) -> Layout:
        """Everything, placed."""
        raise NotImplementedError

    # -- nodes ----------------------------------------------------------------------------------

    def add(self, box: Box, column: int | None, kind: str) -> Node:
        """A node for a box."""
        node = Node(
            f"n{len(self.nodes)}", kind, box.key if column is not None else ("above", box.key), column,
            self.lines(box), box.record, tuple(box.records), box, leaf=box.leaf,
        )  # fmt: skip
        node.tooltip = self.tooltip(box)
        measure(node)
        self.nodes.append(node)
        self.node_of[box] = node
        return node

    def add_words(self, kind: str, key: Hashable, column: int | None, words: list[Run], boxes: list[Box]) -> Node:
        """A node of words for what is not drawn itself."""
        node = Node(f"n{len(self.nodes)}", kind, key, column, [Line(tuple(words), 10.0)])
        node.records = tuple(record for box in boxes for record in box.records)
        node.tooltip = node.label
        measure(node)
        self.nodes.append(node)
        return node

    def kind(self, box: Box) -> str:
        """What a box is, from its place in the graph alone."""
        if box.leaf:
            return "input"
        return "loss" if box.record in self.into_outputs else "step"

    def lines(self, box: Box) -> list[Line]:
        """What is written in a box: name, formula, shape, on demand its value and the norm of its adjoint."""
        record = box.record
        formula = self.writer.formula(box, self.longest)
        if record.name is None and record.operation is not None:
            lines = [Line(tuple(formula), 9.5)]
        else:
            lines = [Line(tuple(self.writer.title(box)), 11.0)]
            if formula:
                lines.append(Line(tuple(formula), 8.5))
        if self.options.values:
            lines.append(Line((Run(value_text(record._value), dim=True),), 8.0))
        facts = [Run(shape_text(record.shape), dim=True)]
        if (gradient := self.options.gradients.get(record)) is not None:
            facts.append(Run(f"  ∇ {number(gradient)}", color="adjoint"))
        lines.append(Line(tuple(facts), 8.0))
        return lines

    def tooltip(self, box: Box) -> str:
        """Name, formula and source line in plain text."""
        line = box.record.source
        name = Line(tuple(self.writer.title(box))).plain
        formula = "".join(run.text for run in self.writer.expression(box))[:200]
        return name + (f" = {formula}" if formula else "") + (f"   ({line})" if line else "")

    # -- edges ----------------------------------------------------------------------------------

    def join(self, u: Node, v: Node, kind: str, uses: list[Use]) -> Edge | None:
        """An arrow between two nodes; one for all uses."""
        if u is v:
            return None
        if (u, v) not in self.edges:
            width = 1.8 if kind == "recurrent" else 1.1
            self.edges[u, v] = Edge(f"e{len(self.edges)}", u, v, kind, width=width)
        self.edges[u, v].uses.extend(uses)
        return self.edges[u, v]

    def add_parameters(self, column: int) -> None:
        """Shared records as nodes in a column before the first step, with arrows to every use."""
        made: dict[Tensor, Node] = {}
        for record in self.folded.shared:
            users = [use for use in self.folded.shared_uses if use[0] is record and use[1] in self.folded.home]
            nodes = [(self.node_of.get(self.folded.home[use[1]]), use) for use in users]
            shown = [(node, use) for node, use in nodes if node is not None]
            if not shown:
                continue
            runs = self.writer.name(record, bold=True)
            node = self.add_words("input", ("parameter", len(made)), column, runs, [])
            node.record, node.records, node.leaf = record, (record,), True
            node.beside = shown[0][0].key
            made[record] = node
            for target, use in shown:
                if (edge := self.join(node, target, "parameter", [use])) is not None:
                    edge.label = self.colors[record]

    # -- the rest -------------------------------------------------------------------------------

    def finish(self, columns: list[Column]) -> Layout:
        """Place everything that was added."""
        edges = list(self.edges.values())
        double = self.options.double
        pitch = 19.0 if double else 12.0
        _make_room(edges, pitch)
        _level(self.nodes)
        Places(self.nodes, edges, columns, pitch, ASIDE if double else 0.0).run()
        layout = Layout(self.nodes, edges, columns, self._table(), self.notes)
        layout.homes = {record: node for node in self.nodes for record in node.records}
        extent(layout)
        return layout

    def _table(self) -> list[Row]:
        rows = []
        for record in self.folded.shared:
            color = self.colors[record]
            if record.name is None:
                runs = [Run(run.text, run.script, True, color=color) for run in self.writer.reference(record)[0]]
            else:
                runs = name_runs(record.name, record.scope, bold=True, color=color)
            row = Row(record, Line(tuple(runs), 10.0), color, shape_text(record.shape))
            if (gradient := self.options.gradients.get(record)) is not None:
                row.norm = number(gradient)
            rows.append(row)
        return rows


def _scalars_near_outputs(folded: Folded) -> set[Tensor]:
    """Scalar outputs, and the scalars that they are made of."""
    found = {record for record in folded.graph.outputs if record.ndim == 0}
    for u, v in sorted(folded.edges, key=lambda edge: -edge[1].record.index):
        if v.record in found and u.record.ndim == 0 and not u.leaf:
            found.add(u.record)
    return found


def measure(node: Node) -> None:
    """The size that the lines of a node need."""
    if node.kind == "fold" and node.label == "⋯":
        node.width, node.height = 34.0, 22.0
        return
    node.width = max(max((line.width for line in node.lines), default=0.0) + 16.0, 46.0)
    node.height = sum(line.height for line in node.lines) + 9.0


def _level(nodes: list[Node]) -> None:
    """Equal nodes of different steps get one size, the largest that any of them needs."""
    largest: dict[Hashable, tuple[float, float]] = {}
    for node in nodes:
        if node.kind != "fold":
            kind = _size_class(node)
            w, h = largest.get(kind, (0.0, 0.0))
            largest[kind] = (max(w, node.width), max(h, node.height))
    for node in nodes:
        if node.kind != "fold":
            node.width, node.height = largest[_size_class(node)]


def _make_room(edges: list[Edge], pitch: float) -> None:
    """Widen what many arrows leave or reach, so that they can be told apart."""
    counts: dict[tuple[Node, bool], int] = {}
    for edge in edges:
        if edge.kind != "parameter":
            for end in ((edge.source, True), (edge.target, False)):
                counts[end] = counts.get(end, 0) + 1
    for (node, _), count in counts.items():
        if count > 2 and node.kind != "fold":
            node.width = max(node.width, pitch * min(count, 12) + 14.0)
    sides: dict[Node, int] = {}
    for edge in edges:
        if edge.kind == "recurrent" and edge.source is not edge.target:
            sides[edge.source] = sides.get(edge.source, 0) + 1
    for node, count in sides.items():
        if count > 2 and node.kind not in ("fold", "port"):
            node.height = max(node.height, pitch * min(count, 12) + 12.0)


def _size_class(node: Node) -> Hashable:
    return node.key, node.leaf, node.kind == "port"


def extent(layout: Layout) -> None:
    """Put the table beside the drawing and measure the whole."""
    xs = [p[0] for e in layout.edges for p in e.points]
    ys = [p[1] for e in layout.edges for p in e.points]
    xs += [v for n in layout.nodes for v in (n.left, n.right)] + [v for c in layout.columns for v in (c.left, c.right)]
    ys += [v for n in layout.nodes for v in (n.bottom, n.top)] + [c.top for c in layout.columns]
    lowest = min([min(ys, default=0.0) - 8.0, *(c.bottom for c in layout.columns if c.label)])
    for column in layout.columns:
        column.bottom = lowest
    left, right = min(xs, default=0.0), max(xs, default=0.0)
    bottom, top = lowest, max(ys, default=0.0)
    if layout.table:
        name = max(row.name.width for row in layout.table)
        shape = max(len(row.shape) for row in layout.table) * 5.6
        width = max(name + shape + (52.0 if any(row.norm for row in layout.table) else 10.0) + 30.0, 124.0)
        height = 42.0 + 17.5 * len(layout.table)
        layout.table_size = (width, height)
        layout.table_at = (right + 26.0 + width / 2, max((top + bottom) / 2, bottom + height / 2))
        right += 26.0 + width
        top = max(top, layout.table_at[1] + height / 2)
    layout.width, layout.height, layout.bottom = right - left, top - bottom, bottom


def norm(value: Array) -> float:
    """The Frobenius norm."""
    return float(np.linalg.norm(np.asarray(value, dtype=float).ravel()))
