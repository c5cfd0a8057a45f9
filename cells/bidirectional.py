"""Bidirectional: one cell reads forwards, one backwards; together a<t> = [→a<t>; ←a<t>] knows the whole sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq import concatenate, name, scope
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.names import ARROWS
from autograd_seq.core.source_line import here
from cells.cell import Cell, State
from cells.checked import here_in_network, kind
from cells.padding import columns, presence
from cells.place import place
from cells.run import Run


class Bidirectional(Cell):
    """Two cells over one sequence, in both directions.

    Both directions are acyclic and meet only above, in [→a<t>; ←a<t>]. With lengths, the backward
    direction begins at each example's own end.

    Parameters
    ----------
    forward, backward : Cell
        Any two cells that take the same n_x, deep ones too.

    Notes
    -----
    A state is ``{"forward": state, "backward": state}``; ``final`` also has ``"a"``, the last states of
    both directions one above the other. Parameters are called ``→Wf``, ``←Wf``.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import GRU, LSTM
    >>> both = Bidirectional(LSTM(3, 4, seed=0), GRU(3, 2, seed=1))
    >>> run = both.unroll(np.ones((3, 2, 5)))
    >>> run.states["a"][0].shape, list(both.parameters)[0]
    ((6, 2), '→Wf')
    """

    states = ("a",)
    looks_ahead = True

    def __init__(self, forward: Cell, backward: Cell) -> None:
        for direction, cell in (("forward", forward), ("backward", backward)):
            kind(cell, Cell, f"the {direction} direction must be a cell")
        if forward is backward:
            raise UsageError(f"both directions are the same cell: make two, each with its own weights{here()}")
        if isinstance(forward, Bidirectional) or isinstance(backward, Bidirectional):
            raise UsageError(
                "a direction cannot itself be bidirectional; stack them: Deep([Bidirectional(…), "
                f"…]){here()}"
            )
        if forward.n_x != backward.n_x:
            raise ShapeError(
                f"both directions read the same x, but the forward cell takes (n_x, m) with n_x = {forward.n_x} "
                f"and the backward cell with n_x = {backward.n_x}{here()}"
            )
        self.forward, self.backward = forward, backward
        self.n_x, self.n_a, self.dtype = forward.n_x, forward.n_a + backward.n_a, forward.dtype
        self.parameters = {}
        for direction, cell in (("forward", forward), ("backward", backward)):
            place(cell.parameters, direction=direction)
            self.parameters |= {ARROWS[direction] + key: p for key, p in cell.parameters.items()}

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """There is none: the backward direction needs the whole sequence first."""
        raise UsageError(
            "a bidirectional cell has no single step: its backward direction begins at the end of the sequence, "
            f"so it cannot run while a sequence is still coming in. Use unroll(){here()}"
        )

    def initial_state(self, m: int, time: int = 0) -> State:
        """Zeros for both directions."""
        return {"forward": self.forward.initial_state(m, time), "backward": self.backward.initial_state(m, time)}

    def begin(self, state: Mapping[str, Any] | None, m: int, time: int = 0) -> State:
        """The states that the directions begin with, or None for zeros."""
        if state is not None:
            kind(state, Mapping, "the state of a bidirectional cell is {'forward': …, 'backward': …}")
        given = dict(state or {"forward": None, "backward": None})
        if not {"forward", "backward"} <= set(given) <= {"forward", "backward", "a"}:
            raise UsageError(
                f"{here_in_network()}a state of a bidirectional cell is {{'forward': …, 'backward': …}}, "
                f"but the given one has {', '.join(map(str, given)) or 'nothing'}{here()}"
            )
        return given

    def unroll(
        self,
        x: Any,
        state: Mapping[str, Any] | None = None,
        lengths: Sequence[int] | None = None,
        reverse: bool = False,
        start: int = 1,
    ) -> Run:
        """Run over a whole sequence in both directions; see `Cell.unroll`."""
        if reverse:
            raise UsageError(
                "a bidirectional cell runs in both directions already: reverse=True has no meaning for "
                f"it{here()}"
            )
        inputs = columns(x, self.n_x, self.dtype, lengths, start)
        m, T = inputs[0].shape[1], len(inputs)
        given = self.begin(state, m)
        with scope(direction="forward"):
            there = self.forward.unroll(inputs, given["forward"], lengths, start=start)
        with scope(direction="backward"):
            back = self.backward.unroll(inputs, given["backward"], lengths, reverse=True, start=start)
        initial = {"forward": there.initial, "backward": back.initial}
        run = Run(self, inputs, initial, presence(lengths, m, T, start), start)
        run.directions = {"forward": there, "backward": back}
        for t in range(T):
            with scope(time=start + t, part="state"):
                a = name(concatenate([there.states["a"][t], back.states["a"][t]]), "a")
            run.append({"a": a})
        with scope(time=start + T - 1, part="state"):
            ends = name(concatenate([there.final["a"], back.final["a"]]), "a_final")
        run.final = {"a": ends, "forward": there.final, "backward": back.final}
        return run

    def __repr__(self) -> str:
        return f"Bidirectional({self.forward}, {self.backward})"
