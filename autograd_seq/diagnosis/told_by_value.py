"""What is wrong with a line, told by the first wrong value that it made and the true one that belongs there.

Up to that value all was right. So the mistake is an edit of the formula of the true one alone, and whatever the
grammar of `perturb` makes of that formula can be computed at once, without the rest of the pass. What is not a single
edit of it is told by the weights that the terms of the true value have in the wrong one, or by what else it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.finding import Finding, Strayed
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.perturb import SIMPLE, brackets, operands, sums
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.perturb.where import any_of
from autograd_seq.diagnosis.rerun import DOES_NOT_FIT, along

MOST_BEFORE = 40  # lines of the true pass that lead to the value
MOST_TERMS = 24
MOST_LIVE = 40  # adjoints that a product could be made of
LEAST_SIGNS = 6  # numbers whose signs agree by no chance
SMALL = 1e-7
FORMS: list[tuple[str, Callable[[Array], Array]]] = [
    ("1", np.ones_like),
    ("{0}", lambda y: y),
    ("(1 − {0})", lambda y: 1 - y),
    ("{0} ∘ (1 − {0})", lambda y: y * (1 - y)),
    ("(1 − {0}²)", lambda y: 1 - y * y),
]


def is_told(finding: Finding) -> bool:
    """Whether a finding says more than that a value is another one."""
    return finding.words != kinds.ANOTHER_VALUE.words


PUT_TOGETHER = ("sum of uses", "name", "part", "gathered parts", "joined", "stacked", "negative", "transpose")
RULES = any_of(SIMPLE, brackets.around_differences, operands.operands, sums.adjoint)


class ToldByValue:
    """Tells what is wrong with values.

    Parameters
    ----------
    c : Context
        The true pass.
    rows : list of list of Tensor
        The values that lines should make, as `rows_of` has them.
    same : callable
        Whether two arrays are equal as far as rounding lets them be.
    """

    def __init__(
        self, c: Context, rows: Sequence[Sequence[Tensor]], same: Callable[[Array, Array], bool]
    ) -> None:
        self._c, self._rows, self._same = c, rows, same

    def told(self, finding: Finding) -> Finding:
        """A finding with what its value tells."""
        strayed = finding.strayed
        if finding.correct or strayed is None or strayed.row >= len(self._rows):
            return finding
        if strayed.place >= len(self._rows[strayed.row]):
            return finding
        r = self._rows[strayed.row][strayed.place]
        if is_told(finding):
            return replace(finding, correct=self._c.where(r)[1])
        said = self._said(r, strayed)
        category, words = said if said is not None else kinds.ANOTHER_VALUE()
        where, correct = self._c.where(r)
        return replace(finding, category=category, where=where, words=words, correct=correct)

    def _said(self, r: Tensor, strayed: Strayed) -> Said | None:
        for value in (strayed.value, strayed.value.T):
            if value.shape != r.shape and np.squeeze(value).shape == np.squeeze(r._value).shape:
                value = value.reshape(r.shape)
            ways = (self._as_an_edit, self._by_weights, self._as_another, self._as_a_product, self._in_another_order)
            for way in (*ways, self._at_some_places, self._of_the_same_signs):
                said = way(r, value)
                if said is not None:
                    return said
            if strayed.value.ndim < 2:
                break
        return None

    # -- an edit of the formula ---------------------------------------------------------------------------------

    def _as_an_edit(self, r: Tensor, value: Array) -> Said | None:
        best: Edit | None = None
        for start in islice(self._before(r), MOST_BEFORE):
            path = self._c.program.between(start, r) if start is not r else []
            for edit in self._c.edits(RULES, start):
                if (best is None or edit.weight < best.weight) and self._is(edit, start, path, value):
                    best = edit
            if best is not None:
                break
        return None if best is None else best.said

    def _before(self, r: Tensor) -> Iterator[Tensor]:
        """A value and those that it is made of, the nearest first."""
        known = set(self._c.program.records)
        level, seen = [r], {r}
        while level:
            yield from level
            level = [x for x in dict.fromkeys(x for y in level for x in y.inputs) if x in known and x not in seen]
            seen.update(level)

    def _is(self, edit: Edit, start: Tensor, path: list[Tensor], value: Array) -> bool:
        try:
            change = along(edit.change, start, path) if path else edit.change
            made = np.asarray(change(lambda x: x._value))
        except DOES_NOT_FIT:  # it does not fit here
            return False
        return made.shape == value.shape and self._same(made, value)

    # -- another weight of some terms -----------------------------------------------------------------------------

    def _by_weights(self, r: Tensor, value: Array) -> Said | None:
        """Terms left out, there twice, or with another factor, several at once."""
        if value.shape != r.shape:
            return None
        for terms in self._terms(r):
            columns = np.stack([part.ravel() for _, part in terms], axis=1)
            weights, _, rank, _ = np.linalg.lstsq(columns, value.ravel(), rcond=None)
            made = (columns @ weights).reshape(value.shape)
            if rank == len(terms) and self._same(made, value):
                return _weighed([(x, float(w)) for (x, _), w in zip(terms, weights, strict=True)])
        return None

    def _terms(self, r: Tensor) -> Iterator[list[tuple[str, Array]]]:
        """What a value is the sum of: each term, and those that do the same at several steps together."""
        terms = [(x, part) for x in islice(self._summands(r), MOST_TERMS) if np.any(part := self._part_of(r, x))]
        together: dict[Any, list[tuple[Tensor, Array]]] = {}
        for x, part in terms:
            together.setdefault(self._c.term_role(x), []).append((x, part))
        joined = [
            (self._c.called(found[0][0]), np.asarray(sum(part for _, part in found))) for found in together.values()
        ]
        for made in ([(self._c.called(x), part) for x, part in terms], joined):
            if 0 < len(made) < r.size:
                yield made

    def _summands(self, r: Tensor, depth: int = 6) -> Iterator[Tensor]:
        """What a value is added up from, or put together from."""
        known = self._c.live
        for x in dict.fromkeys(x for x in r.inputs if x in known) if algebra(r) in PUT_TOGETHER and depth else ():
            yield from self._summands(x, depth - 1)
        if algebra(r) not in PUT_TOGETHER or not depth:
            yield r

    def _part_of(self, r: Tensor, x: Tensor) -> Array:
        """What a value has from one that it is put together from."""
        if x is r:
            return r._value
        without = along(lambda v: 0.0 * x._value, x, self._c.program.between(x, r))
        return np.asarray(r._value - without(lambda y: y._value))

    # -- what else it is ------------------------------------------------------------------------------------------

    def _as_another(self, r: Tensor, value: Array) -> Said | None:
        """Another value of the true passes."""
        for x in [*self._c.program.records, *self._c.forward]:
            if x is not r and x.shape == value.shape and x.ndim and self._same(x._value, value):
                return self._c.instead(x, r, (self._c.program.time(x) or 0) - (self._c.program.time(r) or 0))
        return None

    def _as_a_product(self, r: Tensor, value: Array) -> Said | None:
        """Another product of adjoints and forward values in the place of it, or of one of its terms."""
        if value.shape != r.shape:
            return None
        terms = [x for x in islice(self._summands(r), MOST_TERMS) if x.shape == value.shape]
        for x in [r, *(terms if len(terms) > 1 else ())]:
            wanted = value - r._value + (self._part_of(r, x) if x is not r else r._value)
            found = self._factors(r, wanted)
            if found is not None:
                return kinds.IN_PLACE_OF(found, self._c.called(x))
        return None

    def _factors(self, r: Tensor, wanted: Array) -> str | None:
        """A product of an adjoint and one or two forms of forward values that a value is."""
        known = [y for y in self._c.notable if y.shape == wanted.shape and self._is_near(y, r)]
        forms = [(name.format(self._c.called(y)), form(y._value)) for y in known for name, form in FORMS]
        if not forms or wanted.ndim == 0:
            return None
        both = np.stack([form.ravel() for _, form in forms])
        for live in [x for x in self._c.program.records if x in self._c.live and x.shape == wanted.shape][:MOST_LIVE]:
            if not np.all(live._value) or not self._is_near(live, r):
                continue
            ratio = (wanted / live._value).ravel()
            for sign in (1.0, -1.0):
                size = np.max(np.abs(ratio))
                off = np.max(np.abs(both * both[:, None] - sign * ratio), axis=2)
                i, k = (int(n) for n in np.unravel_index(int(np.argmin(off)), off.shape))
                if off[i, k] < SMALL * size:
                    said = " ∘ ".join(dict.fromkeys([self._c.called(live), forms[i][0], forms[k][0]]))
                    return said if sign > 0 else f"−{said}"
        return None

    def _is_near(self, x: Tensor, r: Tensor) -> bool:
        here, there = self._c.program.time(x), self._c.program.time(r)
        return here is None or there is None or abs(here - there) <= 1

    def _in_another_order(self, r: Tensor, value: Array) -> Said | None:
        """The same numbers at other places."""
        alike = value.shape == r.shape and r.size > 1 and self._same(np.sort(value, None), np.sort(r._value, None))
        return kinds.PARTS_ELSEWHERE() if alike else None

    def _at_some_places(self, r: Tensor, value: Array) -> Said | None:
        """Right at many places, and wrong at others."""
        if value.shape != r.shape:
            return None
        equal = np.abs(value - r._value) < SMALL * np.max(np.abs(r._value))
        right = np.count_nonzero(equal & (r._value != 0))
        if right < 2 or 3 * right < r.size:
            return None
        places = [str([int(i) for i in place]) for place in np.argwhere(~equal)]
        return kinds.WRONG_AT(", ".join(places[:3]) + ", …" * (len(places) > 3))

    def _of_the_same_signs(self, r: Tensor, value: Array) -> Said | None:
        """Of the right sign everywhere, and of another size."""
        signs = np.sign(r._value)
        if value.shape != r.shape or len(set(signs.ravel())) < 2 or r.size < LEAST_SIGNS:
            return None
        return kinds.OTHER_SIZES() if np.array_equal(np.sign(value), signs) else None


def _weighed(terms: list[tuple[str, float]]) -> Said | None:
    """What is said of a sum whose terms have other weights than 1."""
    gone = [x for x, w in terms if abs(w) < SMALL]
    other = [(x, w) for x, w in terms if abs(w) >= SMALL and abs(w - 1) > SMALL]
    if not other:
        return Said("missing term", f"without the term{'s' * (len(gone) > 1)} {' and '.join(gone)}") if gone else None
    x, w = other[0]
    if abs(w + 1) < SMALL:
        return kinds.SIGN_OF_TERM(x)
    if abs(w - 2) < SMALL:
        return kinds.TERM_TWICE(x)
    if not any(abs(n - round(n)) < SMALL * abs(n) for n in (w, 1 / w)):  # no count that somebody could have meant
        return None
    return Said("missing factor" if abs(w) > 1 else "extra factor", f"with {w:.6g} times the term {x}")
