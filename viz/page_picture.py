"""The picture of a stepping page: inline SVG, with an id for each box and each line, coloured by the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from autograd_seq.translation.reader import translated
from viz.lettering import SCRIPT, Line, Run
from viz.routes import beside
from viz.scene import Column, Edge, Layout, Node, Point
from viz.sizes import PAGE

MARGIN = 14.0
LEADING = 1.24  # from line to line, in the size of the text


def svg(layout: Layout, title: str) -> str:
    """The picture as SVG text; the nodes and edges of the layout keep their ids.

    Parameters
    ----------
    layout : Layout
        What is where, in points, y upwards.
    title : str
        How a screen reader calls it.
    """
    left, right, low, high = _extent(layout)
    frame = _Frame(MARGIN - left, high + MARGIN)
    width, height = right - left + 2 * MARGIN, high - low + 2 * MARGIN
    rows = [
        f'<svg id="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {n(width)} {n(height)}" '
        f'width="{n(width)}" height="{n(height)}" role="group" aria-label="{attribute(title)}">',
        "<defs>"
        + "".join(_head(name) for name in ("f", "c", "r"))
        + '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M0 0v6" stroke="#b00020" stroke-width="3"/></pattern></defs>',
    ]
    rows += [frame.column(column) for column in layout.columns]
    rows += [frame.edge(edge) for edge in layout.edges]
    rows += [frame.node(node) for node in layout.nodes]
    return "\n".join([*rows, "</svg>"])


def _extent(layout: Layout) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of all that is drawn."""
    xs = [x for node in layout.nodes for x in (node.left, node.right)]
    ys = [y for node in layout.nodes for y in (node.bottom, node.top)]
    for edge in layout.edges:
        xs += [x for x, _ in edge.points]
        ys += [y for _, y in edge.points]
    for column in layout.columns:
        xs += [column.left, column.right]
        ys += [column.bottom, column.top]
    return (min(xs), max(xs), min(ys), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


class _Frame:
    """Writes elements of a layout, turned so that y runs downwards from the upper left corner."""

    def __init__(self, right: float, down: float) -> None:
        self.right, self.down = right, down

    def at(self, x: float, y: float) -> tuple[float, float]:
        return x + self.right, self.down - y

    def column(self, column: Column) -> str:
        if not column.label:
            return ""
        x, y = self.at(column.left, column.top)
        width, height = column.right - column.left, column.top - column.bottom
        words = escape(translated(column.label))
        return (
            f'<g class="band" aria-hidden="true"><rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" '
            f'rx="8"/><text x="{n(x + width / 2)}" y="{n(y + height - 7)}">{words}</text></g>'
        )

    def edge(self, edge: Edge) -> str:
        marker = "c" if edge.kind == "recurrent" else "f"
        there, back = self.path(edge.points), self.path(beside(edge.points, PAGE.aside) if edge.points else [])
        return (
            f'<g id="{edge.id}" class="edge {edge.kind}" aria-hidden="true"><path class="f" d="{there}" '
            f'marker-end="url(#m{marker})"/><path class="r" d="{back}" marker-end="url(#mr)"/></g>'
        )

    def path(self, points: Sequence[Point]) -> str:
        places = [" ".join(n(c) for c in self.at(*point)) for point in points]
        return f"M{places[0]}C{' '.join(places[1:])}" if len(places) > 1 else ""

    def node(self, node: Node) -> str:
        x, y = self.at(node.left, node.top)
        w, h = node.width, node.height
        half = (w - 16) / 2
        meters = (
            f'<rect class="meter v" x="{n(x + 6)}" y="{n(y + h - 4.5)}" width="{n(half)}" height="3"/>'
            f'<rect class="meter a" x="{n(x + w / 2 + 2)}" y="{n(y + h - 4.5)}" width="{n(half)}" height="3"/>'
        )
        tall = sum(line.size * LEADING for line in node.lines)
        baseline, texts = y + (h - tall) / 2, []
        for k, line in enumerate(node.lines):
            baseline += line.size * LEADING
            texts.append(_text(line, x + w / 2, baseline - line.size * 0.32, "name" if k == 0 else "note"))
        return (
            f'<g id="{attribute(node.id)}" class="box {node.kind}" role="button" tabindex="-1"><rect class="body" '
            f'x="{n(x)}" y="{n(y)}" width="{n(w)}" height="{n(h)}" rx="7"/>{meters}{"".join(texts)}</g>'
        )


def _head(name: str) -> str:
    css = {"f": "head", "c": "head c", "r": "head r"}[name]
    return (
        f'<marker id="m{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="{css}" d="M0 0.8L8 4L0 7.2z"/></marker>'
    )


def _text(line: Line, x: float, y: float, css: str) -> str:
    parts, raised = [], 0.0
    for run in line.runs:
        rise = line.size * (-0.36 if run.script > 0 else 0.22 if run.script < 0 else 0.0)
        parts.append(_run(run, line.size, rise - raised, css))
        raised = rise
    return f'<text class="{css}" x="{n(x)}" y="{n(y)}" style="font-size:{n(line.size)}px">{"".join(parts)}</text>'


def _run(run: Run, size: float, shift: float, css: str) -> str:
    attributes = f' dy="{n(shift)}"' if abs(shift) > 0.05 else ""
    if run.script:
        attributes += f' style="font-size:{n(size * SCRIPT)}px"'
    if run.bold and css != "name":
        attributes += ' font-weight="650"'
    words = escape(run.said)
    return f"<tspan{attributes}>{words}</tspan>" if attributes else words


def n(x: float) -> str:
    """A coordinate with one decimal."""
    return f"{x:.1f}".rstrip("0").rstrip(".")


def attribute(words: str) -> str:
    """Words safe inside double quotes."""
    return escape(words, {'"': "&quot;", "'": "&#39;", "\n": " "})
