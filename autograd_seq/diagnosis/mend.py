"""What is wrong with a hand-written backward pass, by its own lines: by what they make, and by changes of them."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.asked_of_lines import Way
from autograd_seq.diagnosis.by_value import ByValue, Replaced, is_lent
from autograd_seq.diagnosis.changes import MOST_CAUSES, Told, line_with, worth
from autograd_seq.diagnosis.finding import Finding, Strayed
from autograd_seq.diagnosis.from_outside import Outside, from_outside, taking
from autograd_seq.diagnosis.in_order import InOrder
from autograd_seq.diagnosis.line_edits import RULES, Edit, Rule, said, written_over
from autograd_seq.diagnosis.line_shapes import handed_order
from autograd_seq.diagnosis.line_statements import shared
from autograd_seq.diagnosis.line_wholes import bound_late
from autograd_seq.diagnosis.own_code import put
from autograd_seq.diagnosis.trials import MOST_IN_ALL, Line
from autograd_seq.diagnosis.two_mistakes import TwoMistakes
from autograd_seq.diagnosis.watched import watched

MOST_VALUED = 600  # runs in which true values are put in the place of others: each is watched, and takes longer
ALL_BUT_THE_LAST = 0.75  # of what may be spent in all
FEW_WRONG = 3  # gradients, with which = for += may be one of two mistakes
MOST_VALUED_LINES = 420_000  # and the lines that run in them
ALONE: dict[Way, list[Rule]] = {"assignments": [written_over, shared], "handed": [bound_late, handed_order]}


class Mend(TwoMistakes):
    """Looks for what makes somebody's wrong gradients right, as `Trials` says."""

    def __init__(self, *facts: Any) -> None:
        super().__init__(*facts)
        self.made: list[Edit] = []
        self._search: ByValue | None = None
        self._before = Told([], [], list(self.wrong))
        self._lines: list[Line] = []
        self.outside: Outside = {}

    def run(self, way: Way) -> tuple[list[Finding], Line | None]:
        """The causes that are found in some way, and the first line that is wrong where they do not explain everything.

        The changes that were made are then in `made`, in the same order.
        """
        self.rules = ALONE.get(way, RULES)
        self.made, self.outside, self.runs, self._search = [], {}, 0, None
        if not self.parts:
            return [], None
        if (outside := from_outside(self)) is not None:
            finding, self.outside = outside
            return [finding], None
        with np.errstate(all="ignore"):
            lines = self._lines = self._lines or self.lines(self.wrong)
            alone: list[Callable[[], Told]] = [lambda: self._one_by_one([*lines, *self._kept(lines)])]
            ways: dict[Way, list[Callable[[], Told]]] = {
                "assignments": alone,
                "handed": alone,
                "values": [
                    lambda: self._at_once(lines),
                    lambda: self._of_few_lines(lines),
                    lambda: self._leaving_some(self._in_order),
                    self._by_value,
                ],
                "changes": [lambda: self._one_by_one(lines)],
            }
            told = self._best_of(ways[way], self._before if way == "changes" else Told([], [], list(self.wrong)))
            if all(f.correct for f in told.findings):  # where values were lent only, changes may still tell more
                self._before = told
        self.made = told.made
        return told.findings, self._first(lines, told.left)

    def _best_of(self, ways: Sequence[Callable[[], Told]], best: Told) -> Told:
        """What explains most by the fewest causes, the first where several do; one that is sure ends the search."""
        for way in ways:
            self.runs = 0
            told = way()
            if worth(told) < worth(best):
                best = told
            if not best.left and all(f.correct for f in best.findings):
                break
        return best

    def _leaving_some(self, way: Callable[[], Told]) -> Told:
        """What some way finds, if it leaves a part of all runs to those that come after it."""
        self.limit = ALL_BUT_THE_LAST * MOST_IN_ALL
        try:
            return way()
        finally:
            self.limit = MOST_IN_ALL

    def _by_value(self) -> Told:
        """Lines that make other values than the true pass, one after another as they show."""
        known, cases = self.known, self.cases
        order = InOrder(
            self.working(), self.runner(), self.before, self.behind, self._right, self.wrong, self._passed_over(),
            right=self.makes_outputs,
        )  # fmt: skip
        search = self._search = ByValue(order, known.backward, known.rows, self._scale(), self.same)
        made: list[tuple[Edit, ast.AST]] = []
        right: list[str] = []
        with contextlib.ExitStack() as tried, search.lent():
            self.cases = [_Begun(cases[0], search)]  # what is found by values is confirmed by them
            tried.callback(setattr, self, "cases", cases)
            tried.callback(setattr, self, "most", self.most)
            self.most = min(MOST_VALUED, MOST_VALUED_LINES // max(self.length, 1))
            while len(right) < len(self.wrong) and len(made) < MOST_CAUSES and not self._over():
                edit = search.next(self._over) or self._besides(made, right)
                if edit is None:
                    break
                made.append((edit, edit.old))
                tried.enter_context(put(edit))
                tried.enter_context(edit.part.changed())
                right = self._right_now() or []
            needed, explained = self._needed(made, right, lambda: self._right_now() or [], tried)
            found, edits = self._told_of(search, [pair for pair in made if pair[0] in needed], explained, right)
            told = Told(found, edits, [k for k in self.wrong if not any(k in keys for keys in explained)])
        if not told.left and all(f.correct for f in told.findings):
            return told
        two = self._meeting(search, told) if not told.left else None
        if two is None and len(self.wrong) <= FEW_WRONG:
            with search.lent():
                changes = list(search.overwritten(self._over))
            two = next(filter(None, map(self._and_the_rest, changes)), None)
        return two or told

    def _meeting(self, search: ByValue, told: Told) -> Told | None:
        """Two changes in the place of true values: one of the line itself, and one of what it reads."""
        for finding, edit in zip(told.findings, told.made, strict=True):
            if finding.correct or finding.strayed is None or not isinstance(edit, Replaced):
                continue
            for change, name in search.changes_with_true(edit, finding.strayed):
                two = self._and_the_rest(change, name)
                if two is not None:
                    return two
            for both in search.two_changes(edit, finding.strayed):
                if self._mend_all(both):
                    return Told([self._finding(change, list(self.wrong)) for change in both], [*both], [])
        return None

    def _besides(self, made: Sequence[Any], right: list[str]) -> Edit | None:
        best = super()._besides(made, right)
        return None if best is None or is_lent(best.new) else best  # a copy of what was lent stays lent

    def _told_of(
        self, search: ByValue, made: list[tuple[Edit, ast.AST]], explained: list[list[str]], right: list[str]
    ) -> tuple[list[Finding], list[Edit]]:
        """What is said of lines that made wrong values, and the changes with which they make true ones."""
        self._right_now()
        strayed = [search.strayed(edit) for edit, _ in made]
        found, edits = [], []
        for (edit, before), keys, where in zip(made, explained, strayed, strict=True):
            finding = self._finding(edit, keys)
            if where is not None:
                own = self._own_change(search, edit, before, where, right)
                where = replace(where, lent=own is None)
                edit = own or edit
                finding = replace(self._finding(own, keys) if own else replace(finding, correct=""), strayed=where)
                if own is None and (line := search.is_in_place(edit, where)) is not None:
                    category, words = kinds.DONE_IN_PLACE(said(line))
                    finding = replace(finding, category=category, words=words, line=line.lineno)
            found.append(finding)
            edits.append(edit)
        return found, edits

    def _own_change(
        self, search: ByValue, edit: Edit, before: ast.AST, strayed: Strayed, right: list[str]
    ) -> Edit | None:
        """A change of a line with which it makes the true values by itself."""
        with put(replace(edit, new=before)), edit.part.changed():
            for change in search.changes(edit, strayed):
                with put(change), edit.part.changed():
                    mends = self._right_now() == right
                if mends:
                    change.mended = line_with(change)
                    return change
        return None

    def _scale(self) -> float:
        """The number that their values have to be multiplied with to be true ones.

        A loss may be given its adjoint only in the end; then what comes before stays as it is if that is another one.
        """
        given = self.known.given
        if len(given) != 1 or not hasattr(self.cases[0], "doubled"):
            return 1.0
        parts = self.working()
        try:
            once, twice = (watched(parts, run)[0] for run in (self.cases[0].again, self.cases[0].doubled))
        except Exception:  # such as a program that does something else each time
            return 1.0
        pairs = zip(once, twice, strict=False)
        larger = {
            m.statement
            for m, other in pairs
            if len(m.values) == len(other.values) == 1 and not isinstance(m.statement, ast.Return)
            if np.any(m.values[0]) and self.same(2 * m.values[0], other.values[0])
        }
        return 1.0 if len(larger) > 2 else given[0]

    @contextlib.contextmanager
    def changed(
        self, inputs: Mapping[str, Any], rows: dict[int, list[Array]] | None = None, given: Sequence[float] = ()
    ) -> Iterator[None]:
        """Let the program do what it does with the changes that were made, on some inputs and their true values."""
        with contextlib.ExitStack() as kept:
            if self._search is not None:
                kept.enter_context(self._search.lent(rows or {}, given))
            kept.enter_context(taking(self.outside, inputs))
            for edit in self.made:
                kept.enter_context(put(edit))
                kept.enter_context(edit.part.changed())
            yield


class _Begun:
    """A draw whose runs each begin with the true values of the first step."""

    def __init__(self, case: Any, search: ByValue) -> None:
        self.again = search.run
        self.true, self.found = case.true, case.found
