"""A mean taken, forgotten or taken over too much, near where everything begins: a factor on all that follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.gradients import scaled_by, summed_over
from autograd_seq.diagnosis.perturb.variant import LIKELY, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import bare

MOST_PLACES = 2  # lines of one reach that are tried


def scaled_at_the_root(c: Context) -> Iterator[Variant]:
    """The adjoint of one quantity, multiplied with or divided by a number of examples, of steps, of both."""
    counts = _counts(c)
    tried: dict[Any, int] = {}
    for role, records in _places(c):
        reach = frozenset().union(*(c.program.reach(r) for r in records))
        tried[reach] = tried.get(reach, 0) + 1
        if tried[reach] > MOST_PLACES or not reach:
            continue
        for n, (category, what) in counts.items():
            for power, said, kind in (
                (float(n), "multiplied with", "missing factor"),
                (1 / n, "divided by", "extra factor"),
            ):
                if n == 2 and power > 1 and not category:
                    continue  # that is doubled, as any line can be
                words = f"{said} {what}, {n}, from here on" if what else f"{said} {n}, from here on"
                edit = Edit(("scaled", n, said), category or kind, words, nothing, weight=2)
                changes = {r: scaled_by(r, power) for r in records}
                yield c.variant(("root", role), edit, records[0], LIKELY, changes)


def _places(c: Context) -> Iterator[tuple[Any, list[Tensor]]]:
    """What reads a given adjoint, and the adjoints of quantities with a name."""
    named = {a for node in c.marked if (a := c.adjoints.get(node)) is not None}
    seeds = set(c.program.truth.seeds.values())
    for role, records in c.groups.items():
        first = records[0]
        if bare(first) in seeds or first not in c.live:
            continue
        if first in named or c.is_result(first) or any(bare(x) in seeds for x in first.inputs):
            yield role, records


def _counts(c: Context) -> dict[int, tuple[str, str]]:
    """Numbers that a mean could divide by: its category, and what it is the number of."""
    examples = {n for r in c.program.records if (n := summed_over(r)) > 1}
    lengths = {n for x in c.program.truth.inputs.values() for n in x.shape if n > 1}
    lengths |= {n for y in c.program.truth.outputs.values() for n in y.shape if n > 1}
    T = c.program.T
    found: dict[int, tuple[str, str]] = {}
    if T > 1:
        found[T] = ("mean over time", "the number of time steps")
    both = {n for n in examples - lengths if T > 1 and n % T == 0 and n // T in lengths}
    for n in sorted(examples - both):
        found.setdefault(n, ("mean over the batch", "the number of examples"))
    for n in sorted(both):
        found.setdefault(n, ("mean over the batch", "the number of examples times that of time steps"))
    for n in sorted(examples) if T > 1 else ():
        found.setdefault(n * T, ("mean over the batch", "the number of examples times that of time steps"))
    for n in sorted(lengths | {2}):
        found.setdefault(n, ("", "the length of an axis" if n in lengths else ""))
    return found
