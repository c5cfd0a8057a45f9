"""Somebody's program run again and again with its lines changed: what is right then, and which lines it depends on.

Every change is tried: the pass is run with it, on two draws of the inputs. Which lines are worth it is found out
first, by what becomes of the gradients when the value of a line is another one: a line that a right gradient
depends on is right.
"""

from __future__ import annotations

import ast
import functools
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.callers import called_in
from autograd_seq.diagnosis.finding import difference
from autograd_seq.diagnosis.known_values import KnownValues, in_blocks, is_mask, says_nothing
from autograd_seq.diagnosis.line_places import Edit
from autograd_seq.diagnosis.own_code import OtherOutputsError, Part, at_most, parts, statements_in
from autograd_seq.diagnosis.true_values import TrueValues

MOST_RUNS = 550
MOST_LINES = 1_000_000  # that are run in all: the search ends there, whatever is left
MOST_IN_ALL = 2_700.0  # of what all runs of one function cost, in about milliseconds, counted and not measured
WATCHED = 2.0  # times as much costs a run that is watched
ENDLESS = 4  # times as many lines as the unchanged program runs
PROBE = 1.37


@dataclass(frozen=True)
class Line:
    """A statement of somebody's program, with the wrong gradients that depend on it; None where that is not known."""

    part: Part
    statement: ast.stmt
    reach: frozenset[str] | None
    strange: float = math.inf  # when it first made a value that does not occur in the true pass


