"""What every view needs: boxes become nodes with text, uses become edges, and all is placed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.array import Array
from viz.box_formula import BoxWriter, number, shape_text, value_text
from viz.boxes import Box, Folded, Use
from viz.extent import bounds, extent, room_in_rows
from viz.lettering import Line, Run, name_runs, wrapped
from viz.placing import Places
from viz.scene import Column, Edge, Layout, Node, Row
from viz.sizes import PAGE, Size

WIDEST = 14_000.0  # points; a PDF page ends at 14,400
FORMULA = 21.0  # longest formula in ems
MOST_LINES = 4  # of a formula that is broken
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
    formulas : bool or None
        Formulas and shapes beside names; as the size has it if None.
    steps : (int, int) or None
        The first and the last step to draw.
    size : Size
        How large everything is written, and what it must fit into.
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
    formulas: bool | None = None
    steps: tuple[int, int] | None = None
    size: Size = PAGE
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
        self.folded, self.options, self.size = folded, options, options.size
        self.with_formulas = options.size.formulas if options.formulas is None else options.formulas
        self.ems = 0.0  # the longest line of a formula
        self.ems_of: dict[Hashable, float] = {}  # of boxes that can have a longer one
        self.bands = self.most_bands = 1  # how many rows of steps there are, and can be
        self.colors = {record: f"p{i}" for i, record in enumerate(folded.shared)}
        self.writer = BoxWriter(folded, self.colors)
        self.start()
        self.into_outputs = _scalars_near_outputs(folded)

    def start(self) -> None:
        """Forget what was drawn before."""
        self.notes: list[str] = []
        self.nodes: list[Node] = []
        self.node_of: dict[Box, Node] = {}
        self.edges: dict[tuple[Node, Node], Edge] = {}

    def build(self) -> Layout:
        """Everything, placed; where it must fit into a width, with shorter lines and more rows until it does."""
        best = None
        for bands, ems in self._tries():
            self.bands, self.ems, self.ems_of = bands, ems, {}
            layout = self.draft()
            if self.size.width is None:
                return layout
            if layout.width <= self.size.width_inside:
                return self._loosened(layout)
            if best is None or layout.width < best.width:
                best = layout
        assert best is not None
        return best

    def _tries(self) -> Iterator[tuple[int, float]]:
        """How many rows of steps, and how long the lines of formulas may be."""
        if self.size.width is None:
            yield 1, 0.0
            return
        lines = self.size.lines if self.with_formulas else self.size.lines[1::2]
        bands = 1
        while bands <= self.most_bands:  # a first draft says how many there can be
            for ems in lines:
                yield bands, ems
            bands += 1

    def _loosened(self, fitting: Layout) -> Layout:
        """The drawing once more, with longer lines in the boxes whose rows have room for them."""
        for share in (0.8, 0.5):
            self.ems_of = room_in_rows(fitting, self.size, self.ems, share)
            layout = self.draft()
            if layout.width <= self.size.width_inside and layout.height <= fitting.height:
                return layout
        return fitting

    def draft(self) -> Layout:
        """Everything, placed, with the present rows and lines."""
        raise NotImplementedError

    # -- nodes ----------------------------------------------------------------------------------

    def add(self, box: Box, column: int | None, kind: str) -> Node:
        """A node for a box."""
        node = Node(
            f"n{len(self.nodes)}", kind, box.key if column is not None else ("above", box.key), column,
            self.lines(box), box.record, tuple(box.records), box, leaf=box.leaf,
        )  # fmt: skip
        node.tooltip = self.tooltip(box)
        self.measure(node)
        self.nodes.append(node)
        self.node_of[box] = node
        return node

    def title(self, box: Box) -> list[Run]:
        """What stands for a box that is not drawn."""
        return self.writer.title(box)

    def add_words(self, kind: str, key: Hashable, column: int | None, words: list[Run], boxes: list[Box]) -> Node:
        """A node of words for what is not drawn itself."""
        node = Node(f"n{len(self.nodes)}", kind, key, column, [self.line(words, self.size.label)])
        node.records = tuple(record for box in boxes for record in box.records)
        node.tooltip = node.label
        self.measure(node)
        self.nodes.append(node)
        return node

    def kind(self, box: Box) -> str:
        """What a box is, from its place in the graph alone."""
        if box.leaf:
            return "input"
        return "loss" if box.record in self.into_outputs else "step"

    def line(self, runs: Sequence[Run], size: float) -> Line:
        """A line of text, with the scripts of the drawing's size."""
        return Line(tuple(runs), size, self.size.script)

    def measure(self, node: Node) -> None:
        """The size that the lines of a node need."""
        measure(node, self.size)

    def lines(self, box: Box) -> list[Line]:
        """What is written in a box: name, formula, shape, on demand its value and the norm of its adjoint."""
        record = box.record
        if record.name is None and record.operation is not None:
            lines = self.broken(box, self.writer.formula(box, self.longest_formula()), self.size.nameless)
        else:
            lines = [self.line(self.writer.title(box), self.size.name)]
            if self.with_formulas:
                lines += self.broken(box, self.writer.formula(box, self.longest_formula()), self.size.formula)
            else:
                lines += self.chips(box)
        if self.options.values:
            lines.append(self.line((Run(value_text(record._value), dim=True),), self.size.facts))
        return lines + self.facts(record)

    def facts(self, record: Tensor) -> list[Line]:
        """The shape, where it was measured with the norm of the adjoint."""
        if not self.with_formulas:
            return []
        gradient = self.options.gradients.get(record)
        size = self.size.facts
        if self.size.width is not None:  # a slide has no room for shapes
            return [] if gradient is None else [self.line((Run(f"∇ {number(gradient)}", color="adjoint"),), size)]
        facts = [Run(shape_text(record.shape), dim=True, in_words=True)]
        if gradient is not None:
            facts.append(Run(f"  ∇ {number(gradient)}", color="adjoint"))
        return [self.line(facts, size)]

    def longest_formula(self) -> float:
        """In ems, over all its lines."""
        return MOST_LINES * self.ems * 0.8 if self.ems else self.longest

    def broken(self, box: Box, runs: list[Run], size: float) -> list[Line]:
        """A formula, on as many lines as it needs."""
        if not runs:
            return []
        ems = self.ems_of.get(box.key, self.ems)
        return [self.line(line, size) for line in (wrapped(runs, ems) if ems else [runs])]

    def chips(self, box: Box) -> list[Line]:
        """The parameters that a box uses, where it has no formula that says so."""
        runs: list[Run] = []
        for record in box.parameters:
            runs += [Run(" ")] * bool(runs) + self.writer.name(record)
        return self.broken(box, runs, self.size.nameless)

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
            width = (1.8 if kind == "recurrent" else 1.1) * self.size.stroke
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
        layout = self.placed(columns)
        extent(layout, self.size)
        return layout

    def placed(self, columns: list[Column]) -> Layout:
        """Everything that was added, in its place, but for the table."""
        edges = list(self.edges.values())
        double = self.options.double
        pitch = 12.0 + 3.0 * (self.size.stroke - 1.0) + (self.size.aside if double else 0.0)
        _make_room(edges, pitch, ("fold",) if self.size.width is not None else ("fold", "port"))
        if self.size.width is not None:
            _as_high_as_ways_in(self.nodes)
        _level(self.nodes)
        Places(self.nodes, edges, columns, pitch, self.size, double).run()
        layout = Layout(self.nodes, edges, columns, self.table(), self.notes, size=self.size)
        layout.homes = {record: node for node in self.nodes for record in node.records}
        lowest = bounds(layout)[2]
        for column in columns:
            column.bottom = lowest
        return layout

    def table(self) -> list[Row]:
        """A row for each of what all steps share."""
        rows = []
        for record in self.folded.shared:
            color = self.colors[record]
            if record.name is None:
                runs = [Run(run.text, run.script, True, color=color) for run in self.writer.reference(record)[0]]
            else:
                runs = name_runs(record.name, record.scope, bold=True, color=color)
            row = Row(record, self.line(runs, self.size.row), color, shape_text(record.shape))
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


