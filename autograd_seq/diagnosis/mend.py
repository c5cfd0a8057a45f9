"""What is wrong with a hand-written backward pass, by its own lines: the smallest change that makes it right.

Every change is tried: the pass is run with it, on two draws of the inputs. Which lines are worth it is found out
first, by what becomes of the gradients when the value of a line is another one: a line that a right gradient
depends on is right.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.by_value import ByValue
from autograd_seq.diagnosis.in_order import InOrder
from autograd_seq.diagnosis.known_values import KnownValues, says_nothing
from autograd_seq.diagnosis.line_edits import (
    RARE_RULES,
    RULES,
    Edit,
    Rule,
    bounds,
    brackets,
    edits,
    operands,
    operations,
    said,
    target,
    written_over,
)
from autograd_seq.diagnosis.line_shapes import SHAPES, WHOLE, shaped
from autograd_seq.diagnosis.own_code import OtherOutputsError, Part, at_most, parts, put
from autograd_seq.diagnosis.search import Finding, Strayed, difference
from autograd_seq.diagnosis.true_values import TrueValues
from autograd_seq.diagnosis.watched import watched

MOST_RUNS = 1200
MOST_LINES = 300_000  # that are run in all: the search ends there, whatever is left
MOST_CAUSES = 3
ENDLESS = 20  # times as many lines as the unchanged program runs
PROBE = 1.37
Way = Literal["assignments", "values", "changes"]  # = and += alone, by the values of lines, or by any change of them
Outside = dict[str, tuple[Part, int]]  # variables of the file, with where they are read


@dataclass(frozen=True)
class Line:
    """A statement of somebody's program, with the wrong gradients that depend on it; None where that is not known."""

    part: Part
    statement: ast.stmt
    reach: frozenset[str] | None
    strange: float = math.inf  # when it first made a value that does not occur in the true pass


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


