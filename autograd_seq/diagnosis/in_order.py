"""Mistakes mended in the order in which they show: the first value that is not one of the true pass, then the next.

A line is judged by what it makes when it runs first. A change with which it makes a value of the true backward pass is
tried on the whole; it is kept if gradients become right with it, or else if more of what other lines make becomes
true. So several mistakes are found one after another, also where no gradient is right before all of them are mended.
"""

from __future__ import annotations

import ast
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from autograd_seq.diagnosis.callers import answers_to, caller_of, takes_long
from autograd_seq.diagnosis.kinds import DERIVATIVE, IN_PLACE_OF
from autograd_seq.diagnosis.known_values import KnownValues, says_nothing
from autograd_seq.diagnosis.line_conditions import asked, conditions
from autograd_seq.diagnosis.line_edits import RARE_RULES, RULES, Edit, Rule, edits
from autograd_seq.diagnosis.line_indices import indices
from autograd_seq.diagnosis.line_missing import goals_of, missing
from autograd_seq.diagnosis.line_operands import products, scaled
from autograd_seq.diagnosis.line_operations import bent
from autograd_seq.diagnosis.line_places import ATOMS
from autograd_seq.diagnosis.line_shapes import SHAPES, order, shaped
from autograd_seq.diagnosis.line_statements import carried, for_one_line, shifted, written_over
from autograd_seq.diagnosis.line_texts import Texts, all_read
from autograd_seq.diagnosis.line_wholes import rescaled
from autograd_seq.diagnosis.own_code import Part, put, statements_in
from autograd_seq.diagnosis.watched import Made, Watcher, can_be_repeated, instead, multiplies

MOST_BEFORE = 40  # statements that ran before an odd one, among which those are looked for that made what it reads
MOST_LINES = 9  # that are looked at for one mistake
MOST_PROBED = 30  # values of which it is found out what depends on them
MADE = (ast.BinOp, ast.Call)  # what is more than another name
MOST_BARE = 8  # values of the forward pass, of which it is found out whether all that is wrong depends on them
MOST_HITS = 12  # changes of one line that are tried on the whole
TIMES_AS_TRUE, LEAST_TRUE = 2, 8  # as much has to be true with a loop in another order
MOST_OF_WHOLE = 24  # changes of one line that are tried on the whole only
MOST_WAYS = 900  # changes of one line that are tried on it alone
MOST_CALLS = 160  # where each takes a call of another function
MOST_TRIED = 6_000  # and of all lines
IN_PLACE = IN_PLACE_OF.words.strip("{}").removeprefix("with {}")


@dataclass(frozen=True)
class _Run:
    """What a program makes as it is, what of it is true by lines, how many gradients are mended, and all of them."""

    made: list[Made]
    true: dict[int, set[int]]
    right: int
    gradients: Mapping[str, Any]

    def all_true(self) -> set[int]:
        """The true values that are made anywhere, each once."""
        return set().union(*self.true.values())

    def true_but_at(self, *lines: int) -> set[int]:
        """The true values that other lines make, each once: what a line makes itself does not speak for it."""
        return set().union(*(found for other, found in self.true.items() if other not in lines))


