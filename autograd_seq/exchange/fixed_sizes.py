"""Which sizes of its inputs a written program is for, where it is not for all: a runtime then refuses others."""

from __future__ import annotations

import ast
from collections.abc import Mapping

Sizes = dict[str, list[int | None]]


def fixed_sizes(forward: ast.FunctionDef, shapes: Mapping[str, tuple[int, ...]], time: bool = False) -> Sizes:
    """The size of each axis that must be as it was recorded, None for those that are free, by input.

    Parameters
    ----------
    forward : FunctionDef
        Its first statements refuse other sizes, if it is for some alone.
    shapes : mapping
        Of the inputs, as they were recorded.
    time : bool
        Whether it is for one number of steps in any case.

    Examples
    --------
    >>> program = ast.parse('def f(x): T = x.shape[1]; (y := x[:, 0])').body[0]
    >>> fixed_sizes(program, {"x": (3, 1)})
    {'x': [None, 1]}
    """
    guards = [s.test for s in forward.body if isinstance(s, ast.If) and any(isinstance(r, ast.Raise) for r in s.body)]
    said = [ast.unparse(test) for test in guards]
    all_steps = any(text.startswith("T != ") for text in said)
    found: Sizes = {name: [None] * len(shape) for name, shape in shapes.items()}
    for name, shape in shapes.items():
        for axis in _axes_of_time(forward, name) if time else ():
            found[name][axis] = shape[axis]
        if any(text.startswith(f"np.shape({name}) != ") for text in said):
            found[name] = list(shape)
        for axis in _axes_taken_by_number(forward, name):  # one that a loop goes along as well is as long as it likes
            if axis < len(shape) and (all_steps or shape[axis] == 1):
                found[name][axis] = shape[axis]
    return found


def _axes_taken_by_number(forward: ast.FunctionDef, name: str) -> set[int]:
    """The axes of which elements are taken by number, and none by the step of a loop."""
    parts = _parts(forward, name)
    numbered = {axis for axis, part in parts if isinstance(part, ast.Constant) and type(part.value) is int}
    return numbered - _axes_of_time(forward, name)


def _axes_of_time(forward: ast.FunctionDef, name: str) -> set[int]:
    """The axes along which loops go."""
    return {axis for axis, part in _parts(forward, name) if "t" in _names(part)}


def _parts(forward: ast.FunctionDef, name: str) -> list[tuple[int, ast.expr]]:
    """How the elements of an array are taken: each index, with its axis."""
    found: list[tuple[int, ast.expr]] = []
    for node in ast.walk(forward):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == name:
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            found += enumerate(p for p in parts if not (isinstance(p, ast.Constant) and p.value is None))
    return found


def _names(part: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
