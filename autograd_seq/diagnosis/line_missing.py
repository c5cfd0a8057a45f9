"""Lines that are missing: what should be added, at the end of a turn or of a function, to a value that goes on.

Nothing of such a line is there to be changed. But what it adds is a value of the true backward pass, and a product of
what the function has at that time; so the products are made there, and those that are true are tried.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.known_values import KnownValues
from autograd_seq.diagnosis.line_places import ATOMS, Edit, read, said
from autograd_seq.diagnosis.line_variables import atoms, numpy_in, shape_of
from autograd_seq.diagnosis.own_code import Part
from autograd_seq.diagnosis.watched import Made, instead

MOST_TERMS = 160  # that are made at one place
MOST_TRUE = 8  # of them that are tried
MOST_GOALS = 6  # for each of them
TURNS = (0, 1)  # of a loop, in which they are made: in the first one much may be 0
LOOPS = (ast.For, ast.While)
BODIES = (*LOOPS, ast.FunctionDef)
Shape = tuple[int, ...]
Place = tuple[Any, int]  # a loop or a function, and before which of its statements


def missing(
    part: Part, run: Callable[[], Any], known: KnownValues, charge: Callable[[int, bool], None]
) -> Iterator[Edit]:
    """Each true value that can be made at the end of a loop or of the function, added to what has its shape there.

    Parameters
    ----------
    part : Part
        The function.
    run : callable
        Runs the program.
    known : KnownValues
        The values of the true backward pass.
    charge : callable
        Is told how many products were made.
    """
    terms = list(_terms(part))
    for holder in [n for n in ast.walk(part.tree) if isinstance(n, BODIES)]:
        body = holder.body
        place = len(body) - isinstance(body[-1], (ast.Return, ast.Break, ast.Continue))
        if not place or body[place - 1].lineno not in part.ran:
            continue
        goals = _goals(part, holder)
        fitting = [term for term, shape in terms if shape in goals][:MOST_TERMS]
        true = _true_ones(part, (holder, place), fitting, run, known)
        charge(len(fitting), False)
        for term, shape in itertools.islice(true, MOST_TRUE):
            for goal in [goal for goal in goals.get(shape, ()) if goal != term][:MOST_GOALS]:
                yield _added(part, (holder, place), goal, term)


def _terms(part: Part) -> Iterator[tuple[str, Shape]]:
    """The products of adjoints and values of the forward pass, as one would write them, and the adjoints."""
    arrays = {a: shape for a in atoms(part) if (shape := shape_of(part, a))}
    live = [a for a in arrays if a not in part.forward]
    numpy = numpy_in(part)
    for d, v in itertools.product(live, [a for a in arrays if a in part.forward]):
        if arrays[d] == arrays[v]:
            yield f"{d} * {v}", arrays[d]
        if len(arrays[d]) == len(arrays[v]) == 1 and numpy:
            yield f"{numpy}.outer({d}, {v})", arrays[d] + arrays[v]
        for one, other in ((v, d), (d, v)):
            yield from _products(one, arrays[one], other, arrays[other])
    alone = [*live, *(a for a in arrays if a in part.forward & part.zeros)]  # at last, as before the first step
    yield from ((d, arrays[d]) for d in sorted(alone, key=lambda d: d not in part.beside))  # first what nothing reads


def _products(one: str, mine: Shape, other: str, its: Shape) -> Iterator[tuple[str, Shape]]:
    """The matrix products of two arrays, each as it is or transposed."""
    if not 3 <= len(mine) + len(its) <= 4 or max(len(mine), len(its)) > 2:
        return
    left = [(one, mine), *([(f"{one}.T", mine[::-1])] if len(mine) == 2 else [])]
    right = [(other, its), *([(f"{other}.T", its[::-1])] if len(its) == 2 else [])]
    for (a, m), (b, n) in itertools.product(left, right):
        if m[-1] == n[0]:
            yield f"{a} @ {b}", m[:-1] + n[1:]


def _true_ones(
    part: Part, place: Place, terms: Sequence[str], run: Callable[[], Any], known: KnownValues
) -> Iterator[tuple[str, Shape]]:
    """The terms that are true values which no line makes, at the end of one of the first turns, with their shapes."""
    seen = {None, *(known.which(v) for made in part.entries.values() for _, v in made)}
    for turn in TURNS if not isinstance(place[0], ast.FunctionDef) else TURNS[:1]:
        found = False
        for term, made in zip(terms, _made_there(part, place, turn, terms, run), strict=False):
            which = known.which(made[0]) if len(made) == 1 else None
            if which not in seen:
                found = True
                seen.add(which)
                yield term, made[0].shape
        if found:
            return


def _made_there(part: Part, place: Place, turn: int, terms: Sequence[str], run: Callable[[], Any]) -> list[list[Array]]:
    """What terms are at the end of a turn."""
    holder, index = place
    here = ast.copy_location(ast.Assign([ast.Name("_", ast.Store())], ast.Constant(0.0)), holder.body[index - 1])
    ast.fix_missing_locations(here)
    before = holder.body
    holder.body = [*before[:index], here, *before[index:]]
    try:
        return instead(run, Made(part, here, turn, []), [read(term) for term in terms])
    except Exception:  # it came to no such time
        return []
    finally:
        holder.body = before


def _goals(part: Part, holder: Any) -> dict[Shape, list[str]]:
    """What something could be added to, by its shape: what is stored into there, the last first, or is still zeros."""
    stored = _stored_in(holder)
    found: dict[Shape, list[str]] = {}
    for goal in dict.fromkeys([*reversed(stored), *(a for a in atoms(part) if a in part.zeros)]):
        if (shape := shape_of(part, goal)) is not None and goal not in part.forward - part.zeros:
            found.setdefault(shape, []).append(goal)
    return found


def _stored_in(holder: Any) -> list[str]:
    """What the statements of a body store into."""
    nodes = [n for s in holder.body for n in ast.walk(s)]
    return [ast.unparse(n) for n in nodes if isinstance(n, ATOMS) and isinstance(n.ctx, ast.Store)]


def _added(part: Part, place: Place, goal: str, term: str) -> Edit:
    """A term added to something, in a line of its own."""
    holder, index = place
    never = goal in part.zeros and goal not in _stored_in(holder)  # it is still what it was before the loop
    whole = f"{goal} = {term}" if never and isinstance(holder, LOOPS) else f"{goal} = {goal} + {term}"
    (line,) = ast.parse(f"{goal} += {term}" if not goal.isidentifier() else whole).body
    there = holder.body[index - 1]
    for node in ast.walk(line):
        ast.copy_location(node, there)
    made = [s for s in part.statements() if isinstance(s, (ast.Assign, ast.AugAssign)) and goal in _stored_by(s)]
    own = [s for s in made if any(s is n for n in ast.walk(holder))] or made
    both = ast.copy_location(ast.If(ast.Constant(True), [there, line], []), there)
    where = "before the function answers" if isinstance(holder, ast.FunctionDef) else "at the end of the loop"
    edit = Edit(own[-1] if own else there, holder, "body", index - 1, both, *kinds.NO_TERM(term), part)
    edit.mended, edit.where = f"{said(line)}, {where}", goal
    return edit


def _stored_by(s: ast.Assign | ast.AugAssign) -> set[str]:
    goals = s.targets if isinstance(s, ast.Assign) else [s.target]
    return {ast.unparse(inner) for goal in goals for inner in getattr(goal, "elts", [goal])}
