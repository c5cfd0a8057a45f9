"""What a command is about: a cell by its name, or what a function in somebody's file recorded."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograd_seq import Graph, Tensor, categorical_cross_entropy, exchange
from autograd_seq.commands.ending import NoVerdictError, failure
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.wording import perhaps
from autograd_seq.storage import files
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout


def cells_by_name() -> dict[str, Callable[[int, int], Any]]:
    """The project's cells and compositions, as the command line calls them."""

    def both(cell: Any) -> Callable[[int, int], Any]:
        return lambda n_x, n_a: Bidirectional(cell(n_x, n_a, seed=0), cell(n_x, n_a, seed=1))

    def deep(cell: Any) -> Callable[[int, int], Any]:
        return lambda n_x, n_a: Deep([cell(n_x, n_a, seed=0), *(cell(n_a, n_a, seed=i) for i in (1, 2))])

    return {
        "rnn": lambda n_x, n_a: RNN(n_x, n_a, seed=0),
        "rnn-relu": lambda n_x, n_a: RNN(n_x, n_a, activation="relu", seed=0),
        "rnn-stacked": lambda n_x, n_a: RNN(n_x, n_a, stacked=True, seed=0),
        "gru": lambda n_x, n_a: GRU(n_x, n_a, seed=0),
        "gru-simplified": lambda n_x, n_a: GRU(n_x, n_a, full=False, seed=0),
        "gru-reset-after": lambda n_x, n_a: GRU(n_x, n_a, reset_after=True, seed=0),
        "lstm": lambda n_x, n_a: LSTM(n_x, n_a, seed=0),
        "peephole": lambda n_x, n_a: LSTM(n_x, n_a, peephole="diagonal", seed=0),
        "peephole-current": lambda n_x, n_a: LSTM(n_x, n_a, peephole="diagonal", output_sees="current", seed=0),
        "peephole-full": lambda n_x, n_a: LSTM(n_x, n_a, peephole="full", seed=0),
        "bidirectional": both(RNN),
        "bidirectional-gru": both(GRU),
        "bidirectional-lstm": both(LSTM),
        "deep": deep(RNN),
        "deep-gru": deep(GRU),
        "deep-lstm": deep(LSTM),
        "deep-bidirectional": lambda n_x, n_a: Deep([both(RNN)(n_x, n_a), both(RNN)(2 * n_a, n_a)]),
    }


def example_run(name: str, time_steps: int, n_x: int = 3, n_a: int = 4, n_y: int = 2, m: int = 2) -> Any:
    """A cell of that name unrolled over seeded random inputs, with a softmax readout and a loss at each step."""
    rng = np.random.default_rng(0)
    cell = cells_by_name()[name](n_x, n_a)
    run = cell.unroll(rng.standard_normal((n_x, m, time_steps)))
    readout = Readout(cell.n_a, n_y, seed=1)
    targets = [np.eye(n_y)[:, rng.integers(n_y, size=m)] for _ in range(time_steps)]
    readout(run).measure(targets, categorical_cross_entropy)
    return run


def thing(arguments: argparse.Namespace) -> Any:
    """The run or tensor that a command is about."""
    if arguments.thing in cells_by_name():
        return example_run(arguments.thing, arguments.steps)
    if arguments.thing.endswith(".onnx"):
        return exchange.read_onnx(arguments.thing)
    found = recorded(from_file(arguments.thing), arguments.thing)
    if getattr(arguments, "output", None) is not None:  # what the program imports is read as well
        loaded = [vars(module).get("__file__") for module in list(sys.modules.values()) if hasattr(module, "__dict__")]
        files.check_output(arguments.output, inputs=filter(None, loaded))
    return found


def tried(arguments: argparse.Namespace, output: str | None, *suffixes: str) -> None:
    """Try, before the work begins, whether the output can be written, and is not the program that is read."""
    if output is not None:
        files.check_output(output, suffixes, inputs=[arguments.thing.rpartition(":")[0]])


def title(arguments: argparse.Namespace) -> str | None:
    """What the thing is called in a document; a user's function goes without."""
    return None if ".py:" in arguments.thing else arguments.thing.replace("-", " ")


def output_of(found: Any) -> Any:
    """The tensor to differentiate: a run's loss, else the thing itself."""
    loss = getattr(found, "loss", None)
    return loss if loss is not None else found


def recorded(found: Any, spec: str) -> Any:
    """What a user's function returned, if it was recorded."""
    if isinstance(found, (Graph, Tensor)) or hasattr(found, "graph") or hasattr(found, "unroll"):
        return found
    raise UsageError(f"{spec} returned {type(found).__name__}; let it return the loss, or the run, that it recorded")


def from_file(spec: str) -> Any:
    """What FILE.py:FUNCTION returns; running somebody's own file is what the command is for."""
    path, _, function = spec.rpartition(":")
    if not path.endswith(".py") or not function:
        if spec.endswith(".py") and Path(spec).is_file():
            raise UsageError(f"write {spec}:FUNCTION, with a function of {spec!r}; it has {_functions_in(spec)}")
        known, guess = ", ".join(cells_by_name()), perhaps(spec, cells_by_name())
        raise UsageError(f"{spec!r} is neither a cell ({known}) nor FILE.py:FUNCTION nor FILE.onnx{guess}")
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path!r}")
    module = _run(path)
    if callable(getattr(module, function, None)):
        return _user_code(path, getattr(module, function))
    found = [
        key
        for key, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__ and not key.startswith("_")
    ]
    known, guess = ", ".join(map(repr, found)) or "none", perhaps(function, found)
    raise UsageError(f"{path} has no function {function!r}; it has {known}{guess}")


def _functions_in(path: str) -> str:
    """The functions of a file, read off it without running it."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (SyntaxError, ValueError):
        return "none that can be read"
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return ", ".join(map(repr, names)) or "none"


def _run(path: str) -> ModuleType:
    """A user's file as a module."""
    module_spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if module_spec is None or module_spec.loader is None:
        raise UsageError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(module_spec)
    loader = module_spec.loader
    _user_code(path, lambda: loader.exec_module(module))
    return module


def _user_code(path: str, run: Callable[[], Any]) -> Any:
    """What somebody's own code gives; what it prints goes to standard error, apart from what was asked for."""
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        with redirect_stdout(sys.stderr):
            return run()
    except KeyboardInterrupt:
        raise
    except AutogradError as error:  # which names the line itself
        raise NoVerdictError(str(error)) from error
    except BaseException as error:  # whatever a user's file does wrong is said, not ours to know; exit calls too
        raise NoVerdictError(f"{path} failed: {failure(error)}") from error
    finally:
        sys.path.pop(0)
