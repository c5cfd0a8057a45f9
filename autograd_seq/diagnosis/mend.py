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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.line_edits import (
    RARE_RULES,
    RULES,
    Edit,
    Rule,
    brackets,
    edits,
    operands,
    operations,
    said,
    target,
)
from autograd_seq.diagnosis.own_code import OtherOutputsError, Part, at_most, parts
from autograd_seq.diagnosis.search import Finding, difference
from autograd_seq.diagnosis.truth import Truth

MOST_RUNS = 1200
MOST_LINES = 300_000  # that are run in all: the search ends there, whatever is left
MOST_CAUSES = 3
ENDLESS = 20  # times as many lines as the unchanged program runs
PROBE = 1.37


@dataclass(frozen=True)
class Line:
    """A statement of somebody's program, with the wrong gradients that depend on it; None where that is not known."""

    part: Part
    statement: ast.stmt
    reach: frozenset[str] | None
    strange: float = math.inf  # when it first made a value that does not occur in the true pass


class Mend:
    """Looks for changes of somebody's own lines that make their wrong gradients right.

    Parameters
    ----------
    cases : sequence
        Two draws, each with ``again()``, which runs the program anew and answers its gradients or fails,
        ``true`` and ``found``, and ``owned()``, the functions and the spaces that it consists of.
    wrong : list of str
        The gradients that are wrong.
    tolerance : float
        How far equal numbers may differ, relative to the largest.
    """

    def __init__(
        self, cases: Sequence[Any], wrong: list[str], tolerance: float, rules: Sequence[Rule] = tuple(RULES)
    ) -> None:
        self.cases, self.wrong, self.tolerance = cases, wrong, tolerance
        self.rules = rules
        self.runs = 0
        functions, spaces = cases[0].owned()
        self.parts, self.length = parts(lambda: cases[0].again(), functions, spaces)
        self.factors = [1.0]
        self.true_values: dict[tuple[int, ...], list[Array]] = {}
        if cases[0].truth is not None:
            self._know(cases[0].truth)
        self.most = min(MOST_RUNS, MOST_LINES // max(self.length, 1))
        self.loops = any(isinstance(n, ast.While) for p in self.parts for n in ast.walk(p.tree))

    def _know(self, truth: Truth) -> None:
        """Take in the values of the true passes, and which operands are values of the forward one."""
        for r in truth.recording.forward:
            self.true_values.setdefault(r.shape, []).append(r._value)
        for part in self.parts:
            part.forward.update(k for k, v in part.arrays.items() if self._occurs(v))
        for r in truth.recording.backward:
            self.true_values.setdefault(r.shape, []).append(r._value)
        given = [seed._value for seed in truth.seeds.values()]  # a loss may be given its 1 in the end only
        self.factors += [float(v) for v in given if v.size == 1]

    def run(self) -> tuple[list[Finding], Line | None]:
        """The causes, and the first line that is wrong where they do not explain everything."""
        if not self.parts:
            return [], None
        if outside := self._from_outside():
            return [outside], None
        found: list[Finding] = []
        left = list(self.wrong)
        with contextlib.ExitStack() as kept, np.errstate(all="ignore"):
            lines = self.lines(left)
            while left and len(found) < MOST_CAUSES:
                best = self._best(lines, left)
                if best is None:
                    break
                edit, mended = best
                found.append(_finding(edit, mended))
                edit.put(edit.new)
                kept.enter_context(edit.part.changed())
                left = [k for k in left if k not in mended]
            if left:
                found, left = self._two_at_once(lines, left, found)
        return found, self._first(lines, left)

    # -- which lines ---------------------------------------------------------------------------------------

    def lines(self, wrong: list[str]) -> list[Line]:
        """The lines that may be wrong: those that wrong gradients depend on and right ones do not."""
        likely, unknown = [], []
        for part in self.parts:
            for statement in part.statements():
                if isinstance(statement, ast.For):
                    unknown.append(Line(part, statement, None))
                    continue
                reach = self._reach(part, statement)
                if reach is None:
                    unknown.append(Line(part, statement, None))
                elif reach and reach <= set(wrong):
                    likely.append(Line(part, statement, frozenset(reach), self._strange(part, statement)))
        return sorted(likely, key=lambda line: (line.reach != frozenset(wrong), line.strange)) + unknown

    def _strange(self, part: Part, s: ast.stmt) -> float:
        """When a line first made a value that does not occur in the true pass: no proof that it is a wrong one."""
        return next((when for when, v in part.made.get(s.lineno, []) if self._strays(v)), math.inf)

    def _strays(self, value: Any) -> bool:
        if isinstance(value, (int, float)):  # many a sum begins with the number 0
            return value != 0
        return not isinstance(value, np.ndarray) or not self._occurs(value)

    def _occurs(self, value: Array) -> bool:
        same = self.true_values.get(value.shape, []) + [v.T for v in self.true_values.get(value.shape[::-1], [])]
        return any(self._same(factor * value, v) for factor in self.factors for v in same)

    def _reach(self, part: Part, s: ast.stmt) -> set[str] | None:
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
        return {k for k, v in found.items() if k not in result or not self._same(result[k], v)}

    def _first(self, lines: list[Line], left: list[str]) -> Line | None:
        """The first line that everything which is still wrong depends on, and nothing that is right."""
        return next((line for line in lines if left and line.reach == frozenset(left)), None)

    # -- variables of the file -----------------------------------------------------------------------------

    def _from_outside(self) -> Finding | None:
        """Variables of the file that are called like inputs: with the inputs in their place all is right."""
        inputs = self.cases[0].inputs
        names: dict[str, tuple[Part, int]] = {}
        for part in self.parts:
            space = part.function.__globals__
            own = part.function.__code__.co_varnames
            for node in [n for n in ast.walk(part.tree) if isinstance(n, ast.Name) and n.id not in own]:
                if node.id in inputs and isinstance(space.get(node.id), np.ndarray):
                    names.setdefault(node.id, (part, node.lineno))
        if not names or not all(self._taking(names, case) for case in self.cases):
            return None
        listed = ", ".join(names)
        words = f"with {listed} of the file in place of what forward was given"
        correct = f"take {listed} from the cache: {'a variable' if len(names) == 1 else 'variables'} of the file"
        line = min(line for _, line in names.values())
        return Finding("wrong value", ", ".join(self.wrong), words, correct, tuple(self.wrong), line)

    def _taking(self, names: Mapping[str, tuple[Part, int]], case: Any) -> bool:
        """Whether all is right with these inputs of a case as the variables of the file."""
        before = {k: part.function.__globals__[k] for k, (part, _) in names.items()}
        for k, (part, _) in names.items():
            part.function.__globals__[k] = case.inputs[k].copy()
        try:
            result = case.again()
        except Exception:  # whatever their program raises with it
            return False
        finally:
            for k, (part, _) in names.items():
                part.function.__globals__[k] = before[k]
        return all(k in result and self._same(result[k], case.true[k]) for k in case.found if k in case.true)

    # -- changes -------------------------------------------------------------------------------------------

    def _best(self, lines: list[Line], left: list[str]) -> tuple[Edit, list[str]] | None:
        """The first change that mends everything, else the one that mends most."""
        best: tuple[Edit, list[str]] | None = None
        likely = [line for line in lines if line.reach and line.strange < math.inf]
        known = [line for line in lines if line.reach and line.strange == math.inf]
        unclear = [line for line in lines if not line.reach]
        rest = [likely[1:], known, unclear]
        rare = RARE_RULES if len(self.rules) == len(RULES) else []
        tasks = [
            *itertools.product([likely[:1]], [*self.rules, *rare]),
            *itertools.product(rest, self.rules),
            *itertools.product(rest, rare),
        ]
        for group, rule in tasks:
            for line in group:
                for edit in edits(line.part, line.statement, rule):
                    mended = self._mended(edit, left)
                    if mended and self._confirmed(edit, left, mended):
                        edit.mended = _after(edit)
                        if len(mended) == len(left):
                            return edit, mended
                        if best is None or len(mended) > len(best[1]):
                            best = edit, mended
                    if self.runs > self.most:
                        return best
        return best

    def _two_at_once(
        self, lines: list[Line], left: list[str], found: list[Finding]
    ) -> tuple[list[Finding], list[str]]:
        """Two changes of one line, where neither alone makes anything right."""
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
                            return [*found, _finding(one, mended), _finding(another, mended)], []
                        if self.runs > self.most:
                            break
                    one.put(before)
        return found, left

    def _mended(self, edit: Edit, left: list[str], case: int = 0) -> list[str]:
        """The wrong gradients that a change makes right; none if it spoils one that is right."""
        result = self._with(edit, case)
        if not result:
            return []
        true, found = self.cases[case].true, self.cases[case].found
        for key, value in found.items():
            right = key in true and key not in left and key not in self.wrong
            if right and (key not in result or not self._same(result[key], value)):
                return []
        return [k for k in left if k in result and self._same(result[k], true[k])]

    def _confirmed(self, edit: Edit, left: list[str], mended: list[str]) -> bool:
        return self._mended(edit, left, 1) == mended

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

    def _same(self, some: Array, other: Array) -> bool:
        return some.shape == other.shape and difference(some, other) < self.tolerance


def _after(edit: Edit) -> str:
    """The line as it is with a change."""
    before, whole = edit.old, isinstance(edit.new, ast.stmt)
    edit.put(edit.new)
    try:
        if isinstance(edit.new, ast.Pass):
            return ""
        return said(edit.new if whole else _head(edit.statement), 160).removesuffix(" ...")
    finally:
        edit.put(before)


def _head(s: ast.stmt) -> ast.AST:
    """A loop without its body."""
    return ast.parse(f"for {said(s.target)} in {said(s.iter, 160)}: ...").body[0] if isinstance(s, ast.For) else s


def _finding(edit: Edit, mended: list[str]) -> Finding:
    line = edit.statement.lineno
    correct = f"{edit.mended}" if edit.mended else f"without line {line}"
    return Finding(edit.category, target(edit.statement), edit.words, correct, tuple(mended), line)
