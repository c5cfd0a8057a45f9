"""All operations at all kinds of points in all precisions: their derivatives are right, and twice them is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from check.mutants import Mutant, planted
from check.verdicts import references
from check.verdicts.case import Answer, Case, of_report
from check.verdicts.operations import USES, Use, numbered
from check.verdicts.points import MATRICES, NAMES, generator, kinds, point

import autograd_seq.operations as ops
from autograd_seq import Parameter, Tensor, gradcheck, prove
from autograd_seq.core.gradient import grad
from autograd_seq.testing import assert_gradients

ROUNDINGS = 64  # of the terms that a derivative is made of: what an engine may lose
MATERIAL = 0.05  # a derivative this large beside its terms is not made right by rounding when it is doubled


def _twice(piece: Any, x: Any) -> Any:
    return piece * 2


@dataclass(frozen=True)
class At:
    """An operation at a point.

    Attributes
    ----------
    use : Use
        The operation.
    number : int
        Which of the uses of this operation it is.
    kind : str
        Of the point.
    dtype : type
        The precision.
    draw : int
        Of the random numbers.
    """

    use: Use
    number: int
    kind: str
    dtype: type
    draw: int = 0

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return f"{self.use.operation.name}[{self.number}] {self.kind} {NAMES[self.dtype]}"

    @property
    def _drawn(self) -> tuple[object, ...]:
        """What random numbers depend on: other operations in the list leave them as they are."""
        return self.use.operation.name, self.number, self.draw

    @cached_property
    def arrays(self) -> list[np.ndarray]:
        """The inputs."""
        rng = generator("point", *self._drawn, self.kind, NAMES[self.dtype])
        pairs = zip(self.use.domains, self.use.shapes, strict=True)
        return [point(self.kind, domain, shape, self.dtype, rng) for domain, shape in pairs]

    @cached_property
    def weights(self) -> np.ndarray:
        """An adjoint of the result, without structure."""
        shape = np.shape(references.value(self.use.reference, self.arrays))
        rng = generator("weights", *self._drawn)
        return (rng.uniform(0.5, 1.5, shape) * np.resize([1.0, -1.0, 1.0], shape)).astype(self.dtype)

    @cached_property
    def terms(self) -> float:
        """How large the terms are, beside the adjoint, of which the derivative is the small difference."""
        return self.use.terms(*self.arrays) if callable(self.use.terms) else self.use.terms

    @cached_property
    def true(self) -> list[np.ndarray]:
        """The adjoints of the inputs, by the complex step."""
        return references.derivative(self.use.reference, self.arrays, self.weights)

    @cached_property
    def found(self) -> list[np.ndarray]:
        """The same by the engine."""
        leaves = self.leaves()
        return grad(self.use.call(*leaves), leaves, gradient=self.weights)

    def doubled(self, twice: Callable[..., Any] = _twice) -> AbstractContextManager[None]:
        """The operation with twice its first derivative."""
        return planted(Mutant(self.use.operation, self.first, "times 2", None, twice))

    def is_doubled(self) -> bool:
        """Whether the call asks the operation for that derivative, and it is not 0: no other record takes its place."""
        matters: list[bool] = []

        def noted(piece: Tensor, x: Any) -> Tensor:
            matters.append(bool(piece.value.any()))
            return _twice(piece, x)

        with self.doubled(noted):
            leaves = self.leaves()
            grad(self.use.call(*leaves), leaves, gradient=self.weights)
        return any(matters)

    def leaves(self) -> list[Tensor]:
        """The inputs as tensors that require a gradient."""
        return [Tensor(a, name="xyz"[i], requires_grad=True, dtype=self.dtype) for i, a in enumerate(self.arrays)]

    @cached_property
    def open_because(self) -> str:
        """Why no verdict need be given here; empty where one must be."""
        with np.errstate(all="ignore"):
            return self._open_because()

    def _open_because(self) -> str:
        if self.use.edge(*self.arrays):
            return "at a kink or at the end of the domain"
        largest = np.finfo(self.dtype).max
        value = references.value(self.use.reference, self.arrays)
        if not all((np.abs(a) <= largest).all() for a in (value, *self.true)):
            return "its value or its derivative is no number of this precision"
        if self.dtype is np.float16 and self._digits() < 3:
            return "the rounding of inputs and terms leaves fewer than three digits"
        return ""

    def _digits(self) -> float:
        """To how many digits the derivatives are known with inputs and terms known to their last, and one rounding."""
        half = np.longdouble(np.finfo(self.dtype).eps) / 2
        least = 20.0
        for true, moved in zip(self.true, self.by_rounding, strict=True):
            error = moved + half * self.terms
            if (size := np.max(np.abs(true), initial=0)) > 0:
                least = min(least, float(-np.log10(error / size + half)))
        return least

    @cached_property
    def by_rounding(self) -> list[np.floating[Any]]:
        """How much each derivative changes by half a rounding of the inputs and of the adjoint."""
        half = np.longdouble(np.finfo(self.dtype).eps) / 2
        moved = [0 * half for _ in self.true]
        for signs in ((1, -1), (1, 1, -1)):
            rounded = [a + a * half * np.resize(signs, a.shape) for a in (*self.arrays, self.weights)]
            others = references.derivative(self.use.reference, rounded[:-1], rounded[-1])
            changes = [np.max(np.abs(t - o), initial=0) for t, o in zip(self.true, others, strict=True)]
            moved = [np.maximum(m, c) for m, c in zip(moved, changes, strict=True)]
        return moved

    @property
    def is_material(self) -> bool:
        """Whether twice the first derivative is another number, and one that this precision has."""
        largest = np.max(np.abs(self.true[0]), initial=0)
        of_size = MATERIAL * self.terms < largest and np.finfo(self.dtype).tiny / np.finfo(self.dtype).eps < largest
        return not self.open_because and bool(of_size) and 2 * largest < np.finfo(self.dtype).max

    @cached_property
    def first(self) -> int:
        """Which input of the operation the first array is; the condition of `where` is none."""
        return next(i for i, rule in enumerate(self.use.operation.vjp) if rule is not None)

    def engine_error(self) -> float:
        """The largest error of the engine's derivative, in roundings of its terms and of the numbers that it is of."""
        kind = np.finfo(self.dtype)
        worst = 0.0
        for true, found, moved in zip(self.true, self.found, self.by_rounding, strict=True):
            size = np.max(np.abs(true), initial=0) + self.terms
            error = np.max(np.abs(np.asarray(found).astype(np.longdouble) - true), initial=0)
            worst = max(worst, float(error / (kind.eps * size + moved + kind.tiny)) if error == error else np.inf)
        return worst


