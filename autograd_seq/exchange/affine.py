"""What a result is as W x + b: the sum of products of weights with data that it was made by, whatever the layout.

Programs lay the same sum out in many ways: rows or columns, one weight for all gates and parts cut out, a weight for
[a; x] or one for each, biases once or twice. Here each comes out as its terms, weights as they stand before columns.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.record import Record
from autograd_seq.core.traits import algebra

Cut = tuple[int, int]
ADDS = {"sum": 1, "difference": -1}  # the sign of what comes second


@dataclass(frozen=True, slots=True)
class Weight:
    """A part of a record that is made of weights alone.

    Attributes
    ----------
    base : Record
        The whole, of one or two axes.
    key : hashable
        The same for what is made again in the same way.
    out, into : (int, int) or None
        Which rows and columns of the matrix that stands before a column x; None for all.
    turned : bool
        Whether `base` is the transpose of that matrix.
    sign : int
        1 or −1.
    """

    base: Any
    key: Hashable
    out: Cut | None = None
    into: Cut | None = None
    turned: bool = False
    sign: int = 1

    @property
    def same_as(self) -> Hashable:
        """Equal for two weights that are the same numbers for the same reason."""
        return self.key, self.out, self.into, self.turned, self.sign

    def matrix(self) -> Any:
        """The matrix, recorded, (n_out, n_in)."""
        first, second = (self.into, self.out) if self.turned else (self.out, self.into)
        part = _cut(_cut(self.base, 0, first), 1, second)
        part = part.T if self.turned else part
        return -part if self.sign < 0 else part

    def vector(self) -> Any:
        """A vector, recorded, of one axis or as a column (n_out, 1)."""
        row = self.base.ndim == 2 and self.base.shape[0] == 1
        part = _cut(self.base, 1, self.out).T if row else _cut(self.base, 0, self.out)
        return -part if self.sign < 0 else part


def _cut(x: Any, axis: int, cut: Cut | None) -> Any:
    if cut is None or cut == (0, x.shape[axis]):
        return x
    return x[(slice(None),) * axis + (slice(*cut),)]


@dataclass(slots=True)
class Affine:
    """Σ W x + Σ p ∘ c + Σ b + what is no such term.

    Attributes
    ----------
    products : list of (Record, Weight)
        Data and the matrix before them.
    scaled : list of (Record, Weight)
        Data and a vector that multiplies them element by element.
    biases : list of Weight
        Vectors that are added.
    rest : list of (Record, int, (int, int) or None)
        Other records that are added, with their signs, and the part that is meant.
    """

    products: list[tuple[Any, Weight]] = field(default_factory=list)
    scaled: list[tuple[Any, Weight]] = field(default_factory=list)
    biases: list[Weight] = field(default_factory=list)
    rest: list[tuple[Any, int, Cut | None]] = field(default_factory=list)

    def __iadd__(self, other: Affine) -> Affine:
        self.products += other.products
        self.scaled += other.scaled
        self.biases += other.biases
        self.rest += other.rest
        return self

    def before(self, x: Any) -> list[Weight]:
        """The matrices before some data."""
        return [weight for data, weight in self.products if data is x]

    def along(self, c: Any) -> list[Weight]:
        """The vectors that multiply some data."""
        return [weight for data, weight in self.scaled if data is c]

    def data(self) -> list[Any]:
        """What stands behind matrices, each once."""
        return list(dict.fromkeys(x for x, _ in self.products))


class Reader:
    """Reads results of one recording as sums of terms.

    Parameters
    ----------
    graph : Graph
    weights : iterable of Record
        The leaves that are learned.
    """

    def __init__(self, graph: Graph, weights: Iterable[Record]) -> None:
        self.of_weights = made_of_weights(graph, set(weights))
        self._parts: dict[tuple[Any, int], Any] = {}
        for record in graph:
            if (place := element(record)) is not None:
                self._parts.setdefault(place, source(record))

    def read(self, r: Any, columns: bool) -> Affine:
        """The terms of a result whose elements stand along the first axis (`columns`) or along the last."""
        return self._terms(r, columns, None, 1)

    def _terms(self, r: Any, columns: bool, cut: Cut | None, sign: int) -> Affine:
        r = source(r)
        word = algebra(r)
        if r in self.of_weights:
            base = _unstretched(r)
            if word == "part" and base is r and _is_repeated(r.inputs[0]):
                return self._part(r, columns, cut, sign) or _rest(r, sign, cut)
            if not (_is_vector(r, columns) or (base is not r and base.ndim == 1)):
                return _rest(r, sign, cut)
            return Affine(biases=[Weight(base, self.of_weights[base], cut, sign=sign)])
        if word in ADDS:
            found = self._terms(r.inputs[0], columns, cut, sign)
            found += self._terms(r.inputs[1], columns, cut, sign * ADDS[word])
            return found if _widths_fit(r, columns) else _rest(r, sign, cut)
        if word == "negative":
            return self._terms(r.inputs[0], columns, cut, -sign)
        if (place := element(r)) is not None:
            return self._terms_of_element(*place, columns, cut, sign)
        if word == "part" and (of_whole := self._part(r, columns, cut, sign)) is not None:
            return of_whole
        if word == "matrix product":
            return self._product(r, columns, cut, sign) or _rest(r, sign, cut)
        if word == "product":
            return self._scaled(r, columns, cut, sign) or _rest(r, sign, cut)
        return _rest(r, sign, cut)

    def _part(self, r: Any, columns: bool, cut: Cut | None, sign: int) -> Affine | None:
        """The terms of a part along the axis of elements; None of any other part."""
        part = _part_along(r, columns)
        if part is None:
            return None
        inner = part if cut is None else (part[0] + cut[0], part[0] + cut[1])
        return self._terms(r.inputs[0], columns, inner, sign)

    def _terms_of_element(self, whole: Any, k: int, columns: bool, cut: Cut | None, sign: int) -> Affine:
        """The terms of one step of what was computed for all steps at once."""
        word = algebra(whole)
        if word in ADDS:
            first, second = whole.inputs
            found = self._part_of_sum(first, k, columns, cut, sign, whole)
            found += self._part_of_sum(second, k, columns, cut, sign * ADDS[word], whole)
            return found
        data, weight = whole.inputs if word == "matrix product" else (None, None)
        if data is not None and data.ndim == 3 and weight in self.of_weights and weight.ndim == 2 and not columns:
            return self._weighted(self.part(data, k), weight, columns, cut, sign)
        return _rest(self.part(whole, k), sign, cut)

    def _part_of_sum(self, term: Any, k: int, columns: bool, cut: Cut | None, sign: int, whole: Any) -> Affine:
        """The terms of one step of one term, which may be the same at all steps."""
        if term.ndim < whole.ndim or term in self.of_weights:
            return self._terms(term, columns, cut, sign)
        return self._terms_of_element(term, k, columns, cut, sign)

    def part(self, whole: Any, k: int) -> Any:
        """The k-th element along the first axis: the record of it where there is one."""
        if (whole, k) not in self._parts:
            member = _member(whole, k)
            self._parts[whole, k] = source(member) if member is not None else whole[k].record
        return self._parts[whole, k]

    def _product(self, r: Any, columns: bool, cut: Cut | None, sign: int) -> Affine | None:
        """W x in columns, x W in rows; of data that were joined, a part of W for each."""
        left, right = r.inputs
        data, weight = (right, left) if columns else (left, right)
        if weight not in self.of_weights or data in self.of_weights or weight.ndim != 2 or not _is_flat(r):
            return None
        return self._weighted(data, weight, columns, cut, sign)

    def _weighted(self, data: Any, weight: Any, columns: bool, cut: Cut | None, sign: int) -> Affine:
        base, turned = weight, not columns
        while algebra(base) == "transpose" and base.ndim == 2:
            base, turned = base.inputs[0], not turned
        key = self.of_weights[base]
        found, start = Affine(), 0
        for part in joined(data, columns):
            width = part.shape[0 if columns else -1]
            whole = width == data.shape[0 if columns else -1]
            into = None if whole else (start, start + width)
            found.products.append((source(part), Weight(base, key, cut, into, turned, sign)))
            start += width
        return found

    def _scaled(self, r: Any, columns: bool, cut: Cut | None, sign: int) -> Affine | None:
        for weight, data in (r.inputs, r.inputs[::-1]):
            known = weight in self.of_weights and data not in self.of_weights and _is_vector(weight, columns)
            if known and data.shape == r.shape and cut is None:
                return Affine(scaled=[(source(data), Weight(weight, self.of_weights[weight], sign=sign))])
        return None


def _rest(r: Any, sign: int, cut: Cut | None) -> Affine:
    return Affine(rest=[(r, sign, cut)])


def _unstretched(r: Any) -> Any:
    """The vector that was given another shape, or was repeated for every example."""
    while r.operation is not None and (r.operation.rearranges or "shape" in r.settings) and algebra(r) != "part":
        x = r.inputs[0]
        repeated = x.size and x.size < r.size and x.shape[-1:] == r.shape[-1:] and x.size == x.shape[-1]
        if not repeated and not (x.size == r.size and max(x.shape, default=1) == r.size):
            return r
        r = x
    return r


def _is_repeated(r: Any) -> bool:
    """Whether a vector was repeated for every example."""
    return _unstretched(r).size < r.size


def _is_flat(r: Any) -> bool:
    """Whether a record has two axes that count: PyTorch's states have one of length 1 before them."""
    return r.ndim == 2 or (r.ndim == 3 and r.shape[0] == 1)


