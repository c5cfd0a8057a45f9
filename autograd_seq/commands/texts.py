"""Commands that write the recording out: as equations, as a NumPy module, as the program of a compiled plan."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

import autograd_seq
from autograd_seq.commands.console import print_as_it_is, say
from autograd_seq.commands.engine_options import add_engine
from autograd_seq.commands.frame import Declared
from autograd_seq.commands.things import output_of, thing, title, tried
from autograd_seq.storage import files
from viz import draw


def add_derive(declared: Declared) -> None:
    """The command ``derive``."""
    sub = declared.command_about("derive", derive_, "print the equations of the forward and the backward pass")
    sub.add_argument("-o", "--output", metavar="FILE", help="FILE.html, .md or .tex: with picture, source and proof")


def derive_(arguments: argparse.Namespace) -> int:
    """Print the derivation in the order in which one would teach it, or write it as a document."""
    tried(arguments, arguments.output, ".html", ".md", ".tex")
    if arguments.output is not None and arguments.output.lower().endswith(".md"):
        tried(arguments, str(Path(arguments.output).with_suffix(".svg")))  # the picture, which is a file of its own
    found = thing(arguments)
    if arguments.output is None:
        print(autograd_seq.equations(found))
        return 0
    document = autograd_seq.derive(
        found, title=title(arguments), picture=lambda t: draw(t, view="cell").svg, proof=autograd_seq.prove
    )
    print(document.save(arguments.output))
    if arguments.output.lower().endswith(".html") and find_spec("latex2mathml") is None:
        say("its formulas are text; as MathML, which reads better: pip install 'autograd-seq[page]'", file=sys.stderr)
    return 0


def add_source(declared: Declared) -> None:
    """The command ``source``."""
    sub = declared.command_about("source", source_, "print a NumPy module with the forward and the backward pass")
    sub.add_argument("-o", "--output", metavar="FILE.py", help="write it to a file")


def source_(arguments: argparse.Namespace) -> int:
    """Print the recording as a NumPy module with a forward and a backward function."""
    tried(arguments, arguments.output)
    words = title(arguments)
    text = autograd_seq.source(thing(arguments), name=words and words.replace(" ", "_"))
    if arguments.output is None:
        print_as_it_is(text, end="")
    else:
        print(files.write(arguments.output, text))
    return 0


def add_compile(declared: Declared) -> None:
    """The command ``compile``."""
    said = "print the fast program that replays the recording: compile()'s plan.source"
    sub = declared.command_about("compile", compile_, said)
    sub.add_argument("--explain", action="store_true", help="print what each rewrite did to it, in place of it")
    sub.add_argument("--fast", action="store_true", help="the loops through Numba, which the extra fast installs")
    add_engine(sub)
    sub.add_argument("-o", "--output", metavar="FILE.py", help="write the program to a file")


def compile_(arguments: argparse.Namespace) -> int:
    """Print the program that a compiled plan of the recording runs, or what each of its rewrites did."""
    tried(arguments, arguments.output)
    plan = autograd_seq.compile(output_of(thing(arguments)), fast=arguments.fast, engine=arguments.engine)
    if arguments.output is not None:
        files.write(arguments.output, plan.source)
    if arguments.explain:
        print(plan.explain())
    elif arguments.output is None:
        print_as_it_is(plan.source)
    else:
        print(arguments.output)
    return 0
