"""Where in a network a record belongs: time step, layer, direction and part; and who wants to know what is read.

Both are context variables, so threads and coroutines each have their own. A generator has none of its own: it runs in
that of whoever asks it for the next value. What it marks is therefore kept by its frame, and holds while that runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR, isgeneratorfunction
from operator import index
from sys import _getframe
from types import FrameType
from typing import Any

from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.source_line import SourceLine, here, present_line


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in an unrolled network; ``None`` where it is not said.

    Attributes
    ----------
    time : int or None
        Time step, counted from 1 as in x<1> … x<T>; 0 is the initial state.
    layer : int or None
        Layer, counted from 1 as in a[1].
    direction : {"forward", "backward"} or None
        Direction of a bidirectional cell.
    part : str or None
        A named part of a step, such as ``"forget gate"``.
    recording : bool
        False inside `no_grad`.
    """

    time: int | None = None
    layer: int | None = None
    direction: str | None = None
    part: str | None = None
    recording: bool = field(default=True, repr=False, compare=False)

    @property
    def place(self) -> tuple[int | None, str | None, int | None]:
        """``(layer, direction, time)``, the key by which contributions are told apart."""
        return self.layer, self.direction, self.time


NOWHERE = Scope()

# -- what is marked now ------------------------------------------------------------------------------

_context: ContextVar[Scope] = ContextVar("present scope", default=NOWHERE)
_enter: Callable[[Scope], object] = _context.set
_STOPS = CO_GENERATOR | CO_ASYNC_GENERATOR  # of code that stands still in the middle, and goes on later
_kept: dict[int, list[Scope]] = {}  # by its number, the frame of a generator: what it marks; of what it calls, likewise


# Asks the context alone until there is a generator that marks something. What asks often says `scope.now()`, since the
# name changes what it stands for; everybody else asks `present`.
now: Callable[[], Scope] = _context.get


def present() -> Scope:
    """The scope that is marked now."""
    return now()


def _found() -> Scope:
    """The scope that is marked now, where generators may have marked some: the innermost on the way out."""
    found = _innermost(_getframe(1)) if _kept else None
    return _context.get() if found is None else found


def _innermost(frame: FrameType | None) -> Scope | None:
    while frame is not None:
        if scopes := _kept.get(id(frame)):
            return scopes[-1]
        frame = frame.f_back
    return None


_Taken = tuple[int | None, Scope, Scope | None]  # the frame that keeps it, the scope, and what the context had before


def _to_mark(inside: Scope, frame: FrameType) -> _Taken:
    """What `_mark` is to do for a frame, and `_unmark` to take back; nothing is changed yet."""
    stops = frame.f_code.co_flags & _STOPS
    keeps = stops or (_kept and _innermost(frame) is not None)
    return id(frame) if keeps else None, inside, None if stops else _context.get()


def _mark(keeper: int | None, inside: Scope, before: Scope | None) -> None:
    """Mark what a frame, and what it calls, records from here on."""
    global now
    if keeper is not None:
        _kept.setdefault(keeper, []).append(inside)
        now = _found
    if before is not None:
        _enter(inside)


def _unmark(keeper: int | None, inside: Scope, before: Scope | None) -> None:
    if keeper is not None:
        left = [scope for scope in _kept.pop(keeper, ()) if scope is not inside]
        if left:
            _kept[keeper] = left
    if before is not None:
        _enter(before)


def _owner(frame: FrameType) -> FrameType:
    """Whose ``with`` block a frame is in: behind a generator that is a context manager, that of whoever uses it."""
    back = frame.f_back
    while back is not None and (_of_library(frame) or (frame.f_code.co_flags & _STOPS and _of_library(back))):
        frame, back = back, back.f_back
    return frame


def _of_library(frame: FrameType) -> bool:
    return frame.f_code.co_filename == contextlib.__file__


class Marked:
    """Mark everything recorded inside the ``with`` block with a scope, whatever is marked outside.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> with Marked(Scope(time=2)):
    ...     y = Tensor([1.0]) * 2
    >>> y.scope.time
    2
    """

    _taken: _Taken | None = None

    def __init__(self, inside: Scope) -> None:
        self._inside = inside

    def __enter__(self) -> Scope:
        self._taken = _to_mark(self._inside, _getframe(1))
        _mark(*self._taken)
        return self._inside

    def __exit__(self, *_: object) -> None:
        if self._taken is not None:
            _unmark(*self._taken)
            self._taken = None

    __del__ = __exit__  # a Ctrl-C may come in the moment before Python calls __exit__


# -- marking -----------------------------------------------------------------------------------------

_FIELDS = frozenset(("time", "layer", "direction", "part"))


def scope(**where: int | str | None) -> _Inside:
    """Mark everything recorded inside the ``with`` block as belonging to a place.

    Parameters
    ----------
    **where
        Any of `time` (int), `layer` (int), `direction` (``"forward"`` or ``"backward"``)
        and `part` (str). What is not given stays as it is outside.

    Raises
    ------
    ValueRangeError
        For an unknown keyword or direction.

    Examples
    --------
    >>> from autograd_seq import Tensor, scope
    >>> with scope(time=3, layer=1, part="forget gate"):
    ...     y = Tensor([1.0, 2.0]) * 2
    >>> y.scope.time, y.scope.part
    (3, 'forget gate')
    """
    if not _FIELDS.issuperset(where):
        unknown = sorted(where.keys() - _FIELDS)[0]
        raise ValueRangeError(
            f"scope() got {unknown!r}; it takes time, layer, direction, part, "
            f"for example scope(time=3, layer=1){here()}"
        )
    if "direction" in where and where["direction"] not in (None, "forward", "backward"):
        raise ValueRangeError(f"direction is {where['direction']!r}; write 'forward' or 'backward'{here()}")
    return _Inside(where)


