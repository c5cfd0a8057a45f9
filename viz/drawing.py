"""Drawing: a picture that knows its DOT text and renders itself when asked."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import Any

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.readings.inline_html import figure, inside
from autograd_seq.storage.files import check_output, write
from autograd_seq.translation.reader import current, translated
from viz.dot import dot_text
from viz.fonts import warn_of_missing, words_in_fonts
from viz.render import FORMATS, RenderError, render
from viz.scene import Layout
from viz.sizes import MARGIN
from viz.svg import filling, polish
from viz.theme import THEMES

LONGEST_WITH_PIXELS = 4000  # points, of a drawing that a notebook keeps as PNG, too
SUFFIXES = (".svg", ".png", ".pdf", ".dot", "")


class Drawing:
    """A picture of a recording.

    Parameters
    ----------
    layout : Layout
        What to draw, with every place.
    theme : str
        ``light`` or ``dark``.

    Attributes
    ----------
    layout : Layout
        The nodes, edges and columns.
    dot : str
        The DOT text, with places.
    """

    def __init__(self, layout: Layout, theme: str = "light") -> None:
        if theme not in THEMES:
            raise ValueRangeError(f"there is no theme {theme!r}; write {' or '.join(map(repr, THEMES))}{here()}")
        self.layout = layout
        self.theme = THEMES[theme]
        self._dot: dict[str, str] = {}  # by language
        self._svg: dict[str, str] = {}

    @property
    def dot(self) -> str:
        """The DOT text."""
        if current() not in self._dot:
            self._dot[current()] = dot_text(self.layout, self.theme)
        return self._dot[current()]

    @property
    def svg(self) -> str:
        """The picture as SVG, every node an element with its id, ``n0``, ``n1`` …; every edge ``e0`` …"""
        if current() not in self._svg:
            self._svg[current()] = polish(render(self.dot, "svg").decode(), self.layout)
        return self._svg[current()]

    @property
    def dot_for_fonts(self) -> str:
        """The DOT text of a picture that fonts of this machine draw, in English where they lack Chinese."""
        with words_in_fonts():
            return self.dot

    def render(self, kind: str) -> bytes:
        """The picture as ``svg``, ``png``, ``pdf`` or ``dot``."""
        if kind == "dot":
            return self.dot.encode()
        if kind == "svg":
            return self.svg.encode()
        if kind not in FORMATS:
            raise ValueRangeError(
                f"a drawing cannot be written as {kind!r}; choose from dot, {', '.join(FORMATS)}{here()}"
            )
        warn_of_missing(self.layout.texts())
        dot = self.dot_for_fonts
        dot = _with_large_scripts(dot) if self.layout.size.width is not None else dot
        return render(_scaled(dot, self.layout, 12_000) if kind == "png" else dot, kind)

    def png(self, path: str | os.PathLike[str] | None = None) -> bytes:
        """The picture as PNG; written to `path` where one is given."""
        data = self.render("png")
        if path is not None:
            write(path, data)
        return data

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture, whole or not at all; the suffix says how: .svg, .png, .pdf or .dot.

        Raises
        ------
        ValueRangeError
            For any other suffix.
        RenderError
            Where there is no Graphviz to draw with; the DOT text is then written beside `path`.
        FileError
            If it cannot be written.
        """
        target = check_output(path, SUFFIXES)
        kind = target.suffix.lower().lstrip(".") or "svg"
        try:
            data = self.render(kind)
        except RenderError as error:
            written = write(target.with_suffix(".dot"), self.dot)
            raise RenderError(f"{error}. The drawing was written as DOT text to {written}{here()}") from error
        return write(target, data)

    def __repr__(self) -> str:
        said = translated(f"drawing of {len(self.layout.nodes)} boxes and {len(self.layout.edges)} arrows")
        return f"<{said}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        try:
            return bundle | self.shown()
        except RenderError as error:
            return {"text/plain": f"{bundle['text/plain']}\n{error}"}

    def shown(self, caption: str = "") -> dict[str, str]:
        """What a notebook is given: HTML that fits its column, SVG, PDF for LaTeX, and PNG where nothing else is shown.

        With PDF beside it, `nbconvert` needs no program that makes PDF of SVG.

        Parameters
        ----------
        caption : str
            HTML that stands above.
        """
        found = {"text/html": inside(caption + figure(self.svg)), "image/svg+xml": self.svg}
        found["application/pdf"] = base64.b64encode(render(self.dot_for_fonts, "pdf")).decode()
        if max(self.layout.width, self.layout.height) <= LONGEST_WITH_PIXELS:
            small = render(_scaled(self.dot_for_fonts, self.layout, 1_800), "png")
            found["image/png"] = base64.b64encode(small).decode()
        return found


_SCRIPT = re.compile(r'(<SU[BP]><FONT POINT-SIZE=")([0-9.]+)')
ONCE_MORE = 1.3  # how much smaller Graphviz writes scripts in pixels and PDF than their font says


def _with_large_scripts(dot: str) -> str:
    """For pixels and PDF: scripts as large as SVG has them."""
    return _SCRIPT.sub(lambda found: f"{found[1]}{float(found[2]) * ONCE_MORE:.4g}", dot)


def _scaled(dot: str, layout: Layout, most: int) -> str:
    """For pixels: sharp where the picture is small, never more than so many pixels where it is large."""
    longest = max(layout.width, layout.height, 1.0)
    resolution = max(18.0, min(144.0, 72.0 * most / longest))
    if layout.size.width is not None:  # its unit is a pixel
        width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
        resolution = min(72.0 * filling(width, height, layout.size), resolution)
    return dot.replace("{", f"{{\n\tgraph [dpi={resolution:.0f}]", 1)
