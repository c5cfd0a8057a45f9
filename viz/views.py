"""draw: one recording, many pictures."""

from __future__ import annotations

import os
from typing import Any

from autograd_seq.storage.files import check_output
from viz.backward_edges import backward_view, recording_of
from viz.backward_edges import overlay as overlay_on
from viz.drawing import SUFFIXES, Drawing
from viz.layout import Options, lay_out
from viz.sizes import size_named
from viz.sources import graph_of, recorded, textbook


def draw(
    thing: Any,
    path: str | os.PathLike[str] | None = None,
    view: str = "unrolled",
    *,
    overlay: bool = False,
    all_steps: bool = False,
    parameters: bool = False,
    values: bool = False,
    size: str = "page",
    formulas: bool | None = None,
    steps: tuple[int, int] | None = None,
    legend: bool = False,
    theme: str = "light",
) -> Drawing:
    """Draw a recording. A function that a program spells out is one box, but in the view of all operations.

    Parameters
    ----------
    thing : Tensor, Graph, run or cell
        What to draw. A cell is unrolled over three steps.
    path : path, optional
        Where to write the picture; .svg, .png, .pdf or .dot.
    view : str
        ``unrolled``: time from left to right, a column for every step.
        ``rolled``: the cell once, with its loop.
        ``cell``: the inside of one step, with formulas.
        ``modules``: one box for a cell or a layer at each step; `viz.open_modules` makes a page that opens them.
        ``operations``: every record.
        ``backward``: the recorded backward pass alone.
        ``overlay``: the unrolled view with an arrow back beside every arrow.
    overlay : bool
        Beside every arrow one back, as wide as the norm of the adjoint that passes (its logarithm, over four
        decades), in the unrolled, the rolled and the operations view. The output must be a scalar that
        depends on something that requires a gradient. An adjoint that is exactly zero has no arrow.
    all_steps : bool
        Do not elide the middle of more than 12 steps.
    parameters : bool
        Draw parameters as boxes with arrows to every use.
    values : bool
        Write the values: small arrays in full, large ones as norm and range.
    size : str
        ``page``: to be read from near, as large as it gets. ``slide``: no letter below 18 pixels, to fit a slide
        1,920 pixels wide; steps that do not fit go on below. ``portrait``: as large, for a sheet 1,240 wide.
    formulas : bool, optional
        Formulas and shapes beside names; if not said, on a page only. Without them, a box says which parameters
        it uses.
    steps : (int, int), optional
        The first and the last step to draw.
    legend : bool
        Say below what the signs mean.
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
    if path is not None:
        check_output(path, SUFFIXES)
    graph = graph_of(thing)
    if view != "operations" and recorded(thing) is None:
        graph = textbook(graph)
    options = Options(
        all_steps=all_steps, parameters=parameters, values=values, formulas=formulas, steps=steps, size=size_named(size)
    )
    if view == "backward":
        layout = backward_view(graph, recording_of(graph, recorded(thing)), options)
    elif overlay or view == "overlay":
        layout = overlay_on(graph, recording_of(graph, recorded(thing)), _plain(view), options)
    else:
        layout = lay_out(graph, view, options)
    layout.legend = legend
    drawing = Drawing(layout, theme)
    if path is not None:
        drawing.save(path)
    return drawing


def _plain(view: str) -> str:
    return "unrolled" if view == "overlay" else view
