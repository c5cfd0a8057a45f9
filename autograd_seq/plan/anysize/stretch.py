"""The steps of a value, from the first up to one past the last: a range whose ends may have names."""

from __future__ import annotations

from typing import Any

from autograd_seq.plan.anysize.size import Size


class Stretch:
    """Steps as a ``range`` has them, when they cannot be counted yet.

    Parameters
    ----------
    start, stop : int
        At least one of them is a Size.

    Examples
    --------
    >>> from autograd_seq.plan.anysize.size import Asked
    >>> T = Asked({"T": 50}).of("T")
    >>> steps = stretch(1, T + 1)
    >>> steps[0], steps[-1], count(steps), 1 in steps, 0 in steps, steps
    (1, T, T, True, False, range(1, T + 1))
    """

    __slots__ = ("start", "stop")
    __iter__ = None

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop

    def __getitem__(self, number: int) -> int:
        return self.start + number if number >= 0 else self.stop + number

    def __contains__(self, time: Any) -> bool:
        return self.start <= time < self.stop

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stretch) and (self.start, self.stop) == (other.start, other.stop)

    def __hash__(self) -> int:
        return hash((self.start, self.stop))

    def __repr__(self) -> str:
        return f"range({self.start}, {self.stop})"


def stretch(start: int, stop: int) -> Any:
    """The steps from one up to another: a range, or what stands for it."""
    sized = isinstance(start, Size) or isinstance(stop, Size)
    return Stretch(start, stop) if sized else range(start, stop)


def count(times: Any) -> int:
    """How many steps there are."""
    return times.stop - times.start if isinstance(times, Stretch) else len(times)
