"""Options of commands that compute with a compiled plan: engine, threads, devices, and joining other processes."""

from __future__ import annotations

import argparse
import re
from typing import Any

from autograd_seq.commands.frame import whole
from autograd_seq.core.errors import UsageError
from autograd_seq.plan.engine import NAMES
from autograd_seq.plan.writing import jax_run
from autograd_seq.plan.writing.jax_devices import first_process


def add_engine(sub: argparse.ArgumentParser) -> None:
    """Declare the option ``--engine``."""
    sub.add_argument("--engine", choices=NAMES, help="the engine that it is compiled for: docs/engines.md")


def add_devices(sub: argparse.ArgumentParser) -> None:
    """Declare what says how many compute together."""
    sub.add_argument("--threads", type=whole(1), default=1, metavar="N", help="examples are split over N (default 1)")
    sub.add_argument("--devices", type=_devices, metavar="N", help="with --engine jax: a number of GPUs, or all")
    said = (
        "with --devices: be one of several processes that compute together, which Slurm, Open MPI or Kubernetes "
        "started; started by hand, with --join HOST:PORT PROCESSES NUMBER, the first being number 0, on HOST"
    )
    sub.add_argument("--join", nargs="*", metavar="WORD", help=said)


def _devices(text: str) -> Any:
    return text if text == "all" else whole(1)(text)


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was asked for, as `Trainer` takes it."""
    return {"engine": arguments.engine, "threads": arguments.threads, "devices": arguments.devices}


def joined(arguments: argparse.Namespace) -> bool:
    """Join the other processes, if that is asked for; whether this one is the one that reports.

    Raises
    ------
    UsageError
        If there are none to be found, or JAX is already in use.
    """
    if arguments.join is None:
        return True
    if arguments.devices is None or arguments.engine != "jax":
        raise UsageError("--join is for processes that compute together: --engine jax --devices all --join …")
    where = _where(arguments.join)
    jax_run.require()
    import jax

    try:
        jax.distributed.initialize(**where)
    except (RuntimeError, ValueError) as error:
        raise UsageError(
            f"the other processes cannot be joined: {error} "
            "Started by hand, each needs --join HOST:PORT PROCESSES NUMBER; without others, leave --join out"
        ) from error
    return first_process()


def _where(words: list[str]) -> dict[str, Any]:
    """What JAX is told of where the processes meet; nothing, if it is to ask what started them."""
    if not words:
        return {}
    if len(words) != 3 or not re.fullmatch(r"[^\s:]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}", words[0]):
        raise UsageError(f"write --join HOST:PORT PROCESSES NUMBER, such as --join 10.0.0.1:9911 2 0, not {words}")
    try:
        count, number = whole(1)(words[1]), whole(0)(words[2])
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--join {' '.join(words)}: {error}") from error
    if number >= count:
        raise UsageError(f"{count} processes are numbered from 0 to {count - 1}; there is no number {number}")
    return {"coordinator_address": words[0], "num_processes": count, "process_id": number}
