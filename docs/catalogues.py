"""The site's sentences and their translations: ``python docs/catalogues.py``, with the extra `docs`.

  update         take the sentences out of the pages and docstrings; new ones stand in docs/locale untranslated
  extract DIR    only take them out, into templates (.pot)
  count          how many sentences and words each catalogue has, and how many are translated
  list PO        the untranslated sentences of one catalogue, a line each: mark, tab, sentence (all of them: --all)
  put PO FILE    take translations from such lines into the catalogue: the same mark, tab, Chinese

A translation is refused if code, formulas, tags or links in it are others; ``=`` alone means that the English stands
in Chinese too; lines that begin with # are skipped. Terms that the glossary has otherwise are told, and taken all the
same. The program's own messages have catalogues and a tool of their own: ``python -m docs.translating``.

A sentence that changed in English keeps its old translation, marked as fuzzy: it is listed again, with the old
translation below it, and until it is put anew the Chinese page shows the English sentence.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from babel.messages.catalog import Message
from sphinx_intl import basic

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS / "site"), str(DOCS.parent)]

from build import build  # noqa: E402  (beside this file, and installed nowhere)
from made_pages import make  # noqa: E402
from parity import (  # noqa: E402
    HEADER,
    LOCALE,
    differences,
    half_width,
    is_missing,
    is_rst,
    load,
    other_terms,
    save,
    sentences,
    spaced,
)

from autograd_seq.commands.console import any_console  # noqa: E402
from docs.translating.answers import KEEP, mark  # noqa: E402

FOUND = DOCS.parent / "build" / "messages"


def extract(out: Path) -> int:
    """Take the sentences out."""
    make()
    shutil.rmtree(out, ignore_errors=True)
    return build("en", out, "gettext")


def update() -> int:
    """Take the sentences out, and merge them into the catalogues."""
    if extract(FOUND):
        return 1
    basic.update(str(DOCS / "locale"), str(FOUND), ("zh_CN",), line_width=0, ignore_obsolete=True)
    wanted = {path.relative_to(FOUND).with_suffix(".po") for path in FOUND.rglob("*.pot")}
    for path in LOCALE.rglob("*.po"):
        if path.relative_to(LOCALE) not in wanted:
            path.unlink()
            continue
        if not path.read_text(encoding="utf-8").startswith(HEADER):
            save(path, load(path))
    return 0


def count() -> int:
    """A line for each catalogue."""
    totals = [0, 0, 0]
    print(f"{'catalogue':40}{'sentences':>10}{'words':>8}{'missing':>9}")
    for path in sorted(LOCALE.rglob("*.po")):
        found = sentences(load(path))
        row = [len(found), sum(len(message.id.split()) for message in found), sum(map(is_missing, found))]
        totals = [a + b for a, b in zip(totals, row)]
        print(f"{path.relative_to(LOCALE)!s:40}{row[0]:10}{row[1]:8}{row[2]:9}")
    print(f"{'all':40}{totals[0]:10}{totals[1]:8}{totals[2]:9}")
    return 0


def show(path: Path, everything: bool) -> int:
    """The sentences to translate."""
    for message in sentences(load(path)):
        if everything or is_missing(message):
            print(f"{mark(message.id)}\t{message.id}")
            if message.string:
                print(f"# {'was: ' if message.fuzzy else ''}{message.string}")
    return 0


def put(path: Path, file: Path) -> int:
    """Take the translations that are in order; say what is wrong with the others."""
    catalogue = load(path)
    found, refused, kept = sentences(catalogue), 0, 0
    by_key = {mark(message.id): message for message in found}
    by_key |= {str(number): message for number, message in enumerate(found, 1)}
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, _, translation = (part.strip() for part in line.partition("\t"))
        message = by_key.get(key)
        if message is None or not translation:
            print(f"no mark of this catalogue, tab and translation: {line[:80]}")
            refused += 1
        elif wrong := [] if translation == KEEP else faults(message.id, translation, is_rst(path)):
            print(f"{key}: {'; '.join(wrong)}")
            refused += 1
        else:
            take(message, translation, is_rst(path))
            kept += 1
    save(path, catalogue)
    print(f"{path.name}: {kept} taken, {refused} refused, {sum(map(is_missing, found))} missing")
    return 1 if refused else 0


def faults(english: str, translation: str, rst: bool) -> list[str]:
    """What is wrong with a translation; what only might be is printed."""
    for term, chinese in other_terms(english, translation, rst):
        print(f"# the glossary has {chinese} for {term}: {translation[:60]}")
    return [*differences(english, translation, rst), *half_width(translation, rst)]


def take(message: Message, translation: str, rst: bool) -> None:
    """Put a translation in."""
    if translation == KEEP:
        translation = message.id
    message.string = spaced(translation) if rst else translation
    message.flags.discard("fuzzy")


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("update")
    commands.add_parser("extract").add_argument("out", type=Path, metavar="DIR")
    commands.add_parser("count")
    listing = commands.add_parser("list")
    listing.add_argument("po", type=Path)
    listing.add_argument("--all", action="store_true")
    putting = commands.add_parser("put")
    putting.add_argument("po", type=Path)
    putting.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "update":
        return update()
    if options.command == "extract":
        return extract(options.out)
    if options.command == "count":
        return count()
    return show(options.po, options.all) if options.command == "list" else put(options.po, options.file)


if __name__ == "__main__":
    with any_console():
        sys.exit(main())
