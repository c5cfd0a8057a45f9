"""The verdict on one use of one rule: all that a rule has to be, settled once for each fingerprint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograd_seq.check.application import Application
from autograd_seq.check.linearity import not_linear
from autograd_seq.check.rule_proof import Verdict, Wrong, verdict_of
from autograd_seq.check.second_order import cut_within, rounded_within

REMEMBERED = 20_000  # verdicts; then the memory starts anew


@dataclass
class Memory:
    """Verdicts by fingerprint: one proof for each distinct signature."""

    verdicts: dict[Any, Verdict] = field(default_factory=dict)

    def settle(self, application: Application) -> tuple[Verdict, bool]:
        """The verdict, and whether it was remembered."""
        key = application.fingerprint()
        try:
            found = self.verdicts.get(key)
        except TypeError:  # a setting that cannot be compared: nothing is remembered
            return settled(application), False
        if found is None:
            if len(self.verdicts) >= REMEMBERED:
                self.verdicts.clear()
            found = settled(application)
            if not found.here:
                self.verdicts[key] = found
            return found, False
        return found, True


def settled(application: Application) -> Verdict:
    """A rule is right if it is the derivative, for every adjoint, to all digits, and can be differentiated itself."""
    found = verdict_of(application)
    if found.status == "refuted" or application.piece is None:
        return found
    if words := rounded_within(application):
        return Verdict("refuted", words, (), found.entries)
    if bent := not_linear(application):
        wrong = Wrong(bent.element, bent.expected, bent.found, None)
        return Verdict("refuted", bent.words, (wrong,), found.entries)
    words = cut_within(application)
    return Verdict("refuted", words, (), found.entries) if words else found
