"""Settings of all tests."""

import gc
import os

import pytest

# One thread for each process: the matrices are small, and the tests' processes already share the cores.
# Set before anything loads NumPy, and handed on to whatever a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

os.environ["AUTOGRAD_SEQ_LANG"] = "en"  # whatever the machine speaks; a test that is about languages chooses one

from hypothesis import settings

MOST_PROCESSES = 8  # each loads all tests, so that more of them bring nothing

# No deadlines: how long an example takes depends on what else the machine does.
settings.register_profile("fresh", deadline=None)
# In continuous integration the same examples every time; elsewhere new ones each run, which find more.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable" if os.environ.get("CI") else "fresh")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """As many processes as this one may use cores, hyperthreads counted, whatever else the machine has."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # pytest-xdist reads it
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_PROCESSES)


def pytest_sessionfinish():
    """Leave what is there uncollected: to look through it takes seconds, and pytest-xdist interrupts a slow end."""
    gc.freeze()
