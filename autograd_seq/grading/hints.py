"""Hints in levels: which gradient is wrong; in which line; what kind of mistake it is; the right formula."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.diagnosis.report import plain as bare
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
    if report.failure:
        yield f"  it failed: {report.failure}"
    if report.wrong:
        yield f"  wrong: {', '.join(report.wrong)}"
    if report.missing and not report.failure:
        yield f"  not returned: {', '.join(report.missing)}"
    for number, text in lines:
        yield f"  look at {handed_in.path}:{number}: {text}"
    if right:
        yield f"  right: {', '.join(right)}"


def _lines(report: Any, handed_in: HandedIn, function: str) -> list[tuple[int, str]]:
    """The lines in which a student computes what is wrong: of each cause its own, else those of the gradients."""
    source = handed_in.source.splitlines()
    wanted = [[*cause.where.split(", "), *cause.explains] for cause in report.causes] or [[key] for key in report.wrong]
    found: dict[int, str] = {}
    for names in wanted:
        for name in names:
            numbers = assigned(handed_in.source, function, name)
            if numbers:
                found.update((n, source[n - 1].strip()) for n in numbers[:2])
                break
    return sorted(found.items())[:6]


def assigned(source: str, function: str, name: str) -> list[int]:
    r"""The numbers of the lines in which a function, or one that it may call, gives a value to a name.

    Examples
    --------
    >>> assigned("def f(da):\n    dz_t = da\n    grads['dW'] = dz_t\n    return grads", "f", "dz")
    []
    >>> assigned("def f(da):\n    dz_t = da\n    grads['dW'] = dz_t\n    return grads", "f", "dW")
    [3]
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    defined = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    own = [node for node in defined if node.name == function]
    inside = sorted({line for node in own for line in _given_in(node, bare(name))})
    return inside or sorted({line for node in defined for line in _given_in(node, bare(name))})


def _given_in(function: ast.FunctionDef, name: str) -> Iterator[int]:
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets: Iterable[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(bare(_called(part)) == name for target in targets for part in ast.walk(target)):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            yield from (
                value.lineno
                for key, value in zip(node.keys, node.values)
                if isinstance(key, ast.Constant) and bare(str(key.value)) == name and not isinstance(value, ast.Name)
            )


def _called(node: ast.AST) -> str:
    """What a part of an assignment's target is called: a variable, or the key of an entry."""
    if isinstance(node, ast.Name):
        return node.id
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
