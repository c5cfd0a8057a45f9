"""Start processes that have several devices, or that compute together; the CPU stands for all of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograd_seq.plan.writing import jax_run

ROOT = Path(__file__).parent.parent
CHILD = str(ROOT / "tests" / "on_devices.py")
with_jax = pytest.mark.skipif(not jax_run.available(), reason="JAX is not installed: pip install 'autograd-seq[jax]'")


def started(words: list[str], devices: int) -> subprocess.Popen[str]:
    """A process with so many devices."""
    flags = f"--xla_force_host_platform_device_count={devices}"
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": paths}
    return subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What a process printed."""
    try:
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, err[-3000:]
    return "".join(line for line in out.splitlines(keepends=True) if not line.startswith("[Gloo]"))


def said(*words: str, devices: int = 4) -> Any:
    """What a process with several devices found."""
    return json.loads(ended(started([CHILD, *words], devices)).splitlines()[-1])


def of_two(words: list[str], devices: int = 1) -> list[str]:
    """What two processes print that meet at a free port of the loopback address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [started([*words, "--join", where, "2", str(number)], devices) for number in (0, 1)]
    return [ended(process) for process in processes]
