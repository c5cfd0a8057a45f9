"""A derivation as one HTML page."""

from __future__ import annotations

from html import escape

from autograd_seq.readings.document_rows import Contents, Row

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
figure { margin: 1rem 0; overflow-x: auto; background: #fff; border: 1px solid var(--line); border-radius: 6px; }
figure svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; border-bottom: 2px solid var(--line); padding: .3rem .8rem .3rem 0; }
td { vertical-align: top; border-bottom: 1px solid var(--line); padding: .45rem .8rem .45rem 0; }
td.node { white-space: nowrap; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
td code { display: block; overflow-wrap: anywhere; } td .origin { opacity: .65; font-size: 12px; }
pre { background: var(--soft); padding: 1rem; overflow-x: auto; border-radius: 6px; }
math { font-size: 1.08em; }
.status { border-radius: 3px; padding: 0 .4em; background: var(--soft); white-space: nowrap; }
.proven { background: #2a94; } .refuted { background: #d335; } .checked { background: #28c4; }
"""


def html_page(document: Contents) -> str:
    """The page."""
    title = escape(document.title)
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{title}: forward and backward</h1>",
    ]
    if document.picture:
        parts.append(f"<figure>{document.picture}</figure>")
    parts.append(_table("Forward", document.forward))
    parts.append(_table("Backward", document.backward))
    if document.claims:
        parts.append(_claims(document))
    parts.append("<h2>As a NumPy program</h2>")
    parts.append(f"<pre><code>{escape(document.source)}</code></pre></body></html>")
    return "\n".join(parts) + "\n"


def _table(title: str, rows: tuple[Row, ...]) -> str:
    if not rows:
        return ""
    body = "\n".join(_row(row) for row in rows)
    return (
        f'<h2>{title}</h2>\n<div class="wide"><table>\n<thead><tr><th scope="col">Equation</th>'
        f'<th scope="col">In NumPy</th><th scope="col">Node</th></tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


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
        links = "; ".join(f"{escape(k)}: {escape(v)}" for k, v in claim.links)
        notes = "".join(f'<div class="origin">{escape(note)}</div>' for note in claim.notes)
        cells = (formula(claim.latex, claim.name), _status(claim.status), links + notes)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    notes = "".join(f"<p>{escape(note)}</p>" for note in document.notes)
    return (
        '<h2>What was proven</h2>\n<div class="wide"><table>\n<thead><tr><th scope="col">Gradient by</th>'
        '<th scope="col">Status</th><th scope="col">Links of the proof</th></tr></thead>\n<tbody>\n'
        + "\n".join(rows)
        + f"\n</tbody></table></div>{notes}"
    )


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
