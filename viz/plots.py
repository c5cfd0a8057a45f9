"""Plots of measured gradients: each function takes numbers that were measured and returns a matplotlib Figure.

matplotlib comes with the extra ``plot``. No window is opened and no global state of matplotlib is
touched: save a figure with ``figure.savefig(path)``; a notebook shows it.
"""

from __future__ import annotations

import io
import os
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.errors import AutogradError, ShapeError, UsageError
from autograd_seq.core.names import latex
from autograd_seq.core.source_line import here
from autograd_seq.storage.files import check_output, write
from autograd_seq.translation.columns import display_width
from autograd_seq.translation.reader import translated
from viz.directions import place_in_words
from viz.fonts import font_for, has_chinese, warn_of_missing, words_in_fonts

# Okabe and Ito's colours, each with a marker and a dash of its own: readable colour-blind and in grey.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#8A6D00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MOST_TICKS = 13
NORM = r"$\|\partial L^{\langle T \rangle} / \partial STATE^{\langle T-d \rangle}\|$"
CHARACTERS = 11.0  # of a title, to an inch
FLOOR = 1e-300  # a norm below is drawn as nothing: a logarithm has no zero


class MissingPlotsError(AutogradError, ImportError):
    """matplotlib or Pillow is not installed."""


def gradient_flow_map(flow: Any, title: str = "", *, state: str = "a", logarithmic: bool = True) -> Any:
    """The table of a gradient flow as a heat map: how far back each step's loss reaches.

    Parameters
    ----------
    flow : array_like
        (T, T), ‖∂L<t>/∂a<k>‖ in row t - 1 and column k - 1; what lies in the future (k > t) is left blank
        where it is zero.
    title : str
        Above the plot.
    state : str
        The state's name, for the labels.
    logarithmic : bool
        Colours by powers of ten; a vanishing gradient is then seen to vanish.

    Returns
    -------
    matplotlib.figure.Figure
        With its colour bar.

    Raises
    ------
    ShapeError
        If `flow` is not a square table.

    Examples
    --------
    >>> figure = gradient_flow_map([[1.0, 0.0], [0.1, 1.0]], "two steps")
    >>> figure.axes[0].get_title()
    'two steps'
    """
    table = numbers(flow, "flow")
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise ShapeError(f"a gradient flow is a table (T, T), but this one has shape {table.shape}{here()}")
    shown = np.ma.masked_where((table <= FLOOR) | ~np.isfinite(table), table)
    low, high = (shown.min(), shown.max()) if shown.count() else (1.0, 1.0)
    figure, axes = _canvas(5.4, 4.4)
    from matplotlib.colors import LogNorm, Normalize

    scale: Any = Normalize(0, high)
    if logarithmic:
        scale = LogNorm(max(low, high * 1e-16), high if high > low else low * 10)
    steps = table.shape[0]
    axes.set_facecolor("#ECEFF2")
    image = axes.imshow(
        shown, norm=scale, cmap="cividis", origin="lower", extent=(0.5, steps + 0.5, 0.5, steps + 0.5), aspect="equal"
    )
    letter = _letter(state)
    axes.set_xlabel(said(rf"state of step $k$: ${letter}^{{\langle k \rangle}}$"))
    axes.set_ylabel(said(r"loss of step $t$: $L^{\langle t \rangle}$"))
    bar = figure.colorbar(image, ax=axes)
    bar.set_label(rf"$\|\partial L^{{\langle t \rangle}} / \partial {letter}^{{\langle k \rangle}}\|$")
    ticks = _ticks(steps)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    _entitle(axes, title)
    return figure