def _is_vector(weight: Any, columns: bool) -> bool:
    """Whether numbers stand along the axis of elements, and the same for every example."""
    if weight.ndim == 1:
        return not columns
    return weight.ndim == 2 and weight.shape[1 if columns else 0] == 1


def _widths_fit(r: Any, columns: bool) -> bool:
    """Whether no input of a sum was stretched along the axis of elements."""
    where = -r.ndim if columns else -1
    return all(x.ndim >= -where and x.shape[where] == r.shape[where] for x in r.inputs)


def _part_along(r: Any, columns: bool) -> Cut | None:
    """The part that an index cuts out along the axis of elements, where that is all that it does."""
    index, x = r.settings["index"], r.inputs[0]
    parts = index if isinstance(index, tuple) else (index,)
    axis = 0 if columns else r.ndim - 1
    if x.ndim != r.ndim or len(parts) <= axis or not isinstance(parts[axis], slice):
        return None
    others = [part for i, part in enumerate(parts) if i != axis]
    start, stop, step = parts[axis].indices(x.shape[axis])
    return (start, stop) if step == 1 and all(part == slice(None) for part in others) else None


def source(r: Any) -> Any:
    """Where a record was taken from, if it is one of several that were only put side by side before."""
    while r.operation is not None:
        if algebra(r) == "name":
            r = r.inputs[0]
        elif (place := element(r)) is not None and (member := _member(*place)) is not None:
            r = member
        else:
            return r
    return r


