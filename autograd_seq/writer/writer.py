"""The writer: records and trees as text, in LaTeX, as source and as formulas.

It goes down through what a record was made from, or through a tree, and has each operation written by the
`Form` that it declares; so it knows forms and how tightly they hold together, and no operation. Whoever asks
says two things: what to call something instead of writing it out, and where to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_seq.core.notation import ATOM, Form, Total, Written, enclosed, subscript
from autograd_seq.core.record import Record
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.step_index import GivenAt, GivenIndex, StepIndex
from autograd_seq.folding.unit import Family
from autograd_seq.writer.numerals import as_number, numeral
from autograd_seq.writer.tree import Apply, Every, Named, Number, Size, Sizes, Sum, Tree

DEEPEST = 12  # operations written out, one inside the other
GAP = "…"

Called = str | Written | None  # a bare text is a name: nothing tears it apart
Refer = Callable[[Any], Called]
Stop = Callable[[Any, int], Called]


def in_numpy(operation: Any) -> Form | None:
    """How an operation is written in NumPy; None if it does not say so."""
    form: Form | None = operation.forms.get("source")
    return form


def only_leaves(x: Any, depth: int) -> Called:
    """Stop where nothing is left to write out."""
    return GAP if x.operation is None else None


def too_deep(x: Any, depth: int) -> Called:
    """Stop at leaves, and where what is written would be too long to read."""
    return GAP if x.operation is None or depth > DEEPEST else None


@dataclass(frozen=True)
class Steps:
    """How a tree's time steps are written.

    Attributes
    ----------
    size : callable
        A `Size` to text.
    every : callable
        ``(family, body, summed)`` to a sum or a list over time.
    given : callable
        ``(index, shift, at)`` to an index that data give for the step t + shift, or for the step `at`.
    number : callable
        A `Number` to what is written in its place; None where it is written as it is.
    time : callable
        ``(shift, at)`` to the step t + shift, or to the step `at` if it is given.
    """

    size: Callable[[Size], str]
    every: Callable[[Family, Written, bool], Written]
    given: Callable[[GivenIndex, int, int | None], str]
    number: Callable[[Number], Written | None] = lambda number: None
    time: Callable[[int, int | None], str] = lambda shift, at: repr(StepIndex(shift)) if at is None else str(at)


class Writer:
    r"""Writes records and trees in one language.

    Parameters
    ----------
    language : {"text", "latex", "source", "formula"}
        Which form of an operation is taken.
    refer : callable
        What a record, or the name in a tree, is called instead of being written out; None to write it out. A name
        that is more than one word, such as ``∂J/∂W``, comes with its level.
    stop : callable, optional
        ``(x, depth)`` to what stands in place of something without a name that is not written out; None to go on.
    most : int, optional
        How many operands of one operation are written; of more, those in the middle are left out.
    steps : Steps, optional
        How time is written, which only trees have.

    Examples
    --------
    >>> from autograd_seq import Tensor, tanh
    >>> a, b = Tensor([1.0], "a"), Tensor([2.0], "b")
    >>> text, latex = (Writer(language, lambda x: x.name) for language in ("text", "latex"))
    >>> text(-tanh(a + b) * 2), latex(-tanh(a + b) * 2)
    ('(−tanh(a + b)) ∘ 2', '(-\\tanh(a + b)) \\circ 2')
    """

    def __init__(
        self,
        language: str,
        refer: Refer,
        stop: Stop = only_leaves,
        most: int | None = None,
        steps: Steps | None = None,
    ) -> None:
        self.language, self.refer, self.stop, self.most, self.steps = language, refer, stop, most, steps

    def __call__(self, x: Record | Tree, level: int = 0) -> str:
        """The text, in parentheses where it must hold as tightly as `level`."""
        return enclosed(self.write(x), level)

    def write(self, x: Record | Tree, depth: int = 0) -> Written:
        """The text and how tightly it holds: what something is called, or what it is made of."""
        called = self.refer(x) if isinstance(x, (Record, Named)) else None
        return self.expression(x, depth) if called is None else _with_level(called)

    def expression(self, x: Record | Tree, depth: int = 0) -> Written:
        """What something is made of, even if it has a name."""
        if isinstance(x, Number):
            named = None if self.steps is None else self.steps.number(x)
            return numeral(x.value, self.language) if named is None else named
        if isinstance(x, Sum):
            return Total().write([self.write(term, depth) for term in x.terms], {})
        if isinstance(x, Every):
            assert self.steps is not None
            return self.steps.every(x.family, self.write(x.body, depth), x.summed)
        if isinstance(x, Record) and is_literal(x):
            return numeral(as_number(x._value), self.language)
        stands = self.stop(x, depth)
        return self._applied(x, depth) if stands is None else _with_level(stands)

    def _applied(self, x: Any, depth: int) -> Written:
        """An operation by its form, with its operands filled in."""
        inputs: Sequence[Any] = x.operands if isinstance(x, Apply) else x.inputs
        if x.operation.forms[self.language].silent:
            return self.write(inputs[0], depth)
        if self.most is None or len(inputs) <= self.most:
            return self.filled(x, [self.write(y, depth + 1) for y in inputs])
        first = [self.write(y, depth + 1) for y in inputs[: self.most // 2]]
        try:
            return self.filled(x, [*first, (GAP, ATOM), self.write(inputs[-1], depth + 1)])
        except (LookupError, ValueError, TypeError):  # it needs all of them
            return f"{x.operation.name}({GAP})", ATOM

    def filled(self, x: Any, operands: Sequence[Written]) -> Written:
        """The operation of a record or a tree over operands that are written already."""
        settings = {k: self._setting(v, x) for k, v in x.settings.items()} if isinstance(x, Apply) else x.settings
        return self.form(x).write(operands, settings)

    def form(self, x: Any) -> Form:
        """How the operation of a record or a tree is written."""
        form: Form = x.operation.forms[self.language]
        return form

    def index(self, value: Any, tree: Apply) -> str:
        """An index among the settings of a tree, as it stands between brackets."""
        return subscript(self._setting(value, tree))

    def _setting(self, value: Any, tree: Apply) -> Any:
        """A setting of a tree, with its lengths and steps as text."""
        if isinstance(value, tuple):
            return tuple(self._setting(part, tree) for part in value)
        if isinstance(value, slice):
            return slice(*(self._setting(part, tree) for part in (value.start, value.stop, value.step)))
        if self.steps is not None and isinstance(value, GivenAt):
            return _with_more(self.steps.given(value.index.data, 0, value.time), value.index.more)
        if self.steps is not None and isinstance(value, GivenIndex):
            at = None if tree.at is None else tree.at + value.shift
            return _with_more(self.steps.given(value.data, tree.shift + value.shift, at), value.more)
        if self.steps is not None and isinstance(value, (Size, Sizes, StepIndex)):
            if isinstance(value, StepIndex):
                at = None if tree.at is None else tree.at + value.shift
                return Verbatim(self.steps.time(value.shift + tree.shift, at))
            parts = value.sizes if isinstance(value, Sizes) else (value,)
            return Verbatim(" + ".join(self.steps.size(size) for size in parts))
        return value


class Verbatim:
    """A setting that is already text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _with_more(text: str, more: int) -> Verbatim:
    return Verbatim(f"{text} {'-' if more < 0 else '+'} {abs(more)}" if more else text)


def _with_level(called: str | Written) -> Written:
    return called if isinstance(called, tuple) else (called, ATOM)
