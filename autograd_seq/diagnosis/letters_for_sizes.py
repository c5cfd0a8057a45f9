"""Sizes that were drawn for a check, told in the letters that they were drawn for: ``[:n_a]``, not ``[:6]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from autograd_seq.diagnosis.drawn import SIZES
from autograd_seq.diagnosis.report import BackwardReport

OF_THE_COURSE = {name: SIZES[name] for name in ("n_a", "n_x", "n_y")}
_ENDS = re.compile(r"(?<![\w.])(\d*):(\d*)(?=[\],]| of )")  # of a slice, or of columns


def in_letters(report: BackwardReport, sizes: Mapping[str, int]) -> BackwardReport:
    """A report in whose formulas slices end at letters, wherever a number stands for one of them only."""
    names = _names(sizes)
    for findings in (report.causes, report.also):
        findings[:] = [
            replace(f, words=with_letters(f.words, names), correct=with_letters(f.correct, names)) for f in findings
        ]
    if report.look_at:
        report.look_at = with_letters(report.look_at, names)
    return report


def with_letters(text: str, names: Mapping[str, str]) -> str:
    """A text whose slices end at letters.

    Examples
    --------
    >>> with_letters("da = (Wᵀ dz)[:6], the columns 3:9 of W at [4, 6]", {"3": "n_x", "6": "n_a", "9": "n_a + n_x"})
    'da = (Wᵀ dz)[:n_a], the columns n_x:n_a + n_x of W at [4, 6]'
    """

    def told(found: re.Match[str]) -> str:
        return ":".join(names.get(end, end) for end in found.groups())

    return _ENDS.sub(told, text)


def _names(sizes: Mapping[str, int]) -> dict[str, str]:
    """From a number to the letters that it stands for: one size, or the sum of two; none where there are several."""
    found: dict[int, list[str]] = {}
    for name, n in sizes.items():
        found.setdefault(n, []).append(name)
    for (one, n), (other, k) in combinations(sizes.items(), 2):
        found.setdefault(n + k, []).append(f"{one} + {other}")
    return {str(n): letters[0] for n, letters in found.items() if len(letters) == 1 and n > 1}
