"""One core and one thread for everything that is measured, and what the numbers were measured with."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from pathlib import Path

# For glibc's malloc, in the environment of a process: what is free stays with the process.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_ARENA_MAX": "1"}


def one_core() -> None:
    """To be called before NumPy is imported: one thread in every library, one core for the process where possible.

    With one core, threads that a library starts all the same count in full, also while they wait for each other.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def gpu() -> bool:
    """Whether there is a driver of NVIDIA's."""
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None


def core_type() -> str:
    """The kernels that OpenBLAS chose for NumPy; "unknown" where it does not say."""
    import numpy

    beside = Path(numpy.__file__).parent
    for folder in (beside.parent / "numpy.libs", beside / ".dylibs"):
        for library in sorted(folder.glob("*openblas*")):
            loaded = ctypes.CDLL(str(library))
            for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_", "openblas_get_corename"):
                if hasattr(loaded, name):
                    function = getattr(loaded, name)
                    function.restype = ctypes.c_char_p
                    return str(function().decode())
    return "unknown"


def description() -> str:
    import numpy

    return (
        f"Python {platform.python_version()}, NumPy {numpy.__version__}, one thread, "
        f"BLAS core type {core_type()} (OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'not set')})"
    )
