"""Truncated backpropagation through time, and a long sequence in chunks: where the derivative is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd_seq import Tensor, name, scope, stop_gradient
from autograd_seq.core.errors import ShapeError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from cells.cell import Cell
from cells.checked import flags, kind, numbers, sizes
from cells.padding import columns, presence
from cells.readout import Readout
from cells.run import Run, by_step


def cut(state: Any, forget: bool = False) -> Any:
    """The same state, through which no derivative passes: a cut edge, recorded as ``stop_gradient``.

    Parameters
    ----------
    state : dict
        Such as ``run.final``; of a deep or bidirectional cell too.
    forget : bool
        Drop what was recorded before the cut, so that memory does not grow from chunk to chunk; the cut
        itself stays visible.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import RNN
    >>> cell = RNN(3, 4, seed=0)
    >>> first = cell.unroll(np.ones((3, 2, 5)))
    >>> second = cell.unroll(np.ones((3, 2, 5)), cut(first.final), start=6)
    >>> [r.label for r in second.graph if r.operation and r.operation.name == "stop_gradient"]
    ['a_cut<5>']
    """
    if isinstance(state, Mapping):
        return {key: cut(value, forget) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return [cut(value, forget) for value in state]
    kind(state, Tensor, "cut() needs a state, such as run.final")
    where = state.scope
    with scope(time=where.time, layer=where.layer, direction=where.direction, part="truncation"):
        before = Tensor(state.value, state.name) if forget else state
        return name(stop_gradient(before), f"{(state.name or 'state').removesuffix('_cut')}_cut")


def chunks(
    cell: Cell,
    x: Any,
    k: int,
    state: Mapping[str, Any] | None = None,
    forget: bool = False,
    lengths: Sequence[int] | None = None,
) -> Iterator[Run]:
    """Unroll a long sequence k steps at a time; each chunk begins with the cut state of the one before.

    Parameters
    ----------
    cell : Cell
        Any but a bidirectional one.
    x : array_like
        (n_x, m, T_x), or a list of T_x arrays.
    k : int
        Length of a chunk; the last may be shorter.
    state : dict, optional
        The state to begin with.
    forget : bool
        See `cut`.
    lengths : sequence of int, optional
        T_x of each example in the whole sequence.

    Yields
    ------
    Run
        Of one chunk; its times go on from those of the one before.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import RNN
    >>> [list(run.times) for run in chunks(RNN(3, 4, seed=0), np.ones((3, 2, 5)), k=2)]
    [[1, 2], [3, 4], [5]]
    """
    sizes("chunks", k=k)
    flags("chunks", forget=forget)
    _only_back(cell)
    inputs = columns(x, cell.n_x, cell.dtype, lengths)
    presence(lengths, inputs[0].shape[1], len(inputs))
    for first in range(0, len(inputs), k):
        chunk = inputs[first : first + k]
        run = cell.unroll(chunk, state, _within(lengths, first + len(chunk)), start=first + 1)
        yield run
        state = cut(run.final, forget)


def truncated_bptt(
    cell: Cell,
    readout: Readout,
    x: Any,
    targets: Any,
    loss: Callable[[Tensor, Any], Tensor],
    k1: int,
    k2: int,
    reduction: str = "sum",
    lengths: Sequence[int] | None = None,
) -> Iterator[Run]:
    """Every k1 steps, the losses of these k1 steps, to be backpropagated through the last k2 steps (k2 ≥ k1).

    Each step's loss is in exactly one window. The state in which a window begins is a cut edge, and nothing before
    it is kept: memory stays that of k2 steps. A window that overlaps the one before computes its first
    k2 - k1 steps again, with the present weights.

    Parameters
    ----------
    cell, readout : Cell, Readout
        Any cell but a bidirectional one.
    x, targets : array_like
        (n_x, m, T) and (n_y, m, T), or lists of T arrays.
    loss : callable
        As in `Run.measure`.
    k1, k2 : int
        How often, and how far back.
    reduction : {"sum", "mean"}
        As in `Run.measure`.
    lengths : sequence of int, optional
        T_x of each example.

    Yields
    ------
    Run
        One for each window, with ``.loss`` the sum over its last k1 steps.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import categorical_cross_entropy
    >>> from cells import RNN
    >>> cell, readout = RNN(3, 4, seed=0), Readout(4, 2, seed=1)
    >>> x, y = np.ones((3, 1, 6)), np.eye(2)[:, [[0, 1, 0, 1, 0, 1]]]
    >>> for run in truncated_bptt(cell, readout, x, y, categorical_cross_entropy, k1=2, k2=3):
    ...     run.loss.backward()
    ...     print(list(run.times), run.output_times)
    [1, 2] [1, 2]
    [2, 3, 4] [3, 4]
    [4, 5, 6] [5, 6]
    """
    sizes("truncated_bptt", k1=k1, k2=k2)
    kind(readout, Readout, "the readout must be a Readout")
    _only_back(cell)
    if k2 < k1:
        raise ValueRangeError(
            f"k2 = {k2} is shorter than k1 = {k1}: the losses of some steps would have no path "
            f"back{here()}"
        )
    inputs = columns(x, cell.n_x, cell.dtype, lengths)
    T = len(inputs)
    presence(lengths, inputs[0].shape[1], T)
    listed = isinstance(targets, (list, tuple))
    wanted = list(targets) if listed else by_step(numbers(targets, "targets"))
    if len(wanted) != T:
        raise ShapeError(f"{len(wanted)} targets for {T} inputs: one target for each time step{here()}")
    state, first = None, 0
    for done in range(0, T, k1):
        end = min(done + k1, T)
        run = cell.unroll(inputs[first:end], state, _within(lengths, end), start=first + 1)
        outputs = []
        for t in range(done, end):
            with scope(time=t + 1):
                outputs.append(readout.step(run.states["a"][t - first]))
        run.read(outputs, range(done + 1, end + 1))
        run.measure(wanted[done:end], loss, reduction)
        following = max(min(end + k1, T) - k2, 0)  # where the next window begins: in this one, or behind its end
        if following > first:
            state, first = cut(run.state_at(following), forget=True), following
        yield run


def _within(lengths: Sequence[int] | None, end: int) -> list[int] | None:
    """Lengths as far as the steps up to `end` know them."""
    return None if lengths is None else [min(length, end) for length in lengths]


def _only_back(cell: Cell) -> None:
    kind(cell, Cell, "the first argument must be a cell")
    if cell.looks_ahead:
        raise UsageError(
            "a bidirectional cell needs the whole sequence: its backward direction begins at the end, so a chunk "
            f"cannot go on from the one before. Unroll it whole{here()}"
        )
