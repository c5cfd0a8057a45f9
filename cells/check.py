"""Checks of what a user gives, with messages that say where in the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.errors import UsageError, ValueRangeError
from autograd_seq.scope import present
from autograd_seq.source_line import here


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


def kind(given: Any, expected: type | tuple[type, ...], what: str) -> None:
    """Refuse a thing of another kind; `what` says who needs what."""
    if not isinstance(given, expected):
        raise UsageError(f"{here_in_network()}{what}, but got {type(given).__name__}{here()}")
