"""Where edges run: through the gaps between rows and between columns, so that none crosses a foreign box.

Within a step an edge rises through the rows, and where it passes one it has a place of its
own there. Between steps it runs in lanes: along the gap between two rows, up or down the
gutter between two columns. Equal edges of different steps use the same lane.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from viz.arrange import closest
from viz.scene import Edge, Node, Point

CORNER = 9.0
ARROW = 7.0  # length of an arrowhead


@dataclass(slots=True)
class Shape:
    """How an edge runs.

    Attributes
    ----------
    kind : str
        ``rise`` within a column, ``roof`` to what stands above all columns, ``round`` through a gutter,
        ``straight`` to the neighbour beside it, ``loop`` from a node back to itself.
    leave, enter : str
        The side of the node: ``top``, ``bottom``, ``left`` or ``right``.
    gutter : int
        Number of the gutter, for ``round``.
    """

    kind: str
    leave: str = "top"
    enter: str = "bottom"
    gutter: int = 0


class Lanes:
    """Parallel tracks of one gap: equal edges get the same one."""

    def __init__(self) -> None:
        self.taken: dict[Hashable, int] = {}

    def add(self, key: Hashable) -> None:
        """Reserve a track."""
        self.taken.setdefault(key, len(self.taken) % 16)

    def __getitem__(self, key: Hashable) -> int:
        return self.taken[key]

    def __len__(self) -> int:
        return self.width

    @property
    def width(self) -> int:
        """How many tracks there are."""
        return len(set(self.taken.values()))


def lane_key(edge: Edge) -> Hashable:
    """Equal for equal edges of different steps."""
    if edge.source.column is None:
        return (edge.source.key, edge.target.key)
    if edge.target.column is None:
        return (edge.source.key, None)
    return (edge.source.key, edge.target.key)


class Ports:
    """Where edges touch their nodes: spread along each side in the order in which they go on."""

    def __init__(self, pitch: float, shift: float = 0.0) -> None:
        self.pitch, self.shift = pitch, shift
        self.wanted: dict[tuple[Node, str], list[tuple[float, Edge, bool]]] = {}
        self.at: dict[tuple[Edge, bool], Point] = {}

    def ask(self, node: Node, side: str, towards: float, edge: Edge, start: bool) -> None:
        """A place on `side` of `node`, for an edge that goes on to `towards` along that side."""
        self.wanted.setdefault((node, side), []).append((towards, edge, start))

    def settle(self) -> None:
        """Give every edge its place: as straight as the others on that side allow."""
        for (node, side), asked in self.wanted.items():
            vertical = side in ("left", "right")
            middle, room = (node.y, node.height - 12.0) if vertical else (node.x, node.width - 22.0)
            asked.sort(key=lambda item: item[0])
            pitch = min(self.pitch, room / max(len(asked) - 1, 1))
            low, high = middle - room / 2, middle + room / 2
            wanted = [
                towards if low <= towards <= high else middle + (0.22 * room if towards > middle else -0.22 * room)
                for towards, *_ in asked
            ]
            weights = [8.0 if low <= towards <= high else 1.0 for towards, *_ in asked]
            places = closest(wanted, weights, [pitch] * (len(asked) - 1))
            drift = max(0.0, low - places[0]) or min(0.0, high - places[-1])
            for place, (_, edge, start) in zip(places, asked, strict=True):
                if vertical:
                    self.at[edge, start] = (node.left if side == "left" else node.right, place + drift + self.shift)
                else:
                    self.at[edge, start] = (place + drift - self.shift, node.bottom if side == "bottom" else node.top)
        self.wanted.clear()

    def share(self, node: Node, side: str, edge: Edge) -> None:
        """The middle of a side, for edges that all start there."""
        x = {"left": node.left, "right": node.right}.get(side, node.x)
        self.at[edge, True] = (x, {"top": node.top, "bottom": node.bottom}.get(side, node.y))


def line(a: Point, b: Point) -> list[Point]:
    """The control points of a straight piece, without its first point."""
    return [
        (a[0] + (b[0] - a[0]) / 3, a[1] + (b[1] - a[1]) / 3),
        (a[0] + (b[0] - a[0]) * 2 / 3, a[1] + (b[1] - a[1]) * 2 / 3),
        b,
    ]


def rise(a: Point, b: Point) -> list[Point]:
    """A curve that leaves and arrives vertically."""
    middle = (a[1] + b[1]) / 2
    return [(a[0], middle), (b[0], middle), b]


def rounded(corners: Sequence[Point]) -> list[Point]:
    """A path along horizontal and vertical pieces, its corners rounded."""
    path = [corners[0]]
    for p in corners[1:]:
        if abs(p[0] - path[-1][0]) + abs(p[1] - path[-1][1]) > 0.01:
            path.append(p)
    if len(path) < 2:
        return [*path, *line(path[0], corners[-1])]
    points = [path[0]]
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        radius = min(CORNER, _length(before, corner) / 2, _length(corner, after) / 2)
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        points += line(points[-1], start)
        points += [_towards(start, corner, radius * 0.55), _towards(end, corner, radius * 0.55), end]
    return [*points, *line(points[-1], path[-1])]


def _length(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(a: Point, b: Point, distance: float) -> Point:
    length = max(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5, 1e-9)
    return a[0] + (b[0] - a[0]) * distance / length, a[1] + (b[1] - a[1]) * distance / length


def beside(points: Sequence[Point], distance: float) -> list[Point]:
    """The way back beside an edge: reversed and moved aside, with both ends still on their nodes' sides."""
    moved = [(x + distance, y - distance) for x, y in points]
    for end, inner in ((0, 1), (-1, -2)):
        vertical = abs(points[end][0] - points[inner][0]) < abs(points[end][1] - points[inner][1]) or (
            points[end] == points[inner]
        )
        x, y = moved[end]
        moved[end] = (x, points[end][1]) if vertical else (points[end][0], y)
    return moved[::-1]


def loop(node: Node, outer: bool = False) -> list[Point]:
    """From a node's right side round and back to it; the outer of two, for the way back."""
    reach, spread = (46.0, 0.26 * node.height + 10.0) if outer else (34.0, 0.26 * node.height)
    x, high, low = node.right, node.y + spread, node.y - spread
    return rounded([(x, high), (x + reach, high), (x + reach, low), (x, low)])


def trimmed(points: Sequence[Point], by: float) -> list[Point]:
    """The path without its last `by` points of length, where the arrowhead stands."""
    kept = list(points)
    while len(kept) > 4 and _length(kept[-4], kept[-1]) <= by + 0.01:
        by -= _length(kept[-4], kept[-1])
        del kept[-3:]
    end, inner = kept[-1], next((p for p in reversed(kept[-4:-1]) if p != kept[-1]), kept[-4])
    kept[-1] = _towards(end, inner, min(by, _length(end, inner) * 0.9))
    return kept
