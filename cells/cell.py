"""Cell: what all recurrent cells share; a cell of its own is its parameters and one `step`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq import Parameter, Tensor, no_grad, scope, steps
from autograd_seq.errors import ShapeError

from cells.run import Run

State = dict[str, Any]


class Cell:
    """A recurrent cell: parameters, and a step from one state to the next.

    A subclass sets `n_x`, `n_a`, `parameters` and writes `step`.

    Attributes
    ----------
    n_x, n_a : int
        Length of an input column and of a state column.
    parameters : dict of str to Parameter
        By the notes' names.
    states : tuple of str
        What a state consists of: ``("a",)``, or ``("a", "c")``.
    """

    n_x: int
    n_a: int
    parameters: dict[str, Parameter]
    states: tuple[str, ...] = ("a",)
    dtype: Any = np.float64

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

    def initial_state(self, m: int) -> State:
        """The state before the first step, all zeros: a<0> = 0."""
        with scope(time=0), no_grad():
            return {key: Tensor(np.zeros((self.n_a, m), self.dtype), key) for key in self.states}

    def unroll(self, x: Any, state: Mapping[str, Any] | None = None, lengths: Sequence[int] | None = None) -> Run:
        """Run over a whole sequence, recording every step.

        Parameters
        ----------
        x : array_like
            (n_x, m, T_x), or a list of T_x arrays (n_x, m).
        state : dict, optional
            The state to begin with; zeros if not given.

        Returns
        -------
        Run
            The states of every step.
        """
        inputs = columns(x, self.n_x, self.dtype)
        current = dict(state) if state is not None else self.initial_state(inputs[0].shape[1])
        run = Run(self, inputs, current)
        for t in steps(len(inputs)):
            current = self.step(inputs[t], current)
            run.append(current)
        return run


def columns(x: Any, n_x: int, dtype: Any) -> list[Tensor]:
    """The input of each time step as a named tensor (n_x, m)."""
    slices = list(x) if isinstance(x, (list, tuple)) else [x[:, :, t] for t in range(np.shape(x)[2])]
    if not slices:
        raise ShapeError(f"the sequence is empty: give x as (n_x, m, T_x) with T_x > 0, n_x = {n_x}")
    result = []
    for t, x_t in enumerate(slices, start=1):
        if np.ndim(x_t) != 2 or np.shape(x_t)[0] != n_x:
            raise ShapeError(f"x<{t}> has shape {np.shape(x_t)}, but this cell takes (n_x, m) with n_x = {n_x}")
        with scope(time=t):
            result.append(x_t if isinstance(x_t, Tensor) else Tensor(x_t, "x", dtype=dtype))
    return result
