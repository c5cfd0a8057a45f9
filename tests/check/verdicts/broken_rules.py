"""Rules of operations, each broken in one way: `gradcheck` and `prove` are to catch it and to name its record."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from check.mutants import Mutant, mutants, planted
from check.verdicts import references
from check.verdicts.case import Answer, Case, of_report
from check.verdicts.operations import SINGLE, Use, numbered
from check.verdicts.right_operations import At

import autograd_seq.operations as ops
from autograd_seq import Graph, Tensor, gradcheck, prove
from autograd_seq.check.bookkeeping import edges_of
from autograd_seq.core.gradient import grad
from autograd_seq.core.part import Part

COUNT = 200
OWN_SHARE = 0.45  # of the count: those that are written here

Rule = Callable[..., Any]


# -- ways of breaking a rule that show at some numbers only, or only to a second look ----------------------


def _negative_only(rule: Rule, k: int) -> Rule:
    """Twice the derivative where the input is negative."""
    return lambda g, y, *xs, **s: _changed(rule(g, y, *xs, **s), lambda p: ops.where(_bare(xs[k]) < 0, p * 2, p))


def _by_a_billionth(rule: Rule, k: int) -> Rule:
    """Off in the tenth digit."""
    return lambda g, y, *xs, **s: _changed(rule(g, y, *xs, **s), lambda p: p * (1 + 1e-9))


def _several_only(rule: Rule, k: int) -> Rule:
    """Divided by the number of examples, where there is more than one."""

    def broken(g: Any, y: Any, *xs: Any, **s: Any) -> Any:
        m = xs[k].shape[-1] if xs[k].ndim else 1
        return _changed(rule(g, y, *xs, **s), lambda p: p / m if m > 1 else p)

    return broken


def _second_only(rule: Rule, k: int) -> Rule:
    """Right numbers from constants: the derivative of the derivative is cut off."""

    def broken(g: Any, y: Any, *xs: Any, **s: Any) -> Any:
        return rule(g, _constant(y), *map(_constant, xs), **s)

    return broken


def _clipped(rule: Rule, k: int) -> Rule:
    """Clips the adjoint, as one does with gradients."""
    return lambda g, y, *xs, **s: rule(ops.clip(g, -0.25, 0.25), y, *xs, **s)


def _positive_adjoint_only(rule: Rule, k: int) -> Rule:
    """Passes on positive adjoints only."""
    return lambda g, y, *xs, **s: rule(ops.where(_bare(g) > 0, g, g * 0), y, *xs, **s)


OWN = {
    "for x < 0 only": _negative_only,
    "by 1e-9": _by_a_billionth,
    "for m > 1 only": _several_only,
    "in the second derivative only": _second_only,
    "adjoint clipped": _clipped,
    "adjoint passed on where positive": _positive_adjoint_only,
}


def _bare(x: Any) -> np.ndarray:
    return x._value if isinstance(x, Tensor) else np.asarray(x)


def _constant(x: Any) -> Any:
    return Tensor(x._value, name="constant") if isinstance(x, Tensor) else x


def _changed(piece: Any, change: Callable[[Any], Any]) -> Any:
    """A piece changed as a whole, or in the part that it is."""
    if type(piece) is Part:
        return Part(change(piece.piece), piece.index, piece.shape)
    return change(piece)


@dataclass(frozen=True)
class Broken:
    """One rule of one operation, broken.

    Attributes
    ----------
    use : Use
        The operation as it is called.
    number : int
        Which of the uses of this operation it is.
    position : int
        The input whose rule is broken.
    words : str
        What is wrong with it.
    mutant : Mutant or None
        A mutant of the general kind; None for one of `OWN`.
    """

    use: Use
    number: int
    position: int
    words: str
    mutant: Mutant | None = None

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return f"{self.use.operation.name}[{self.number}] input {self.position}: {self.words}"

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The operation with the broken rule in it."""
        if self.mutant is not None:
            with planted(self.mutant):
                yield
            return
        right = self.use.operation.vjp
        self.use.operation.vjp = _WithOneBroken(right, self.position, OWN[self.words])
        try:
            yield
        finally:
            self.use.operation.vjp = right


