"""How wide a text is where every letter has the same width."""

from __future__ import annotations

import unicodedata


def is_wide(character: str) -> bool:
    """Whether a sign takes two columns, as a Chinese one does; not "" either."""
    return bool(character) and unicodedata.east_asian_width(character) in "WF"


def display_width(text: str) -> int:
    """Columns on a terminal: accents take none, Chinese characters two.

    Examples
    --------
    >>> display_width("ab"), display_width("梯度")
    (2, 4)
    """
    return sum(0 if unicodedata.combining(c) else 1 + is_wide(c) for c in text)
