"""Checks of what a user gives, with messages that say where in the network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from sys import _getframe
from types import FrameType
from typing import Any

import numpy as np

from autograd_seq.errors import ValueRangeError
from autograd_seq.scope import present
from autograd_seq.source_line import ENGINE, look_up

OURS = (ENGINE + os.sep, os.path.dirname(__file__) + os.sep)


def here() -> str:
    """`` at FILE:LINE: text`` of the user's line, outside this package and the engine, to end an error message with."""
    frame: FrameType | None = _getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    line = look_up(frame.f_code, frame.f_lasti) if frame is not None else None
    return f"\n  at {line}" + (f": {line.text}" if line.text else "") if line else ""


def here_in_network() -> str:
    """``layer 2, backward direction: ``, as far as the present scope says it."""
    where = present.get()
    words = [
        f"layer {where.layer}" if where.layer is not None else "",
        f"{where.direction} direction" if where.direction else "",
    ]
    said = ", ".join(word for word in words if word)
    return said + ": " if said else ""


def sizes(what: str, **lengths: Any) -> None:
    """Refuse lengths that are no positive whole numbers."""
    for key, value in lengths.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueRangeError(f"{what} needs {key} to be a whole number above 0, not {value!r}{here()}")


def choose(options: Mapping[str, Any], given: Any, what: str) -> Any:
    """The option of that name."""
    if given not in options:
        raise ValueRangeError(f"there is no {what} {given!r}: choose one of {', '.join(map(repr, options))}{here()}")
    return options[given]
