"""What the plans of a few small recordings have in common: one plan, whose lengths have names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.folding.step_index import GivenIndex, StepIndex
from autograd_seq.plan.anysize.counted import counted
from autograd_seq.plan.anysize.filled_arrays import Filled
from autograd_seq.plan.anysize.ratio import fitted
from autograd_seq.plan.anysize.size import Asked, NotGeneralError, sized
from autograd_seq.plan.anysize.stretch import stretch
from autograd_seq.plan.value import LITERAL, Network, Use, Value, tie

Points = Sequence[Mapping[str, int]]


def _counted(index: GivenIndex) -> tuple[int] | None:
    """How much more than the step an index is, if that is the same at all of them."""
    values = [(time, value) for time, value in index.values if time is not None and type(value) is int]
    more = {value + index.more - (time - index.shift) for time, value in values}
    return (more.pop(),) if len(values) == len(index.values) and len(more) == 1 else None


def _of_two(found: Sequence[int], names: Sequence[str], base: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    """Terms of two sizes and their product, such as (2 K + 1) m: of what is found at some, one more of each, of both.

    Examples
    --------
    >>> _of_two([27, 33, 36, 44], ["K", "m"], {"K": 4, "m": 3})
    {('K', 'm'): 2, ('K',): 0, ('m',): 1, (): 0}
    """
    first, second = names
    none, one, other, both = found
    product = both - one - other + none
    of_first, of_second = one - none - product * base[second], other - none - product * base[first]
    rest = none - product * base[first] * base[second] - of_first * base[first] - of_second * base[second]
    return {tuple(sorted(names)): product, (first,): of_first, (second,): of_second, (): rest}


class Unified:
    """One network for several, which were recorded with different sizes.

    Parameters
    ----------
    networks : list of Network
    points : list of dict of str to int
        The sizes of each. The second differs from the first in one size, the third in the next, …; the last in all.
    asked : Asked
        The sizes that the plan is for first.

    Attributes
    ----------
    network : Network
    origins : dict of Value to list of Value
        What each of its values was in the networks.

    Raises
    ------
    NotGeneralError
        If they are not the same but for numbers that the sizes explain.
    """

    def __init__(self, networks: Sequence[Network], points: Points, asked: Asked) -> None:
        self.points, self.asked = points, asked
        columns = [network.values for network in networks]
        if len({len(column) for column in columns}) > 1:
            raise NotGeneralError(
                "other sizes make other programs: their steps are not all alike. Where a first state of zeros is why, "
                "import autograd_seq.numpy as np"
            )
        self._place = [{value: i for i, value in enumerate(column)} for column in columns]
        rows = list(zip(*columns, strict=True))
        self._made = [self._value(row) for row in rows]
        for made, row in zip(self._made, rows):
            self._finish(made, row)
        self.origins = {made: list(row) for made, row in zip(self._made, rows)}
        self.network = self._network(networks)

    # -- numbers --------------------------------------------------------------------------------

    def number(self, found: Sequence[int]) -> int:
        """The length that has some values at the points."""
        if all(n == found[0] for n in found):
            return found[0]
        base = self.points[0]
        names = list(base)
        slopes = [
            (n - found[0]) / (point[name] - base[name]) for name, n, point in zip(names, found[1:], self.points[1:])
        ]
        if all(slope == int(slope) for slope in slopes):
            terms: dict[tuple[str, ...], int] = {(name,): int(s) for name, s in zip(names, slopes)}
            terms[()] = found[0] - sum(int(s) * base[name] for name, s in zip(names, slopes))
            if self._fits(terms, found):
                return sized(terms, self.asked)
        product = tuple(sorted(name for name, n in zip(names, found[1:]) if n != found[0]))
        whole = [self._product(product, point) for point in self.points]
        if product and found[0] % whole[0] == 0 and self._fits({product: found[0] // whole[0]}, found):
            return sized({product: found[0] // whole[0]}, self.asked)
        if len(names) == 2 and self._fits(terms := _of_two(found, names, base), found):
            return sized(terms, self.asked)
        raise NotGeneralError(f"a length depends on the sizes in a way that is not known: {', '.join(map(str, found))}")

    def _fits(self, terms: Mapping[tuple[str, ...], int], found: Sequence[int]) -> bool:
        return all(
            n == sum(count * self._product(names, point) for names, count in terms.items())
            for n, point in zip(found, self.points)
        )

    @staticmethod
    def _product(names: tuple[str, ...], point: Mapping[str, int]) -> int:
        total = 1
        for name in names:
            total *= point[name]
        return total

    def setting(self, found: Sequence[Any]) -> Any:
        """One setting for those of all networks."""
        first = found[0]
        if any(type(x) is not type(first) for x in found):
            raise NotGeneralError(f"a setting is of another kind at other sizes: {first!r:.40}")
        if type(first) is int:
            return self.number(found)
        if isinstance(first, float):
            return fitted(found, self.points, self.asked.values)
        if isinstance(first, (tuple, list)) and len({len(x) for x in found}) == 1:
            return type(first)(self.setting(part) for part in zip(*found))
        if isinstance(first, dict) and all(x.keys() == first.keys() for x in found):
            return {key: self.setting([x[key] for x in found]) for key in first}
        if isinstance(first, slice):
            return slice(*(self.setting([getattr(x, end) for x in found]) for end in ("start", "stop", "step")))
        if isinstance(first, range):
            return stretch(self.number([x.start for x in found]), self.number([x.stop for x in found]))
        if isinstance(first, StepIndex):
            return StepIndex(self.number([x.shift for x in found]))
        if isinstance(first, GivenIndex) and all(map(_counted, found)):
            return StepIndex(self.number([_counted(x)[0] for x in found]))  # type: ignore[index]
        if isinstance(first, np.ndarray):
            same = all(np.array_equal(x, first) for x in found)
        else:
            same = all(x == first for x in found)
        if not same:
            raise NotGeneralError(f"a setting is another one at other sizes: {first!r:.40}")
        return first

    # -- values ---------------------------------------------------------------------------------

    def _value(self, row: Sequence[Value]) -> Value:
        first = row[0]
        alike = all(
            (v.kind, v.name, v.dtype, len(v.uses), len(v.beyond), len(v.shape), v.timed)
            == (first.kind, first.name, first.dtype, len(first.uses), len(first.beyond), len(first.shape), first.timed)
            for v in row
        )
        if not alike:
            raise NotGeneralError(f"other sizes make another program: {first.name} is not computed in the same way")
        shape = tuple(self.number(lengths) for lengths in zip(*(v.shape for v in row)))
        times = self.setting([v.times for v in row])
        return Value(first.kind, shape, first.dtype, times, [], self._settings(row), first.name)

    def _settings(self, row: Sequence[Value]) -> dict[str, Any]:
        if row[0].kind == LITERAL:
            numbers = [v.settings["number"] for v in row]
            whole = all(type(n) is int for n in numbers) and len(set(numbers)) == 1
            kind = np.dtype(row[0].dtype)
            rounding = float(np.finfo(kind).eps) if kind.kind == "f" else 0.0
            return {"number": numbers[0] if whole else fitted(numbers, self.points, self.asked.values, rounding)}
        return self.setting([v.settings for v in row])

    def _finish(self, made: Value, row: Sequence[Value]) -> None:
        uses = tuple(self._use(each) for each in zip(*(v.uses for v in row), strict=True))
        ends = zip(*(v.beyond.items() for v in row), strict=True)
        beyond = {self.number([t for t, _ in end]): self._use([use for _, use in end]) for end in ends}
        tie(made, uses=uses, beyond=beyond)

    def _use(self, uses: Sequence[Use]) -> Use:
        places = {place[use.value] for place, use in zip(self._place, uses)}
        if len(places) > 1:
            raise NotGeneralError(f"other sizes make another program: {uses[0].value.name} is used at another place")
        return Use(self._made[places.pop()], self.setting([u.shift for u in uses]), self.setting([u.at for u in uses]))

    def _network(self, networks: Sequence[Network]) -> Network:
        keys = [list(network.outputs) for network in networks]
        if any(key != keys[0] for key in keys):
            raise NotGeneralError("other sizes give the gradients of other parameters")
        outputs = {key: self._use([network.outputs[key] for network in networks]) for key in keys[0]}
        return Network(outputs, dict(networks[0].dtypes))

    def array(self, arrays: Sequence[Array], name: str) -> Array | Filled:
        """One constant array for those of all recordings: the same, or filled with one number."""
        first = arrays[0]
        if all(array.shape == first.shape and array.tobytes() == first.tobytes() for array in arrays):
            return first
        number = first.flat[0]
        alike = all((array.ndim, array.dtype) == (first.ndim, first.dtype) for array in arrays)
        shape = tuple(self.number(lengths) for lengths in zip(*(array.shape for array in arrays))) if alike else ()
        if not alike or not all((array == number).all() for array in arrays):
            if alike and (found := counted(arrays, self.points, shape, self.asked)) is not None:
                return found
            raise NotGeneralError(f"{name} is an array that the function makes itself, other numbers for other sizes")
        return Filled(shape, number.item(), first.dtype)
