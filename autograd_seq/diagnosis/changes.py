"""Changes of somebody's own lines that make their wrong gradients right, the smallest that do."""

from __future__ import annotations

import ast
import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograd_seq.diagnosis.callers import callers_of
from autograd_seq.diagnosis.finding import Finding
from autograd_seq.diagnosis.in_order import MOST_TRIED, InOrder
from autograd_seq.diagnosis.known_values import says_nothing
from autograd_seq.diagnosis.line_alike import alike, dividing
from autograd_seq.diagnosis.line_axes import axes, unsummed
from autograd_seq.diagnosis.line_conditions import asked, conditions
from autograd_seq.diagnosis.line_edits import (
    RARE_RULES,
    RULES,
    Edit,
    Rule,
    bounds,
    brackets,
    edits,
    insertions,
    means,
    operands,
    operations,
    said,
    scores,
    target,
)
from autograd_seq.diagnosis.line_indices import indices
from autograd_seq.diagnosis.line_lists import lists, turned
from autograd_seq.diagnosis.line_missing import missing
from autograd_seq.diagnosis.line_operations import surplus
from autograd_seq.diagnosis.line_shapes import SHAPES, WHOLE, divisors, order, shaped
from autograd_seq.diagnosis.line_statements import into_the_loop, kept_late, moved, shared, written_over
from autograd_seq.diagnosis.line_wholes import bound_late, cut, other_goals, rescaled
from autograd_seq.diagnosis.own_code import Part, put
from autograd_seq.diagnosis.trials import Line, Trials
from autograd_seq.diagnosis.watched import watched

MOST_CAUSES = 3
MOST_BESIDES = 450  # runs for the rest, where what others make is right
MOST_ATTEMPTS = 3
MOST_OF_TWO = 800  # runs with two changes of one line
FEW_OF_KEPT: list[Rule] = [shared, into_the_loop, bound_late, kept_late]  # changes of lines of a forward pass
FEW_OF_REST: list[Rule] = [order, cut, rescaled, moved, lists, turned]  # where the first mistake is found
FEW_OF_SUMS: list[Rule] = [surplus, means, scores]
FEW_ONLY, MOST_OF_FEW = 3, 200  # lines on which nothing else depends, and runs with changes of them
FEW_LINES = 4  # on which all depends that is still wrong then
FEW_OF_LAST: list[Rule] = [operations, axes, unsummed, divisors, indices, operands]
TAKEN = (ast.Name, ast.Attribute, ast.Subscript)  # right-hand sides that make nothing themselves


@dataclass(frozen=True)
class Told:
    """What some changes tell: the causes, the changes themselves, and the gradients that are still wrong with them."""

    findings: list[Finding]
    made: list[Edit]
    left: list[str]

    def and_also(self, findings: list[Finding], edits: list[Edit], mended: list[str]) -> Told:
        """The same with further changes, and what they make right together."""
        left = [k for k in self.left if k not in mended]
        return Told([*self.findings, *findings], [*self.made, *edits], left)


