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


def padded(text: str, width: int, right: bool = False) -> str:
    """A text with the spaces that make it so many columns wide, after it or before it.

    Examples
    --------
    >>> padded("梯度", 6) + "|", padded("梯度", 6, right=True) + "|"
    ('梯度  |', '  梯度|')
    """
    spaces = " " * (width - display_width(text))
    return spaces + text if right else text + spaces


def shortened(text: str, width: int) -> str:
    """A text cut to so many columns, with … where something is missing.

    Examples
    --------
    >>> shortened("forget", 4), shortened("遗忘门", 5)
    ('for…', '遗忘…')
    """
    if display_width(text) <= width:
        return text
    taken = 0
    for place, character in enumerate(text):
        taken += display_width(character)
        if taken > width - 1:
            return text[:place] + "…"
    return text + "…"
