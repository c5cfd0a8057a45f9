"""What is edited: a whole gradient, never assigned, averaged, or that of something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context, terms_of
from autograd_seq.diagnosis.perturb.variant import Edit, Form, Variant, constant, own
from autograd_seq.diagnosis.rerun import bare, sums_axes

MOST = 6  # gradients of one shape of which every subset is tried


def never_assigned(c: Context, r: Tensor) -> Iterator[Edit]:
    """Nothing but the zeros of the beginning."""
    summed = bool(examples_of(r))  # parameters are forgotten together
    yield Edit(("zero", summed), kinds.NEVER_ASSIGNED(), own(r) * 0.0)


def averaged(c: Context, r: Tensor) -> Iterator[Edit]:
    """Means in place of sums, or the other way round, over the examples or over time."""
    n = examples_of(r)
    if not n:
        return
    counts = [("mean over the batch", _EXAMPLES, n), ("mean over time", _STEPS, c.program.T)]
    for category, words, n in counts:
        if words != _STEPS or n > 1:
            yield from _scaled(n, category, words)(own(r))


_EXAMPLES = "the number of examples, {}"
_STEPS = "the number of time steps, {}"
_EXAMPLES_AND_STEPS = "the number of examples and that of time steps, {}"
_BOTH = "the number of examples times that of time steps, {}"
_LENGTH = "{}, which is the length of an axis too"


def examples_of(r: Tensor) -> int:
    """How many examples each term of a gradient sums over; 0 if some do not."""
    terms = list(r.inputs) if algebra(r) == "sum of uses" else [r]
    sizes = [summed_over(bare(t)) for t in terms]
    return sizes[0] if all(sizes) else 0


def summed_over(term: Tensor) -> int:
    """How many examples a term sums over; 0 if it does not."""
    if algebra(term) == "matrix product" and algebra(term.inputs[1]) == "transpose":
        return term.inputs[1].shape[0]
    if sums_axes(term):
        return term.inputs[0].size // max(term.size, 1)
    return 0


def averaged_from_here(c: Context, r: Tensor) -> Iterator[Edit]:
    """A factor on all that follows: a mean taken, forgotten or taken over too much near where everything begins."""
    for n, (category, what) in _counts(c).items():
        multiplied, divided = _scaled(n, category, what, from_here_on=True)(own(r))
        if n != 2 or category:  # else that is doubled, as any line can be
            yield replace(multiplied, weight=2)
        yield replace(divided, weight=2)


def _scaled(n: int, category: str, what: str, from_here_on: bool = False) -> Any:
    """Multiplied with a number, or divided by it."""
    multiplied = kinds.MULTIPLIED_FROM_HERE_ON if from_here_on else kinds.MULTIPLIED_WITH
    divided = kinds.DIVIDED_FROM_HERE_ON if from_here_on else kinds.DIVIDED_BY
    number = what.format(n) if what else f"{n}"
    if n == 2 and what:  # doubled, perhaps, and by chance the number of something
        multiplied = kinds.MULTIPLIED_WITH_TWO_FROM_HERE_ON if from_here_on else kinds.MULTIPLIED_WITH_TWO
    alone = what.partition(",")[0] if n == 2 and what else number

    def edits(whole: Form) -> Iterator[Edit]:
        yield Edit(("multiplied", n, category), multiplied(alone, of=category), whole * float(n))
        yield Edit(("divided", n, category), divided(number, of=category), whole * (1 / n))

    return edits


def _counts(c: Context) -> dict[int, tuple[str, str]]:
    """Numbers that a mean could divide by: its category, and what it is the number of."""
    examples = {n for r in c.program.records if (n := summed_over(r)) > 1}
    summed = [x for result in c.program.results.values() for x in terms_of(result) if sums_axes(x)]
    of_biases = {n for x in summed if (n := summed_over(x)) > 1}
    examples = of_biases or examples  # a product of matrices sums over units too
    arrays = [*c.program.truth.inputs.values(), *c.program.truth.outputs.values()]
    lengths = {n for x in arrays for n in x.shape if n > 1}
    T = c.program.T
    both = {n for n in examples - lengths if T > 1 and n % T == 0 and n // T in lengths}
    of_both = ("mean over the batch", _BOTH)
    found: dict[int, tuple[str, str]] = {T: ("mean over time", _STEPS)} if T > 1 else {}
    for n in sorted(examples - both):
        found[n] = ("mean over the batch", _EXAMPLES_AND_STEPS if n in found else _EXAMPLES)
    for n in [*sorted(both), *(n * T for n in sorted(examples) if T > 1)]:
        found.setdefault(n, of_both)
    for n in sorted(lengths | {2}):
        found.setdefault(n, ("", _LENGTH if n in lengths else ""))
    return found


# -- the gradient of something else ------------------------------------------------------------------------------


def of_another(c: Context, r: Tensor) -> Iterator[Edit]:
    """One gradient in place of another of its shape."""
    for other, y in c.program.results.items():
        if y is not r and y.shape == r.shape and bare(y) is not bare(r):
            yield Edit(("copy", other), kinds.ANOTHER_GRADIENT(other), constant(y._value))


def on_the_way(c: Context, r: Tensor) -> Iterator[Edit]:
    """The adjoint of something on the way in place of a gradient."""
    seen = set()
    results = {*c.program.results.values()}
    for y in c.program.records:
        fits = y in c.live and y.shape == r.shape and y.index < r.index and bare(y) is not bare(r)
        if fits and bare(y) not in seen and y not in results:
            seen.add(bare(y))
            key = ("intermediate", c.role(y), c.program.time(y))
            yield Edit(key, kinds.ANOTHER_GRADIENT(c.called(y)), constant(y._value), weight=3)


def exchanged(c: Context, rank: int) -> Iterator[Variant]:
    """Two gradients under each other's name."""
    for (b, y), (a, x) in combinations(c.program.results.items(), 2):
        if x.shape == y.shape:
            edit = Edit(("exchanged",), kinds.GRADIENTS_EXCHANGED(), own(x))
            changes = {x: constant(y._value), y: constant(x._value)}
            yield c.listed(("exchanged", a, b), edit, [b, a], rank, changes)


def in_one_array(c: Context, rank: int) -> Iterator[Variant]:
    """Several gradients that are one array, and each the sum of all: ``dWf = dWi = np.zeros(...)``."""
    by_shape: dict[Any, list[str]] = {}
    for key, r in c.program.results.items():
        if r.operation is not None:
            by_shape.setdefault(r.shape, []).append(key)
    for keys in by_shape.values():
        sizes = range(2, len(keys) + 1) if len(keys) <= MOST else (2, len(keys))
        for group in (g for n in sizes for g in combinations(keys, n)):
            yield from _one_array(c, list(group), rank)


def _one_array(c: Context, names: list[str], rank: int) -> Iterator[Variant]:
    records = {k: c.program.results[k] for k in names}
    total = np.sum([r._value for r in records.values()], axis=0)
    held = [(f"the sum of all {len(names)}", total, names)]
    if len(names) > 2:  # with two that is one gradient in place of another
        for one in (names[-1], names[0]):
            held.append((one, records[one]._value, [k for k in names if k != one]))
    for i, (said, value, wrong) in enumerate(held):
        edit = Edit(("one array", i), kinds.ONE_ARRAY(said), constant(value))
        yield c.listed(("one array", *names), edit, wrong, rank, {records[k]: constant(value) for k in wrong})
