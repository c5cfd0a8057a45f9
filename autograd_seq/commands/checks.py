"""Commands that judge: proofs of derivatives, hand-written backward passes, formulas."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module

import autograd_seq
from autograd_seq.check import check_certificate
from autograd_seq.check.claims.named_losses import LOSSES
from autograd_seq.commands.console import print_json, say
from autograd_seq.commands.ending import code_of
from autograd_seq.commands.frame import Declared
from autograd_seq.commands.grades import add_grading, grade
from autograd_seq.commands.screen import brief
from autograd_seq.commands.things import NAMES, output_of, thing
from autograd_seq.core.errors import UsageError
from autograd_seq.storage.files import check_output


def add_prove(declared: Declared) -> None:
    """The command ``prove``."""
    said = "prove every derivative exactly, with SymPy; exit code 1 if one is refuted, 3 if one is undecided"
    sub = declared.command_about("prove", prove_, said)
    sub.add_argument("--json", action="store_true", help="as JSON")
    sub.add_argument(
        "-o", "--output", metavar="FILE",
        help="FILE.json: a certificate that check_certificate.py verifies; FILE.v, with --all-lengths: one for Rocq",
    )  # fmt: skip
    sub.add_argument("--all-lengths", action="store_true", help="for every number of time steps, by induction")


def prove_(arguments: argparse.Namespace) -> int:
    """Prove every derivative, and print the certificate."""
    if arguments.output is not None:
        check_output(arguments.output, (".json", ".v"))
    proof = autograd_seq.prove(output_of(thing(arguments)), all_lengths=arguments.all_lengths)
    if arguments.output is not None and proof.ok:
        written = proof.save(arguments.output)
        program = "coqc" if written.suffix == ".v" else f"python {check_certificate.__file__}"
        say(f"wrote {written}; verify it: {program} {written}", file=sys.stderr)
    if arguments.json:
        print_json(json.loads(proof.to_json()), arguments.answer)
    else:
        print(brief(proof))
    return code_of(proof.ok, [claim.status for claim in proof.claims.values()])


def add_check(declared: Declared) -> None:
    """The command ``check``."""
    said = "check hand-written backward passes; exit code 1 if one is wrong, 3 if there is no verdict"
    sub = declared.command("check", check_, said)
    about = "a claim about a cell, or about what FILE.py:FUNCTION returns, such as 'dc_prev = dc * Gamma_f'"
    sub.add_argument("--formula", metavar="TEXT", help=about)
    sub.add_argument("--reading", choices=("adjoint", "jacobian"), default="adjoint", help="what dX in it means")
    sub.add_argument(
        "--loss", choices=LOSSES, metavar="LOSS", help=f"what a readout's formula is about: {', '.join(LOSSES)}"
    )
    add_grading(sub)


def check_(arguments: argparse.Namespace) -> int:
    """Check hand-written backward passes, or one formula of a cell."""
    if arguments.formula is not None:
        one_formula = import_module("autograd_seq.commands.one_formula")  # the cells come along
        code: int = one_formula.check_formula(arguments)
        return code
    if arguments.loss is not None:
        raise UsageError("--loss says what a formula is about: add --formula 'dz_y = y_hat - y'")
    for name in arguments.files:
        if name in NAMES or name.endswith("-readout"):
            raise UsageError(f"what is claimed of {name}? Add --formula 'dc_prev = dc * Gamma_f'")
    return grade(arguments)
