"""draw: one recording, many pictures."""

from __future__ import annotations

import os
from typing import Any

from viz.drawing import Drawing
from viz.layout import Options, lay_out
from viz.sources import graph_of


def draw(
    thing: Any,
    path: str | os.PathLike[str] | None = None,
    view: str = "unrolled",
    *,
    all_steps: bool = False,
    values: bool = False,
    theme: str = "light",
) -> Drawing:
    """Draw a recording.

    Parameters
    ----------
    thing : Tensor, Graph, run or cell
        What to draw. A cell is unrolled over three steps.
    path : path, optional
        Where to write the picture; .svg, .png, .pdf or .dot.
    view : str
        ``unrolled``: time from left to right. ``operations``: every record.
    all_steps : bool
        Do not elide the middle of more than 12 steps.
    values : bool
        Write the values: small arrays in full, large ones as norm and range.
    theme : str
        ``light`` or ``dark``.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, steps, tanh
    >>> W, a = Parameter([[0.5]], "W"), 1.0
    >>> for t in steps(3):
    ...     a = name(tanh(W * a), "a")
    >>> draw(a)
    <drawing of 3 boxes and 2 arrows>
    """
    graph = graph_of(thing)
    drawing = Drawing(lay_out(graph, view, Options(all_steps=all_steps, values=values)), theme)
    if path is not None:
        drawing.save(path)
    return drawing
