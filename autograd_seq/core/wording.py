"""How a message lists what may be written, and guesses what was meant."""

from __future__ import annotations

from collections.abc import Iterable


def one_of(choices: Iterable[str]) -> str:
    """Several choices in a sentence.

    Examples
    --------
    >>> one_of([".html", ".md", ".tex"]), one_of([".json"])
    ('.html, .md or .tex', '.json')
    """
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def perhaps(given: str, known: Iterable[str]) -> str:
    """What somebody may have meant, to end a message with; nothing if no choice is like it.

    Examples
    --------
    >>> perhaps("lstmm", ["gru", "lstm"]), perhaps("x", ["gru", "lstm"])
    (". Did you mean 'lstm'?", '')
    """
    from difflib import get_close_matches  # nobody needs it until something is wrong

    close = get_close_matches(given, list(known), n=1)
    if not close:
        return ""
    question = f"Did you mean {close[0]!r}?"
    return f". {question}"
