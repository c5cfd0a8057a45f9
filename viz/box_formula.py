"""The formula of a box: how its record comes from the boxes before it, as runs of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.array import Array
from autograd_seq.core.notation import ATOM, SIGN, Written, begins_with_minus
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.steps import scopes
from autograd_seq.writer import DEEPEST, GAP, Called, Writer
from viz.boxes import Box, Folded
from viz.lettering import RAISED, Run, clean, name_runs, shorten, superscript

_PLACES = re.compile(r"np\.array\(\[[^()]*\](?:, dtype=[\w.]+)?\)")
MOST = 8  # operands of one operation
Reference = tuple[list[Run], int]  # what a formula calls something, and how tightly that holds together


class Quotes:
    """Runs of text that stand in a formula as private characters, so that no name can break an operation's form."""

    _OPEN, _CLOSE = "\ue000", "\ue001"
    _QUOTE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")

    def __init__(self) -> None:
        self._quoted: list[list[Run]] = []

    def quote(self, reference: Reference) -> Written:
        """What stands for some runs; a minus that they begin with stays to be seen."""
        (first, *rest), level = reference
        minus = first.text[0] if begins_with_minus((first.text, level)) else ""
        self._quoted.append([replace(first, text=first.text.removeprefix(minus)), *rest])
        return f"{minus}{self._OPEN}{len(self._quoted) - 1}{self._CLOSE}", level

    def runs(self, text: str) -> list[Run]:
        """A formula with its quotes in full."""
        runs: list[Run] = []
        for i, piece in enumerate(self._QUOTE.split(text)):
            if i % 2:
                runs.extend(self._quoted[int(piece)])
            elif piece:
                shown = clean_formula(piece)
                rest = shown.lstrip(RAISED) if runs and runs[-1].script > 0 else shown
                if rest != shown:  # as high as the step that it follows: x⟨1⟩ squared
                    runs.append(Run(shown.removesuffix(rest), 1, dim=True))
                runs.append(Run(rest, dim=True))
        return runs


class BoxWriter:
    """Writes names and formulas of boxes.

    Parameters
    ----------
    folded : Folded
        The boxes.
    colors : dict of Tensor to str
        The colour of each shared record, ``"p0"`` …
    step : callable, optional
        How a time step is written above a name; as its number if not given.
    """

    def __init__(
        self, folded: Folded, colors: dict[Tensor, str], step: Callable[[int], str] | None = None
    ) -> None:
        self.folded = folded
        self.colors = colors
        self.step = step

    def title(self, box: Box, bold: bool = True) -> list[Run]:
        """What a box is called; what has no name is called by its formula elsewhere."""
        return self.name(box.record, bold)

    def name(self, record: Tensor, bold: bool = False) -> list[Run]:
        """A record's name with its place; for one without a name, its operation or its shape."""
        box = self.folded.home.get(record)
        scope = box.scope if box is not None else scopes(self.folded.graph).get(record, record.scope)
        if record in self.folded.placeless:
            scope = replace(scope, time=None)
        time = self.step(scope.time) if self.step is not None and scope.time is not None else None
        color = self.colors.get(record, "")
        if (known := self.folded.name(record)) is not None:
            return name_runs(known, scope, time, bold or bool(color), color)
        if record.operation is None:
            words = self._nameless(record)
        else:
            words = record.operation.name
        runs = [Run(clean(words), bold=bold, color=color)]
        if bold and (above := superscript(scope, time)):
            runs.append(Run(above, 1, dim=True))
        return runs

    def _nameless(self, leaf: Tensor) -> str:
        """What a leaf without a name is called: its number, or what it is."""
        if leaf.size == 1 or (leaf not in self.folded.home and leaf not in self.colors):
            short = f"{leaf._value.flat[0]:.4g}" if leaf.size else "[]"
            return "−" + short[1:] if short.startswith("-") else short
        return "initial" if leaf in self.folded.initial else "input"

    def formula(self, box: Box, longest: float) -> list[Run]:
        """How a box comes from others, at most `longest` ems wide; nothing for a leaf."""
        return shorten(self.expression(box), longest)

    def expression(self, box: Box) -> list[Run]:
        """The whole formula, up to the depth that a box can show."""
        return self.written(box)[0]

    def written(self, box: Box) -> Reference:
        """The whole formula and how tightly it holds together; no runs for a leaf."""
        record = box.record
        if record.operation is None:
            return [], ATOM
        members, quotes = set(box.records), Quotes()

        def refer(x: Tensor) -> Called:
            return None if x in members and x.operation is not None else quotes.quote(self.reference(x))

        def stop(x: Tensor, depth: int) -> Called:
            if depth <= DEEPEST:
                return None
            return GAP if x.name is None else quotes.quote(self.reference(x))

        text, level = self._chain(record, members, quotes) or Writer("text", refer, stop, MOST).expression(record)
        if self.step is not None:  # of a step in general: the places that one of them takes are not those of all
            text = _PLACES.sub("…", text)
        return quotes.runs(text), level

    def _chain(self, record: Tensor, members: set[Tensor], quotes: Quotes) -> Written | None:
        """``L<1> + … + L<9>`` where one operation of two inputs was used over and over."""
        operation = record.operation
        if len(members) < 3 or any(m.operation is not operation or len(m.inputs) != 2 for m in members):
            return None
        ends = [x for m in sorted(members, key=lambda m: m.index) for x in m.inputs if x not in members]
        first, last = (quotes.quote(self.reference(x)) for x in (ends[0], ends[-1]))
        writer = Writer("text", lambda x: None)
        return writer.filled(record, [writer.filled(record, [first, (GAP, ATOM)]), last])

    def reference(self, x: Tensor) -> Reference:
        """How a formula refers to another box: by name, or by its own short formula."""
        box = self.folded.home.get(x)
        if x.name is not None or box is None or box.leaf:
            runs = self.name(x)
            return runs, SIGN if x.name is None and runs[0].text.startswith("−") else ATOM
        names = {y.name for y in x.inputs}
        if None not in names and len(names) == len(x.inputs) <= 4:
            short, level = Writer("text", self._plain).expression(x)
            if len(short) <= 10:
                return [Run(short, dim=True)], level
        return [Run("·", dim=True)], ATOM

    def _plain(self, x: Tensor) -> str:
        """A name in one style."""
        return "".join(run.text for run in self.name(x) if run.script <= 0)


def clean_formula(piece: str) -> str:
    """A piece of a formula as one line; spaces at its ends are meant."""
    shown = clean(piece, 60)
    return " " * piece.startswith(" ") + shown + " " * (piece.endswith(" ") and bool(shown))


def shape_text(shape: tuple[int, ...]) -> str:
    """``4×2``; ``scalar``."""
    return "×".join(map(str, shape)) or "scalar"


def number(value: float) -> str:
    """A number as short as three digits make it."""
    text = f"{value:.3g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def value_text(value: Array, longest: int = 6) -> str:
    """A small array in full, a large one as norm and range."""
    if value.size <= longest:
        if value.ndim == 2:
            rows = [" ".join(number(float(v)) for v in row) for row in value]
            return "[" + "; ".join(rows) + "]"
        inner = " ".join(number(float(v)) for v in value.ravel())
        return f"[{inner}]" if value.ndim else inner
    with np.errstate(all="ignore"):
        norm = float(np.linalg.norm(value.astype(float).ravel()))
        return f"‖{number(norm)}‖ {number(float(value.min()))} … {number(float(value.max()))}"


def is_number(record: Tensor) -> bool:
    """Whether a record is written as a number wherever it is used."""
    return is_literal(record)
