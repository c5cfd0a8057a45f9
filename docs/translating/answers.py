"""Messages on their way to a translator and back: a list with a mark for each message, and answers to it."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog

from docs.translating.catalogues import fault, path_of, read, write

KEEP = "="  # as an answer: the English stands in the other language too


def mark(english: str) -> str:
    """A short name of a message that stays the same whatever else is added.

    Examples
    --------
    >>> mark("a leaf has no history") == mark("a leaf has no history")
    True
    """
    return hashlib.sha256(english.encode()).hexdigest()[:7]


def listed(name: str, file: str = "", everything: bool = False, most: int | None = None) -> str:
    """The messages of a catalogue that have no translation, by file; those of some files, or all, on demand."""
    catalogue = read(path_of(name))
    by_file: dict[str, list[str]] = {}
    count = 0
    for message in catalogue:
        where = message.locations[0][0] if message.locations else ""
        if not message.id or not any(file in place for place, _ in message.locations):
            continue
        if (message.string and not everything) or (most is not None and count >= most):
            continue
        count += 1
        lines = by_file.setdefault(where, [])
        lines.append(f"{mark(message.id)}\t{message.id}")
        if message.string:
            lines.append(f"#      =\t{message.string}")
    rows = [line for where in sorted(by_file) for line in (f"\n# {where}", *by_file[where])]
    return "\n".join([f"# {path_of(name).name}: {count} messages", *rows])


def filled(name: str, lines: Iterable[str]) -> list[str]:
    """Put answers into a catalogue and compile it; what is wrong with those that were left out, in words."""
    path = path_of(name)
    catalogue = read(path)
    by_mark = {mark(message.id): message for message in catalogue if message.id}
    refused, taken, left = [], 0, 0
    for number, line in enumerate(lines, 1):
        bare = line.strip("\n\r\ufeff ")
        if not bare or bare.startswith("#"):
            continue
        key, tab, said = bare.partition("\t")
        said = said.strip()
        message = by_mark.get(key.strip())
        why = ""
        if message is None or not tab:
            why = "it begins with no mark of this catalogue and a tab"
        elif said in ("", message.id):
            left += 1
            continue
        elif said != KEEP:
            why = fault(message.id, said)
        if why:
            refused.append(f"line {number}: {bare}\n    {why}" + (f"\n    {message.id}" if message else ""))
            continue
        assert message is not None
        message.string = message.id if said == KEEP else said
        taken += 1
    write(catalogue, path)
    counts = f"{taken} taken, {len(refused)} refused, {left} left as they were"
    return [*refused, f"{path.name}: {counts}; {_state(catalogue)}"]


def _state(catalogue: Catalog) -> str:
    messages = [m for m in catalogue if m.id]
    return f"{sum(bool(m.string) for m in messages)} of {len(messages)} are translated"


def filled_from(name: str, file: str) -> list[str]:
    """The same from a file."""
    return filled(name, Path(file).read_text(encoding="utf-8").splitlines())


def states(names: Iterable[str]) -> str:
    """How far each catalogue is."""
    return textwrap.dedent("\n".join(f"{name + '.po':14} {_state(read(path_of(name)))}" for name in names))