def contribution_bars(contributions: Mapping[Any, Any], name: str = "", title: str = "") -> Any:
    """What each time step gave to the gradient of a shared parameter, as bars.

    Parameters
    ----------
    contributions : mapping
        As `autograd_seq.contributions` gives them: from ``(layer, direction, time)`` to an array; or from
        anything to an array or a number. The bars are Frobenius norms, in the mapping's order; layers and
        directions have colours of their own.
    name : str
        The parameter's name, for the label; without one, the label says "the gradient".
    title : str
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        The norm of their sum, which is the gradient, as a dashed line, or in words where it is far above.

    Examples
    --------
    >>> figure = contribution_bars({(None, None, 1): [0.1], (None, None, 2): [0.3]}, "Waa")
    >>> [float(bar.get_height().round(2)) for bar in figure.axes[0].patches]
    [0.1, 0.3]
    """
    if not contributions:
        raise UsageError(f"there are no contributions to draw{here()}")
    parts = {key: numbers(value, "contributions") for key, value in contributions.items()}
    places = [key if isinstance(key, tuple) and len(key) == 3 else (None, None, key) for key in parts]
    groups = list(dict.fromkeys((layer, direction) for layer, direction, _ in places))
    times = list(dict.fromkeys(time for _, _, time in places))
    figure, axes = _canvas(max(4.8, min(11.0, 0.28 * len(times) * max(1, len(groups)) + 2.2)), 3.4)
    width = 0.84 / len(groups)
    for g, group in enumerate(groups):
        x, heights = [], []
        for (layer, direction, time), part in zip(places, parts.values(), strict=True):
            if (layer, direction) == group:
                x.append(times.index(time) + (g - (len(groups) - 1) / 2) * width)
                heights.append(float(np.linalg.norm(part)))
        axes.bar(x, heights, width, color=COLORS[g % len(COLORS)], label=said(_group(*group)),
                 hatch=("", "//", "..")[g % 3], edgecolor="white", linewidth=0.6)  # fmt: skip
    if len({part.shape for part in parts.values()}) == 1:
        total = float(np.linalg.norm(np.sum(list(parts.values()), axis=0)))
        words, tallest = said(f"norm of their sum: {total:.3g}"), max(bar.get_height() for bar in axes.patches)
        if total <= 2.5 * tallest:
            axes.axhline(total, color="#444444", linestyle="--", linewidth=1.1, label=words)
        else:  # the line would press the bars to the ground
            axes.plot([], [], " ", label=words)
    if len(groups) > 1 or axes.lines:
        figure.legend(loc="outside upper right", ncols=3, frameon=False, fontsize=8)
    stride = max(1, -(-len(times) // (2 * MOST_TICKS)))
    axes.set_xticks(range(0, len(times), stride))
    axes.set_xticklabels([said("untimed") if time is None else str(time) for time in times[::stride]])
    axes.set_xlabel(said(r"time step $t$"))
    label = f"norm of the part of d{_plain(name)}" if name else "norm of each step's part of the gradient"
    axes.set_ylabel(_lines(said(label), figure.get_figheight() - 0.7))
    _entitle(axes, title)
    return figure


def gradient_norms(norms: Mapping[str, Any], title: str = "", *, state: str = "a", quantity: str = "") -> Any:
    """Gradient norms against the distance that the gradient has travelled, one line for each cell, on a log axis.

    Parameters
    ----------
    norms : mapping
        From a cell's name to its norms at distance 0, 1, 2 … ; or to a pair ``(distances, norms)``; or to a
        gradient flow (T, T), of which the last row is read backwards.
    title : str
        Above the plot.
    state : str
        The state's name, for the label.
    quantity : str
        What the norms are of, as matplotlib text; if not given, the last loss by the state.

    Returns
    -------
    matplotlib.figure.Figure
        Norms that are zero or not finite leave gaps.

    Examples
    --------
    >>> figure = gradient_norms({"RNN": [1.0, 0.5, 0.25], "LSTM": [1.0, 0.9, 0.8]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['RNN', 'LSTM']
    """
    if not norms:
        raise UsageError(f"there are no norms to draw{here()}")
    figure, axes = _canvas(6.0, 3.8)
    for i, (name, values) in enumerate(norms.items()):
        distance, norm = _against_distance(values, name)
        norm = np.where(np.isfinite(norm) & (norm > FLOOR), norm, np.nan)
        axes.plot(distance, norm, label=_plain(name), **_style(i, len(distance)))
    axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(said("distance $d$ in time steps"))
    axes.set_ylabel(quantity or NORM.replace("STATE", _letter(state)))
    axes.grid(True, which="major", color="#DDDDDD", linewidth=0.7)
    axes.legend(frameon=False)
    _entitle(axes, title)
    return figure


def loss_curves(losses: Any, title: str = "", *, xlabel: str = "update", logarithmic: bool = False) -> Any:
    """Losses over a training, one line for each run.

    Parameters
    ----------
    losses : mapping or sequence
        From a name to the losses in order; or just one sequence of losses.
    title : str
        Above the plot.
    xlabel : str
        What is counted: updates, epochs.
    logarithmic : bool
        A logarithmic axis for the loss.

    Examples
    --------
    >>> figure = loss_curves({"RNN": [2.0, 1.0, 0.5], "GRU": [2.0, 0.8, 0.2]})
    >>> len(figure.axes[0].lines)
    2
    """
    curves = losses if isinstance(losses, Mapping) else {said("loss"): losses}
    if not curves:
        raise UsageError(f"there are no losses to draw{here()}")
    figure, axes = _canvas(6.0, 3.6)
    for i, (name, values) in enumerate(curves.items()):
        y = numbers(values, name)
        if y.ndim != 1:
            raise ShapeError(f"the losses of {name!r} have shape {y.shape}; give one number for each {xlabel}{here()}")
        axes.plot(np.arange(1, len(y) + 1), y, label=_plain(name), **_style(i, len(y)))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(said("update") if xlabel == "update" else xlabel)
    axes.set_ylabel(said("loss"))
    if logarithmic:
        axes.set_yscale("log")
    axes.grid(True, color="#DDDDDD", linewidth=0.7)
    if isinstance(losses, Mapping):
        axes.legend(frameon=False)
    _entitle(axes, title)
    return figure


# -- what they share ------------------------------------------------------------------------------


def _canvas(width: float, height: float) -> tuple[Any, Any]:
    """A figure that belongs to nobody's list of open windows, and its axes."""
    try:
        figure = _figure_type()(figsize=(width, height), dpi=120, layout="constrained")
    except ImportError as error:
        raise MissingPlotsError(
            "plots need matplotlib; install it with  pip install 'autograd-seq[plot]'" + here()
        ) from error
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _figure_type() -> Any:
    """Matplotlib's Figure, which shows itself in a notebook although no window knows it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, fontManager
    from matplotlib.text import Text

    class NotebookFigure(Figure):
        """A figure that draws itself where a notebook asks."""

        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            FigureCanvasAgg(self)

        def savefig(self, fname: Any, **settings: Any) -> None:
            """As Matplotlib's own, but a file is whole or not there."""
            if not isinstance(fname, (str, os.PathLike)):
                with self._fonts_found():
                    super().savefig(fname, **settings)
                return
            path, kind = Path(check_output(fname)), settings.pop("format", None)
            if kind is None and not path.suffix:
                path = path.with_suffix("." + self.canvas.get_default_filetype())
            data = io.BytesIO()
            self.savefig(data, format=kind or path.suffix[1:], **settings)
            write(path, data.getbuffer())

        @contextmanager
        def _fonts_found(self) -> Iterator[None]:
            """With a font for what Matplotlib's own lacks; if there is none, one warning for all characters."""
            texts = self.findobj(Text)
            words = [text.get_text() for text in texts]
            if (path := font_for(words)) is not None:
                fontManager.addfont(path)
                name = FontProperties(fname=str(path)).get_name()
                for text in texts:
                    families = [*text.get_fontfamily(), name]
                    if "$" in text.get_text().replace(r"\$", "") and has_chinese(text.get_text()):
                        families.reverse()  # beside mathematics only the first one is asked
                    text.set_fontfamily(families)
            warn_of_missing(words)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Glyph .* missing from font")
                yield

        def _repr_png_(self) -> bytes:
            data = io.BytesIO()
            self.savefig(data, format="png")
            return data.getvalue()

    return NotebookFigure


def said(words: str) -> str:
    """Words of ours in the reader's language; in English where Matplotlib would have no font for it."""
    with words_in_fonts():
        return translated(words)


def numbers(values: Any, what: str) -> np.ndarray[Any, Any]:
    """An array of floats; tensors give their values."""
    try:
        value = getattr(values, "value", values)
        if isinstance(value, (list, tuple)):
            value = [getattr(v, "value", v) for v in value]
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} must be numbers, but it is {type(values).__name__}: {error}{here()}") from error


def _against_distance(values: Any, name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    if isinstance(values, tuple) and len(values) == 2:
        distance, norm = numbers(values[0], name), numbers(values[1], name)
        if distance.shape != norm.shape or norm.ndim != 1:
            raise ShapeError(f"{name!r}: {distance.shape} distances for {norm.shape} norms{here()}")
        return distance, norm
    norm = numbers(values, name)
    if norm.ndim == 2 and norm.shape[0] == norm.shape[1]:
        norm = norm[-1, ::-1]
    if norm.ndim != 1:
        raise ShapeError(f"{name!r} has shape {norm.shape}; give norms (T,) or a gradient flow (T, T){here()}")
    return np.arange(len(norm), dtype=float), norm


def _entitle(axes: Any, title: str) -> None:
    """A title, on as many lines as it needs."""
    axes.set_title(_lines(title, axes.figure.get_figwidth() - 1.6))


def _lines(words: str, inches: float) -> str:
    """Words on lines of so many inches; a longer word is broken. Mathematics is left as it is."""
    if "$" in words.replace(r"\$", ""):
        return words
    room = inches * CHARACTERS * len(words) / max(1, display_width(words))  # a Chinese character takes two places
    return "\n".join(textwrap.wrap(words, max(8, int(room)), replace_whitespace=False))


def _letter(state: str) -> str:
    """A state's name as mathematics: c̃ of c_tilde."""
    return latex(state).replace(r"\mathit", r"\mathrm")


def _style(i: int, points: int) -> dict[str, Any]:
    """Colour, dash and marker of the i-th line; not more than a dozen markers. What comes again has another dash."""
    dash = DASHES[(i + i // len(COLORS)) % len(DASHES)]
    return {
        "color": COLORS[i % len(COLORS)], "linestyle": dash, "marker": MARKERS[i % len(MARKERS)],
        "markersize": 4.5, "linewidth": 1.7, "markevery": max(1, points // 12),
    }  # fmt: skip


def _ticks(steps: int) -> list[int]:
    stride = max(1, -(-steps // MOST_TICKS))
    return list(range(1, steps + 1, stride))


def _group(layer: int | None, direction: str | None) -> str:
    return place_in_words(layer, direction) or "norm of each part"


def _plain(name: str) -> str:
    """A name as text: matplotlib takes $ for mathematics and hides labels that begin with _."""
    shown = str(name).replace("$", r"\$")
    return " " + shown if shown.startswith("_") else shown
