"""Deep: layers of cells, each reading the states of the one below, a[l]<t>."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq import scope
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.scope import present
from autograd_seq.core.source_line import here
from cells.cell import Cell, State
from cells.checked import here_in_network, kind
from cells.padding import columns, presence
from cells.place import place
from cells.run import Run


class Deep(Cell):
    """A deep recurrent network: any cells, bidirectional ones too, one above the other.

    Parameters
    ----------
    layers : sequence of Cell
        The lowest first; each layer's n_x is the n_a below.

    Notes
    -----
    A state is ``{"a": the top layer's a, "layers": [state, …]}``; of a given one, ``"layers"`` is enough.
    Parameters are called ``Wf[1]``, ``Wf[2]``.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import LSTM, RNN
    >>> deep = Deep([LSTM(3, 5, seed=0), RNN(5, 4, seed=1), RNN(4, 4, seed=2)])
    >>> run = deep.unroll(np.ones((3, 2, 6)))
    >>> run.states["a"][5].label, run.layers[0].states["c"][5].label
    ('a[3]<6>', 'c[1]<6>')
    """

    def __init__(self, layers: Sequence[Cell]) -> None:
        kind(layers, (list, tuple), "Deep() needs a list of cells, the lowest first")
        self.layers = list(layers)
        for n, layer in enumerate(self.layers, start=1):
            kind(layer, Cell, f"layer {n} of Deep() must be a cell")
        if not self.layers:
            raise UsageError(f"Deep() got no layer: give a list of cells, the lowest first{here()}")
        if any(isinstance(layer, Deep) for layer in self.layers):
            raise UsageError(f"a layer of Deep() is itself deep: put all cells into one list{here()}")
        for n, (below, above) in enumerate(zip(self.layers, self.layers[1:], strict=False), start=1):
            if above.n_x != below.n_a:
                raise ShapeError(
                    f"layer {n + 1} takes columns (n_x, m) with n_x = {above.n_x}, but layer {n} below gives "
                    f"(n_a, m) with n_a = {below.n_a}"
                    + (", both directions together" if "forward" in vars(below) else "")
                    + here()
                )
        self.n_x, self.n_a, self.dtype = self.layers[0].n_x, self.layers[-1].n_a, self.layers[0].dtype
        self.states = self.layers[-1].states
        self.looks_ahead = any(layer.looks_ahead for layer in self.layers)
        self.parameters = {}
        for n, layer in enumerate(self.layers, start=1):
            place(layer.parameters, layer=n)
            self.parameters |= {f"{key}[{n}]": p for key, p in layer.parameters.items()}

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """The state of all layers after one time step."""
        self.reads(state, "layers")
        given = self.begin(state, 0)["layers"]
        following, first = [], (present().layer or 0) + 1
        for n, (layer, before) in enumerate(zip(self.layers, given, strict=True), start=first):
            with scope(layer=n):
                following.append(layer.step(x_t, before))
            x_t = following[-1]["a"]
        return {**following[-1], "layers": following}

    def initial_state(self, m: int, time: int = 0) -> State:
        """Zeros for every layer."""
        layers, first = [], (present().layer or 0) + 1
        for n, layer in enumerate(self.layers, start=first):
            with scope(layer=n):
                layers.append(layer.initial_state(m, time))
        return {**layers[-1], "layers": layers}

    def begin(self, state: Mapping[str, Any] | None, m: int, time: int = 0) -> State:
        """The states that the layers begin with; None for zeros."""
        if state is not None:
            kind(state, Mapping, "the state of these layers is {'layers': [state, …]}")
        given = state["layers"] if state is not None and "layers" in state else [None] * len(self.layers)
        if (state is not None and "layers" not in state) or len(given) != len(self.layers):
            raise UsageError(
                f"{here_in_network()}a state of these {len(self.layers)} layers is {{'layers': [state, …]}} with a "
                f"state for each, but the given one has {', '.join(map(str, state or {})) or 'nothing'} "
                f"and {len(given) if state and 'layers' in state else 0} layers{here()}"
            )
        return {"layers": given}

    def adopt(self, final: Mapping[str, Any], m: int, time: int = 0) -> State:
        """Take over the final states of as many layers, or a single one in the lowest layer."""
        given = final.get("layers", [final])
        if len(given) not in (1, len(self.layers)):
            raise UsageError(
                f"{len(self.layers)} layers cannot take over the final states of {len(given)} "
                f"layers{here()}"
            )
        layers, first = [], (present().layer or 0) + 1
        for n, layer in enumerate(self.layers, start=first):
            with scope(layer=n):
                above = n - first >= len(given)
                layers.append(layer.initial_state(m, time) if above else layer.adopt(given[n - first], m, time))
        return {**layers[-1], "layers": layers}

    def unroll(
        self,
        x: Any,
        state: Mapping[str, Any] | None = None,
        lengths: Sequence[int] | None = None,
        reverse: bool = False,
        start: int = 1,
    ) -> Run:
        """Run every layer over the whole sequence, from the lowest up; see `Cell.unroll`."""
        first = (present().layer or 0) + 1
        inputs = below = columns(x, self.n_x, self.dtype, lengths, start, reader=f"layer {first}: ")
        m, T = inputs[0].shape[1], len(inputs)
        given, runs = self.begin(state, m)["layers"], []
        for n, (layer, before) in enumerate(zip(self.layers, given, strict=True), start=first):
            with scope(layer=n):
                runs.append(layer.unroll(below, before, lengths, reverse, start))
            below = runs[-1].states["a"]
        run = Run(self, inputs, {"layers": [r.initial for r in runs]}, presence(lengths, m, T, start), start)
        run.layers, run.states, run.directions = runs, runs[-1].states, runs[-1].directions
        run.final = {**runs[-1].final, "layers": [r.final for r in runs]}
        return run

    def __repr__(self) -> str:
        return f"Deep({self.layers})"
