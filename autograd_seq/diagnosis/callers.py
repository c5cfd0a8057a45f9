"""Who calls whom in somebody's program, as far as its statements show it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from autograd_seq.diagnosis.own_code import Part, statements_in
from autograd_seq.diagnosis.watched import Made

SHORT = 7  # statements of a function that takes no longer than a line
MOST_BEFORE = 40  # statements among which an answer is looked for


def called_in(statement: ast.stmt) -> set[str]:
    """The names of the functions and methods that a statement calls."""
    functions = [n.func for n in ast.walk(statement) if isinstance(n, ast.Call)]
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in functions}


def takes_long(m: Made, parts: Sequence[Part]) -> bool:
    """Whether a statement calls one of some functions that is more than a few lines."""
    long = {part.tree.name for part in parts if sum(1 for _ in statements_in(part.tree)) > SHORT}
    return bool(long & called_in(m.statement))


def caller_of(m: Made, made: Sequence[Made]) -> Made | None:
    """The statement that called the function in which another one ran; it is done after that."""
    later = made[made.index(m) + 1 :]
    return next((o for o in later if o.part is not m.part and m.part.tree.name in called_in(o.statement)), None)


def callers_of(parts: Collection[Part], made: Sequence[Made]) -> set[Part]:
    """The functions whose statements call some functions, whatever else they do."""
    names = {part.tree.name for part in parts}
    return {m.part for m in made if m.part not in parts and names & called_in(m.statement)}


def answers_to(m: Made, made: Sequence[Made]) -> Iterator[Made]:
    """The last answers of the functions that a statement called; they were given before it was done.

    What was answered just before was answered to it, whatever it calls the function.
    """
    called = called_in(m.statement)
    before = made[: made.index(m)][-MOST_BEFORE:]
    if called and before and isinstance(before[-1].statement, ast.Return) and before[-1].part is not m.part:
        called.discard(before[-1].part.tree.name)
        yield before[-1]
    for other in reversed(before):
        name = other.part.tree.name
        if name in called and isinstance(other.statement, ast.Return):
            called.discard(name)
            yield other
