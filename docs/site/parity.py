"""What a translated sentence must have in common with its original: code, formulas, tags, links, emphasis.

And what a catalogue lacks: sentences without a translation, or with one of an older sentence.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from markdown_it import MarkdownIt

from docs.translating.glossary import broken_terms

HEADER = """\
# Chinese of one page of the site; `python docs/catalogues.py` says how it is kept.
msgid ""
msgstr ""
"Language: zh_CN\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?](?:\s|$)|[\u4e00-\u9fff]\.$")
LOCALE = Path(__file__).resolve().parents[1] / "locale" / "zh_CN" / "LC_MESSAGES"
MARKDOWN = {
    "code": re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)"),
    "formula": re.compile(r"(?<![\\$])\$(?! )([^$]+?)(?<! )\$"),
    "tag": re.compile(r"</?\w+[^>]*>"),
    "link": re.compile(r"\]\(([^)]*)\)"),
}
RST = {
    "code": re.compile(r"``(.+?)``"),
    "argument": re.compile(r"\*\*(\S+?)\*\* \("),
    "role": re.compile(r"(:[\w:]+:`[^`]+`)"),
    "name": re.compile(r"(?<![`:A-Za-z0-9_])`([^`<]+)`(?!`)"),
    "link": re.compile(r"<([^>`]+)>`_"),
}
# What reStructuredText marks only between spaces or punctuation, which Chinese does not put there.
MARKED = re.compile(r"(?:\\ )?(``.+?``|(?::[\w:]+:)?`[^`]+`_{0,2}|\*\*[^*]+\*\*|(?<!\*)\*[^*\s][^*]*\*(?!\*))(?:\\ )?")


def is_rst(path: Path) -> bool:
    """Whether a catalogue is one of the reference, whose sentences are reStructuredText; all others are Markdown."""
    return "api" in path.parts


def taken(text: str, rst: bool) -> dict[str, Counter[str]]:
    """Of each kind of thing that is never translated, what a sentence has."""
    found = {}
    for kind, pattern in (RST if rst else MARKDOWN).items():
        found[kind] = Counter(match[match.re.groups] for match in pattern.finditer(text))
        if kind == "code":  # where a dollar or an angle bracket means nothing else
            text = pattern.sub(" ", text)
    return found


def words_alone(text: str, rst: bool) -> str:
    """A sentence without what is never translated."""
    for pattern in (RST if rst else MARKDOWN).values():
        text = pattern.sub(" ", text)
    return text


def half_width(translation: str, rst: bool) -> Iterator[str]:
    """A mark of punctuation after Chinese that is not of full width."""
    if found := HALF_WIDTH.search(words_alone(translation, rst)):
        yield f"after a Chinese character write ，。：；！？ at full width, not {found[0].strip()!r}"


def other_terms(english: str, translation: str, rst: bool) -> list[tuple[str, str]]:
    """Terms of the glossary for which a translation has another word, with the right one."""
    return broken_terms(words_alone(english, rst), translation)


def emphasis(text: str) -> Counter[str]:
    """How many words are marked as strong or emphasised, as Markdown reads it."""
    inline = MarkdownIt().parseInline(text)[0].children or []
    return Counter(token.type for token in inline if token.type in ("strong_open", "em_open"))


def differences(original: str, translation: str, rst: bool) -> Iterator[str]:
    """What is in one and not in the other, in words."""
    here, there = taken(original, rst), taken(translation, rst)
    for kind in here:
        for thing in here[kind] - there[kind]:
            yield f"{kind} lost: {thing}"
        for thing in there[kind] - here[kind]:
            yield f"{kind} added: {thing}"
    if not rst and emphasis(original) != emphasis(translation):
        yield "emphasis differs, or does not close: Markdown wants a space or punctuation on one side of * and **"


def spaced(text: str) -> str:
    r"""A sentence of reStructuredText with ``\ `` where markup touches a letter; it is not shown."""

    def apart(match: re.Match[str]) -> str:
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        return (r"\ " if is_letter(before) else "") + match[1] + (r"\ " if is_letter(after) else "")

    return MARKED.sub(apart, text)


def is_letter(character: str) -> bool:
    """Whether markup cannot begin or end beside it."""
    return bool(character) and unicodedata.category(character)[0] in "LNS"


def load(path: Path) -> Catalog:
    """A catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN" if path.suffix == ".po" else None)


def save(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue, one sentence a line; without dates, which would change it whenever it is written."""
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True)
    path.write_bytes(HEADER.encode() + body.getvalue())


def sentences(catalogue: Catalog) -> list[Message]:
    """Its sentences in the order of the page."""
    return [message for message in catalogue if message.id]


def is_missing(message: Message) -> bool:
    """Whether a sentence has no translation, or one of what stood there before."""
    return not message.string or message.fuzzy
