"""Write formulas.md: every formula of five students' notes with its verdict, as `examples/check_notes.py` finds it.

Run ``python docs/write_formulas.py`` after a change of `examples/notes.toml` or of what is said of formulas; a test
compares.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograd_seq.storage.files import write

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_name("formulas.md")
STATUSES = ("proven", "checked", "refuted", "unreadable")
HEAD = """\
# Formulas of notes, audited

Five students wrote down what they understood of recurrent networks: forward passes, losses, and the backward formulas
that everybody copies from everybody. Each formula is put to the test here on a recorded step of the cell that it is
about. *Proven* is exact algebra, for all numbers at these sizes; *refuted* comes with numbers at which both sides
differ; *unreadable* means that a letter in it is defined nowhere.

```console
$ python examples/check_notes.py
…
printed  $$d\\Gamma_o^{(t)} = da_{next} * \\tanh(c_{next}) * \\Gamma_o^{(t)} * (1 - \\Gamma_o^{(t)})$$
refuted: dGamma_o = da_next * tanh(c_next) * Gamma_o * (1 - Gamma_o)
  this is dgamma_o, the adjoint of Gamma_o's pre-activation gamma_o, and not dGamma_o
  correct: dGamma_o = da_next * tanh(c_next)
…
```

That is the mistake that most copies share: the adjoint of a gate is taken for the adjoint of what goes *into* the gate.
The command prints the reason for each verdict; `--full` prints those of the right ones too. Where a formula is read as
anything else than what is printed, it says so.

A formula of your own is checked in the same way:

```console
$ autograd-seq check lstm --formula "dc_prev = dc * Gamma_f"
proven: dc_prev = dc * Gamma_f
  equal, element by element, by exact algebra at shape (3, 2)
```

`*` is element by element, `@` the matrix product, `[a; x]` stacks, and dX is the derivative of the loss by X. In Python
it is `check_formula("dc_prev = dc * Gamma_f", LSTM(2, 3))`. About a step of your own:
`autograd-seq check my_step.py:step --formula "…"`, in the names that `autograd-seq print my_step.py:step` shows.

## What was found
"""


def found() -> dict[str, Any]:
    """All verdicts."""
    ran = subprocess.run([sys.executable, str(ROOT / "examples" / "check_notes.py"), "--json"],
                         capture_output=True, text=True, encoding="utf-8", check=True,
                         env={**os.environ, "AUTOGRAD_SEQ_LANG": "en"})  # fmt: skip
    return dict(json.loads(ran.stdout))


def code(text: str | None) -> str:
    """Text in a cell of a table, as code."""
    if not text:
        return ""
    text = " ".join(text.split()).replace("|", r"\|")
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text}{ticks}"


def typeset(printed: str) -> str:
    """What a note has, as it meant it to be read: its LaTeX as formulas, its HTML as Markdown takes it."""
    printed = " ".join(printed.split())
    if "<su" in printed:
        return re.sub(r"(?<!\\)<(?=[^a-z/])", "&lt;", printed).replace("*", r"\*").replace("~", r"\~")
    if "$" in printed:
        parts = re.split(r"(\$\$?[^$]+\$\$?)", printed)
        return "".join(in_math(part.strip("$")) if part.startswith("$") else words(part) for part in parts)
    return in_math(printed) if re.search(r"\\[a-z]|[_^]\{", printed) else words(printed)


def in_math(latex: str) -> str:
    """A formula between dollar signs, with commands for the signs that mean something else in a table."""
    commands = {"&": "", r"\\": r"\cr ", "|": r"\vert ", "<": r"\lt ", ">": r"\gt ", "*": r"\ast "}
    for sign, command in commands.items():
        latex = latex.replace(sign, command)
    return f"${' '.join(latex.split())}$"


def words(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return re.sub(r"([\\`*_\[\]<>|#~^])", r"\\\1", re.sub(r"\\(?=[\[\]])", "", text))


def summary(by_note: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """How many have each status, note by note."""
    yield "| note | " + " | ".join(STATUSES) + " |"
    yield "|---|" + "---|" * len(STATUSES)
    for note, formulas in by_note.items():
        counts = Counter(formula["status"] for formula in formulas)
        yield f"| {note} | " + " | ".join(str(counts[status] or "") for status in STATUSES) + " |"


def page() -> str:
    """The whole page."""
    by_note: dict[str, list[dict[str, Any]]] = {}
    for formula in found()["formulas"]:
        by_note.setdefault(formula["file"].partition("_")[0], []).append(formula)
    lines = [HEAD, *summary(by_note)]
    for note, formulas in by_note.items():
        lines += [f"\n## Note {note}\n", "| verdict | in the note; as a claim; ✓ what is right |\n|---|---|"]
        for formula in formulas:
            right = f"✓ {code(formula['correction'])}" if formula["correction"] else ""
            said = [typeset(formula["printed"]), code(formula["claim"]), right]
            lines.append(f"| {formula['status']} | {'<br>'.join(filter(None, said))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(PAGE, page())
