"""Shown: what notebooks show as pictures and formulas; what stands above and can paint registers itself here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar


class Shown:
    """Gives a class the method by which notebooks ask for pictures and formulas; what answers registers itself."""

    __slots__ = ()
    look: ClassVar[Callable[[Any], Mapping[str, str]]] = lambda thing: {"text/plain": repr(thing)}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        return Shown.look(self)
