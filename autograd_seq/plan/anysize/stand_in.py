"""Short lengths in place of those with names, to record a formula with: what it makes of them tells which is which."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from autograd_seq.plan.anysize.size import Size

_FIRST = 11  # more than any number of axes, and little: an array may have several such lengths


class StandIns:
    """A length of its own for each that has a name.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Those that will be asked for: none of their plain lengths stands in for another.

    Examples
    --------
    >>> from autograd_seq.plan.anysize.size import Asked
    >>> m = Asked({"m": 32}).of("m")
    >>> lengths = StandIns([(27, m), (11, 1)])
    >>> lengths.plain((27, m)), lengths.named((1, 13, 27))
    ((27, 13), (1, m, 27))
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]] = ()) -> None:
        self._known: dict[int, Size] = {}
        self._plain = {n for shape in shapes for n in shape if not isinstance(n, Size)}

    def plain(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape with stand-ins."""
        return tuple(self._of(n) if isinstance(n, Size) else n for n in shape)

    def _of(self, size: Size) -> int:
        for number, known in self._known.items():
            if known == size:
                return number
        number = next(n for n in count(_FIRST, 2) if n not in self._plain and n not in self._known)
        self._known[number] = size
        return number

    def named(self, setting: Any) -> Any:
        """A shape, or a setting, with names in place of stand-ins."""
        if isinstance(setting, tuple):
            return tuple(self.named(part) for part in setting)
        if isinstance(setting, slice):
            return slice(*(self.named(part) for part in (setting.start, setting.stop, setting.step)))
        return self._known.get(setting, setting) if type(setting) is int else setting