# What Scope's own __init__ does, in half the time: every part of every step is a scope.
_new = object.__new__
_set_time, _set_layer, _set_direction, _set_part, _set_recording = (
    vars(Scope)[slot].__set__ for slot in ("time", "layer", "direction", "part", "recording")
)


class _Inside:
    """What `scope` returns: every part of every step enters one, so it is a class, not a generator."""

    __slots__ = ("_taken", "_where")
    _taken: Any  # what was marked before, or how to take it back

    def __init__(self, where: dict[str, Any]) -> None:
        self._where = where

    def __enter__(self) -> Scope:
        outside, given = now(), self._where.get
        inside: Scope = _new(Scope)
        _set_time(inside, given("time", outside.time))
        _set_layer(inside, given("layer", outside.layer))
        _set_direction(inside, given("direction", outside.direction))
        _set_part(inside, given("part", outside.part))
        _set_recording(inside, outside.recording)
        frame = _getframe(1)
        if _kept or frame.f_code.co_flags & _STOPS:
            self._taken = _to_mark(inside, _owner(frame))
            _mark(*self._taken)
        else:
            self._taken = outside
            _enter(inside)
        return inside

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if type(self._taken) is Scope:
            _enter(self._taken)
        else:
            _unmark(*self._taken)


def steps(count: int, reverse: bool = False) -> Iterator[int]:
    """Count time steps and mark what each turn of the loop records with its step.

    Parameters
    ----------
    count : int
        Number of steps T.
    reverse : bool
        Run from T - 1 down to 0, for the backward direction or a hand-written backward pass.

    Yields
    ------
    int
        The index t = 0 … T - 1, to index arrays with; what is recorded meanwhile
        carries ``scope.time == t + 1``, as the notes count.

    Examples
    --------
    >>> from autograd_seq import Tensor, steps
    >>> a = Tensor([0.5])
    >>> for t in steps(3):
    ...     a = a * 2
    >>> a.scope.time
    3
    """
    try:
        count = index(count)
    except TypeError as error:
        raise UsageError(f"steps() takes the number of steps, a whole number, not {count!r:.80}{here()}") from error
    return _turns(range(count - 1, -1, -1) if reverse else range(count), id(_getframe(1)))


def _turns(turns: range, wrote: int) -> Iterator[int]:
    """The turns of a loop; they are marked for the frame that wrote `steps`, also where another asks for them."""
    outside, taken = now(), None
    try:
        for t in turns:
            frame = asking = _getframe(1)
            while id(frame) != wrote and frame.f_back is not None:
                frame = frame.f_back
            inside = Scope(t + 1, outside.layer, outside.direction, outside.part, outside.recording)
            taken = _to_mark(inside, frame if id(frame) == wrote else asking)
            _mark(*taken)
            yield t
            _unmark(*taken)
            taken = None
    finally:
        if taken is not None:
            _unmark(*taken)


def no_grad() -> _Unrecorded:
    """Compute without recording: results inside the ``with`` block, or of a function that is decorated, are constants.

    In a generator it holds while the generator runs, and not for whoever takes its values.

    Examples
    --------
    >>> from autograd_seq import Parameter, no_grad
    >>> W = Parameter([[1.0]], "W")
    >>> with no_grad():
    ...     y = W * 2
    >>> y.requires_grad
    False
    """
    return _Unrecorded()


class _Unrecorded(Marked, contextlib.ContextDecorator):
    """What `no_grad` returns."""

    def __init__(self) -> None:
        super().__init__(NOWHERE)

    def __enter__(self) -> Scope:
        outside = now()
        self._inside = Scope(outside.time, outside.layer, outside.direction, outside.part, recording=False)
        self._taken = _to_mark(self._inside, _owner(_getframe(1)))
        _mark(*self._taken)
        return self._inside

    def _recreate_cm(self) -> _Unrecorded:
        return _Unrecorded()

    def __call__(self, function: Any) -> Any:
        """The function, which records nothing."""
        if not isgeneratorfunction(function):
            return super().__call__(function)

        @wraps(function)
        def values(*arguments: Any, **settings: Any) -> Any:
            with no_grad():
                return (yield from function(*arguments, **settings))

        return values


# -- what leaves the recording -------------------------------------------------------------------------

# Where decisions that depended on data are noted, while somebody wants to know of them.
branches: ContextVar[list[Any] | None] = ContextVar("branches", default=None)
# Where every number that leaves the recording is noted with the user's line, likewise.
Reads = list[tuple[Any, SourceLine | None]]
reads: ContextVar[Reads | None] = ContextVar("reads", default=None)
everywhere: list[Reads] = []  # all such lists


def note_branch(tensor: Any) -> None:
    """Remember that Python decided on the value of `tensor`."""
    noted = branches.get()
    if noted is not None:
        noted.append(tensor.record)
    note_read(tensor)


def note_read(tensor: Any) -> None:
    """Remember that the value of `tensor` was read as plain numbers: what is made of them is not recorded."""
    noted = reads.get()
    if noted is not None:
        noted.append((tensor.record, present_line()))
    elif everywhere:  # a thread does not know the context of the one that started it
        for noted in everywhere:
            noted.append((tensor.record, present_line()))


def watched() -> bool:
    """Whether somebody wants to know what leaves the recording: then only what is right for all numbers will do."""
    return reads.get() is not None
