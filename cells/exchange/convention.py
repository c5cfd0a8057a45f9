"""Convention: how a library keeps the weights of one kind of cell, as a table; and the one way of reading such a table.

An array of a library is made of blocks. A block is one part of one gate: the matrix that meets x<t> (``x``), the one
that meets the state (``h``), the bias of the input's side (``bx``) or of the state's side (``bh``); or a projection of
the state (``p``). What differs between libraries is the order of the gates, which parts share an array, and which way
a matrix lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
Block = tuple[str, str]  # a part and a gate
BIASES = ("bx", "bh")


class Sizes(NamedTuple):
    """How many units there are, inputs, and numbers in a state."""

    n: int
    n_x: int
    n_h: int


@dataclass(frozen=True)
class Held:
    """One array of a library: its name, and the parts and gates that its blocks are of."""

    name: str
    parts: tuple[str, ...]
    gates: tuple[str, ...]

    @property
    def is_bias(self) -> bool:
        """Whether it holds biases, which a library can leave out."""
        return self.parts[0] in BIASES


@dataclass(frozen=True)
class Convention:
    """How a library keeps the weights of one kind of cell.

    Attributes
    ----------
    classes : tuple of str
        What the library calls it; the first is what is written.
    cell : str
        What it is here: a name in `cells.exchange.cell_kinds.KINDS`; empty where there is nothing equal.
    gates : mapping
        The library's gates in its order: from the gate here to its letter there.
    arrays : mapping
        From the name of an array to the parts that it stacks, ``"x h"``; ``"bh:c"`` where it is of that gate alone.
        A name with ``{gate}`` stands for one array for each gate.
    inputs_first : bool
        Matrices are (inputs, units), not (units, inputs).
    turned : str
        Gates that the library means the other way: its z keeps what Γ_u = 1 − z replaces, so that weights change sign.
    added : mapping
        What the library adds to a gate besides its bias.
    settings : mapping
        For each setting there, its values that have an equal here, with what they are here; the first is its default.
    named : bool
        Its arrays are known only by the class in the module's name: ``lstm/linear/w``.
    """

    classes: tuple[str, ...]
    cell: str
    gates: Mapping[str, str]
    arrays: Mapping[str, str]
    inputs_first: bool = False
    turned: str = ""
    added: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Mapping[Any, Mapping[str, Any]]] = field(default_factory=dict)
    named: bool = False

    @property
    def held(self) -> list[Held]:
        """The arrays, in the library's order.

        Examples
        --------
        >>> rnn = Convention(("RNN",), "RNN", {"a": ""}, {"weight_ih": "x", "weight_hh": "h"})
        >>> rnn.held[0]
        Held(name='weight_ih', parts=('x',), gates=('a',))
        """
        found = []
        for name, said in self.arrays.items():
            parts, _, only = said.partition(":")
            gates = tuple(only) or tuple(self.gates)
            each = [(g,) for g in gates] if "{gate}" in name else [gates]
            found += [Held(name.format(gate=self.gates.get(g[0])), tuple(parts.split()), g) for g in each]
        return found

    def sense(self, gate: str) -> int:
        """1, or -1 where the library means the gate the other way."""
        return -1 if gate in self.turned else 1

    def split(self, held: Held, array: Array, n: int) -> Iterator[tuple[Block, Array]]:
        """The blocks of an array, each as it stands here: (n, columns), a bias (n, 1).

        Examples
        --------
        >>> lstm = Convention(("LSTM",), "LSTM", dict(u="i", c="g"), {"w": "x h"}, inputs_first=True)
        >>> [(block, a.shape) for block, a in lstm.split(lstm.held[0], np.ones((7, 8)), 4)]
        [(('x', 'u'), (4, 3)), (('x', 'c'), (4, 3)), (('h', 'u'), (4, 4)), (('h', 'c'), (4, 4))]
        """
        if held.is_bias:
            by_part = list(array.reshape(len(held.parts), -1, 1))
        else:
            wide = array.T if self.inputs_first else array
            by_part = np.split(wide, [wide.shape[1] - n], axis=1) if len(held.parts) == 2 else [wide]
        for part, of_part in zip(held.parts, by_part, strict=True):
            for gate, block in zip(held.gates, np.split(of_part, len(held.gates)), strict=True):
                yield (part, gate), block

    def joined(self, held: Held, blocks: Mapping[Block, Array]) -> Array:
        """An array of the library, made of its blocks: `split` the other way."""
        by_part = [np.concatenate([blocks[part, gate] for gate in held.gates]) for part in held.parts]
        if held.is_bias:
            return np.hstack(by_part).T if len(by_part) > 1 else by_part[0].ravel()
        wide = np.hstack(by_part)
        return np.ascontiguousarray(wide.T if self.inputs_first else wide)

    def sizes(self, arrays: Mapping[str, Array]) -> Sizes | None:
        """The sizes that arrays by name have, or None if their shapes are not this convention's."""
        n, n_x, n_h = 0, 0, 0
        for held in self.held:
            array = arrays.get(held.name)
            if array is None:
                continue
            if held.is_bias:
                if array.shape != _bias_shape(held, n):
                    return None
                continue
            if array.ndim != 2:
                return None
            rows, columns = array.T.shape if self.inputs_first else array.shape
            n = n or rows // len(held.gates)
            if held.parts == ("p",):
                if (rows, columns) != (n_h, n):
                    return None
                continue
            inputs = columns - n if held.parts == ("x", "h") else columns
            n_x = n_x or inputs if "x" in held.parts else n_x
            n_h = n_h or inputs if held.parts == ("h",) else n_h
            expected = n_x if "x" in held.parts else n_h if self.projects else n
            if not n or rows != n * len(held.gates) or inputs != expected or inputs < 1:
                return None
        return Sizes(n, n_x, n_h or n)

    @property
    def projects(self) -> bool:
        """Whether the state is a projection, so that its length is not the number of units."""
        return any(held.parts == ("p",) for held in self.held)


def _bias_shape(held: Held, n: int) -> tuple[int, ...]:
    rows = (len(held.parts),) if len(held.parts) > 1 else ()
    return (*rows, n * len(held.gates))


@dataclass(frozen=True)
class Library:
    """A library: its conventions, and how it names layers and directions.

    Attributes
    ----------
    title : str
        Its name for readers.
    conventions : sequence of Convention
    alone, layers : tuple of str
        What stands before and behind the name of an array: of one cell, and of the layers of a deep one, with
        ``{n}`` for the layer from 0 on, ``{name}`` for what the library calls such a layer with its number.
    directions : mapping
        The same for the directions of a bidirectional cell.
    behind : str
        What may stand behind the name of an array, as a regular expression.
    around : tuple of str
        What may stand before it and says nothing, such as ``params``.
    """

    title: str
    conventions: Sequence[Convention]
    alone: tuple[str, str] = ("", "")
    layers: tuple[str, str] = ("{n}/", "")
    directions: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {"forward": ("forward/", ""), "backward": ("backward/", "")}
    )
    behind: str = ""
    around: tuple[str, ...] = ()
