"""Run: what came of unrolling a cell over a sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd_seq import Graph, Tensor, name, scope
from autograd_seq.errors import ShapeError

if TYPE_CHECKING:
    from cells.cell import Cell


class Run:
    """The states, outputs and losses of every time step, with everything that was recorded.

    Attributes
    ----------
    inputs : list of Tensor
        x<1> … x<T>, each (n_x, m).
    initial : dict
        The state before the first step.
    states : dict of str to list of Tensor
        ``states["a"][t - 1]`` is a<t>, (n_a, m).
    final : dict
        The state after the last step.
    outputs : list of Tensor
        ŷ<1> … ŷ<T>, once a readout was applied.
    losses : list of Tensor
        L<1> … L<T>, once a loss was applied.
    loss : Tensor or None
        Their sum.
    """

    def __init__(self, cell: Cell, inputs: list[Tensor], initial: Mapping[str, Tensor]) -> None:
        self.cell = cell
        self.inputs = inputs
        self.initial = dict(initial)
        self.states: dict[str, list[Tensor]] = {key: [] for key in initial}
        self.final = dict(initial)
        self.outputs: list[Tensor] = []
        self.losses: list[Tensor] = []
        self.loss: Tensor | None = None

    def append(self, state: Mapping[str, Tensor]) -> None:
        """Add the state of the next step."""
        self.final = dict(state)
        for key, value in state.items():
            self.states[key].append(value)

    def measure(self, targets: Sequence[Any], loss: Callable[[Tensor, Any], Tensor]) -> Tensor:
        """Compare each output with its target; the loss of the run is the sum over time.

        Parameters
        ----------
        targets : sequence
            y<1> … y<T>, each (n_y, m).
        loss : callable
            ``loss(prediction, target)`` to a tensor; its elements are summed.
        """
        if len(targets) != len(self.outputs):
            raise ShapeError(f"{len(targets)} targets for {len(self.outputs)} outputs: one target for each time step")
        self.losses = []
        for t, (prediction, target) in enumerate(zip(self.outputs, targets, strict=True), start=1):
            with scope(time=t):
                y = target if isinstance(target, Tensor) else Tensor(target, "y", dtype=prediction.dtype)
                self.losses.append(name(loss(prediction, y).sum(), "L"))
        total = self.losses[0]
        for loss_t in self.losses[1:]:
            total = total + loss_t
        self.loss = name(total, "J")
        return self.loss

    @property
    def graph(self) -> Graph:
        """Everything recorded: of the loss, where there is one, else of all states."""
        if self.loss is not None:
            return Graph(self.loss)
        return Graph(*(self.outputs or [value for values in self.states.values() for value in values]))
