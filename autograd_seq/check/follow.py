"""Run somebody's program and learn from it: how its variables are called, and which turn of a loop made what."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

from autograd_seq.tensor import Tensor, next_index


class Follower:
    """Watches the lines of the functions of one file while they run.

    Attributes
    ----------
    names : dict
        From a record to the variable that first held it; an outer function's name wins.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.code = getattr(function, "__code__", None)
        self.names: dict[Tensor, str] = {}
        self._depths: dict[Tensor, int] = {}
        self._marks: list[tuple[int, int, int]] = []  # first index, line, how often the line has run
        self._runs: Counter[int] = Counter()

    def run(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Call the function, watching."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return function(**arguments)
        finally:
            sys.settrace(before)

    def time_of(self, record: Tensor) -> int | None:
        """Which turn of the outermost function's loop made a record; None outside of loops."""
        found = None
        for index, line, run in self._marks:
            if index > record.index:
                break
            found = (line, run)
        return found[1] if found and self._runs[found[0]] > 1 else None

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self.code is None or frame.f_code.co_filename != self.code.co_filename:
            return None
        known: dict[str, Any] = {}
        depth = 0
        outer = frame.f_back
        while outer is not None:
            depth, outer = depth + 1, outer.f_back
        outermost = frame.f_code is self.code
        if not outermost:  # what it was given has a name outside
            known.update(
                (name, frame.f_locals.get(name)) for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]
            )

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, Tensor) and known.get(name) is not value:
                    known[name] = value
                    record = value.record
                    if record.operation is not None and depth < self._depths.get(record, sys.maxsize):
                        self.names[record], self._depths[record] = name, depth
            if outermost and event == "line":
                self._runs[frame.f_lineno] += 1
                self._marks.append((next_index(), frame.f_lineno, self._runs[frame.f_lineno]))
            return line

        return line(frame, event, argument)
