"""Run somebody's program and learn from it: how its variables are called, and which turn of a loop made what."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from autograd_seq.core.record import next_index
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.loops_in_code import CodeLoop, loops_around

MOST_ENTRIES = 200
MOST_CONSTANTS = 60  # arrays of one name


@dataclass(frozen=True)
class Running:
    """Where one call of a function is: in which turns of its loops, outer ones first, and how often it runs by then."""

    call: int
    code: Any
    turns: tuple[tuple[CodeLoop, int], ...]
    level: int


Mark = tuple[int, int, Running | None]  # the first index, the depth below the outermost function, and what runs there


class Follower:
    """Watches the lines of the functions of some files while they run.

    Parameters
    ----------
    function : callable
        The outermost function.
    files : collection of str
        The files, beside its own, whose functions are watched.

    Attributes
    ----------
    names : dict
        From a record to the variable that first held it; an outer function's name wins.
    constants : dict
        From a variable to the plain arrays that it held, such as masks.
    """

    def __init__(self, function: Callable[..., Any], files: Collection[str] = ()) -> None:
        self.code = getattr(function, "__code__", None)
        self.files = {*files, *([self.code.co_filename] if self.code is not None else [])}
        self.names: dict[Tensor, str] = {}
        self.constants: dict[str, list[Any]] = {}
        self._depths: dict[Tensor, int] = {}
        self._entries: dict[Tensor, str] = {}
        self._inside: dict[Tensor, Any] = {}  # records that only a function deeper down has a name for, and its code
        self._sites: dict[Any, set[Any]] = {}  # from a function's code to the lines that call it
        self._marks: list[Mark] = []
        self._most: Counter[tuple[int, CodeLoop]] = Counter()  # how many turns a loop of a call took
        self._carrying: set[tuple[Any, CodeLoop]] = set()
        self._levels: dict[Any, int] = {}  # from a function that calls itself to how often it was running at most
        self._calls = 0
        self._top = 0
        self._times: tuple[list[int], list[int | None]] | None = None

    def run(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Call the function, watching."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return function(**arguments)
        finally:
            sys.settrace(before)
            self._forget_helpers()

    def _forget_helpers(self) -> None:
        """Take away the names that a function called from several lines has for its own variables.

        They stand for something else at each of these lines: what it answers goes by the names of whoever calls it.
        """
        for record, code in self._inside.items():
            if len(self._sites.get(code, ())) > 1:
                self.names.pop(record, None)
        self.names = self._entries | self.names

    def constant(self, value: Any) -> str | None:
        """The variable that held a plain array, in this shape or another: a mask, say, or what the mask leaves out."""
        held = [(k, v) for k, several in self.constants.items() for v in several if v.size == value.size]
        for said, of in (("{}", lambda v: v), ("(1 − {})", lambda v: 1.0 - v)):
            same = (k for k, v in held if np.array_equal(of(v).flat, value.flat))
            if (found := next(same, None)) is not None:
                return said.format(found)
        return None

    def time_of(self, record: Tensor) -> int | None:
        """Which turn of a loop made a record, of the outermost one that was running; None outside of loops.

        A function that calls itself is a loop too: each call is a turn.
        """
        if self._times is None:
            self._times = self._resolved()
        starts, times = self._times
        place = bisect_right(starts, record.index) - 1
        return times[place] if place >= 0 else None

    def _resolved(self) -> tuple[list[int], list[int | None]]:
        starts: list[int] = []
        times: list[int | None] = []
        numbers: dict[int, dict[Any, int]] = {}
        for index, places in self._places():
            starts.append(index)
            times.append(self._time(places, numbers))
        return starts, times

    def _places(self) -> Iterator[tuple[int, list[Running]]]:
        """From which index on which calls were running, outer ones first."""
        running: dict[int, Running] = {}
        for index, depth, place in self._marks:
            running = {d: at for d, at in running.items() if d < depth}
            if place is not None:
                running[depth] = place
            yield index, [running[d] for d in sorted(running)]

    def _time(self, places: list[Running], numbers: dict[int, dict[Any, int]]) -> int | None:
        """The turn of the outermost loop, counted through all that are within it and carry something on."""
        for place in places:
            if place.code in self._levels:
                return max(p.level for p in places if p.code is place.code)
            several = [(loop, turn) for loop, turn in place.turns if self._most[place.call, loop] > 1]
            turns = tuple(turn for loop, turn in several if (place.code, loop) in self._carrying)
            turns = turns or tuple(turn for _, turn in several[:1])
            if turns:
                found = numbers.setdefault(place.call, {})
                return found.setdefault(turns, len(found) + 1)
        return None

    def learn(self, records: Iterable[Tensor]) -> None:
        """Learn which loops carry something from one turn to the next, as those over time do."""
        starts, places = zip(*self._places(), strict=True) if self._marks else ((), ())

        def where(r: Tensor) -> list[Running]:
            place = bisect_right(starts, r.index) - 1
            return places[place] if place >= 0 else []

        for r in records:
            here = {p.call: p for p in where(r)} if r.operation is not None else {}
            for x in r.inputs if here else ():
                for there in where(x) if x.operation is not None else ():
                    if there.call in here:
                        self._carrying |= _carries(there, here[there.call])

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in self.files:
            return None
        known: dict[str, Any] = {}
        depth, level = 0, 1
        outer = frame.f_back
        while outer is not None:
            depth, level, outer = depth + 1, level + (outer.f_code is frame.f_code), outer.f_back
        if level > 1:
            self._levels[frame.f_code] = max(level, self._levels.get(frame.f_code, 1))
        outermost = frame.f_code is self.code
        if outermost:
            self._top = depth
        else:  # what it was given has a name outside
            known.update(
                (name, frame.f_locals.get(name)) for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]
            )
            caller = frame.f_back
            if caller is not None and not frame.f_code.co_name.startswith("<"):
                self._sites.setdefault(frame.f_code, set()).add((caller.f_code, caller.f_lineno))
        known_constants: dict[str, Any] = {}
        self._calls += 1
        call, passed = self._calls, Counter[int]()

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            held = list(frame.f_locals.items())
            for name, value in held:
                if isinstance(value, Tensor) and known.get(name) is not value and name.strip("_"):
                    known[name] = value
                    record = value.record
                    if record.operation is not None and depth < self._depths.get(record, sys.maxsize):
                        self.names[record], self._depths[record] = name, depth
                        self._inside[record] = frame.f_code
            for name, value in held:
                self._name_entries(name, value)
                if known_constants.get(name) is not value and is_constant(value):
                    known_constants[name] = value
                    self._keep(name, value)
            if event == "line":
                passed[frame.f_lasti] += 1
                around = loops_around(frame.f_code, frame.f_lasti)
                turns = tuple((loop, loop.turn(passed)) for loop in around)
                for loop, turn in turns:
                    self._most[call, loop] = max(turn, self._most[call, loop])
                place = Running(call, frame.f_code, turns, level)
                self._marks.append((next_index(), depth - self._top, place))
            elif event == "return":
                self._marks.append((next_index(), depth - self._top, None))
            return line

        return line(frame, event, argument)

    def _keep(self, name: str, value: Any) -> None:
        """Remember a plain array under the name of the variable that holds it."""
        array = value._value if isinstance(value, Tensor) else value
        kept = self.constants.setdefault(name, [])
        known = array.dtype.kind not in "fiub" or any(v is array for v in kept)
        if not known and array.size > 1 and len(kept) < MOST_CONSTANTS:
            kept.append(array)

    def _name_entries(self, name: str, holder: Any) -> None:
        """What has no variable of its own goes by the entry that holds it: hs[t], s["h", t], self.out."""
        if isinstance(holder, (dict, list)):
            entries: Any = holder.items() if isinstance(holder, dict) else enumerate(holder)
        elif name == "self" and isinstance(getattr(holder, "__dict__", None), dict):
            entries = vars(holder).items()
        else:
            return
        for key, value in entries if len(holder if name != "self" else vars(holder)) <= MOST_ENTRIES else ():
            if isinstance(value, Tensor):
                record = value.record
                if record.operation is not None:
                    self._entries.setdefault(record, _entry(name, key))
            elif name == "self":
                self._name_entries(key, value)


def is_constant(value: Any) -> bool:
    """Whether something is an array of numbers that no gradient is asked of."""
    if isinstance(value, Tensor):
        return value.record.operation is None and not value.requires_grad
    return type(value) is np.ndarray


def _entry(name: str, key: Any) -> str:
    """How an entry is called: by its key where that is a word, else by what it stands in."""
    words = [k for k in (key if isinstance(key, tuple) else (key,)) if isinstance(k, str) and k.isidentifier()]
    return words[0] if words else name


def _carries(there: Running, here: Running) -> set[tuple[Any, CodeLoop]]:
    """The loop in one turn of which something was made that the next one reads."""
    for (loop, before), (same, now) in zip(there.turns, here.turns, strict=False):
        if loop != same:
            break
        if before != now:
            return {(here.code, loop)} if now - before == 1 else set()
    return set()
