"""A derivation as Markdown and as LaTeX."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from autograd_seq.names import escape_latex

if TYPE_CHECKING:
    from autograd_seq.readings.document import Document, Row


def markdown_document(document: Document, picture: str = "") -> str:
    """Markdown; `picture` is the file of the drawing, if there is one beside it."""
    parts = [f"# {_words(document.title)}: forward and backward"]
    if picture:
        parts.append(f"![The graph of {_words(document.title)}]({picture})")
    for title, rows in (("Forward", document.forward), ("Backward", document.backward)):
        if rows:
            parts.append(f"## {title}")
            lines = ["| Equation | In NumPy | Node | Made by |", "|---|---|---|---|"]
            lines += [_markdown_row(row) for row in rows]
            parts.append("\n".join(lines))
    if document.claims:
        parts.append("## What was proven")
        lines = ["| Gradient by | Status | Links of the proof |", "|---|---|---|"]
        for claim in document.claims:
            links = "; ".join(f"{k}: {v}" for k, v in claim.links)
            more = "".join(f"<br>{_words(note)}" for note in claim.notes)
            lines.append(f"| ${_cell(claim.latex)}$ | {_words(claim.status)} | {_words(links)}{more} |")
        parts.append("\n".join(lines))
        parts.extend(_words(note) for note in document.notes)
    parts.append("## As a NumPy program")
    parts.append(f"```python\n{document.source.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def _markdown_row(row: Row) -> str:
    code = "<br>".join(_code(line) for line in row.code)
    status = f" — {_words(row.status)}" if row.status else ""
    line = row.equation.line
    origin = _code(line.text) if line is not None and line.text else ""
    return f"| ${_cell(row.equation.latex)}${status} | {code} | {_words(row.node)} | {origin} |"


def _cell(latex: str) -> str:
    r"""A formula inside a table: | would end the cell, and Markdown would take one \ of two away."""
    return latex.replace(r" \\ ", r" \cr ").replace("|", r"\vert ").replace("\n", " ")


def _code(line: str) -> str:
    fence = "``" if "`" in line else "`"
    return f"{fence}{line}{fence}".replace("|", "\\|")


def _words(text: str) -> str:
    """Words from a user inside Markdown."""
    return "".join("\\" + c if c in "\\`*_[]<>|#$" else c for c in text.replace("\n", " "))


PREAMBLE = r"""\documentclass{article}
\usepackage[a3paper,landscape,margin=2cm]{geometry}
\usepackage{amsmath,amssymb}
\allowdisplaybreaks
\begin{document}
"""


def latex_document(document: Document) -> str:
    """A LaTeX document that needs amsmath only."""
    parts = [PREAMBLE + rf"\section*{{{_ascii(document.title)}: forward and backward}}"]
    for title, rows in (("Forward", document.forward), ("Backward", document.backward)):
        if rows:
            parts.append(rf"\subsection*{{{title}}}")
            parts.extend(_latex_row(row) for row in rows)
    if document.claims:
        parts.append(r"\subsection*{What was proven}" + "\n" + r"\begin{itemize}")
        for claim in document.claims:
            links = "; ".join(f"{k}: {v}" for k, v in claim.links)
            parts.append(rf"\item ${claim.latex}$: {_ascii(claim.status)} ({_ascii(links)})")
        parts.append(r"\end{itemize}")
    parts.append(r"\subsection*{As a NumPy program}")
    # Python's own escapes for what LaTeX's fonts lack; and no text of a user's may end the listing.
    program = document.source.rstrip().encode("ascii", "backslashreplace").decode().replace(r"\end{v", r"\end {v")
    parts.append("\\begin{small}\n\\begin{verbatim}\n" + program + "\n\\end{verbatim}\n\\end{small}")
    parts.append(r"\end{document}")
    return "\n".join(parts) + "\n"


def _latex_row(row: Row) -> str:
    code = "".join(rf"\noindent\texttt{{\footnotesize {_ascii(line)}}}\par" + "\n" for line in row.code)
    return f"\\[ {row.equation.latex} \\]\n{code}".rstrip()


def _ascii(text: str) -> str:
    """Words inside LaTeX text; what its fonts lack is written by its name."""
    plain = "".join(c if ord(c) < 128 else f"({unicodedata.name(c, 'unknown').lower()})" for c in text)
    return escape_latex(plain)
