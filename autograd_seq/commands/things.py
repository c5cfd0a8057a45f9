"""What a command is about: a cell by its name, or what a function in somebody's file recorded."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from autograd_seq import Graph, Tensor, exchange
from autograd_seq.commands.ending import NoVerdictError, failure
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.wording import perhaps
from autograd_seq.storage import files

NAMES = (
    "rnn", "rnn-relu", "rnn-stacked", "gru", "gru-simplified", "gru-reset-after", "lstm", "peephole",
    "peephole-current", "peephole-full", "bidirectional", "bidirectional-gru", "bidirectional-lstm", "deep", "deep-gru",
    "deep-lstm", "deep-bidirectional",
)  # fmt: skip


def cells_by_name() -> dict[str, Callable[[int, int], Any]]:
    """The project's cells and compositions, as the command line calls them; who needs their names takes `NAMES`."""
    found: dict[str, Callable[[int, int], Any]] = import_module("autograd_seq.commands.cells_made").by_name()
    return found


def example_run(name: str, time_steps: int, n_x: int = 3, n_a: int = 4, n_y: int = 2, m: int = 2) -> Any:
    """A cell of that name unrolled over seeded random inputs, with a softmax readout and a loss at each step."""
    return import_module("autograd_seq.commands.cells_made").example_run(name, time_steps, n_x, n_a, n_y, m)


def thing(arguments: argparse.Namespace) -> Any:
    """The run or tensor that a command is about."""
    if arguments.thing in NAMES:
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
        known, guess = ", ".join(NAMES), perhaps(spec, NAMES)
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
