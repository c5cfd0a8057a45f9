"""What the signs of a drawing mean: those that stand in it, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograd_seq.translation.reader import translated
from viz.extent import bounds
from viz.lettering import Line, Run, runs_markup
from viz.scene import Layout
from viz.theme import Theme

GAP = 14.0


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign and what it means.

    Attributes
    ----------
    kind : str
        ``box``, ``arrow`` or ``text``.
    shown : str
        The kind of box or arrow, or what is written.
    words : str
        What it means.
    """

    kind: str
    shown: str
    words: str


BOXES = {
    "input": "given: an input, a target, an initial value",
    "state": "a state, passed from step to step",
    "step": "a value",
    "loss": "a loss, or made of losses",
    "fold": "stands for what is not drawn",
    "module": "a cell or a layer",
    "zero": "its derivative is zero",
}
ARROWS = {
    "forward": "is used by, within a step",
    "recurrent": "is used by, at another step",
    "adjoint": "the derivative that comes back",
    "parameter": "a parameter is used by",
}
# A sign, how it is found in the text of a drawing, and what it means.
_TEXTS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("⟨t⟩", lambda text: "⟨" in text, "at time step t"),
    ("[l]", lambda text: any(f"[{n}]" in text for n in range(1, 10)), "of layer l"),
    ("→  ←", lambda text: "→" in text or "←" in text, "the forward, the backward direction"),
    ("d", lambda text: False, "before a name: the derivative of the output by it"),
    ("∘", lambda text: "∘" in text, "multiplied element by element"),
    ("[a; x]", lambda text: "; " in text, "stacked, one above the other"),
    ("σ", lambda text: "σ(" in text, "the logistic function"),
    ("Σ", lambda text: "Σ(" in text, "the sum of all elements"),
    ("∇", lambda text: "∇" in text, "norm of the derivative of the output by it"),
    ("‖·‖", lambda text: "‖·‖" in text, "norm"),
    ("⋯", lambda text: "⋯" in text, "more of the same"),
    ("4×1", lambda text: "×" in text, "shape: rows × columns"),
)


def signs(layout: Layout) -> list[Sign]:
    """The signs of a drawing, in the order of the legend."""
    kinds = dict.fromkeys(node.kind for node in layout.nodes)
    arrows = dict.fromkeys(edge.kind for edge in layout.edges)
    text = " ".join(run.text for node in layout.nodes for line in node.lines for run in line.runs)
    text += " ".join(row.shape + row.name.plain for row in layout.table)
    found = [Sign("box", kind, translated(words)) for kind, words in BOXES.items() if kind in kinds]
    found += [Sign("arrow", kind, translated(words)) for kind, words in ARROWS.items() if kind in arrows]
    if layout.table:
        found.append(Sign("name", "W  b", translated("parameters, each in its colour")))
    backward = "adjoint" in arrows and "forward" not in arrows
    texts = [(sign, words) for sign, there, words in _TEXTS if there(text) or (sign == "d" and backward)]
    return [*found, *(Sign("text", sign, translated(words)) for sign, words in texts)]


def legend_label(layout: Layout, theme: Theme, colors: dict[str, str]) -> tuple[str, float, float]:
    """The legend as a label for Graphviz, and its width and height."""
    size = layout.size
    shown = signs(layout)
    words = max(Line((Run(sign.words),), size.note).width for sign in shown)
    sample = Line((Run("[a; x] "),), size.note).width
    left, right, *_ = bounds(layout)
    columns = max(1, min(3, int(max(layout.width, right - left) // (words + sample + 4 * GAP))))
    count = -(-len(shown) // columns)
    rows = []
    for i in range(count):
        beside = [shown[k] for k in range(i, len(shown), count)]
        rows.append("<TR>" + "".join(_cells(sign, layout, theme, colors) for sign in beside) + "</TR>")
    height = size.note * 1.5 + 8.0
    label = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="3" CELLPADDING="2">{"".join(rows)}</TABLE>'
    return label, (words + sample + 3.0 * GAP) * columns, count * height + 10.0


def _cells(sign: Sign, layout: Layout, theme: Theme, colors: dict[str, str]) -> str:
    size = layout.size
    room = Line((Run("[a; x] "),), size.note).width
    high = f'HEIGHT="{size.note * 1.5:.0f}"'
    words = runs_markup(Line((Run(sign.words, dim=True),), size.note, size.script), colors)
    if sign.kind == "box":
        fill, border = theme.fills[sign.shown], theme.borders[sign.shown]
        style = ' STYLE="DASHED"' if sign.shown in ("fold", "zero") else ""
        sample = f'<TD BORDER="1" COLOR="{border}" BGCOLOR="{fill}"{style} {high} WIDTH="{room:.0f}"></TD>'
    else:
        color = "name" if sign.kind == "name" else sign.shown if sign.kind == "arrow" else ""
        drawn = {"forward": theme.forward, "recurrent": theme.recurrent, "adjoint": theme.adjoint,
                 "parameter": theme.parameter(0), "name": theme.parameter(0), "": theme.ink}  # fmt: skip
        text = "─▶" if sign.kind == "arrow" else sign.shown
        line = Line((Run(text, bold=sign.kind != "text", color="sample"),), size.note)
        written = runs_markup(line, {**colors, "sample": drawn[color]})
        sample = f'<TD {high} WIDTH="{room:.0f}">{written}</TD>'
    return f'{sample}<TD ALIGN="LEFT" {high}>{words}</TD><TD WIDTH="{GAP:.0f}"></TD>'
