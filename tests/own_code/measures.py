"""How well a student's programs read: of the variables that the loss depends on, how many are printed by name.

``python tests/own_code/measures.py`` prints the table.
"""

import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)] if __name__ == "__main__" else []

from own_code.programs import FURTHER, STYLES, recorded  # noqa: E402
from own_code.text_reader import Page  # noqa: E402
from own_code.variables import variables  # noqa: E402

from autograd_seq import equations  # noqa: E402
from autograd_seq.core import names  # noqa: E402


@dataclass(frozen=True)
class Measure:
    """One program: its variables, those that are printed, its equations, and those of the textbook if there is one."""

    variables: int
    missing: frozenset
    equations: int
    book: int | None

    @property
    def share(self):
        return 1 - len(self.missing) / self.variables

    @property
    def ratio(self):
        return None if self.book is None else self.equations / self.book


def plain(word):
    return unicodedata.normalize("NFC", word)


def printed_names(J):
    """Every name in the equations of a loss, but for ∂J/∂W."""
    return {plain(word) for word in Page(equations(J).text, {}, 4).names() if "∂" not in word}


def missing_names(found, printed):
    """The variables none of whose values is printed by its name, or by one that its caller has for it."""

    def is_printed(word):
        return plain(names.text(word)) in printed

    return {
        name
        for name, records in found.items()
        if not is_printed(name) and not any(r.name is not None and is_printed(r.name) for r in records)
    }


def lines_of_book(style):
    """How many equations the textbook needs."""
    book = HERE / "textbook" / f"{style}.txt"
    if not book.exists():
        return None
    return sum(line.startswith("  ") and " = " in line for line in book.read_text(encoding="utf-8").splitlines())


def measure(style):
    J, found = variables(style)
    missing = missing_names(found, printed_names(J))
    return Measure(len(found), frozenset(missing), len(equations(recorded(style)[0])), lines_of_book(style))


def table():
    """All programs, a line each."""
    lines = [f"{'program':<20}{'variables':>10}{'by name':>10}{'share':>8}{'equations':>11}{'book':>6}{'ratio':>7}"]
    for style in STYLES + FURTHER:
        m = measure(style)
        book, ratio = ("", "") if m.book is None else (str(m.book), f"{m.ratio:.2f}")
        named = m.variables - len(m.missing)
        lines.append(f"{style:<20}{m.variables:>10}{named:>10}{m.share:>8.0%}{m.equations:>11}{book:>6}{ratio:>7}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
