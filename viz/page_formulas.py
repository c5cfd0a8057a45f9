"""Formulas of a page: each written once as a template, in Unicode and in MathML, for all the records that share it.

Where a template names a tensor stands one private-use character, and the page puts the tensor's name
there. So the fifty steps of an unrolled cell share the formulas of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from autograd_seq.core.tensor import Tensor
from autograd_seq.writer import DEEPEST, Writer

FIRST = 0xE000  # private-use characters: no user's text means anything by them
LAST = 0xF8FF

# What latex2mathml makes. Nothing else gets into a page, whatever an operation's LaTeX form says.
ELEMENTS = {
    "math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
}  # fmt: skip
ATTRIBUTES = {
    "stretchy", "mathvariant", "accent", "fence", "separator", "columnalign", "displaystyle", "linethickness",
}  # fmt: skip

Formula = tuple[int, list[int]]


class Formulas:
    """A table of formula templates, filled as a page's records are read.

    Attributes
    ----------
    templates : list of dict
        ``{"t": text}`` or ``{"t": text, "m": MathML as nested lists}``.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> W = Parameter([[0.5]], "W")
    >>> table = Formulas()
    >>> first, second = tanh(W), tanh(W @ W)
    >>> numbers = {W.record: 7, second.inputs[0]: 8}
    >>> table.add(first, numbers), table.add(second, numbers)
    ((0, [7]), (0, [8]))
    """

    def __init__(self) -> None:
        self.templates: list[dict[str, Any]] = []
        self._known: dict[tuple[str, str], int] = {}
        self._convert = _converter()

    def add(self, expression: Tensor, numbers: Mapping[Tensor, int]) -> Formula:
        """The formula of `expression`, stopping at the tensors that have a number (but not at itself).

        Returns
        -------
        tuple
            The template's place in the table, and the numbers of the tensors named in it.
        """
        slots: dict[int, str] = {}

        def refer(x: Tensor) -> str | None:
            if x not in numbers:
                return None
            return slots.setdefault(numbers[x], chr(min(FIRST + len(slots), LAST)))

        text, latex = (Writer(language, refer, _shape).expression(expression)[0] for language in ("text", "latex"))
        return self._place(text, latex), list(slots)

    def reference(self, number: int) -> Formula:
        """The formula that is nothing but a name."""
        return self._place(chr(FIRST), chr(FIRST)), [number]

    def _place(self, text: str, latex: str) -> int:
        if (text, latex) not in self._known:
            self._known[text, latex] = len(self.templates)
            mathml = self._convert(latex)
            self.templates.append({"t": text, "m": mathml} if mathml else {"t": text})
        return self._known[text, latex]


def _shape(x: Tensor, depth: int) -> str | None:
    """What stands for a leaf that the page has no name for, and for what is too deep: its shape."""
    if x.operation is not None and depth <= DEEPEST:
        return None
    return f"[{'×'.join(str(n) for n in x.shape) or '1'}]"


def _converter() -> Callable[[str], list[Any] | None]:
    """LaTeX to MathML where latex2mathml is installed; a function that always says None where it is not."""
    try:
        from latex2mathml.converter import convert
    except ImportError:
        return lambda latex: None

    def mathml(latex: str) -> list[Any] | None:
        try:
            return _nested(ElementTree.fromstring(convert(latex)))
        except Exception:  # whatever a foreign parser raises on a formula, the text is there in its place
            return None

    return mathml


def _nested(element: ElementTree.Element) -> list[Any]:
    """``[tag, attributes, *children]``: data that a page builds elements from, never markup that it parses."""
    tag = element.tag.rpartition("}")[2]
    if tag not in ELEMENTS:
        raise ValueError(f"MathML element {tag}")
    attributes = {key: value for key, value in element.attrib.items() if key in ATTRIBUTES}
    children: list[Any] = [element.text] if element.text and element.text.strip() else []
    return [tag, attributes, *children, *(_nested(child) for child in element)]
