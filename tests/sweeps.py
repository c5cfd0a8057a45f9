"""Long sweeps: a part in every run, the same each time; the rest where tests marked as slow are asked for."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest


def part_of(cases: Iterable[Any], one_in: int = 10) -> list[Any]:
    """Some of the cases, drawn with a seed, in their own order; at least one."""
    cases = list(cases)
    chosen = random.Random(2026).sample(range(len(cases)), -(-len(cases) // one_in))
    return [cases[i] for i in sorted(chosen)]


def slow_but_part_of(cases: Iterable[Any], one_in: int = 10) -> list[Any]:
    """All cases as parameters of a test, marked as slow but for a part. A tuple stands for several parameters."""
    cases = list(cases)
    always = set(part_of(range(len(cases)), one_in))
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=[] if i in always else pytest.mark.slow)
        for i, case in enumerate(cases)
    ]
