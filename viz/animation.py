"""The backward sweep as an animated picture, to put on a slide: GIF, or PNG with animation.

Every frame is the unrolled drawing with the adjoints that the sweep has found so far, boxes
coloured by their norm. Pillow, of the extra ``plot``, puts the frames together.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_seq import Graph, Recording, Tensor
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.storage.files import check_output, write
from viz.backward_edges import overlay, recording_of
from viz.builder import norm
from viz.drawing import Drawing
from viz.layout import Options
from viz.lettering import Line, Run
from viz.page_order import in_steps
from viz.plots import MissingPlotsError
from viz.render import render
from viz.scene import Layout, Node
from viz.sources import graph_of, recorded, textbook
from viz.theme import Theme

SHADES = 8
FINER = 1.6  # drawn larger than it is shown, so that small letters stay clean
MARGIN = 60.0  # points that Graphviz draws around a layout, at most
MOST_FRAMES = 60
FORMATS = {".gif": "GIF", ".png": "PNG", ".apng": "PNG"}


def animate(
    thing: Any,
    path: str | os.PathLike[str],
    *,
    by: str = "box",
    seconds: float = 0.5,
    width: int = 1280,
    theme: str = "light",
) -> Path:
    """Write the backward sweep as an animated file.

    Parameters
    ----------
    thing : Tensor, Graph or run
        With a scalar loss.
    path : path
        ``.gif``, ``.png`` or ``.apng``.
    by : {"box", "step"}
        What each frame adds: one box, or one time step. More than 60 boxes go by time step.
    seconds : float
        How long a frame is shown; the last one four times as long.
    width : int
        Of the picture, in pixels, at most.
    theme : {"light", "dark"}
        Its colours.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ValueRangeError
        For another format, or another `by`.
    GradientError
        If there is nothing to differentiate.
    RenderError
        Where there is no Graphviz to draw with.
    MissingPlotsError
        Where Pillow is not installed.
    FileError
        If the file cannot be written.
    """
    target = Path(path)
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise ValueRangeError(f"an animation is written as .gif, .png or .apng, not {target.suffix!r}{here()}")
    if by not in ("box", "step"):
        raise ValueRangeError(f"by is {by!r}; write 'box' or 'step'{here()}")
    if not seconds > 0 or width < 100:
        raise ValueRangeError(f"seconds must be above 0 and width at least 100, not {seconds!r} and {width!r}{here()}")
    check_output(target)
    graph = graph_of(thing) if recorded(thing) is not None else textbook(graph_of(thing))
    recording = recording_of(graph, recorded(thing))
    layout = overlay(graph, recording, "unrolled", Options())
    pictures = [_dot(frame, theme, width) for frame in frames(layout, graph, recording, by)]
    return _write(pictures, target, kind, seconds, width)


def frames(layout: Layout, graph: Graph, recording: Recording, by: str = "box") -> list[Layout]:
    """The layouts of the frames: first the forward pass alone, then with ever more adjoints.

    Parameters
    ----------
    layout : Layout
        With an arrow back beside every arrow.
    graph, recording
        What was drawn, and its derivative.
    by : {"box", "step"}
        What each frame adds.
    """
    gradients = {record: norm(adjoint.value) for record, adjoint in recording.adjoints.items()}
    shades = _shades([gradients[n.record] for n in layout.nodes if n.record in gradients and n.record is not None])
    groups = [[n] for n in _order(layout, graph, gradients)]
    if by == "step" or len(groups) > MOST_FRAMES:
        groups = _by_step(groups)
    reached: set[str] = set()
    result = [_frame(layout, reached, [], gradients, shades)]
    for group in groups:
        reached |= {node.id for node in group}
        result.append(_frame(layout, reached, group, gradients, shades))
    result.append(_frame(layout, reached, [], gradients, shades))
    return result


def _order(layout: Layout, graph: Graph, gradients: Mapping[Tensor, float]) -> list[Node]:
    """The nodes in the order in which the sweep meets them."""
    found: dict[str, Node] = {}
    for group in reversed(in_steps(graph)):
        for record in reversed(group):
            node = layout.homes.get(record)
            if node is not None and record in gradients and (node.record is record or node.record is None):
                found.setdefault(node.id, node)
    for node in layout.nodes:
        if node.record is not None and node.record in gradients:
            found.setdefault(node.id, node)
    return list(found.values())


def _by_step(groups: Sequence[Sequence[Node]]) -> list[list[Node]]:
    """Neighbours of one column together."""
    result: list[list[Node]] = []
    for group in groups:
        for node in group:
            if result and result[-1][-1].column == node.column:
                result[-1].append(node)
            else:
                result.append([node])
    return result


def _frame(
    layout: Layout,
    reached: set[str],
    now: Sequence[Node],
    gradients: Mapping[Tensor, float],
    shades: Mapping[float, int],
) -> Layout:
    """The layout with what has been reached: shaded boxes, their adjoints' norms, their arrows back."""
    current = {node.id for node in now}
    nodes = []
    for node in layout.nodes:
        if node.id in reached and node.kind != "fold":
            size = gradients.get(node.record, 0.0) if node.record is not None else 0.0
            kind = f"{'now' if node.id in current else 'met'}{shades.get(size, 0)}"
            nodes.append(replace(node, kind=kind, lines=[_readable(line) for line in node.lines]))
        else:
            nodes.append(replace(node, lines=[_without_adjoint(line) for line in node.lines]))
    edges = [edge for edge in layout.edges if edge.kind != "adjoint" or edge.source.id in reached]
    finished = all(n.id in reached for n in layout.nodes if n.record is not None and n.record in gradients)
    table = layout.table if finished else [replace(row, norm="…") for row in layout.table]
    return replace(layout, nodes=[*_corners(layout), *nodes], edges=edges, table=table)


