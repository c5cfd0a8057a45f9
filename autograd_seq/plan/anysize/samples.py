"""Small recordings of a function, with lengths that no two of its sizes share: what it does for any sizes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.core.errors import AutogradError
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.folding.fold import Family
from autograd_seq.folding.unlike import unlike
from autograd_seq.plan.anysize.axes import SMALL, Axes, free_axes, resized, small
from autograd_seq.plan.anysize.examples_axis import examples
from autograd_seq.plan.anysize.followed import split_of
from autograd_seq.plan.anysize.how_many_steps import Rounds, rounds_of
from autograd_seq.plan.anysize.size import LEAST, Asked, NotGeneralError
from autograd_seq.plan.anysize.splitting import Split
from autograd_seq.plan.anysize.unify import Unified
from autograd_seq.plan.arguments import Given
from autograd_seq.plan.guards import Guard, holding
from autograd_seq.plan.one_hots import LookedUp
from autograd_seq.plan.recorded_leaves import recorded_array
from autograd_seq.plan.rewrites.numbers import one_number
from autograd_seq.plan.rewrites.rule import apply
from autograd_seq.plan.rewrites.simplify import SIMPLER
from autograd_seq.plan.translate import Translation
from autograd_seq.plan.value import Network

Recorded = tuple[Recording, list[Any], Sequence[Any]]
"""A recording of the function, the arguments it was called with, and what it holds good for."""

class Sample:
    """A recording with some sizes, as a network; the recording itself is not kept.

    Parameters
    ----------
    recorded : Recorded

    Attributes
    ----------
    network : Network
        The values, before any rewriting.
    leaves : dict of Value to Tensor or None
        What is given at each call, with the recorded leaf; None if it is another one at each step.
    arrays : dict of Value to ndarray
        What was given.
    """

    def __init__(self, recorded: Recorded) -> None:
        recording, self.inputs, self.checks = recorded
        translation = Translation(recording, every=True)
        self.network: Network = translation.network
        apply(self.network, SIMPLER, (one_number,))  # what depends on sizes shows in numbers, not in arrays
        units = translation.given
        self.leaves = {value: None if isinstance(unit, Family) else unit.record for value, unit in units.items()}
        self.arrays = {value: recorded_array(value, unit) for value, unit in units.items()}


Record = Callable[..., Recorded]
"""From arguments, and what the loops' repetitions in a round are, if steps are taken in rounds, to a recording."""


class Trials:
    """A function, called with arguments of other lengths.

    Parameters
    ----------
    values : list
        The arguments that a plan was asked for first.
    record : function
    fixed : collection of int
        The lengths of parameters.

    Attributes
    ----------
    axes : list of Axes
        The axes of arguments that can have other lengths.

    Raises
    ------
    NotGeneralError
        If the function has no sizes, or reads its arguments as plain numbers.
    """

    def __init__(self, values: Sequence[Given], record: Record, fixed: Collection[int]) -> None:
        self.values, self.fixed = list(values), fixed
        self._record = record
        self._first: dict[tuple[Any, ...], Recorded] = {}
        self.axes = free_axes(values, fixed, self._works)

    def forget(self) -> None:
        """Let the recordings go that were made to find the axes."""
        self._first.clear()

    def recorded(self, lengths: Mapping[Axes, int], rounds: Sequence[int] | None = None) -> Recorded:
        """A recording with some lengths."""
        known = self._first.pop(tuple(lengths.items()), None) if rounds is None else None
        if known is not None:
            return known
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return self._record(resized(self.values, lengths), rounds=rounds)

    def _works(self, lengths: dict[Axes, int]) -> bool:
        try:
            found = self.recorded(lengths)
        except NotGeneralError:
            raise
        except Exception:  # whatever goes wrong with other lengths: they are not free then
            return False
        read = [check for check in found[2] if isinstance(check, Guard) and isinstance(check.source, int)]
        if read:
            raise NotGeneralError(str(read[0]))
        if not holding(found[2], self.values):
            raise NotGeneralError("the function changes what it reads from around it")
        self._first[tuple(lengths.items())] = found
        return True

    def rounds(self) -> Iterator[tuple[Axes, Rounds]]:
        """The rounds that steps may be taken in, and which length counts the steps."""
        base = small(self.axes, self.values, 0, self.fixed)
        for axes in self.axes:
            try:
                for found in rounds_of(partial(self._forward, base, axes)):
                    yield axes, found
            except AutogradError:  # whatever goes wrong with longer arguments
                continue

    def _forward(self, base: Mapping[Axes, int], axes: Axes, n: int) -> Graph:
        return self.recorded({**base, axes: n}, ())[0].forward


