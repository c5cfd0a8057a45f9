"""The command line: a thin face on public functions. The one file that may import everything.

Exit codes: 0 good, 1 a check failed, 2 bad use.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.errors import AutogradError, UsageError

EXAMPLES = """examples:
  autograd-seq print lstm --steps 3
  autograd-seq draw gru --steps 4 -o gru.svg
  autograd-seq prove my_cell.py:loss
  autograd-seq check my_lstm.py
  autograd-seq derive lstm -o lstm.html
  autograd-seq flow rnn --steps 20

THING is a cell's name ({cells}),
or FILE.py:FUNCTION, a function without arguments that returns a tensor or a run."""


def cells_by_name() -> dict[str, Callable[[int, int], Any]]:
    """The project's cells and compositions, as the command line calls them."""
    import cells as c

    return {
        "rnn": lambda n_x, n_a: c.RNN(n_x, n_a, seed=0),
        "rnn-relu": lambda n_x, n_a: c.RNN(n_x, n_a, activation="relu", seed=0),
        "lstm": lambda n_x, n_a: c.LSTM(n_x, n_a, seed=0),
    }


def example_run(name: str, time_steps: int, n_x: int = 3, n_a: int = 4, n_y: int = 2, m: int = 2) -> Any:
    """A cell of that name unrolled over seeded random inputs, with a softmax readout and a loss at each step."""
    from autograd_seq import categorical_cross_entropy
    from cells import Readout

    rng = np.random.default_rng(0)
    cell = cells_by_name()[name](n_x, n_a)
    run = cell.unroll(rng.standard_normal((n_x, m, time_steps)))
    readout = Readout(run.final["a"].shape[0] if "a" in run.final else n_a, n_y, seed=1)
    targets = [np.eye(n_y)[:, rng.integers(n_y, size=m)] for _ in range(time_steps)]
    readout(run).measure(targets, categorical_cross_entropy)
    return run


def from_file(spec: str) -> Any:
    """What FILE.py:FUNCTION returns; running somebody's own file is what the command is for."""
    path, _, function = spec.rpartition(":")
    if not path.endswith(".py") or not function:
        raise UsageError(f"{spec!r} is neither a cell ({', '.join(cells_by_name())}) nor FILE.py:FUNCTION")
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path}")
    module_spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if module_spec is None or module_spec.loader is None:
        raise UsageError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(module_spec)
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        module_spec.loader.exec_module(module)
        if callable(getattr(module, function, None)):
            return getattr(module, function)()
    except AutogradError:
        raise
    except Exception as error:  # whatever a user's file does wrong is said, not ours to know
        raise UsageError(f"{path} failed:\n{_said_by_user_code(error)}") from error
    finally:
        sys.path.pop(0)
    found = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    raise UsageError(f"{path} has no function {function!r}; it has {', '.join(found) or 'none'}")


def _said_by_user_code(error: Exception) -> str:
    """Where somebody's own file failed, without the frames that only called it."""
    return "".join(traceback.format_exception(error, limit=-3)).rstrip()


def thing(arguments: argparse.Namespace) -> Any:
    """The run or tensor that a command is about."""
    if arguments.thing in cells_by_name():
        if arguments.steps < 1:
            raise UsageError(f"--steps is {arguments.steps}; a sequence has at least one step")
        return example_run(arguments.thing, arguments.steps)
    return from_file(arguments.thing)


def output_of(found: Any) -> Any:
    """The tensor to differentiate: a run's loss, else the thing itself."""
    loss = getattr(found, "loss", None)
    return loss if loss is not None else found


def print_(arguments: argparse.Namespace) -> int:
    """Print the recorded graph, and the backward one on demand."""
    from autograd_seq import differentiate

    output = output_of(thing(arguments))
    graph = differentiate(output).backward if arguments.backward else output.graph
    if arguments.json:
        rows = [
            {"index": i, "name": r.label, "operation": r.operation.name if r.operation else None,
             "inputs": [graph.positions.get(x) for x in r.inputs], "shape": list(r.shape),
             "time": graph.scopes[r].time, "line": str(r.source) if r.source else None}
            for i, r in enumerate(graph)
        ]  # fmt: skip
        print(json.dumps(rows, ensure_ascii=False))
    else:
        print(graph)
    return 0


def draw_(arguments: argparse.Namespace) -> int:
    """Draw the recorded graph into a file."""
    from viz import draw

    path = arguments.output or f"{Path(arguments.thing.split(':')[0]).stem}.svg"
    draw(thing(arguments), path, view=arguments.view)
    print(path)
    return 0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    names = ", ".join(cells_by_name())
    top = argparse.ArgumentParser(
        prog="autograd-seq",
        description="A microscope for backpropagation through time.",
        epilog=EXAMPLES.format(cells=names),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, function: Callable[[argparse.Namespace], int], help: str, about: bool = True) -> Any:
        sub = commands.add_parser(
            name, help=help, description=help, epilog=EXAMPLES.format(cells=names),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        if about:
            sub.add_argument("thing", metavar="THING", help="a cell's name, or FILE.py:FUNCTION")
            sub.add_argument("--steps", type=int, default=3, metavar="T", help="time steps of a named cell (default 3)")
        sub.set_defaults(run=function)
        return sub

    sub = command("print", print_, "print the recorded graph as a table")
    sub.add_argument("--backward", action="store_true", help="the backward pass, itself a recording")
    sub.add_argument("--json", action="store_true", help="as JSON, a list of records")
    sub = command("draw", draw_, "draw the recorded graph")
    sub.add_argument("--view", default="unrolled", help="unrolled, rolled, cell, operations or backward")
    sub.add_argument("-o", "--output", metavar="FILE", help="FILE.svg, .png, .pdf or .dot (default: THING.svg)")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        The words after the program's name; those of the process if not given.

    Returns
    -------
    int
        0 good, 1 a check failed, 2 bad use.

    Examples
    --------
    >>> main(["print", "nothing.py:at_all"])
    2
    """
    arguments = parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except (AutogradError, OSError) as error:
        print(f"autograd-seq {arguments.command}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
