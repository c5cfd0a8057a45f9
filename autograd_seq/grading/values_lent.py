"""True values lent to a submission's lines on the second draw, and what gradients that are right then tell.

Whoever is lent the values of a row can do with them what he likes. So a row is of one quantity, and only what depends
on this quantity in the true pass can be explained by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.finding import Finding
from autograd_seq.diagnosis.true_values import TrueValues, adjoints_in
from autograd_seq.diagnosis.truth import Truth


class ValuesLent:
    """The rows of the second draw.

    Parameters
    ----------
    known : TrueValues
        Those of the first draw, with its rows.
    truth : Truth or None
        That of the second draw.
    """

    def __init__(self, known: TrueValues, truth: Truth | None) -> None:
        adjoints = adjoints_in(truth) if truth is not None else []
        alike = [np.shape(v) for v in known.backward] == [r.shape for r in adjoints]
        self._rows = [[adjoints[i] for i in row] for row in known.rows[: known.single]] if alike else []
        self._truth = truth

    @property
    def given(self) -> list[float]:
        """The adjoints that were given and are one number each."""
        return TrueValues.of(self._truth).given

    def kept(self, found: Sequence[Finding]) -> list[Finding]:
        """The findings that may be tried, each with what its row could explain."""
        kept = []
        for f in found:
            if f.strayed is None or not f.strayed.lent:
                kept.append(f)
            elif f.strayed.row < len(self._rows):
                kept.append(replace(f, explains=self._depend_on(self._rows[f.strayed.row], f.explains)))
        return [f for f in kept if f.explains]

    def rows(self, found: Sequence[Finding]) -> dict[str, list[Array]]:
        """What the findings have to be lent."""
        numbers = {f.strayed.row for f in found if f.strayed is not None and f.strayed.lent}
        return {str(number): [r._value for r in self._rows[number]] for number in sorted(numbers)}

    def _depend_on(self, row: Sequence[Tensor], keys: Sequence[str]) -> tuple[str, ...]:
        assert self._truth is not None
        behind = set(row)
        for r in self._truth.recording.backward:
            if any(x in behind for x in r.inputs):
                behind.add(r)
        adjoints = self._truth.recording.adjoints
        inputs = self._truth.inputs
        return tuple(k for k in keys if (leaf := inputs.get(k[1:])) is not None and adjoints.get(leaf) in behind)
