"""Text of a drawing: runs with sub- and superscripts, how wide they are, and how they are written for Graphviz."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from autograd_seq.core.names import ACCENTS, ARROWS, GREEK, Name
from autograd_seq.core.scope import NOWHERE, Scope
from autograd_seq.translation.reader import translated
from viz.theme import marks

FONT = "Helvetica"
SCRIPT = 0.72  # size of sub- and superscripts
LONGEST = 28  # characters of one word
_NARROW = set("iljtfI.,;:|'!()[]{}/ ·")
_JOINS = set("+−-∘·@=")  # a line breaks before them
RAISED = "²³ᵀ⁻¹"  # signs that stand above the line by themselves
_LOWERED = str.maketrans(RAISED, "23T−1")  # what stands above the line is not raised again
_WIDE = set("mwMW%@…—→←Σ+−=<>")


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one style.

    Attributes
    ----------
    text : str
        What is written.
    script : int
        1 above, -1 below, 0 on the line.
    bold, dim : bool
        Weight, and the paler ink.
    color : str
        ``""`` for the ink; ``"adjoint"``; or ``"p3"`` for the colour of the fourth parameter.
    in_words : bool
        Whether it is English of ours, to be said in the reader's language; what users call things is not.
    """

    text: str
    script: int = 0
    bold: bool = False
    dim: bool = False
    color: str = ""
    in_words: bool = False

    @property
    def said(self) -> str:
        """Its text in the reader's language."""
        return translated(self.text) if self.in_words else self.text


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a box: runs at one size in points, sub- and superscripts at a share of it."""

    runs: tuple[Run, ...]
    size: float = 11.0
    script: float = SCRIPT

    @property
    def width(self) -> float:
        """Its width in points, on the safe side."""
        return sum(width(run, self.size, self.script) for run in self.runs)

    @property
    def height(self) -> float:
        """Its height in points; a subscript hangs below."""
        return self.size * (1.45 if any(run.script < 0 for run in self.runs) else 1.28)

    @property
    def plain(self) -> str:
        """Its text without styles."""
        return plain(self.runs)


def words_of_ours(text: str) -> list[Run]:
    """Words that stand for what is not drawn."""
    return [Run(text, dim=True, in_words=True)]


def clean(words: str, longest: int = LONGEST) -> str:
    """Words from a user as one line that XML can hold: no control characters, not endless."""
    words = words[: 4 * longest]
    shown = "".join(c if c.isprintable() or c == "\u0303" else " " for c in words)
    shown = "".join(c if not 0xD800 <= ord(c) < 0xE000 and ord(c) not in (0xFFFE, 0xFFFF) else "\ufffd" for c in shown)
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def plain(runs: Iterable[Run]) -> str:
    """Runs as they are read aloud: ``Γ_f<3>``."""
    written = []
    for run in runs:
        written.append("_" + run.said if run.script < 0 else run.said.replace("⟨", "<").replace("⟩", ">"))
    return "".join(written)


def superscript(scope: Scope, time: str | None = None) -> str:
    """The place of a record: ``[2]⟨3⟩``; `time` stands for the step where it is not a number."""
    layer = f"[{scope.layer}]" if scope.layer is not None else ""
    step = time if time is not None else ("" if scope.time is None else str(scope.time))
    return layer + (f"⟨{step}⟩" if step else "")


def name_runs(
    name: str, scope: Scope = NOWHERE, time: str | None = None, bold: bool = False, color: str = ""
) -> list[Run]:
    """A name in the notes' notation: Γ with f below and ⟨3⟩ above."""
    parts = Name.parse(name)
    base = GREEK.get(parts.base, parts.base) + ACCENTS.get(parts.accent, "")
    base = unicodedata.normalize("NFC", base)
    before = "d" * parts.adjoint + ARROWS.get(scope.direction or "", "")
    runs = [Run(clean(before + base), bold=bold, color=color)]
    if parts.subscript:
        runs.append(Run(clean(parts.subscript), -1, bold, color=color))
    if above := superscript(scope, time):
        runs.append(Run(above, 1, color=color, dim=not color))
    return runs


