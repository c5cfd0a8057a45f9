"""What is wrong with a line, told by the first wrong value that it made and the true one that belongs there.

Up to that value all was right. So the mistake is an edit of the formula of the true one alone, and whatever the
grammar of `perturb` makes of that formula can be computed at once, without the rest of the pass. What is no single
edit of it is told by the weights that the terms of the true value have in the wrong one, or by what else it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.perturb import SIMPLE, brackets, operands, sums
from autograd_seq.diagnosis.perturb.context import Context, terms_of
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.perturb.where import any_of
from autograd_seq.diagnosis.rerun import along, bare
from autograd_seq.diagnosis.search import Finding, Strayed

MOST_BEFORE = 40  # lines of the true pass that lead to the value
MOST_TERMS = 12


def is_told(finding: Finding) -> bool:
    """Whether a finding says more than that a value is another one."""
    return finding.words != kinds.ANOTHER_VALUE.words


RULES = any_of(SIMPLE, brackets.around_differences, operands.operands, sums.adjoint)


class ToldByValue:
    """Tells what is wrong with values.

    Parameters
    ----------
    c : Context
        The true pass.
    rows : list of list of Tensor
        The values that lines should make, as `rows_of` has them.
    same : callable
        Whether two arrays are equal as far as rounding lets them be.
    """

    def __init__(
        self, c: Context, rows: Sequence[Sequence[Tensor]], same: Callable[[Array, Array], bool]
    ) -> None:
        self._c, self._rows, self._same = c, rows, same

    def told(self, finding: Finding) -> Finding:
        """A finding with what its value tells."""
        strayed = finding.strayed
        if finding.correct or strayed is None or strayed.row >= len(self._rows):
            return finding
        if strayed.place >= len(self._rows[strayed.row]):
            return finding
        r = self._rows[strayed.row][strayed.place]
        said = self._said(r, strayed)
        category, words = said if said is not None else kinds.ANOTHER_VALUE()
        where, correct = self._c.where(r)
        return replace(finding, category=category, where=where, words=words, correct=correct)

    def _said(self, r: Tensor, strayed: Strayed) -> Said | None:
        for value in (strayed.value, strayed.value.T):
            if value.shape != r.shape and np.squeeze(value).shape == np.squeeze(r._value).shape:
                value = value.reshape(r.shape)
            for way in (self._as_an_edit, self._by_weights, self._as_another):
                said = way(r, value)
                if said is not None:
                    return said
            if strayed.value.ndim < 2:
                break
        return None

    # -- an edit of the formula ---------------------------------------------------------------------------------

    def _as_an_edit(self, r: Tensor, value: Array) -> Said | None:
        best: Edit | None = None
        for start in islice(self._before(r), MOST_BEFORE):
            path = self._c.program.between(start, r) if start is not r else []
            for edit in self._c.edits(RULES, start):
                if (best is None or edit.weight < best.weight) and self._is(edit, start, path, value):
                    best = edit
            if best is not None:
                break
        return None if best is None else best.said

    def _before(self, r: Tensor) -> Iterator[Tensor]:
        """A value and those that it is made of, the nearest first."""
        known = set(self._c.program.records)
        level, seen = [r], {r}
        while level:
            yield from level
            level = [x for x in dict.fromkeys(x for y in level for x in y.inputs) if x in known and x not in seen]
            seen.update(level)

    def _is(self, edit: Edit, start: Tensor, path: list[Tensor], value: Array) -> bool:
        try:
            change = along(edit.change, start, path) if path else edit.change
            made = np.asarray(change(lambda x: x._value))
        except (ValueError, TypeError, IndexError, KeyError, StopIteration, RecursionError):  # it does not fit here
            return False
        return made.shape == value.shape and self._same(made, value)

    # -- another weight of some terms -----------------------------------------------------------------------------

    def _by_weights(self, r: Tensor, value: Array) -> Said | None:
        """Terms left out, there twice, or with another factor, several at once."""
        terms = self._terms(r)
        if not 1 <= len(terms) <= min(MOST_TERMS, value.size - 1) or value.shape != r.shape:
            return None
        columns = np.stack([x._value.ravel() for x in terms], axis=1)
        weights, _, rank, _ = np.linalg.lstsq(columns, value.ravel(), rcond=None)
        if rank < len(terms) or not self._same((columns @ weights).reshape(value.shape), value):
            return None
        gone = [self._c.called(x) for x, w in zip(terms, weights, strict=True) if abs(w) < 1e-7]
        other = [(x, w) for x, w in zip(terms, weights, strict=True) if abs(w) >= 1e-7 and abs(w - 1) > 1e-7]
        if gone and not other:
            kind = "without the terms " if len(gone) > 1 else "without the term "
            return Said("missing term", kind + " and ".join(gone))
        if other:
            x, w = other[0]
            what = self._c.called(x)
            if abs(w + 1) < 1e-7:
                return kinds.SIGN_OF_TERM(what)
            if abs(w - 2) < 1e-7:
                return kinds.TERM_TWICE(what)
            name = "extra factor" if abs(w) < 1 or len(other) > 1 else "missing factor"
            return Said("missing factor" if abs(w) > 1 else name, f"with {w:.6g} times the term {what}")
        return None

    def _terms(self, r: Tensor, depth: int = 3) -> list[Tensor]:
        """The terms of a sum, and of sums within it."""
        found = terms_of(r)
        if len(found) == 1 or not depth:
            return [r] if len(found) == 1 else found
        return [x for term in found for x in (self._terms(bare(term), depth - 1) or [term])]

    # -- what else it is ------------------------------------------------------------------------------------------

    def _as_another(self, r: Tensor, value: Array) -> Said | None:
        """Another value of the true passes."""
        for x in [*self._c.program.records, *self._c.forward]:
            if x is not r and x.shape == value.shape and x.ndim and self._same(x._value, value):
                return self._c.instead(x, r, (self._c.program.time(x) or 0) - (self._c.program.time(r) or 0))
        return None

