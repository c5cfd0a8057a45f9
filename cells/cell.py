"""Cell: what all recurrent cells share; a cell of its own is its parameters and one `step`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from autograd_seq import Parameter, Tensor, no_grad, scope
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.shown import Shown
from autograd_seq.core.source_line import here
from cells import storage
from cells.checked import choose, flags, floats, generator, here_in_network, kind, numbers, sizes, whole
from cells.initial import SCHEMES, weights
from cells.padding import columns, held, presence
from cells.run import Run

State = dict[str, Any]


class _StateOf(State):
    """The state that a step reads; of what is not in it, it says how a cell comes to carry it."""

    def __init__(self, cell: Cell, state: Mapping[str, Any]) -> None:
        super().__init__(state)
        self._cell = cell

    def __missing__(self, key: Any) -> Any:
        states = (*self._cell.states, key)
        name = type(self._cell).__name__
        raise UsageError(
            f"the state of {name} has {', '.join(map(repr, self))}, and no {key!r}. A cell that carries it from step "
            f"to step says so, and gives it back from step():\n  class {name}(Cell):\n      states = {states!r}{here()}"
        )


class Cell(Shown):
    """A recurrent cell: parameters, and a step from one state to the next.

    A subclass names its `states`, fills `parameters` with `matrix` and `column`, and writes `step`.

    Parameters
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    seed : int or numpy.random.Generator, optional
        For the weights.
    dtype : dtype
        float64 unless asked.
    scheme : {"xavier", "orthogonal"}
        How the weights begin, see `cells.initial`.

    Attributes
    ----------
    parameters : dict of str to Parameter
        By the notes' names.
    states : tuple of str
        What a state consists of: ``("a",)``, or ``("a", "c")``.
    """

    states: tuple[str, ...] = ("a",)
    looks_ahead = False  # whether a step's state depends on later inputs

    def __init__(
        self, n_x: int, n_a: int, seed: Any = None, dtype: Any = np.float64, scheme: str = "xavier"
    ) -> None:
        sizes(type(self).__name__, n_x=n_x, n_a=n_a)
        self.n_x, self.n_a, self.dtype, self.scheme = n_x, n_a, floats(dtype), scheme
        choose(SCHEMES, scheme, "scheme")
        self.rng = generator(seed)
        self.parameters: dict[str, Parameter] = {}

    def matrix(self, name: str, *columns: int, rows: int | None = None) -> None:
        """Make a parameter (n_a, Σ columns), random; or with other rows."""
        values = weights(self.rng, rows or self.n_a, columns, self.dtype, self.scheme)
        self.parameters[name] = Parameter(values, name)

    def column(self, name: str, fill: float = 0.0, rows: int | None = None) -> None:
        """Make a parameter (n_a, 1), filled with one number; or with other rows."""
        self.parameters[name] = Parameter(np.full((rows or self.n_a, 1), fill, self.dtype), name)

    def length(self, key: str) -> int:
        """How long a column of one of its `states` is: n_a."""
        return self.n_a

    # -- one step, and all of them ---------------------------------------------------------

    def step(self, x_t: Any, state: Mapping[str, Any]) -> State:
        """The state after one time step.

        Parameters
        ----------
        x_t : Tensor
            (n_x, m), a column for each example.
        state : dict
            Each of `states`, (n_a, m).
        """
        raise NotImplementedError

    def reads(self, state: Any, *keys: str) -> None:
        """Refuse what is not a state of this cell: a dict with all `keys`, or all of `states`."""
        for key in keys or self.states:
            if not isinstance(state, Mapping) or key not in state:
                given = f"a dict of {', '.join(map(str, state)) or 'nothing'}" if isinstance(state, Mapping) else state
                raise UsageError(
                    f"{here_in_network()}a state of {type(self).__name__} is a dict of "
                    f"{', '.join(keys or self.states)}, such as cell.initial_state(m), not {given!r:.80}{here()}"
                )

    def initial_state(self, m: int, time: int = 0) -> State:
        """The state before the first step, all zeros: a<0> = 0.

        Parameters
        ----------
        m : int
            Number of examples.
        time : int
            The time that it carries: 0, or T + 1 for the backward direction.
        """
        sizes(f"a state of {type(self).__name__}", m=m)
        whole(f"a state of {type(self).__name__}", time=time)
        with scope(time=time), no_grad():
            return {key: Tensor(np.zeros((self.length(key), m), self.dtype), key) for key in self.states}

    def begin(self, state: Mapping[str, Any] | None, m: int, time: int = 0) -> State:
        """The state to begin with: the given one, checked, or zeros."""
        if state is None:
            return self.initial_state(m, time)
        kind(state, Mapping, f"the state of {type(self).__name__} is a dict of {', '.join(self.states)}")
        if set(state) != set(self.states):
            raise UsageError(
                f"{here_in_network()}a state of {type(self).__name__} consists of {', '.join(self.states)}, but the "
                f"given one has {', '.join(map(str, state)) or 'nothing'}: is it the state of another cell?{here()}"
            )
        state = {k: numbers(v, f"{here_in_network()}the given state {k}") for k, v in state.items()}
        for key, value in state.items():
            if np.shape(value) != (self.length(key), m):
                length = "n_a" if self.length(key) == self.n_a else "memory"
                raise ShapeError(
                    f"{here_in_network()}the given state {key} has shape {np.shape(value)}, but {type(self).__name__} "
                    f"needs ({length}, m) = {(self.length(key), m)} for these inputs{here()}"
                )
        with scope(time=time):
            return {k: v if isinstance(v, Tensor) else Tensor(v, k, dtype=self.dtype) for k, v in state.items()}

    def adopt(self, final: Mapping[str, Any], m: int, time: int = 0) -> State:
        """Take over the final state of another cell, as a decoder does; what that one lacks begins with zeros."""
        zeros = self.initial_state(m, time)
        return self.begin({key: final.get(key, zeros[key]) for key in self.states}, m, time)

    def unroll(
        self,
        x: Any,
        state: Mapping[str, Any] | None = None,
        lengths: Sequence[int] | None = None,
        reverse: bool = False,
        start: int = 1,
    ) -> Run:
        """Run over a whole sequence, recording every step.

        Parameters
        ----------
        x : array_like
            (n_x, m, T_x), or a list of T_x arrays (n_x, m).
        state : dict, optional
            The state to begin with; zeros if not given.
        lengths : sequence of int, optional
            T_x of each example, where they differ: what stands behind an example's end touches nothing,
            and an example that has ended keeps its state. Counted from time 1, also in a chunk.
        reverse : bool
            From the last step to the first, as the backward direction does; with `lengths`, each example
            begins at its own end.
        start : int
            The time of the first step, for a chunk of a longer sequence.

        Returns
        -------
        Run
            The states of every step.

        Raises
        ------
        ShapeError, ValueRangeError, UsageError
            If input, state or lengths do not fit; the message names layer, direction and both shapes.
        """
        flags("unroll()", reverse=reverse)
        inputs = columns(x, self.n_x, self.dtype, lengths, start)
        m, T = inputs[0].shape[1], len(inputs)
        masks = presence(lengths, m, T, start)
        current = self.begin(state, m, start + T if reverse else start - 1)
        run = Run(self, inputs, current, masks, start)
        for t in reversed(range(T)) if reverse else range(T):
            with scope(time=start + t):
                following = self.step(inputs[t], _StateOf(self, current))
                running = masks[t]
                current = following if running is None else self.hold(running, following, current)
            run.append(current)
        if reverse:
            run.reverse()
        return run

    def hold(self, running: Tensor, following: Mapping[str, Any], before: Mapping[str, Any]) -> State:
        """The state after a step, in which examples that have ended (where `running` is false) keep what they had."""
        return {key: held(key, running, following[key], before[key]) for key in self.states}

    # -- keeping it -------------------------------------------------------------------------

    def save(self, path: Any) -> None:
        """Write all parameters to an ``.npz`` file; see `cells.storage`."""
        storage.save(path, self.parameters)

    def load(self, path: Any) -> None:
        """Read all parameters from an ``.npz`` file; see `cells.storage`."""
        storage.load(path, self.parameters)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(n_x={self.n_x}, n_a={self.n_a}{self._settings()})"

    def _settings(self) -> str:
        """What tells one kind of a cell from another, where it is not as usual: ``, reset_after=True``."""
        arguments = signature(type(self)).parameters.values()
        usual = {argument.name: argument.default for argument in arguments if argument.name != "scheme"}
        here = {key: getattr(self, key, None) for key in usual}
        return "".join(
            f", {key}={value!r}"
            for key, value in here.items()
            if isinstance(value, (bool, str)) and value != usual[key]
        )