def width(run: Run, size: float, script: float = SCRIPT) -> float:
    """The width of a run in points: Helvetica's, roughly, and a little more."""
    em = 0.0
    for c in run.text:
        if unicodedata.combining(c):
            continue
        if c in _NARROW:
            em += 0.36
        elif c in _WIDE:
            em += 0.9
        elif unicodedata.east_asian_width(c) in "WF":
            em += 1.05
        elif c.isupper():
            em += 0.73
        else:
            em += 0.62
    return em * size * (script if run.script else 1.0) * (1.07 if run.bold else 1.0)


def shorten(runs: Sequence[Run], longest: float) -> list[Run]:
    """As many runs as fit into `longest` points at size 1, and … for the rest."""
    kept: list[Run] = []
    room = longest
    for run in runs:
        needed = width(run, 1.0)
        if needed > room:
            while run.text and width(run, 1.0) > room - 0.9:
                run = replace(run, text=run.text[:-1])
            return [*kept, run, Run("…", dim=True)] if run.text else [*kept, Run("…", dim=True)]
        kept.append(run)
        room -= needed
    return kept


def wrapped(runs: Sequence[Run], longest: float) -> list[list[Run]]:
    """Runs as lines of at most `longest` ems, broken at spaces, and rather before a sign of plus or minus.

    A word that is longer than a line has one of its own.
    """
    words: list[list[Run]] = [[]]
    for run in runs:
        for i, piece in enumerate(re.split(r"(?<=\s)", run.text) if not run.script else [run.text]):
            if i and words[-1]:
                words.append([])
            if piece:
                words[-1].append(replace(run, text=piece))
        if not run.script and run.text.endswith(" "):
            words.append([])
    lines: list[list[Run]] = [[]]
    for word in _kept_together([word for word in words if word]):
        if lines[-1] and sum(width(run, 1.0) for run in [*lines[-1], *word]) > longest:
            lines.append([])
        lines[-1] += word
    return [_joined(line) for line in lines]


def _joined(line: list[Run]) -> list[Run]:
    """A line with neighbours of one style as one run, and no space at its end."""
    found: list[Run] = []
    for run in line:
        if found and replace(found[-1], text=run.text) == run:
            found[-1] = replace(run, text=found[-1].text + run.text)
        else:
            found.append(run)
    if found:
        found[-1] = replace(found[-1], text=found[-1].text.rstrip())
    return [run for run in found if run.text]


def _kept_together(words: list[list[Run]]) -> list[list[Run]]:
    """Words such that a sign of plus, minus or times stands with what follows it, and so does a half of [a; x]."""
    joined: list[list[Run]] = []
    for word in words:
        before = "".join(run.text for run in joined[-1]).strip() if joined else ""
        if before in _JOINS or before.endswith(";"):
            joined[-1] += word
        else:
            joined.append(list(word))
    return joined


def markup(lines: Sequence[Line], colors: dict[str, str]) -> str:
    """Lines as an HTML-like label for Graphviz, without the outer angle brackets.

    `colors` gives ``""`` (ink), ``"dim"``, ``"adjoint"`` and the parameters' ``"p0"`` …
    """
    rows = []
    for line in lines:
        hanging = ' VALIGN="TOP"' if any(run.script < 0 for run in line.runs) else ""
        rows.append(f'<TR><TD HEIGHT="{line.height:.0f}"{hanging}>{runs_markup(line, colors)}</TD></TR>')
    return (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">' + "".join(rows) + "</TABLE>"
    )


def runs_markup(line: Line, colors: dict[str, str]) -> str:
    """The runs of one line, without a table around them."""
    return "".join(_run_markup(run, line, colors) for run in line.runs if run.text) or " "


def _run_markup(run: Run, line: Line, colors: dict[str, str]) -> str:
    said = run.said.translate(_LOWERED) if run.script > 0 else run.said
    words = html.escape(said, quote=True).replace("]", "&#93;")  # before a tag, Graphviz below 3 stumbles over it
    if run.bold:
        words = f"<B>{words}</B>"
    if run.color[:1] == "p" and run.color[1:].isdigit():
        underlined, slanted = marks(int(run.color[1:]))
        words = f"<U>{words}</U>" if underlined else words
        words = f"<I>{words}</I>" if slanted else words
    color = colors.get(run.color) if run.color else colors["dim"] if run.dim else colors[""]
    points = line.size * line.script if run.script else line.size
    font = f'<FONT POINT-SIZE="{points:.4g}" COLOR="{color or colors[""]}">{words}</FONT>'
    return f"<SUP>{font}</SUP>" if run.script > 0 else f"<SUB>{font}</SUB>" if run.script < 0 else font
