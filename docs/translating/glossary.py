"""The terms of the field, and whether a translation uses them."""

from __future__ import annotations

import csv
import re
from functools import lru_cache

from autograd_seq.translation.catalogue import FOLDER

FILE = FOLDER / "glossary.csv"


@lru_cache(maxsize=1)
def terms() -> list[tuple[str, re.Pattern[str], list[str]]]:
    """Each English term, where it is meant, and the Chinese words for it; long terms first."""
    with FILE.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        rows = [(row["english"], [row["chinese"], *filter(None, row["also"].split("|"))]) for row in table]
    return [(english, _meant(english), chinese) for english, chinese in sorted(rows, key=lambda r: (-len(r[0]), r[0]))]


def _meant(term: str) -> re.Pattern[str]:
    """Finds a term in words, in the plural too; not in code, as in ``gradient=…`` and ``np.gradient``."""
    words = "[ -]".join(re.escape(word) for word in term.split())
    plural = words[:-1] + "(y|ies)" if term.endswith("y") else words + "(s|es)?"
    return re.compile(rf"(?<![\w.'\"{{-]){plural}(?![\w=(}}_-]|'(?!s)|\"|\.\w|\[)", re.I)


def broken_terms(english: str, said: str) -> list[tuple[str, str]]:
    """The terms of an English message for which its translation has another word, with the right ones.

    Examples
    --------
    >>> broken_terms("the forget gate of {name}", "{name} 的遗忘门")
    []
    """
    found = []
    for term, meant, chinese in terms():
        english, count = meant.subn(" ", english)
        if count and not any(word.lower() in said.lower() for word in chinese):
            found.append((term, " or ".join(chinese)))
    return found
