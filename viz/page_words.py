"""What the script of a page says, in the reader's language: a table from English that a page carries with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from autograd_seq.translation.reader import sentences

# A sentence of a script: say`…`, or pieces`…` where elements stand in it; no template within another's place.
_SAID = re.compile(r"\b(?:say|pieces)`((?:[^`$]|\$(?!\{)|\$\{[^`}]*\})*)`")
_PLACE = re.compile(r"\$\{[^}]*\}")


def said_by(script: str) -> list[str]:
    """The sentences of a script, with ``{0}``, ``{1}`` … for what changes.

    Examples
    --------
    >>> said_by("p.append(say`norm ${x} of ${name}`, `no ${sentence}`)")
    ['norm {0} of {1}']
    """
    return list(dict.fromkeys(map(_numbered, _SAID.findall(script))))


def _numbered(template: str) -> str:
    first, *rest = _PLACE.split(template)
    return first + "".join(f"{{{i}}}{text}" for i, text in enumerate(rest))


def table_for(script: str) -> str:
    """An element with the translations of what a script says; nothing where it says it in English.

    Examples
    --------
    >>> table_for("say`no value yet`")
    ''
    """
    known = sentences(said_by(script))
    return f'<script type="application/json" id="words">{as_json(known)}</script>\n' if known else ""


def as_json(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside <script>: no end tag, no comment, no line separators of JavaScript."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
