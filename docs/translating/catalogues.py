"""The catalogues: written from the source, read, checked and compiled."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from autograd_seq.translation.catalogue import FOLDER
from autograd_seq.translation.templates import DROPPABLE, parts
from docs.translating.extract import CATALOGUES, all_messages
from docs.translating.glossary import broken_terms

LANGUAGE = "zh"
LOCALE = "zh_Hans_CN"
HEADER = """\
# What autograd_seq says, in Chinese. Written by `python -m docs.translating`, which says how to go on with it.
msgid ""
msgstr ""
"Language: zh_CN\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # dates in catalogues would change them whenever they are written
_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?](?:\s|$)|[\u4e00-\u9fff]\.$")


def path_of(name: str) -> Path:
    """The file of a catalogue, called ``errors`` or ``errors.po``."""
    name = Path(name).name.removesuffix(".po")
    if name not in CATALOGUES:
        raise SystemExit(f"there is no catalogue {name}; there are {', '.join(CATALOGUES)}")
    return FOLDER / LANGUAGE / f"{name}.po"


def read(path: Path) -> Catalog:
    """A catalogue; an empty one where there is no file yet."""
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def translations(catalogue: Catalog) -> dict[str, str]:
    """Its messages that have a translation, with it."""
    return {m.id: m.string for m in catalogue if m.id and m.string and not m.fuzzy}


def update() -> None:
    """Write all catalogues anew from the source; what was translated is kept, also when a message moves."""
    before = {name: read(path_of(name)) for name in CATALOGUES}
    known: dict[str, str] = {}
    for catalogue in before.values():
        known |= {m.id: m.string for m in catalogue.obsolete.values() if m.string}
    for catalogue in before.values():
        known |= translations(catalogue)
    found = all_messages()
    current = {english for messages in found.values() for english in messages}
    for name, messages in found.items():
        catalogue = Catalog(locale=LOCALE)
        for english, message in messages.items():
            add(catalogue, english, known.get(english, ""), sorted(message.files))
        old = translations(before[name]) | {m.id: m.string for m in before[name].obsolete.values()}
        for english, said in sorted(old.items()):
            if english not in current and said:
                add(catalogue, english, said, [])
                catalogue.obsolete[english] = catalogue._messages.pop(english)
        write(catalogue, path_of(name))


def add(catalogue: Catalog, english: str, said: str, files: list[str]) -> None:
    """One message into a catalogue."""
    flags = ["python-brace-format"] if any(name is not None for _, name in parts(english)) else []
    catalogue.add(english, said, locations=[(file, None) for file in files], flags=flags)


def write(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue, and compile it."""
    path.parent.mkdir(exist_ok=True)
    for message in catalogue:
        message.flags.discard("python-format")  # Babel's guess, from a % in the text
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, sort_output=True, include_lineno=False)
    path.write_bytes(HEADER.encode() + body.getvalue())
    compile_(path)


def compile_(path: Path) -> None:
    """Write the compiled catalogue beside a catalogue."""
    catalogue = read(path)
    catalogue.creation_date = catalogue.revision_date = _LONG_AGO
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def fault(english: str, said: str) -> str:
    """What is wrong with a translation, in words; "" if nothing is."""
    try:
        has = [name for _, name in parts(said) if name is not None]
    except ValueError as error:
        return f"its braces: {error}"
    wanted = [name for _, name in parts(english) if name is not None]
    if missing := sorted({f"{{{name}}}" for name in wanted if name not in has and not DROPPABLE.fullmatch(name)}):
        return f"it lacks {', '.join(missing)}"
    if unknown := sorted({f"{{{name}}}" for name in has if name not in wanted}):
        return f"it has {', '.join(unknown)}, which the English has not"
    if found := _HALF_WIDTH.search(said):
        return f"after a Chinese character write ，。：；！？ at full width, not {found[0].strip()!r}"
    if terms := broken_terms(english, said):
        return "; ".join(f"the glossary has {chinese} for {term!r}" for term, chinese in terms)
    return ""


def gap() -> dict[str, list[str]]:
    """For each file of the program the messages without a right and current translation, with the reason."""
    found: dict[str, list[str]] = {}
    for name, messages in all_messages().items():
        said = translations(read(path_of(name)))
        for english, message in messages.items():
            why = fault(english, said[english]) if english in said else "no translation"
            if why:
                for file in message.files:
                    found.setdefault(file, []).append(f"{english}   ({why})")
    return dict(sorted(found.items()))
