"""What the text of a program for any sizes calls when it is told the sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autograd_seq.folding.step_index import StepIndex, at_step
from autograd_seq.plan.anysize.size import Size, evaluated

COLUMNS = 1024  # examples × steps that are laid side by side at once: they stay in the cache


def steps_at_once(steps: int, columns: int) -> int:
    """How many steps are laid side by side: few enough for the cache, and about as many each time.

    Examples
    --------
    >>> steps_at_once(100, 64), steps_at_once(101, 64), steps_at_once(20, 1)
    (15, 15, 20)
    """
    turns = -(-steps * columns // COLUMNS)
    return -(-steps // turns)


def settings_at(template: dict[str, Any], steps: Iterable[int], **sizes: int) -> list[dict[str, Any]]:
    """An operation's settings at each step."""
    known = {key: told(setting, sizes) for key, setting in template.items()}
    return [{key: at_step(setting, t) for key, setting in known.items()} for t in steps]


def told(setting: Any, sizes: dict[str, int]) -> Any:
    """A setting with numbers for the names in it."""
    if isinstance(setting, Size):
        return evaluated(setting.terms, sizes)
    if isinstance(setting, StepIndex):
        return replace(setting, shift=told(setting.shift, sizes))
    if isinstance(setting, tuple):
        return tuple(told(part, sizes) for part in setting)
    if isinstance(setting, slice):
        return slice(*(told(part, sizes) for part in (setting.start, setting.stop, setting.step)))
    return setting