class Changes(Trials):
    """The ways to look for them: one change that mends everything, one after another, in the order of time."""

    rules: Sequence[Rule] = tuple(RULES)

    def _at_once(self, lines: list[Line]) -> Told:
        """One of the changes of which a line has few, if it mends everything, or two of them."""
        told = Told([], [], list(self.wrong))
        with contextlib.ExitStack() as kept:
            while told.left and len(told.made) < 2 and not self._over():
                found = self._simplest(lines if not told.made else self.lines(told.left), told.left)
                if found is None:
                    break
                edit, mended = found
                told = told.and_also([self._finding(edit, mended)], [edit], mended)
                if len(told.left) > len(self.wrong) / 2:  # then it is one of several that are hard to find
                    break
                kept.enter_context(put(edit))
                kept.enter_context(edit.part.changed())
        return Told([], [], list(self.wrong)) if told.left else told

    def _of_few_lines(self, lines: list[Line]) -> Told:
        """Any change of the few lines on which all depends that is wrong, and nothing else, whatever they make.

        What they make may be a true value of another place, so that nothing tells of it.
        """
        told = Told([], [], list(self.wrong))
        only = [line for line in lines if line.reach == frozenset(self.wrong)]
        tasks = itertools.product([*self.rules, *SHAPES], only if len(only) <= FEW_ONLY else [])
        most = self.runs + MOST_OF_FEW
        for edit in (edit for rule, line in tasks for edit in _edits(line, rule)):
            if self._mended(edit, told.left) == told.left and self._confirmed(edit, told.left, told.left):
                edit.mended = line_with(edit)
                return told.and_also([self._finding(edit, told.left)], [edit], told.left)
            if self.runs > most or self._over():
                break
        return told

    def _simplest(
        self, lines: list[Line], left: list[str], rules: Sequence[Rule] = WHOLE, of_kept: Sequence[Rule] = FEW_OF_KEPT
    ) -> tuple[Edit, list[str]] | None:
        """The first of these changes that mends everything that is left, else the one that mends most."""
        everything, kept = frozenset(left), self._kept(lines)
        some = [line for line in lines if line.reach and line.reach < everything]
        lines = [line for line in lines if line.reach is None or line.reach == everything]
        made = [line for line in lines if line.reach or isinstance(line.statement, ast.Expr)]
        tasks = [
            *itertools.product(some, [other_goals]),
            *itertools.product(made if rules is WHOLE else [], FEW_OF_SUMS),
            *itertools.product(lines, [self.rules[0], bounds, *rules]),
            *itertools.product(self._asked() if rules is WHOLE else [], [conditions]),
            *itertools.product(
                [line for line in lines if line.reach][: None if rules is WHOLE else FEW_LINES],
                [divisors, indices, axes] if rules is WHOLE else FEW_OF_LAST,
            ),
            *itertools.product(kept, of_kept),
        ]
        tasks += [(line, written_over) for line in kept if isinstance(line.statement, ast.AugAssign)]
        if rules is WHOLE:
            tasks += [(line, conditions) for line in [*lines, *kept]]
        best: tuple[Edit, list[str]] | None = None
        first = (edit for part in self.working() for edit in dividing(part)) if rules is WHOLE else ()
        more = itertools.chain(self._alike() if rules is WHOLE else (), self._missing())
        for edit in itertools.chain(first, (e for line, rule in tasks for e in _edits(line, rule)), more):
            mended = self._mended(edit, left)
            if (best is None or len(mended) > len(best[1])) and mended and self._confirmed(edit, left, mended):
                edit.mended = line_with(edit)
                best = edit, mended
            if self._over() or (best is not None and len(best[1]) == len(left)):
                break
        return best

    def _missing(self) -> Iterator[Edit]:
        """Lines that are missing from the functions which go back."""
        for part in self.working() if self.known.forward else ():
            yield from missing(part, self.runner(), self.behind, self.charge)

    def _alike(self) -> Iterator[Edit]:
        """The same change of several lines of a function which goes back."""
        for part in self.working():
            yield from alike(part)

    def _asked(self) -> list[Line]:
        """The conditions that are asked in the functions which go back; first those behind what makes the outputs."""
        found: list[tuple[bool, Line]] = []
        for part in self.working():
            made = [s.lineno for s in part.statements() if self.makes_outputs(part, s)]
            found += [(s.lineno < max(made, default=0), Line(part, s, None)) for s in asked(part)]
        return [line for _, line in sorted(found, key=lambda pair: pair[0])]

    def _kept(self, lines: list[Line]) -> list[Line]:
        """The other lines, such as those of a forward pass: what it keeps may be changed in place later on."""
        known = {line.statement for line in lines}
        return [Line(part, s, None) for part in self.parts for s in part.statements() if s not in known]

    def _one_by_one(self, lines: list[Line]) -> Told:
        """Changes each of which makes some gradient right."""
        told = Told([], [], list(self.wrong))
        with contextlib.ExitStack() as kept:
            while told.left and len(told.findings) < MOST_CAUSES:
                best = self._best(lines, told.left)
                if best is None:
                    break
                edit, mended = best
                told = told.and_also([self._finding(edit, mended)], [edit], mended)
                kept.enter_context(put(edit))
                kept.enter_context(edit.part.changed())
            if told.left and len(self.rules) == len(RULES):
                told = self._two_at_once(lines, told)
        return told

    def _in_order(self) -> Told:
        """Mistakes one after another as they show; what helped nothing in the end is not tried again."""
        order = self._order()
        best = Told([], [], list(self.wrong))
        for _ in range(MOST_ATTEMPTS):
            made, told = self._attempt(order)
            if worth(told) < worth(best):
                best = told
            needless = [edit for edit in made if edit not in told.made]
            if not told.left or not needless or self._over():
                break
            order.refuse(needless)
        return best

    def _order(self, most: int = MOST_TRIED) -> InOrder:
        """What looks for mistakes in the order in which they show."""
        return InOrder(
            self.working(), self.runner(), self.before, self.behind, self._right, self.wrong,
            self._passed_over(), self.charge, self.makes_outputs, most,
        )  # fmt: skip

    def _attempt(self, order: InOrder) -> tuple[list[Edit], Told]:
        """The changes that are made one after another, and what comes of them."""
        made: list[tuple[Edit, ast.AST]] = []
        with contextlib.ExitStack() as tried:
            right: list[str] = []
            while len(right) < len(self.wrong) and len(made) < MOST_CAUSES and not self._over():
                edit = order.next(self._over)
                if edit is None:
                    break
                self._keep(edit, made, tried)
                right = self._right_now() or []
                if len(made) == 1 and (more := self._rest(right)) is not None:
                    self._keep(more, made, tried)
                    right = self._right_now() or []
            if (more := self._besides(made, right)) is not None:
                self._keep(more, made, tried)
                right = self._right_now() or []
            if len(self.cases) > 1 and self._right_now(1) != right:
                right = []
            needed, explained = self._needed(made, right, lambda: self._right_now() or [], tried)
            if needed and len(needed) < len(made):  # what was not needed may have spoiled something
                now = [k for k in self._right_now() or [] if k not in right]
                explained[0] = [k for k in self.wrong if k in explained[0] or k in now]
            for edit in needed:
                edit.mended = line_now(edit)
        left = [k for k in self.wrong if not any(k in keys for keys in explained)]
        found = [self._finding(edit, keys) for edit, keys in zip(needed, explained, strict=True)]
        return [edit for edit, _ in made], Told(found, needed, left)

    def _keep(self, edit: Edit, made: list[tuple[Edit, ast.AST]], tried: contextlib.ExitStack) -> None:
        made.append((edit, edit.old))
        tried.enter_context(put(edit))
        tried.enter_context(edit.part.changed())

    def _rest(self, right: list[str]) -> Edit | None:
        """One of the changes of which a line has few, if it mends all the rest."""
        left = [k for k in self.wrong if k not in right]
        runs = self.runs  # they are few, and counted in what is spent
        found = self._simplest(self.lines(left), left, FEW_OF_REST, []) if left else None
        self.runs = runs
        return found[0] if found is not None and len(found[1]) == len(left) else None

    def _besides(self, made: Sequence[Any], right: list[str]) -> Edit | None:
        """A change that mends the rest, where no line is left that is the first to make what is not true."""
        left = [k for k in self.wrong if k not in right]
        most, self.most = self.most, self.runs + MOST_BESIDES
        best = self._best(self.lines(left), left, again=True) if made and right and left else None
        self.most = most
        return best[0] if best is not None and len(best[1]) == len(left) else None

    def _needed(
        self,
        made: list[tuple[Edit, ast.AST]],
        right: list[str],
        now: Callable[[], list[str]],
        kept: contextlib.ExitStack,
    ) -> tuple[list[Edit], list[list[str]]]:
        """Those of some changes without which less is right, and what that is; they have been made.

        The others are undone for as long as `kept` says, one after another, as two may each make up for the other.
        What any one of them makes right follows from the first.
        """
        needed, explained = [], []
        for edit, before in made if right else ():
            with contextlib.ExitStack() as undone:
                undone.enter_context(put(replace(edit, new=before)))
                undone.enter_context(edit.part.changed())
                without = now()
                keys = [k for k in right if k not in without]
                if not keys:
                    kept.push(undone.pop_all())
            if keys:
                needed.append(edit)
                explained.append(keys)
        if needed:
            explained[0] = [k for k in right if k in explained[0] or not any(k in keys for keys in explained)]
        return needed, explained

    def _passed_over(self) -> dict[ast.stmt, float]:
        """How often statements run before the backward pass begins; always, where a function makes nothing of it.

        Of a forward pass that goes back as well, as one that answers loss and gradients does, only the second run is
        of interest. A function that is wrong from its first line on makes no true adjoint, but few forward values.
        """
        try:
            made, _ = watched(self.working(), self.cases[0].begin)
        except Exception:  # such as a pass that cannot be run by itself
            return {}
        goes_back = {m.part for m in made if any(v in self.behind and v not in self.before for v in m.values)}
        values: dict[Part, list[bool]] = {}
        for m in made:
            if not isinstance(m.statement.value, TAKEN):  # type: ignore[attr-defined]
                values.setdefault(m.part, []).extend(v in self.before for v in m.values if not says_nothing(v))
        goes_back |= {part for part, known in values.items() if sum(known) < len(known) / 2}
        goes_back |= callers_of(goes_back, made)
        return {m.statement: m.turn + 1 if m.part in goes_back else math.inf for m in made}

    def _best(self, lines: list[Line], left: list[str], again: bool = False) -> tuple[Edit, list[str]] | None:
        """The first change that mends everything, else the one that mends most.

        Those of whole lines are not made again, where they were tried on other mistakes.
        """
        best: tuple[Edit, list[str]] | None = None
        likely = [line for line in lines if line.reach and line.strange < math.inf]
        known = [line for line in lines if line.reach and line.strange == math.inf]
        unclear = [line for line in lines if not line.reach]
        rest = [likely[1:], known, unclear]
        rare = RARE_RULES if len(self.rules) == len(RULES) else []
        more = SHAPES if rare else []
        shapes = [axes, unsummed] if more and self._of_wrong_shape(left) else []
        few = [divisors, indices] if more else []
        tasks = [
            *itertools.product([lines], [*shapes, *(WHOLE if more and not again else [])]),  # they have few changes
            *itertools.product([likely], few),
            *itertools.product([likely[:1]], [*self.rules, *more, *rare]),
            *itertools.product(rest, [*self.rules, *more]),
            *itertools.product(rest, rare),
        ]
        if not self.known.forward:  # nothing tells which lines are likely: each rule is tried on all of them
            last: list[Rule] = [operands, insertions]
            tasks = [(lines, rule) for rule in [*(r for r in self.rules if r not in last), *WHOLE, *more, *last]]
        changes = (edit for group, rule in tasks for line in group for edit in _edits(line, rule))
        for edit in itertools.chain(self._missing() if more else (), changes):
            mended = self._mended(edit, left)
            if mended and self._confirmed(edit, left, mended):
                edit.mended = line_with(edit)
                if len(mended) == len(left):
                    return edit, mended
                if best is None or len(mended) > len(best[1]):
                    best = edit, mended
            if self._over():
                return best
        return best

    def _of_wrong_shape(self, keys: list[str]) -> bool:
        """Whether one of some gradients has another shape than the true one."""
        true, found = self.cases[0].true, self.cases[0].found
        return any(k in found and found[k].shape != true[k].shape for k in keys)

    def _two_at_once(self, lines: list[Line], told: Told) -> Told:
        """Two changes of one line, where neither alone makes anything right."""
        left = told.left
        self.most = self.runs + MOST_OF_TWO
        for line in [line for line in lines if line.reach == frozenset(left) and line.strange < math.inf][:2]:
            for first in (brackets, operations):
                for one in edits(line.part, line.statement, first):
                    before = one.old
                    ast.fix_missing_locations(one.new)
                    one.put(one.new)
                    for another in edits(line.part, line.statement, operands):
                        mended = self._mended(another, left)
                        if len(mended) == len(left) and self._confirmed(another, left, mended):
                            another.mended = one.mended = line_with(another)
                            one.put(before)
                            both = [one, another]
                            return told.and_also([self._finding(e, mended) for e in both], both, mended)
                        if self._over():
                            break
                    one.put(before)
        return told

    def _finding(self, edit: Edit, mended: list[str]) -> Finding:
        line, where = edit.statement.lineno, edit.where or target(edit.statement)
        correct = edit.mended or f"without line {line}"
        return Finding(edit.category, where, edit.words, correct, tuple(mended), line, file=self.file_of(edit.part))


