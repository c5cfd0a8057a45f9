"""Record: what one use of an operation left: a value, what made it from what, and where in the network and the program.

A record points to the records it was made from and to nothing else, so a graph is
released with its last record, and threads cannot meet in one.
"""

from __future__ import annotations

from itertools import count
from types import CodeType
from typing import Any, ClassVar

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.array import Array, calculated_again
from autograd_seq.core.program_names import program_name
from autograd_seq.core.scope import Scope, note_read
from autograd_seq.core.shown import Shown
from autograd_seq.core.source_line import SourceLine, look_up

NOTHING: dict[str, Any] = {}
next_index = count().__next__


class Record(Shown):
    """A value and how it was made; what users hold is a `Tensor`, a record with NumPy's operators and methods.

    Attributes
    ----------
    operation : Operation or None
        What made it; None for a leaf.
    inputs : tuple of Record
        What it was made from.
    settings : dict
        The operation's settings, such as an axis.
    scope : Scope
        Time step, layer, direction and part.
    index : int
        Place in the order in which records were made.
    requires_grad : bool
        Whether derivatives with respect to it are wanted.
    """

    __slots__ = (
        "__weakref__", "_code", "_gradient", "_kept", "_name", "_offset", "_origin",
        "index", "inputs", "operation", "requires_grad", "scope", "settings",
    )  # fmt: skip

    in_place: ClassVar[bool] = False  # whether it is an array that is written into
    held: ClassVar[Any]  # the class of what users hold, which operations make; the tensor's file says which

    _kept: Array  # or what stands for it; see `let_go`
    operation: Any
    inputs: tuple[Any, ...]
    settings: dict[str, Any]
    scope: Scope
    index: int
    requires_grad: bool
    _name: str | None
    _gradient: list[Any] | None  # of a leaf: its .grad, in a box that a parameter's successive values share, with it
    _code: CodeType | None
    _offset: int
    _origin: Any  # whose result it is, where that is not the one instruction's; of a leaf, where it was taken from

    @property
    def _value(self) -> Array:
        array = self._kept
        return array if type(array) is np.ndarray else calculated_again(self.record)

    @_value.setter
    def _value(self, array: Array) -> None:
        self._kept = array

    @property
    def value(self) -> Array:
        """The array, read-only."""
        note_read(self)
        array = self._value
        array.setflags(write=False)
        return array

    @property
    def name(self) -> str | None:
        """Its name: the one given to it, or else what the program assigns it to; or None."""
        return self._name if self._name is not None else program_name(self)

    @property
    def label(self) -> str:
        """Its name with its place in the notes' notation, such as ``Gamma_f<3>``; else ``operation%index``."""
        return names.label(self)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self._kept.shape

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return self._kept.ndim

    @property
    def size(self) -> int:
        """The number of its elements."""
        return self._kept.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its elements."""
        return self._kept.dtype

    @property
    def source(self) -> SourceLine | None:
        """The user's line that made it; None for a leaf."""
        return look_up(self._code, self._offset)

    @property
    def record(self) -> Any:
        """The immutable record that this name stands for now: for a plain one, itself."""
        return self

    def rearranged(self, operation: Any, settings: dict[str, Any]) -> Any:
        """What an operation that only rearranges shows of an array that is written into; None for all else."""
        return None
