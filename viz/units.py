"""What a unit does while a text is read: each token on the colour of the unit's value at it."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.names import whole
from autograd_seq.core.source_line import here
from autograd_seq.folding.steps import scopes
from autograd_seq.storage.files import write
from autograd_seq.translation.reader import current, translated
from viz.sources import graph_of

Array = np.ndarray[Any, Any]

# Blue below, white at, orange above: told apart by colour-blind readers, and by lightness in grey print.
LOW, MIDDLE, HIGH = (33, 102, 172), (255, 255, 255), (217, 119, 6)
CELL, ROW, LEFT = 17, 26, 96  # pixels: width of a character, height of a row, room for names


def values_over_time(thing: Any, name: str, example: int = 0) -> Array:
    """The value of each unit of a named record at each time step.

    Parameters
    ----------
    thing : Tensor, Graph, or anything with a ``.graph``
        What was recorded while a text was read.
    name : str
        ``"a"``, ``"c"``, or a gate such as ``"Gamma_f"``.
    example : int
        Which column of the batch.

    Returns
    -------
    ndarray, (units, T)

    Raises
    ------
    UsageError
        If nothing of that name was recorded at a time step.

    Examples
    --------
    >>> from autograd_seq import name, steps, Tensor
    >>> a = Tensor([[0.5], [1.0]])
    >>> for t in steps(3):
    ...     a = name(a * 0.5, "a")
    >>> values_over_time(a, "a")
    array([[0.25  , 0.125 , 0.0625],
           [0.5   , 0.25  , 0.125 ]])
    """
    graph = graph_of(thing)
    places = scopes(graph)
    found: dict[int, Tensor] = {}
    for record in graph:
        time = places[record].time
        if record.name == name and time:
            found[time] = record
    if not found:
        named = sorted({r.name for r in graph if r.name and places[r].time})
        raise UsageError(
            f"nothing named {name!r} was recorded over time; there are {', '.join(named) or 'no names'}{here()}"
        )
    return np.stack([found[time].value[:, example] for time in sorted(found)], axis=1)


def colour(value: float, limit: float = 1.0) -> str:
    """The colour of a value between -limit and limit, as ``#rrggbb``.

    Examples
    --------
    >>> colour(0.0), colour(1.0)
    ('#ffffff', '#d97706')
    """
    share = float(np.clip(value / limit, -1, 1)) if np.isfinite(value) else 0.0
    end = HIGH if share >= 0 else LOW
    return "#" + "".join(f"{round(m + (e - m) * abs(share)):02x}" for m, e in zip(MIDDLE, end, strict=True))


def paint(
    tokens: Sequence[str],
    values: Array,
    path: str | os.PathLike[str],
    names: Sequence[str] | None = None,
    title: str = "",
    wrap: int = 60,
) -> None:
    """Paint tokens by the values of units: a row for each unit, as a picture or a page.

    Parameters
    ----------
    tokens : sequence of str
        The T tokens of the text, as they were read.
    values : array_like
        (units, T), between -1 and 1.
    path : path
        Ends in ``.svg`` for a picture or ``.html`` for a page that shows each value when pointed at.
    names : sequence of str, optional
        What the units are called; ``unit 1`` … if not given.
    title : str
        Stands above.
    wrap : int
        Pictures: characters in a line; a longer text goes on below.

    Raises
    ------
    ShapeError
        If there is not one value for each token and unit.
    UsageError
        For another kind of file.
    FileError
        If the file cannot be written.
    """
    array = np.atleast_2d(np.asarray(values, dtype=float))
    called = [str(n) for n in names] if names is not None else [translated(f"unit {i + 1}") for i in range(len(array))]
    if array.ndim != 2 or array.shape != (len(called), len(tokens)):
        raise ShapeError(
            f"values have shape {array.shape}, but {len(called)} units over {len(tokens)} tokens "
            f"need ({len(called)}, {len(tokens)}){here()}"
        )
    target = Path(path)
    makers = {".svg": _picture, ".html": _page}
    if target.suffix not in makers:
        raise UsageError(f"cannot write {target.suffix or 'a file without suffix'}; name it .svg or .html{here()}")
    write(target, whole(makers[target.suffix](list(tokens), array, called, title, wrap)))


def _shown(token: str) -> str:
    """A token on paper: blanks and line ends can be seen."""
    return {" ": "␣", "\n": "⏎", "\t": "⇥", "<EOS>": "⏎"}.get(token, token)


def _dark(fill: str) -> bool:
    """Whether white letters read better on it."""
    red, green, blue = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 130


def _picture(tokens: list[str], values: Array, names: list[str], title: str, wrap: int) -> str:
    words = [_shown(token) for token in tokens]
    widths = [CELL if len(word) == 1 else 11 * len(word) + 10 for word in words]
    placed, line, x = [], 0, 0  # where each token stands: line, x
    for width in widths:
        if x and x + width > wrap * CELL:
            line, x = line + 1, 0
        placed.append((line, x))
        x += width
    band = ROW * len(values) + 14  # the rows of one line of text
    top = 30 if title else 8
    full = LEFT + max(x + w for (_, x), w in zip(placed, widths, strict=True)) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{full}" height="{top + band * (line + 1)}" '
        'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    if title:
        parts.append(f'<text x="8" y="20" font-family="Helvetica, Arial, sans-serif">{html.escape(title)}</text>')
    for i, name in enumerate(names):
        for n in range(line + 1):
            y = top + n * band + i * ROW
            parts.append(f'<text x="8" y="{y + 17}" font-size="12" fill="#555">{html.escape(name[:12])}</text>')
        for word, width, (n, x), value in zip(words, widths, placed, values[i], strict=True):
            y, fill = top + n * band + i * ROW, colour(value)
            ink = "white" if _dark(fill) else "black"
            parts.append(
                f'<rect x="{LEFT + x}" y="{y}" width="{width}" height="{ROW - 3}" fill="{fill}" stroke="#ddd"/>'
                f'<text x="{LEFT + x + width / 2}" y="{y + 17}" text-anchor="middle" fill="{ink}">'
                f"{html.escape(word)}</text>"
            )
    return "\n".join([*parts, "</svg>", ""])


_STYLE = """
body { font: 15px/1.5 Helvetica, Arial, sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse } th { text-align: right; padding-right: 1em; font-weight: normal; color: #555 }
td { overflow-wrap: anywhere } span { font: 15px monospace; padding: 3px 2px; outline: 1px solid #eee }
"""


def _page(tokens: list[str], values: Array, names: list[str], title: str, wrap: int) -> str:
    rows = []
    for name, row in zip(names, values, strict=True):
        spans = []
        for token, value in zip(tokens, row, strict=True):
            fill = colour(value)
            ink = "#fff" if _dark(fill) else "#000"
            spans.append(
                f'<span style="background:{fill};color:{ink}" title="{html.escape(token)}: {value:.3f}">'
                f"{html.escape(_shown(token))}</span>"
            )
        rows.append(f"<tr><th scope=row>{html.escape(name)}</th><td>{''.join(spans)}</td></tr>")
    heading = html.escape(title or translated("Units over a text"))
    words = html.escape(translated("Blue is negative, orange positive; point at a token for the value."))
    return (
        f'<!DOCTYPE html>\n<html lang="{current()}"><meta charset="utf-8"><title>{heading}</title>'
        f"<style>{_STYLE}</style><h1>{heading}</h1><p>{words}</p>"
        f"<table>{''.join(rows)}</table></html>\n"
    )
