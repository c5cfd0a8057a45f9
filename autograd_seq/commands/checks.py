"""Commands that judge: proofs of derivatives, hand-written backward passes, formulas."""

from __future__ import annotations

import argparse
import json
from typing import Any

import autograd_seq
from autograd_seq.commands.frame import Declared, whole
from autograd_seq.commands.things import cells_by_name, output_of, thing
from autograd_seq.errors import UsageError
from cells import Bidirectional, Deep


def add_prove(declared: Declared) -> None:
    """The command ``prove``."""
    said = "prove every derivative exactly, with SymPy; exit code 1 if one is refuted"
    sub = declared.command_about("prove", prove_, said)
    sub.add_argument("--json", action="store_true", help="as JSON")


def prove_(arguments: argparse.Namespace) -> int:
    """Prove every derivative, and print the certificate."""
    proof = autograd_seq.prove(output_of(thing(arguments)))
    print(proof.to_json() if arguments.json else proof)
    return 0 if proof.ok else 1


def add_check(declared: Declared) -> None:
    """The command ``check``."""
    sub = declared.command("check", check_, "check hand-written backward passes; exit code 1 if one is wrong")
    sub.add_argument("file", metavar="FILE.py", help="a Python file as it is; or, with --formula, a cell's name")
    sub.add_argument("--formula", metavar="TEXT", help="a claim such as 'dc_prev = dc * Gamma_f'")
    sub.add_argument("--reading", choices=("adjoint", "jacobian"), default="adjoint", help="what dX in it means")
    sub.add_argument("--hints", action="store_true", help="say what is wrong without the correct formula")
    sub.add_argument("--seed", type=whole(0), default=0, help="for the numbers that are drawn")
    sub.add_argument("--json", action="store_true", help="as JSON")


def check_(arguments: argparse.Namespace) -> int:
    """Check the hand-written backward passes in a file, or one formula of a cell."""
    if arguments.formula:
        found: Any = autograd_seq.check_formula(arguments.formula, _single_cell(arguments.file), arguments.reading)
    else:
        from autograd_seq.check.course import check_file

        if arguments.file in cells_by_name():
            raise UsageError(f"what is claimed of {arguments.file}? Add --formula 'dc_prev = dc * Gamma_f'")
        found = check_file(arguments.file, arguments.seed, hints_only=arguments.hints)
    print(json.dumps(found.to_json(), ensure_ascii=False) if arguments.json else found)
    return 0 if found.ok else 1


def _single_cell(name: str) -> Any:
    """A cell with a step of its own, which a formula can be about."""
    made = {key: make(2, 3) for key, make in cells_by_name().items()}
    single = {key: cell for key, cell in made.items() if not isinstance(cell, (Bidirectional, Deep))}
    if name in single:
        return single[name]
    usable = ", ".join(single)
    if name in made:
        kind = "layers of cells" if isinstance(made[name], Deep) else "two cells in opposite directions"
        raise UsageError(f"--formula is about one step of one cell, and {name} is {kind}; take one of {usable}")
    raise UsageError(f"--formula is about a cell: {usable}; not {name!r}")