class _WithOneBroken:
    """The rules of an operation, one of them broken."""

    def __init__(self, right: Any, position: int, breaking: Callable[[Rule, int], Rule]) -> None:
        self.right, self.position, self.breaking = right, position, breaking

    def __getitem__(self, i: int) -> Rule:
        return self.breaking(self.right[i], i) if i == self.position else self.right[i]

    def __iter__(self) -> Iterator[Rule]:
        return (self[i] for i in range(len(self.right)))

    def __len__(self) -> int:
        return len(self.right)


# -- which are wrong by more than rounding -----------------------------------------------------------------


def material(broken: Broken) -> bool:
    """Whether it gives other numbers than the complex step, by far more than rounding."""
    at = At(broken.use, broken.number, "ordinary", np.float64)
    if broken.words == "in the second derivative only":
        return _second_matters(broken, at)
    leaves = at.leaves()
    with broken.planted(), np.errstate(all="ignore"):
        try:
            found = grad(broken.use.call(*leaves), leaves, gradient=at.weights)
        except Exception:
            return False
    least = 1e-10 if broken.words == "by 1e-9" else 1e-4
    return any(
        f.shape != t.shape or not np.max(np.abs(f - t)) <= least * np.max(np.abs(t))
        for f, t in zip(found, at.true, strict=True)
    )


def _second_matters(broken: Broken, at: At) -> bool:
    """Whether the true derivative changes where the broken one's record says that it does not."""
    step = 1e-6
    moved = [a + step * (1 + np.arange(a.size).reshape(a.shape)) for a in at.arrays]
    there = references.derivative(broken.use.reference, moved, at.weights)[broken.position]
    change = (there - at.true[broken.position]) / step
    return bool(np.max(np.abs(change)) > 1e-2)


# -- the cases ---------------------------------------------------------------------------------------------


def function_of(use: Use) -> Callable[..., Any]:
    """The operation inside a small function, where its result gets adjoints of both signs."""

    def function(*xs: Any) -> Any:
        y = use.call(*xs)
        bent = ops.tanh(y) if use.operation is ops.sigmoid else ops.sigmoid(y)
        bent = bent * np.resize([1.0, -1.0, 1.0], y.shape)
        return ops.einsum("i->", ops.reshape(bent, (-1,))) if use.operation is ops.sum else ops.sum(bent)

    return function


def all_broken() -> Iterator[Broken]:
    """Every rule broken in every way that applies."""
    for number, use in numbered(SINGLE):
        at = At(use, number, "ordinary", np.float64)
        record = next(r for r in reversed(list(Graph(use.call(*at.leaves())))) if r.operation is use.operation)
        for position in edges_of(record):
            for mutant in mutants(record, position, use.operation.vjp[position]):
                yield Broken(use, number, position, mutant.words + f" (step {mutant.step})", mutant)
            for words in OWN:
                yield Broken(use, number, position, words)


@functools.cache
def chosen(count: int = COUNT) -> list[Broken]:
    """As many as asked for: of the ways written here as many each as can be, and of the others any."""
    rng = random.Random(14)
    everything = list(all_broken())
    rng.shuffle(everything)
    some: list[Broken] = []
    for words in OWN:
        ways = (b for b in everything if b.words == words)
        some += _first_material(ways, round(count * OWN_SHARE / len(OWN)))
    general = (b for b in everything if b.mutant is not None)
    return some + _first_material(general, count - len(some))


def _first_material(ways: Iterator[Broken], count: int) -> list[Broken]:
    found: list[Broken] = []
    while len(found) < count and (broken := next(ways, None)) is not None:
        if material(broken):
            found.append(broken)
    return found


def cases() -> Iterator[Case]:
    """Every chosen broken rule, asked of both; the right derivatives around it are asked elsewhere."""
    for broken in chosen():
        yield Case("broken rules, gradcheck", broken.name, "wrong", lambda b=broken: _gradcheck(b))
        if broken.words != "in the second derivative only":  # a proof speaks of the first
            yield Case("broken rules, prove", broken.name, "wrong", lambda b=broken: _prove(b))


def _named(broken: Broken) -> Callable[[Any], bool]:
    return lambda failure: failure.record.operation is broken.use.operation


def _gradcheck(broken: Broken) -> Answer:
    at = At(broken.use, broken.number, "ordinary", np.float64)
    with broken.planted():
        return of_report(gradcheck(function_of(broken.use), *at.arrays), _named(broken))


def _prove(broken: Broken) -> Answer:
    leaves = At(broken.use, broken.number, "ordinary", np.float64).leaves()
    with broken.planted():
        return of_report(prove(function_of(broken.use)(*leaves), leaves), _named(broken))
