"""One run of somebody's backward pass: the gradients that it returned, or how it failed and where."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.calling import plain as plain_array
from autograd_seq.diagnosis.given import real

SINGLE = {np.dtype(np.float32): 1e-5, np.dtype(np.float16): 2e-2}


def run_backward(call: Callable[[], Any]) -> tuple[dict[str, Array], str | None, dict[str, str]]:
    """The gradients that a student's function returns, in words how it failed, and which cannot be read and why."""
    try:
        answer = call()
    except Exception as error:  # whatever a student's program raises is an answer to report
        return {}, f"{type(error).__name__}: {error}{student_line(error)}", {}
    if not isinstance(answer, Mapping):
        raise UsageError(
            f"backward must return a dict of gradients with keys such as 'dWaa', not {type(answer).__name__}"
        )
    found, problems = {}, {}
    for key, value in answer.items():
        if value is None:
            continue
        try:
            value = plain_array(value)
            array = real(value, "it")
            single = getattr(value, "dtype", None) in SINGLE
            found[str(key)] = array.astype(value.dtype) if single else array
        except UsageError as error:
            problems[str(key)] = str(error)
    return found, None, problems


def student_line(error: Exception) -> str:
    """Where a student's program failed; an error that came from another process says it itself."""
    told: str | None = getattr(error, "student_line", None)
    if told is not None:
        return told
    own = str(Path(__file__).parent)
    places = [(f.f_code.co_filename, line, f.f_globals) for f, line in traceback.walk_tb(error.__traceback__)]
    theirs = [place for place in places if not place[0].startswith(own)]
    if not theirs:
        return ""
    file, line, space = theirs[-1]
    linecache.checkcache(file)  # which may have been changed; of all other files nobody wants a line
    return f"\n  at {file}:{line}: {linecache.getline(file, line, space).strip()}"
