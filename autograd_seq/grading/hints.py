"""Hints in levels: which gradient is wrong; in which line; what kind of mistake it is; the right formula."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.diagnosis.finding import plain as bare
from autograd_seq.diagnosis.report import BackwardReport
from autograd_seq.grading.handed_in import HandedIn

Hints = Literal[1, 2, 3, 4, "rising"]
LEVELS = {1: "which gradient", 2: "which line", 3: "which kind of mistake", 4: "the formula"}


def level_of(hints: Any, attempt: int = 1, hints_only: bool = False) -> int:
    """How much is said.

    Parameters
    ----------
    hints : {1, 2, 3, 4, "rising"}, optional
        A level, or one more each attempt; without it all is said, or, with `hints_only`, no formula.
    attempt : int
        The number of the attempt, from 1.

    Raises
    ------
    ValueRangeError
        If one of them is no such number.

    Examples
    --------
    >>> level_of("rising", attempt=2), level_of(None), level_of(None, hints_only=True)
    (2, 4, 3)
    """
    if isinstance(attempt, bool) or not isinstance(attempt, int) or attempt < 1:
        raise ValueRangeError(f"attempt must be a whole number from 1 on, not {attempt!r:.80}{here()}")
    if hints is None:
        return 3 if hints_only else 4
    if hints == "rising":
        return min(attempt, 4)
    if hints not in LEVELS or isinstance(hints, bool):
        said = ", ".join(f"{level} ({words})" for level, words in LEVELS.items())
        raise ValueRangeError(f"hints must be {said} or 'rising', not {hints!r:.80}{here()}")
    return int(hints)


def reported(report: Any, handed_in: HandedIn, function: str, level: int) -> tuple[dict[str, Any], str]:
    """A report as plain data and as text, as far as a level of hints lets it be known."""
    if level >= 4 or report.ok:
        return report.to_json(), str(report)
    report.hints_only = True
    data = report.to_json()
    if level == 3:
        return data, str(report)
    lines = _lines(report, handed_in, function) if level == 2 else []
    data["causes"] = []
    data["lines"] = [number for number, _ in lines]
    return data, "\n".join(_told(report, handed_in, lines))


def _told(report: Any, handed_in: HandedIn, lines: list[tuple[int, str]]) -> Iterator[str]:
    right = [key for key, gradient in report.gradients.items() if gradient.ok]
    what = getattr(report, "what", "gradients")
    yield f"{report.name}: {len(right)} of {len(report.gradients)} {what} right"
    inherited = getattr(report, "inherited", None)
    if inherited:
        yield f"  {inherited}"
    elif report.failure:
        yield f"  it failed: {report.failure}"
    if report.wrong:
        yield f"  wrong: {', '.join(report.wrong)}"
    if report.missing and not report.failure:
        yield f"  not returned: {', '.join(report.missing)}"
    for number, text in lines:
        yield f"  look at {handed_in.name}:{number}: {text}"
    if right:
        yield f"  right: {', '.join(right)}"


def _lines(report: Any, handed_in: HandedIn, function: str) -> list[tuple[int, str]]:
    """The lines in which a student computes what is wrong, of each cause its own; else those of the gradients.

    Whichever line the formula is told with later on is the one that is named here.
    """
    if getattr(report, "inherited", None):
        return []  # its own lines are right
    source = handed_in.source.splitlines()
    if not isinstance(report, BackwardReport):
        numbers = _Program(handed_in.source, function).results(report.wrong)
        return [(number, source[number - 1].strip()) for number in numbers][:6]
    known = {cause.line for cause in report.causes if cause.line and not cause.file}
    unknown = [(cause.where.split(", "), cause.explains) for cause in report.causes if not cause.line]
    wanted = unknown or ([] if report.causes else [([k], ()) for k in report.wrong])
    found = {number for where, explains in wanted for number in at_fault(handed_in.source, function, where, explains)}
    found |= {number for number in known if 0 < number <= len(source)}
    return [(number, source[number - 1].strip()) for number in sorted(found)][:6]


def at_fault(source: str, function: str, where: Sequence[str], explains: Sequence[str]) -> list[int]:
    r"""The lines in which a quantity is computed that has a name of its own in a report, and another in the program.

    Those that give a value to what is called so; else to what all the gradients are computed from that follow from it;
    else those of these gradients.

    Examples
    --------
    >>> text = "def f(da):\n    dtanh = da\n    return {'dW': dtanh @ x, 'db': dtanh.sum()}"
    >>> at_fault(text, "f", ["dz_a"], ["dW", "db"])
    [2]
    """
    program = _Program(source, function)
    own = [number for name in where for number in program.lines(name)]
    return own[:2] or program.common(explains)[:2] or [n for name in explains for n in program.lines(name)][:2]


def assigned(source: str, function: str, name: str) -> list[int]:
    r"""The numbers of the lines in which a function, or else another one there, gives a value to a name.

    Examples
    --------
    >>> assigned("def f(da):\n    dz_t = da\n    grads['dW'] = dz_t\n    return grads", "f", "dz")
    []
    >>> assigned("def f(da):\n    dz_t = da\n    grads['dW'] = dz_t\n    return grads", "f", "dW")
    [3]
    """
    return _Program(source, function).lines(name)


class _Program:
    """What each variable, and each entry of a dict, of a function is given."""

    def __init__(self, source: str, function: str) -> None:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            tree = ast.Module([], [])
        defined = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        own = [node for node in defined if node.name == function]
        self._returns = [n.lineno for node in own for n in ast.walk(node) if isinstance(n, ast.Return)]
        self._own = [given for node in own for given in _given_in(node)]
        self._all = [given for node in defined for given in _given_in(node)]

    def lines(self, name: str) -> list[int]:
        """Where something is given a value."""
        own = {node.lineno for key, node in self._own if key == bare(name)}
        return sorted(own or {node.lineno for key, node in self._all if key == bare(name)})

    def results(self, names: Sequence[str]) -> list[int]:
        """Where the function gives its results their values, if that can be seen; else where it returns them."""
        asked = {bare(name.rpartition(".")[2]) for name in names}
        return sorted({node.lineno for key, node in self._own if key in asked} or self._returns[:2])

    def common(self, names: Sequence[str]) -> list[int]:
        """Where the variables are given their values from which several quantities are all computed."""
        asked = [[node for key, node in self._own if key == bare(name)] for name in names]
        used = [{n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)} for nodes in asked if nodes]
        shared = set.intersection(*used) if len(used) > 1 else set()
        return sorted({node.lineno for key, node in self._own if key in map(bare, shared)})


def _given_in(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Each name that a function gives a value to, with that value."""
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            targets: Iterable[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
            called = {bare(_called(part)) for target in targets for part in ast.walk(target)} - {""}
            yield from ((name, node.value) for name in called)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and not isinstance(value, ast.Name):
                    yield bare(str(key.value)), value


def _called(node: ast.AST) -> str:
    """What a part of an assignment's target is called: a variable, or the key of an entry."""
    if isinstance(node, ast.Name):
        return node.id
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