class Samples:
    """Small recordings of a function, that show what it does for any sizes.

    Parameters
    ----------
    trials : Trials
    in_rounds : (Axes, Rounds), optional
        The length that counts steps which are taken in rounds.

    Attributes
    ----------
    axes : dict of str to Axes
        By the name of a size, the axes of arguments that are as long.
    rounds : dict of str to Rounds
        By the name of a size that counts rounds, what these are.
    networks : list of Sample
        The second has one more of the first size, the next of the second …, the last of all.
    points : list of dict of str to int
        Their sizes.
    examples : str or None
        The size that counts examples.
    steps : set of str
        The sizes that count steps, or rounds of them; where none does, those that do not count examples for certain.
    least : dict of str to int
        The smallest sizes for which the function gives a loss.
    """

    def __init__(self, trials: Trials, in_rounds: tuple[Axes, Rounds] | None = None) -> None:
        self.values, self._trials = trials.values, trials
        self._split: Split | None = None
        counted, known = in_rounds or ((), None)
        self._lengths = known.lengths if known is not None else None
        chosen = trials.axes
        first, longer, longest = (small(chosen, self.values, more, trials.fixed) for more in range(3))
        if known is not None:
            others = {n + more for axes, n in first.items() if axes != counted for more in range(3)} | {*trials.fixed}
            n = known.apart(others)
            first[counted], longer[counted], longest[counted] = (known.length(n + more) for more in range(3))
        lengths = [first, *({**first, axes: longer[axes]} for axes in chosen)]
        lengths.append(longer if len(chosen) > 1 else longest)
        self.networks = [Sample(trials.recorded(each, self._lengths)) for each in lengths]
        trials.forget()
        self.looked = [check for check in self.networks[0].checks if isinstance(check, LookedUp)]
        names = self._names(chosen, counted if known is not None and known.steps > 1 else ())
        self.axes = dict(zip(names, chosen))
        self.rounds = {name: known for name, axes in self.axes.items() if known is not None and axes == counted}
        self.points = [{name: self.of(name, each[axes]) for name, axes in self.axes.items()} for each in lengths]
        self.examples = examples(self.axes, [sample.network for sample in self.networks])
        last = [_last_step(sample.network) for sample in self.networks]
        self.steps = {name for name, longer in zip(self.axes, last[1:]) if longer != last[0]} or self._mixed()
        self.least = {name: self.rounds[name].least if name in self.rounds else LEAST for name in self.axes}

    def _mixed(self) -> set[str]:
        """The sizes for which it is not proven that they count examples."""
        try:
            unified = Unified([sample.network for sample in self.networks], self.points, Asked(self.points[0]))
        except NotGeneralError:
            return set(self.axes)
        return {name for name in self.axes if not split_of(unified.network, [name]).name}

    def of(self, name: str, n: int) -> int:
        """What a size is where an axis has some length."""
        return self.rounds[name].of(n) if name in self.rounds else n

    def length(self, name: str, size: Any) -> Any:
        """How long an axis is for a size; with a name, if the size has one."""
        return self.rounds[name].length(size) if name in self.rounds else size

    @property
    def shares(self) -> dict[int, int]:
        """Of each argument that has examples, by its number, which axis counts them."""
        return dict(self.axes[self.examples]) if self.examples is not None else {}

    def recorded(self, lengths: Mapping[Axes, int]) -> Recorded:
        """A recording with some lengths."""
        return self._trials.recorded(lengths, self._lengths)

    def as_it_is(self, lengths: Mapping[Axes, int]) -> Recorded:
        """A recording with some lengths, to compare with: nothing in it was made alike."""
        return self._trials.recorded(lengths, ())

    def _names(self, chosen: Sequence[Axes], in_rounds: Axes) -> list[str]:
        """T for what steps are counted by, K for rounds of them, m, n … for the others; no name that a value has."""
        taken = {value.name for sample in self.networks for value in sample.network.values}
        last = [_last_step(sample.network) for sample in self.networks]
        words, names = iter(("m", "n", "p", "q", "r", "s", "u", "v", "w", "z")), []
        for axes, other in zip(chosen, last[1:]):
            steps = "K" if axes == in_rounds else "T"
            word = steps if other != last[0] and steps not in names else next(words, "")
            if not word:
                raise NotGeneralError("the arguments have more sizes than a program has names for")
            names.append(word)
        return [self._free(word, taken) for word in names]

    @staticmethod
    def _free(word: str, taken: set[str]) -> str:
        while word in taken:
            word += "_"
        return word

    def sizes(self, values: Sequence[Given]) -> dict[str, int] | None:
        """The sizes of other arguments; None if they are of other kinds."""
        free = {place for axes in self.axes.values() for place in axes}
        if not all(_alike(mine, its, number, free) for number, (mine, its) in enumerate(zip(self.values, values))):
            return None
        found = {}
        for name, axes in self.axes.items():
            lengths = {values[number].shape[axis] for number, axis in axes}  # type: ignore[union-attr]
            n = lengths.pop()
            found[name] = self.of(name, n)
            if lengths or self.length(name, found[name]) != n:
                return None
        return found if all(n >= self.least[name] for name, n in found.items()) else None

    def unlike(self) -> str | None:
        """What is not the same at all steps, in words."""
        if self.rounds:
            return None
        recording, *_ = self.recorded(self.at({name: n + 2 for name, n in self.points[-1].items()}))
        return unlike(recording.forward)

    def smallest_works(self) -> bool:
        """Whether there is a loss where all sizes are as small as they may be."""
        return self._gives_a_loss(self.least)

    def longer(self) -> bool:
        """Let the smallest sizes for which there is a loss be larger; whether that may help."""
        alone = [name for name in self.axes if not self._gives_a_loss({**self.points[0], name: self.least[name]})]
        for name in alone or self.axes:
            self.least[name] += 1
        return max(n - SMALL * (name in self.rounds) for name, n in self.least.items()) <= SMALL

    def _gives_a_loss(self, sizes: Mapping[str, int]) -> bool:
        try:
            self.recorded(self.at(sizes))
        except Exception:  # whatever it is that short arguments lack
            return False
        return True

    def shapes(self, sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
        """The shapes of arguments for some sizes."""
        places = {place: self.length(name, sizes[name]) for name, axes in self.axes.items() for place in axes}
        return [
            tuple(places.get((number, axis), n) for axis, n in enumerate(getattr(array, "shape", ())))
            for number, array in enumerate(self.values)
        ]

    def split(self) -> Split:
        """Whether the examples can be taken in parts, and which size counts them."""
        if self._split is None:
            unified = Unified([sample.network for sample in self.networks], self.points, Asked(self.points[0]))
            self._split = split_of(unified.network, list(self.axes))
        return self._split

    def together(self, why: str) -> None:
        """Take the examples in parts no more."""
        self._split = Split(why_not=why)

    def at(self, sizes: Mapping[str, int]) -> dict[Axes, int]:
        """The lengths of axes for some sizes."""
        return {axes: self.length(name, sizes[name]) for name, axes in self.axes.items()}


def _last_step(network: Network) -> int:
    return max((value.times[-1] for value in network.values if value.times), default=0)


def _alike(mine: Given, its: Given, number: int, free: set[tuple[int, int]]) -> bool:
    """Whether two arguments are the same but for their content and their free lengths."""
    if not isinstance(mine, np.ndarray) or not isinstance(its, np.ndarray):
        return type(mine) is type(its) and mine == its
    if mine.dtype != its.dtype or mine.ndim != its.ndim:
        return False
    return all(a == b or (number, axis) in free for axis, (a, b) in enumerate(zip(mine.shape, its.shape)))


