"""A text taken apart until its parts are known: lines, columns, sentences, clauses, and what stands in a message.

Whatever is known as a whole is not taken apart. What is not known in the end stays as it is. What a user wrote is
never translated, though it may be spelt like a word of ours: it stands in quotation marks, or by itself in a place
that is not named after our words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice

from autograd_seq.translation.columns import display_width, is_wide
from autograd_seq.translation.quotes import hidden, hidden_in_template, shown
from autograd_seq.translation.templates import SAID_BY_OTHERS, Index, filled_up, parts

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
_VERBATIM = re.compile(r"(label|path|file|fspath|filename|source)s?\d*")  # never ours, however long
_OUR_WORD = re.compile(r"(before|after|how|kind|known|said|thing|what|why|words?)\d*")  # may hold one word of ours
_NAMES = re.compile(r"[\w.'<>\[\]-]+(?:, [\w.'<>\[\]-]+)+")  # a list of single words: things that a program has
_BULLET = re.compile(r"(?:[-*•✓✗·#%]|\d{1,3}[.)])\s+(?=\S)")
_BEFORE = "{before}"
_CALLED = re.compile(r"np\.[\w.]+ (?=\S)")  # a function of NumPy's, and what is said of it
_COUNT = re.compile(r" \(\d+×\)$")
_ONE = r"(?:\.\w+|'[^' ]*'|--[\w-]+)"  # an ending, a quoted word, an option
_CHOICES = re.compile(rf"({_ONE}(?:, {_ONE})*) (and|or) ({_ONE})")
_ITEM = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\w*\d\w*")
_NUMPYS = f"NumPy{SAID_BY_OTHERS}"  # what follows is no message of ours
_IN_FORMULA = re.compile(r"a constant of shape \d+(?:×\d+)*")
_GAP = re.compile(r"(\s{2,})")
_OUTSIDE = r"(?![^()\[\]]{0,200}[)\]])"  # not within a shape or [a; x]
_LEVELS = tuple(
    re.compile(level)
    for level in (r"(?<=[.!?])( +)", "(: +)", f"(; +){_OUTSIDE}", "( — )", f"(, +){_OUTSIDE}")
)
_WIDE_SIGNS = {":": "：", ";": "；", ",": "，", ".": "。", "!": "！", "?": "？", "…": "…"}


def _unescaped(template: str) -> str:
    return "".join(text for text, _ in parts(template))


def _alone(template: str) -> str:
    """A piece that goes on from something before it, where there is nothing before it."""
    return template.replace(_BEFORE, "", 1).strip()


def _is_users(name: str, value: str) -> bool:
    """Whether what stands in a place of this name is no words of ours, and so no business of a translator."""
    if _VERBATIM.fullmatch(name) or _NAMES.fullmatch(value):
        return True
    return " " not in value.strip() and not _OUR_WORD.fullmatch(name)


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
    'Waa 的梯度不是有限数'
    >>> known.text("nothing of this is known")
    'nothing of this is known'
    """

    def __init__(self, messages: Mapping[str, str]) -> None:
        messages = {hidden_in_template(english): said for english, said in messages.items()}
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
        text = hidden(text)
        said = self._exact.get(text) or "\n".join(self._line(line) for line in text.split("\n"))
        return shown(said)

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
        words = " ".join(plain.split())  # where a text of a page breaks into lines says nothing
        if "\n" in plain and hidden(words) in self._exact:
            bare = plain.strip()
            return html.escape(plain.replace(bare, self._exact[hidden(words)], 1))
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
        if _NUMPYS in text:
            ours, theirs = text.split(_NUMPYS, 1)
            return _joined(self._phrase(f"{ours}{_NUMPYS}".strip(), depth), "", theirs)
        if bullet := _BULLET.match(text):
            return bullet[0] + self._phrase(text[bullet.end() :], depth)
        if _GAP.search(text):
            return self._columns(text, depth)
        return self._split(text, 0, depth)

    def _in_formula(self, text: str) -> str:
        """What is said in words among the signs of a formula."""
        return _IN_FORMULA.sub(lambda found: self._message(found[0], DEEPEST) or found[0], text)

    def _listed(self, text: str, depth: int) -> str | None:
        """Several things that are known, or shapes and numbers, with "and" or "or" between them."""
        if (choices := _CHOICES.fullmatch(text)) and choices[2] in self._exact:
            return f"{choices[1].replace(', ', '、')} {self._exact[choices[2]]} {choices[3]}"
        for word in ("and", "or"):
            pieces = text.split(f" {word} ")
            if not 1 < len(pieces) <= MOST_JOINED or word not in self._exact:
                continue
            found = [piece if _ITEM.fullmatch(piece) else self._known(piece, depth) for piece in pieces]
            known = [piece for piece in found if piece is not None]
            if len(known) == len(pieces):
                return filled_up(f" {self._exact[word]} ".join(known))
        return None

    def _known(self, text: str, depth: int) -> str | None:
        """The translation of a text that is one message; with or without a stop or parentheses around it."""
        found = self._message(text, depth)
        if found is None and text[-1:] in _WIDE_SIGNS:
            inner = self._message(text[:-1], depth) if text[:-1].strip() else None
            found = None if inner is None else inner + (_WIDE_SIGNS[text[-1]] if any(map(is_wide, inner)) else text[-1])
        if found is None and text[:1] == "(" and text[-1:] == ")" and ")" not in text[:-1]:
            inner = self._message(text[1:-1], depth)
            found = None if inner is None else f"（{inner}）"
        if found is None and (called := _CALLED.match(text)):
            rest = self._known(text[called.end() :], depth)
            found = None if rest is None else called[0] + rest
        if found is None and (count := _COUNT.search(text)):
            rest = self._known(text[: count.start()], depth)
            found = None if rest is None else rest + count[0]
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
            if ": " in values.get(template.begins_with, ""):  # it begins with another message
                continue
            said = {
                name: value if name in template.of_others else self._in_place(name, value, depth)
                for name, value in values.items()
            }
            ours = {name: v for name, v in said.items() if name not in template.of_others and not _is_users(name, v)}
            if template.letters < WEAK and any(_PROSE.search(value) for value in ours.values()):
                continue
            left = sum(len(_WORDS.findall(value)) for value in ours.values())
            if not _VERB.search(template.english):  # "the gradient of W is 0" is no gradient of something
                left += any(_VERB.search(value) for value in values.values())
            if best is None or left < best_left:
                best, best_left = template.filled(said), left
            if not left:
                break
        return best

    def _in_place(self, name: str, value: str, depth: int) -> str:
        """What stands in a place of a message; what users call things stays."""
        return value if _is_users(name, value) else self._within_spaces(value, depth + 1)

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
            return self._listed(text, depth) or self._in_formula(text)
        pieces = [text] if _CHOICES.fullmatch(text) else _LEVELS[level].split(text)
        if len(pieces) == 1:
            return self._split(text, level + 1, depth)
        done, i = "", 0
        while i < len(pieces):
            last = min(len(pieces), i + 2 * MOST_JOINED - 1)
            for end in range(last, i, -2):
                whole = len(pieces) == end - i  # was tried before
                part = "".join(pieces[i:end])
                listed = level == len(_LEVELS) - 1 and " " not in part  # a word alone in a list may be a name
                found = None if whole or listed else self._known(part, depth)
                if found is not None:
                    break
            else:
                end, found = i + 1, self._split(pieces[i], level + 1, depth)
            done = _joined(done, pieces[i - 1] if i else "", found)
            i = end + 1
        return done


def _joined(left: str, separator: str, right: str) -> str:
    """Two parts of a line; the signs between them are as wide as what stands around them."""
    sign = separator.strip()
    beside = is_wide(left[-1:]) or is_wide(right[:1])
    clauses = sign == ";" and any(map(is_wide, left)) and any(map(is_wide, right))
    if not left or not (beside or clauses):
        return left + separator + right
    return left + (_WIDE_SIGNS.get(sign, separator) if sign else " " * (not is_wide(left[-1:]))) + right
