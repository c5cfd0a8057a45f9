"""Every record of a graph where it stands: its value rule, its meaning and its VJP rules beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.check.application import settings_of
from autograd_seq.check.bookkeeping import edges_of
from autograd_seq.check.exact_record import ExactRecord, NotFollowedError
from autograd_seq.check.failure import Failure, place_of
from autograd_seq.check.numeric import LARGE, beside, followed, work
from autograd_seq.check.record_differences import differences
from autograd_seq.check.rule_comparison import Comparison
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes

WORK = 5_000  # scalar operations of the records that are compared one by one; beyond, of each kind a few
ALIKE = 3  # records of one operation, settings and shapes that are compared in any case
MUCH = 2_000  # scalar operations of one record; with more, one of each kind is enough

NOT_A_NUMBER = (
    "nothing of the result is used here, so its adjoint is 0, yet the rule gives 0 times infinity: "
    "choose the argument before the operation, not the result behind it"
)
NO_RULE = "there is no rule for this input, though the result changes with it"
MEANING = "its meaning says the first for this element of the result, its value rule gives the second"


@dataclass
class Records:
    """What came of comparing every record.

    Attributes
    ----------
    failures : list of Failure
        What is wrong.
    compared : list of Comparison
        Every rule that was compared.
    unsettled : list of str
        Where the numbers cannot tell, and why.
    not_followed : list of Tensor
        Records whose meaning is not written for exact scalars: their derivative was taken by differences.
    unlike : list of Tensor
        Records whose meaning is not what their value rule computes.
    alike : int
        Records that were not compared, as others of the same operation, settings and shapes were.
    """

    failures: list[Failure] = field(default_factory=list)
    compared: list[Comparison] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    not_followed: list[Tensor] = field(default_factory=list)
    unlike: list[Tensor] = field(default_factory=list)
    alike: int = 0


def check_records(graph: Graph, seed: int = 0) -> tuple[list[Failure], list[Comparison]]:
    """Compare every rule of a graph with the derivative, at the recorded inputs."""
    found = each_record(graph, seed, limit=float("inf"))
    return found.failures, found.compared


def each_record(
    graph: Graph, seed: int = 0, adjoints: Mapping[Tensor, Array] | None = None, limit: float = WORK
) -> Records:
    """Compare every rule of a graph with the derivative, for random adjoints and for those that a sweep brought.

    Parameters
    ----------
    graph : Graph
        A recording, forward or backward.
    seed : int
        For the random adjoints.
    adjoints : mapping, optional
        From each record to its adjoint.
    limit : float
        Scalar operations; beyond, of records that are alike a few are compared.
    """
    return _Each(graph, seed, adjoints or {}, limit).run()


class _Each:
    def __init__(self, graph: Graph, seed: int, adjoints: Mapping[Tensor, Array], limit: float) -> None:
        self.graph, self.seed, self.adjoints = graph, seed, adjoints
        self.found = Records()
        self.left = limit
        self.seen: Counter[Any] = Counter()

    def run(self) -> Records:
        for index, record in enumerate(self.graph):
            if record.dtype.kind == "f" and any(x.requires_grad for x in record.inputs):
                if self._seen(record):
                    self.found.alike += 1
                    continue
                with np.errstate(all="ignore"):
                    self._record(record, index)
        return self.found

    def _fail(self, record: Tensor, index: int, position: int | None, message: str = "", **numbers: Any) -> None:
        link = numbers.pop("link", "rule")
        place = scopes(self.graph)[record]
        self.found.failures.append(Failure(link, record, index, position, message=message, scope=place, **numbers))

    def _record(self, record: Tensor, index: int) -> None:
        exact = followed(record)
        rng = np.random.default_rng((self.seed, index))
        if exact is not None and (differing := exact.disagreement(rng)) is not None:
            element, meant, value = differing
            self.found.unlike.append(record)
            self._fail(
                record, index, None, f"{MEANING}: {list(element)}", link="meaning", expected=meant, found=value
            )  # fmt: skip
            exact = None
        if exact is None:
            self.found.not_followed += [record] * (work(record) <= LARGE)  # what is too large could be followed
        else:
            self._without_rule(record, index, exact, rng)
        for i in edges_of(record):
            self._rule(record, index, i, exact)

    def _seen(self, record: Tensor) -> bool:
        """Whether enough records like this one were compared."""
        kind = record.operation, settings_of(record), tuple((x.shape, x.dtype.str) for x in record.inputs)
        self.seen[kind] += 1
        effort = work(record)
        self.left -= effort
        return self.left < 0 and self.seen[kind] > (ALIKE if effort <= MUCH else 1)

    def _without_rule(self, record: Tensor, index: int, exact: ExactRecord, rng: np.random.Generator) -> None:
        """What has no rule for an input must be constant in it, or cut off on purpose."""
        assert record.operation is not None  # only recorded results are compared
        if record.operation.cuts:
            return
        ruled = edges_of(record)
        for i, x in enumerate(record.inputs):
            if x.requires_grad and x.dtype.kind == "f" and i not in ruled:
                passed = exact.passes_on(i, rng.uniform(0.5, 1.5, record.shape))
                if passed is not None:
                    element, expected = passed
                    self._fail(record, index, i, NO_RULE, element=element, expected=expected, found=0.0)

    def _rule(self, record: Tensor, index: int, i: int, exact: ExactRecord | None) -> None:
        rng = np.random.default_rng((self.seed, index, i))
        try:
            try:
                result = beside(exact, i, rng, self.adjoints.get(record)) if exact else differences(record, i, rng)
            except NotFollowedError:
                self.found.not_followed.append(record)
                result = differences(record, i, rng)
        except Exception as error:  # whatever a wrong rule does, it is the rule's failure
            words = str(error).splitlines()[0] if str(error) else ""
            self._fail(record, index, i, f"the rule fails: {type(error).__name__}: {words}")
            return
        self.found.compared.append(result)
        if result.wrong:
            numbers = {"element": result.element, "expected": result.expected, "found": result.found}
            unused = record in self.adjoints and not self.adjoints[record].all()
            spoilt = unused and result.found != result.found and result.expected == 0
            self._fail(record, index, i, NOT_A_NUMBER if spoilt else result.message, **numbers)
        elif result.unsettled:
            where = place_of(record, index, scopes(self.graph)[record])
            self.found.unsettled.append(f"{where}, input {i}: {result.unsettled}")
