"""A text taken apart until its parts are known: lines, columns, sentences, clauses, and what stands in a message.

Whatever is known as a whole is not taken apart. What is not known in the end stays as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice

from autograd_seq.translation.columns import display_width, is_wide
from autograd_seq.translation.templates import Index, parts

LONGEST = 10_000  # characters of a line; nobody reads longer ones
DEEPEST = 8  # messages in messages
MOST_TRIED = 1_000  # parts of one line that are looked up: enough for any message, and hostile ones end there
MOST_COMPARED = 4  # messages that a text may be: it is the one that leaves the fewest words in English
MOST_JOINED = 6  # pieces of a line that together may be one message
WEAK = 12  # a message with fewer letters of its own is no reason to translate a sentence by half
_ENGLISH = re.compile(r"[A-Za-z]{2}")
_PLACE = re.compile(r"\s*(?:at )?[^\s:]+:\d+(?::|$)")  # where in a program, and its line
_VERB = re.compile(r"\b(is|are|was|were|has|have|had|cannot|can|must|may|needs?|does|do|gives?|takes?|holds?)\b")
_WORDS = re.compile(r"\b[a-z]{2,}\b")
_PROSE = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
# Tags, and what is not shown: scripts, style sheets, comments.
_TAG = re.compile(r"(<(?:script|style)\b[^>]*>.*?</(?:script|style)>|<!--.*?-->|<[/!?]?[a-zA-Z][^<>]*>)", re.S)
_READ_OUT = re.compile(r"\b((?:title|aria-label|placeholder|alt)=)\"([^\"]*)\"")
_NAME = re.compile(r"(name|label|key|path|file|code|text|title|called|command)s?\d*")  # what users call things
_BULLET = re.compile(r"(?:[-*•✓✗·#%]|\d{1,3}[.)])\s+(?=\S)")
_BEFORE = "{before}"
_GAP = re.compile(r"(\s{2,})")
_LEVELS = tuple(re.compile(level) for level in (r"(?<=[.!?])( +)", "(: +)", "(; +)", "( — )", "(, +)"))
_WIDE_SIGNS = {":": "：", ";": "；", ",": "，", ".": "。", "!": "！", "?": "？", "…": "…"}


def _unescaped(template: str) -> str:
    return "".join(text for text, _ in parts(template))


def _alone(template: str) -> str:
    """A piece that goes on from something before it, where there is nothing before it."""
    return template.replace(_BEFORE, "", 1).strip()


class Phrases:
    """Everything that can be said in one language.

    Parameters
    ----------
    messages : mapping of str to str
        Messages as templates, with their translations.

    Examples
    --------
    >>> known = Phrases({"{name} is not finite": "{name} 不是有限数", "the gradient of {x}": "{x} 的梯度"})
    >>> known.text("the gradient of Waa is not finite")
    'Waa 的梯度 不是有限数'
    >>> known.text("nothing of this is known")
    'nothing of this is known'
    """

    def __init__(self, messages: Mapping[str, str]) -> None:
        plain = {english: said for english, said in messages.items() if not any(n for _, n in parts(english))}
        self._exact = {_unescaped(english): _unescaped(said) for english, said in plain.items()}
        self._index = Index({english: said for english, said in messages.items() if english not in plain})
        for english, said in messages.items():
            if english.startswith(_BEFORE) and _alone(english) not in messages:
                self._add(_alone(english), _alone(said))
        self._left = MOST_TRIED
        self._line = lru_cache(maxsize=4096)(self._line_anew)

    def _add(self, english: str, said: str) -> None:
        if any(name for _, name in parts(english)):
            self._index.add(english, said)
        else:
            self._exact[_unescaped(english)] = _unescaped(said)

    def text(self, text: str) -> str:
        """A text of any number of lines."""
        if text in self._exact:
            return self._exact[text]
        return "\n".join(self._line(line) for line in text.split("\n"))

    def markup(self, markup: str) -> str:
        """HTML or SVG: its texts, and the attributes that are read out; they are escaped after translation."""
        pieces = _TAG.split(markup)
        for i, piece in enumerate(pieces):
            if i % 2:
                pieces[i] = _READ_OUT.sub(lambda found: f'{found[1]}"{self._escaped(found[2])}"', piece)
            elif piece.strip():
                pieces[i] = self._escaped(piece)
        return "".join(pieces)

    def _escaped(self, text: str) -> str:
        plain = html.unescape(text)
        said = self.text(plain)
        return text if said == plain else html.escape(said)

    def _line_anew(self, line: str) -> str:
        self._left = MOST_TRIED
        return line if len(line) > LONGEST or _PLACE.match(line) else self._within_spaces(line, 0)

    def _within_spaces(self, text: str, depth: int) -> str:
        """What stands between the spaces at both ends, which stay."""
        bare = text.strip()
        if depth > DEEPEST or not _ENGLISH.search(bare):
            return text
        start = text.index(bare)
        return text[:start] + self._phrase(bare, depth) + text[start + len(bare) :]

    def _phrase(self, text: str, depth: int) -> str:
        found = self._known(text, depth)
        if found is not None:
            return found
        if bullet := _BULLET.match(text):
            return bullet[0] + self._phrase(text[bullet.end() :], depth)
        if _GAP.search(text):
            return self._columns(text, depth)
        return self._split(text, 0, depth)

    def _known(self, text: str, depth: int) -> str | None:
        """The translation of a text that is one message; with or without a stop or parentheses around it."""
        found = self._message(text, depth)
        if found is None and text[-1:] in _WIDE_SIGNS:
            inner = self._message(text[:-1], depth) if text[:-1].strip() else None
            found = None if inner is None else inner + (_WIDE_SIGNS[text[-1]] if is_wide(inner[-1:]) else text[-1])
        if found is None and text[:1] == "(" and text[-1:] == ")" and ")" not in text[:-1]:
            inner = self._message(text[1:-1], depth)
            found = None if inner is None else f"（{inner}）"
        return found

    def _message(self, text: str, depth: int) -> str | None:
        if text in self._exact:
            return self._exact[text]
        self._left -= 1
        if self._left < 0 or not _ENGLISH.search(text):
            return None
        best, best_left = None, 0
        matching = ((t, values) for t in self._index.candidates(text) if (values := t.match(text)) is not None)
        for template, values in islice(matching, MOST_COMPARED):
            said = {name: self._in_place(name, value, depth) for name, value in values.items()}
            if template.letters < WEAK and any(_PROSE.search(value) for value in said.values()):
                continue
            left = sum(len(_WORDS.findall(value)) for value in said.values())
            if not _VERB.search(template.english):  # "the gradient of W is 0" is no gradient of something
                left += any(_VERB.search(value) for value in values.values())
            if best is None or left < best_left:
                best, best_left = template.filled(said), left
            if not left:
                break
        return best

    def _in_place(self, name: str, value: str, depth: int) -> str:
        """What stands in a place of a message; what users call things stays."""
        is_name = _NAME.fullmatch(name) and " " not in value.strip()
        return value if is_name else self._within_spaces(value, depth + 1)

    def _columns(self, text: str, depth: int) -> str:
        """Cells of a table, each at the column where it was."""
        pieces = _GAP.split(text)
        line, column = "", 0
        for cell, gap in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
            line += self._phrase(cell, depth) if " " in cell or cell.endswith(":") else cell  # one word may be a name
            column += display_width(cell) + len(gap)
            if gap:
                line += " " * max(2, column - display_width(line))
        return line

    def _split(self, text: str, level: int, depth: int) -> str:
        """Sentences, then clauses: as many together as are one message."""
        if level == len(_LEVELS):
            return text
        pieces = _LEVELS[level].split(text)
        if len(pieces) == 1:
            return self._split(text, level + 1, depth)
        done, i = "", 0
        while i < len(pieces):
            last = min(len(pieces), i + 2 * MOST_JOINED - 1)
            for end in range(last, i, -2):
                whole = len(pieces) == end - i  # was tried before
                found = None if whole else self._known("".join(pieces[i:end]), depth)
                if found is not None:
                    break
            else:
                end, found = i + 1, self._split(pieces[i], level + 1, depth)
            done = _joined(done, pieces[i - 1] if i else "", found)
            i = end + 1
        return done


def _joined(left: str, separator: str, right: str) -> str:
    """Two parts of a line; the signs between them are as wide as what stands around them."""
    if not left or not (is_wide(left[-1:]) or is_wide(right[:1])):
        return left + separator + right
    sign = separator.strip()
    return left + (_WIDE_SIGNS.get(sign, separator) if sign else " " * (not is_wide(left[-1:]))) + right
