"""Graphviz's SVG made fit for a browser: a line of text stays together whatever its fonts, and it can be read aloud."""

from __future__ import annotations

import html
import re

from autograd_seq.translation.reader import translated
from viz.lettering import Run, plain, width
from viz.scene import Layout, Node
from viz.sizes import Size

_TEXT = re.compile(r"<text ([^>]*)>(.*?)</text>\n?", re.DOTALL)
_RUNS = re.compile(r"(?:<text [^>]*>[^<]*</text>\n?)+")
_NODE_TITLE = re.compile(r'(<g id="([nebt][0-9]+|parameters|notes)" class="[^"]*">)\n<title>[^<]*</title>')
_VIEW = re.compile(r'viewBox="[-0-9.]+ [-0-9.]+ ([0-9.]+) ([0-9.]+)"')
_EXTENT = re.compile(r'<svg width="[^"]*" height="[^"]*"')
_STYLES = ("font-size", "font-weight", "font-style", "text-decoration", "fill")
MOST_ENLARGED = 2.0
_GROUP = '<g id="'
_OUTLINE = re.compile(r'<(?:path|polygon) [^>]*(?:d|points)="([^"]*)"')
_X = re.compile(r"(-?[0-9.]+(?:e-?[0-9]+)?),")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


def polish(svg: str, layout: Layout) -> str:
    """The SVG with whole lines of text, spoken titles, and without the header that HTML does not take."""
    svg = svg[svg.index("<svg") :]
    spoken = {node.id: node.tooltip or _spoken(node) for node in layout.nodes}
    for edge in layout.edges:
        words = translated(edge.tooltip) or f"{_spoken(edge.source)} → {_spoken(edge.target)}"
        spoken[edge.id] = words

    def title(match: re.Match[str]) -> str:
        words = spoken.get(match[2])
        return match[1] + (f"\n<title>{html.escape(words, quote=False)}</title>" if words else "")

    svg = _NODE_TITLE.sub(title, svg)
    groups = svg.split(_GROUP)
    svg = _GROUP.join([groups[0], *(_written(group) for group in groups[1:])])
    if layout.size.width is not None:
        svg = _in_pixels(svg, layout)
    described = html.escape(translated(layout.description))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)


def _spoken(node: Node) -> str:
    """The first line of a box as it is read aloud."""
    return plain(node.lines[0].runs) if node.lines else node.label


def _in_pixels(svg: str, layout: Layout) -> str:
    """One unit of the drawing as one pixel, or as many as fill what it is shown on."""
    view = _VIEW.search(svg)
    if view is None:
        return svg
    width, height = float(view[1]), float(view[2])
    scale = filling(width, height, layout.size)
    return _EXTENT.sub(f'<svg width="{width * scale:.0f}" height="{height * scale:.0f}"', svg, count=1)


def filling(width: float, height: float, size: Size) -> float:
    """How much larger a drawing can be on what it is shown on; never smaller than it was made."""
    return max(1.0, min((size.width or width) / width, (size.height or height) / height, MOST_ENLARGED))


def _written(group: str) -> str:
    """One element with its lines whole; a box's lines are centred in it whatever the font."""
    middle = None
    if group.startswith("n") and not group.startswith("notes") and (outline := _OUTLINE.search(group)):
        xs = [float(x) for x in _X.findall(outline[1])]
        middle = (min(xs) + max(xs)) / 2
    in_table = group.startswith("parameters")
    return _RUNS.sub(lambda match: _whole_lines(match[0], middle, in_table), group)


def _whole_lines(block: str, middle: float | None, in_table: bool) -> str:
    """Runs that follow each other on one line as one text."""
    lines: list[list[tuple[dict[str, str], str]]] = []
    for match in _TEXT.finditer(block):
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        another = in_table and "baseline-shift" not in attributes  # cell: only a name goes on, above or below its line
        if lines and not another and _same_line(lines[-1], attributes, middle is not None):
            lines[-1].append((attributes, match[2]))
        else:
            lines.append([(attributes, match[2])])
    return "".join(_line(line, middle) for line in lines)


def _same_line(line: list[tuple[dict[str, str], str]], after: dict[str, str], boxed: bool) -> bool:
    """Whether a run goes on where the one before ended; in a table a gap begins another cell."""
    (first, _), (last, words) = line[0], line[-1]
    if abs(float(after["y"]) - float(first["y"])) >= 4.5 or after.get("text-anchor") != "start":
        return False
    end = float(last["x"]) + width(Run(html.unescape(words)), float(last["font-size"]))
    return float(after["x"]) >= float(last["x"]) and (boxed or float(after["x"]) - end < 5.0)


def _line(line: list[tuple[dict[str, str], str]], middle: float | None) -> str:
    first = line[0][0]
    anchor, x = (first["text-anchor"], first["x"]) if middle is None else ("middle", f"{middle:.2f}")
    base = next((a for a, _ in line if "baseline-shift" not in a), first)
    spans, shift = [], 0.0
    for attributes, words in line:
        script = attributes.get("baseline-shift", "")
        size = float(attributes["font-size"])
        wanted = {"sub": 0.28, "super": -0.5}.get(script, 0.0) * size
        style = [f'dy="{wanted - shift:.2f}"'] if abs(wanted - shift) > 0.005 else []
        shift = wanted
        style += [f'{key}="{attributes[key]}"' for key in _STYLES if key in attributes]
        spans.append(f"<tspan {' '.join(style)}>{words}</tspan>")
    return (
        f'<text xml:space="preserve" text-anchor="{anchor}" x="{x}" y="{base["y"]}" '
        f'font-family="{base["font-family"]}">{"".join(spans)}</text>\n'
    )
