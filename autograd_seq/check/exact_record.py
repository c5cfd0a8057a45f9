"""One record in high precision: its rules beside the derivative of its meaning, its meaning beside its value rule.

Two questions are kept apart. Whether a rule is the right formula is asked in exact scalars,
where a difference of one part in 10^25 is a mistake and no rounding is in the way. Whether the
rule on bare arrays computes that formula is asked of floats, within the rounding of its terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_seq.check.applying import as_recorded, exactly
from autograd_seq.check.rule_comparison import Comparison
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import decisions
from autograd_seq.readings.precise import applied
from autograd_seq.readings.precise_algebra import enough_digits
from autograd_seq.readings.rounding import Rounding, coarsest, parts_of
from autograd_seq.readings.scalars import Tape

ULPS = 16  # how much worse than correctly rounded NumPy's functions and sums may be
RELATIVE = 1e-25  # in exact scalars, relative to the derivative
LEFT = 30  # digits of theirs that rounding may take, relative to the bound for floats
ORDINARY = (1e-10, 1e10)  # of numbers of these sizes no right rule makes such as hide all digits behind rounding
AT_EDGES = 1e-6  # relative, where the formula has no value and floats do without it
MOVED = (1e-3, 1e-5, 1e-7)  # how far from the recorded numbers a meaning is compared, relative to them; the first
# that stays on the branch and in the domain
SCALES = {2: (-4.0, 2.0**-4), 4: (-(2.0**10), 2.0**-20)}  # by size of a float: a rule must be linear in its adjoint
FAR_SCALES = (-(2.0**30), 2.0**-60)


class NotFollowedError(Exception):
    """A rule cannot be applied to exact scalars."""


class ExactRecord:
    """One record and its derivatives in high precision.

    Parameters
    ----------
    record : Tensor
        A result of floats.

    Raises
    ------
    Exception
        What its meaning raises, if it is not written for scalars.
    """

    def __init__(self, record: Tensor) -> None:
        self.record = record
        self.dtype = coarsest([record, *record.inputs])
        digits = enough_digits([record._value, *(x._value for x in record.inputs)])
        self.tape, self.rounding = Tape(digits), Rounding(self.dtype, digits)
        self.variables = [
            self.tape.variables(x._value) if x.dtype.kind == "f" else self.tape.array(x._value) for x in record.inputs
        ]
        self.made = applied(record, self.tape, self.variables)
        self.inputs = [self.rounding.given(x._value) for x in record.inputs]
        self.result = applied(record, self.rounding, self.inputs)

    def _at(self, values: Sequence[Array]) -> Array:
        """The meaning at other numbers on the same branch, with bounds for rounding."""
        return applied(self.record, self.rounding, [self.rounding.given(v) for v in values])

    # -- value and meaning ----------------------------------------------------------------

    def disagreement(self, rng: np.random.Generator) -> tuple[tuple[int, ...], float, float] | None:
        """Where value rule and meaning differ, at the recorded numbers and around them: element, meaning and value."""
        record = self.record
        found = self._differing(self.result, record._value, [x._value for x in record.inputs])
        for _ in range(2):
            if found is None and (moved := self._moved(rng)) is not None:
                values, made = moved
                found = self._differing(self._at(values), made, values)
        return found

    def _moved(self, rng: np.random.Generator) -> tuple[list[Array], Array] | None:
        """Other numbers on the same branch, and what the value rule gives there."""
        record = self.record
        operation: Any = record.operation
        try:
            here = decisions(record)
        except Exception:  # it is not written for floats
            return None
        directions = [rng.uniform(0.5, 1.0, x.shape) * rng.choice([-1.0, 1.0], x.shape) for x in record.inputs]
        directions = [  # a probability of 0 can only grow
            np.where(x._value == 0, np.abs(d), d) for x, d in zip(record.inputs, directions, strict=True)
        ]
        for step in MOVED:
            values = []
            for x, direction in zip(record.inputs, directions, strict=True):
                if x.dtype.kind == "f":
                    far = max(step, 16 * float(np.finfo(x.dtype).eps))
                    size = np.where(x._value == 0, 1, np.abs(x._value))
                    values.append(np.asarray(x._value + far * size * direction, dtype=x.dtype))
                else:
                    values.append(x._value)
            try:
                with np.errstate(all="ignore"):
                    made = np.asarray(operation.value(*values, **record.settings))
                same = decisions(record, values) == here
            except Exception:  # outside what the value rule takes
                continue
            if same and made.shape == record.shape and np.isfinite(made[np.isfinite(record._value)]).all():
                return values, made
        return None

    def _differing(
        self, meant: Array, value: Array, values: Sequence[Array]
    ) -> tuple[tuple[int, ...], float, float] | None:
        if out_of_range(values):
            return None
        exact, errors, _ = parts_of(meant)
        least = 2 * smallest(self.record.dtype)
        for place in np.ndindex(value.shape):
            gap = abs(exact[place] - self.rounding.exact(value[place]))
            if np.isfinite(value[place]) and ULPS * errors[place] + least < gap < self.rounding.context.inf:
                return place, float(exact[place]), float(value[place])
        return None

    # -- rules ----------------------------------------------------------------------------

    def derivative(self, position: int, adjoint: Array) -> tuple[Array, Array]:
        """The adjoint of an input as the meaning says, and which elements lead over a kink that is met exactly."""
        adjoints = [self.tape.exact(g) for g in adjoint.flat]
        back = self.tape.pull(list(zip(self.made.flat, adjoints, strict=True)))
        touching = self.tape.touching(back.kinks)
        variables = self.variables[position]
        truth, kinked = np.empty(variables.shape, dtype=object), np.zeros(variables.shape, dtype=bool)
        for place in np.ndindex(variables.shape):
            variable: Any = variables[place]
            truth[place], kinked[place] = back.adjoints[variable.kept], bool(touching.adjoints[variable.kept])
        return truth, kinked

    def passes_on(self, position: int, adjoint: Array) -> tuple[tuple[int, ...], float] | None:
        """An element that the result changes with, and its derivative; None if it is constant in this input."""
        truth, kinked = self.derivative(position, adjoint)
        for place in np.ndindex(truth.shape):
            if truth[place] and self.tape.context.isfinite(truth[place]) and not kinked[place]:
                return place, float(truth[place])
        return None

    def compare(self, position: int, adjoint: Array, scaled: bool = True) -> Comparison:
        """The rule of one input beside the derivative, for an adjoint and, with `scaled`, for multiples of it.

        Raises
        ------
        Exception
            What the rule raises.
        """
        record = self.record
        adjoint = np.asarray(adjoint, dtype=record.dtype)
        if adjoint[~np.isfinite(record._value)].any():  # where a result is not finite there is no derivative
            return Comparison(0.0, (), 0.0, 0.0, record.inputs[position].size, "digits")
        truth, kinked = self.derivative(position, adjoint)
        with np.errstate(all="ignore"):
            bare = as_recorded(record, position, adjoint)
            try:
                scalars = exactly(record, position, adjoint, self.rounding, self.inputs, self.result)
            except Exception as error:  # it may be written for bare arrays only, or for operations without a meaning
                raise NotFollowedError(str(error)) from error
            tiny = out_of_range([adjoint, record._value, *(x._value for x in record.inputs)])
            if not all(np.isfinite(x._value).all() for x in record.inputs):
                kinked |= np.isnan(bare)
            trusted = AT_EDGES if ordinary([adjoint, record._value, *(x._value for x in record.inputs)]) else np.inf
            result = settle(self.rounding, truth, kinked, scalars, bare, tiny, trusted=trusted)
            if scaled and result.ok and not tiny:
                free = ~kinked & held_by(self.rounding, truth, self.dtype)
                return self._linear(position, adjoint, scalars, free, result)
        return result

    def _linear(
        self, position: int, adjoint: Array, scalars: Array, free: Array, result: Comparison
    ) -> Comparison:
        """Twice the adjoint must give twice the answer, however large or small it is."""
        exact, errors, _ = parts_of(scalars)
        limits = np.finfo(self.dtype)
        low = self.rounding.exact(limits.tiny) * 2 ** (10 if limits.dtype.itemsize == 2 else 20)
        high = self.rounding.exact(limits.max) / 2
        for scale in SCALES.get(limits.dtype.itemsize, FAR_SCALES):
            answer = as_recorded(self.record, position, np.asarray(adjoint * adjoint.dtype.type(scale)))
            for place in np.ndindex(answer.shape):
                expected = exact[place] * scale
                if not free[place] or not np.isfinite(answer[place]) or not low < abs(expected) < high:
                    continue
                gap = abs(self.rounding.exact(answer[place]) - expected)
                last = 2 if float(expected) else ULPS  # of longdouble, a bound may be too small for a Python float
                if gap > ULPS * errors[place] * abs(scale) + last * self.rounding.unit * abs(expected):
                    message = f"the rule is not linear: for an adjoint {scale:.3g} times as large it is off"
                    return replace(
                        result, error=float(gap / abs(expected)), element=place,
                        expected=float(expected), found=float(answer[place]), wrong=True, message=message,
                    )  # fmt: skip
        return result


def smallest(dtype: np.dtype[Any]) -> float:
    """What is too near to the smallest float: losses take no probability for smaller."""
    if dtype == np.float16:
        return 2.0**-13
    return 1024 * float(np.finfo(dtype if dtype == np.float32 else np.float64).tiny)


def held_by(algebra: Rounding, values: Array, dtype: np.dtype[Any]) -> Array:
    """Which exact scalars a float has room for; longdouble has more than a Python float."""
    if dtype.itemsize <= 8:
        return np.isfinite(values.astype(float))
    largest = algebra.exact(np.finfo(dtype).max)
    return np.array([bool(abs(v) <= largest) for v in values.flat], dtype=bool).reshape(values.shape)


def out_of_range(values: Sequence[Array]) -> bool:
    """Whether floats are so near to the smallest one that their digits are lost."""
    for v in values:
        if v.dtype.kind == "f" and v.size:
            sizes = np.abs(v)
            if ((sizes > 0) & (sizes < smallest(v.dtype))).any():
                return True
    return False


def ordinary(values: Sequence[Array]) -> bool:
    """Whether numbers are neither large nor small, but for those that are 0."""
    sizes = [np.abs(v[v != 0]) for v in values if v.dtype.kind == "f"]
    return all(bool(((s >= ORDINARY[0]) & (s <= ORDINARY[1])).all()) for s in sizes)


def settle(
    algebra: Rounding, truth: Array, kinked: Array, scalars: Array, bare: Array, tiny: bool = False,
    floor: float = 0.0, trusted: float = np.inf,
) -> Comparison:  # fmt: skip
    """What comes of the derivative, the rule in exact scalars with bounds, and the rule on bare arrays.

    Parameters
    ----------
    algebra : Rounding
        What made the scalars.
    truth : ndarray of mpf
        The derivative.
    kinked : ndarray of bool
        Elements that are left out.
    scalars : ndarray of Scalar
        The rule.
    bare : ndarray
        Floats.
    tiny : bool
        Whether floats have lost their digits, so that only the formula can be compared.
    floor : float
        How far off the derivative itself may be, where it is a difference.
    trusted : float
        How much rounding of exact scalars may take, relative to the derivatives: a rule whose bounds say more,
        because it divides by what is 0 but for rounding, gives nothing that could agree.
    """
    exact, errors, slips = parts_of(scalars)
    free = ~kinked & held_by(algebra, truth, bare.dtype)
    worst: tuple[tuple[int, ...], float, float] | None = None
    most = agreed = 0.0
    sizes = [algebra.exact(1.0), *(abs(x) for x in truth[free])]
    usual = algebra.unit * max(sizes)
    rest = algebra.exact(10) ** (LEFT - algebra.context.dps)
    limit = trusted * max(sizes) if np.isfinite(trusted) else algebra.context.inf
    for place in np.ndindex(truth.shape):
        if not free[place]:
            continue
        bound = algebra.exact(errors[place]) if algebra.context.isfinite(errors[place]) else usual
        size, float_rule, found = abs(truth[place]), algebra.exact(bare[place]), exact[place]
        gap = abs(found - truth[place])
        wrong = not gap <= RELATIVE * size + min(rest * bound, limit) + floor + ULPS * slips[place]
        if wrong and not algebra.context.isfinite(found):  # the edge of a domain, which floats may keep away from
            wrong, found = not abs(float_rule - truth[place]) <= max(AT_EDGES, ULPS * algebra.unit) * size, float_rule
        elif not wrong:
            agreed = max(agreed, float(gap / (size + bound + 1e-300)))
            found = float_rule
            held = tiny or not algebra.context.isfinite(errors[place])  # there is nothing to hold floats to
            last = 2 * algebra.unit * abs(exact[place])  # an answer is rounded once, whatever it is made of
            wrong = not (held or abs(found - exact[place]) <= ULPS * errors[place] + last)
        if wrong:
            distance: Any = abs(found - truth[place])
            off = float(distance / max(size, abs(found), algebra.exact(1e-300)))
            off = float("inf") if off != off else off
            if worst is None or off > most:
                worst, most = (place, float(truth[place]), float(found)), off
    left_out = int(np.size(free) - np.count_nonzero(free))
    if worst is not None:
        return Comparison(most, *worst, left_out, "digits", wrong=True)
    return Comparison(agreed, (), 0.0, 0.0, left_out, "digits")
