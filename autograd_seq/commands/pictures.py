"""The command that draws: pictures, pages that step through time, the sweep in motion."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from autograd_seq.commands.frame import Declared
from autograd_seq.commands.things import thing, tried
from viz import animate, draw, open_modules, step_through
from viz.sizes import SIZES


def add_draw(declared: Declared) -> None:
    """The command ``draw``."""
    sub = declared.command_about("draw", draw_, "draw the recorded graph")
    sub.add_argument("--view", default="unrolled", help="unrolled, rolled, cell, modules, operations or backward")
    sub.add_argument("--size", choices=tuple(SIZES), default="page", help="slide: no letter below 18 pixels at 1,920")
    formulas = sub.add_mutually_exclusive_group()
    formulas.add_argument("--formulas", action="store_true", default=None, help="names and formulas, also on a slide")
    formulas.add_argument("--names", action="store_false", dest="formulas", default=None, help="names only")
    sub.add_argument("--only", type=span, metavar="FIRST-LAST", help="only these steps, such as 2-4")
    sub.add_argument("--legend", action="store_true", help="say below what the signs mean")
    sub.add_argument("--overlay", action="store_true", help="adjoints over the arrows, as wide as their norm")
    sub.add_argument("--values", action="store_true", help="write the values")
    sub.add_argument("--all-steps", action="store_true", help="every step, also of a long sequence")
    sub.add_argument("--live", action="store_true", help="a page (.html) on which every number can be changed")
    sub.add_argument("--theme", choices=("light", "dark"), default="light", help="colours for a light or a dark page")
    sub.add_argument(
        "-o", "--output", metavar="FILE",
        help="FILE.svg, .png, .pdf or .dot (default: THING.svg); FILE.html: a page that steps through time, or with "
        "--view modules one that opens cells and layers; "
        "FILE.gif: the backward sweep in motion",
    )  # fmt: skip


def span(text: str) -> tuple[int, int]:
    """Reads the first and the last step of a range, such as 2-4; one number is a range of one step."""
    if not (found := re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)):
        raise argparse.ArgumentTypeError(f"a range of steps such as 2-4, not {text!r}")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise argparse.ArgumentTypeError(f"a range of steps such as 2-4, and {text!r} begins after its end")
    return first, last


def draw_(arguments: argparse.Namespace) -> int:
    """Draw the recorded graph into a file; .html becomes a page that steps through time, .gif the sweep in motion."""
    ending = ".html" if arguments.live else ".svg"
    path = arguments.output or f"{Path(arguments.thing.split(':')[0]).stem}{ending}"
    tried(arguments, path, *([ending] if arguments.live else [".svg", ".png", ".pdf", ".dot", ".html", ".gif", ""]))
    if Path(path).suffix.lower() == ".html" and arguments.view == "modules" and not arguments.live:
        open_modules(thing(arguments), path, steps=arguments.only, size=arguments.size)
    elif Path(path).suffix.lower() == ".html":
        step_through(thing(arguments), path, live=arguments.live)
    elif Path(path).suffix.lower() == ".gif":
        animate(thing(arguments), path)
    else:
        draw(
            thing(arguments), path, view=arguments.view, overlay=arguments.overlay, theme=arguments.theme,
            values=arguments.values, all_steps=arguments.all_steps, size=arguments.size, formulas=arguments.formulas,
            steps=arguments.only, legend=arguments.legend,
        )  # fmt: skip
    print(path)
    return 0
