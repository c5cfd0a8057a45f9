"""What a page shows to a person: the text between its tags, and the strings of its JavaScript."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from docs.translating.wording import CODE_STARTS, CSS, TAG, TOKEN, mostly_words

_SHOWN = re.compile(r"(?:title|aria-label|placeholder|alt)=\"([^\"]*)\"")
_BEFORE_A_PATTERN = "(=,:[!&|?{};\n"


def messages_of_page(text: str, file: str) -> list[str]:
    """What a page's HTML, or its JavaScript, shows to a person; ``${…}`` as a place with a number.

    Examples
    --------
    >>> messages_of_page("<p>Click a box.</p><script>x = 'forward'</script>", "a.html")
    ['Click a box.']
    >>> messages_of_page("say(`norm ${show(x, `a`)} of the adjoint`, 'aria-label') // it's so", "a.js")
    ['norm {0} of the adjoint']
    """
    if file.endswith(".html"):
        text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|/\*.*?\*/", "", text, flags=re.S)
        pieces = [" ".join(piece.split()) for piece in TAG.split(text)] + _SHOWN.findall(text)
        pieces = [html.unescape(piece).replace("{", "{{").replace("}", "}}") for piece in pieces]
        return [p for p in dict.fromkeys(pieces) if re.search(r"[A-Za-z]{3}", p) and "{{" not in p]
    found = [part.strip() for string in _strings(text) for part in TAG.split(string)]
    return [part for part in dict.fromkeys(found) if _is_said(part)]


def _is_said(text: str) -> bool:
    words = [w for w in re.sub(r"\{\d+\}", " ", text).split() if TOKEN.fullmatch(w)]
    if CSS.search(text) or CODE_STARTS.match(text):
        return False
    if len(words) == 1:
        return re.fullmatch(r"[A-Z][a-z]{2,}:?|[a-z]{3,} \{0\}|\{0\} [a-z]{3,}", text) is not None
    return len(words) >= 2 and mostly_words(text)


def _strings(text: str) -> Iterator[str]:
    """The strings of a JavaScript program, those within ``${…}`` too."""
    i, last = 0, "\n"
    while i < len(text):
        c = text[i]
        if text.startswith("//", i):
            i = text.find("\n", i) % (len(text) + 1)
        elif text.startswith("/*", i):
            i = text.index("*/", i) + 2
        elif c == "/" and last in _BEFORE_A_PATTERN:
            found = re.match(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\]|\\.)*\])*/", text[i:])
            i, last = i + (found.end() if found else 1), "/"
        elif c in "'\"":
            found = re.match(rf"{c}((?:[^{c}\\\n]|\\.)*){c}", text[i:])
            assert found, text[i : i + 40]
            yield re.sub(r"\\(.)", r"\1", found[1]).replace("{", "{{").replace("}", "}}")
            i += found.end()
            last = c
        elif c == "`":
            whole, inner, i = _template(text, i + 1)
            yield whole
            for program in inner:
                yield from _strings(program)
            last = c
        else:
            last = last if c in " \t" else c
            i += 1


def _template(text: str, i: int) -> tuple[str, list[str], int]:
    """A template literal that begins at `i`: its text with numbered places, the programs in them, and its end."""
    whole, inner = "", []
    while text[i] != "`":
        if text.startswith("${", i):
            end = _end_of_place(text, i + 2)
            whole += f"{{{len(inner)}}}"
            inner.append(text[i + 2 : end])
            i = end + 1
        else:
            step = 2 if text[i] == "\\" else 1
            whole += text[i + step - 1].replace("{", "{{").replace("}", "}}")
            i += step
    return whole, inner, i + 1


def _end_of_place(text: str, i: int) -> int:
    deep = 0
    while deep or text[i] != "}":
        if text[i] == "`":
            i = _template(text, i + 1)[2]
            continue
        if text[i] in "'\"":
            i = text.index(text[i], i + 1)
        deep += {"{": 1, "}": -1}.get(text[i], 0)
        i += 1
    return i
