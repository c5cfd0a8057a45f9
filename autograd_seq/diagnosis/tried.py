"""What the variants of one true pass give: computed once for all submissions that are wrong in the same gradients.

In a class many a mistake is made many times, and the true passes that submissions are compared with are the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.perturb import GRAMMAR, Context, Variant, spoken
from autograd_seq.diagnosis.rerun import DOES_NOT_FIT, Program
from autograd_seq.diagnosis.truth import Truth

MOST_KEPT = 1500  # variants of one pass whose gradients are remembered
MOST_PASSES = 24


@dataclass(eq=False, slots=True)
class Tried:
    """A variant, the gradients that change with it (None if it does not fit), and how many lines that took."""

    variant: Variant
    result: Mapping[str, Array] | None
    work: int


class Twins:
    """The variants of a recording, made as far as they are asked for by what another one's are called."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._spoken: dict[int, Iterator[Variant]] = {}
        self._known: dict[object, Variant] = {}

    def of(self, variant: Variant) -> Variant | None:
        """The variant with the same key."""
        n = variant.key[0]
        made = self._spoken.setdefault(n, spoken(self._context, n))
        while variant.key not in self._known:
            following = next(made, None)
            if following is None:
                return None
            self._known[following.key] = following
        return self._known[variant.key]


class OnePass:
    """A true pass as a program, with all of its variants.

    Parameters
    ----------
    truth : Truth
        The recording.
    reachable : frozenset of str
        The gradients that may change.
    """

    def __init__(self, truth: Truth, reachable: frozenset[str]) -> None:
        self.truth, self.reachable = truth, reachable
        self.program = Program(truth)
        self.context = Context(self.program, reachable)
        self.twins = Twins(self.context)
        self._kept: list[Tried] = []
        self._left = self._all()

    def _all(self) -> Iterator[Variant]:
        for n in range(len(GRAMMAR)):
            yield from spoken(self.context, n)

    def variants(self) -> Iterator[Variant]:
        """All of them, the likeliest first."""
        return self._all()

    def tried(self) -> Iterator[Tried]:
        """All of them with what they give, the likeliest first."""
        place = 0
        while place < MOST_KEPT:
            if place == len(self._kept):
                variant = next(self._left, None)
                if variant is None:
                    return
                self._kept.append(self._try(variant))
            yield self._kept[place]
            place += 1
        yield from map(self._try, islice(self._all(), MOST_KEPT, None))

    def _try(self, variant: Variant) -> Tried:
        before = self.program.work
        reached = frozenset().union(*(self.program.reach(r) for r in variant.changes))
        result = None
        if reached <= self.reachable:  # else it changes a gradient that is right
            try:
                with np.errstate(all="ignore"):
                    result = self.program.run(variant.changes)
            except DOES_NOT_FIT:
                result = None
        return Tried(variant, result, self.program.work - before)


_known: OrderedDict[tuple[int, frozenset[str]], OnePass] = OrderedDict()


def one_pass(truth: Truth, reachable: frozenset[str]) -> OnePass:
    """The pass of a recording, if need be the one that was made for somebody else."""
    key = id(truth), reachable
    if key not in _known:
        _known[key] = OnePass(truth, reachable)  # which keeps the recording, so that no other gets its number
    _known.move_to_end(key)
    while len(_known) > MOST_PASSES:
        _known.popitem(last=False)
    return _known[key]