def element(r: Any) -> tuple[Any, int] | None:
    """The array and the place, of which a record is the element along the first axis: x[k], or x[k:k+1] squeezed."""
    if r.operation is None or not r.operation.rearranges:
        return None
    picked = r if algebra(r) == "part" else r.inputs[0]
    if algebra(picked) != "part" or (picked is not r and picked.shape != (1, *r.shape)):
        return None
    index = picked.settings["index"]
    first, *others = index if isinstance(index, tuple) else (index,)
    if any(not isinstance(other, slice) or other != slice(None) for other in others):
        return None
    if picked.inputs[0].ndim != r.ndim + 1:
        return None
    size = picked.inputs[0].shape[0]
    if type(first) is int and picked is r:
        return picked.inputs[0], first % size
    if isinstance(first, slice) and picked is not r:
        start, stop, step = first.indices(size)
        return (picked.inputs[0], start) if stop == start + 1 and step == 1 else None
    return None


def _member(whole: Any, k: int) -> Any:
    """The record at one place of a stack, or of arrays joined after each got an axis for it."""
    if whole.operation is None or whole.settings.get("axis", 0) != 0:
        return None
    if algebra(whole) == "stacked":
        return whole.inputs[k]
    if algebra(whole) == "joined" and all(len(x._value) == 1 for x in whole.inputs):
        one = whole.inputs[k]
        wider = one.operation is not None and one.operation.rearranges and one.inputs[0].shape == one.shape[1:]
        return one.inputs[0] if wider else one
    return None


def joined(data: Any, columns: bool) -> Sequence[Any]:
    """The parts of a stack [a; x] along the axis of elements; of anything else, itself alone."""
    data = source(data)
    if algebra(data) != "joined":
        return [data]
    along = data.settings.get("axis", 0) % data.ndim == (0 if columns else data.ndim - 1)
    return [part for x in data.inputs for part in joined(x, columns)] if along else [data]


def made_of_weights(graph: Graph, weights: set[Record]) -> dict[Record, Hashable]:
    """What is made of weights alone, with a key that is the same wherever it is made again."""
    found: dict[Record, Hashable] = {}
    for record in graph:
        if record in weights:
            found[record] = record.index
        elif record.operation is not None and record.inputs and all(x in found for x in record.inputs):
            key = record.operation.name, repr(sorted(record.settings.items())), tuple(found[x] for x in record.inputs)
            found[record] = key
    return found
