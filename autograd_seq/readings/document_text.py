"""A derivation as Markdown and as LaTeX."""

from __future__ import annotations

import textwrap

from autograd_seq.readings.document_rows import Contents, Row
from autograd_seq.translation.reader import translated
from autograd_seq.writer.latex_text import CHINESE, in_ascii, in_code, in_math, in_text


def markdown_document(document: Contents, picture: str = "") -> str:
    """Markdown; `picture` is the file of the drawing, if there is one beside it."""
    parts = [f"# {_words(document.heading)}"]
    if picture:
        parts.append(f"![{_words(translated(f'The graph of {document.title}'))}]({picture})")
    for title, rows in document.passes:
        head = [translated("Equation"), translated("In NumPy"), translated("Node"), translated("Made by")]
        parts.append(f"## {title}")
        parts.append("\n".join([*_markdown_head(head), *(_markdown_row(row) for row in rows)]))
    if document.claims:
        parts.append(f"## {translated('What was proven')}")
        lines = _markdown_head([translated("Gradient by"), translated("Status"), translated("Links of the proof")])
        for claim in document.claims:
            more = "".join(f"<br>{_words(note)}" for note in claim.remarks)
            lines.append(f"| ${_cell(claim.latex)}$ | {_words(claim.status)} | {_words(claim.reasons)}{more} |")
        parts.append("\n".join(lines))
        parts.extend(_words(translated(note)) for note in document.notes)
    parts.append(f"## {translated('As a NumPy program')}")
    parts.append(f"```python\n{document.source.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def _markdown_head(cells: list[str]) -> list[str]:
    return [f"| {' | '.join(cells)} |", "|---" * len(cells) + "|"]


def _markdown_row(row: Row) -> str:
    code = "<br>".join(_code(line) for line in row.code)
    status = f" — {_words(row.status)}" if row.status else ""
    line = row.equation.line
    origin = _code(line.text) if line is not None and line.text else ""
    return f"| ${_cell(row.equation.latex)}${status} | {code} | {_words(row.node)} | {origin} |"


def _cell(latex: str) -> str:
    r"""A formula inside a table: | would end the cell, and Markdown takes away a \ before a sign."""
    return latex.replace(r" \\ ", r" \cr ").replace(r"\,", r"\thinspace").replace("|", r"\vert ").replace("\n", " ")


def _code(line: str) -> str:
    fence = "``" if "`" in line else "`"
    return f"{fence}{line}{fence}".replace("|", "\\|")


def _words(text: str) -> str:
    """Words from a user inside Markdown."""
    return "".join("\\" + c if c in "\\`*_[]<>|#$" else c for c in text.replace("\n", " "))


FIRST_PACKAGE = r"\usepackage{amsmath"
CHINESE_FONTS = "\\usepackage[UTF8]{ctex}\n"
PREAMBLE = r"""\documentclass[fleqn]{article}
\usepackage[a4paper,margin=15mm]{geometry}
\usepackage{amsmath,amssymb}
\setlength{\mathindent}{0pt}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
\abovedisplayskip=0pt \abovedisplayshortskip=0pt \postdisplaypenalty=10000
"""
CODE = (  # ctex would set Chinese apart from the letters beside it, as in prose
    r"\providecommand{\code}[1]{\par\nobreak{\raggedright\footnotesize\ttfamily\ifdefined\CJKsetecglue\CJKsetecglue{}\fi"
    r"\hangindent=6em\hspace*{2em}#1\par}}"
)
TEXT_WIDTH = 490.0  # of a line of that page, in points, with a little to spare
LETTERS_IN_LINE = 118  # of the program


def latex_document(document: Contents) -> str:
    """A LaTeX document that needs amsmath, amssymb and geometry only; and ctex, if there is something Chinese in it."""
    body = latex_body(document)
    said = translated("There is Chinese in this document: xelatex makes a PDF of it.")
    fonts = f"% {said}\n{CHINESE_FONTS}" if CHINESE.search(body) else ""
    return PREAMBLE.replace(FIRST_PACKAGE, fonts + FIRST_PACKAGE, 1) + f"{body}\n\\end{{document}}\n"


def latex_body(document: Contents) -> str:
    """The same without preamble and end, to stand inside another document, such as a notebook made into a PDF."""
    parts = [CODE, rf"\section*{{{in_text(document.heading)}}}"]
    for title, rows in document.passes:
        parts.append(rf"\subsection*{{{in_text(title)}}}")
        parts.extend(_latex_row(row) for row in rows)
    if document.claims:
        parts.append(rf"\subsection*{{{in_text(translated('What was proven'))}}}" + "\n" + r"\begin{itemize}")
        for claim in document.claims:
            more = "".join(rf"\\ {in_text(note)}" for note in claim.remarks)
            parts.append(rf"\item ${in_math(claim.latex)}$: {in_text(claim.status)} ({in_text(claim.reasons)}){more}")
        parts.append(r"\end{itemize}")
        parts.extend(in_text(translated(note)) + "\n" for note in document.notes)
    parts.append(rf"\subsection*{{{in_text(translated('As a NumPy program'))}}}")
    listing = "\n".join(_program_line(line) for line in document.source.rstrip().splitlines())
    parts.append("\\begin{footnotesize}\n\\begin{verbatim}\n" + listing + "\n\\end{verbatim}\n\\end{footnotesize}")
    return "\n".join(parts)


def _program_line(line: str) -> str:
    """A line of the listing: a long one goes on in the next as Python allows it, and none ends the listing."""
    plain = in_ascii(line).replace(r"\end{v", r"\end {v")
    wide = len(CHINESE.findall(plain))  # each as wide as two letters
    if len(plain) + wide <= LETTERS_IN_LINE:
        return plain
    margin = " " * (len(plain) - len(plain.lstrip()))
    comment = plain.lstrip().startswith("#")
    margin, joint = (margin + "#       ", "\n") if comment else (margin + " " * 8, " \\\n")
    most = max(LETTERS_IN_LINE // 2, LETTERS_IN_LINE - 2 - wide)
    return joint.join(textwrap.wrap(plain, most, subsequent_indent=margin, break_long_words=False))


def _latex_row(row: Row) -> str:
    code = "".join(f"\\code{{{in_code(line)}}}\n" for line in row.code)
    lines = row.equation.latex_lines(TEXT_WIDTH)
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n" + (code.rstrip() or r"\par\penalty0")
