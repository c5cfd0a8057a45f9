"""Graphviz as a child process: drawn under a time limit, and what it prints stays off the terminal.

The Graphviz that pygraphviz carries in its wheels comes first, then a `dot` on the PATH.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

from autograd_seq.core.errors import AutogradError

TIME_LIMIT = 120.0  # seconds
FORMATS = ("svg", "png", "pdf")

# Run by a fresh interpreter: Graphviz is not safe among threads, cannot be interrupted, and warns of fonts.
_CHILD = """
import sys
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="nop2"))
"""


class RenderError(AutogradError, RuntimeError):
    """A drawing that Graphviz could not make, or no Graphviz to make it."""


def render(dot: str, kind: str, time_limit: float = TIME_LIMIT) -> bytes:
    """Draw DOT text that has places.

    Parameters
    ----------
    dot : str
        With ``pos`` for every node and edge.
    kind : str
        ``svg``, ``png`` or ``pdf``.
    time_limit : float
        In seconds.

    Raises
    ------
    RenderError
        If there is no Graphviz, or it fails or takes too long.
    """
    failures = []
    for name, command in _commands(kind):
        try:
            done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=time_limit)
        except subprocess.TimeoutExpired:
            failures.append(f"{name} did not finish in {time_limit:g} s")
        except OSError as error:
            failures.append(f"{name} could not be started: {error}")
        else:
            said = [line for line in done.stderr.decode(errors="replace").splitlines() if _is_error(line)]
            if done.returncode == 0 and done.stdout and not said:
                return done.stdout
            failures.append(f"{name} failed" + (f": {said[-1]}" if said else ""))
    raise RenderError(
        "; ".join(failures) or "no Graphviz was found: install it with  pip install 'pygraphviz>=2.0.4'  "
        "(its wheels carry Graphviz), or install Graphviz so that its program dot is on the PATH"
    )


def _is_error(line: str) -> bool:
    """Whether a line that Graphviz printed says that the picture is not whole; fonts may be missing."""
    return "fontconfig" not in line.lower() and ("error" in line.lower() or "not well-formed" in line.lower())


def _commands(kind: str) -> list[tuple[str, list[str]]]:
    found = []
    if importlib.util.find_spec("pygraphviz") is not None and sys.executable:
        found.append(("pygraphviz", [sys.executable, "-I", "-c", _CHILD, kind]))
    if (program := shutil.which("dot")) is not None:
        found.append(("dot", [program, "-Knop2", f"-T{kind}"]))
    return found
