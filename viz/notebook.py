"""Pictures in notebooks: importing `viz` registers them with the engine's display."""

from __future__ import annotations

import html
from typing import Any

from autograd_seq import Graph, Tensor
from autograd_seq.readings import display
from autograd_seq.readings.inline_html import inside
from autograd_seq.translation.reader import translated, translated_markup
from viz.sources import graph_of
from viz.views import draw

MOST_RECORDS = 3000  # beyond, a notebook shows the folded table only


def paint(thing: Any) -> dict[str, str]:
    """The picture of a tensor that was computed, of a graph, a run or a cell; nothing of anything else, or of much."""
    if isinstance(thing, Tensor) and thing.operation is None:
        return {}
    if not drawable(thing):
        return _claims(thing)
    if len(graph_of(thing)) > MOST_RECORDS:
        return {}
    cell = not isinstance(thing, (Tensor, Graph)) and callable(getattr(thing, "unroll", None))
    caption = f'<p><code style="white-space:pre-wrap">{html.escape(_caption(thing))}</code></p>'
    return draw(thing, view="cell" if cell else "unrolled").shown(caption)


def drawable(thing: Any) -> bool:
    """Whether there is a recording behind a thing, or it is a cell that can make one."""
    if isinstance(thing, (Tensor, Graph)):
        return True
    if isinstance(getattr(thing, "claims", None), dict):
        return False  # a proof has a recording too, but is read as a table
    return isinstance(getattr(thing, "graph", None), Graph) or (
        callable(getattr(thing, "unroll", None)) and isinstance(getattr(thing, "n_x", None), int)
    )


def _caption(thing: Any) -> str:
    """One line above the picture; a graph's table would be long, so it is only counted."""
    if isinstance(thing, Graph):
        return translated(f"{len(thing)} records")
    words = repr(thing)
    return words if len(words) <= 400 else words[:399] + "…"


def _claims(thing: Any) -> dict[str, str]:
    """A proof's claims as a table, above its certificate."""
    claims = getattr(thing, "claims", None)
    if not isinstance(claims, dict):
        return {}
    cells = [(str(name), str(getattr(claim, "status", ""))) for name, claim in claims.items()]
    rows = "".join(f"<tr><td><code>{html.escape(n)}</code></td><td>{html.escape(s)}</td></tr>" for n, s in cells)
    head = translated_markup('<tr><th scope="col">derivative by</th><th scope="col">is</th></tr>')
    return {
        "text/html": inside(
            f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
            f"<details><summary>{html.escape(translated('certificate'))}</summary><pre>{html.escape(str(thing))}</pre></details>"
        )
    }


if paint not in display.painters:
    display.painters.append(paint)
