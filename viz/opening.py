"""A page of the module view: one box for a cell or a layer, and its inside where a reader asks for it.

The page has no script: each module is a link to its inside, which a page shows where it is the target.
"""

from __future__ import annotations

import html
import os
import re
from pathlib import Path
from typing import Any

from autograd_seq.core.names import whole
from autograd_seq.readings.inline_html import with_own_ids
from autograd_seq.storage.files import check_output
from autograd_seq.translation.reader import current, translated
from viz.boxes import fold
from viz.builder import Options
from viz.drawing import Drawing
from viz.modules import Modules, inside_of_each
from viz.page import Page
from viz.sizes import size_named
from viz.sources import graph_of, recorded, textbook

STYLE = """
body { font: 16px/1.5 Helvetica, Arial, sans-serif; margin: 1.5rem; color: #111827; background: #fff; }
figure { margin: 0 0 1rem; overflow: auto; } svg { display: block; max-width: 100%; height: auto; }
svg a:hover path, svg a:focus path { stroke-width: 3px; } svg a { cursor: zoom-in; }
section { display: none; border: 1px solid #d5dae1; border-radius: 8px; padding: 1rem; }
section:target { display: block; } h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 0 0 .8rem; }
h2 a { font-weight: normal; font-size: .9rem; margin-left: 1rem; }
@media print { section { display: block; break-inside: avoid; } }
"""


def open_modules(
    thing: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    steps: tuple[int, int] | None = None,
    size: str = "page",
    title: str = "",
) -> Page:
    """A page of modules, one box for a cell or a layer at each step; a click on one shows its inside.

    Parameters
    ----------
    thing : Tensor, Graph, run or cell
        What to draw, as in `viz.draw`.
    path : path, optional
        Where to write the HTML file.
    steps : (int, int), optional
        The first and the last step to draw.
    size : str
        Of the lettering, as in `viz.draw`.
    title : str
        The page's heading.

    Returns
    -------
    Page
        The page: ``.html``, ``.save(path)``; a notebook shows it.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, scope, steps, tanh
    >>> W, a = Parameter([[0.5]], "W"), 1.0
    >>> for t in steps(3):
    ...     with scope(layer=1):
    ...         gate = name(tanh(W * a), "gate")
    ...         a = name(gate * gate + gate, "a")
    >>> page = open_modules(a)
    >>> page.html.count("<section")
    1
    """
    if path is not None:
        check_output(path)
    graph = graph_of(thing)
    if recorded(thing) is None:
        graph = textbook(graph)
    folded = fold(graph)
    options = Options(steps=steps, size=size_named(size))
    layout = Modules(folded, options).build()
    inside = inside_of_each(layout.nodes, folded, Options(size=size_named(size), formulas=True))
    targets = {key: f"module-{i}" for i, key in enumerate(inside, start=1)}
    picture = Drawing(layout).svg
    called: dict[str, str] = {}
    for node in layout.nodes:
        if node.box is not None and (target := targets.get(node.box.key)) is not None:
            called.setdefault(target, node.label)
            picture = _linked(picture, node.id, target)
    close = html.escape(translated("close"))
    sections = [
        f'<section id="{targets[key]}"><h2>{_inside(_without_step(called[targets[key]]))}'
        f'<a href="#top">{close}</a></h2>'
        f"<figure>{with_own_ids(Drawing(inner).svg)}</figure></section>"
        for key, inner in inside.items()
    ]
    heading = html.escape(title or translated("Modules"))
    page = Page(whole(
        f'<!DOCTYPE html>\n<html lang="{current()}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{heading}</title><style>{STYLE}</style>'
        f'<h1 id="top">{heading}</h1><p>{html.escape(_what_to_do(len(sections)))}</p><figure>{picture}</figure>'
        + "\n".join(sections) + "</html>\n"
    ))  # fmt: skip
    if path is not None:
        page.save(Path(path))
    return page


def _inside(name: str) -> str:
    return html.escape(translated(f"Inside {name}"))


def _what_to_do(count: int) -> str:
    if not count:
        return translated("Each box is one value: there is nothing to open.")
    return translated("Click on a violet box to see its inside.")


def _linked(svg: str, node: str, target: str) -> str:
    """The drawing with one of its boxes as a link."""
    box = re.compile(rf'<g id="{node}" class="node">.*?</g>', re.DOTALL)
    return box.sub(lambda found: f'<a href="#{target}">{found[0]}</a>', svg, count=1)


def _without_step(words: str) -> str:
    """A name for all steps."""
    return re.sub(r"<\d+>", "<t>", words)