class Trials:
    """A program that is run with changes.

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
        self.runs, self.limit = 0, MOST_IN_ALL
        self._until = time.process_time() + seconds
        self.functions, spaces = cases[0].owned()
        once_more: dict[str, Array] = {}
        self.parts, self.length = parts(lambda: once_more.update(cases[0].again()), self.functions, spaces)
        found = cases[0].found
        if not all(k in once_more and self.same(once_more[k], v) for k, v in found.items()):
            self.parts = []  # what it does depends on how often it was called
        for case in self.cases if self.parts else ():
            case.keep()
        self.factors = [1.0]
        self._ordinary: dict[tuple[int, ...], list[Array]] = {}
        self.known = known
        self.factors += known.given
        self.before = KnownValues(known.forward, tolerance)
        self.behind = KnownValues([*known.backward, *in_blocks(known.backward), *known.sums], tolerance, self.factors)
        self._plain = KnownValues(known.forward, tolerance, self.factors)
        self._know(known)
        self.cost, self.spent = 0.8 + 0.0006 * self.length, 0.0
        self.most = min(MOST_RUNS, MOST_LINES // max(self.length, 1))
        if not known.forward:  # then runs are all that tells anything
            self.most *= 3
        self.loops = any(isinstance(n, ast.While) for p in self.parts for n in ast.walk(p.tree))

    def _know(self, known: TrueValues) -> None:
        """Which operands are values of the forward pass, and those of its values that could come from anywhere."""
        for v in known.forward:
            if says_nothing(v):
                self._ordinary.setdefault(v.shape, []).append(v)
        for part in self.parts if known.forward else ():
            part.forward.update(k for k, v in part.arrays.items() if self._is_before(v))
            part.zeros.update(k for k, v in part.arrays.items() if v.size and not np.any(v))
        for v in known.backward:
            if says_nothing(v):
                self._ordinary.setdefault(v.shape, []).append(v)

    # -- runs ----------------------------------------------------------------------------------------------

    def _mended(self, edit: Edit, left: list[str], case: int = 0) -> list[str]:
        """The wrong gradients that a change makes right; none if it spoils one that is right."""
        result = self._with(edit, case)
        if not result:
            return []
        true, found = self.cases[case].true, self.cases[case].found
        for key, value in found.items():
            kept = value if key not in self.wrong else true.get(key)  # what is right already stays so
            right = key in true and key not in left
            if right and (key not in result or not self.same(result[key], kept)):
                return []
        return [k for k in left if k in result and self.same(result[k], true[k])]

    def _right_now(self, case: int = 0) -> list[str] | None:
        """The wrong gradients that the program as it is now has right."""
        try:
            return self._right(self._run(self.cases[case].again), case)
        except Exception:  # whatever a changed program raises
            return None

    def _right(self, result: Mapping[str, Array], case: int = 0) -> list[str] | None:
        """The wrong gradients that are right in a result; None if one is spoiled that was right."""
        self.runs += 1
        self.spent += WATCHED * self.cost
        true, found = self.cases[case].true, self.cases[case].found
        for key, value in found.items():
            if key in true and key not in self.wrong and not (key in result and self.same(result[key], value)):
                return None
        return [k for k in self.wrong if k in result and self.same(result[k], true[k])]

    def charge(self, ways: int, calls: bool) -> None:
        """Count changes that are tried on a line alone, which may call a function of theirs each time."""
        self.spent += ways * (0.15 + (self.cost / 2 if calls else 0.0))

    def _over(self) -> bool:
        """Whether enough was tried."""
        return self.runs > self.most or self.spent > self.limit or time.process_time() > self._until

    def _confirmed(self, edit: Edit, left: list[str], mended: list[str]) -> bool:
        return len(self.cases) < 2 or self._mended(edit, left, 1) == mended

    def _with(self, edit: Edit, case: int) -> Mapping[str, Array] | None:
        """The gradients with a change; None where the program fails with it."""
        self.runs += 1
        self.spent += self.cost
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

    def runner(self) -> Callable[[], Any]:
        """What runs the program, as it is then, on the first draw; but not for ever."""
        return functools.partial(self._run, self.cases[0].again)

    def _run(self, again: Callable[[], Any]) -> Any:
        return at_most(ENDLESS * self.length, again, self.parts) if self.loops else again()

    def same(self, some: Array, other: Array) -> bool:
        """Whether they are equal as far as rounding lets them be."""
        return some.shape == other.shape and difference(some, other) < self.tolerance

    # -- which lines ---------------------------------------------------------------------------------------

    def lines(self, wrong: list[str]) -> list[Line]:
        """The lines that may be wrong: those that wrong gradients depend on and right ones do not.

        Last come those that right gradients depend on too, as a line in a loop may be right at some of the steps.
        """
        likely, unknown, shared = [], [], []
        now = self._results()
        for part in self.working():
            for statement in part.statements():
                if self.makes_outputs(part, statement):
                    continue
                if isinstance(statement, ast.For):
                    unknown.append(Line(part, statement, None))
                    continue
                reach = self.reach(part, statement, now)
                if reach is None:
                    unknown.append(Line(part, statement, None))
                elif reach and reach <= set(wrong):
                    likely.append(Line(part, statement, frozenset(reach), self._strange(part, statement)))
                elif reach & set(wrong) and len(self.wrong) > 1:
                    shared.append(Line(part, statement, None))
        return sorted(likely, key=lambda line: (line.reach != frozenset(wrong), line.strange)) + unknown + shared

    def working(self) -> list[Part]:
        """The functions that make more than values of the forward pass, and those that call them."""
        working = [part for part in self.parts if not self._is_forward(part)]
        names = {part.tree.name for part in working}
        calling = [part for part in self.parts if any(names & called_in(s) for s in part.statements())]
        return [part for part in self.parts if part in working or part in calling]

    def makes_outputs(self, part: Part, s: ast.stmt) -> bool:
        """Whether a line makes what the outputs of the forward pass depend on: it is right by definition."""
        if isinstance(s, ast.For) or not self.known.lines or self._is_several(part, s):
            return False
        return any((part.file, line) in self.known.lines for line in range(s.lineno, (s.end_lineno or s.lineno) + 1))

    def _is_several(self, part: Part, s: ast.stmt) -> bool:
        """Whether the number of a line is not all: it has other statements, or what runs at another time."""
        if any(isinstance(n, (ast.Lambda, ast.IfExp)) for n in ast.walk(s)):
            return True
        return any(other is not s and other.lineno == s.lineno for other in statements_in(part.tree))

    def file_of(self, part: Part) -> str:
        """The name of a function's file, if it is not the one of the function that is checked."""
        asked = getattr(self.functions[0], "__code__", None) if self.functions else None
        return "" if asked is None or part.file == asked.co_filename else os.path.basename(part.file)

    def _is_forward(self, part: Part) -> bool:
        """Whether a function makes nothing but values of the forward pass."""
        floats = [v for entries in part.entries.values() for _, v in entries if v.dtype.kind == "f"]
        made = [v for v in floats if not says_nothing(v)]
        if any(v in self.behind and v not in self.before for v in made):
            return False
        filled = [v for v in made if np.all(v)]  # those with zeros may not be filled yet
        return bool(filled) and all(v in self.before for v in filled)

    def _strange(self, part: Part, s: ast.stmt) -> float:
        """When a line first made a value that does not occur in the true pass: no proof that it is a wrong one."""
        return next((when for when, v in part.made.get(s.lineno, []) if self._strays(v)), math.inf)

    def _strays(self, value: Any) -> bool:
        if isinstance(value, (int, float)):  # many a sum begins with the number 0
            return value != 0
        return not isinstance(value, np.ndarray) or not self._occurs(value)

    def _is_before(self, value: Array) -> bool:
        """Whether an operand is a value of the forward pass."""
        v = value.astype(float) if value.dtype.kind in "iub" else value
        return v in self.before or self._is_ordinary(v) or is_mask(v)

    def _occurs(self, value: Array) -> bool:
        v = value.astype(float) if value.dtype.kind in "iub" else value
        return v in self.behind or v in self._plain or self._is_ordinary(v)

    def _is_ordinary(self, value: Array) -> bool:
        if value.dtype.kind != "f" or not says_nothing(value):
            return False
        same = self._ordinary.get(value.shape, []) + [v.T for v in self._ordinary.get(value.shape[::-1], [])]
        return any(self.same(factor * value, v) for factor in self.factors for v in same)

    def _results(self) -> Mapping[str, Array]:
        """What the program as it is now answers."""
        self.runs += 1
        self.spent += self.cost
        try:
            return dict(self.runner()())
        except Exception:  # whatever a changed program raises
            return dict(self.cases[0].found)

    def reach(self, part: Part, s: ast.stmt, now: Mapping[str, Array] | None = None) -> set[str] | None:
        """The gradients that change when the value of a statement does; None where it cannot be another.

        They are compared with what the program answers now, which is what it answered at first if none are given.
        """
        value = getattr(s, "value", None)
        if isinstance(s, ast.Expr) and (added := added_at(s)) is not None:
            result = self._with(Edit(s, value, "args", 2, _probed(added), "", "", part), 0)
        elif value is None or isinstance(value, (ast.Tuple, ast.Dict, ast.List)) or isinstance(s, ast.Expr):
            return None
        else:
            result = self._with(Edit(s, s, "value", None, _probed(value), "", "", part), 0)
        if result is None:
            return None
        if not result:
            return set()
        found = self.cases[0].found if now is None else now
        return {k for k, v in found.items() if k not in result or not self.same(result[k], v)}

    def _first(self, lines: list[Line], left: list[str]) -> Line | None:
        """The first line that everything which is still wrong depends on, and nothing that is right."""
        return next((line for line in lines if left and line.reach == frozenset(left)), None)


def added_at(s: ast.Expr) -> ast.expr | None:
    """What a statement adds to some rows of an array, np.add.at(dW, rows, what); None if it is no such statement."""
    call = s.value
    known = isinstance(call, ast.Call) and len(call.args) == 3 and ast.unparse(call.func).endswith(".at")
    return call.args[2] if known and isinstance(call, ast.Call) else None


def _probed(value: ast.expr) -> ast.expr:
    """Other numbers in the place of those of an expression."""
    return ast.BinOp(ast.BinOp(value, ast.Mult(), ast.Constant(PROBE)), ast.Add(), ast.Constant(PROBE / 10))
