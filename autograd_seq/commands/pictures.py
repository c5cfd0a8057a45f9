"""The command that draws: pictures, pages that step through time, the sweep in motion."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograd_seq.commands.frame import Declared
from autograd_seq.commands.things import thing, tried
from viz import animate, draw, step_through


def add_draw(declared: Declared) -> None:
    """The command ``draw``."""
    sub = declared.command_about("draw", draw_, "draw the recorded graph")
    sub.add_argument("--view", default="unrolled", help="unrolled, rolled, cell, operations or backward")
    sub.add_argument("--overlay", action="store_true", help="adjoints over the arrows, as wide as their norm")
    sub.add_argument("--values", action="store_true", help="write the values")
    sub.add_argument("--all-steps", action="store_true", help="every step, also of a long sequence")
    sub.add_argument("--live", action="store_true", help="a page (.html) on which every number can be changed")
    sub.add_argument("--theme", choices=("light", "dark"), default="light")
    sub.add_argument(
        "-o", "--output", metavar="FILE",
        help="FILE.svg, .png, .pdf or .dot (default: THING.svg); FILE.html: a page that steps through time; "
        "FILE.gif: the backward sweep in motion",
    )  # fmt: skip


def draw_(arguments: argparse.Namespace) -> int:
    """Draw the recorded graph into a file; .html becomes a page that steps through time, .gif the sweep in motion."""
    ending = ".html" if arguments.live else ".svg"
    path = arguments.output or f"{Path(arguments.thing.split(':')[0]).stem}{ending}"
    tried(arguments, path, *([ending] if arguments.live else [".svg", ".png", ".pdf", ".dot", ".html", ".gif", ""]))
    if Path(path).suffix.lower() == ".html":
        step_through(thing(arguments), path, live=arguments.live)
    elif Path(path).suffix.lower() == ".gif":
        animate(thing(arguments), path)
    else:
        draw(
            thing(arguments), path, view=arguments.view, overlay=arguments.overlay, theme=arguments.theme,
            values=arguments.values, all_steps=arguments.all_steps,
        )  # fmt: skip
    print(path)
    return 0
