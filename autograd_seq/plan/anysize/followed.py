"""Whether a loss can be computed for some examples at a time: each value is followed from the arguments to the results.

Of what a program computes for a part of the examples, a value of the whole is

* the same as that of each part, if no example has anything to do with it, as a weight,
* the parts' joined along an axis, if it has a column for each example: the axis that is as long as there are examples,
* the parts' sum, if it was added up over the examples, as a loss and the gradients of weights are,

or none of these, as a softmax over the examples, and then they cannot be separated. Which it is follows for each value
from what its operands are, whatever the sizes and numbers are. Numbers that depend on how many examples there are, as
the 1 / m of a mean, are those of the whole: a program for a part is told both lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from math import prod
from typing import Any

import numpy as np

from autograd_seq.plan.anysize.size import NotGeneralError, Size
from autograd_seq.plan.anysize.splitting import Split, TogetherError, axes, axis_in, counts
from autograd_seq.plan.value import (
    ALL_STEPS,
    GIVEN,
    LITERAL,
    OVER_TIME,
    PRODUCT,
    ROWS,
    STEPS,
    SUM,
    TRANSPOSE,
    Network,
    Use,
    Value,
)  # fmt: skip


class Of(Enum):
    """What a value of the whole is of those of the parts."""

    SAME = "the same"
    JOINED = "joined"
    TOTAL = "the sum"


SAME, JOINED, TOTAL = Of.SAME, Of.JOINED, Of.TOTAL


def split_of(network: Network, names: Sequence[str]) -> Split:
    """By which size the values of a network can be taken in parts: the first that can."""
    why_not = []
    steps = [value.times for value in network.values]
    for name in names:
        if any(counts(times, name) for times in steps):
            continue
        try:
            Followed(network, name)
        except (TogetherError, NotGeneralError) as reason:
            why_not.append(str(reason))
        else:
            return Split(name, f"{name}_all")
    return Split(why_not=why_not[0] if why_not else "the arguments have no axis of examples")


class Followed:
    """What each value of a network is of those of its parts.

    Parameters
    ----------
    network : Network
        Lengths and numbers in it know the names of sizes.
    name : str
        The size that counts the examples.

    Attributes
    ----------
    axes : dict of Value to int or None
        Along which axis each value has examples.
    of : dict of Value to Of
    shared : dict of Value to list of int
        The sums over examples to which something is added that is the same for all, as a penalty on weights: which
        operands these are. Of a part they must be a part.

    Raises
    ------
    TogetherError
        If a value is neither the same, joined nor the sum.
    """

    def __init__(self, network: Network, name: str) -> None:
        self.name = name
        self.axes: dict[Value, int | None] = {}
        self.of: dict[Value, Of] = {}
        self.shared: dict[Value, list[int]] = {}
        values = network.values
        for value in values:
            self.axes[value] = axis_in(value.shape, name)
            if self.axes[value] is not None:
                self.of[value] = JOINED
        self._spread(values)
        for value in values:
            self._confirm(value)
        for key, use in network.outputs.items():
            if self.of[use.value] is not TOTAL:
                what = "the loss" if key == "J" else f"the gradient {key}"
                raise TogetherError(f"{what} is not a sum over the examples")

    def _spread(self, values: Sequence[Value]) -> None:
        """Go through the values until nothing new is known; what only a loop makes of itself is then the same."""
        changed = True
        while changed:
            changed = False
            for value in values:
                if value not in self.of and (found := self._found(value)) is not None:
                    self.of[value] = found
                    changed = True
        for value in values:
            self.of.setdefault(value, SAME)

    def _found(self, value: Value) -> Of | None:
        """What a value without examples is; None if that is not known yet."""
        uses = [use for use in value.every_use if not _nothing(use)]
        known = {self.of[use.value] for use in uses if use.value in self.of}
        if (JOINED in known or TOTAL in known) and value.kind is SUM:
            return TOTAL
        if any(use.value not in self.of for use in uses):
            return None
        return SAME if known <= {SAME} else TOTAL

    def _confirm(self, value: Value) -> None:
        """Make sure that a value is what it was taken for."""
        if any(counts((use.shift, use.at), self.name) for use in value.every_use):
            raise self._mixed(value)
        for use in value.beyond.values():
            if not self._alike(use, value):
                raise TogetherError(f"{value.name} begins as something else than it goes on")
        if value.kind not in (LITERAL, GIVEN, STEPS):
            operands = [self.of[use.value] for use in value.uses if not _nothing(use)]
            if value.kind is ALL_STEPS or all(of is SAME for of in (*operands, self.of[value])):
                self._plain(value, operands)
            else:
                self._follow(value)

    def _plain(self, value: Value, operands: Sequence[Of]) -> None:
        """What no example has anything to do with; or all steps of a value, which are what it is."""
        if counts(value.settings, self.name):
            raise self._mixed(value)
        if any(of is not self.of[value] for of in operands):
            raise self._mixed(value)

    def _alike(self, use: Use, value: Value) -> bool:
        """Whether a value may stand beyond the steps of another one."""
        if use.value.kind is LITERAL:
            return self.of[value] is not TOTAL or _nothing(use)
        return self.of[use.value] is self.of[value] and use.value.shape == value.shape

    def _mixed(self, value: Value) -> TogetherError:
        return TogetherError(f"{value.name} ({value.kind.name}) depends on several examples in a way that is not a sum")

    # -- by what computes it --------------------------------------------------------------------

    def _follow(self, value: Value) -> None:
        """A value that has to do with examples."""
        kind, settings = value.kind, set(value.settings)
        if not _looked_at(kind) and counts(value.settings, self.name):
            raise self._mixed(value)
        if kind in (OVER_TIME, SUM) or kind.algebra == "stacked":
            self._all_alike(value)
        elif kind.algebra == "joined":
            self._beside(value)
        elif kind.algebra == "matrix product":
            self._product(value)
        elif kind is PRODUCT or kind.elementwise:
            self._elementwise(value)
        elif kind.along:
            self._along(value)
        elif kind.algebra == "gathered parts":
            self._gathered(value)
        elif "subscripts" in settings:
            self._by_letters(value)
        elif kind.algebra == "looked up":
            self._looked_up(value)
        elif kind.algebra == "put back":
            self._put_back(value)
        elif kind.rearranges or kind in (ROWS, TRANSPOSE):
            self._rearranged(value)
        else:
            raise TogetherError(f"it is not known what {kind.name} does with examples")

    def _joined(self, value: Value) -> Iterator[tuple[Value, int]]:
        """The operands that have examples, and along which axis."""
        for use in value.uses:
            x = use.value.uses[0].value if use.value.kind is ALL_STEPS else use.value
            axis = self.axes[x]
            if axis is not None:
                yield x, axis

    def _from_right(self, value: Value) -> None:
        """Examples stand at the same place, counted from the last axis, as broadcasting counts."""
        axis = self.axes[value]
        places = {len(x.shape) - at for x, at in self._joined(value)}
        if axis is None or places - {len(value.shape) - axis}:
            raise self._mixed(value)

    def _totals(self, value: Value) -> list[int]:
        return [i for i, use in enumerate(value.uses) if self.of[use.value] is TOTAL]

    def _all_alike(self, value: Value) -> None:
        """Sums, and what is put together: of values that all have examples, or are all added up over them."""
        if self.of[value] is TOTAL:
            operands = [TOTAL if _nothing(use) else self.of[use.value] for use in value.uses]
            if JOINED in operands or (SAME in operands and value.kind is not SUM):
                raise self._mixed(value)
            if SAME in operands:
                self.shared[value] = [i for i, of in enumerate(operands) if of is SAME]
        elif self._totals(value):
            raise self._used_again(value)
        elif value.kind in (SUM, OVER_TIME):
            self._from_right(value)
        elif any(self.of[use.value] is not JOINED for use in value.uses):
            raise self._mixed(value)

    def _used_again(self, value: Value) -> TogetherError:
        return TogetherError(f"{value.name} is computed for each example from a sum over all of them")

    def _beside(self, value: Value) -> None:
        """Arrays beside each other along another axis than that of the examples."""
        axis, of_result = value.settings.get("axis", 0), self.axes[value]
        if of_result is not None and (axis is None or axis % len(value.shape) == of_result):
            raise self._mixed(value)
        self._all_alike(value)

    def _elementwise(self, value: Value) -> None:
        totals, algebra = self._totals(value), value.kind.algebra
        if self.of[value] is JOINED:
            if totals:
                raise self._used_again(value)
            self._from_right(value)
            return
        everything = len(totals) == len(value.uses)
        linear = (
            (value.kind is PRODUCT and len(totals) == 1)
            or (algebra == "quotient" and totals == [0])
            or (algebra in ("difference", "negative") and everything)
            or value.kind.cuts
        )
        if not linear:
            raise TogetherError(f"{value.name} ({value.kind.name}) is not a sum over the examples, but made of one")

    def _product(self, value: Value) -> None:
        """A product of matrices, in which examples may be rows or columns, or what is summed over."""
        left, right = (use.value for use in value.uses)
        summed = {left: len(left.shape) - 1, right: max(len(right.shape) - 2, 0)}
        inner = [x for x in (left, right) if self.axes[x] is not None and self.axes[x] == summed[x]]
        if self._totals(value):
            if self.of[value] is not TOTAL or SAME not in (self.of[left], self.of[right]):
                raise self._mixed(value)
        elif len(inner) == 2:
            if self.of[value] is not TOTAL:
                raise self._mixed(value)
        elif inner or self.of[value] is not JOINED:
            raise self._mixed(value)
        elif self.of[left] is JOINED and self.of[right] is JOINED:
            self._from_right(value)  # a product for each example

    def _along(self, value: Value) -> None:
        """What works along axes: over the examples it must be a sum, or the mean, which is made a sum."""
        mean = value.kind.averages and np.dtype(value.dtype).itemsize >= 4  # in half precision its sum may overflow
        adds = value.kind.reduces is np.add or mean
        if self._totals(value):
            if not adds or self.of[value] is not TOTAL:
                raise self._used_again(value)
            return
        joined = list(self._joined(value))
        first, axis = joined[0]
        if len(joined) < len(value.uses) or any((x.shape, at) != (first.shape, axis) for x, at in joined):
            raise self._mixed(value)
        over = axis in axes(value.settings.get("axis"), len(first.shape))
        if "axis" not in value.settings or (over and not adds) or over is not (self.of[value] is TOTAL):
            raise TogetherError(f"{value.name} ({value.kind.name}) goes over the examples")

    def _gathered(self, value: Value) -> None:
        """Pieces added into zeros."""
        if self.of[value] is TOTAL:
            self._all_alike(value)
            return
        if len(list(self._joined(value))) < len(value.uses):
            raise self._mixed(value)
        for index in value.settings["indices"]:
            self._whole_at(index, self.axes[value], len(value.shape), value)

    def _by_letters(self, value: Value) -> None:
        """einsum: the letter of the examples is kept in the result, or summed over."""
        terms, result = value.settings["subscripts"].split("->")
        letters = {
            term[axis] for term, use in zip(terms.split(","), value.uses, strict=True)
            if (axis := self.axes[use.value]) is not None
        }  # fmt: skip
        totals = self._totals(value)
        if len(totals) > 1 or (totals and letters) or len(letters) > 1:
            raise self._mixed(value)
        if (self.of[value] is JOINED) is not any(letter in result for letter in letters):
            raise self._mixed(value)

    def _looked_up(self, value: Value) -> None:
        """Rows of what all examples share, by the integers of each."""
        x, *integers = (use.value for use in value.uses)
        if self._totals(value):
            raise self._used_again(value)
        if self.of[x] is not SAME:
            raise TogetherError(f"{value.name} picks from an array of all examples by integers")
        if len({len(i.shape) - axis for i in integers if (axis := self.axes[i]) is not None}) > 1:
            raise self._mixed(value)

    def _put_back(self, value: Value) -> None:
        """Pieces of all examples, added into rows of what they share: a sum over the examples."""
        given = sum(isinstance(part, str) for part in value.settings["at"])
        steps = len(value.uses) // (1 + given)
        pieces = {self.of[use.value] for use in value.uses[:steps]}
        integers = {self.of[use.value] for use in value.uses[steps:]}
        if self.of[value] is not TOTAL or not (pieces == {JOINED} or (pieces == {TOTAL} and integers == {SAME})):
            raise self._mixed(value)

    # -- the same numbers elsewhere -------------------------------------------------------------

    def _rearranged(self, value: Value) -> None:
        """Numbers in other places: those of an example must stay together."""
        x = value.uses[0].value
        if self.of[x] is TOTAL:
            if self.of[value] is not TOTAL:
                raise self._used_again(value)
            return
        axis, of_result = self.axes[x], self.axes[value]
        if of_result is None:
            raise TogetherError(f"{value.name} picks one of the examples")
        settings, kept = value.settings, len(x.shape) == len(value.shape)
        if value.kind.algebra == "part" or value.kind is ROWS:
            index = settings["index"] if "index" in settings else (slice(*settings["rows"]),)
            self._whole_at(index, axis, len(x.shape), value)
        elif "shape" in settings and (axis is None or prod(x.shape) != prod(value.shape)):
            self._repeated(value, x)
        elif "axis" in settings and kept:
            if axis in axes(settings["axis"], len(x.shape)):
                raise self._mixed(value)
        elif not (kept and (value.kind.algebra == "transpose" or settings.keys() & {"axis1", "source"})):
            before = prod(x.shape[:axis]), prod(value.shape[:of_result])
            if axis is None or not settings.keys() & {"shape", "axis"} or before[0] != before[1]:
                raise self._mixed(value)

    def _repeated(self, value: Value, x: Value) -> None:
        """What is stretched to another shape is repeated for each example, or has them at the same place."""
        if tuple(value.settings["shape"]) != value.shape:
            raise self._mixed(value)
        self._from_right(value)

    def _whole_at(self, index: Any, axis: int | None, ndim: int, value: Value) -> None:
        """Make sure that an index takes all examples, in their order."""
        parts = list(index) if isinstance(index, tuple) else [index]
        masks = any(isinstance(part, bool) or getattr(part, "dtype", None) == np.bool_ for part in parts)
        if masks or axis is None:
            raise self._mixed(value)
        taken = sum(part is not None and part is not Ellipsis for part in parts)
        if not any(part is Ellipsis for part in parts):
            parts.append(Ellipsis)
        at = 0
        for part in parts:
            width = 0 if part is None else ndim - taken if part is Ellipsis else 1
            here = at <= axis < at + width and part is not Ellipsis
            if not self._all(part) if here else counts(part, self.name):
                raise TogetherError(f"{value.name} picks some of the examples")
            at += width

    def _all(self, part: Any) -> bool:
        """Whether a part of an index is that of all examples."""
        if not isinstance(part, slice) or part.start not in (None, 0) or part.step not in (None, 1):
            return False
        return part.stop is None or (isinstance(part.stop, Size) and part.stop.terms == {(self.name,): 1})


def _nothing(use: Use) -> bool:
    """Whether an operand is the number 0, which is the sum of nothing as well."""
    return use.value.kind is LITERAL and use.value.settings["number"] == 0


def _looked_at(kind: Any) -> bool:
    """Whether the lengths in the settings of an operation are looked at one by one."""
    return bool(kind.rearranges or kind.algebra == "gathered parts" or kind in (OVER_TIME, ROWS))