class InOrder:
    """Looks for mistakes in the order of time.

    Parameters
    ----------
    parts : sequence of Part
        The functions that ran.
    run : callable
        Runs the program on the first draw, and answers its gradients.
    forward, backward : KnownValues
        What the true passes are made of.
    mended : callable
        Which of the wrong gradients a changed program's gradients have right; None if it spoils one that is right.
    wrong : list of str, optional
        The wrong gradients: all of them right make any further change needless.
    passed_over : mapping of stmt to float
        The statements of which the first turns are of no interest, as they come before the backward pass, and how many.
    right : callable, optional
        Whether a statement of a function is right for sure.
    charge : callable, optional
        Is told how many changes of a line were tried on it alone, and whether the line calls a function of theirs.
    most : int, optional
        How many changes of lines are tried on them alone.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        run: Callable[[], Any],
        forward: KnownValues,
        backward: KnownValues,
        mended: Callable[[Any], list[str] | None],
        wrong: Sequence[str] = (),
        passed_over: Mapping[ast.stmt, float] = MappingProxyType({}),
        charge: Callable[[int, bool], None] = lambda ways, calls: None,
        right: Callable[[Part, ast.stmt], bool] = lambda part, s: False,
        most: int = MOST_TRIED,
    ) -> None:
        self._is_right = functools.cache(right)
        self._charge = charge
        self._wrong, self._enough, self._passed_over = wrong, len(wrong) or None, passed_over
        self._made_now: list[Made] = []
        self._parts, self._run, self._mended = parts, run, mended
        self._forward, self._backward = forward, backward
        self._watcher = Watcher(parts, passed_over)
        self._left = most
        self._hits_of: dict[tuple[Any, ...], list[Edit]] = {}
        self._reached_by: dict[tuple[Any, ...], set[str]] = {}
        self._loops_seen = False
        self._refused: set[tuple[int, str]] = set()
        self._tried: set[tuple[ast.stmt, int, bool]] = set()  # statements, when, and whether with unusual changes
        self._bare: set[ast.stmt] = set()  # statements that make values of the forward pass where adjoints may be meant

    def refuse(self, edits: Sequence[Edit]) -> None:
        """Begin anew, without some changes that helped nothing."""
        self._refused |= {(edit.statement.lineno, edit.words) for edit in edits}

    def next(self, over: Callable[[], bool]) -> Edit | None:
        """The change that mends the first mistake; None if there is none that does."""
        now = self._seen()
        if now is None:
            return None
        self._made_now = now.made
        self._tried.clear()
        if not self._loops_seen and (loop := self._of_loops(now)) is not None:
            return loop
        for suspects in self._suspects(now.made, now.gradients):
            best = self._best_of(suspects, now, over)
            if best is not None or over():
                return best
        return self._of_missing(now, over)

    def _of_missing(self, now: _Run, over: Callable[[], bool]) -> Edit | None:
        """A line that is missing, with which others make what is true and was made nowhere.

        What they make without it is true as well, as some terms of a sum are, so that none of them makes a wrong value.
        """
        best: tuple[int, Edit] | None = None
        for part, goals in self._only_wrong(now).items():
            for edit in missing(part, self._run, self._backward, self._charge, goals.__contains__):
                with put(edit):
                    after = self._seen()
                if over():
                    break
                own = edit.statement.lineno, edit.new.lineno
                gain = 0 if after is None else len(after.true_but_at(*own) - now.all_true())
                if after is not None and after.right >= now.right and gain > (best[0] if best is not None else 0):
                    best = gain, edit
        return best[1] if best is not None else None

    def _only_wrong(self, now: _Run) -> dict[Part, set[str]]:
        """What the functions put something into on which only wrong gradients depend, and some do."""
        found: dict[Part, set[str]] = {}
        firsts = {m.statement: m for m in reversed(now.made)}
        for m in itertools.islice(firsts.values(), MOST_PROBED):
            reached = self._reached(m, now.gradients)
            if reached and reached <= {*self._wrong}:
                found.setdefault(m.part, set()).update(goals_of(m.statement))
        return found

    def _of_loops(self, now: _Run) -> Edit | None:
        """Another order or another bound of a loop, with which far more of what all lines make is true.

        In a loop that goes the wrong way hardly any line makes a true value, so none of them is the first wrong one.
        """
        self._loops_seen = True
        best: tuple[int, Edit] | None = None
        loops = [(part, s) for part in self._parts for s in part.statements() if isinstance(s, ast.For)]
        for (part, s), rule in itertools.product(loops, (order, indices)):
            for edit in shaped(part, s, rule):
                if (s.lineno, edit.words) in self._refused:
                    continue
                with put(edit):
                    after = self._seen()
                true = len(after.all_true()) if after is not None and after.right >= now.right else 0
                if true >= max(TIMES_AS_TRUE * len(now.all_true()), LEAST_TRUE) and (best is None or true > best[0]):
                    best = true, edit
        return best[1] if best is not None else None

    def _best_of(self, suspects: Sequence[Made], now: _Run, over: Callable[[], bool]) -> Edit | None:
        """The change of some lines that makes most right, or else most of what other lines make true."""
        best: tuple[tuple[int, int], Edit] | None = None
        for hits, of_whole in self._all_hits(suspects):
            for edit, least in [*((e, (0, 0)) for e in hits), *((e, (0, math.inf)) for e in of_whole)]:
                if (edit.statement.lineno, edit.words) in self._refused:
                    continue
                with put(edit):
                    after = self._seen()
                if after is None or after.right < now.right:
                    continue
                line = edit.statement.lineno
                gain = after.right - now.right, len(after.true_but_at(line)) - len(now.true_but_at(line))
                if gain > least and (best is None or gain > best[0]):
                    best = gain, edit
                if over() or after.right == self._enough:
                    break
            if over() or (best is not None and best[0][0] > 0):
                break
        return best[1] if best is not None else None

    def _seen(self) -> _Run | None:
        """What the program makes as it is now; None where it fails, or spoils what was right."""
        try:
            made, gradients = self._watcher.run(self._run)
        except Exception:  # whatever a changed program raises
            return None
        mended = self._mended(gradients)
        if mended is None:
            return None
        true: dict[int, set[int]] = {}
        for m in made:
            found = {self._backward.which(v) for v in [*m.values, *m.joined]} - {None}
            true.setdefault(m.statement.lineno, set()).update(found)  # type: ignore[arg-type]
        return _Run(made, true, len(mended), gradients)

    def _odd(self, made: Sequence[Made], gradients: Mapping[str, Any]) -> Iterator[Made]:
        """The statements that make what is not of the true passes, in the order in which they do so first.

        First come those that read nothing which such a statement made: the others may be right themselves. A value on
        which a right gradient depends is mostly a true one that is written in another way; so those come last, and one
        on which nothing depends is left out.
        """
        right = {*gradients} - {*self._wrong} | {*(self._mended(gradients) or ())}
        seen: set[ast.stmt] = set()
        unlikely: dict[ast.stmt, Made] = {}
        follow: dict[ast.stmt, Made] = {}
        odd: dict[Part, set[str]] = {}
        left = MOST_PROBED if right and self._wrong else 0
        for m in made:
            if m.statement in seen or self._is_right(m.part, m.statement):
                continue
            if all(says_nothing(v) or self._known(v) for v in m.values):
                continue
            if left > 0:
                left -= 1
                reached = self._reached(m, gradients)
                if reached & right:
                    unlikely.setdefault(m.statement, m)
                if not reached or reached & right:
                    continue
            seen.add(m.statement)
            stored, read = _stored_and_read(m.statement)
            from_odd = read & odd.setdefault(m.part, set())
            odd[m.part] |= stored
            if from_odd:
                follow[m.statement] = m
                continue
            yield m
            if len(seen) - len(follow) >= MOST_LINES:
                return
        yield from itertools.islice(follow.values(), max(MOST_LINES - len(seen) + len(follow), 0))
        yield from (m for s, m in unlikely.items() if s not in seen)

    def _reached(self, m: Made, gradients: Mapping[str, Any]) -> set[str]:
        """The gradients that change when what a statement made at one time is another value."""
        key = m.statement, m.turn, *(part.version for part in self._parts)
        if key not in self._reached_by:
            self._reached_by[key] = self._changed_with(m, gradients)
        return self._reached_by[key]

    def _changed_with(self, m: Made, gradients: Mapping[str, Any]) -> set[str]:
        try:
            _, others = self._watcher.run(self._run, m)
        except Exception:  # whatever a changed program raises
            return {*gradients}
        return {k for k, v in gradients.items() if k not in others or not np.array_equal(others[k], v)}

    def _suspects(self, made: Sequence[Made], gradients: Mapping[str, Any]) -> Iterator[list[Made]]:
        """Each of them with those that made what it reads: a wrong value may be a true one elsewhere."""
        given: set[ast.stmt] = set()
        yield from ([m] for m in self._unscaled(made, gradients))
        for odd in self._odd(made, gradients):
            together = [odd]
            names = {n.id for n in ast.walk(odd.statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            before = made[: made.index(odd)]
            for m in reversed(before[-MOST_BEFORE:]):
                stored = [n for n in ast.walk(m.statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
                targets = {n.id for n in stored}
                if m.part is odd.part and targets & names and m.statement not in given and m.values:
                    names -= targets
                    if isinstance(m.statement, ast.Assign) and isinstance(m.statement.value, ast.Name):
                        names.add(m.statement.value.id)  # the same array under another name
                    forward = all(says_nothing(v) or v in self._forward for v in m.values)
                    if not forward or isinstance(m.statement.value, ast.BinOp):  # type: ignore[attr-defined]
                        given.add(m.statement)
                        together.append(m)
            caller = caller_of(odd, made)
            others = [*(a for m in list(together) for a in answers_to(m, made)), *([caller] if caller else [])]
            for m in [m for m in others if m.statement not in given]:
                given.add(m.statement)
                together.append(m)
            yield together

    def _unscaled(self, made: Sequence[Made], gradients: Mapping[str, Any]) -> Iterator[Made]:
        """Lines that make a value of the forward pass, on which all depends that is wrong: a - y for (a - y) / m."""
        needed = {*self._wrong} - {*(self._mended(gradients) or ())}
        bare: dict[ast.stmt, Made] = {}
        for m in made:
            forward_only = m.values and all(v in self._forward and v not in self._backward for v in m.values)
            if forward_only and isinstance(getattr(m.statement, "value", None), MADE):
                bare.setdefault(m.statement, m)
        for m in [*bare.values()][:MOST_BARE]:
            sure = self._is_right(m.part, m.statement)
            if needed and not sure and needed <= self._reached(m, gradients):
                self._bare.add(m.statement)
                yield m

    def _known(self, v: Any) -> bool:
        return v in self._backward or v in self._forward

    def _all_hits(self, suspects: Sequence[Made]) -> Iterator[tuple[list[Edit], list[Edit]]]:
        """The changes of some lines with which they make more that is true; then the unusual ones.

        With them those which only right gradients speak for.
        """
        for rules in ([*RULES, *SHAPES], RARE_RULES):
            fresh = [m for m in suspects if (m.statement, m.turn, rules is RARE_RULES) not in self._tried]
            self._tried |= {(m.statement, m.turn, rules is RARE_RULES) for m in fresh}
            hits = [edit for m in fresh for edit in self._hits(m, rules)]
            fresh = [m for m in fresh if m.statement not in self._bare]
            if rules is not RARE_RULES:
                whole = list(itertools.product(fresh, (written_over, carried, for_one_line, shifted)))
                hits += [edit for first, rule in whole for edit in shaped(first.part, first.statement, rule)]
            yield hits, [e for m in fresh for e in self._of_whole(m)] if rules is not RARE_RULES else []

    def _of_whole(self, m: Made) -> Iterator[Edit]:
        """Changes that only the whole program tells of: a term of a sum, a line behind, the index of what was kept.

        What is missing from a sum leaves the others true, and no line makes the sum of some of its terms. A value of
        the forward pass is one of another step, too.
        """
        if m.values and all(self._known(v) for v in m.values):
            yield from itertools.islice(shaped(m.part, m.statement, products), MOST_OF_WHOLE)
        stored, read = _stored_and_read(m.statement)
        for question in asked(m.part):
            if (stored | read) & set().union(*(_stored_and_read(s)[0] for s in statements_in(question))):
                yield from itertools.islice(shaped(m.part, question, conditions), MOST_OF_WHOLE)
        for s in m.part.statements():
            if isinstance(s, ast.Assign) and isinstance(s.value, ast.Subscript) and ast.unparse(s.targets[0]) in read:
                yield from shaped(m.part, s, bent)
                yield from itertools.islice(shaped(m.part, s, indices), MOST_OF_WHOLE)
            entry = s.target if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Subscript) else None
            if entry is not None and ast.unparse(entry.value) in read:
                yield from shaped(m.part, s, rescaled)

    def _hits(self, first: Made, rules: Sequence[Rule]) -> list[Edit]:
        """The changes of a line with which it makes more that is true."""
        key = first.statement, first.turn, rules is RARE_RULES, *(part.version for part in self._parts)
        if key not in self._hits_of:  # else it is as it was in another attempt
            self._hits_of[key] = self._found_hits(first, rules)
        return self._hits_of[key]

    def _found_hits(self, first: Made, rules: Sequence[Rule]) -> list[Edit]:
        calls = takes_long(first, self._parts)
        if calls and rules is RARE_RULES:
            return []
        most = min(MOST_CALLS if calls else MOST_WAYS, self._left)
        if first.statement in self._bare:
            rules = [scaled] if rules is not RARE_RULES else []
        ways = self._ways(first, rules, most)
        self._left -= len(ways)
        self._charge(len(ways), calls)
        try:
            found = instead(self._run, first, [way for _, way in ways])
        except Exception:  # it came to no such time
            return []
        before = sum(v in self._backward for v in first.values)
        if isinstance(first.statement, ast.Return) and not any(self._known(v) for v in first.values):
            return [ways[i][0] for i in self._as_derivatives([edit for edit, _ in ways], found)[:MOST_HITS]]
        least = before if before == len(first.values) else before + 1  # all true, but perhaps of another place
        scores = [sum(v in self._backward for v in values) for values in found]
        before_it = self._made_before(first)
        alone = () if multiplies(first.statement) else ATOMS  # a line that is nothing but another variable
        hits = [(-score, isinstance(ways[i][1], alone) or {self._backward.which(v) for v in found[i]} <= before_it, i)
                for i, score in enumerate(scores) if score >= least and not _alike(found[i], first.values)]  # fmt: skip
        chosen = [i for _, _, i in sorted(hits)[:MOST_HITS]]
        if not chosen and not any(self._known(v) for v in first.values):  # it may make none when it is right
            chosen = self._as_derivatives([edit for edit, _ in ways], found)[:MOST_HITS]
        return [ways[i][0] for i in chosen]

    def _as_derivatives(self, changed: Sequence[Edit], found: Sequence[Sequence[Any]]) -> list[int]:
        """The changes with which what is answered could be a derivative, such as 1 - a²: those that are known first."""
        known = [i for i, values in enumerate(found) if any(self._known(v) for v in values)]
        others = [i for i, e in enumerate(changed) if e.category == DERIVATIVE and IN_PLACE in e.words and found[i]]
        return [*known, *(i for i in others if i not in known)]

    def _made_before(self, first: Made) -> set[int | None]:
        """The true values that were made already: a line that is mended mostly makes another one."""
        made = self._made_now[: self._made_now.index(first)]
        return {self._backward.which(v) for m in made for v in m.values} | {None}

    def _ways(self, first: Made, rules: Sequence[Rule], most: int) -> list[tuple[Edit, ast.expr]]:
        """The changes within the right-hand side of a statement, so many at most, each with what stands there then."""
        s: Any = first.statement
        if not can_be_repeated(s.value):
            return []
        texts = Texts(s)
        found: dict[str, Edit] = {}
        for rule in rules:
            for edit in (shaped if rule in SHAPES else edits)(first.part, s, rule):
                if isinstance(edit.new, ast.expr) and (edit.holder is not s or edit.slot == "value"):
                    found.setdefault(texts.of(edit), edit)
                    if len(found) >= most:
                        break
            if len(found) >= most:
                break
        read_as = zip(found.values(), all_read([*found]), strict=True)
        return [(edit, node) for edit, node in read_as if node is not None]


def _stored_and_read(s: ast.stmt) -> tuple[set[str], set[str]]:
    """The variables that a statement stores into, and those that it reads."""
    names = [n for n in ast.walk(s) if isinstance(n, ast.Name)]
    goals = s.targets if isinstance(s, ast.Assign) else [getattr(s, "target", None)]
    entries = {n.id for goal in goals if goal is not None for n in ast.walk(goal) if isinstance(n, ast.Name)}
    stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    value = getattr(s, "value", None)
    read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} if value is not None else set()
    return stored | (entries if stored == set() else set()), read


def _alike(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether a changed line makes what it made before."""
    return len(some) == len(others) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(some, others, strict=True)
    )
