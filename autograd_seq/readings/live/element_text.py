"""The text of one element, such as ``"np.abs({0})"``, read as a term: it is parsed, never run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from autograd_seq.core.traits import Traits
from autograd_seq.readings.live.scalar_terms import RELATIONS, Term, Terms

BINARY: dict[type, str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
}  # fmt: skip
COMPARED: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
FUNCTIONS = {
    "exp", "expm1", "log", "log1p", "sqrt", "tanh", "sin", "cos", "abs", "sign", "sigmoid", "maximum", "minimum",
    "sinh", "cosh", "arctan", "cbrt",
}  # fmt: skip
"""What the text of an element may call and the machine has."""
NUMBERS = {"zero": 0.0, "half": 0.5}  # as the text of an element calls them


def element_term(operation: Traits, terms: Terms, operands: list[Term], settings: Mapping[str, Any]) -> Term | None:
    """One element of an operation as a term; None where it has no such text, or one with a word that is not known.

    Examples
    --------
    >>> from autograd_seq import relu
    >>> terms = Terms()
    >>> found = element_term(relu, terms, [terms.input(0, 0)], {})
    >>> [terms.nodes[i] for i in terms.nodes[found.number][1:]][0][0]
    'less'
    """
    if not operation.element or any(type(setting) not in (int, float) for setting in settings.values()):
        return None
    places = [f"_{i}" for i in range(len(operands))]
    known = {**NUMBERS, **settings, **dict(zip(places, operands, strict=True))}
    try:
        return _read(ast.parse(operation.element.format(*places, **settings), mode="eval").body, terms, known)
    except (KeyError, SyntaxError, IndexError):
        return None


def _read(tree: ast.expr, terms: Terms, known: Mapping[str, Any]) -> Term:
    """What a piece of the text says; KeyError where it has a word that is not known."""

    def read(part: ast.expr) -> Term:
        return _read(part, terms, known)

    if isinstance(tree, ast.Name):
        return terms.number(known[tree.id])
    if isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float)):
        return terms.number(tree.value)
    if isinstance(tree, ast.BinOp):
        return terms.made(BINARY[type(tree.op)], read(tree.left), read(tree.right))
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return terms.made("negative", read(tree.operand))
    if isinstance(tree, ast.IfExp):
        return terms.made("select", read(tree.test), read(tree.body), read(tree.orelse))
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        relation = RELATIONS[COMPARED[type(tree.ops[0])]]
        return terms.made(relation, read(tree.left), read(tree.comparators[0]))
    if isinstance(tree, ast.Call) and (word := _function(tree)) in FUNCTIONS:
        return terms.made(word, *map(read, tree.args))
    raise KeyError(ast.unparse(tree))


def _function(tree: ast.Call) -> str:
    """The function that is called, with or without ``np.`` before it."""
    name = tree.func
    if isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name) and name.value.id == "np":
        return name.attr
    return name.id if isinstance(name, ast.Name) else ""