class Mend:
    """Looks for changes of somebody's own lines that make their wrong gradients right.

    Parameters
    ----------
    cases : sequence
        Two draws, each with ``again()``, which runs the program anew and answers its gradients or fails,
        ``inputs``, ``true`` and ``found``, and ``owned()``, the functions and the spaces that it consists of. With one
        draw what is found is not confirmed.
    wrong : list of str
        The gradients that are wrong.
    tolerance : float
        How far equal numbers may differ, relative to the largest.
    known : TrueValues
        The values of the true passes.
    seconds : float
        Of this process's own time, after which the search ends, whatever is left; it is there for programs whose
        single lines take long.
    """

    def __init__(
        self, cases: Sequence[Any], wrong: list[str], tolerance: float, known: TrueValues, seconds: float = 30.0
    ) -> None:
        self.cases, self.wrong, self.tolerance = cases, wrong, tolerance
        self.rules: Sequence[Rule] = tuple(RULES)
        self.made: list[Edit] = []
        self.outside: Outside = {}
        self.runs = 0
        self._until = time.process_time() + seconds
        self.functions, spaces = cases[0].owned()
        once_more: dict[str, Array] = {}
        self.parts, self.length = parts(lambda: once_more.update(cases[0].again()), self.functions, spaces)
        found = cases[0].found
        if not all(k in once_more and self.same(once_more[k], v) for k, v in found.items()):
            self.parts = []  # what it does depends on how often it was called
        self.factors = [1.0]
        self.true_values: dict[tuple[int, ...], list[Array]] = {}
        self.known = known
        self._know(known)
        self.before = KnownValues(known.forward, tolerance)
        self.behind = KnownValues(known.backward, tolerance, self.factors)
        self.most = min(MOST_RUNS, MOST_LINES // max(self.length, 1))
        self.loops = any(isinstance(n, ast.While) for p in self.parts for n in ast.walk(p.tree))

    def _know(self, known: TrueValues) -> None:
        """Take in the values of the true passes, and which operands are values of the forward one."""
        for v in known.forward:
            self.true_values.setdefault(v.shape, []).append(v)
        for part in self.parts if known.forward else ():
            part.forward.update(k for k, v in part.arrays.items() if self._occurs(v))
        for v in known.backward:
            self.true_values.setdefault(v.shape, []).append(v)
        self.factors += known.given

    def run(self, way: Way) -> tuple[list[Finding], Line | None]:
        """The causes that are found in some way, and the first line that is wrong where they do not explain everything.

        The changes that were made are then in `made`, in the same order.
        """
        self.rules = [written_over] if way == "assignments" else RULES
        self.made, self.outside, self.runs = [], {}, 0
        if not self.parts:
            return [], None
        if outside := self._from_outside():
            return [outside], None
        with np.errstate(all="ignore"):
            lines = self.lines(self.wrong)
            ways: dict[Way, list[Callable[[], Told]]] = {
                "assignments": [lambda: self._one_by_one(lines)],
                "values": [self._by_value, lambda: self._at_once(lines)],
                "changes": [self._in_order, lambda: self._one_by_one(lines)],
            }
            told = self._best_of(ways[way])
        self.made = told.made
        return told.findings, self._first(lines, told.left)

    def _best_of(self, ways: Sequence[Callable[[], Told]]) -> Told:
        """What explains most by the fewest causes, the first where several do; one that is sure ends the search."""
        best = Told([], [], list(self.wrong))
        for way in ways:
            self.runs = 0
            told = way()
            if _worth(told) < _worth(best):
                best = told
            if not best.left and (len(best.findings) == 1 or way == ways[-1]) and all(f.correct for f in best.findings):
                break
        return best

    def _at_once(self, lines: list[Line]) -> Told:
        """One of the changes of which a line has few, if it mends everything."""
        for line, rule in itertools.product(lines, [self.rules[0], bounds, *WHOLE]):
            for edit in _edits(line, rule):
                mended = self._mended(edit, self.wrong)
                if len(mended) == len(self.wrong) and self._confirmed(edit, self.wrong, mended):
                    edit.mended = _after(edit)
                    return Told([self._finding(edit, mended)], [edit], [])
                if self._over():
                    return Told([], [], list(self.wrong))
        return Told([], [], list(self.wrong))

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
            if told.left:
                told = self._two_at_once(lines, told)
        return told

    def _in_order(self) -> Told:
        """Mistakes one after another as they show."""
        case = self.cases[0]
        order = InOrder(
            self.working(), case.again, self.before, self.behind, self._right, len(self.wrong), self._passed_over()
        )
        made: list[tuple[Edit, ast.AST]] = []
        with contextlib.ExitStack() as tried:
            right: list[str] = []
            while len(right) < len(self.wrong) and len(made) < MOST_CAUSES and not self._over():
                edit = order.next(self._over)
                if edit is None:
                    break
                made.append((edit, edit.old))
                tried.enter_context(put(edit))
                tried.enter_context(edit.part.changed())
                right = self._right_now() or []
            if len(self.cases) > 1 and self._right_now(1) != right:
                right = []
            needed, explained = self._needed(made, right, lambda: self._right_now() or [])
            with contextlib.ExitStack() as unneeded:
                for edit, before in made:
                    if edit not in needed:
                        unneeded.enter_context(put(replace(edit, new=before)))
                for edit in needed:
                    edit.mended = _whole(edit)
        left = [k for k in self.wrong if not any(k in keys for keys in explained)]
        return Told([self._finding(edit, keys) for edit, keys in zip(needed, explained, strict=True)], needed, left)

    def _scale(self) -> float:
        """The number that their values have to be multiplied with to be true ones.

        A loss may be given its adjoint only in the end; then what comes before stays as it is if that is another one.
        """
        given = self.known.given
        if len(given) != 1 or not hasattr(self.cases[0], "doubled"):
            return 1.0
        parts = self.working()
        pairs = zip(watched(parts, self.cases[0].again)[0], watched(parts, self.cases[0].doubled)[0], strict=False)
        larger = {
            m.statement
            for m, other in pairs
            if len(m.values) == len(other.values) == 1 and not isinstance(m.statement, ast.Return)
            if np.any(m.values[0]) and self.same(2 * m.values[0], other.values[0])
        }
        return 1.0 if len(larger) > 2 else given[0]

    def _passed_over(self) -> dict[ast.stmt, float]:
        """How often statements run before the backward pass begins; always, where a function makes nothing of it."""
        try:
            made, _ = watched(self.working(), self.cases[0].begin)
        except Exception:  # such as a pass that cannot be run by itself
            return {}
        both = {m.part for m in made if any(v in self.behind and v not in self.before for v in m.values)}
        return {m.statement: m.turn + 1 if m.part in both else math.inf for m in made}

    def _by_value(self) -> Told:
        """Lines that make other values than the true pass, one after another as they show."""
        known, cases = self.known, self.cases
        order = InOrder(
            self.working(), cases[0].again, self.before, self.behind, self._right, len(self.wrong), self._passed_over()
        )
        search = ByValue(order, known.backward, known.rows, self._scale(), self.same)
        made: list[tuple[Edit, ast.AST]] = []
        right: list[str] = []
        with contextlib.ExitStack() as tried, search.lent():
            self.cases = [_Begun(cases[0], search)]  # what is found by values is confirmed by them
            tried.callback(setattr, self, "cases", cases)
            while len(right) < len(self.wrong) and len(made) < MOST_CAUSES and not self._over():
                edit = search.next(self._over) or self._besides(made, right)
                if edit is None:
                    break
                made.append((edit, edit.old))
                tried.enter_context(put(edit))
                tried.enter_context(edit.part.changed())
                right = self._right_now() or []
            needed, explained = self._needed(made, right, lambda: self._right_now() or [])
            found = self._told_of(search, [pair for pair in made if pair[0] in needed], explained, right)
        return Told(found, [], [k for k in self.wrong if not any(k in keys for keys in explained)])

    def _besides(self, made: Sequence[Any], right: list[str]) -> Edit | None:
        """A change that mends the rest, where no line is left that makes other values than the true pass."""
        left = [k for k in self.wrong if k not in right]
        best = self._best(self.lines(left), left) if made and right else None
        return best[0] if best is not None and len(best[1]) == len(left) else None

    def _told_of(
        self, search: ByValue, made: list[tuple[Edit, ast.AST]], explained: list[list[str]], right: list[str]
    ) -> list[Finding]:
        """What is said of lines that made wrong values."""
        self._right_now()
        strayed = [search.strayed(edit) for edit, _ in made]
        found = []
        for (edit, before), keys, where in zip(made, explained, strayed, strict=True):
            finding = self._finding(edit, keys)
            if where is not None:
                own = self._own_change(search, edit, before, where, right)
                finding = replace(self._finding(own, keys) if own else replace(finding, correct=""), strayed=where)
                if own is None and (line := search.is_in_place(edit, where)) is not None:
                    category, words = kinds.DONE_IN_PLACE(said(line))
                    finding = replace(finding, category=category, words=words, line=line.lineno)
            found.append(finding)
        return found

    def _own_change(
        self, search: ByValue, edit: Edit, before: ast.AST, strayed: Strayed, right: list[str]
    ) -> Edit | None:
        """A change of a line with which it makes the true values by itself."""
        with put(replace(edit, new=before)), edit.part.changed():
            for change in search.changes(edit, strayed):
                with put(change), edit.part.changed():
                    mends = self._right_now() == right
                if mends:
                    change.mended = _after(change)
                    return change
        return None

    def _needed(
        self, made: list[tuple[Edit, ast.AST]], right: list[str], now: Callable[[], list[str]]
    ) -> tuple[list[Edit], list[list[str]]]:
        """Those of some changes without which less is right, and what that is; they have been made."""
        needed, explained = [], []
        for edit, before in made if right else ():
            with put(replace(edit, new=before)), edit.part.changed():
                without = now()
            keys = [k for k in right if k not in without]
            if keys:
                needed.append(edit)
                explained.append(keys)
        return needed, explained

    def _right_now(self, case: int = 0) -> list[str] | None:
        """The wrong gradients that the program as it is now has right."""
        try:
            return self._right(self.cases[case].again(), case)
        except Exception:  # whatever a changed program raises
            return None

    def _right(self, result: Mapping[str, Array], case: int = 0) -> list[str] | None:
        """The wrong gradients that are right in a result; None if one is spoiled that was right."""
        self.runs += 1
        true, found = self.cases[case].true, self.cases[case].found
        for key, value in found.items():
            if key in true and key not in self.wrong and not (key in result and self.same(result[key], value)):
                return None
        return [k for k in self.wrong if k in result and self.same(result[k], true[k])]

    @contextlib.contextmanager
    def changed(self, inputs: Mapping[str, Any]) -> Iterator[None]:
        """Let the program do what it does with the changes that were made, on some inputs."""
        with contextlib.ExitStack() as kept:
            kept.enter_context(_taking(self.outside, inputs))
            for edit in self.made:
                kept.enter_context(put(edit))
                kept.enter_context(edit.part.changed())
            yield

    # -- which lines ---------------------------------------------------------------------------------------

    def lines(self, wrong: list[str]) -> list[Line]:
        """The lines that may be wrong: those that wrong gradients depend on and right ones do not.

        Last come those that right gradients depend on too, as a line in a loop may be right at some of the steps.
        """
        likely, unknown, shared = [], [], []
        for part in self.working():
            for statement in part.statements():
                if isinstance(statement, ast.For):
                    unknown.append(Line(part, statement, None))
                    continue
                reach = self.reach(part, statement)
                if reach is None:
                    unknown.append(Line(part, statement, None))
                elif reach and reach <= set(wrong):
                    likely.append(Line(part, statement, frozenset(reach), self._strange(part, statement)))
                elif reach & set(wrong) and len(self.wrong) > 1:
                    shared.append(Line(part, statement, None))
        return sorted(likely, key=lambda line: (line.reach != frozenset(wrong), line.strange)) + unknown + shared

    def working(self) -> list[Part]:
        """The functions that make more than values of the forward pass."""
        return [part for part in self.parts if not self._is_forward(part)]

    def file_of(self, part: Part) -> str:
        """The name of a function's file, if it is not the one of the function that is checked."""
        asked = getattr(self.functions[0], "__code__", None) if self.functions else None
        return "" if asked is None or part.file == asked.co_filename else os.path.basename(part.file)

    def _is_forward(self, part: Part) -> bool:
        """Whether a function makes nothing but values of the forward pass."""
        made = [v for entries in part.entries.values() for _, v in entries if v.dtype.kind == "f" and np.all(v)]
        made = [v for v in made if not says_nothing(v)]
        return bool(made) and all(v in self.before for v in made)  # those with zeros may not be filled yet

    def _strange(self, part: Part, s: ast.stmt) -> float:
        """When a line first made a value that does not occur in the true pass: no proof that it is a wrong one."""
        return next((when for when, v in part.made.get(s.lineno, []) if self._strays(v)), math.inf)

    def _strays(self, value: Any) -> bool:
        if isinstance(value, (int, float)):  # many a sum begins with the number 0
            return value != 0
        return not isinstance(value, np.ndarray) or not self._occurs(value)

    def _occurs(self, value: Array) -> bool:
        same = self.true_values.get(value.shape, []) + [v.T for v in self.true_values.get(value.shape[::-1], [])]
        return any(self.same(factor * value, v) for factor in self.factors for v in same)

    def reach(self, part: Part, s: ast.stmt) -> set[str] | None:
        """The gradients that change when the value of a statement does; None where it cannot be another."""
        value = getattr(s, "value", None)
        if value is None or isinstance(value, (ast.Tuple, ast.Dict, ast.List)) or isinstance(s, ast.Expr):
            return None
        probe = ast.BinOp(ast.BinOp(value, ast.Mult(), ast.Constant(PROBE)), ast.Add(), ast.Constant(PROBE / 10))
        result = self._with(Edit(s, s, "value", None, probe, "", "", part), 0)
        if result is None:
            return None
        if not result:
            return set()
        found = self.cases[0].found
        return {k for k, v in found.items() if k not in result or not self.same(result[k], v)}

    def _first(self, lines: list[Line], left: list[str]) -> Line | None:
        """The first line that everything which is still wrong depends on, and nothing that is right."""
        return next((line for line in lines if left and line.reach == frozenset(left)), None)

    # -- variables of the file -----------------------------------------------------------------------------

    def _from_outside(self) -> Finding | None:
        """Variables of the file that are called like inputs: with the inputs in their place all is right."""
        inputs = self.cases[0].inputs
        names: Outside = {}
        for part in self.parts:
            space = part.function.__globals__
            own = part.function.__code__.co_varnames
            for node in [n for n in ast.walk(part.tree) if isinstance(n, ast.Name) and n.id not in own]:
                if node.id in inputs and isinstance(space.get(node.id), np.ndarray):
                    names.setdefault(node.id, (part, node.lineno))
        if not names or not all(self._right_taking(names, case) for case in self.cases):
            return None
        self.outside = names
        listed = ", ".join(names)
        words = f"with {listed} of the file in place of what forward was given"
        correct = f"take {listed} from the cache: {'a variable' if len(names) == 1 else 'variables'} of the file"
        line = min(line for _, line in names.values())
        file = self.file_of(min(names.values(), key=lambda place: place[1])[0])
        return Finding("wrong value", ", ".join(self.wrong), words, correct, tuple(self.wrong), line, file=file)

    def _right_taking(self, names: Outside, case: Any) -> bool:
        """Whether all is right with these inputs of a case as the variables of the file."""
        try:
            with _taking(names, case.inputs):
                result = case.again()
        except Exception:  # whatever their program raises with it
            return False
        return all(k in result and self.same(result[k], case.true[k]) for k in case.found if k in case.true)

    # -- changes -------------------------------------------------------------------------------------------

    def _best(self, lines: list[Line], left: list[str]) -> tuple[Edit, list[str]] | None:
        """The first change that mends everything, else the one that mends most."""
        best: tuple[Edit, list[str]] | None = None
        likely = [line for line in lines if line.reach and line.strange < math.inf]
        known = [line for line in lines if line.reach and line.strange == math.inf]
        unclear = [line for line in lines if not line.reach]
        rest = [likely[1:], known, unclear]
        rare = RARE_RULES if len(self.rules) == len(RULES) else []
        more = SHAPES if rare else []
        tasks = [
            *itertools.product([lines], WHOLE if more else []),  # they have few changes
            *itertools.product([likely[:1]], [*self.rules, *more, *rare]),
            *itertools.product(rest, [*self.rules, *more]),
            *itertools.product(rest, rare),
        ]
        for group, rule in tasks:
            for line in group:
                for edit in _edits(line, rule):
                    mended = self._mended(edit, left)
                    if mended and self._confirmed(edit, left, mended):
                        edit.mended = _after(edit)
                        if len(mended) == len(left):
                            return edit, mended
                        if best is None or len(mended) > len(best[1]):
                            best = edit, mended
                    if self._over():
                        return best
        return best

    def _two_at_once(self, lines: list[Line], told: Told) -> Told:
        """Two changes of one line, where neither alone makes anything right."""
        left = told.left
        self.most += self.most // 2
        for line in [line for line in lines if line.reach == frozenset(left) and line.strange < math.inf][:2]:
            for first in (brackets, operations):
                for one in edits(line.part, line.statement, first):
                    before = one.old
                    ast.fix_missing_locations(one.new)
                    one.put(one.new)
                    for another in edits(line.part, line.statement, operands):
                        mended = self._mended(another, left)
                        if len(mended) == len(left) and self._confirmed(another, left, mended):
                            another.mended = one.mended = _after(another)
                            one.put(before)
                            both = [one, another]
                            return told.and_also([self._finding(e, mended) for e in both], both, mended)
                        if self._over():
                            break
                    one.put(before)
        return told

    def _finding(self, edit: Edit, mended: list[str]) -> Finding:
        line, where = edit.statement.lineno, target(edit.statement)
        correct = edit.mended or f"without line {line}"
        return Finding(edit.category, where, edit.words, correct, tuple(mended), line, file=self.file_of(edit.part))

    def _mended(self, edit: Edit, left: list[str], case: int = 0) -> list[str]:
        """The wrong gradients that a change makes right; none if it spoils one that is right."""
        result = self._with(edit, case)
        if not result:
            return []
        true, found = self.cases[case].true, self.cases[case].found
        for key, value in found.items():
            right = key in true and key not in left and key not in self.wrong
            if right and (key not in result or not self.same(result[key], value)):
                return []
        return [k for k in left if k in result and self.same(result[k], true[k])]

    def _over(self) -> bool:
        """Whether enough was tried."""
        return self.runs > self.most or time.process_time() > self._until

    def _confirmed(self, edit: Edit, left: list[str], mended: list[str]) -> bool:
        return len(self.cases) < 2 or self._mended(edit, left, 1) == mended

    def _with(self, edit: Edit, case: int) -> Mapping[str, Array] | None:
        """The gradients with a change; None where the program fails with it."""
        self.runs += 1
        before = edit.old
        ast.fix_missing_locations(edit.new)
        edit.put(edit.new)
        try:
            with edit.part.changed() as possible:
                return self._run(self.cases[case].again) if possible else None
        except OtherOutputsError:
            return {}
        except Exception:  # whatever a changed program raises
            return None
        finally:
            edit.put(before)

    def _run(self, again: Callable[[], Any]) -> Any:
        return at_most(ENDLESS * self.length, again, self.parts) if self.loops else again()

    def same(self, some: Array, other: Array) -> bool:
        """Whether they are equal as far as rounding lets them be."""
        return some.shape == other.shape and difference(some, other) < self.tolerance


def _worth(told: Told) -> tuple[int, int, bool]:
    """The less the better: what is left, by how many causes, and whether it is said what would be right."""
    return len(told.left), len(told.findings) or MOST_CAUSES + 1, not all(f.correct for f in told.findings)


class _Begun:
    """A draw whose runs each begin with the true values of the first step."""

    def __init__(self, case: Any, search: ByValue) -> None:
        self.again = search.run
        self.true, self.found = case.true, case.found


@contextlib.contextmanager
def _taking(names: Outside, inputs: Mapping[str, Any]) -> Iterator[None]:
    """With inputs as the variables of the file that are called like them."""
    before = {k: part.function.__globals__[k] for k, (part, _) in names.items()}
    for k, (part, _) in names.items():
        part.function.__globals__[k] = inputs[k].copy()
    try:
        yield
    finally:
        for k, (part, _) in names.items():
            part.function.__globals__[k] = before[k]


def _edits(line: Line, rule: Rule) -> Iterator[Edit]:
    made = shaped if rule in WHOLE or rule in SHAPES else edits
    return made(line.part, line.statement, rule)


def _whole(edit: Edit) -> str:
    """The line as it is now."""
    return said(_head(edit.statement), 160).removesuffix(" ...")


def _after(edit: Edit) -> str:
    """The line as it is with a change."""
    before, whole = edit.old, isinstance(edit.new, ast.stmt)
    edit.put(edit.new)
    try:
        if isinstance(edit.new, ast.Pass):
            return ""
        if isinstance(edit.new, (ast.If, ast.For)) and not isinstance(edit.statement, ast.For):
            return f"{said(edit.statement)}, after the {'loop' if isinstance(edit.new, ast.If) else 'next line'}"
        return said(edit.new if whole else _head(edit.statement), 160).removesuffix(" ...")
    finally:
        edit.put(before)


def _head(s: ast.stmt) -> ast.AST:
    """A loop without its body."""
    return ast.parse(f"for {said(s.target)} in {said(s.iter, 160)}: ...").body[0] if isinstance(s, ast.For) else s
