"""What stands in quotation marks, kept from a translator: it is a user's text, or code, and goes in verbatim.

Each letter is put far away, where no message has one, and brought back in the end. So a name may be spelt like any
word of a message, or hold a colon or a full stop, and still is one thing.
"""

from __future__ import annotations

import re

_FAR = 0xF0000  # a plane of Unicode where everybody may put what they like
_QUOTED = re.compile(
    r"(?<![A-Za-z0-9_)\]'])'(?:[^'\\\n]|\\.)*'(?![A-Za-z0-9_])"  # 'x', and no apostrophe: students' and student's
    r'|(?<![A-Za-z0-9_)\]"])"(?:[^"\\\n]|\\.)*"(?![A-Za-z0-9_])'
)
_PLACE = re.compile(r"(?<!\{)\{\w+\}(?!\})")  # of a template, which is to be found again
_AWAY = {code: _FAR + code for code in range(ord(" "), 127) if chr(code) not in "'\"{}"}
_BACK = {there: code for code, there in _AWAY.items()}


def hidden(text: str) -> str:
    """A text with what stands in quotation marks spelt with letters that no word has.

    Examples
    --------
    >>> "none" in hidden("parameter 'none' must be finite"), hidden("the students' files")
    (False, "the students' files")
    """
    return _QUOTED.sub(lambda found: found[0].translate(_AWAY), text)


def hidden_in_template(template: str) -> str:
    """A template that matches texts which are `hidden`.

    Examples
    --------
    >>> hidden_in_template("it is '{x}'"), "b" in hidden_in_template("{a} is 'b'")
    ("it is '{x}'", False)
    """
    return _QUOTED.sub(lambda found: found[0] if _PLACE.search(found[0]) else found[0].translate(_AWAY), template)


def shown(text: str) -> str:
    """The same with those letters as they were.

    Examples
    --------
    >>> shown(hidden("parameter 'none' must be finite"))
    "parameter 'none' must be finite"
    """
    return text.translate(_BACK)
