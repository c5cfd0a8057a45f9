"""Where a training stands between two batches: to go back to it, and to go on from it in another process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter
from autograd_seq.learning import checkpoint
from autograd_seq.learning.optimisers import Optimiser

_GROUPS = ("parameter", "best", "memory", "batch")


@dataclass
class History:
    """What was measured while training.

    Attributes
    ----------
    losses, norms : list of float
        The loss of each update's batch, divided by the number of its examples, and its gradient's norm.
    validation : list of float
        The loss on the validation examples after each epoch, per example.
    epochs : list of float
        The mean loss over the examples of each epoch, each as it was in its batch, before the update by that batch.
        (Files of older versions do not have it: then of the epochs since.)
    """

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)

    @property
    def lengths(self) -> tuple[int, ...]:
        """How much was measured of each."""
        return len(self.losses), len(self.norms), len(self.validation), len(self.epochs)

    def shorten(self, lengths: tuple[int, ...]) -> None:
        """Forget what was measured since the lengths were these."""
        for measured, length in zip((self.losses, self.norms, self.validation, self.epochs), lengths, strict=True):
            del measured[length:]


@dataclass(frozen=True)
class Standing:
    """Everything that training changes, between two batches.

    Attributes
    ----------
    parameters : dict of str to ndarray
    optimiser : dict
        Its ``state()``.
    generator : dict
        The state of the generator that shuffles.
    history : History
        The list that goes on growing, and `lengths`, how much of it counts.
    epoch : int
        Epochs that are done.
    underway : bool
        Whether another one was begun.
    waiting : list of ndarray
        The batches of that one which are still to come.
    count : int or None
        The examples that these are places among; None where nobody noted it.
    best : dict of str to ndarray
        The parameters with the best validation loss.
    summed : tuple of float and int
        The losses of this epoch's examples so far, added up, and how many these were.
    """

    parameters: dict[str, Array]
    optimiser: dict[str, Any]
    generator: dict[str, Any]
    history: History
    lengths: tuple[int, ...]
    epoch: int
    underway: bool
    waiting: list[Array]
    count: int | None
    best: dict[str, Array]
    summed: tuple[float, int]

    def save(self, path: str | os.PathLike[str], optimiser: Optimiser, about: Mapping[str, Any]) -> None:
        """Write it as a checkpoint, with what the model was made from."""
        arrays = {f"parameter/{key}": array for key, array in self.parameters.items()}
        arrays |= {f"best/{key}": array for key, array in self.best.items()}
        arrays |= {f"memory/{key}": array for key, array in self.optimiser["memory"].items()}
        arrays |= {f"batch/{i:06d}": batch for i, batch in enumerate(self.waiting)}
        settings = {
            "optimiser": type(optimiser).__name__,
            "updates": self.optimiser["updates"],
            "epoch": self.epoch,
            "underway": self.underway,
            "examples": self.count,
            "summed": list(self.summed),
            "generator": self.generator,
            "history": {key: measured[:n] for (key, measured), n in
                        zip(asdict(self.history).items(), self.lengths, strict=True)},
            "about": dict(about),
        }  # fmt: skip
        checkpoint.save(path, arrays, settings)


def read(
    path: str | os.PathLike[str], parameters: Mapping[str, Parameter], optimiser: Optimiser, about: Mapping[str, Any]
) -> Standing:
    """Read what `Standing.save` wrote; all of it is checked before anything is changed.

    Parameters
    ----------
    path : path
    parameters : dict of str to Parameter
        Those of the model that is to be trained on.
    optimiser : Optimiser
        The one that is to go on.
    about : dict
        What the model was made from.

    Raises
    ------
    ValueRangeError
        If the file is damaged, or belongs to another model, optimiser or `about`.
    """
    arrays, settings = checkpoint.load(path)
    groups = grouped(arrays, path)
    written_by = settings.get("optimiser")
    if written_by != type(optimiser).__name__:
        raise ValueRangeError(
            f"{path} was written by {written_by}, but this optimiser is {type(optimiser).__name__}{here()}"
        )
    _check_about(settings.get("about") or {}, about, path)
    checkpoint.fitted(groups["parameter"], parameters, path)
    if groups["best"]:
        checkpoint.fitted(groups["best"], parameters, path)
    updates, epoch = (_count(settings, key, path) for key in ("updates", "epoch"))
    _check_memory(groups["memory"], parameters, optimiser.keeps if updates else (), path)
    count = _count(settings, "examples", path) if settings.get("examples") is not None else None
    waiting = _batches(groups["batch"], count, path)
    underway = settings.get("underway", bool(waiting))
    if not isinstance(underway, bool) or (waiting and not underway):
        raise _damaged(path, "it has batches of an epoch that was not begun")
    history = _history(settings.get("history"), path)
    return Standing(
        groups["parameter"], {"updates": updates, "memory": groups["memory"]}, _generator(settings, path), history,
        history.lengths, epoch, underway, waiting, count, groups["best"], _summed(settings, path),
    )  # fmt: skip


def grouped(arrays: Mapping[str, Array], path: Any) -> dict[str, dict[str, Array]]:
    """The arrays of a checkpoint by what they are, ``parameter/W`` under ``parameter`` and ``W``.

    Raises
    ------
    ValueRangeError
        If there are others.
    """
    groups: dict[str, dict[str, Array]] = {group: {} for group in _GROUPS}
    for key, array in arrays.items():
        group, slash, name = key.partition("/")
        if group not in groups or not slash:
            raise ValueRangeError(f"{path} is not the checkpoint of a training: it holds {key}{here()}")
        groups[group][name] = array
    return groups


def _damaged(path: Any, why: str) -> ValueRangeError:
    return ValueRangeError(f"{path} is damaged: {why}{here()}")


def _check_about(written: Any, about: Mapping[str, Any], path: Any) -> None:
    differing = [key for key in about if not isinstance(written, dict) or written.get(key) != about[key]]
    if differing:
        was = [_was(key, written[key], about[key]) for key in differing if isinstance(written, dict) and key in written]
        said = "; ".join([f"not the same {', '.join(differing)}", *filter(None, was)])
        raise ValueRangeError(
            f"{path} is the training of another model: {said}; go on with what it was begun with, or write to another "
            f"file{here()}"
        )


def _was(key: str, written: Any, given: Any) -> str:
    """What a setting was and what it is; nothing of long ones, such as all words of a vocabulary."""
    if not isinstance(written, (str, int, float)) or not isinstance(given, (str, int, float)):
        return ""
    return f"it was begun with {key} {written!r:.40}, not {given!r:.40}"


def _count(settings: Mapping[str, Any], key: str, path: Any) -> int:
    """A number of things among the settings."""
    value = settings.get(key)
    if type(value) is not int or not 0 <= value < 2**63:
        raise _damaged(path, f"its {key} is {value!r:.40}, not a whole number")
    return value


def _check_memory(
    memory: Mapping[str, Array], parameters: Mapping[str, Parameter], keeps: tuple[str, ...], path: Any
) -> None:
    """Whether an optimiser finds what it remembered of every parameter."""
    expected = {f"{key}.{what}": parameter for key, parameter in parameters.items() for what in keeps}
    wrong = [f"{key} is missing" for key in expected if key not in memory]
    wrong += [f"{key} is not known here" for key in memory if key not in expected]
    wrong += [f"{key} is {memory[key].dtype} {memory[key].shape} for {p.dtype} {p.shape}" for key, p in expected.items()
              if key in memory and (memory[key].shape != p.shape or memory[key].dtype.kind != "f")]  # fmt: skip
    wrong += [f"{key} has NaN" for key, array in memory.items() if np.isnan(array).any()]
    if wrong:
        raise _damaged(path, f"of what its optimiser remembered, {'; '.join(wrong):.300}")


def _batches(found: Mapping[str, Array], count: int | None, path: Any) -> list[Array]:
    """The batches still to come, each of places among the examples."""
    names = [f"{i:06d}" for i in range(len(found))]
    if sorted(found) != names:
        missing = next(name for name in names if name not in found)
        raise _damaged(path, f"its batch {missing} is missing")
    for name, batch in found.items():
        if batch.ndim != 1 or batch.dtype.kind != "i" or not batch.size or batch.min() < 0:
            raise _damaged(path, f"its batch {name} is {batch.dtype} {batch.shape}, not places of examples")
        if count is not None and batch.max() >= count:
            raise _damaged(path, f"its batch {name} has example {batch.max()} of {count}")
    waiting = [found[name] for name in names]
    if waiting and np.unique(np.concatenate(waiting)).size != sum(batch.size for batch in waiting):
        raise _damaged(path, "an example stands twice in its batches")
    return waiting


def _history(found: Any, path: Any) -> History:
    if not (
        isinstance(found, dict)
        and sorted({"epochs": [], **found}) == ["epochs", "losses", "norms", "validation"]
        and all(isinstance(listed, list) and all(type(x) in (int, float) for x in listed) for listed in found.values())
    ):
        raise _damaged(path, "its history is not lists of losses, norms, validation and epochs")
    return History(**found)


def _summed(settings: Mapping[str, Any], path: Any) -> tuple[float, int]:
    """What the epoch's examples so far cost; nothing is known of that where an older version wrote the file."""
    found = settings.get("summed", [0.0, 0])
    if not isinstance(found, list) or [type(x) for x in found] != [float, int] or found[1] < 0:
        raise _damaged(path, f"its summed is {found!r:.40}, not a sum of losses and a number of examples")
    return found[0], found[1]


def _generator(settings: Mapping[str, Any], path: Any) -> dict[str, Any]:
    """The state of a generator, if it is one."""
    state: Any = settings.get("generator")
    try:
        np.random.default_rng().bit_generator.state = state
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError) as error:
        raise _damaged(path, f"the state of its random generator: {error!s:.200}") from error
    return dict(state)
