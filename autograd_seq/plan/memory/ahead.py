"""Views of memory that are the same at every call are taken once, before."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence


def _view(sizes: Sequence[str]) -> re.Pattern[str]:
    """A slice of a block in another shape, in numbers and sizes alone."""
    number = "|".join([r"[-+*\d:, ]", *(rf"\b{re.escape(size)}\b" for size in sizes)])
    return re.compile(
        rf"(?<![\w.])([^\W\d]\w*)(\[(?:{number})*\])?((?:\.T\b|\.(?:reshape|transpose)\((?:{number})*\))+)(?!\w)"
    )


def views_ahead(
    body: list[str], blocks: Container[str], fresh: Callable[[str], str], sizes: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Give names to slices of blocks in another shape.

    Parameters
    ----------
    body : list of str
        The statements of a program; those of loops are left as they are.
    blocks : collection of str
        The names of memory that stays where it is.
    fresh : function
        From a word, a name that is not taken.
    sizes : list of str
        Names of lengths, which are the same at every call too.

    Returns
    -------
    body, views : list of str
        The statements, and what defines the names.

    Examples
    --------
    >>> views_ahead(["dot(a[1:].reshape(-1, 3), W.T, out=z)"], {"a", "z"}, str)
    (['dot(a_seen, W.T, out=z)'], ['a_seen = a[1:].reshape(-1, 3)'])
    """
    names: dict[str, str] = {}
    pattern = _view(sizes)

    def named(match: re.Match[str]) -> str:
        if match[1] not in blocks:
            return match[0]
        if match[0] not in names:
            names[match[0]] = fresh(f"{match[1]}_seen")
        return names[match[0]]

    changed = [line if line.startswith((" ", "for ")) else pattern.sub(named, line) for line in body]
    return changed, [f"{name} = {view}" for view, name in names.items()]
