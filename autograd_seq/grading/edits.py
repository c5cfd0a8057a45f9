"""Small edits of a line of Python, such as undo a slip: another name, a factor, a sign, a transpose, a step in time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autograd_seq.translation.reader import translated

FACTORS = ("{0} * (1 - {0} ** 2)", "{0} * (1 - {0})", "(1 - {0} ** 2)", "(1 - np.tanh({0}) ** 2)", "{0}")


@dataclass(frozen=True)
class Edit:
    """One change of one line.

    Attributes
    ----------
    line : int
        Its number, from 1.
    before, after : str
        The line as it is and as it would be, without the space around it.
    size : int
        By how much they differ: letters taken away and added.
    """

    line: int
    before: str
    after: str
    size: int

    def __str__(self) -> str:
        return translated(f"line {self.line}: {self.before}\n     to: {self.after}")


def edits(source: str, function: str, first: list[int]) -> Iterator[tuple[Edit, str]]:
    r"""The edits of a function's lines, each with the whole text as it would be; small ones first.

    Parameters
    ----------
    source : str
        Python.
    function : str
        The function's name.
    first : list of int
        The numbers of lines that are edited before all others.

    Examples
    --------
    >>> text = "def f(da, a):\n    return da * (1 - a)"
    >>> [edit.after for edit, _ in edits(text, "f", []) if "**" in edit.after][:1]
    ['return da * (1 - a ** 2)']
    """
    tree = ast.parse(source)
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    lines = source.split("\n")
    found: dict[tuple[int, str], int] = {}
    for node in nodes[-1:]:
        names = sorted({n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"np", "range", "len", "print"})
        for number, start, end, text in _replacements(node, source, names):
            raw = lines[number - 1].encode()
            after = (raw[:start] + text.encode() + raw[end:]).decode()
            key = (number, after)
            size = abs(end - start - len(text)) + min(end - start, len(text)) * (raw[start:end].decode() not in text)
            if after != lines[number - 1] and size < found.get(key, 10**9):
                found[key] = size
    for (number, after), size in sorted(found.items(), key=lambda item: (item[0][0] not in first, item[1], item[0])):
        edit = Edit(number, lines[number - 1].strip(), after.strip(), size)
        yield edit, "\n".join([*lines[: number - 1], after, *lines[number:]])


def _replacements(function: ast.FunctionDef, source: str, names: list[str]) -> Iterator[tuple[int, int, int, str]]:
    """Line, first and last byte, and the text to put there."""
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            yield from _of_assignment(node, source, names)
        if not isinstance(node, ast.expr) or node.end_lineno != node.lineno:
            continue
        text = ast.get_source_segment(source, node)
        if text is not None and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            for new in _of_expression(node, text, source, names):
                yield node.lineno, node.col_offset, node.end_col_offset or 0, new


def _of_assignment(
    node: ast.Assign | ast.AugAssign, source: str, names: list[str]
) -> Iterator[tuple[int, int, int, str]]:
    """``=`` for ``+=`` and the reverse; a further factor or term."""
    value = node.value
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
    if target.end_lineno != value.lineno or value.end_lineno != value.lineno:
        return
    sign = " = " if isinstance(node, ast.AugAssign) else " += "
    yield value.lineno, target.end_col_offset or 0, value.col_offset, sign
    text = ast.get_source_segment(source, value) or ""
    inside = text if not _is_sum(value) else f"({text})"
    for name in names:
        for factor in FACTORS:
            yield value.lineno, value.col_offset, value.end_col_offset or 0, f"{inside} * {factor.format(name)}"


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))


def _of_expression(node: ast.expr, text: str, source: str, names: list[str]) -> Iterator[str]:
    """What may stand in the place of an expression."""
    if isinstance(node, ast.Name):
        yield from (name for name in names if name != node.id)
        yield from (f"{text} ** 2", f"np.tanh({text})", f"{text}.T", f"({text} - 1)", f"({text} + 1)")
    elif isinstance(node, ast.BinOp):
        yield from _of_operation(node, text, source)
    elif isinstance(node, ast.UnaryOp):
        yield ast.get_source_segment(source, node.operand) or text
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "mean"):
        own = ast.get_source_segment(source, node.value) or text
        yield own if node.attr == "T" else f"{own}.sum"
    elif isinstance(node, ast.Call):
        yield from _of_call(node, text, source)
    elif isinstance(node, ast.Slice):
        yield from _of_slice(node, source)
    if isinstance(node, (ast.Subscript, ast.Name)):
        yield from (f"{text} + {name}" for name in names)
        yield f"{text}.T"
    if isinstance(node, (ast.BinOp, ast.Call, ast.Subscript)):
        yield f"-({text})" if _is_sum(node) else f"-{text}"


def _of_operation(node: ast.BinOp, text: str, source: str) -> Iterator[str]:
    left, right = (ast.get_source_segment(source, side) or text for side in (node.left, node.right))
    yield left
    yield right
    swapped = {ast.Add: "-", ast.Sub: "+", ast.Mult: "@", ast.MatMult: "*"}.get(type(node.op))
    if swapped:
        yield f"{left} {swapped} {right}"
        yield f"{right} {swapped} {left}"
    if isinstance(node.op, (ast.MatMult, ast.Sub)):
        yield f"{right} {'@' if isinstance(node.op, ast.MatMult) else '-'} {left}"


def _of_call(node: ast.Call, text: str, source: str) -> Iterator[str]:
    function = ast.get_source_segment(source, node.func) or ""
    arguments = text[len(function) :]
    if function == "np.mean":
        yield f"np.sum{arguments}"
    if function in ("np.sum", "np.mean") or function.endswith((".sum", ".mean")):
        bare = arguments[:-1].rstrip()
        comma = "" if bare.endswith("(") else ", "
        yield f"{function}{bare}{comma}keepdims=True)"
        yield f"{function}{bare}{comma}axis=1, keepdims=True)"
        yield text.replace("axis=0", "axis=1")
    if function == "range":
        yield f"reversed({text})"
    if len(node.args) == 1 and function.startswith("np."):
        yield ast.get_source_segment(source, node.args[0]) or text
    if function == "np.dot" and len(node.args) == 2:
        first, second = (ast.get_source_segment(source, part) or "" for part in node.args)
        yield f"np.dot({second}, {first})"


def _of_slice(node: ast.Slice, source: str) -> Iterator[str]:
    """The other part of what is cut in two."""
    lower = ast.get_source_segment(source, node.lower) if node.lower is not None else ""
    upper = ast.get_source_segment(source, node.upper) if node.upper is not None else ""
    if bool(lower) != bool(upper):
        bound = (lower or upper or "").lstrip("-")
        yield from (f":{bound}", f"{bound}:", f"-{bound}:", f":-{bound}")


def rewritten(source: str, line: int, correct: str) -> tuple[Edit, str] | None:
    r"""A text with the statement at a line, or the head of a loop there, in another form; None if there is none.

    Examples
    --------
    >>> edit, changed = rewritten("for t in T:\n    a = (b +\n         c)", 2, "a = b")
    >>> changed
    'for t in T:\n    a = b'
    >>> str(edit).splitlines()[-1].strip()
    'to: a = b'
    """
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt) and n.lineno == line]
    if not found:
        return None
    node, lines = found[-1], source.split("\n")
    last = node.body[0].lineno - 1 if isinstance(node, ast.For) else node.end_lineno or line
    before = lines[line - 1 : last]
    space = before[0][: len(before[0]) - len(before[0].lstrip())]
    gone = correct.startswith("without line")
    after = "pass" if gone else correct + (":" if isinstance(node, ast.For) and not correct.endswith(":") else "")
    edit = Edit(line, " ".join(part.strip() for part in before), after, len(after))
    return edit, "\n".join([*lines[: line - 1], space + after, *lines[last:]])
