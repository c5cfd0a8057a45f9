"""The stepping page: one HTML file that walks through a recording, forward and then backward.

The file needs no network and no server. All that it shows is data in it, and all of a
user's words (names, source lines) are escaped where they stand.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.backward import seed_for
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes
from autograd_seq.storage.files import check_output, write
from autograd_seq.translation.reader import current, translated, translated_markup
from viz.backward_edges import line_width
from viz.filming import Film
from viz.layout import Options, lay_out
from viz.page_live import live_data, stripped
from viz.page_model import Model, norm
from viz.page_picture import svg
from viz.page_words import as_json, table_for
from viz.scene import Edge, Layout
from viz.sources import graph_of, textbook

WIDEST = 120_000.0  # points: a page is scrolled, so a few hundred steps fit


@dataclass(frozen=True, slots=True)
class Page:
    """A page that steps through a recording; a notebook shows it in a frame.

    Attributes
    ----------
    html : str
        The whole file.
    """

    html: str

    def save(self, path: str | Path) -> Path:
        """Write the file, in UTF-8, whole or not at all."""
        return write(path, self.html)

    def _repr_html_(self) -> str:
        title = html.escape(translated("Stepping page"))
        return (
            '<iframe sandbox="allow-scripts" style="width:100%;height:640px;border:1px solid #ccc" '
            f'title="{title}" srcdoc="{html.escape(self.html, quote=True)}"></iframe>'
        )

    def __repr__(self) -> str:
        size = f"{len(self.html) / 1000:.0f}"
        return f"<{translated(f'Page of {size} kB')}>"


def step_through(
    thing: Any,
    path: str | Path | None = None,
    *,
    gradient: Any = None,
    title: str | None = None,
    live: bool = False,
    film: Film | None = None,
) -> Page:
    """A page that steps through a recording, record by record or time step by time step.

    Parameters
    ----------
    thing : Tensor, Graph, run or cell
        A scalar to differentiate, or a run with a loss. Without one scalar that requires a gradient, as for
        a run without a loss, the page has the forward pass only, and says so.
    path : str or Path, optional
        Where to write the HTML file.
    gradient : array_like, optional
        The adjoint to start from, for a tensor that is not a scalar.
    title : str, optional
        The page's heading.
    live : bool
        Whether the page computes: every number of a parameter, an input, an initial state or a target can then be
        changed on it, and both passes follow.
    film : Film, optional
        Of a training, from `viz.film`: a second slider goes through it. The page is then live.

    Returns
    -------
    Page
        The page: ``.html``, ``.save(path)``; a notebook shows it.

    Raises
    ------
    UsageError
        If `thing` is nothing that was recorded; if a live page cannot compute one of its operations.
    ShapeError
        If `gradient` has another shape than the tensor.
    FileError
        If `path` cannot be written.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, steps, tanh
    >>> from viz import step_through
    >>> W, a = Parameter(0.5, "W"), 1.0
    >>> for t in steps(3):
    ...     a = name(tanh(W * a), "a")
    >>> page = step_through(a)
    >>> page.html.startswith("<!DOCTYPE html>")
    True
    """
    if path is not None:
        check_output(path)
    graph, loss, seed = _recorded(thing, gradient)
    layout = lay_out(graph, "unrolled", Options(all_steps=True, double=loss is not None, widest=WIDEST))
    model = Model(graph, loss, seed, {r: i for i, node in enumerate(layout.nodes) for r in node.records})
    heading = title or translated(_title(graph, loss))
    data = {**model.data(), **_shapes(layout, model)}
    if live or film is not None:
        data |= {"live": live_data(model, layout, film), "records": stripped(data["records"])}
    assembled = _assemble(heading, svg(layout, heading), data)
    page = Page(names.whole(assembled))
    if path is not None:
        page.save(path)
    return page


def _recorded(thing: Any, gradient: Any) -> tuple[Graph, Tensor | None, Any]:
    """The graph, what to differentiate in it (or None), and the adjoint to start from."""
    try:
        graph = textbook(graph_of(thing))
    except UsageError as error:
        raise UsageError(
            f"step_through() takes a tensor, a graph or a run, but got {type(thing).__name__}: "
            f"give the loss, such as step_through(run.loss, 'page.html'){here()}"
        ) from error
    loss = graph.outputs[0] if len(graph.outputs) == 1 else None
    if loss is None or not loss.requires_grad or (gradient is None and loss.size != 1):
        if gradient is not None and loss is not None:
            seed_for(loss, gradient)  # says what is wrong
        return graph, None, None
    return graph, loss.record, seed_for(loss.record, gradient)


def _title(graph: Graph, loss: Tensor | None) -> str:
    ends = [names.text(r.name, scopes(graph)[r]) for r in graph.outputs if r.name][:3]
    name = ", ".join(ends) or "a recording"
    return f"Step through {name}: forward, then backward" if loss is not None else f"Step through {name}: forward"


def _shapes(layout: Layout, model: Model) -> dict[str, Any]:
    """Boxes and lines of the picture as the page's script wants them."""
    boxes = []
    for node in layout.nodes:
        members = [model.numbers[r] for r in node.records if r in model.numbers]
        first = model.numbers.get(node.record, -1) if node.record is not None else -1
        boxes.append({"i": node.id, "r": first, "rs": members} | ({} if first >= 0 else {"title": node.label}))
    sizes = [_size(edge, model) for edge in layout.edges]
    largest = max(sizes, default=0.0)
    edges = [
        {"i": edge.id, "u": _turn(edge, model), "w": round(line_width(size, largest), 2) if size else 0}
        for edge, size in zip(layout.edges, sizes, strict=True)
    ]
    return {"boxes": boxes, "edges": edges}


def _turn(edge: Edge, model: Model) -> int:
    """The record by whose turn a line lights up: the user of what comes along it."""
    users = [user for _, user, _ in edge.uses] + [edge.target.record, edge.source.record]
    return next((model.numbers[user] for user in users if user is not None and user in model.numbers), 0)


def _size(edge: Edge, model: Model) -> float:
    """The norm of what comes back along a line."""
    sums: dict[Tensor, Any] = {}
    for x, user, i in edge.uses:
        piece = model.pieces.get((user, i))
        if piece is not None:
            sums[x] = sums[x] + piece if x in sums else piece
    size = float(np.sqrt(sum(norm(a) ** 2 for a in sums.values())))
    return size if np.isfinite(size) else 0.0


def _assemble(title: str, picture: str, data: Mapping[str, Any]) -> str:
    """The template with everything in its place."""
    assets = files("viz") / "assets"
    files_of = ("page.js", "machine.js", "editor.js", "live.js") if "live" in data else ("page.js",)
    script = "\n".join((assets / name).read_text(encoding="utf-8") for name in files_of)
    styles = ("page.css", "live.css") if "live" in data else ("page.css",)
    parts = {
        "language": current(),
        "title": html.escape(title),
        "style": "\n".join((assets / name).read_text(encoding="utf-8") for name in styles),
        "script": script,
        "digest": _digest(script),
        "picture": picture,
        "panel": translated_markup((assets / "live.html").read_text(encoding="utf-8")) if "live" in data else "",
        "model": as_json(data),
        "words": table_for(script),
    }
    pieces = translated_markup((assets / "page.html").read_text(encoding="utf-8")).split("{{")
    written = [pieces[0]]
    for piece in pieces[1:]:
        key, rest = piece.split("}}", 1)
        written += [parts[key], rest]
    return "".join(written)


def _digest(script: str) -> str:
    """What the page's content policy knows its one script by: no other script runs in it."""
    import base64

    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