def everything(draw: int = 0) -> Iterator[At]:
    """Every operation at every kind of point in every precision."""
    for number, use in numbered(USES):
        for kind in kinds(use.domains[0]):
            if all(kind in kinds(domain) for domain in use.domains if domain in MATRICES):
                for dtype in use.dtypes:
                    yield At(use, number, kind, dtype, draw)


def cases() -> Iterator[Case]:
    """What is asked of every operation at every point."""
    for at in everything():
        yield _case(at, "gradcheck", lambda at=at: of_report(gradcheck(at.use.call, *at.arrays)))
        yield _case(at, "prove", lambda at=at: _proof(at))
        yield _case(at, "assert_gradients", lambda at=at: _assertion(at), "its sum adds rounding of float16")
        if at.is_material:
            yield _wrong_case(at, "gradcheck", lambda at=at: of_report(gradcheck(at.use.call, *at.arrays), _at(at)))
            yield _wrong_case(at, "prove", lambda at=at: _proof(at))


def _case(at: At, asked: str, ask: Callable[[], Answer], in_half: str = "") -> Case:
    marked = at.open_because or (in_half if at.dtype is np.float16 else "")
    return Case(f"operations, {asked}", at.name, "right", ask, marked)


def _wrong_case(at: At, asked: str, ask: Callable[[], Answer]) -> Case:
    def planting() -> Answer:
        with at.doubled():
            return ask()

    return Case(f"operations doubled, {asked}", at.name, "wrong", planting)


def _at(at: At) -> Callable[..., bool]:
    return lambda failure: failure.operation == at.use.operation.name


def _proof(at: At) -> Answer:
    leaves = at.leaves()
    return of_report(prove(at.use.call(*leaves), leaves), _at(at))


def _assertion(at: At) -> Answer:
    """Of a sum of the results, each multiplied by a number, by parameters."""
    names = "xyz"
    parameters = [Parameter(a, names[i]) for i, a in enumerate(at.arrays)]
    try:
        report = assert_gradients(lambda *xs: ops.sum(ops.multiply(at.use.call(*xs), at.weights)), *parameters)
    except AssertionError as error:
        words = str(error).splitlines()
        return Answer("wrong" if words[0] == "wrong gradients" else "open", " | ".join(words)[:400])
    return of_report(report)
