"""Short lengths in place of those with names, to record a formula with: what it makes of them tells which is which."""

from __future__ import annotations

from typing import Any

from autograd_seq.plan.anysize.size import Size

_FIRST = 1009  # a prime that no length of a layer is


class StandIns:
    """A length of its own for each that has a name.

    Examples
    --------
    >>> from autograd_seq.plan.anysize.size import Asked
    >>> m = Asked({"m": 32}).of("m")
    >>> lengths = StandIns()
    >>> lengths.plain((27, m)), lengths.named((1, 1009, 27))
    ((27, 1009), (1, m, 27))
    """

    def __init__(self) -> None:
        self._known: dict[int, Size] = {}

    def plain(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape with stand-ins."""
        return tuple(self._of(n) if isinstance(n, Size) else n for n in shape)

    def _of(self, size: Size) -> int:
        for number, known in self._known.items():
            if known == size:
                return number
        number = _FIRST + 2 * len(self._known)
        self._known[number] = size
        return number

    def named(self, setting: Any) -> Any:
        """A shape, or a setting, with names in place of stand-ins."""
        if isinstance(setting, tuple):
            return tuple(self.named(part) for part in setting)
        if isinstance(setting, slice):
            return slice(*(self.named(part) for part in (setting.start, setting.stop, setting.step)))
        return self._known.get(setting, setting) if type(setting) is int else setting