def _without_adjoint(line: Line) -> Line:
    return replace(line, runs=tuple(run for run in line.runs if run.color != "adjoint"))


def _readable(line: Line) -> Line:
    """The adjoint's norm in ink: its own colour would vanish on the shaded box."""
    return replace(line, runs=tuple(replace(r, color="", bold=True) if r.color == "adjoint" else r for r in line.runs))


def _corners(layout: Layout) -> list[Node]:
    """Two specks in the background's colour, so that every frame has the same size."""
    xs = [x for edge in layout.edges for x, _ in edge.points] + [x for n in layout.nodes for x in (n.left, n.right)]
    ys = [y for edge in layout.edges for _, y in edge.points] + [y for n in layout.nodes for y in (n.bottom, n.top)]
    ys += [column.bottom for column in layout.columns] + [column.top for column in layout.columns]
    blank = [Line((Run(" "),), 1.0)]
    return [
        Node(f"corner{i}", "port", ("corner", i), None, blank, x=x, y=y, width=2.0, height=2.0)
        for i, (x, y) in enumerate([(min(xs) - 8, min(ys) - 8), (max(xs) + 8, max(ys) + 8)])
    ]


def _shades(norms: Sequence[float]) -> dict[float, int]:
    """The shade of each norm, on a log scale."""
    positive = [x for x in norms if x > 0 and math.isfinite(x)]
    if not positive:
        return {}
    low, high = math.log10(min(positive)), math.log10(max(positive))
    span = max(high - low, 1e-9)
    return {x: round((SHADES - 1) * (math.log10(x) - low) / span) for x in positive}


def _colored(theme: Theme) -> Theme:
    """The theme with the shades of boxes that were met, and of those that are met now."""
    fills, borders = dict(theme.fills), dict(theme.borders)
    for shade in range(SHADES):
        mixed = _mix(theme.fills["step"], theme.adjoint, 0.1 + 0.42 * shade / (SHADES - 1))
        for kind, border in (("met", theme.adjoint), ("now", theme.ink)):
            fills[f"{kind}{shade}"], borders[f"{kind}{shade}"] = mixed, border
    return replace(theme, fills=fills, borders=borders)


def _mix(first: str, second: str, share: float) -> str:
    """A colour between two, both as #RRGGBB."""
    pairs = [(int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _dot(layout: Layout, theme: str, width: int) -> str:
    """The DOT text of a frame, to be shown at most so many pixels wide."""
    drawing = Drawing(layout, theme)
    drawing.theme = _colored(drawing.theme)
    resolution = min(144.0, FINER * 72.0 * width / (layout.width + MARGIN))
    return drawing.dot_for_fonts.replace("{", f"{{\n\tgraph [dpi={resolution:.1f}]", 1)


def _write(pictures: Sequence[str], target: Path, kind: str, seconds: float, width: int) -> Path:
    """Render every frame and put them together."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingPlotsError(
            "animations need Pillow; install it with  pip install 'autograd-seq[plot]'" + here()
        ) from error
    with ThreadPoolExecutor(min(len(pictures), os.cpu_count() or 1)) as pool:
        rendered = list(pool.map(lambda dot: render(dot, "png"), pictures))
    images: list[Any] = []
    for rastered in rendered:
        image = Image.open(io.BytesIO(rastered)).convert("RGB")
        if image.width > width:
            image = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
        images.append(image)
    size = (max(image.width for image in images), max(image.height for image in images))
    images = [_padded(image, size) for image in images]
    times = [round(1000 * seconds)] * (len(images) - 1) + [round(4000 * seconds)]
    if kind == "GIF":
        images = [image.quantize(128, dither=Image.Dither.NONE) for image in images]
    data = io.BytesIO()
    images[0].save(data, format=kind, save_all=True, append_images=images[1:], duration=times, loop=0, optimize=True)
    return write(target, data.getbuffer())


def _padded(image: Any, size: tuple[int, int]) -> Any:
    if image.size == size:
        return image
    from PIL import Image

    whole = Image.new("RGB", size, image.getpixel((0, 0)))
    whole.paste(image, (0, 0))
    return whole
