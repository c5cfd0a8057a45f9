"""Cells of tables that hold a sentence are kept wide enough to be read: a browser would give all room to code.

Chinese may be broken after any character, so that a column could become one character wide. Code is broken only where
a line of it would make the table wider than the page.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from what_is_translated import prose

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LONG = 60  # letters of code that have no room beside another column
WORDY = 18  # so many letters are about a line of a column; a Chinese character breaks anywhere, and counts for three


def is_wordy(text: str) -> bool:
    """Whether a text is longer than a narrow column is wide.

    Examples
    --------
    >>> is_wordy("yes"), is_wordy("gates, numbers between 0 and 1"), is_wordy("取值在 0 和 1 之间的门")
    (False, True, True)
    """
    return len(text) + 2 * len(CHINESE.findall(text)) > WORDY


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give such cells a class."""
    for entry in doctree.findall(nodes.entry):
        if is_wordy(prose(entry).strip()):
            entry["classes"].append("wordy")
        if any(len(code.astext()) > LONG for code in entry.findall(nodes.literal)):
            entry["classes"].append("long")


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("doctree-resolved", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
