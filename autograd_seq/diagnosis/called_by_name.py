"""Which functions a program's text lets another one call: by name, whatever calls whom."""

from __future__ import annotations

import ast


def reached(source: str, function: str) -> set[str]:
    r"""The names that a function reads, and those that the functions of the text read that it calls.

    Examples
    --------
    >>> text = "def step(c):\n    return c\ndef back(c):\n    return step(c)\ndef backward(u, c):\n    return back(c)"
    >>> sorted(reached(text, "backward") & {"step", "back", "other"})
    ['back', 'step']
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    bodies: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bodies.setdefault(node.name, []).append(node)
    found: set[str] = set()
    waiting = [function]
    while waiting:
        for body in bodies.get(waiting.pop(), ()):
            names = {n.id for n in ast.walk(body) if isinstance(n, ast.Name)}
            names |= {n.attr for n in ast.walk(body) if isinstance(n, ast.Attribute)}
            waiting.extend(names - found)
            found |= names
    return found
