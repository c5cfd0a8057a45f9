"""Trees as text in any language that operations have forms in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_seq.notation import ATOM, PRODUCT, SIGN, SUM, literal
from autograd_seq.readings.step_index import StepIndex
from autograd_seq.readings.tree import Apply, Every, Named, Number, Size, Sizes, Sum, Tree

Call = Callable[[Named], str]


class Verbatim:
    """A setting that is already text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Printer:
    """How trees are written in one language.

    Parameters
    ----------
    language : {"text", "latex", "source"}
        Which form of an operation is taken.
    call : callable
        A `Named` to its name.
    size : callable
        A `Size` to text.
    every : callable
        ``(family, body, summed)`` to the text of a sum or a list over time and its level.
    shift : callable, optional
        A `StepIndex` and a shift to text.
    """

    def __init__(
        self,
        language: str,
        call: Call,
        size: Callable[[Size], str],
        every: Callable[[Any, tuple[str, int], bool], tuple[str, int]],
        time: Callable[[int, int | None], str] = lambda shift, at: repr(StepIndex(shift)) if at is None else str(at),
    ) -> None:
        self.language, self.call, self.size, self.every, self.time = language, call, size, every, time

    def __call__(self, tree: Tree, level: int = 0) -> str:
        """The text of a tree, in parentheses where it must hold as tightly as `level`."""
        text, own = self.write(tree)
        return text if own >= level else f"({text})"

    def write(self, tree: Tree) -> tuple[str, int]:
        """The text of a tree and how tightly it holds."""
        if isinstance(tree, Number):
            return self._number(tree.value)
        if isinstance(tree, Named):
            return self.call(tree), ATOM
        if isinstance(tree, Sum):
            return self._sum([self.write(term) for term in tree.terms])
        if isinstance(tree, Every):
            return self.every(tree.family, self.write(tree.body), tree.summed)
        form = tree.operation.forms[self.language]
        if form.template == "{0}":
            return self.write(tree.operands[0])  # written as what it is made from
        parameters = {k: self._setting(v, tree) for k, v in tree.parameters.items()}
        operands = [self.write(x) for x in tree.operands]
        return form.write(operands, parameters)

    def _number(self, value: Any) -> tuple[str, int]:
        if isinstance(value, float) and 0 < value <= float(np.finfo(np.float32).tiny) and self.language != "source":
            return (r"\varepsilon" if self.language == "latex" else "ε"), ATOM  # a guard against 0
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        text = literal(value) if self.language == "source" else f"{int(value)}" if whole else repr(value)
        if self.language == "text":
            text = text.replace("-", "−", 1) if text.startswith("-") else text
        return text, SIGN if text[0] in "-−" else ATOM

    def _sum(self, terms: Sequence[tuple[str, int]]) -> tuple[str, int]:
        if len(terms) == 1:
            return terms[0]
        text = ""
        for i, (term, level) in enumerate(terms):
            term = term if level >= SUM else f"({term})"
            if i and term[0] in "-−" and level != SIGN:
                text += f" {term[0]} {term[1:]}"
            else:
                text += (" + " if i else "") + term
        return text or "0", SUM if terms else ATOM

    def _setting(self, value: Any, tree: Apply) -> Any:
        if isinstance(value, Size):
            return Verbatim(self.size(value))
        if isinstance(value, Sizes):
            return Verbatim(" + ".join(self.size(size) for size in value.sizes))
        if isinstance(value, tuple):
            return tuple(self._setting(part, tree) for part in value)
        if isinstance(value, slice):
            return slice(*(self._setting(part, tree) for part in (value.start, value.stop, value.step)))
        if isinstance(value, StepIndex):
            return Verbatim(self.time(value.shift + tree.shift, None if tree.at is None else tree.at + value.shift))
        return value


__all__ = ["PRODUCT", "Printer", "Verbatim"]
