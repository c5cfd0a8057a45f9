"""From a recording to a drawing with every place fixed: `lay_out`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from autograd_seq import Graph, Tensor
from autograd_seq.errors import ValueRangeError
from viz.fold import Box, Folded, Use, fold
from viz.formula import Writer, shape_text, value_text
from viz.places import Places
from viz.plan import Column, Edge, Layout, Node, Row
from viz.text import Line, Run, name_runs

SHOWN_STEPS = 12  # more are elided in the middle
WIDEST = 14_000.0  # points; a PDF page ends at 14,400
MOST_BOXES = 260  # in one column
FORMULA = {"cell": 46.0}  # longest formula in ems, by view; 21 elsewhere
VIEWS = ("unrolled", "rolled", "cell", "operations", "backward", "overlay")


@dataclass(frozen=True, slots=True)
class Options:
    """What a drawing shows besides the boxes and arrows.

    Attributes
    ----------
    all_steps : bool
        No step is elided, as long as the drawing stays readable.
    parameters : bool
        Parameters are boxes with arrows to every use, not chips.
    values : bool
        Small arrays in full, large ones as norm and range.
    double : bool
        Room for an adjoint beside every arrow.
    widest : float
        In points; a drawing that would be wider is elided in the middle all the same.
    """

    all_steps: bool = False
    parameters: bool = False
    values: bool = False
    double: bool = False
    widest: float = WIDEST


def lay_out(graph: Graph, view: str = "unrolled", options: Options = Options()) -> Layout:
    """Fix the place of everything in a drawing of a graph.

    Parameters
    ----------
    graph : Graph
        Any recording.
    view : str
        ``unrolled``, ``rolled``, ``cell`` or ``operations``.
    options : Options
        What else is shown.

    Returns
    -------
    Layout
        Nodes with ids, places, sizes and the records they stand for; edges with their curves; columns.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, steps, tanh
    >>> W, a = Parameter([[0.5]], "W"), 1.0
    >>> for t in steps(3):
    ...     a = name(tanh(W * a), "a")
    >>> layout = lay_out(a.graph)
    >>> [(node.label, node.column) for node in layout.nodes]
    [('a<1>', 0), ('a<2>', 1), ('a<3>', 2)]
    """
    if view not in VIEWS:
        raise ValueRangeError(f"there is no view {view!r}; the views are {', '.join(VIEWS)}")
    folded = fold(graph, whole=view == "operations")
    return _Builder(folded, view, options).build()


class _Builder:
    """Turns boxes into nodes in columns, and has them placed."""

    def __init__(self, folded: Folded, view: str, options: Options) -> None:
        self.folded, self.view, self.options = folded, view, options
        self.colors = {record: f"p{i}" for i, record in enumerate(folded.shared)}
        self.writer = Writer(folded, self.colors)
        self.notes: list[str] = []
        self.nodes: list[Node] = []
        self.node_of: dict[Box, Node] = {}

    def build(self) -> Layout:
        """Everything, placed."""
        times = self._times()
        limit = SHOWN_STEPS if not self.options.all_steps else None
        layout = self._with(times, limit)
        if layout.width > self.options.widest and len(times) > 4:
            fitting = max(3, int(len(layout.columns) * self.options.widest / layout.width) - 2)
            layout = self._with(times, fitting)
        return layout

    def _times(self) -> dict[Box, int | None]:
        """The step of each box: what is untimed but stands between steps joins the latest step it uses."""
        times: dict[Box, int | None] = {box: box.time for box in self.folded.boxes}
        if all(time is None for time in times.values()):
            return times
        before: dict[Box, list[Box]] = {}
        after: dict[Box, list[Box]] = {}
        for u, v in self.folded.edges:
            before.setdefault(v, []).append(u)
            after.setdefault(u, []).append(v)
        untimed = [box for box in self.folded.boxes if box.time is None]
        leads: set[Box] = set()  # untimed, and some step uses it
        for box in reversed(untimed):
            if any(times[v] is not None or v in leads for v in after.get(box, ())):
                leads.add(box)
        earliest = min(time for time in times.values() if time is not None)
        for box in untimed:
            if box in leads:
                known = [time for u in before.get(box, ()) if (time := times[u]) is not None]
                times[box] = max(known, default=min(earliest, 0))
        for box in untimed:  # a leaf beside what stands above stays above with it
            if times[box] is None and box.leaf:
                continue
        return times

    # -- columns ------------------------------------------------------------------------------

    def _with(self, times: dict[Box, int | None], limit: int | None) -> Layout:
        """The drawing with at most `limit` steps; the middle ones elided."""
        self.nodes, self.node_of, self.notes = [], {}, []
        steps = sorted({time for time in times.values() if time is not None})
        shown, elided = _elide([s for s in steps if s > 0], limit)
        late = self._late(times, max(steps, default=0))
        order: list[Hashable] = [s for s in steps if s <= 0 and any(t == s and b not in late for b, t in times.items())]
        order += [*shown[0], *(["elided"] if elided else []), *shown[1]]
        order += ["late"] * bool(late)
        place = {name: i for i, name in enumerate(order)}
        if not steps:
            return self._finish([Column(None, "")], self._single(times))
        columns = [Column(s, f"t = {s}") if isinstance(s, int) and s > 0 else Column(None, "") for s in order]
        states = self._states(times)
        for box in self.folded.boxes:
            time = times[box]
            if time in elided:
                continue
            column = None if time is None else place["late"] if box in late else place[time]
            self._add(box, column, "state" if box in states else self._kind(box))
        edges = self._edges(times, set(elided), place.get("elided"))
        if elided:
            columns[place["elided"]].label = f"t = {elided[0]} … {elided[-1]}"
            self.notes.append(f"steps {elided[0]} to {elided[-1]} are not shown; they look like their neighbours")
        return self._finish(columns, edges)

    def _late(self, times: dict[Box, int | None], last: int) -> set[Box]:
        """Initial states of a sequence that runs from the last step to the first: they stand on the right."""
        late = set()
        for box, time in times.items():
            if time is not None and time <= 0 and box.scope.direction == "backward" and last > 0:
                users = [times[v] for (u, v) in self.folded.edges if u is box]
                if users and all(user == last for user in users):
                    late.add(box)
        return late

    def _states(self, times: dict[Box, int | None]) -> set[Box]:
        """Boxes of the keys that pass something from step to step."""
        keys = {
            u.key
            for u, v in self.folded.edges
            if (s := times[u]) is not None and (t := times[v]) is not None and s != t
        }
        return {box for box in self.folded.boxes if box.key in keys}

    def _kind(self, box: Box) -> str:
        if box.leaf:
            return "input"
        record = box.record
        outputs = self.folded.graph.outputs
        if record.ndim == 0 and any(record is o or any(record is x for x in o.inputs) for o in outputs):
            return "loss"
        if record.ndim == 0 and any(record is x for x, *_ in self._into_outputs()):
            return "loss"
        return "step"

    def _into_outputs(self) -> list[Use]:
        outputs = set(self.folded.graph.outputs)
        return [use for (_, v), uses in self.folded.edges.items() if v.record in outputs for use in uses]

    def _single(self, times: dict[Box, int | None]) -> list[Edge]:
        """A graph without steps: one column, the oldest boxes folded where there are too many."""
        boxes = self.folded.boxes
        kept = boxes[-MOST_BOXES:]
        for box in kept:
            self._add(box, 0, self._kind(box))
        if len(boxes) > len(kept):
            folded = boxes[: -MOST_BOXES]
            count = sum(len(box.records) for box in folded)
            node = self._fold_node(("folded",), 0, f"{count} earlier records", folded)
            self.notes.append(f"{count} records of {len(self.folded.graph)} are folded into one box")
            for box in folded:
                self.node_of[box] = node
        edges: dict[tuple[Node, Node], Edge] = {}
        for (u, v), uses in self.folded.edges.items():
            self._join(edges, self.node_of[u], self.node_of[v], "forward", uses)
        return list(edges.values())

    # -- nodes ----------------------------------------------------------------------------------

    def _add(self, box: Box, column: int | None, kind: str) -> Node:
        node = Node(
            f"n{len(self.nodes)}", kind, box.key if column is not None else ("above", box.key), column,
            self.lines(box), box.record, tuple(box.records), box, leaf=box.leaf,
        )  # fmt: skip
        node.tooltip = self._tooltip(box)
        _measure(node)
        self.nodes.append(node)
        self.node_of[box] = node
        return node

    def _fold_node(self, key: Hashable, column: int, words: str, boxes: list[Box]) -> Node:
        node = Node(f"n{len(self.nodes)}", "fold", key, column, [Line((Run(words, dim=True),), 10.0)])
        node.records = tuple(record for box in boxes for record in box.records)
        node.tooltip = words
        _measure(node)
        self.nodes.append(node)
        return node

    def lines(self, box: Box) -> list[Line]:
        """What is written in a box: name, formula, shape, on demand its value."""
        record = box.record
        title, formula = self.writer.title(box), self.writer.formula(box, FORMULA.get(self.view, 21.0))
        if record.name is None and record.operation is not None:
            lines = [Line(tuple(formula), 9.5)]
        else:
            lines = [Line(tuple(title), 11.0)]
            if formula:
                lines.append(Line(tuple(formula), 8.5))
        if self.options.values:
            lines.append(Line((Run(value_text(record._value), dim=True),), 7.5))
        lines.append(Line((Run(shape_text(record.shape), dim=True),), 7.5))
        return lines

    def _tooltip(self, box: Box) -> str:
        line = box.record.source
        formula = "".join(run.text for run in self.writer.expression(box))[:200]
        return self.writer_label(box) + (f" = {formula}" if formula else "") + (f"   ({line})" if line else "")

    def writer_label(self, box: Box) -> str:
        """The name of a box in plain text."""
        return Line(tuple(self.writer.title(box))).plain

    # -- edges ----------------------------------------------------------------------------------

    def _edges(self, times: dict[Box, int | None], elided: set[int], column: int | None) -> list[Edge]:
        edges: dict[tuple[Node, Node], Edge] = {}
        stand_ins: dict[Hashable, Node] = {}

        def stand_in(box: Box) -> Node:
            if box.key not in stand_ins:
                boxes = [b for b in self.folded.boxes if b.key == box.key and times[b] in elided]
                stand_ins[box.key] = self._fold_node(box.key, column or 0, "⋯", boxes)
            return stand_ins[box.key]

        for (u, v), uses in self.folded.edges.items():
            s, t = times[u], times[v]
            hidden = (s in elided, t in elided)
            if hidden == (True, True) or (s is None and hidden[1]):
                continue
            kind = "recurrent" if s is not None and t is not None and s != t else "forward"
            source = stand_in(u) if hidden[0] else self.node_of[u]
            target = stand_in(u) if hidden[1] else self.node_of[v]
            self._join(edges, source, target, kind, uses)
        return list(edges.values())

    def _join(self, edges: dict[tuple[Node, Node], Edge], u: Node, v: Node, kind: str, uses: list[Use]) -> None:
        if u is v:
            return
        if (u, v) not in edges:
            edges[u, v] = Edge(f"e{len(edges)}", u, v, kind, width=1.8 if kind == "recurrent" else 1.1)
        edges[u, v].uses.extend(uses)

    # -- the rest -------------------------------------------------------------------------------

    def _finish(self, columns: list[Column], edges: list[Edge]) -> Layout:
        _level(self.nodes)
        Places(self.nodes, edges, columns, 18.0 if self.options.double else 12.0).run()
        layout = Layout(self.nodes, edges, columns, self._table(), self.notes)
        layout.homes = {record: node for node in self.nodes for record in node.records}
        _extent(layout)
        return layout

    def _table(self) -> list[Row]:
        rows = []
        for record in self.folded.shared:
            color = self.colors[record]
            runs = self.writer.name(record) if record.name is None else name_runs(
                record.name, record.scope, bold=True, color=color
            )  # fmt: skip
            rows.append(Row(record, Line(tuple(runs), 10.0), color, shape_text(record.shape)))
        return rows


def _elide(steps: list[int], limit: int | None) -> tuple[tuple[list[int], list[int]], list[int]]:
    """The steps to show before and after the gap, and those inside it."""
    if limit is None or len(steps) <= limit:
        return (steps, []), []
    if limit <= SHOWN_STEPS:
        return (steps[:2], steps[-1:]), steps[2:-1]
    half = limit // 2
    return (steps[:half], steps[-half:]), steps[half:-half]


def _measure(node: Node) -> None:
    """The size that the lines of a node need."""
    if node.kind == "fold" and node.label == "⋯":
        node.width, node.height = 34.0, 22.0
        return
    node.width = max(max((line.width for line in node.lines), default=0.0) + 16.0, 46.0)
    node.height = sum(line.size * 1.28 for line in node.lines) + 9.0


def _level(nodes: list[Node]) -> None:
    """Equal nodes of different steps get one size, the largest that any of them needs."""
    largest: dict[Hashable, tuple[float, float]] = {}
    for node in nodes:
        if node.kind != "fold":
            w, h = largest.get(node.key, (0.0, 0.0))
            largest[node.key] = (max(w, node.width), max(h, node.height))
    for node in nodes:
        if node.kind != "fold":
            node.width, node.height = largest[node.key]


def _extent(layout: Layout) -> None:
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
        shape = max(len(row.shape) for row in layout.table) * 5.4
        width = max(name + shape + (48.0 if any(row.norm for row in layout.table) else 10.0) + 26.0, 120.0)
        height = 40.0 + 15.5 * len(layout.table)
        layout.table_size = (width, height)
        layout.table_at = (right + 26.0 + width / 2, max((top + bottom) / 2, bottom + height / 2))
        right += 26.0 + width
        top = max(top, layout.table_at[1] + height / 2)
    layout.width, layout.height, layout.bottom = right - left, top - bottom, bottom


def norm(value: np.ndarray) -> float:  # type: ignore[type-arg]
    """The Frobenius norm."""
    return float(np.linalg.norm(np.asarray(value, dtype=float).ravel()))


def norms(tensors: dict[Tensor, Tensor]) -> dict[Tensor, float]:
    """The norm of the adjoint of each record."""
    return {record: norm(adjoint._value) for record, adjoint in tensors.items()}
