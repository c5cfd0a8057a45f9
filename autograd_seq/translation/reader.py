"""The door between English and the reader's language: what is said to a person goes through `translated`.

Nothing in here fails: it is called where errors are printed. What has no translation stays English.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_seq.translation.phrases import Phrases

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh": "中文"}
VARIABLE = "AUTOGRAD_SEQ_LANG"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order in which they count


class _Chosen:
    """What was chosen in this process; None where the environment decides."""

    name: str | None = None


chosen = _Chosen()


def current() -> str:
    """The language that is spoken now: as chosen, else as the environment says, else English."""
    if chosen.name is not None:
        return chosen.name
    wanted = os.environ.get(VARIABLE, "")
    if wanted:
        return wanted if wanted in LANGUAGES else ENGLISH
    locale = next((os.environ[key] for key in _LOCALE if os.environ.get(key)), "")
    return next((name for name in LANGUAGES if locale.startswith(name)), ENGLISH)


def translated(text: str) -> str:
    """A text in the reader's language, with its lines, columns and names as they are.

    Parameters
    ----------
    text : str
        English: a message, a word, or a report of many lines.

    Returns
    -------
    str
        The same in the language of `current`; English where a sentence has no translation.

    Examples
    --------
    >>> translated("a leaf has no history")
    'a leaf has no history'
    """
    language = current()
    return text if language == ENGLISH else _phrases(language).text(text)


def translated_markup(markup: str) -> str:
    """HTML or SVG with the text between its tags, and what its tags say, in the reader's language.

    Examples
    --------
    >>> translated_markup("<b>a leaf</b>")
    '<b>a leaf</b>'
    """
    language = current()
    return markup if language == ENGLISH else _phrases(language).markup(markup)


def in_english(thing: object) -> str:
    """What `str` says of a thing while the language is English: for code that looks into it."""
    before, chosen.name = chosen.name, ENGLISH
    try:
        return str(thing)
    finally:
        chosen.name = before


@cache
def _phrases(language: str) -> Phrases:
    from autograd_seq.translation.catalogue import messages
    from autograd_seq.translation.phrases import Phrases

    return Phrases(messages(language))
