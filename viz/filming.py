"""film(): parameters as they were at chosen steps of a training, for the second slider of a live page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.gradient import identity
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.translation.reader import translated

MOST = 60  # frames; beyond, every second one is let go


class Training(Protocol):
    """What can be filmed: `autograd_seq.learning.training.Trainer`, or what has the same attributes."""

    model: Any
    optimiser: Any
    history: Any
    watching: list[Any]


@dataclass(frozen=True)
class Frame:
    """One moment of a training.

    Attributes
    ----------
    update : int
        How many updates had been made.
    loss : float or None
        Of the update before; None where there was none.
    values : dict
        Each parameter's value, by its key in ``model.parameters``.
    """

    update: int
    loss: float | None
    values: Mapping[str, Array]


class Film:
    """Frames of a training, in order; made by `film`.

    Attributes
    ----------
    frames : list of Frame
        What was kept so far.
    """

    def __init__(self, trainer: Training, every: int, at: frozenset[int] | None) -> None:
        self.frames: list[Frame] = []
        self._parameters: Mapping[str, Parameter] = trainer.model.parameters
        self._every, self._at = every, at
        self._keep(trainer)
        trainer.watching.append(self._watch)

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        first, last = self.frames[0].update, self.frames[-1].update
        return f"<{translated(f'Film of {len(self)} frames, updates {first} to {last}')}>"

    def _watch(self, trainer: Training) -> None:
        update = trainer.optimiser.updates
        self.frames = [frame for frame in self.frames if frame.update < update]  # an interrupted one is made again
        if update in self._at if self._at is not None else update % self._every == 0:
            self._keep(trainer)
        if self._at is None and len(self.frames) > MOST:
            self.frames, self._every = self.frames[::2], self._every * 2

    def _keep(self, trainer: Training) -> None:
        losses = trainer.history.losses
        values = {key: parameter.value for key, parameter in self._parameters.items()}
        self.frames.append(Frame(trainer.optimiser.updates, float(losses[-1]) if losses else None, values))

    def of(self, leaves: Iterable[Tensor]) -> dict[Tensor, str]:
        """Which leaves of a recording are the filmed parameters, whatever value they had then.

        Raises
        ------
        UsageError
            If none is.
        """
        keys = {identity(parameter): key for key, parameter in self._parameters.items()}
        found = {leaf: keys[identity(leaf)] for leaf in leaves if identity(leaf) in keys}
        if not found:
            raise UsageError(
                "the film is of the training of another model: record the run that the page shows with the model that "
                f"was trained, such as model.loss(examples){here()}"
            )
        return found


def film(trainer: Training, every: int = 1, at: Iterable[int] | None = None) -> Film:
    """Keep the parameters at chosen steps of a training that is to come.

    Parameters
    ----------
    trainer : Trainer
        What trains; call this before ``trainer.fit(...)``.
    every : int
        Keep every so many-th update. With more than 60 frames every second one is let go, so a long training stays a
        short film.
    at : iterable of int, optional
        Keep exactly these updates instead; 0 is the state before the first.

    Returns
    -------
    Film
        For ``step_through(run, "page.html", live=True, film=kept)``.

    Raises
    ------
    UsageError
        If `every` is not at least 1, or `trainer` is nothing that trains.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Parameter
    >>> from autograd_seq.learning.optimisers import SGD
    >>> from autograd_seq.learning.training import Trainer
    >>> class Mean:
    ...     parameters = {"w": Parameter([0.0], "w")}
    ...     def loss(self, examples):
    ...         return ((self.parameters["w"] - np.array(examples)) ** 2).sum()
    >>> trainer = Trainer(Mean(), SGD(0.1), batch_size=4)
    >>> kept = film(trainer, every=10)
    >>> _ = trainer.fit([1.0, 2.0, 3.0, 2.0], epochs=30)
    >>> kept
    <Film of 4 frames, updates 0 to 30>
    """
    if not all(hasattr(trainer, word) for word in ("model", "optimiser", "history", "watching")):
        raise UsageError(f"film() takes a Trainer, before its fit() is called, not {type(trainer).__name__}{here()}")
    if type(every) is not int or every < 1:
        raise UsageError(f"every is how many updates there are from frame to frame, at least 1, not {every!r}{here()}")
    return Film(trainer, every, None if at is None else frozenset(at))
