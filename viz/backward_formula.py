"""The formula of an adjoint, written out down to named adjoints and named forward values."""

from __future__ import annotations

from autograd_seq import Recording, Tensor
from autograd_seq.core.notation import ATOM, SIGN
from autograd_seq.folding.literal import is_literal
from autograd_seq.writer.numbers import number
from viz.fold import Box
from viz.formula import DEEPEST, Writer, fill
from viz.text import Run, name_runs, shorten


class BackwardWriter:
    """Writes adjoints as the textbook does: dc = da ∘ Γ_o ∘ (1 − tanh(c)²) + …

    Parameters
    ----------
    writer : Writer
        Of the forward boxes.
    recording : Recording
        The backward pass.
    """

    def __init__(self, writer: Writer, recording: Recording) -> None:
        self.writer, self.recording = writer, recording
        self.owner = {adjoint: record for record, adjoint in recording.adjoints.items()}
        self.heads = {box.record for box in writer.folded.boxes}

    def title(self, box: Box) -> list[Run]:
        """``da⟨t⟩``; for a box without a name, d before its formula."""
        record = box.record
        if record.name is not None:
            return name_runs("d" + record.name, box.scope, bold=True)
        return [Run("d", bold=True), *shorten(self.writer.expression(box), 9.0)]

    def formula(self, box: Box, longest: float) -> list[Run]:
        """How the adjoint of a box comes from the adjoints before it."""
        adjoint = self.recording.adjoints[box.record]
        if adjoint.operation is None:
            return []
        known: list[Tensor] = []
        text = self._write(adjoint, known, 0)[0]
        return shorten(self._runs(text, known), longest)

    def _write(self, record: Tensor, known: list[Tensor], depth: int) -> tuple[str, int]:
        operation = record.operation
        if operation is None or depth > DEEPEST:
            return "…", ATOM
        operands = []
        for x in record.inputs[:8]:
            if is_literal(x):
                text = number(x)
                operands.append((text, SIGN if text.startswith("-") else ATOM))
            elif self._stops(x):
                known.append(x)
                operands.append((self.writer.mark(len(known) - 1), ATOM))
            else:
                operands.append(self._write(x, known, depth + 1))
        return fill(record, operands)

    def _stops(self, x: Tensor) -> bool:
        """Whether a formula refers to a record instead of writing it out."""
        if x.name is not None or x.operation is None:
            return True
        if x in self.heads:
            return True
        return self.owner.get(x) in self.heads

    def _runs(self, text: str, known: list[Tensor]) -> list[Run]:
        return self.writer.runs(text, known, self._reference)

    def _reference(self, x: Tensor) -> list[Run]:
        owner = self.owner.get(x)
        if x.name is not None and owner is not None:
            box = self.writer.folded.home.get(owner)
            return name_runs(x.name, box.scope if box is not None else owner.scope)
        if owner is not None and owner in self.heads:
            return [Run("d"), *self.writer.reference(owner)]
        return self.writer.reference(x)
