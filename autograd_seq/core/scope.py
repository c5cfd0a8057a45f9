"""Where in a network a record belongs: time step, layer, direction and part; and who wants to know what is read.

Both are context variables, so threads and coroutines each have their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from operator import index
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
present: ContextVar[Scope] = ContextVar("present scope", default=NOWHERE)

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
    if not where.keys() <= _FIELDS:
        unknown = sorted(where.keys() - _FIELDS)[0]
        raise ValueRangeError(
            f"scope() got {unknown!r}; it takes time, layer, direction, part, "
            f"for example scope(time=3, layer=1){here()}"
        )
    if where.get("direction") not in (None, "forward", "backward"):
        raise ValueRangeError(f"direction is {where['direction']!r}; write 'forward' or 'backward'{here()}")
    return _Inside(where)


# What Scope's own __init__ does, in half the time: every part of every step is a scope.
_set_time, _set_layer, _set_direction, _set_part, _set_recording = (
    vars(Scope)[slot].__set__ for slot in ("time", "layer", "direction", "part", "recording")
)


class _Inside:
    """What `scope` returns: every part of every step enters one, so it is a class, not a generator."""

    __slots__ = ("_token", "_where")

    def __init__(self, where: dict[str, Any]) -> None:
        self._where = where

    def __enter__(self) -> Scope:
        outside, given = present.get(), self._where.get
        inside: Scope = object.__new__(Scope)
        _set_time(inside, given("time", outside.time))
        _set_layer(inside, given("layer", outside.layer))
        _set_direction(inside, given("direction", outside.direction))
        _set_part(inside, given("part", outside.part))
        _set_recording(inside, outside.recording)
        self._token = present.set(inside)
        return inside

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        present.reset(self._token)


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
    outside = present.get()
    try:
        for t in range(count - 1, -1, -1) if reverse else range(count):
            present.set(replace(outside, time=t + 1))
            yield t
    finally:
        present.set(outside)


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording: results inside the block are constants.

    Examples
    --------
    >>> from autograd_seq import Parameter, no_grad
    >>> W = Parameter([[1.0]], "W")
    >>> with no_grad():
    ...     y = W * 2
    >>> y.requires_grad
    False
    """
    token = present.set(replace(present.get(), recording=False))
    try:
        yield
    finally:
        present.reset(token)


# -- what leaves the recording -------------------------------------------------------------------------

# Where decisions that depended on data are noted, while somebody wants to know of them.
branches: ContextVar[list[Any] | None] = ContextVar("branches", default=None)
# Where every number that leaves the recording is noted with the user's line, likewise.
reads: ContextVar[list[tuple[Any, SourceLine | None]] | None] = ContextVar("reads", default=None)


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


def watched() -> bool:
    """Whether somebody wants to know what leaves the recording: then only what is right for all numbers will do."""
    return reads.get() is not None
