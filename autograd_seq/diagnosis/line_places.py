"""Where somebody's line can be changed: the expressions within it, the list of statements that it stands in."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.diagnosis.kinds import IN_PLACE_OF
from autograd_seq.diagnosis.own_code import Part

ADDING = ("append", "appendleft", "insert", "extend", "fill")  # methods of a list or an array that change it
ATOMS = (ast.Name, ast.Attribute, ast.Subscript)


@dataclass
class Edit:
    """One expression in place of another, or one statement.

    Attributes
    ----------
    statement : stmt
        Where.
    holder, slot, index : object, str, int or None
        What is replaced: a field of a node, or an element of a list there.
    new : AST
        By what.
    category, words : str
        The kind of mistake that it mends, and what the unchanged line has, put so that "it equals the true value"
        may stand before it.
    mended : str
        What to write, where that is known.
    where : str
        What is wrong, where it is not what the statement makes.
    """

    statement: ast.stmt
    holder: Any
    slot: str
    index: int | None
    new: Any
    category: str
    words: str
    part: Part = field(repr=False, default=None)  # type: ignore[assignment]
    mended: str = ""
    where: str = ""

    @property
    def old(self) -> Any:
        """What stands there."""
        now = getattr(self.holder, self.slot)
        return now if self.index is None else now[self.index]

    def put(self, node: Any) -> None:
        """Put a node there."""
        if self.index is None:
            setattr(self.holder, self.slot, node)
        else:
            getattr(self.holder, self.slot)[self.index] = node


@dataclass
class Together(Edit):
    """The same change of several lines.

    Attributes
    ----------
    each : list of Edit
        The change of each of them; `new` holds what each is replaced by.
    """

    each: list[Edit] = field(default_factory=list)

    @classmethod
    def of(cls, edits: list[Edit]) -> Together:
        """Changes of lines that are alike, told of the first of them."""
        first = edits[0]
        new = ast.Tuple([edit.new for edit in edits], ast.Load())
        return cls(first.statement, first.holder, first.slot, first.index, new, first.category, first.words, each=edits)

    @property
    def old(self) -> Any:
        """What stands there."""
        return ast.Tuple([edit.old for edit in self.each], ast.Load())

    def put(self, node: Any) -> None:
        """Put a node in each place."""
        for edit, new in zip(self.each, node.elts, strict=True):
            edit.put(new)


Place = tuple[Any, str, int | None, ast.expr]  # holder, field, index, node
Rule = Callable[[Part, ast.stmt], Iterator[Edit]]


def places(node: ast.AST) -> Iterator[Place]:
    """The expressions within a statement, outer ones first; not what is assigned to or called."""
    for name, value in ast.iter_fields(node):
        for index, inner in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(inner, ast.stmt):
                continue
            fixed = isinstance(node, ast.Call) and name == "func"
            fixed = fixed or isinstance(node, ast.JoinedStr) or name == "format_spec"  # the pieces of an f-string
            if isinstance(inner, ast.expr) and not fixed and not isinstance(getattr(inner, "ctx", None), ast.Store):
                yield node, name, index, inner
            if isinstance(inner, ast.AST):
                yield from places(inner)


def place_of(s: ast.stmt, node: ast.expr) -> list[tuple[Any, str, int | None]]:
    """Where an expression stands within a statement; nowhere, if it is what is called there."""
    return [place[:3] for place in places(s) if place[3] is node]


class GoneError(LookupError):
    """A statement does not stand in a function any more, as a change has put another one in its place."""


def holder_of(tree: ast.AST, s: ast.stmt) -> tuple[Any, str, int]:
    """The list of statements that one stands in."""
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                for i, inner in enumerate(value):
                    if inner is s:
                        return node, name, i
    raise GoneError(target(s))


def said(node: ast.AST, most: int = 70) -> str:
    """Source, as somebody would read it; cut where it is long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def read(text: str) -> ast.expr:
    """An expression."""
    return ast.parse(text, mode="eval").body


def called(node: ast.Call) -> str:
    """The name of the function or the method that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def with_operand(node: ast.AST, old: str, new: str) -> str:
    """The source of something with one operand in place of another, wherever it is read."""
    return ast.unparse(_InPlaceOf(read(old), read(new)).visit(copy.deepcopy(node)))


class _InPlaceOf(ast.NodeTransformer):
    """One expression for another; not for what is only called so, as a keyword is, or is stored into."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old, self._text, self._new = type(old), ast.unparse(old), new

    def visit(self, node: ast.AST) -> Any:
        """The new one, where the old one stands."""
        read_there = type(node) is self._old and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        return self._new if read_there and ast.unparse(node) == self._text else self.generic_visit(node)


def target(statement: ast.stmt) -> str:
    """What a statement makes."""
    if isinstance(statement, ast.Assign):
        return said(statement.targets[0])
    if isinstance(statement, (ast.AugAssign, ast.For, ast.AnnAssign)):
        return said(statement.target)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        return said(called.value) if isinstance(called, ast.Attribute) and called.attr in ADDING else said(statement)
    return "what is returned" if isinstance(statement, ast.Return) else said(statement)


def swapped(place: Place, s: ast.stmt, new: ast.expr, category: str) -> Edit:
    """One operand in place of another, said with the entry that it is the index of: hs[t], not t."""
    holder, name, index, old = place
    edit = Edit(s, holder, name, index, new, category, "")
    whole: ast.AST = holder if isinstance(holder, ast.Attribute) and holder.attr == "T" else old
    for node in ast.walk(s):
        if isinstance(node, ast.Subscript) and node.slice in (old, holder):
            whole = node
    wrong = said(whole)
    edit.put(new)
    right = said(new if whole is old else whole)
    edit.put(old)
    edit.words = IN_PLACE_OF(wrong, right).words
    return edit
