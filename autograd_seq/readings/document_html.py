"""A derivation as one HTML page."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from autograd_seq.readings.document_rows import Contents, Row
from autograd_seq.readings.inline_html import figure, heading, inside
from autograd_seq.translation.reader import current, translated, translated_markup

PAGE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
body > .autograd-seq.autograd-seq :is(.wide, pre) { max-height: none; }
"""


def html_page(document: Contents) -> str:
    """The page."""
    title = escape(document.title)
    return (
        f'<!DOCTYPE html>\n<html lang="{current()}"><head><meta charset="utf-8"><title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{PAGE}</style></head><body>\n<h1>{escape(document.heading)}</h1>\n"
        f"{inside(_content(document, lambda text: f'<h2>{text}</h2>'))}\n</body></html>\n"
    )


def html_inside(document: Contents) -> str:
    """The same to stand inside another page, such as a notebook."""
    return inside(heading(escape(document.heading)) + _content(document, heading))


def _content(document: Contents, head: Callable[[str], str]) -> str:
    parts = [figure(document.picture)] if document.picture else []
    for title, rows in document.passes:
        parts += [head(escape(title)), _table(rows)]
    if document.claims:
        parts += [head(escape(translated("What was proven"))), _claims(document)]
    parts += [head(escape(translated("As a NumPy program"))), f"<pre><code>{escape(document.source)}</code></pre>"]
    return "\n".join(parts)


def _table(rows: tuple[Row, ...]) -> str:
    body = "\n".join(_row(row) for row in rows)
    head = translated_markup(
        '<thead><tr><th scope="col">Equation</th><th scope="col">In NumPy</th><th scope="col">Node</th></tr></thead>'
    )
    return f'<div class="wide"><table>\n{head}\n<tbody>\n{body}\n</tbody></table></div>'


def _row(row: Row) -> str:
    code = "".join(f"<code>{escape(line)}</code>" for line in row.code)
    origin = f'<code class="origin">{escape(row.origin)}</code>' if row.origin else ""
    status = f" {_status(row.status)}" if row.status else ""
    return (
        f"<tr><td>{formula(row.equation.latex, row.equation.text)}{status}</td>"
        f'<td>{code}{origin}</td><td class="node">{escape(row.node)}</td></tr>'
    )


def _status(status: str) -> str:
    kind = status if status.isalpha() else ""
    return f'<span class="status {escape(kind)}">{escape(status)}</span>'


def _claims(document: Contents) -> str:
    rows = []
    for claim in document.claims:
        notes = "".join(f'<div class="origin">{escape(note)}</div>' for note in claim.remarks)
        cells = (formula(claim.latex, claim.name), _status(claim.status), escape(claim.reasons) + notes)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    notes = "".join(f"<p>{escape(translated(note))}</p>" for note in document.notes)
    head = translated_markup(
        '<thead><tr><th scope="col">Gradient by</th><th scope="col">Status</th>'
        '<th scope="col">Links of the proof</th></tr></thead>'
    )
    body = "\n".join(rows)
    return f'<div class="wide"><table>\n{head}\n<tbody>\n{body}\n</tbody></table></div>{notes}'


def formula(latex: str, text: str) -> str:
    """A formula in MathML; its Unicode text where no converter is installed."""
    try:
        from latex2mathml.converter import convert
    except ImportError:
        return f"<code>{escape(text)}</code>"
    for kind, left, right in (("bmatrix", "[", "]"), ("pmatrix", "(", ")")):  # so that brackets grow with the matrix
        latex = latex.replace(rf"\begin{{{kind}}}", rf"\left{left}\begin{{matrix}}")
        latex = latex.replace(rf"\end{{{kind}}}", rf"\end{{matrix}}\right{right}")
    return str(convert(latex)).replace('display="inline"', 'display="inline" displaystyle="true"')
