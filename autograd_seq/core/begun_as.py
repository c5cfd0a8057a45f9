"""What a process that was begun as ``autograd-seq check`` does before NumPy is loaded: such a process is short.

Its arrays are small, so that threads for products of matrices would cost more than they bring, and nothing that is
loaded is to be thrown away, so that looking for that is time lost. A process that only imports the package keeps both
as it has them, and one that has set a number of threads keeps that.
"""

from __future__ import annotations

import gc
import os
import sys

PROGRAMS = ("autograd-seq", "autograd-seq.exe", "autograd-seq-script.py")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def is_check(words: list[str], all_words: list[str]) -> bool:
    """Whether a process was begun as ``autograd-seq check`` or ``python -m autograd_seq check``.

    Parameters
    ----------
    words : list of str
        As ``sys.argv`` has them.
    all_words : list of str
        As ``sys.orig_argv`` has them.

    Examples
    --------
    >>> is_check(["/usr/bin/autograd-seq", "check", "my_rnn.py"], [])
    True
    >>> is_check(["-m", "check"], ["python", "-m", "pytest", "check"])
    False
    """
    if words[1:2] != ["check"]:
        return False
    if words[0] == "-m":  # as long as Python has not found the module yet
        return all_words[-len(words) - 1 :][:2] == ["-m", "autograd_seq"]
    return os.path.basename(words[0]) in PROGRAMS


CHECK = is_check(getattr(sys, "argv", [""]), sys.orig_argv)

if CHECK:
    gc.disable()
    for name in THREADS:
        os.environ.setdefault(name, "1")


def all_is_loaded() -> None:
    """From here on there is something to throw away."""
    if CHECK:
        gc.freeze()
        gc.enable()


def nothing_is_left() -> None:
    """The process ends, and with it all that it holds; Python need not take that apart beforehand."""
    if CHECK:
        gc.freeze()
