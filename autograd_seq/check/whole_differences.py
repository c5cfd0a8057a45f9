"""The whole function beside differences in float64: for what was not recorded, has no meaning, or is too large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.check.again import Again
from autograd_seq.check.gradcheck_report import Whole
from autograd_seq.check.not_finite import all_finite, left_without
from autograd_seq.check.slopes import FAR_APART, Slope, best_slope, scales_for, settled
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor

WORK = 400_000  # records computed for the differences; beyond, random directions only
ELEMENTS = 1000  # of one leaf; with more, random directions only
TOLERANCE = 1e-6
DIRECTIONS = 3
CLOSER = 5  # times a step is shortened to a tenth, to stay on the branch


class WholeByDifferences:
    """A weighted sum of a function's outputs, differenced in float64.

    Parameters
    ----------
    again : Again
        The function.
    weights : sequence of ndarray
        Of its outputs.
    """

    def __init__(self, again: Again, weights: Sequence[Array], rng: np.random.Generator) -> None:
        self.again, self.weights, self.rng = again, weights, rng
        self.undecided: list[str] = []
        self.finite = all_finite(again.graph)

    def _along(self, direction: Mapping[Tensor, Array]) -> Callable[[float], float]:
        """The weighted sum along a direction."""

        def value(t: float) -> float:
            moved = {x: x._value.astype(np.float64) + t * v for x, v in direction.items()}
            ends = self.again.called(moved)
            if ends is None:
                values = self.again.replayed(moved)
                ends = [values[o] for o in self.again.outputs]
            return float(sum(np.vdot(c, o) for c, o in zip(self.weights, ends, strict=True)))

        return value

    def _scales(self, direction: Mapping[Tensor, Array], size: float) -> list[float]:
        """First steps on which no decision changes; none next to a kink."""
        scales = scales_for(size)
        if self.again.kinked:
            scales += [scales[-1] / 10**k for k in range(1, CLOSER)]
            scales = [s for s in scales if self._stays(direction, FAR_APART * s)]
        return scales

    def _stays(self, direction: Mapping[Tensor, Array], step: float) -> bool:
        with np.errstate(all="ignore"):
            ends = ({x: x._value + side * step * v for x, v in direction.items()} for side in (-1, 1))
            return all(self.again.same_branch(self.again.replayed(moved)) for moved in ends)

    def _slope(self, direction: Mapping[Tensor, Array], size: float) -> Slope | None:
        scales = self._scales(direction, size)
        try:
            return best_slope(self._along(direction), scales) if scales else None
        except Exception:  # the function takes no other numbers
            return None

    def compare(self, x: Tensor, found: Array) -> Whole:
        """The gradient by one leaf, by elements or, of a large one, along random directions."""
        if 28 * x.size * len(self.again.graph) > WORK or x.size > ELEMENTS:
            return self._directional(x, found)
        places = list(np.ndindex(x.shape))
        left_out = left_without(x, found, self.finite) | ~np.isfinite(x._value)
        open_ = [p for p in places if not left_out[p]]
        slopes = {p: self._slope({x: _unit(x.shape, p)}, abs(float(x._value[p]))) for p in open_}
        kept = [p for p in open_ if slopes[p] is not None]
        if len(kept) < len(open_) and not self.again.tied:
            self.undecided.append(
                f"{x.label}: differences in float64 cannot be taken at {len(open_) - len(kept)} elements: "
                "a kink or the end of the domain is within every step"
            )
        if not kept:
            return Whole(x.label, 0.0, None, 0.0, 0.0, "elements", len(places))
        slope = Slope(*(np.array([float(slopes[p][k]) for p in kept]) for k in (0, 1)))  # type: ignore[index]
        numbers = np.array([float(found[p]) for p in kept])
        whole = self._judged(x, slope, numbers, "elements", len(places) - len(kept))
        return whole if whole.element is None else _at(whole, kept[whole.element[0]])

    def _judged(self, x: Tensor, slope: Slope, found: Array, how: str, excluded: int) -> Whole:
        wrong, unknown = settled(slope, found, TOLERANCE)
        scale = max(float(np.max(np.abs(slope.value), initial=0)), float(np.max(np.abs(found), initial=0)), 1e-300)
        gaps = np.abs(slope.value - found) / scale
        gaps = np.where(np.isnan(gaps), np.inf, gaps)
        i = int(np.argmax(np.where(wrong, gaps + 1, gaps)))
        if unknown.any() and not wrong.any():
            self.undecided.append(f"{x.label}: differences in float64 have fewer than three digits here")
        return Whole(
            x.label, float(gaps[i]), (i,), float(slope.value[i]), float(found[i]), how, excluded, bool(wrong.any())
        )  # fmt: skip

    def _directional(self, x: Tensor, found: Array) -> Whole:
        """Along random directions, in which every element changes in proportion."""
        if not (np.isfinite(x._value).all() and (self.finite or np.isfinite(found).all())):
            return Whole(x.label, 0.0, None, 0.0, 0.0, "directions", x.size)
        slopes, numbers = [], []
        size = float(np.sqrt(np.mean(np.square(x._value.astype(np.float64)))))
        for _ in range(DIRECTIONS):
            v = self.rng.standard_normal(x.shape)
            slope = self._slope({x: v}, size)
            if slope is not None:
                slopes.append(slope)
                numbers.append(float(np.vdot(found, v)))
        if not slopes:
            if not self.again.tied:
                self.undecided.append(f"{x.label}: a kink is within every step of differences in float64")
            return Whole(x.label, 0.0, None, 0.0, 0.0, "directions", x.size)
        together = Slope(*(np.array([float(s[k]) for s in slopes]) for k in (0, 1)))
        return _at(self._judged(x, together, np.array(numbers), "directions", 0), None)

    def taylor(self, gradients: Mapping[Tensor, Array]) -> float:
        """The order of φ(x + t v) - φ(x) - t g·v in t, where it stands above rounding; NaN next to a kink."""
        direction = {x: self.rng.standard_normal(x.shape) for x in gradients}
        size = min((_typical(x._value) for x in gradients), default=1.0)
        scales = self._scales(direction, size)
        if not scales:
            return float("nan")
        along = self._along(direction)
        try:
            start = along(0.0)
            rate = float(sum(np.vdot(gradients[x], v) for x, v in direction.items()))
            ends = [along(FAR_APART * scales[0] * 4 / 2**k) for k in range(14)]
        except Exception:  # the function takes no other numbers
            return float("nan")
        largest = max(abs(start), *(_largest(o._value) for o in self.again.outputs), 1e-300)
        noise = 1e4 * float(np.finfo(np.float64).eps) * largest
        rest = [abs(end - start - FAR_APART * scales[0] * 4 / 2**k * rate) for k, end in enumerate(ends)]
        rest = [r for r in rest if r > noise]
        orders = np.log2(np.array(rest[:-1]) / np.array(rest[1:])) if len(rest) > 1 else np.array([])
        return float(np.median(orders[-3:])) if len(orders) else float("inf")


def _at(whole: Whole, place: tuple[int, ...] | None) -> Whole:
    return Whole(
        whole.name, whole.error, place, whole.expected, whole.found, whole.how, whole.excluded, whole.wrong
    )  # fmt: skip


def _unit(shape: tuple[int, ...], place: tuple[int, ...]) -> Array:
    v = np.zeros(shape)
    v[place] = 1.0
    return v


def _typical(values: Array) -> float:
    """The smallest size that is not 0."""
    sizes = np.abs(values[(values != 0) & np.isfinite(values)])
    return float(np.min(sizes, initial=1.0)) if sizes.size else 1.0


def _largest(values: Any) -> float:
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
