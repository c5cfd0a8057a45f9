"""What is wrong with a hand-written backward pass: which variant of the true one gives its numbers."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.finding import EQUAL, Finding, difference
from autograd_seq.diagnosis.known_values import farthest
from autograd_seq.diagnosis.perturb import Context, Variant
from autograd_seq.diagnosis.perturb.context import terms_of
from autograd_seq.diagnosis.rerun import DOES_NOT_FIT, Program, called
from autograd_seq.diagnosis.tried import one_pass
from autograd_seq.diagnosis.truth import Truth

MOST_CAUSES = 4
FIRST_WORK = 200_000  # lines computed before somebody's own lines are looked at
MOST_WORK = 300_000  # and in all
MORE_WORK = 60_000  # after one was found that explains everything, for others that read otherwise
LINES_OF_A_VARIANT = 10  # computed in the time that it takes to make one
MOST_NAMED = 3  # variants that fit equally well

Gradients = Mapping[str, Array]


class Search:
    """Looks for the variants that give a student's numbers, on two draws of the inputs.

    Parameters
    ----------
    first, second : tuple of Truth and dict
        The truth and the student's gradients, for two draws.
    wrong : list of str
        Which gradients are wrong.
    tolerance : float
        How far equal numbers may differ, relative to the largest.
    """

    def __init__(
        self,
        first: tuple[Truth, Gradients],
        second: tuple[Truth, Gradients],
        wrong: list[str],
        tolerance: float = EQUAL,
    ) -> None:
        self.tolerance = tolerance
        self.found = first[1]
        self.wrong = [k for k in wrong if k in self.found]
        right = {k for k in self.found if k not in wrong}
        adjoints = first[0].recording.adjoints
        self.reachable = frozenset(f"d{k}" for k, x in first[0].inputs.items() if x in adjoints) - right
        self._pass = one_pass(first[0], self.reachable)
        self.program = self._pass.program
        self.second = second
        self._left = self._pass.tried()
        self._worked = 0
        self._partial: list[tuple[Variant, set[str]]] = []
        self._tried, self._ended = 0, False
        self._variants: dict[Finding, Variant] = {}

    def run(self, most: float = MOST_WORK, behind: float = FIRST_WORK) -> tuple[list[list[Finding]], list[str]]:
        """The causes, each with all variants that fit, and the gradients that none explains.

        Called again it goes on where the work that it was allowed ended.

        Parameters
        ----------
        most : float
            How many lines of the backward pass may be computed, in all.
        behind : float
            How many more for a variant that shows only beside another one: it is looked for among all of them.
        """
        with np.errstate(all="ignore"):  # a value in place of another may be one that a logarithm has none of
            whole, partial = self._singles(most)
            if whole:
                return [[self._finding(v, self.wrong) for v in whole]], []
            return self._several(partial, min(most, self._work()) + behind)

    @property
    def context(self) -> Context:
        """The program as those see it who change its lines."""
        return self._pass.context

    @property
    def ended(self) -> bool:
        """Whether all variants were tried."""
        return self._ended

    def _singles(self, most: float) -> tuple[list[Variant], list[tuple[Variant, set[str]]]]:
        whole: list[Variant] = []
        partial = self._partial
        seen: dict[tuple[str, str], int] = {}
        end = most
        while self._work() < end:
            tried = next(self._left, None)
            if tried is None:
                self._ended = True
                break
            variant = tried.variant
            if whole and variant.rank > whole[0].rank:
                break
            self._tried += 1
            self._worked += tried.work  # though it was done for somebody else: what is found depends on nobody else
            explained = self._reproduced(self.found, tried.result) if tried.result is not None else None
            if not explained:
                continue
            if len(explained) == len(self.wrong):
                same = seen.get((variant.where, variant.category))
                if same is not None and variant.weight < whole[same].weight and self._confirmed([variant]):
                    whole[same] = variant
                elif same is None and self._confirmed([variant]):
                    seen[variant.where, variant.category] = len(whole)
                    whole.append(variant)
                    end = min(most, self._work() + MORE_WORK)
            else:
                partial.append((variant, explained))
        named = {v.words: v for v in reversed(sorted(whole, key=lambda v: v.weight))}  # one of those that read the same
        return sorted(named.values(), key=lambda v: (v.weight, whole.index(v)))[:MOST_NAMED], partial

    def _work(self) -> float:
        """How many lines were computed, and as many as making the variants is worth."""
        return self._worked + LINES_OF_A_VARIANT * self._tried

    def _explained(self, program: Program, found: Gradients, together: list[Variant]) -> set[str] | None:
        """The wrong gradients that variants reproduce; None if they spoil one that is right."""
        changes = {r: c for v in together for r, c in v.changes.items()}
        reached = frozenset().union(*(program.reach(r) for r in changes))
        if not reached <= self.reachable:
            return None  # it changes a gradient that is right
        before = program.work
        try:
            with np.errstate(all="ignore"):
                result = program.run(changes)
        except DOES_NOT_FIT:  # it does not fit here
            return None
        self._worked += program.work - before
        return self._reproduced(found, result)

    def _reproduced(self, found: Gradients, result: Gradients) -> set[str]:
        return {k for k in self.wrong if k in result and _equal(found[k], result[k], self.tolerance)}

    def _confirmed(self, together: list[Variant]) -> bool:
        """Whether the same variants reproduce the numbers of the second draw."""
        truth, found = self.second
        again = one_pass(truth, self.reachable)
        twins = [twin for v in together if (twin := again.twins.of(v)) is not None]
        if len(twins) < len(together):
            return False
        first = self._explained(self.program, self.found, together)
        return first is not None and first == self._explained(again.program, found, twins)

    def _several(
        self, partial: list[tuple[Variant, set[str]]], most: float
    ) -> tuple[list[list[Finding]], list[str]]:
        """Several causes: the variant that explains most first, then what explains more together with it."""
        chosen: list[Variant] = []
        causes: list[list[Finding]] = []
        explained: set[str] = set()
        while len(explained) < len(self.wrong) and len(chosen) < MOST_CAUSES:
            best = self._next(partial, chosen, explained) or self._behind(chosen, explained, most)
            if best is None:
                break
            variant, now = best
            chosen.append(variant)
            causes.append([self._finding(variant, [k for k in self.wrong if k in now - explained])])
            explained = now
        if chosen and not self._confirmed(chosen):
            return [], list(self.wrong)
        return causes, [k for k in self.wrong if k not in explained]

    def _next(
        self, partial: list[tuple[Variant, set[str]]], chosen: list[Variant], explained: set[str]
    ) -> tuple[Variant, set[str]] | None:
        taken = {r for v in chosen for r in v.changes}
        best: tuple[Variant, set[str]] | None = None
        for variant, alone in sorted(partial, key=lambda p: (-len(p[1]), p[0].rank, p[0].weight)):
            if taken & set(variant.changes) or not (alone - explained):
                continue
            if best is not None and len(alone - explained) < len(best[1] - explained) and not chosen:
                break
            now = alone if not chosen else self._explained(self.program, self.found, [*chosen, variant])
            if now and now > explained and (best is None or len(now) > len(best[1])):
                best = variant, now
        return best

    def _behind(
        self, chosen: list[Variant], explained: set[str], most: float
    ) -> tuple[Variant, set[str]] | None:
        """A variant that shows only where another mistake is made as well."""
        if not chosen or self._work() > most:
            return None
        taken = {r for v in chosen for r in v.changes}
        best: tuple[Variant, set[str]] | None = None
        left = set(self.wrong) - explained  # what it reached of the rest would not be right any more
        for variant in self._pass.variants():
            self._tried += 1
            if self._work() > most:
                break
            if taken & set(variant.changes) or not all(self.program.reach(r) <= left for r in variant.changes):
                continue
            now = self._explained(self.program, self.found, [*chosen, variant])
            if now and now > explained and (best is None or len(now) > len(best[1])):
                best = variant, now
                if len(now) == len(self.wrong):
                    break
        return best

    def _finding(self, variant: Variant, explains: list[str]) -> Finding:
        found = Finding(variant.category, variant.where, variant.words, variant.correct, tuple(explains))
        self._variants[found] = variant
        return found

    def mistaken(self, finding: Finding, among: Sequence[Finding]) -> tuple[list[Tensor], dict[Tensor, Array]] | None:
        """The records that a finding of this search makes others, in order, and what all findings make of any."""
        made = [v.changes for f in among if (v := self._variants.get(f)) is not None]
        variant = self._variants.get(finding)
        if variant is None:
            return None
        try:
            with np.errstate(all="ignore"):
                new = self.program.values({r: c for changes in made for r, c in changes.items()})
        except DOES_NOT_FIT:
            return None
        behind = self.program.behind(frozenset(variant.changes))
        return [r for r in behind if difference(new[r], r._value) > self.tolerance], new

    def wrong_values(self, findings: Sequence[Finding]) -> list[list[Array]]:
        """For each finding of this search the values that are others because of it, in the order of the true pass."""
        made = [self._variants[f].changes if f in self._variants else {} for f in findings]
        try:
            with np.errstate(all="ignore"):
                new = self.program.values({r: c for changes in made for r, c in changes.items()})
        except DOES_NOT_FIT:
            return [[] for _ in findings]
        behind = [self.program.behind(frozenset(changes)) if changes else [] for changes in made]
        wrong = [[r for r in records if difference(new[r], r._value) > self.tolerance] for records in behind]
        return [[v for r in records for v in [*self._carried(r, changes, new), new[r]]]
                for changes, records in zip(made, wrong, strict=True)]  # fmt: skip

    def _carried(self, r: Tensor, changed: Container[Tensor], new: Mapping[Tensor, Array]) -> list[Array]:
        """What is carried back to a changed sum, for which somebody may have a line of its own."""
        carried = set(self.context.carried(r)) if r in changed else set()
        others = [x for x in terms_of(r) if x not in carried]
        return [new[r] - sum(new.get(x, x._value) for x in others)] if carried and others else []

    def common(self, wrong: list[str]) -> str | None:
        """The quantity on which all of `wrong` depend and nothing else does: where to look first."""
        for r in self.program.records:
            if r.name and len(wrong) > 1 and self.program.reach(r) == frozenset(wrong):
                return called(r)
        return None


def _equal(found: Array, variant: Array, tolerance: float) -> bool:
    """Whether a variant gives the numbers found, stretched by broadcasting if need be."""
    if found.shape == variant.shape:
        some, other = found.item(0), variant.item(0)  # most are far off: see that at one element
        gap = abs(some - other)
        if gap > 1e-3 * (abs(some) + abs(other)) and gap > tolerance * farthest(found):
            return False
    else:
        try:
            if found.size == 1:  # a carry that is still the number 0
                found = np.broadcast_to(found, variant.shape)
            else:
                variant = np.broadcast_to(variant, found.shape)
        except ValueError:
            return False
    return difference(found, variant) < tolerance
