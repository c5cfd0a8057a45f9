"""A user's own operation in a generated program: its value rule, written out as a function, or why that cannot be."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.operation import Operation
from autograd_seq.core.source_line import here


def is_own(operation: Operation) -> bool:
    """Whether a user declared it."""
    return not str(getattr(operation, "__module__", "")).startswith("autograd_seq.")


def written_out(operation: Operation, word: str) -> str:
    """The value rule of an operation as a function of that name, which needs NumPy alone.

    Raises
    ------
    UsageError
        If its text is not at hand, or it uses something of the program around it.
    """
    function: Any = operation.__wrapped__  # type: ignore[attr-defined]
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError) as error:
        raise _refused(operation, "the text of its value rule is not at hand") from error
    if not isinstance(tree, ast.FunctionDef):
        raise _refused(operation, "its value rule is not a function of its own")
    names = inspect.getclosurevars(function)
    numpy = {key for key, value in names.globals.items() if _is_numpy(value)}
    numpy |= {key for key, value in names.nonlocals.items() if _is_numpy(value)}
    if others := sorted(({*names.globals, *names.nonlocals, *names.unbound} - numpy) & _names(tree)):
        raise _refused(operation, f"its value rule uses {', '.join(others)}, which the program would not have")
    tree.name, tree.decorator_list, tree.returns = word, [], None
    for argument in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]:
        argument.annotation = None
    again = [f"{key} = np" for key in sorted(numpy - {"np"})]
    tree.body[:0] = [ast.parse(line).body[0] for line in again]
    return ast.unparse(tree)


def _names(tree: ast.FunctionDef) -> set[str]:
    """The names that a function's body reads."""
    return {node.id for part in tree.body for node in ast.walk(part) if isinstance(node, ast.Name)}


def _is_numpy(value: Any) -> bool:
    return inspect.ismodule(value) and value.__name__ in ("numpy", "autograd_seq.numpy")


def _refused(operation: Operation, why: str) -> UsageError:
    return UsageError(
        f"the operation {operation.name} cannot be written into a program: {why}. Declare how it is written, such as "
        f'source=Form("np.tanh({{0}})"), or let its value rule use NumPy and its arguments alone{here()}'
    )
