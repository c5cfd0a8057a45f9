"""What somebody's line says of its turn: the indices that it reads at, and whether it adds to what is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence

_SUBSCRIPT = re.compile(
    r"(?P<array>[^\W\d][\w.]*)\[(?P<before>(?:[^\[\],]*, )*:?)(?P<index>[^\[\],:]+)(?P<behind>:?)\]"
)
_Place = tuple[str, str, str]  # an array, what stands before its last index, and a colon behind it


def with_their_indices(texts: Sequence[str], source: str) -> list[str]:
    """Texts with the variables of a line in place of the numbers that these were in one of its turns.

    Examples
    --------
    >>> with_their_indices(["without mask[:, 4]", "dp = mask[:, 4] ∘ (p − y[:, 4])"], "dp = p - y[:, t]")
    ['without mask[:, t]', 'dp = mask[:, t] ∘ (p − y[:, t])']
    >>> with_their_indices(["dh = dz[:4] + dh<5>"], "dh = dz[:n]")
    ['dh = dz[:n] + dh<5>']
    >>> with_their_indices(["lam[k] = lam[3] + lam[4]"], "lam[k] += lam[k + 1]")
    ['lam[k] = lam[3] + lam[4]']
    """
    known = _only_ones({pair for pair in _indices(source) if not pair[1].isdigit()})
    pairs = _only_ones({pair for text in texts for pair in _indices(text) if pair[1].isdigit()}).items()
    ends = {index: known[place] for place, index in pairs if place in known and _has_colon(place)}
    steps = {index: known[place] for place, index in pairs if place in known and not _has_colon(place)}

    def theirs(found: re.Match[str]) -> str:
        named = ends if _has_colon(_place(found)) else steps
        index = named.get(found["index"], found["index"])
        return f"{found['array']}[{found['before']}{index}{found['behind']}]"

    return [_SUBSCRIPT.sub(theirs, text) for text in texts]


def _only_ones(pairs: set[tuple[_Place, str]]) -> dict[_Place, str]:
    """The places at which there is one index only: of two nobody can tell which is which."""
    count = Counter(place for place, _ in pairs)
    return {place: index for place, index in pairs if count[place] == 1}


def _indices(text: str) -> Iterator[tuple[_Place, str]]:
    for found in _SUBSCRIPT.finditer(text):
        yield _place(found), found["index"].strip()


def _place(found: re.Match[str]) -> _Place:
    return found["array"], found["before"], found["behind"]


def _has_colon(place: _Place) -> bool:
    """Whether the index is an end of a slice."""
    return place[1].endswith(":") or bool(place[2])


def adds_to(source: str, name: str) -> bool:
    """Whether a line adds to what a variable or an entry holds.

    Examples
    --------
    >>> adds_to("d['W'] = d['W'] + dy @ h.T", "d['W']"), adds_to("dW += dz @ x.T", "dW"), adds_to("dW = dz", "dW")
    (True, True, False)
    """
    try:
        (line,) = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    if isinstance(line, ast.AugAssign):
        return isinstance(line.op, ast.Add) and ast.unparse(line.target) == name
    if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.BinOp):
        return False
    sides = line.value.left, line.value.right
    return isinstance(line.value.op, ast.Add) and any(ast.unparse(side) == name for side in sides)
