"""Places of all nodes and ways of all edges, from the rows of one step and the columns of all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from viz.arrange import DUMMY, Template, closest, template
from viz.lettering import Line, Run
from viz.routes import ARROW, Lanes, Ports, Shape, lane_key, line, loop, rise, rounded
from viz.scene import Column, Edge, Node, Point
from viz.sizes import PAGE, Size

LEAST_GAP, WIDEST_GAP = 34.0, 74.0  # between rows
PADDING = 13.0  # of a column's frame
GUTTER = 22.0  # between frames, without lanes


class Places:
    """Lay out nodes and edges in columns; the answer is written into them.

    Parameters
    ----------
    nodes, edges, columns : list
        What to place. Nodes have their sizes.
    pitch : float
        Distance of parallel edges.
    size : Size
        How large everything is written.
    double : bool
        Whether beside each edge another one will run back.
    """

    def __init__(
        self, nodes: list[Node], edges: list[Edge], columns: list[Column], pitch: float = 12.0, size: Size = PAGE,
        double: bool = False,
    ) -> None:  # fmt: skip
        self.nodes, self.edges, self.columns, self.pitch = nodes, edges, columns, pitch
        self.aside = size.aside if double else 0.0
        further = max(0.0, self.aside - PAGE.aside)  # than on a page: arrows back need more room
        self.arrow, self.label = ARROW * size.stroke + further, 2 * size.label
        self.passing, self.least_gap = DUMMY + 2 * further, LEAST_GAP + 3 * further
        self.members: list[list[Node]] = [[] for _ in columns]
        for node in nodes:
            if node.column is not None:
                self.members[node.column].append(node)
        self.above = [node for node in nodes if node.column is None]

    def run(self) -> None:
        """Place everything."""
        inside = [e for e in self.edges if e.source.column == e.target.column and e.source is not e.target]
        inside = [e for e in inside if e.source.column is not None]
        self.loops = {
            e.source.key: 50.0 + 2 * self.aside + e.label_width for e in self.edges if e.source is e.target
        }
        self.template = template([n for members in self.members for n in members], inside, self.loops, self.passing)
        self._rows()
        self.looped = {edge.source for edge in self.edges if edge.source is edge.target}
        self.shapes = {edge: self._shape(edge) for edge in self.edges}
        self._reserve()
        self._columns(inside)
        self._heights(inside)
        self._roof()
        self._ports()
        for edge in self.edges:
            edge.points = self._path(edge)

    # -- rows and the shapes of edges -------------------------------------------------------

    def _rows(self) -> None:
        for members in self.members:
            for node in members:
                node.row = self.template.row[node.key]
        self.timed_rows = max((n.row for m in self.members for n in m), default=-1) + 1
        order = {node: i for i, node in enumerate(self.above)}
        depth: dict[Node, int] = dict.fromkeys(self.above, 0)
        for edge in sorted(
            (e for e in self.edges if e.source in depth and e.target in depth), key=lambda e: order[e.source]
        ):
            depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
        for node in self.above:
            node.row = self.timed_rows + depth[node]
        self.row_count = max((n.row for n in self.nodes), default=-1) + 1
        self.first: list[dict[int, Node]] = []  # leftmost and rightmost node of each row of each column
        self.last: list[dict[int, Node]] = []
        for members in self.members:
            ordered = sorted(members, key=self._template_x)
            self.last.append({n.row: n for n in ordered})
            self.first.append({n.row: n for n in reversed(ordered)})
        self.tops = [max((n.row for n in members), default=-1) for members in self.members]

    def _shape(self, edge: Edge) -> Shape:
        u, v = edge.source, edge.target
        if u is v:
            return Shape("loop", "right", "right")
        if u.column is None or v.column is None:
            return self._shape_above(u, v)
        if u.column == v.column:
            if (u.key, v.key) not in self.template.around:
                return Shape("rise")
            return Shape("round", self._leave(u, 1), "bottom", u.column + 1)
        way = 1 if v.column > u.column else -1
        gutter = u.column + (way > 0)
        near = v.column + (way < 0) == gutter
        facing = self.first if way > 0 else self.last
        leave = self._leave(u, way)
        enter = ("left" if way > 0 else "right") if near and facing[v.column][v.row] is v else "bottom"
        if near and leave != "top" and enter != "bottom" and u.row == v.row:
            return Shape("straight", leave, enter)
        return Shape("round", leave, enter, gutter)

    def _shape_above(self, u: Node, v: Node) -> Shape:
        if v.column is None and (
            (u.column is not None and self.tops[u.column] == u.row and v.row == self.timed_rows)
            or (u.column is None and v.row == u.row + 1)
        ):
            return Shape("roof")
        if v.column is None:
            column = u.column if u.column is not None else len(self.columns) - 1
            leave = self._leave(u, 1) if u.column is not None else "top"
            return Shape("round", leave, "bottom", column + 1)
        enter = "left" if self.first[v.column][v.row] is v else "bottom"
        return Shape("round", "bottom", enter, v.column)

    def _leave(self, u: Node, way: int) -> str:
        if u.column is None:
            return "top"
        facing = self.last if way > 0 else self.first
        if way > 0 and u in self.looped:
            return "top"
        return ("right" if way > 0 else "left") if facing[u.column][u.row] is u else "top"

    # -- lanes, columns, heights ------------------------------------------------------------

    def _reserve(self) -> None:
        """Lanes for what runs round: beneath the rows it enters, above the rows it leaves, in the gutters."""
        self.entering = [Lanes() for _ in range(self.row_count + 1)]
        self.leaving = [Lanes() for _ in range(self.row_count + 1)]
        self.gutters, self.far = Lanes(), Lanes()
        busy: list[set[object]] = [set() for _ in range(len(self.columns) + 1)]
        for edge, shape in self.shapes.items():
            if shape.kind != "round":
                continue
            key = lane_key(edge)
            self.gutters.add(key)
            busy[shape.gutter].add(key)
            if shape.enter == "bottom":
                self.entering[edge.target.row].add(key)
            if self._goes_far(edge):
                self.entering[self.timed_rows].add(key)
                self.far.add(key)
            if shape.leave == "top":
                self.leaving[edge.source.row + 1].add(key)
            elif shape.leave == "bottom":
                self.leaving[edge.source.row].add(key)
        self.busy = [len(keys) for keys in busy]

    def _goes_far(self, edge: Edge) -> bool:
        """Whether an edge passes the lower rows of what stands above: it does so on the far right."""
        rows = [node.row for node in (edge.source, edge.target) if node.column is None]
        return bool(rows) and max(rows) > self.timed_rows

    def _columns(self, inside: Sequence[Edge]) -> None:
        """From left to right: each column as wide as what is in it, each gutter as wide as its lanes."""
        width = self.template.width
        passing: list[set[object]] = [set() for _ in self.columns]
        for edge in inside:
            for r in range(edge.source.row + 1, edge.target.row):
                key = ("passes", edge.source.key, edge.target.key, r)
                if edge.source.column is not None and key in self.template.x[edge.source.column]:
                    passing[edge.source.column].add(key)
        at = 0.0
        pitch = self.pitch * 0.85
        lanes = len(self.gutters)
        self.gutter_at: list[float] = []
        self.shift: list[float] = []
        for i, column in enumerate(self.columns):
            space = GUTTER + pitch * (lanes if self.busy[i] else 0)
            self.gutter_at.append(at + GUTTER / 2 + pitch / 2)
            at += space if i else 0.0
            if not i:
                self.gutter_at[0] = at - GUTTER / 2 - pitch * lanes
            x = self.template.x.get(i, {})
            local = self._packed(i) if column.packed else {n: x[n.key] for n in self.members[i]}
            spans = [(at_x - n.width / 2, at_x + n.width / 2 + self.loops.get(n.key, 0.0)) for n, at_x in local.items()]
            spans += [(x[k] - width[k] / 2, x[k] + width[k] / 2) for k in passing[i] if not column.packed]
            left = min((span[0] for span in spans), default=-20.0)
            right = max((span[1] for span in spans), default=20.0)
            if (lacking := self._label_width(column) - 2 * PADDING - (right - left)) > 0:
                left, right = left - lacking / 2, right + lacking / 2
            padding = PADDING if column.label else 0.0
            self.shift.append(at + padding - left)
            column.left, column.right = at, at + right - left + 2 * padding
            at = column.right
            for node in self.members[i]:
                node.x = local[node] + self.shift[i]
        self.gutter_at.append(at + GUTTER / 2 + pitch / 2)

    def _label_width(self, column: Column) -> float:
        return Line((Run(column.label),), self.label / 2).width + 8.0 if column.label else 0.0

    def _template_x(self, node: Node) -> float:
        return self.template.x[node.column or 0][node.key]

    def _packed(self, column: int) -> dict[Node, float]:
        """Places of the nodes of a column that is not a step: each row around one axis."""
        rows: dict[int, list[Node]] = {}
        for node in sorted(self.members[column], key=self._template_x):
            rows.setdefault(node.row, []).append(node)
        places = {}
        for row in rows.values():
            at = -sum(node.width + 14.0 for node in row) / 2
            for node in row:
                places[node] = at + 7.0 + node.width / 2
                at += node.width + 14.0
        return places

    def _heights(self, inside: Sequence[Edge]) -> None:
        """From below: rows as high as their highest box, gaps as high as their lanes and curves need."""
        heights = [0.0] * self.row_count
        reach = [0.0] * (self.row_count + 1)
        for node in self.nodes:
            heights[node.row] = max(heights[node.row], node.height)
        for edge in inside:
            reach[edge.target.row] = max(reach[edge.target.row], abs(edge.source.x - edge.target.x))
        if self.above and self.timed_rows < self.row_count:
            reach[self.timed_rows] = 400.0 if len(self.columns) > 2 else 200.0
        self.row_bottom, self.row_top = [0.0] * self.row_count, [0.0] * self.row_count
        at = 0.0
        for r in range(self.row_count):
            lanes = len(self.entering[r]) + len(self.leaving[r])
            gap = min(max(0.2 * reach[r], self.least_gap), WIDEST_GAP) if r else 0.0
            at += gap + lanes * self.pitch + (10.0 if lanes and not r else 0.0)
            if r == self.timed_rows:
                at += PADDING
            self.row_bottom[r], self.row_top[r] = at, at + heights[r]
            at = self.row_top[r]
        for node in self.nodes:
            node.y = (self.row_bottom[node.row] + self.row_top[node.row]) / 2
        lowest = -PADDING - self.label
        for column in self.columns:
            column.bottom = lowest
            column.top = (self.row_top[self.timed_rows - 1] if self.timed_rows else 0.0) + PADDING

    def _roof(self) -> None:
        """What stands above all columns: over the middle of what it is made of, in its row's order."""
        made_of: dict[Node, list[Node]] = {node: [] for node in self.above}
        for edge in self.edges:
            if edge.target in made_of:
                made_of[edge.target].append(edge.source)
        rows: dict[int, list[Node]] = {}
        for node in sorted(self.above, key=lambda n: n.row):
            sources = [s.x for s in made_of[node] if s.column is not None or s.row < node.row]
            middle = (self.columns[0].left + self.columns[-1].right) / 2 if self.columns else 0.0
            node.x = (min(sources) + max(sources)) / 2 if sources else middle
            rows.setdefault(node.row, []).append(node)
        for row in rows.values():
            row.sort(key=lambda n: n.x)
            gaps = [(a.width + b.width) / 2 + 18 for a, b in pairwise(row)]
            for node, x in zip(row, closest([n.x for n in row], [1.0] * len(row), gaps), strict=True):
                node.x = x

    # -- ports and paths ----------------------------------------------------------------------

    def _gutter_x(self, edge: Edge, shape: Shape) -> float:
        return self.gutter_at[shape.gutter] + self.gutters[lane_key(edge)] * self.pitch * 0.85

    def _entering_y(self, edge: Edge, row: int | None = None) -> float:
        row = edge.target.row if row is None else row
        lane = self.entering[row][lane_key(edge)]
        return self.row_bottom[row] - 15.0 - lane * self.pitch

    def _leaving_y(self, edge: Edge, row: int) -> float:
        below = self.row_top[row - 1] if row else self.row_bottom[0] - 30.0
        return below + 9.0 + self.leaving[row][lane_key(edge)] * self.pitch

    def _chain(self, edge: Edge) -> list[float]:
        """Where a rising edge passes the rows between its ends."""
        u, v = edge.source, edge.target
        shift = self.shift[u.column or 0]
        x = self.template.x[u.column or 0]
        return [x["passes", u.key, v.key, r] + shift for r in range(u.row + 1, v.row)]

    def _ports(self) -> None:
        """Starts first: an arrow then arrives, if it can, straight above where it started."""
        self.ports = Ports(self.pitch, self.aside / 2)
        for start in (True, False):
            for edge, shape in self.shapes.items():
                if shape.kind != "loop":
                    node, side = (edge.source, shape.leave) if start else (edge.target, shape.enter)
                    if edge.kind == "parameter" and start:
                        self.ports.share(node, side, edge)
                        continue
                    self.ports.ask(node, side, self._towards(edge, shape, side, start), edge, start)
            self.ports.settle()
        for edge, shape in self.shapes.items():
            if shape.kind == "straight":  # one height for both ends
                (x1, _), (x2, y2) = self.ports.at[edge, True], self.ports.at[edge, False]
                low = max(edge.source.bottom, edge.target.bottom) + 4
                high = min(edge.source.top, edge.target.top) - 4
                y = min(max(y2, low), high)
                self.ports.at[edge, True], self.ports.at[edge, False] = (x1, y), (x2, y)

    def _towards(self, edge: Edge, shape: Shape, side: str, start: bool) -> float:
        """Where an edge would like to leave or to arrive."""
        other = edge.target if start else edge.source
        if side in ("left", "right"):
            level = shape.kind == "straight" and not start
            return self.ports.at[edge, True][1] - self.aside / 2 if level else other.y
        if shape.kind == "round":
            return self._gutter_x(edge, shape)
        if shape.kind == "rise" and (chain := self._chain(edge)):
            return chain[0 if start else -1]
        return other.x if start else self.ports.at[edge, True][0] + self.aside / 2

    def _path(self, edge: Edge) -> list[Point]:
        shape = self.shapes[edge]
        if shape.kind == "loop":
            return self._loop(edge)
        a, b = self.ports.at[edge, True], self.ports.at[edge, False]
        if shape.kind == "straight":
            return [a, *line(a, b)]
        if shape.kind == "rise":
            return self._rising(edge, a, b)
        if shape.kind == "roof":
            u, v = edge.source, edge.target
            low = self.row_top[v.row - 1] + (PADDING if u.column is not None else 0.0)
            return _curve([a, (a[0], low), (b[0], self.row_bottom[v.row] - self.arrow - 1), b])
        return rounded(self._round(edge, shape, a, b))

    def _rising(self, edge: Edge, a: Point, b: Point) -> list[Point]:
        stops: list[Point] = [a, (a[0], self.row_top[edge.source.row] + self.arrow)]
        for r, x in enumerate(self._chain(edge), start=edge.source.row + 1):
            stops += [(x, self.row_bottom[r] - self.aside), (x, self.row_top[r] + self.aside)]
        return _curve([*stops, (b[0], self.row_bottom[edge.target.row] - self.arrow - 1), b])

    def _round(self, edge: Edge, shape: Shape, a: Point, b: Point) -> list[Point]:
        gutter = self._gutter_x(edge, shape)
        first = last = gutter  # the x before and after what lies between
        between: list[Point] = []
        if self._goes_far(edge):
            far = self._far_x(edge)
            first = far if edge.source.column is None else gutter
            last = far if edge.target.column is None else gutter
            if first != last:
                low = self._entering_y(edge, self.timed_rows)
                between = [(first, low), (last, low)]
        corners = [a]
        if shape.leave in ("top", "bottom"):
            y = self._leaving_y(edge, edge.source.row + (shape.leave == "top"))
            corners += [(a[0], y), (first, y)]
        else:
            corners.append((first, a[1]))
        corners += between
        if shape.enter == "bottom":
            y = self._entering_y(edge)
            corners += [(last, y), (b[0], y)]
        else:
            corners.append((last, b[1]))
        return [*corners, b]

    def _far_x(self, edge: Edge) -> float:
        """Right of everything."""
        rights = [column.right for column in self.columns] + [node.right for node in self.above]
        return max(rights) + 14.0 + (self.gutters.width + self.far[lane_key(edge)]) * self.pitch

    def _loop(self, edge: Edge) -> list[Point]:
        node = edge.source
        edge.label_at = (node.right + 42 + 2 * self.aside + edge.label_width / 2, node.y)
        return loop(node)


def _curve(stops: Sequence[Point]) -> list[Point]:
    """Through stops: straight where two stand above each other, else a curve between vertical ends."""
    points = [stops[0]]
    for stop in stops[1:]:
        last = points[-1]
        if abs(stop[0] - last[0]) < 0.01:
            if abs(stop[1] - last[1]) > 0.01:
                points += line(last, stop)
        else:
            points += rise(last, stop)
    return points if len(points) > 1 else [*points, *line(points[0], stops[-1])]


__all__ = ["Places", "Template"]