def measure(node: Node, size: Size = PAGE) -> None:
    """The size that the lines of a node need."""
    if node.kind == "fold" and node.label == "⋯":
        node.width, node.height = 3.4 * size.label, 2.2 * size.label
        return
    beside = 16.0 * (size.stroke if node.kind == "module" else 1.0)  # many names in bold, which pixels draw wider
    node.width = max(max((line.width for line in node.lines), default=0.0) + beside, 46.0)
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


def _make_room(edges: list[Edge], pitch: float, but: tuple[str, ...]) -> None:
    """Widen what many arrows leave or reach, so that they can be told apart; but not some kinds in height."""
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
        if count > 2 and node.kind not in but:
            node.height = max(node.height, pitch * min(count, 12) + 12.0)


def _as_high_as_ways_in(nodes: list[Node]) -> None:
    """A box has room for what comes straight from the way in beside it, which stands for the same at another step."""
    ways = {node.key: node.height for node in nodes if node.kind == "port"}
    for node in nodes:
        node.height = max(node.height, ways.get(node.key, 0.0))


def _size_class(node: Node) -> Hashable:
    return node.key, node.leaf, node.kind == "port"


def norm(value: Array) -> float:
    """The Frobenius norm."""
    return float(np.linalg.norm(np.asarray(value, dtype=float).ravel()))
