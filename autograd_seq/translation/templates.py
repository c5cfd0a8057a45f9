"""A message with places for what changes, recognised in a text: ``"{name} must have shape {shape}"``.

No regular expressions: each fixed part is looked for once, from left to right, so that even hostile text of any
length takes no longer than reading it does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from string import Formatter

# Plural endings and forms of "to be", which other languages may not need.
DROPPABLE = re.compile(r"(s|es|ies|verb|here|article)\d*")
ENDING = re.compile(r"(s|es|ies)\d*")
ENDINGS = ("", "s", "es", "y", "ies")
_VERB = re.compile(r"verb\d*")  # a form of "to be" or "to have", and never a text
_NUMBERED = re.compile(r"(line|step|time|times|number)\d*")  # places that hold a number, or end in one: "a.py:3"
_NUMBER = re.compile(r"[^\s()]*\d[^\s()]*|\S.*:\d+|[-+]?(?:nan|inf)")
_LOOSE = re.compile(  # a space that stood after an English sign, or around a place that holds Chinese
    r"(?<=[，。：；！？、）]) (?! )|(?<=[\u4e00-\u9fff，。：；！？、）]) (?=[\u4e00-\u9fff（])"
)
SAID_BY_OTHERS = " says: "  # what follows is another program's own text
_WORD = re.compile(r"\w+")


def parts(template: str) -> list[tuple[str, str | None]]:
    """A template as fixed texts, each with the name of the place after it.

    Raises
    ------
    ValueError
        For a brace alone, and for more than a name in braces.

    Examples
    --------
    >>> parts("{name} is {{x}}")
    [('', 'name'), (' is {x}', None)]
    """
    found: list[tuple[str, str | None]] = []
    for text, name, form, conversion in Formatter().parse(template):
        if name is not None and (form or conversion or not re.fullmatch(r"\w+", name)):
            raise ValueError(f"write a placeholder as {{name}}, not {{{name}{form or conversion or ''}}}")
        if found and found[-1][1] is None:  # after a doubled brace
            text, _ = found.pop()[0] + text, None
        found.append((text, name))
    return found


def filled_up(text: str) -> str:
    """A text without the spaces that its English had, and between Chinese characters nobody writes.

    Examples
    --------
    >>> filled_up("W 的梯度 不是有限数"), filled_up("W 的梯度 dW")
    ('W 的梯度不是有限数', 'W 的梯度 dW')
    """
    return _LOOSE.sub("", text)


class Template:
    """A message and its translation.

    Parameters
    ----------
    english, said : str
        The message in English and in the other language, both with the same places.

    Examples
    --------
    >>> t = Template("{name} has shape {shape}", "{name} 的形状是 {shape}")
    >>> t.filled(t.match("Waa has shape (5, 5)"))
    'Waa 的形状是 (5, 5)'
    """

    def __init__(self, english: str, said: str) -> None:
        pieces = parts(english)
        self.english = english
        self.fields = tuple(name for _, name in pieces if name is not None)
        self.fixed = tuple(text for text, _ in pieces) + (("",) if pieces and pieces[-1][1] is not None else ())
        self.of_others = {name for text, name in pieces if name is not None and text.endswith(SAID_BY_OTHERS)}
        self.said = parts(said)
        self.begins_with = self.fields[0] if self.fields and not self.fixed[0] else ""
        self.weight = sum(map(len, self.fixed))
        self.letters = sum(c.isalpha() for text in self.fixed for c in text)

    def match(self, text: str) -> dict[str, str] | None:
        """What stands in each place; None if it is another message."""
        first, last = self.fixed[0], self.fixed[-1]
        at, end = len(first), len(text) - len(last)
        if end < at or not text.startswith(first) or not text.endswith(last):
            return None
        values = []
        for fixed in self.fixed[1:-1]:
            place = _found(fixed, text, at, end)
            if place < 0:
                return None
            values.append(text[at:place])
            at = place + len(fixed)
        found: dict[str, str] = {}
        for name, value in zip(self.fields, [*values, text[at:end]], strict=True):
            if found.setdefault(name, value) != value or not _may_hold(name, value):
                return None
        return found

    def filled(self, values: Mapping[str, str]) -> str:
        """The translation with these values in its places."""
        whole = "".join(text + (values.get(name, "") if name is not None else "") for text, name in self.said)
        return filled_up(whole)

    def whole_words(self) -> set[str]:
        """Words that a text must have to match: those that touch no place."""
        found = set()
        for i, text in enumerate(self.fixed):
            for word in _WORD.finditer(text):
                left = i > 0 and word.start() == 0
                right = i < len(self.fixed) - 1 and word.end() == len(text)
                if not left and not right:
                    found.add(word[0])
        return found


def _may_hold(name: str, value: str) -> bool:
    """Whether what stands in a place is of the kind that the place's name promises."""
    if ENDING.fullmatch(name):
        return value in ENDINGS
    if _VERB.fullmatch(name):
        return len(value) <= len("were") and " " not in value
    if name == "file" and "; " in value:  # it ends where the next clause begins
        return False
    return not _NUMBERED.fullmatch(name) or _NUMBER.fullmatch(value) is not None


def _found(fixed: str, text: str, at: int, end: int) -> int:
    """Where a fixed part is next; not within brackets that open in the place before it, as the comma of a shape is."""
    place = first = text.find(fixed, at, end)
    depth, seen = 0, at
    while place >= 0:
        depth += sum(text.count(c, seen, place) for c in "([{") - sum(text.count(c, seen, place) for c in ")]}")
        if depth <= 0:
            return place
        seen, place = place, text.find(fixed, place + 1, end)
    return first


class Index:
    """Templates, found by the words of a text.

    Parameters
    ----------
    messages : mapping of str to str
        Templates with places, and their translations.
    """

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._by_word: dict[str, list[Template]] = {}
        self._always: list[Template] = []
        self._often = Counter(word for english in messages for word in Template(english, "").whole_words())
        for english, said in messages.items():
            self.add(english, said)

    def add(self, english: str, said: str) -> None:
        """One template more."""
        template = Template(english, said)
        rarest = min(template.whole_words(), key=lambda word: (self._often[word], word), default=None)
        (self._always if rarest is None else self._by_word.setdefault(rarest, [])).append(template)

    def candidates(self, text: str) -> list[Template]:
        """Those that a text may be, the ones that say most themselves first."""
        found = [t for word in set(_WORD.findall(text)) for t in self._by_word.get(word, ())]
        return sorted([*found, *self._always], key=lambda t: (-t.weight, len(t.fields), t.english))
