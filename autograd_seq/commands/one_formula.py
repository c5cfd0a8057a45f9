"""A formula that is claimed of a cell, checked: what ``check --formula`` does."""

from __future__ import annotations

import argparse
from typing import Any

import autograd_seq
from autograd_seq.commands.console import print_json
from autograd_seq.commands.ending import code_of
from autograd_seq.commands.things import cells_by_name, from_file, output_of, recorded
from autograd_seq.core.errors import UsageError
from cells import Bidirectional, Deep, Readout
from cells.readout import ACTIVATIONS


def check_formula(arguments: argparse.Namespace) -> int:
    """Check a claim about a cell."""
    if len(arguments.files) != 1:
        raise UsageError(f"--formula is about one cell, and {len(arguments.files)} names are given")
    name = arguments.files[0]
    cell = output_of(recorded(from_file(name), name)) if ".py:" in name else _single_cell(name)
    found = autograd_seq.check_formula(arguments.formula, cell, arguments.reading, arguments.seed or 0, arguments.loss)
    if arguments.json:
        print_json({"format": 1, **found.to_json()}, arguments.answer)
    else:
        print(found)
    return code_of(found.ok, [found.status])


def _single_cell(name: str) -> Any:
    """A cell with a step of its own, which a formula can be about."""
    made = {key: make(2, 3) for key, make in cells_by_name().items()}
    single = {key: cell for key, cell in made.items() if not isinstance(cell, (Bidirectional, Deep))}
    single |= {f"{activation}-readout": Readout(3, 4, activation, seed=0) for activation in ACTIVATIONS}
    if name in single:
        return single[name]
    usable = ", ".join(single)
    if name in made:
        kind = "layers of cells" if isinstance(made[name], Deep) else "two cells in opposite directions"
        raise UsageError(f"--formula is about one step of one cell, and {name} is {kind}; take one of {usable}")
    raise UsageError(f"--formula is about a cell or a readout ({usable}), or FILE.py:FUNCTION; not {name!r}")
