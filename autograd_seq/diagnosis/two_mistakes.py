"""Two mistakes of which one is known: a change that is right for sure, and the one that mends what is still wrong.

Where each hides the other, neither makes a gradient right alone. What tells of the first is that with it, and with true
values in the place of something else, all is right.
"""

from __future__ import annotations

import ast
import contextlib

from autograd_seq.diagnosis.changes import MOST_BESIDES, Changes, Told, line_now
from autograd_seq.diagnosis.line_edits import Edit
from autograd_seq.diagnosis.line_missing import missing
from autograd_seq.diagnosis.own_code import put

FEW_TRIED = 1_500  # changes of lines on them alone, where one of two mistakes is mended


class TwoMistakes(Changes):
    """Looks for the other one of two mistakes."""

    def _and_the_rest(self, change: Edit, name: str = "") -> Told | None:
        """A change with another one that mends all that is still wrong with it, maybe that of a variable."""
        made: list[tuple[Edit, ast.AST]] = []
        with contextlib.ExitStack() as tried:
            self._keep(change, made, tried)
            right = self._right_now()
            if right is None:
                return None
            added = self._missing_from(name, right) if name else None
            rest = added or self._order(FEW_TRIED).next(self._over) or self._rest(right) or self._any_rest(right)
            if rest is None:
                return None
            self._keep(rest, made, tried)
            if any(self._right_now(case) != self.wrong for case in range(len(self.cases))):
                return None
            needed, explained = self._needed(made, list(self.wrong), lambda: self._right_now() or [], tried)
            for edit in needed:
                edit.mended = line_now(edit)
            return Told([self._finding(*pair) for pair in zip(needed, explained, strict=True)], needed, [])

    def _mend_all(self, both: tuple[Edit, Edit]) -> bool:
        """Whether all is right with two changes of one line, which are then told with the line as it is with both."""
        one, another = both
        with put(one), put(another), one.part.changed():
            right = all(self._right_now(case) == self.wrong for case in range(len(self.cases)))
            one.mended = another.mended = line_now(another)
        return right

    def _missing_from(self, name: str, right: list[str]) -> Edit | None:
        """A line that is missing, which adds to a variable, if it mends all the rest."""
        left = [k for k in self.wrong if k not in right]
        for part in self.working():
            for edit in missing(part, self.runner(), self.behind, self.charge, name.__eq__):
                if self._mended(edit, left) == left and self._confirmed(edit, left, left):
                    return edit
        return None

    def _any_rest(self, right: list[str]) -> Edit | None:
        """Any change that mends all the rest."""
        left = [k for k in self.wrong if k not in right]
        most, self.most = self.most, self.runs + MOST_BESIDES
        best = self._best(self.lines(left), left) if left else None
        self.most = most
        return best[0] if best is not None and len(best[1]) == len(left) else None
