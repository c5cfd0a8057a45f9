"""Pieces of HTML that stand inside somebody else's page, such as a notebook: they change nothing around them.

Every rule begins with our own class, twice, so that it wins inside over what a notebook says of all its tables, and
holds nowhere else; and no id of a drawing is that of another.
"""

from __future__ import annotations

import hashlib
import re
from itertools import count

from autograd_seq.translation.reader import translated_markup

_number = count(1).__next__

_ID = re.compile(r'\bid="([^"]+)"')
_USE = re.compile(r'(\burl\(#|\b(?:xlink:)?href="#)([^)"]+)|(\baria-(?:labelledby|describedby)=")([^"]+)')

STYLE = """
.A { --line: #8884; --soft: #8881; text-align: left; line-height: 1.5; }
.A [role=heading] { font-weight: 600; font-size: 1.15em; margin: 1.2em 0 .4em; }
.A figure { margin: .6rem 0; overflow: auto; max-height: 85vh; background: #fff; color: #111;
  border: 1px solid var(--line); border-radius: 6px; padding: 0; }
.A figure svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.A .large { font-size: 12px; opacity: .75; cursor: zoom-in; user-select: none; }
.A .large input { margin: 0 .4em 0 0; vertical-align: middle; }
.A .large:has(input:checked) { cursor: zoom-out; }
.A .large:has(input:checked) + figure svg { max-width: none; }
.A .wide { overflow: auto; max-height: 85vh; }
.A table { border-collapse: collapse; width: 100%; table-layout: auto; border: 0; margin: 0; font-size: 1em; }
.A tr, .A tbody tr:nth-child(n), .A tbody tr:nth-child(n):hover { background: none; }
.A th { text-align: left; font-weight: 600; border: 0; border-bottom: 2px solid var(--line);
  padding: .3rem .8rem .3rem 0; white-space: normal; position: sticky; top: 0;
  background: var(--jp-layout-color0, Canvas); }
.A td { text-align: left; vertical-align: top; border: 0; border-bottom: 1px solid var(--line);
  padding: .45rem .8rem .45rem 0; white-space: normal; max-width: none; }
.A td.node { white-space: nowrap; }
.A code, .A pre { font: 13px/1.5 ui-monospace, monospace; background: none; padding: 0; color: inherit; }
.A td code { display: block; overflow-wrap: anywhere; min-width: 14em; }
.A .origin { opacity: .65; font-size: 12px; }
.A pre { background: var(--soft); padding: 1rem; overflow: auto; max-height: 85vh; border-radius: 6px; }
.A math { font-size: 1.08em; }
.A .status { border-radius: 3px; padding: 0 .4em; background: var(--soft); white-space: nowrap; }
.A .proven { background: #2a94; } .A .refuted { background: #d335; } .A .checked { background: #28c4; }
@media print { .A .wide, .A figure, .A pre { max-height: none; } .A .large { display: none; } }
""".replace(".A", ".autograd-seq.autograd-seq")


def inside(content: str) -> str:
    """Content in a box of its own, with its style.

    Examples
    --------
    >>> from autograd_seq.readings.inline_html import inside
    >>> inside("<table></table>")[:26]
    '<div class="autograd-seq">'
    """
    return f'<div class="autograd-seq"><style>{STYLE}</style>\n{content}\n</div>'


def heading(text: str) -> str:
    """A heading that a notebook's table of contents does not take for one of its own; `text` is HTML."""
    return f'<div role="heading" aria-level="4">{text}</div>'


def figure(svg: str) -> str:
    """A drawing as wide as the column; ticked, as large as it was drawn, to be scrolled."""
    tick = translated_markup('<label class="large"><input type="checkbox">full size</label>')
    return f"{tick}<figure>{with_own_ids(svg)}</figure>"


def with_own_ids(svg: str) -> str:
    """The same drawing with ids that no other drawing on the page has, whichever session made it.

    Examples
    --------
    >>> from autograd_seq.readings.inline_html import with_own_ids
    >>> svg = '<svg><g id="n0"/><use href="#n0"/></svg>'
    >>> one, other = with_own_ids(svg), with_own_ids(svg)
    >>> one == other, one.count("n0")
    (False, 2)
    """
    own = f"{hashlib.sha256(svg.encode(errors='replace')).hexdigest()[:8]}-{_number()}-"
    there = set(_ID.findall(svg))
    svg = _ID.sub(lambda found: f'id="{own}{found[1]}"', svg)
    return _USE.sub(lambda found: _use(found, own, there), svg)


def _use(found: re.Match[str], own: str, there: set[str]) -> str:
    """A reference to an id of the same drawing, or to several."""
    before, names = (found[1], found[2]) if found[1] else (found[3], found[4])
    return before + " ".join(own + name if name in there else name for name in names.split(" "))
