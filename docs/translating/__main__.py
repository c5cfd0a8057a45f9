"""Messages of the program, to be translated: run from the root of the repository, with Babel installed.

    python -m docs.translating update                 write the catalogues anew from the source; translations are kept
    python -m docs.translating state                  how far each catalogue is
    python -m docs.translating gap                    every message without a right translation, by file
    python -m docs.translating todo errors            print what is to be translated in errors.po
    python -m docs.translating todo errors --file core/tensor --count 40
    python -m docs.translating todo errors --all      with what is translated already, to be improved
    python -m docs.translating fill errors answers.txt    put translations in, check and compile them

`todo` prints a line for each message: a mark, a tab, the English. Answers are the same lines with Chinese in place
of the English: keep the mark and the tab. Lines that begin with # are skipped, and so is what is still English; ``=``
alone means that the English stands in Chinese too. What breaks a rule is refused, with the reason; the rest is taken.

- ``{name}`` is a place that the program fills. Keep every one, in any order. ``{s}`` and ``{verb}`` are plural endings
  and forms of "to be" and are left out. Braces that are printed are doubled: ``{{'a': a}}``.
- ``{before}`` and ``{after}`` stand for what the program puts before or after a piece: ``{before}, which is wrong``.
- Code stays code: np.sum(x), --lang, .value, names in quotation marks. So do statuses (proven, refuted, checked,
  undecided, excluded) where they stand for themselves.
- Punctuation after Chinese is of full width: ，。：；. The terms of the field are those of
  autograd_seq/translation/glossary.csv.
"""

from __future__ import annotations

import argparse
import sys

from docs.translating.answers import filled_from, listed, states
from docs.translating.catalogues import gap, update
from docs.translating.extract import CATALOGUES


def main() -> int:
    """Run one command."""
    top = argparse.ArgumentParser(
        prog="python -m docs.translating", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("command", choices=("update", "state", "gap", "todo", "fill"))
    top.add_argument("catalogue", nargs="?", default="")
    top.add_argument("answers", nargs="?", default="/dev/stdin")
    top.add_argument("--file", default="", help="of files with this in their name only")
    top.add_argument("--count", type=int, help="so many messages at most")
    top.add_argument("--all", action="store_true", help="those that are translated too")
    given = top.parse_args()
    if given.command == "update":
        update()
    if given.command in ("update", "state"):
        print(states(CATALOGUES))
    elif given.command == "gap":
        found = gap()
        for file, messages in found.items():
            print(f"{file}: {len(messages)}", *messages, sep="\n    ")
        print(f"{sum(map(len, found.values()))} to do")
    elif given.command == "todo":
        print(listed(given.catalogue, given.file, given.all, given.count))
    else:
        print(*filled_from(given.catalogue, given.answers), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
