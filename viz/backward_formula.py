"""The formula of an adjoint, written out down to named adjoints and named forward values."""

from __future__ import annotations

from autograd_seq import Recording, Tensor
from autograd_seq.core.notation import ATOM
from autograd_seq.folding.literal import is_literal
from autograd_seq.writer import Called, Writer, too_deep
from viz.box_formula import MOST, BoxWriter, Quotes, Reference
from viz.boxes import Box
from viz.lettering import Run, name_runs, shorten


class BackwardWriter:
    """Writes adjoints as the textbook does: dc = da ∘ Γ_o ∘ (1 − tanh(c)²) + …

    Parameters
    ----------
    writer : BoxWriter
        Of the forward boxes.
    recording : Recording
        The backward pass.
    """

    def __init__(self, writer: BoxWriter, recording: Recording) -> None:
        self.writer, self.recording = writer, recording
        self.owner = {adjoint: record for record, adjoint in recording.adjoints.items()}
        self.heads = {box.record for box in writer.folded.boxes}

    def title(self, box: Box) -> list[Run]:
        """``da⟨t⟩``; for a box without a name, d before its formula."""
        record = box.record
        if record.name is not None:
            return name_runs("d" + record.name, box.scope, bold=True)
        runs, level = self.writer.written(box)
        return _d_of((shorten(runs, 9.0), level), bold=True)

    def formula(self, box: Box, longest: float) -> list[Run]:
        """How the adjoint of a box comes from the adjoints before it."""
        adjoint = self.recording.adjoints[box.record]
        if adjoint.operation is None:
            return []
        quotes = Quotes()

        def refer(x: Tensor) -> Called:
            return quotes.quote(self._reference(x)) if self._stops(x) else None

        text, _ = Writer("text", refer, too_deep, MOST).expression(adjoint)
        return shorten(quotes.runs(text), longest)

    def _stops(self, x: Tensor) -> bool:
        """Whether a formula refers to a record instead of writing it out."""
        if is_literal(x):
            return False  # written as its number
        return x.name is not None or x.operation is None or x in self.heads or self.owner.get(x) in self.heads

    def _reference(self, x: Tensor) -> Reference:
        owner = self.owner.get(x)
        if x.name is not None and owner is not None:
            box = self.writer.folded.home.get(owner)
            return name_runs(x.name, box.scope if box is not None else owner.scope), ATOM
        if owner is not None and owner in self.heads:
            return _d_of(self.writer.reference(owner)), ATOM
        return self.writer.reference(x)


def _d_of(reference: Reference, bold: bool = False) -> list[Run]:
    """``da``, and ``d(a + b)``."""
    runs, level = reference
    if level < ATOM:
        return [Run("d(", bold=bold), *runs, Run(")", bold=bold)]
    return [Run("d", bold=bold), *runs]
