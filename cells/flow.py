"""Gradient flow through time: how far back a loss reaches, measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.backward import sweep
from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.traits import algebra
from cells.checked import kind, listed, whole
from cells.run import Run

Array = np.ndarray[Any, Any]


def gradient_flow(run: Run, wrt: str = "a", layer: int | None = None) -> Array:
    """How strongly each step's loss depends on each step's state.

    Parameters
    ----------
    run : Run
        With losses.
    wrt : {"a", "c"}
        Which state.
    layer : int, optional
        Of a deep cell; the top layer if not given.

    Returns
    -------
    ndarray
        (T, T): ``[t - 1, k - 1]`` is the Frobenius norm ‖∂L<t>/∂a<k>‖, over all examples and, of a bidirectional
        cell, both directions. A row without a loss is zero.

    Notes
    -----
    One reverse sweep for each loss.

    Examples
    --------
    >>> from autograd_seq import binary_cross_entropy
    >>> from cells import RNN, Readout
    >>> run = Readout(4, 1, "sigmoid", seed=1)(RNN(3, 4, seed=0).unroll(np.ones((3, 1, 5))))
    >>> _ = run.measure(np.ones((1, 1, 5)), binary_cross_entropy)
    >>> table = gradient_flow(run)
    >>> table.shape, bool(table[0, 4] == 0), bool(table[4, 0] > 0)
    ((5, 5), True, True)
    """
    kind(run, Run, "gradient_flow() needs a run, as cell.unroll(x) returns it")
    if not run.losses:
        raise UsageError(f"this run has no losses yet: apply a readout and run.measure(targets, loss) first{here()}")
    places = _places(run, wrt, layer)
    table = np.zeros((len(run), len(run)))
    for time, loss in zip(run.output_times, run.losses, strict=True):
        if loss.requires_grad:
            table[time - run.start] = _norms(loss, np.ones(loss.shape, loss.dtype), places)
    return table


def state_flow(run: Run, wrt: str = "a", layer: int | None = None, times: Sequence[int] | None = None) -> Array:
    """How strongly each step's state depends on each earlier one.

    Parameters
    ----------
    run : Run
        Of any cell.
    wrt : {"a", "c"}
        Which state, on both sides of the derivative.
    layer : int, optional
        Of a deep cell; the top layer if not given.
    times : sequence of int, optional
        Only the rows of these times t; the others stay zero.

    Returns
    -------
    ndarray
        (T, T): ``[t - 1, k - 1]`` is the Frobenius norm ‖∂a<t>/∂a<k>‖ of the Jacobian, over all examples.

    Notes
    -----
    One reverse sweep for each component of each state: examples do not mix, so that all of them share it.

    Examples
    --------
    >>> from cells import RNN
    >>> run = RNN(3, 4, seed=0).unroll(np.ones((3, 1, 3)))
    >>> state_flow(run).diagonal()  # ∂a<t>/∂a<t> is the unit matrix of 4 rows
    array([2., 2., 2.])
    """
    kind(run, Run, "state_flow() needs a run, as cell.unroll(x) returns it")
    places = _places(run, wrt, layer)
    table = np.zeros((len(run), len(run)))
    for t in _rows(run, times):
        for state in places[t]:
            if not state.requires_grad:
                continue
            for component in range(state.shape[0]):
                seed = np.zeros(state.shape, state.dtype)
                seed[component] = 1
                table[t] += _norms(state, seed, places) ** 2
    return np.sqrt(table)


def _rows(run: Run, times: Sequence[int] | None) -> list[int]:
    """The rows of the given times, or all."""
    if times is None:
        return list(range(len(run)))
    kind(listed(times), Iterable, "times is a list of steps t")
    given = list(times)
    for time in given:
        whole("times", step=time)
        if time not in run.times:
            raise ValueRangeError(f"this run has no step {time!r}: its steps are {run.start} … {run.times[-1]}{here()}")
    return [int(time) - run.start for time in given]


def _places(run: Run, wrt: str, layer: int | None) -> list[list[Tensor]]:
    """For each time the state, or both directions' states."""
    if layer is not None:
        kind(layer, (int, np.integer), "layer is a whole number")
        if not 1 <= layer <= len(run.layers):
            raise UsageError(f"this run has {len(run.layers) or 'no'} layers to choose from, not layer {layer}{here()}")
        run = run.layers[layer - 1]
    kind(wrt, str, "wrt is the name of a state")
    runs = list(run.directions.values()) or [run]
    if any(wrt not in one.states for one in runs):
        raise UsageError(f"this cell has no state {wrt!r}, but {', '.join(runs[0].states)}{here()}")
    return [[_what_it_names(one.states[wrt][t].record) for one in runs] for t in range(len(run))]


def _what_it_names(record: Tensor) -> Tensor:
    """A GRU's a<t> is another name of c<t>, which the next step reads: both have one derivative, that of c<t>."""
    while algebra(record) == "name":
        record = record.inputs[0]
    return record


def _norms(output: Tensor, seed: Array, places: list[list[Tensor]]) -> Array:
    """For each time the norm of the adjoint of its state, in one reverse sweep."""
    adjoints = dict(sweep(output.record, seed, everything=True))
    found = [[adjoints[state] for state in states if state in adjoints] for states in places]
    return np.sqrt([sum(float(np.sum(np.square(g, dtype=np.float64))) for g in both) for both in found])
