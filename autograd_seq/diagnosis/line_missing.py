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
from autograd_seq.diagnosis.line_places import ATOMS, Edit, said
from autograd_seq.diagnosis.line_statements import stored_in
from autograd_seq.diagnosis.line_texts import all_read
from autograd_seq.diagnosis.line_variables import atoms, numpy_in, shape_of
from autograd_seq.diagnosis.own_code import Part
from autograd_seq.diagnosis.watched import Made, instead

MOST_TERMS = 160  # that are made at one place
MOST_TRUE = 8  # of them that are tried
MOST_GOALS = 6  # for each of them
TURNS = (0, 1)  # of a loop, in which they are made: in the first one much may be 0
LOOPS = (ast.For, ast.While)
BODIES = (*LOOPS, ast.FunctionDef, ast.If)
ROWS = ("-1", "0", ":, -1", ":, 0")  # the first and the last step of an array, time first or examples first
MOST_PLACES = 40  # in one body
AT_THE_END = "at the end of the loop"
IN_THE_CASE = "at the end of what is done if {}"
BEFORE_THE_ANSWER = "before the function answers"
Shape = tuple[int, ...]
Goals = dict[Shape, list[str]]
Place = tuple[Any, int]  # a loop or a function, and before which of its statements


def missing(
    part: Part,
    run: Callable[[], Any],
    known: KnownValues,
    charge: Callable[[int, bool], None],
    wanted: Callable[[str], bool] = lambda name: True,
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
    wanted : callable, optional
        Whether something could be missing from a variable.
    """
    terms = list(_terms(part))
    yield from (edit for edit in _handed_over(part, known) if wanted(edit.where.partition("[")[0]))
    ends = ((end, TURNS) for end in _ends(part))
    for (place, goals, where), turns in itertools.chain(ends, ((there, TURNS[:1]) for there in _between(part))):
        goals = {s: [g for g in found if wanted(g) or wanted(g.partition("[")[0])] for s, found in goals.items()}
        fitting = [term for term, shape in terms if goals.get(shape)][:MOST_TERMS]
        true = _true_ones(part, place, fitting, turns, run, known) if fitting else ()
        charge(len(fitting), False)
        for term, shape in itertools.islice(true, MOST_TRUE):
            for goal in [goal for goal in goals.get(shape, ()) if goal != term][:MOST_GOALS]:
                yield _added(part, place, goal, term, where)


def _handed_over(part: Part, known: KnownValues) -> Iterator[Edit]:
    """What one loop leaves, added to the first or the last step of what the next one reads, as a decoder's state is."""
    names = [a for a, v in part.arrays.items() if a.isidentifier() and a not in part.forward and v in known]
    for place, goals, where in _between(part):
        rows = [(goal, shape) for shape, found in goals.items() for goal in found if "[" in goal]
        for (goal, shape), name in itertools.product(rows, names):
            if shape_of(part, name) == shape and goal.partition("[")[0] != name:
                yield _added(part, place, goal, name, where)


def _ends(part: Part) -> Iterator[tuple[Place, Goals, str]]:
    """The ends of loops and of the function, with what something could be added to there."""
    for holder in [n for n in ast.walk(part.tree) if isinstance(n, BODIES)]:
        body = holder.body
        index = len(body) - isinstance(body[-1], (ast.Return, ast.Break, ast.Continue))
        if index and body[index - 1].lineno in part.ran:
            yield (holder, index), _goals(part, holder), _end_of(holder)


def _end_of(holder: Any) -> str:
    """What the end of a body is called."""
    if isinstance(holder, ast.If):
        return IN_THE_CASE.format(said(holder.test))
    return BEFORE_THE_ANSWER if isinstance(holder, ast.FunctionDef) else AT_THE_END


def _between(part: Part) -> Iterator[tuple[Place, Goals, str]]:
    """Between lines: before one that reads what lines before it have made, and that is made no further afterwards."""
    for holder in [n for n in ast.walk(part.tree) if isinstance(n, BODIES)]:
        for index in range(1, len(holder.body))[:MOST_PLACES]:
            before, s = holder.body[:index], holder.body[index]
            read = {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            made = {name for other in before for name in stored_in(other)} & read - part.forward
            goals: Goals = {}
            for goal in [g for name in made for g in (name, *_rows_of(part, name, holder))]:
                shape = shape_of(part, goal) or _shape_of_row(part, goal)
                if shape:
                    goals.setdefault(shape, []).append(goal)
            if goals and s.lineno in part.ran and before[-1].lineno in part.ran:
                yield (holder, index), goals, f"before {said(_without_body(s))}"


def _without_body(s: ast.stmt) -> ast.stmt:
    """A loop as its first line has it."""
    return ast.copy_location(ast.For(s.target, s.iter, [], []), s) if isinstance(s, ast.For) else s


def _rows_of(part: Part, name: str, holder: Any) -> list[str]:
    """The first and the last step of what holds all of them, where the loop that filled it is over."""
    between_loops = isinstance(holder, ast.FunctionDef) and len(shape_of(part, name) or ()) > 1
    return [f"{name}[{row}]" for row in ROWS] if between_loops else []


def _shape_of_row(part: Part, goal: str) -> Shape:
    whole = shape_of(part, goal.partition("[")[0]) or ()
    return whole[:1] + whole[2:] if "[:" in goal else whole[1:]


def _terms(part: Part) -> Iterator[tuple[str, Shape]]:
    """The products of adjoints and values of the forward pass, as one would write them, and the adjoints."""
    arrays = {a: shape for a in atoms(part) if (shape := shape_of(part, a))}
    live = [a for a in arrays if a not in part.forward]
    alone = [*live, *(a for a in arrays if a in part.forward & part.zeros)]  # at last, as before the first step
    unread = [d for d in alone if d in part.beside and d.endswith("']")]  # such as an answer under a key
    yield from ((d, arrays[d]) for d in unread)
    numpy = numpy_in(part)
    for d, v in itertools.product(live, [a for a in arrays if a in part.forward]):
        if arrays[d] == arrays[v]:
            yield f"{d} * {v}", arrays[d]
        if len(arrays[d]) == len(arrays[v]) == 1 and numpy:
            yield f"{numpy}.outer({d}, {v})", arrays[d] + arrays[v]
        for one, other in ((v, d), (d, v)):
            yield from _products(one, arrays[one], other, arrays[other])
        if arrays[v][:-1] == arrays[d] and len(arrays[d]) > 1 and numpy:  # weights of steps times what stands there
            for axis in range(len(arrays[d])):
                shape = arrays[v][:axis] + arrays[v][axis + 1 :]
                yield f"{numpy}.sum({d}[..., None] * {v}, axis={axis})", shape
    yield from ((d, arrays[d]) for d in alone if d not in unread)
    yield from ((row, shape) for row, shape in _same_rows(arrays, live) if row not in arrays)


def _same_rows(arrays: dict[str, Shape], live: Sequence[str]) -> Iterator[tuple[str, Shape]]:
    """The rows that are taken of one, taken of another of its shape: dxh[:k] where the function has dxfh[:k]."""
    for text in [a for a in live if a.endswith("]")]:
        base, _, rows = text.partition("[")
        for other in live:
            if other != base and other.isidentifier() and arrays.get(base) == arrays[other]:
                yield f"{other}[{rows}", arrays[text]


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
    part: Part, place: Place, terms: Sequence[str], turns: Sequence[int], run: Callable[[], Any], known: KnownValues
) -> Iterator[tuple[str, Shape]]:
    """The terms that are true values which no line makes, at the end of one of the first turns, with their shapes."""
    seen = {None, *(known.which(v) for made in part.entries.values() for _, v in made)}
    for turn in turns:
        found = False
        for term, made in zip(terms, _made_there(part, place, turn, terms, run), strict=False):
            which = known.which(made[0]) if len(made) == 1 else None
            if which not in seen:  # in the first turn a sum of one term is that term, so it may stand there twice
                found = True
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
        return instead(run, Made(part, here, turn, []), [node for node in all_read(terms) if node is not None])
    except Exception:  # it came to no such time
        return []
    finally:
        holder.body = before


def _goals(part: Part, holder: Any) -> Goals:
    """What something could be added to, by its shape: what is stored into there, the last first, or is still zeros."""
    stored = _stored_in(holder)
    found: Goals = {}
    for goal in dict.fromkeys([*reversed(stored), *(a for a in atoms(part) if a in part.zeros)]):
        if (shape := shape_of(part, goal)) is not None and goal not in part.forward - part.zeros:
            found.setdefault(shape, []).append(goal)
    return found


def _stored_in(holder: Any) -> list[str]:
    """What the statements of a body store into."""
    nodes = [n for s in holder.body for n in ast.walk(s)]
    return [ast.unparse(n) for n in nodes if isinstance(n, ATOMS) and isinstance(n.ctx, ast.Store)]


def _added(part: Part, place: Place, goal: str, term: str, where: str) -> Edit:
    """A term added to something, in a line of its own."""
    holder, index = place
    never = goal in part.zeros and goal not in _stored_in(holder)  # it is still what it was before the loop
    whole = f"{goal} = {term}" if never and where == AT_THE_END else f"{goal} = {goal} + {term}"
    (line,) = ast.parse(f"{goal} += {term}" if not goal.isidentifier() else whole).body
    there = holder.body[index - 1]
    for node in ast.walk(line):
        ast.copy_location(node, there)
    made = [s for s in part.statements() if isinstance(s, (ast.Assign, ast.AugAssign)) and goal in goals_of(s)]
    own = [s for s in made if any(s is n for n in ast.walk(holder))] or made
    both = ast.copy_location(ast.If(ast.Constant(True), [there, line], []), there)
    edit = Edit(own[-1] if own else there, holder, "body", index - 1, both, *kinds.NO_TERM(term), part)
    edit.mended, edit.where = f"{said(line)}, {where}", goal
    return edit


def goals_of(s: ast.stmt) -> set[str]:
    """What a statement puts something into, as it is written."""
    goals = s.targets if isinstance(s, ast.Assign) else [s.target] if isinstance(s, ast.AugAssign) else []
    return {ast.unparse(inner) for goal in goals for inner in getattr(goal, "elts", [goal])}
