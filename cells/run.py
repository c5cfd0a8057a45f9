"""Run: what came of unrolling a cell over a sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq import Graph, Tensor, name, scope, where
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.shown import Shown
from autograd_seq.core.source_line import here
from autograd_seq.translation.reader import translated
from cells.checked import choose, kind, numbers


class Run(Shown):
    """The states, outputs and losses of every time step, with everything that was recorded.

    Attributes
    ----------
    inputs : list of Tensor
        x<1> … x<T>, each (n_x, m).
    initial : dict
        The state before the first step.
    states : dict of str to list of Tensor
        ``states["a"][t - 1]`` is a<t>, (n_a, m); of a bidirectional cell [→a<t>; ←a<t>], of a deep one
        the top layer's.
    final : dict
        The state after the last step; with lengths, after each example's own last step.
    outputs : list of Tensor
        ŷ<1> … ŷ<T>, once a readout was applied; a single one after ``readout.last(run)``.
    losses : list of Tensor
        L<1> … L<T>, once a loss was applied.
    loss : Tensor or None
        Their sum J.
    masks : list
        For each step which examples are still running, (1, m); None where all are.
    start : int
        The time of the first step.
    layers : list of Run
        The runs of a deep cell's layers, the lowest first; else empty.
    directions : dict of str to Run
        ``"forward"`` and ``"backward"`` of a bidirectional cell; else empty.
    encoder : Run or None
        The encoder's run, where this one is a decoder's.
    """

    def __init__(
        self,
        cell: Any,
        inputs: list[Tensor],
        initial: Mapping[str, Any],
        masks: list[Tensor | None] | None = None,
        start: int = 1,
    ) -> None:
        self.cell = cell
        self.inputs = inputs
        self.initial = dict(initial)
        self.masks = masks if masks is not None else [None] * len(inputs)
        self.start = start
        self.states: dict[str, list[Tensor]] = {key: [] for key in cell.states}
        self.final: dict[str, Any] = dict(initial)
        self.outputs: list[Tensor] = []
        self.output_times: list[int] = []
        self.output_masks: list[Tensor | None] = []
        self.losses: list[Tensor] = []
        self.loss: Tensor | None = None
        self.layers: list[Run] = []
        self.directions: dict[str, Run] = {}
        self.encoder: Run | None = None

    def __repr__(self) -> str:
        if self.loss is None:
            return f"<{translated(f'run of {self.cell!r} over {len(self)} steps')}>"
        loss = f"{self.loss.item():.4g}"
        return f"<{translated(f'run of {self.cell!r} over {len(self)} steps, loss {loss}')}>"

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def times(self) -> range:
        """The time of each step."""
        return range(self.start, self.start + len(self.inputs))

    def append(self, state: Mapping[str, Any]) -> None:
        """Add the state of the next step."""
        self.final = dict(state)
        for key in self.states:
            self.states[key].append(state[key])

    def state_at(self, time: int) -> dict[str, Any]:
        """The whole state after the step of that time, of all layers, to go on from."""
        whole: dict[str, Any] = {key: values[time - self.start] for key, values in self.states.items()}
        return whole | ({"layers": [layer.state_at(time) for layer in self.layers]} if self.layers else {})

    def reverse(self) -> None:
        """Put states that were made from last to first in the order of time."""
        for values in self.states.values():
            values.reverse()

    def read(self, outputs: Sequence[Tensor], times: Sequence[int], at_the_end: bool = False) -> None:
        """Set the outputs and the time that each belongs to; or the one output of each example's own end."""
        self.outputs, self.output_times = list(outputs), list(times)
        self.output_masks = [None if at_the_end else self.masks[t - self.start] for t in times]

    def measure(self, targets: Any, loss: Callable[[Tensor, Any], Tensor], reduction: str = "sum") -> Tensor:
        """Compare each output with its target; the loss of the run is the sum over time.

        Steps behind the end of an example do not count.

        Parameters
        ----------
        targets : sequence or array_like
            y<1> … y<T>, each (n_y, m); or one array (n_y, m, T).
        loss : callable
            ``loss(prediction, target)`` to a tensor, such as `autograd_seq.categorical_cross_entropy`, or one of
            `autograd_seq.learning.losses`; its elements are summed.
        reduction : {"sum", "mean"}
            ``"mean"`` divides by the number of examples m.

        Returns
        -------
        Tensor
            J = Σ L<t>, a scalar.
        """
        choose({"sum": 1, "mean": 1}, reduction, "reduction")
        if not callable(loss):
            raise UsageError(
                f"the loss must be a function such as categorical_cross_entropy, but got {type(loss).__name__}{here()}"
            )
        listed = isinstance(targets, (list, tuple))
        targets = targets if listed else numbers(targets, "targets")
        wanted = list(targets) if listed else by_step(targets)
        if not self.outputs:
            raise UsageError(f"this run has no outputs yet: apply a readout first, readout(run){here()}")
        if len(wanted) != len(self.outputs):
            raise ShapeError(
                f"{len(wanted)} targets for {len(self.outputs)} outputs: one target for each time "
                f"step{here()}"
            )
        self.losses = []
        for t, prediction, target, running in zip(
            self.output_times, self.outputs, wanted, self.output_masks, strict=True
        ):
            with scope(time=t, part="loss"):
                self.losses.append(_loss_at(t, prediction, target, running, loss))
        with scope(part="loss"):
            total = self.losses[0]
            for loss_t in self.losses[1:]:
                total = total + loss_t
            self.loss = name(total / self.outputs[0].shape[1] if reduction == "mean" else total, "J")
        return self.loss

    @property
    def graph(self) -> Graph:
        """Everything recorded of the loss, where there is one, else of outputs, else of all states."""
        if self.loss is not None:
            return Graph(self.loss)
        return Graph(*(self.outputs or [value for values in self.states.values() for value in values]))


def _loss_at(
    t: int, prediction: Tensor, target: Any, running: Tensor | None, loss: Callable[[Tensor, Any], Tensor]
) -> Tensor:
    """L<t>, over the examples that are still running."""
    target = numbers(target, f"y<{t}>")
    if np.shape(target) != prediction.shape:
        raise ShapeError(f"y<{t}> has shape {np.shape(target)}, but ŷ<{t}> has {prediction.shape}{here()}")
    if not isinstance(target, Tensor):
        clean = target if running is None else np.where(running.value, target, 0)
        target = Tensor(clean, "y", dtype=prediction.dtype)
    each = getattr(loss, "elements", loss)(prediction, target)
    kind(each, Tensor, "the loss must return a tensor, as categorical_cross_entropy does")
    if running is not None:
        each = where(running, each, 0)
    return name(each.sum(), "L")


def by_step(targets: Any) -> list[Any]:
    """The targets of each step, of one array."""
    if np.ndim(targets) != 3:
        raise ShapeError(
            f"targets have shape {np.shape(targets)}: give (n_y, m, T), or a list of T arrays (n_y, "
            f"m){here()}"
        )
    return [targets[:, :, t] for t in range(np.shape(targets)[2])]
