"""The whole recorded function in high precision: its gradient and second derivatives beside the true ones.

The true ones come of the operations' meanings alone. Beside them stand the recorded backward pass in exact
scalars, where a wrong formula shows in the 25th digit, and the sweep on bare arrays, within the rounding of
the terms that it adds up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.exact_record import held_by, out_of_range, settle
from autograd_seq.check.not_finite import all_finite, left_without
from autograd_seq.check.rule_comparison import Comparison
from autograd_seq.core.array import Array
from autograd_seq.core.gradient import grad
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.precise import derivatives, on_branch, values_along
from autograd_seq.readings.precise_algebra import DIGITS, PreciseAlgebra, enough_digits
from autograd_seq.readings.rounding import Rounding, coarsest, parts_of

STEP = 1e-20  # of differences in 60 digits, relative to the numbers: right to 40
SHORT, MANY = 1e-30, 90  # the step for second derivatives, and the digits; right to 60 of them
NEARLY = 1e-40  # how far off such a difference may be, relative to the first derivatives
SETTLED = 1e-6  # how near to each other two differences are where they are one
TAYLOR = 1e-12  # the step at which the remainder is measured
LINEAR = 1e-50  # a remainder that is smaller, relative to the function, is none
LOST = 1e-3  # three digits
BEYOND = "numbers on the way are too large or too small for {}"


class ExactWhole:
    """A weighted sum of outputs, its recorded backward pass, and both in high precision.

    Parameters
    ----------
    weights : mapping
        From each output to its weights.
    total : Tensor
        The weighted sum, recorded.
    leaves : sequence of Tensor
        To differentiate by.

    Raises
    ------
    Exception
        What a meaning raises that is not written for scalars.
    """

    def __init__(self, weights: Mapping[Tensor, Array], total: Tensor, leaves: Sequence[Tensor]) -> None:
        self.weights, self.total, self.leaves = weights, total, leaves
        self.recording = differentiate(total)
        forward = self.recording.forward
        digits = enough_digits([r._value for r in (*forward, *self.recording.adjoints.values())])
        self.more = digits - DIGITS
        self.dtype = coarsest(forward)
        self.rounding = Rounding(self.dtype, digits)
        self.truth = derivatives(weights, leaves, digits=digits)
        at = {x: self.rounding.given(x._value) for x in forward.leaves}
        self.values = on_branch(forward, self.rounding, at)
        self.tiny = out_of_range([r._value for r in forward])
        self.finite = all_finite(forward)
        self.natural = max((_largest(a._value) for a in self.recording.adjoints.values()), default=1.0)
        self.is_beyond = False  # whether a gradient was lost because floats have no room for numbers on the way
        self._follow(self.recording)

    def _follow(self, recording: Recording) -> None:
        """A backward pass in exact scalars; the constants that its rules bring may have been rounded."""
        constants = {x: self.rounding.rounded(x._value) for x in recording.backward.leaves if x not in self.values}
        self.values |= constants
        self.values |= on_branch(recording.backward, self.rounding, self.values)

    def _formula(self, recording: Recording, x: Tensor) -> Array:
        if x not in recording.adjoints:
            return self.rounding.array(np.zeros(x.shape))
        return np.asarray(self.values[recording.adjoints[x]], dtype=object)

    def compare(self, x: Tensor, found: Array) -> Comparison:
        """The gradient by one leaf: the formula, and the numbers that the sweep gave."""
        truth, scalars = self.truth.by[x], self._formula(self.recording, x)
        kinked = self.truth.kinked[x] | left_without(x, found, self.finite)
        result = settle(self.rounding, truth, kinked, scalars, found, self.tiny)
        if result.wrong and self._leaves_range():
            formula = settle(self.rounding, truth, kinked, scalars, found, tiny=True)
            if not formula.wrong:
                self.is_beyond = True
                return replace(formula, unsettled=BEYOND.format(self.dtype))
        if result.wrong:
            return result if self._confirmed(x, result) else settle(
                self.rounding, truth, kinked | True, scalars, found, self.tiny
            )
        return self._with_sizes(x, found, scalars, result)

    def _leaves_range(self) -> bool:
        """Whether floats have no room for a number on the way: it became 0 or infinite and is neither."""
        context = self.rounding.context
        for r in self.recording.forward:
            if r.operation is not None and r.dtype.kind == "f":
                odd = (r._value == 0) | np.isinf(r._value)
                if any(x.value and context.isfinite(x.value) for x in self.values[r][odd]):
                    return True
        return False

    def _with_sizes(self, x: Tensor, found: Array, scalars: Array, result: Comparison) -> Comparison:
        """What agrees, with the largest difference in floats; unsettled where rounding took the digits."""
        _, errors, _ = parts_of(scalars)
        expected = self.truth.by[x].astype(float)
        free = np.isfinite(expected) & np.isfinite(found) & ~self.truth.kinked[x]
        if not free.any():
            return result
        gaps = np.where(free, np.abs(found - np.where(free, expected, 0)), 0.0)
        size = max(_largest(expected), _largest(errors) / self.rounding.unit, 1e-300)
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(gaps)), gaps.shape))
        lost = gaps > LOST * np.maximum(np.abs(expected), LOST * _largest(expected))
        lost &= gaps > float(np.finfo(self.dtype).tiny)  # what is less has no digits to lose
        lost &= ~(errors <= LOST * max(self.natural, _largest(expected)))
        reason = f"rounding in {self.dtype} leaves fewer than three digits" if lost.any() else ""
        return Comparison(
            float(gaps[place]) / size, place, float(expected[place]), float(found[place]), result.excluded,
            "elements", unsettled=reason,
        )  # fmt: skip

    def _confirmed(self, x: Tensor, result: Comparison) -> bool:
        """Whether a difference in 60 digits, too, is nearer to the derivative than to what was found."""
        direction = np.zeros(x.shape)
        direction[result.element] = abs(float(x._value[result.element])) or 1.0
        step = self.rounding.exact(STEP)
        there, back = values_along(self.weights, {x: direction}, [step, -step], DIGITS + self.more)
        slope = (there - back) / (2 * step * self.rounding.exact(float(direction[result.element])))
        if not self.rounding.context.isfinite(slope) or not np.isfinite(result.found):
            return True
        return bool(abs(slope - result.expected) <= abs(slope - result.found))

    def direction(self, rng: np.random.Generator) -> dict[Tensor, Array]:
        """A random direction in which every leaf changes in proportion, past no kink."""
        found = {}
        for x in self.leaves:
            size = np.where((x._value == 0) | ~np.isfinite(x._value), 1.0, np.abs(x._value))
            found[x] = np.where(self._edges(x), 0.0, rng.standard_normal(x.shape) * size)
        return found

    def taylor(self, rng: np.random.Generator) -> float:
        """The order of φ(x + t v) - φ(x) - t g·v in t; infinite where nothing remains."""
        direction = self.direction(rng)
        rate = self.rounding.context.zero
        for x, v in direction.items():
            values, _, _ = parts_of(self._formula(self.recording, x))
            rate += sum((g * self.rounding.exact(d) for g, d in zip(values.flat, v.flat, strict=True)), 0)
        step = self.rounding.exact(TAYLOR)
        start, near, far = values_along(self.weights, direction, [0, step, 2 * step], DIGITS + self.more)
        rest = [abs(near - start - step * rate), abs(far - start - 2 * step * rate)]
        if not all(self.rounding.context.isfinite(r) for r in rest):
            return float("nan")
        if max(rest) <= LINEAR * max(abs(start), abs(step * rate), self.rounding.exact(1e-300)):
            return float("inf")
        return float(self.rounding.context.log(rest[1] / rest[0], 2)) if rest[0] else float("inf")

    def second(self, rng: np.random.Generator) -> dict[Tensor, Comparison]:
        """Second derivatives times a random vector, by each leaf."""
        direction = self.direction(rng)
        along = None
        for x, v in direction.items():
            if x in self.recording.adjoints and x.size:
                part = ops.sum(ops.multiply(self.recording.adjoints[x], v))
                along = part if along is None else along + part
        truths, again = self._differences(direction, SHORT), None
        found = {x: np.zeros(x.shape, x.dtype) for x in self.leaves}
        if along is not None and along.requires_grad:
            again = differentiate(along)
            self.values |= on_branch(again.forward, self.rounding, self.values)
            self._follow(again)
            found = dict(zip(self.leaves, grad(along, list(self.leaves)), strict=True))
        result = {}
        floor = NEARLY * max([self.natural, *(_largest(self.truth.by[x].astype(float)) for x in self.leaves)])
        for x in self.leaves:
            formula = self._formula(again, x) if again is not None else self.rounding.array(np.zeros(x.shape))
            result[x] = settle(self.rounding, truths[x], self._edges(x), formula, found[x], self.tiny, floor)
            if result[x].wrong:
                unknown = self._edges(x) | self._not_settled(truths, direction, x)
                result[x] = settle(self.rounding, truths[x], unknown, formula, found[x], self.tiny, floor)
        return result

    def _differences(self, direction: Mapping[Tensor, Array], length: float) -> dict[Tensor, Array]:
        """The change of the gradients along a direction, in many digits."""
        precise = PreciseAlgebra(MANY + self.more)
        step = precise.exact(length)
        ends = []
        for side in (step, -step):
            moved = {
                x: np.asarray(precise.array(x._value) + precise.array(v) * side, dtype=object)
                for x, v in direction.items()
            }
            ends.append(derivatives(self.weights, self.leaves, at=moved, digits=MANY + self.more).by)
        return {
            x: np.asarray((ends[0][x] - ends[1][x]) / (2 * step), dtype=object).reshape(x.shape) for x in self.leaves
        }

    def _not_settled(self, truths: Mapping[Tensor, Array], direction: Mapping[Tensor, Array], x: Tensor) -> Array:
        """Where a shorter step gives another change, as of a sine of 10^30: no difference can tell there."""
        shorter = self._differences(direction, SHORT / 1024)[x]
        gaps = np.abs(shorter - truths[x]) > SETTLED * np.maximum(np.abs(shorter), np.abs(truths[x]))
        return np.asarray(gaps, dtype=bool)

    def _edges(self, x: Tensor) -> Array:
        """Elements that have no derivative, or lead over a kink, even one that only a second derivative sees."""
        return np.asarray(self.truth.tied[x] | ~held_by(self.rounding, self.truth.by[x], x.dtype))


def _largest(values: Array) -> float:
    """The largest finite size."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