def worth(told: Told) -> tuple[int, int, bool]:
    """The less the better: what is left, by how many causes, and whether it is said what would be right."""
    return len(told.left), len(told.findings) or MOST_CAUSES + 1, not all(f.correct for f in told.findings)


def _edits(line: Line, rule: Rule) -> Iterator[Edit]:
    made = shaped if rule in WHOLE or rule in SHAPES else edits
    return made(line.part, line.statement, rule)


def line_now(edit: Edit) -> str:
    """The line as it is now."""
    if edit.mended:
        return edit.mended
    now = edit.new if isinstance(edit.new, ast.stmt) else edit.statement
    return said(_head(now), 160).removesuffix(" ...")


def line_with(edit: Edit) -> str:
    """The line as it is with a change."""
    if edit.mended:
        return edit.mended
    before, whole = edit.old, isinstance(edit.new, ast.stmt)
    edit.put(edit.new)
    try:
        if isinstance(edit.new, ast.Pass):
            return ""
        if not whole and (entry := _entry_of(edit)) is not None:
            return entry
        return said(edit.new if whole else _head(edit.statement), 160).removesuffix(" ...")
    finally:
        edit.put(before)


def _entry_of(edit: Edit) -> str | None:
    """The entry of a dict in which a change is, where a statement makes a dict: the others may be wrong, too."""
    value = getattr(edit.statement, "value", None)
    if not isinstance(value, ast.Dict):
        return None
    for key, part in zip(value.keys, value.values, strict=True):
        if key is not None and (part is edit.new or edit.holder in list(ast.walk(part))):
            return f"{said(key)}: {said(part, 160)}"
    return None


def _head(s: ast.stmt) -> ast.AST:
    """A loop without its body."""
    return ast.parse(f"for {said(s.target)} in {said(s.iter, 160)}: ...").body[0] if isinstance(s, ast.For) else s
