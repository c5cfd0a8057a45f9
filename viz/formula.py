"""The formula of a box: how its record comes from the boxes before it, as runs of text."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.array import Array
from autograd_seq.core.notation import ATOM
from autograd_seq.folding.literal import is_literal
from viz.fold import Box, Folded
from viz.text import Run, clean, name_runs, shorten, superscript

DEEPEST = 12  # operations written out inside one another
# References stand in the operations' own templates as private characters, so that no name can break them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_REFERENCE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class Writer:
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
        scope = box.scope if box is not None else self.folded.graph.scopes.get(record, record.scope)
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
            return f"{leaf._value.flat[0]:.4g}" if leaf.size else "[]"
        return "initial" if leaf in self.folded.initial else "input"

    def formula(self, box: Box, longest: float) -> list[Run]:
        """How a box comes from others, at most `longest` ems wide; nothing for a leaf."""
        return shorten(self.expression(box), longest)

    def expression(self, box: Box) -> list[Run]:
        """The whole formula, up to the depth that a box can show."""
        record = box.record
        if record.operation is None:
            return []
        members = set(box.records)
        known: list[Tensor] = []
        text = self._chain(record, members, known) or self._write(record, members, known, 0)[0]
        return self.runs(text, known, self.reference)

    def _write(self, record: Tensor, members: set[Tensor], known: list[Tensor], depth: int) -> tuple[str, int]:
        """A record as text with references, and how tightly it holds together."""
        operation = record.operation
        if operation is None or depth > DEEPEST:
            return "…", ATOM
        operands = []
        for x in record.inputs[:8]:
            if (x in members and x.name is None) or (x in members and depth < DEEPEST and x.operation is not None):
                operands.append(self._write(x, members, known, depth + 1))
            else:
                operands.append((self._refer(x, known), ATOM))
        if len(record.inputs) > 8:
            operands[4:] = [("…", ATOM), (self._refer(record.inputs[-1], known), ATOM)]
        return fill(record, operands)

    def _chain(self, record: Tensor, members: set[Tensor], known: list[Tensor]) -> str:
        """``L<1> + … + L<9>`` where one operation of two inputs was used over and over; else nothing."""
        if len(members) < 3 or any(m.operation is not record.operation or len(m.inputs) != 2 for m in members):
            return ""
        ends = [x for m in sorted(members, key=lambda m: m.index) for x in m.inputs if x not in members]
        first = fill(record, [(self._refer(ends[0], known), ATOM), ("…", ATOM)])
        return fill(record, [first, (self._refer(ends[-1], known), ATOM)])[0]

    def _refer(self, x: Tensor, known: list[Tensor]) -> str:
        known.append(x)
        return self.mark(len(known) - 1)

    def mark(self, position: int) -> str:
        """What stands in a text for a reference."""
        return f"{_OPEN}{position}{_CLOSE}"

    def runs(self, text: str, known: list[Tensor], refer: Callable[[Tensor], list[Run]]) -> list[Run]:
        """A text with its references written by `refer`."""
        runs: list[Run] = []
        for i, piece in enumerate(_REFERENCE.split(text)):
            if i % 2:
                runs.extend(refer(known[int(piece)]))
            elif piece:
                runs.append(Run(clean_formula(piece), dim=True))
        return runs

    def reference(self, x: Tensor) -> list[Run]:
        """How a formula refers to another box: by name, or by its own short formula."""
        box = self.folded.home.get(x)
        if x.name is not None or box is None or box.leaf:
            return self.name(x)
        operands = [("".join(r.text for r in self.name(y) if r.script <= 0), ATOM) for y in x.inputs[:4]]
        names = {y.name for y in x.inputs}
        if None not in names and len(names) == len(x.inputs) <= 4:
            short = fill(x, operands)[0]
            if len(short) <= 10:
                return [Run(short, dim=True)]
        return [Run("·", dim=True)]


def fill(record: Tensor, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """The operation's own form over operands; its plain name where the form does not take so few."""
    operation = record.operation
    if operation is None:
        return "…", ATOM
    try:
        return operation.forms["text"].write(operands, record.parameters)
    except (LookupError, ValueError, TypeError):
        return f"{operation.name}(…)", ATOM


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
