"""Colours and sizes of the drawings.

The hues are those of Okabe and Ito, told apart by colour-blind readers; what matters is also
said by width, dashes or words, so that a drawing printed grey can be read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a drawing; `fills` and `borders` go by the kind of a box."""

    background: str
    ink: str
    dim: str
    frame: str
    frame_border: str
    fills: dict[str, str]
    borders: dict[str, str]
    forward: str
    recurrent: str
    adjoint: str
    table: str
    table_border: str
    parameters: tuple[str, ...]

    def parameter(self, position: int) -> str:
        """The colour of the parameter that stands at `position` in the table; from the ninth on with `marks`, too."""
        return self.parameters[position % len(self.parameters)]


HUES = 8
DASHES = ("solid", "dashed", "dotted")
# Which of the hues look alike to somebody colour-blind: their arrows have different dashes.
_DASH = (0, 0, 1, 0, 0, 1, 1, 2)


def marks(position: int) -> tuple[bool, bool]:
    """Whether the name of a parameter is underlined, and whether it is slanted: hues come again after eight.

    Examples
    --------
    >>> marks(7), marks(8), marks(16)
    ((False, False), (True, False), (False, True))
    """
    turn = position // HUES
    return turn % 2 == 1, turn // 2 % 2 == 1


def dash(position: int) -> str:
    """How the arrows of a parameter are dashed."""
    return DASHES[(_DASH[position % HUES] + position // HUES) % len(DASHES)]


LIGHT = Theme(
    background="#FFFFFF",
    ink="#111827",
    dim="#4B5563",
    frame="#F7F8FA",
    frame_border="#D5DAE1",
    fills={"input": "#DCEBFA", "state": "#DDF1E6", "loss": "#FBE3E4", "step": "#FFFFFF", "fold": "#F3F4F6",
           "port": "#FFFFFF", "zero": "#FFFFFF", "module": "#EEF0FB"},
    borders={"input": "#2F6DB5", "state": "#1B7F5C", "loss": "#B4434A", "step": "#8A95A3", "fold": "#9CA3AF",
             "port": "#D5DAE1", "zero": "#D5DAE1", "module": "#5A63B0"},
    forward="#7A8594",
    recurrent="#1B7F5C",
    adjoint="#D55E00",
    table="#FFF9EA",
    table_border="#DDBF6B",
    parameters=("#9A5B00", "#0F62A8", "#6B3FA0", "#157A50", "#B03A78", "#4D5B6A", "#A33B1F", "#00707A"),
)  # fmt: skip

DARK = Theme(
    background="#14181F",
    ink="#F3F4F6",
    dim="#B6BFCC",
    frame="#1B212B",
    frame_border="#333C4A",
    fills={"input": "#17324F", "state": "#143D2E", "loss": "#4A2226", "step": "#232B37", "fold": "#20262F",
           "port": "#14181F", "zero": "#14181F", "module": "#272B4A"},
    borders={"input": "#6CA8E8", "state": "#4FC296", "loss": "#EE8A90", "step": "#77839A", "fold": "#6B7280",
             "port": "#333C4A", "zero": "#333C4A", "module": "#8F98EE"},
    forward="#8B97A8",
    recurrent="#4FC296",
    adjoint="#FF9A4D",
    table="#2A2619",
    table_border="#7A6A3A",
    parameters=("#E0A84B", "#6CB6FF", "#B99CF0", "#56CC96", "#F08CBF", "#A9B6C6", "#FF9478", "#4FD0DA"),
)  # fmt: skip

THEMES = {"light": LIGHT, "dark": DARK}
