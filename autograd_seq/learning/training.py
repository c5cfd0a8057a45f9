"""Training: shuffled mini-batches, clipping, early stopping, and checkpoints to go on from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.scope import no_grad
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.learning import checkpoint
from autograd_seq.learning.optimisers import Optimiser
from autograd_seq.learning.text import batches
from autograd_seq.plan import compile
from autograd_seq.readings.nonfinite import first_nonfinite

Clip = Callable[[dict[str, Array]], Mapping[str, Array]]


class Model(Protocol):
    """What can be trained."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What is learned, by name."""

    def loss(self, examples: Sequence[Any]) -> Tensor:
        """The loss of a batch, a scalar that was recorded."""


@dataclass
class History:
    """What was measured while training.

    Attributes
    ----------
    losses, norms : list of float
        The loss of each update's batch, divided by the number of its examples, and its gradient's norm.
    validation : list of float
        The loss on the validation examples after each epoch, per example.
    """

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)


class Trainer:
    """Train a model by mini-batches; interrupted at any moment, it goes on with identical numbers.

    Parameters
    ----------
    model : Model
        Has ``parameters`` and ``loss(examples)``.
    optimiser : Optimiser
        How parameters move.
    clip : callable, optional
        From the gradients by name to clipped ones; see `autograd_seq.learning.clipping`.
    batch_size : int
        Examples in an update.
    seed : int
        For the shuffling.
    save_to : path, optional
        A ``.npz`` file. If it exists, training goes on from it; it is written after every
        `save_every` updates and after each epoch.
    save_every : int
        See there.
    compiled : bool
        Train through the compiled replay: the same losses and gradients to rounding, without recording each
        update. The model then has ``arrays(examples)`` and ``loss_of(*arrays)`` too.
    fast : bool
        As `compiled`, with loops compiled by Numba: some seconds for each length of sequences, then faster.

    Raises
    ------
    ValueRangeError
        If `save_to` is damaged or the checkpoint of another model; it is not overwritten.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Parameter
    >>> from autograd_seq.learning.optimisers import SGD
    >>> class Mean:
    ...     parameters = {"w": Parameter([0.0], "w")}
    ...     def loss(self, examples):
    ...         return ((self.parameters["w"] - np.array(examples)) ** 2).sum()
    >>> history = Trainer(Mean(), SGD(0.1), batch_size=4).fit([1.0, 2.0, 3.0, 2.0], epochs=30)
    >>> Mean.parameters["w"].value.round(3)
    array([2.])
    """

    def __init__(
        self,
        model: Model,
        optimiser: Optimiser,
        clip: Clip | None = None,
        batch_size: int = 32,
        seed: int = 0,
        save_to: str | os.PathLike[str] | None = None,
        save_every: int = 100,
        compiled: bool = False,
        fast: bool = False,
    ) -> None:
        self.model, self.optimiser, self.clip = model, optimiser, clip
        self.batch_size, self.save_every = batch_size, save_every
        self.save_to = None if save_to is None else Path(save_to)
        self.generator = np.random.default_rng(seed)
        self.history = History()
        self.epoch = 0
        self.waiting: list[Array] = []  # the batches of this epoch that are still to come
        self.best: dict[str, Array] = {}
        self.plan: Any = None
        if compiled or fast:
            self.plan = compile(model.loss_of, model.parameters, fast=fast)  # type: ignore[attr-defined]
        if self.save_to is not None and self.save_to.exists():
            self._restore()

    def fit(
        self,
        examples: Sequence[Any],
        epochs: int,
        validation: Sequence[Any] | None = None,
        patience: int | None = None,
        progress: bool = False,
    ) -> History:
        """Go through the examples until `epochs` epochs are done, those before an interruption included.

        Parameters
        ----------
        examples : sequence
            What ``model.loss`` takes a list of.
        epochs : int
            How often each example is used.
        validation : sequence, optional
            Held-out examples, measured after each epoch.
        patience : int, optional
            Stop early after so many epochs without a better validation loss, and go back to the best
            parameters.
        progress : bool
            Show a progress bar with the loss and the gradient's norm (needs tqdm; without it nothing is shown).

        Raises
        ------
        ValueRangeError
            If there are no examples; or at the first NaN or infinity, naming the node and time step it
            came from.
        """
        if not len(examples):
            raise ValueRangeError(f"there are no examples to train on{here()}")
        with _bar(progress, epochs * -(-len(examples) // self.batch_size), self.optimiser.updates) as bar:
            while self.epoch < epochs and not self._exhausted(patience):
                if not self.waiting:
                    self.waiting = list(batches(examples, self.batch_size, self.generator))
                while self.waiting:
                    self.update([examples[i] for i in self.waiting.pop(0)])
                    if bar is not None:
                        bar.set_postfix(loss=self.history.losses[-1], gradient=self.history.norms[-1], refresh=False)
                        bar.update()
                    if self.waiting and self.optimiser.updates % self.save_every == 0:
                        self.save()
                self._end_epoch(validation)
        if patience is not None and self.best:
            for key, parameter in self.model.parameters.items():
                parameter.value = self.best[key]
        return self.history

    def update(self, batch: Sequence[Any]) -> float:
        """One update from one batch; returns its loss per example."""
        if self.plan is None:
            return self.step(self.model.loss(batch), len(batch))
        loss, gradients = self.plan(*self.model.arrays(batch))  # type: ignore[attr-defined]
        if not np.isfinite(loss):
            explain_non_finite(self.model.loss(batch))
        return self._move(float(loss), gradients, len(batch))

    def step(self, loss: Tensor, count: int = 1) -> float:
        """One update from a loss that was recorded, of `count` examples; returns the loss of one.

        For training that comes in other pieces than batches, such as windows of a long text.
        """
        explain_non_finite(loss)
        loss.backward()
        gradients = {key: p.grad for key, p in self.model.parameters.items() if p.grad is not None}
        return self._move(float(loss.item()), gradients, count)

    def _move(self, loss: float, gradients: dict[str, Array], count: int) -> float:
        self.history.norms.append(float(np.sqrt(sum(float(np.sum(g * g)) for g in gradients.values()))))
        self.optimiser.update(self.model.parameters, self.clip(gradients) if self.clip else gradients)
        self.history.losses.append(loss / count)
        return self.history.losses[-1]

    def _end_epoch(self, validation: Sequence[Any] | None) -> None:
        self.epoch += 1
        if validation is not None:
            measured = evaluate(self.model, validation, self.batch_size)
            if not self.history.validation or measured < min(self.history.validation):
                self.best = {key: p.value for key, p in self.model.parameters.items()}
            self.history.validation.append(measured)
        self.save()

    def _exhausted(self, patience: int | None) -> bool:
        measured = self.history.validation
        return patience is not None and len(measured) - int(np.argmin([*measured, np.inf])) > patience

    # -- checkpoints ------------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint, where there is one to write."""
        if self.save_to is None:
            return
        state = self.optimiser.state()
        arrays = {f"parameter/{key}": p.value for key, p in self.model.parameters.items()}
        arrays |= {f"best/{key}": array for key, array in self.best.items()}
        arrays |= {f"memory/{key}": array for key, array in state["memory"].items()}
        arrays |= {f"batch/{i:06d}": batch for i, batch in enumerate(self.waiting)}
        settings = {
            "optimiser": type(self.optimiser).__name__,
            "updates": state["updates"],
            "epoch": self.epoch,
            "generator": self.generator.bit_generator.state,
            "history": asdict(self.history),
        }
        checkpoint.save(self.save_to, arrays, settings)

    def _restore(self) -> None:
        arrays, settings = checkpoint.load(str(self.save_to))
        groups: dict[str, dict[str, Array]] = {"parameter": {}, "best": {}, "memory": {}, "batch": {}}
        for key, array in arrays.items():
            group, _, name = key.partition("/")
            groups.setdefault(group, {})[name] = array
        checkpoint.fitted(groups["parameter"], self.model.parameters, self.save_to)
        if settings.get("optimiser") != type(self.optimiser).__name__:
            raise ValueRangeError(
                f"{self.save_to} was written by {settings.get('optimiser')}, but this optimiser is "
                f"{type(self.optimiser).__name__}{here()}"
            )
        for key, parameter in self.model.parameters.items():
            parameter.value = groups["parameter"][key]
        self.optimiser.restore({"updates": settings["updates"], "memory": groups["memory"]})
        self.generator.bit_generator.state = settings["generator"]
        self.epoch, self.best = settings["epoch"], groups["best"]
        self.waiting = [groups["batch"][key] for key in sorted(groups["batch"])]
        self.history = History(**settings["history"])


def evaluate(model: Model, examples: Sequence[Any], batch_size: int = 32) -> float:
    """The loss per example, without recording."""
    with no_grad():
        total = sum(
            float(model.loss([examples[i] for i in batch]).item()) for batch in batches(examples, batch_size)
        )
    return total / len(examples)


def explain_non_finite(loss: Tensor) -> None:
    """Stop at a loss that is no number, and say where it began.

    Raises
    ------
    ValueRangeError
        Naming the first record whose value has a NaN or an infinity: node, time step, operation and line.
    """
    if np.isfinite(loss.value).all():
        return
    raise ValueRangeError(
        f"the loss is {loss.item()}. {first_nonfinite(loss)}\n"
        f"Clip the gradients, or take a smaller learning rate{here()}"
    )


def _bar(shown: bool, total: int, done: int) -> AbstractContextManager[Any]:
    if not shown:
        return nullcontext()
    try:
        from tqdm import tqdm
    except ImportError:
        return nullcontext()
    return tqdm(total=total, initial=done, unit="update", disable=None)
