"""A derivation side by side: the picture, each equation, its line of NumPy, its node, and what was proven."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_seq.core import names
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.folding.unit import Family, Unit
from autograd_seq.readings.derivation import Derivation, as_recorded
from autograd_seq.readings.document_html import html_inside, html_page
from autograd_seq.readings.document_rows import Claimed, Contents, Row
from autograd_seq.readings.document_text import latex_body, latex_document, markdown_document
from autograd_seq.readings.equations import Equation, equations
from autograd_seq.readings.module_text import module_text
from autograd_seq.readings.program import ProgramWriter
from autograd_seq.readings.source import _name_of, function_name
from autograd_seq.storage.files import check_output, is_special, write


@dataclass(frozen=True, repr=False)
class Document(Contents):
    """A whole derivation, in every format; see `Contents` for what is in it."""

    @property
    def text(self) -> str:
        """The equations in Unicode, for a terminal."""
        return f"{self.title}\n\n{self.equations.text}"

    @property
    def html(self) -> str:
        """One page that needs no other file; formulas in MathML where latex2mathml is installed."""
        return html_page(self)

    @property
    def markdown(self) -> str:
        """Markdown with formulas between dollar signs."""
        return markdown_document(self)

    @property
    def latex(self) -> str:
        """A LaTeX document that compiles by itself."""
        return latex_document(self)

    def save(self, path: str | Path) -> Path:
        """Write it to a file: ``.html``, ``.md`` or ``.tex``; a picture for Markdown is written beside it.

        What is not a file, such as ``/dev/stdout``, gets Markdown.

        Raises
        ------
        UsageError
            For any other ending.
        FileError
            If it cannot be written.
        """
        target = Path(path)
        suffix = target.suffix.lower() or (".md" if is_special(target) else "")
        picture = target.with_suffix(".svg") if suffix == ".md" and self.picture and not is_special(target) else None
        writers: dict[str, Callable[[], str]] = {
            ".html": lambda: self.html,
            ".md": lambda: markdown_document(self, picture.name if picture else ""),
            ".tex": lambda: self.latex,
        }
        if suffix not in writers:
            raise UsageError(f"a derivation is written as .html, .md or .tex, not as {target.name!r}{here()}")
        for written in filter(None, (target, picture)):
            check_output(written)
        text = writers[suffix]()
        if picture is not None:
            write(picture, self.picture)
        return write(target, text)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_inside(self)

    def _repr_latex_(self) -> str:
        return latex_body(self)


def derive(thing: Any, title: str | None = None, picture: Any = None, proof: Any = None) -> Document:
    """The whole derivation of a cell, a run or a loss, side by side with its code.

    Parameters
    ----------
    thing : Tensor, Graph, Recording, run or cell
        What to derive. For a cell, it is run over four steps of two examples.
    title : str, optional
        What it is called; the cell's class if not given.
    picture : str or callable, optional
        An SVG drawing, or a function from `thing` to one (to its text, or to an object with ``.svg``).
    proof : Proof or callable, optional
        What was proven of the gradients, or a function from the scalar J to that, such as `prove`.

    Returns
    -------
    Document
        With ``.text``, ``.html``, ``.markdown``, ``.latex`` and ``.save(path)``.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, derive, name, scope, steps, sum, tanh
    >>> W = Parameter([[0.5]], "W")
    >>> with scope(time=0):
    ...     a = Tensor([[1.0]], "a")
    >>> for t in steps(4):
    ...     a = name(tanh(W @ a), "a")
    >>> document = derive(name(sum(a), "J"), title="A power of W")
    >>> document.backward[-1].equation.text, document.backward[-1].code
    ('∂J/∂W = Σ_t dz_a<t> a<t-1>ᵀ', ('dW += dz_a @ a[t - 1].T',))
    """
    if title is not None and not isinstance(title, str):
        raise UsageError(f"a title is a text, not {type(title).__name__}{here()}")
    derivation = Derivation(thing)
    title = names.whole(title or _name_of(thing))
    found = proof(as_recorded(thing)) if callable(proof) else proof
    claims = _claims(derivation, found) if found is not None else ()
    both = equations(derivation)
    writer = ProgramWriter(derivation, function_name(_name_of(thing) if title is None else title))
    code = _code(writer)
    status = {claim.name: claim.status for claim in claims}
    drawing = picture(thing) if callable(picture) else picture
    return Document(
        title,
        both,
        _rows(both.forward, code, status),
        _rows(both.backward, code, status),
        module_text(writer),
        _svg(drawing),
        claims,
        tuple(getattr(found, "notes", ()) or ()),
    )


def _rows(passed: tuple[Equation, ...], code: dict[Unit, list[str]], status: dict[str, str]) -> tuple[Row, ...]:
    """The equations with what stands beside them: a loop's code beside the equation of its steps, not of its begin."""
    general: dict[Unit, Equation] = {}
    for equation in sorted(passed, key=lambda equation: not equation.times):
        general.setdefault(equation.left.unit, equation)
    rows: list[Row] = []
    for equation in passed:
        unit = equation.left.unit
        lines = tuple(code.get(unit, [])) if general[unit] is equation else ()
        line = equation.line
        origin = f"{line}: {line.text}" if line is not None and line.text else ""
        rows.append(Row(equation, lines, equation.node, origin, status.get(_gradient_name(equation), "")))
    return tuple(rows)


def _gradient_name(equation: Equation) -> str:
    """The text name of the leaf that an equation gives the gradient of."""
    owner = equation.derivation.adjoint_of.get(equation.left.unit)
    if owner is None or not owner.leaf or owner not in equation.derivation.names:
        return ""
    return _label(equation.derivation, owner)


def _label(derivation: Derivation, unit: Unit) -> str:
    return names.text(derivation.names[unit], derivation.scope(unit), "t" if isinstance(unit, Family) else None)


def _code(writer: ProgramWriter) -> dict[Unit, list[str]]:
    """The program's statements by what they compute, without those that only make room."""
    found: dict[Unit, list[str]] = {}
    for line in [*writer.forward_lines, *writer.backward_lines]:
        if line.depth or not re.search(r"= (np\.zeros|0\.0$|\{)|^for ", line.text):
            found.setdefault(line.unit, []).append(line.text)
    return found


def _claims(derivation: Derivation, proof: Any) -> tuple[Claimed, ...]:
    if not isinstance(getattr(proof, "claims", None), dict):
        raise UsageError(f"proof is prove, or what prove(loss) returns, not {type(proof).__name__}{here()}")
    by_record = {}
    for key in proof:
        claim = proof[key]
        by_record[id(getattr(claim, "parameter", None))] = claim
    result = []
    for unit in derivation.parameters:
        claim = by_record.get(id(unit.record)) if not isinstance(unit, Family) else None
        if claim is not None and unit in derivation.names:
            name = derivation.names[unit]
            links = tuple((str(k), str(v)) for k, v in getattr(claim, "links", {}).items())
            latex = names.latex(name, "", derivation.scope(unit))
            result.append(Claimed(_label(derivation, unit), latex, str(claim.status), links, tuple(claim.notes)))
    return tuple(result)


def _svg(drawing: Any) -> str:
    """The drawing's text, from its <svg> on."""
    text = getattr(drawing, "svg", "" if drawing is None else drawing)
    if not isinstance(text, str):
        raise UsageError(f"a picture is SVG text or something with .svg, not {type(drawing).__name__}{here()}")
    start = text.find("<svg")
    return text[start:].strip() if start >= 0 else ""
