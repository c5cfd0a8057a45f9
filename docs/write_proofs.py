"""Write the table of proofs.md: for each cell and each program of the tests, what its certificate rests on.

Run ``python docs/write_proofs.py`` after a change of cells or proofs; a test compares some rows.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograd_seq import Graph, differentiate
from autograd_seq.check.check_certificate import Certificate
from autograd_seq.check.export import certificate_of
from autograd_seq.check.one_step import StepsDifferError, one_step
from autograd_seq.commands.things import cells_by_name, example_run, output_of
from autograd_seq.storage.files import write

PAGE = Path(__file__).with_name("proofs.md")
sys.path.insert(0, str(PAGE.parents[1] / "tests" / "own_code"))
BEGIN, END = "<!-- table -->\n", "<!-- end -->"


def losses() -> Iterator[tuple[str, Any]]:
    """Names and recorded losses."""
    import programs

    for name in cells_by_name():
        yield f"`{name}`", output_of(example_run(name, 4))
    for style in programs.STYLES:
        yield style.replace("_", " "), programs.recorded(style, 4, 2)[0]


def row(name: str, loss: Any) -> str:
    """One line: what is proven, and of how much."""
    recording = differentiate(loss)
    leaves = {x: (x.label, "proven") for x in recording.forward.leaves if x.requires_grad and x in recording.adjoints}
    data = certificate_of(recording, leaves)
    statuses, count = Certificate(data).check()
    proven = sum(status == "proven" for status in statuses.values())
    rest = ", ".join(name for name, status in statuses.items() if status != "proven") or "–"
    operations, records = len(data["operations"]), len(data["records"])
    examples = "yes" if data["examples"] else data["why one number of examples"]
    counts = f"{proven} of {len(statuses)} | {count} | {records} | {operations}"
    return f"| {name} | {counts} | {rest} | {lengths(loss)} | {examples} |"


def lengths(loss: Any) -> str:
    """Whether one step's certificate holds for every number of them; or why not."""
    try:
        step = one_step(Graph(loss))
    except StepsDifferError as error:
        return re.sub(r"%\d+", "", str(error).split("\n")[0].split(" at ")[0])  # without the number of a record
    recording = differentiate(step.total)
    leaves = [*step.parameters, *(given for given, _ in step.state), *step.inputs]
    data = certificate_of(recording, {x: (x.label, "proven") for x in leaves if x in recording.adjoints}, step)
    statuses, _ = Certificate(data).check()
    return "yes" if set(statuses.values()) == {"proven"} else "checked"


def table() -> str:
    """The whole."""
    names = ("", "gradients proven", "adjoints verified", "records", "different operations", "only checked",
             "any number of steps", "any number of examples")  # fmt: skip
    head = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    return "\n".join([*head, *(row(name, loss) for name, loss in losses())]) + "\n"


def main() -> None:
    """Write it."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    write(PAGE, before + BEGIN + table() + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
