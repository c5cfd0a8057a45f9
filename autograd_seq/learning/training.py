"""Training: shuffled mini-batches, clipping, early stopping, and checkpoints to go on from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.scope import no_grad
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.learning import standing
from autograd_seq.learning.checkpoint import SUFFIXES
from autograd_seq.learning.optimisers import Optimiser
from autograd_seq.learning.standing import History, Standing
from autograd_seq.learning.text import batches
from autograd_seq.plan import compile
from autograd_seq.plan.writing.jax_devices import first_process
from autograd_seq.readings.nonfinite import first_nonfinite
from autograd_seq.storage.files import check_output, is_special

Clip = Callable[[dict[str, Array]], Mapping[str, Array]]


class Model(Protocol):
    """What can be trained."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What is learned, by name."""

    def loss(self, examples: Sequence[Any]) -> Tensor:
        """The loss of a batch, a scalar that was recorded."""


class Trainer:
    """Train a model by mini-batches; interrupted at any moment, it goes on with identical numbers.

    An interruption, such as Ctrl-C, takes back the batch in work: the model stands as after the last whole batch, is
    written to `save_to`, and ``fit`` called again, here or in another process, goes on with the batch that was
    interrupted. (A model that draws random numbers of its own, such as dropout, draws new ones for it.)

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
        `save_every` updates, after each epoch, and at an interruption.
    save_every : int
        See there.
    resume : bool
        Whether to go on from a file that exists; otherwise training begins anew and replaces it.
    about : dict, optional
        What the model was made from, as JSON can hold it; it is kept in the file, and training goes on from a file
        with the same alone.
    compiled : bool
        Train through the compiled replay: the same losses and gradients to rounding, without recording each
        update. The model then has ``arrays(examples)`` and ``loss_of(*arrays)`` too.
    fast : bool
        As `compiled`, with loops compiled by Numba: some seconds at first, then faster.
    engine : {"numpy", "numba", "jax"}, optional
        As `compiled`, with this engine (docs/engines.md).
    threads : int
        As `compiled`, on so many threads: the examples of a batch are split over them.
    devices : int, "all" or list of JAX's devices, optional
        With ``engine="jax"``, over which devices the examples of a batch are split. Of several processes that train
        together the first writes to `save_to`, and all go on from there: the file lies where each can read it.

    Raises
    ------
    ValueRangeError
        If `save_to` is damaged or the checkpoint of another model; it is not overwritten.
    FileError
        If `save_to` cannot be written.

    Attributes
    ----------
    saved : bool
        Whether `save_to` holds the model as it stands.
    watching : list of callables
        Each is called with the trainer after every update.

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
        resume: bool = True,
        about: Mapping[str, Any] | None = None,
        engine: str | None = None,
        threads: int = 1,
        devices: Any = None,
    ) -> None:
        self.model, self.optimiser, self.clip = model, optimiser, clip
        self.batch_size, self.save_every = batch_size, save_every
        self.save_to = None if save_to is None else check_output(save_to, SUFFIXES)
        self.about = about or {}
        self.generator = np.random.default_rng(seed)
        self.history = History()
        self.epoch, self.underway = 0, False  # epochs that are done, and whether another was begun
        self.waiting: list[Array] = []  # the batches of this epoch that are still to come …
        self.count: int | None = None  # … of so many examples
        self.summed = (0.0, 0)  # the losses of this epoch's examples so far, and how many these were
        self.best: dict[str, Array] = {}
        self.saved = False
        self.watching: list[Callable[[Trainer], None]] = []
        self._before: Standing | None = None  # while something is in work: where to go back to
        self.plan: Any = None
        if compiled or fast or engine or threads != 1 or devices is not None:
            asked: dict[str, Any] = {"fast": fast, "engine": engine, "devices": devices}
            asked.update({} if threads == 1 else {"threads": threads})
            self.plan = compile(model.loss_of, model.parameters, **asked)  # type: ignore[attr-defined]
        self._writes = devices is None or first_process()
        if resume and self.save_to is not None and self.save_to.is_file():
            self._return_to(standing.read(self.save_to, model.parameters, optimiser, self.about))
            self.saved = True

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
            If there are no examples, or others than an epoch was begun with; or at the first NaN or infinity,
            naming the node and time step it came from.
        """
        if not len(examples):
            raise ValueRangeError(f"there are no examples to train on{here()}")
        self._undo()
        self._check_count(len(examples))
        try:
            with _bar(progress, epochs * -(-len(examples) // self.batch_size), self.optimiser.updates) as bar:
                while self.epoch < epochs and not self._exhausted(patience):
                    self._epoch(examples, validation, bar)
            self._keep()
            if patience is not None and self.best:
                with self._whole():
                    self._set(self.best)
        except BaseException as error:
            self._undo()
            if isinstance(error, KeyboardInterrupt):
                self._keep()
            raise
        return self.history

    def _epoch(self, examples: Sequence[Any], validation: Sequence[Any] | None, bar: Any) -> None:
        """One epoch, or what is left of it."""
        if not self.underway:
            with self._whole():
                self.waiting, self.count = list(batches(examples, self.batch_size, self.generator)), len(examples)
                self.underway, self.summed = True, (0.0, 0)
        while self.waiting:
            with self._whole():
                loss, count = self.update([examples[i] for i in self.waiting[0]]), len(self.waiting[0])
                self.summed = self.summed[0] + loss * count, self.summed[1] + count
                self.waiting = self.waiting[1:]
            if bar is not None:
                bar.set_postfix(loss=self.history.losses[-1], gradient=self.history.norms[-1], refresh=False)
                bar.update()
            if self.waiting and self.optimiser.updates % self.save_every == 0:
                self._save_on_the_way()
        with self._whole():
            self._end_epoch(validation)
        self._save_on_the_way()

    def update(self, batch: Sequence[Any]) -> float:
        """One update from one batch, whole or not at all; returns its loss per example."""
        if self.plan is None:
            return self.step(self.model.loss(batch), len(batch))
        loss, gradients = self.plan(*self.model.arrays(batch))  # type: ignore[attr-defined]
        if not np.isfinite(loss):
            explain_non_finite(self.model.loss(batch))
        return self._move(float(loss), {key: np.asarray(g) for key, g in gradients.items()}, len(batch))

    def step(self, loss: Tensor, count: int = 1) -> float:
        """One update from a loss that was recorded, of `count` examples; returns the loss of one.

        For training that comes in other pieces than batches, such as windows of a long text.
        """
        explain_non_finite(loss)
        loss.backward()
        gradients = {key: p.grad for key, p in self.model.parameters.items() if p.grad is not None}
        return self._move(float(loss.item()), gradients, count)

    @np.errstate(under="ignore")  # what is too small for its dtype is 0
    def _move(self, loss: float, gradients: dict[str, Array], count: int) -> float:
        with self._whole():
            self.history.norms.append(float(np.sqrt(sum(float(np.sum(g * g)) for g in gradients.values()))))
            self.optimiser.update(self.model.parameters, self.clip(gradients) if self.clip else gradients)
            self.history.losses.append(loss / count)
        for watch in self.watching:
            watch(self)
        return self.history.losses[-1]

    def _end_epoch(self, validation: Sequence[Any] | None) -> None:
        self.epoch, self.underway = self.epoch + 1, False
        if self.summed[1]:
            self.history.epochs.append(self.summed[0] / self.summed[1])
        if validation is not None:
            measured = evaluate(self.model, validation, self.batch_size)
            if not self.history.validation or measured < min(self.history.validation):
                self.best = {key: p.value for key, p in self.model.parameters.items()}
            self.history.validation.append(measured)

    def _exhausted(self, patience: int | None) -> bool:
        measured = self.history.validation
        return patience is not None and len(measured) - int(np.argmin([*measured, np.inf])) > patience

    # -- where it stands ----------------------------------------------------------------------

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Everything that is done inside, or, if it is interrupted, nothing of it."""
        if self._before is not None:  # part of something larger, which is done whole or not at all
            yield
            return
        try:
            self.saved = False
            self._before = self._standing()
            yield
            self._before = None
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        """Take back what was not finished."""
        if self._before is not None:
            self._return_to(self._before)
            self._before = None

    def _standing(self) -> Standing:
        return Standing(
            {key: p.value for key, p in self.model.parameters.items()}, self.optimiser.state(),
            dict(self.generator.bit_generator.state), self.history, self.history.lengths, self.epoch, self.underway,
            self.waiting, self.count, self.best, self.summed,
        )  # fmt: skip

    def _return_to(self, then: Standing) -> None:
        self._set(then.parameters)
        self.optimiser.restore(then.optimiser)
        self.generator.bit_generator.state = then.generator
        self.history = then.history
        self.history.shorten(then.lengths)
        self.epoch, self.underway = then.epoch, then.underway
        self.waiting, self.count, self.best, self.summed = then.waiting, then.count, then.best, then.summed

    def _set(self, values: Mapping[str, Array]) -> None:
        for key, parameter in self.model.parameters.items():
            parameter.value = values[key]

    def _check_count(self, count: int) -> None:
        """Whether an epoch that was begun can go on with so many examples."""
        needed = max((int(batch.max()) + 1 for batch in self.waiting), default=0)
        if (self.waiting and self.count not in (None, count)) or needed > count:
            raise ValueRangeError(
                f"this epoch was begun with {self.count or f'at least {needed}'} examples, but here are {count}: "
                f"go on with the same ones, or begin with a new Trainer{here()}"
            )

    def save(self) -> None:
        """Write the checkpoint, where there is one to write; of a batch in work nothing is in it."""
        if self.save_to is not None:
            if self._writes:
                (self._before or self._standing()).save(self.save_to, self.optimiser, self.about)
            self.saved = self._before is None

    def _save_on_the_way(self) -> None:
        """Write the checkpoint; into a pipe it is written once, at the end."""
        if self.save_to is not None and not is_special(self.save_to):
            self.save()

    def _keep(self) -> None:
        """Write the checkpoint, if there was an update since it was written."""
        if self.optimiser.updates and not self.saved:
            self.save()


def evaluate(model: Model, examples: Sequence[Any], batch_size: int = 32) -> float:
    """The loss per example, without recording."""
    with no_grad():
        total = sum(
            float(model.loss([examples[i] for i in batch]).item()) for batch in batches(examples, batch_size)
        )
    return total / len(examples)


def explain_non_finite(loss: Tensor) -> None:
    """Stop at a loss that is not a number, and say where it began.

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
