"""One thread, or one core, for everything that is measured, and what the numbers were measured with."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

# For glibc's malloc, in the environment of a process: what is free stays with the process.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_ARENA_MAX": "1"}


def one_thread() -> None:
    """To be called before NumPy is imported: one thread in every library."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def one_core() -> None:
    """The same, and one core for the process where possible.

    With one core, threads that a library starts all the same count in full, also while they wait for each other.
    """
    one_thread()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def gpu() -> bool:
    """Whether there is a driver of NVIDIA's."""
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None


def products() -> str:
    """What multiplies matrices, for NumPy and for what Numba compiles."""
    from autograd_seq.plan import blas

    told = {"NumPy": blas.said("numpy")}
    if importlib.util.find_spec("numba") and importlib.util.find_spec("scipy"):
        told["Numba"] = blas.said("scipy")
    alike = len(set(told.values())) == 1
    return told["NumPy"] if alike else ", ".join(f"{text} ({who})" for who, text in told.items())


def description() -> str:
    import numpy

    return f"Python {platform.python_version()}, NumPy {numpy.__version__}, one thread; products: {products()}"
