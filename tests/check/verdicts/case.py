"""A case with a known truth, what was answered to it, and the count of what was answered rightly."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Answer:
    """What a check said.

    Attributes
    ----------
    verdict : str
        ``"right"``, ``"wrong"``, or ``"open"``: undecided, excluded, or no verdict at all.
    reason : str
        Why it is open, or why it is called wrong.
    named : bool or None
        Whether what is called wrong is named at its record; None where nothing is to be named.
    """

    verdict: str
    reason: str = ""
    named: bool | None = None


@dataclass(frozen=True)
class Case:
    """A question whose answer is known without this package.

    Attributes
    ----------
    group, name : str
        Where it belongs and what it is.
    truth : str
        ``"right"`` or ``"wrong"``.
    ask : callable
        Asks, and gives the answer.
    open_because : str
        Why it may be undecided or excluded; empty where it must be decided.
    """

    group: str
    name: str
    truth: str
    ask: Callable[[], Answer]
    open_because: str = ""


COUNTS = ("cases", "right called wrong", "wrong called right", "open expected", "open unexpected", "caught", "named")


@dataclass
class Tally:
    """The counts of one group, and every answer that is not as it should be."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    seconds: float = 0.0
    complaints: list[tuple[str, str, str]] = field(default_factory=list)  # kind, case, reason

    def add(self, case: Case) -> None:
        """Ask, and count the answer."""
        start = time.process_time()
        answer = asked(case)
        self.seconds += time.process_time() - start
        self.counts["cases"] += 1
        kind = kind_of(case, answer)
        if kind:
            self.counts[kind] += 1
        if kind not in ("", "open expected"):
            self.complaints.append((kind, case.name, answer.reason))
        if case.truth == answer.verdict == "wrong":
            self.counts["caught"] += 1
            self.counts["named"] += answer.named is not False
            if answer.named is False:
                self.complaints.append(("wrong record named", case.name, answer.reason))

    def join(self, other: Tally) -> None:
        """Add what another one counted."""
        self.counts = {k: self.counts[k] + other.counts[k] for k in COUNTS}
        self.seconds += other.seconds
        self.complaints += other.complaints

    @property
    def share_open(self) -> float:
        """The share that was to be decided and was not."""
        of = self.counts["cases"] - self.counts["open expected"]
        return self.counts["open unexpected"] / of if of else 0.0


def kind_of(case: Case, answer: Answer) -> str:
    """Which count an answer belongs to; none if it is as it should be."""
    if answer.verdict == "open":
        return "open expected" if case.open_because else "open unexpected"
    if answer.verdict == case.truth:
        return ""
    return f"{case.truth} called {answer.verdict}"


def asked(case: Case) -> Answer:
    """The answer; what ends in an error is no answer."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return case.ask()
    except Exception as error:  # whatever it is, nothing was decided
        words = str(error).splitlines()[0] if str(error) else ""
        return Answer("open", f"raised {type(error).__name__}: {words}")


# -- reading reports --------------------------------------------------------------------------------------


def of_report(report: Any, names: Callable[[Any], bool] | None = None) -> Answer:
    """The answer of a `GradcheckReport` or a `Proof`: what failed, what is left open, what is right.

    Parameters
    ----------
    report : GradcheckReport or Proof
        With `.failures`, `.ok`, `.excluded` and, where there is one, `.undecided`.
    names : callable, optional
        Whether a failure is at the record that is wrong. Failures of the whole, which follow, are not asked.
    """
    if report.failures:
        single = [f for f in report.failures if f.link in ("rule", "meaning")]
        named = bool(single) and all(names(f) for f in single) if names else None
        return Answer("wrong", _first_lines(report.failures[0]), named)
    if statuses := _not_settled(report):
        return Answer("open", statuses)
    return Answer("right") if report.ok else Answer("open", _first_lines(report))


def _not_settled(report: Any) -> str:
    """What a report leaves undecided or out."""
    said = []
    for key in ("undecided", "excluded"):
        left = getattr(report, key, None)
        if left:
            said.append(f"{key}: {left if isinstance(left, int) else '; '.join(map(_words, left))}")
    for name, claim in getattr(report, "claims", {}).items():
        if claim.status in ("undecided", "excluded") and not said:
            said.append(f"{name} {claim.status}: {'; '.join(getattr(claim, 'notes', ()))}")
    return ", ".join(said)


def _words(thing: Any) -> str:
    return " ".join(str(thing).split())[:160]


def _first_lines(thing: Any) -> str:
    return " | ".join(line.strip() for line in str(thing).splitlines()[:7])[:400]
