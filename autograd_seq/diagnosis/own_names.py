"""Findings told in somebody's own names: what a line should be, in the variables that stand around it.

The true pass has its own names, dz_f for the adjoint of what is inside f; a program calls the same value d遗忘门. Which
is which is seen from the values: up to the mistake they are the same, behind it they are those of the pass with the
mistake in it. What a program has no variable for is written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.names import text
from autograd_seq.core.notation import ATOM, enclosed
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.finding import Finding, plain
from autograd_seq.diagnosis.known_values import says_nothing
from autograd_seq.diagnosis.own_indices import adds_to, with_their_indices
from autograd_seq.diagnosis.perturb.context import Context, terms_of
from autograd_seq.diagnosis.rerun import bare, stops
from autograd_seq.diagnosis.seen import Called, Seen
from autograd_seq.writer.by_hand import FormulaWriter

_AT_ITS_END = "(?![^\\W²³ᵀ]|<)"  # what may follow a name: a square or a transpose, but no letter and no step
LONGEST = 150  # letters of a formula; a longer one is told in the names of the true pass


@dataclass(frozen=True)
class Mistaken:
    """A mistake in the true pass.

    Attributes
    ----------
    changed : list of Tensor
        The records that are something else because of it, in order.
    values : dict
        What they are.
    """

    changed: Sequence[Tensor]
    values: Mapping[Tensor, Array]


def in_own_names(
    finding: Finding, mistaken: Mistaken, found: Seen, c: Context, same: Callable[[Array, Array], bool]
) -> Finding:
    """A finding whose formula is in somebody's names, as far as that can be told.

    Parameters
    ----------
    finding : Finding
        With its line.
    mistaken : Mistaken
        The mistake.
    found : Seen
        What was seen of the function in which the line stands.
    c : Context
        The true pass.
    same : callable
        Whether two arrays are equal as far as rounding lets them be.
    """
    names = _Names(found, mistaken.values, c.program.truth.seeds.values(), same)
    made = _made_there(mistaken, found, c, names)
    if made is None:
        return finding
    root, terms, target, value = made
    names.only_in(found.calls, target, value)
    writer = _writer(root, terms, target, names, c, set(mistaken.changed))
    label, correct = _formula(root, terms, target, names, c, writer)
    if not correct:
        return finding
    where = finding.where
    if root is not c.hosts.get(mistaken.changed[0]) and root.name and not terms:
        where = c.called(root)
    words = _told(finding.words, root, target, set(mistaken.changed), names, c, writer)
    called_so = plain(target) in map(plain, [where, *c.program.results])  # or as another one that is asked for
    own = "" if not target or called_so else target
    is_term = not c.is_result(root) and algebra(bare(root)) != "sum of uses"
    sign = "+=" if is_term and adds_to(finding.source, target) else "="
    words, correct = with_their_indices([words, f"{label} {sign} {correct}"], finding.source)
    return replace(finding, where=where, correct=correct, own=own, words=words, general=finding.words)


class _Names:
    """How somebody calls values."""

    def __init__(
        self, found: Seen, wrong: Mapping[Tensor, Array], given: Iterable[Tensor], same: Callable[[Array, Array], bool]
    ) -> None:
        self._wrong, self._same, self._given = wrong, same, set(given)
        self._keep(found.held)

    def _keep(self, held: Iterable[Called]) -> None:
        self._by_shape: dict[tuple[int, ...], list[Called]] = {}
        for name, value in held:
            if not says_nothing(value):
                self._by_shape.setdefault(value.shape, []).append((name, value))
        self._known: dict[Tensor, list[str]] = {}

    def only_in(self, calls: Iterable[Sequence[Called]], target: str, made: Array) -> None:
        """Of a function that is called at every step the names of the call in which a value was made, if it is known.

        In another call c_prev may be what is c_next in this one.
        """
        for call in calls:
            if any(name == target and v.shape == made.shape and self._same(v, made) for name, v in call):
                self._keep(call)
                return

    def value(self, r: Tensor) -> Array:
        """A record's value in the pass with the mistake."""
        return self._wrong.get(r, r._value)

    def of(self, r: Tensor) -> list[str]:
        """The names of its value, the simplest first; its own name, if it is one of them, before all others."""
        if r not in self._known:
            value = self.value(r)
            told = r.size > 1 or bare(r) in self._given
            self._known[r] = sorted(self._all_of(value) if told else [], key=lambda name: name != r.name)
        return self._known[r]

    def of_value(self, value: Array) -> str | None:
        """The simplest name of a value; None if it has none."""
        return next(iter(self._all_of(value)), None)

    def _all_of(self, value: Array) -> list[str]:
        alike = self._by_shape.get(value.shape, ())
        return list(dict.fromkeys(name for name, v in alike if self._same(v, value)))


Made = tuple[Tensor, list[Tensor], str, Array]  # a record, its terms that are meant if not all, its own name, its value


def _made_there(mistaken: Mistaken, found: Seen, c: Context, names: _Names) -> Made | None:
    """What the line makes that is wrong."""
    first = mistaken.changed[0] if mistaken.changed else None
    if first is None:
        return None
    carried = set(c.carried(first))
    kept = [x for x in terms_of(first) if x in carried]
    others = [x for x in terms_of(first) if x not in carried]
    wanted: list[tuple[Tensor, list[Tensor], Array]] = []
    if kept and others:
        part = names.value(first) - sum(names.value(x) for x in others)
        wanted.append((first, kept, np.asarray(part)))
    wanted += [(r, [], names.value(r)) for r in mistaken.changed]
    for r, terms, value in wanted:
        for target, made in found.made:
            if made.shape == value.shape and np.any(value) and names._same(made, value):
                return r, terms, target, made
    return None


def _writer(
    root: Tensor, terms: list[Tensor], target: str, names: _Names, c: Context, wrong: set[Tensor]
) -> FormulaWriter:
    """Writes formulas in somebody's names at the line where a record is made; what is wrong in it has none."""
    inner = bare(root)
    turn = c.program.time(bare(terms[0])) if terms else c.program.time(root)
    taken: dict[str, Tensor] = {}

    def refer(r: Tensor) -> str | None:
        if r is inner:
            return None
        if r in wrong and bare(r).index < inner.index and c.program.time(r) in (None, turn):
            return None
        for name in names.of(r):
            if not _of_this_turn(name, r, root, turn, c):
                continue
            if name != target and taken.setdefault(name, bare(r)) is bare(r):
                return name
        here = c.program.time(r) in (None, turn) and target not in names.of(r)
        if r.operation is not None and r in c.program.serves and not c.is_result(r) and (here or not r.name):
            return None  # an adjoint that they have no variable for
        return text(r.name, r.scope) if r.name else None

    return FormulaWriter("text", refer, stops)


def _formula(
    root: Tensor, terms: list[Tensor], target: str, names: _Names, c: Context, writer: FormulaWriter
) -> tuple[str, str]:
    """A formula in somebody's names, and what it is the formula of; nothing where it would be hard to read."""
    carried = c.carried(root)
    rest = [x for x in terms_of(root) if x not in set(carried)]
    own = names.of_value(_sum(carried, names)) if len(carried) > 1 and rest and not terms else None
    if own and own != target:
        written = " + ".join([own, *map(writer, rest)])
    else:
        written = " + ".join(map(writer, terms)) if terms else writer.expression(bare(root))[0]
    label = target or (c.called(root) if root.name else c.where(root)[0])
    return label, written if len(written) <= LONGEST and "…" not in written else ""


def _sum(terms: Sequence[Tensor], names: _Names) -> Array:
    return np.asarray(sum(names.value(x) for x in terms))


def _of_this_turn(name: str, r: Tensor, root: Tensor, turn: int | None, c: Context) -> bool:
    """Whether a name stands for a value where the root's line is.

    One with a variable as index, dh[t], is of the same time step; and what was made for another step is what is carried
    from there, or the variable holds another value by now.
    """
    if c.program.time(r) in (None, turn):
        return True
    if re.search(r"\[[^\W\d]\w*\]", name):
        return False
    carried = [bare(x) for x in c.carried(root)]
    made_there = {c.program.time(y) for x in carried for y in x.inputs if y in c.live}  # in the turn that hands it on
    return r not in c.live or any(bare(r) is x for x in carried) or c.program.time(r) in made_there


def _told(
    words: str, root: Tensor, target: str, wrong: set[Tensor], names: _Names, c: Context, writer: FormulaWriter
) -> str:
    """A sentence with somebody's names in place of those of the true pass; what has no name of its own is kept."""
    known: dict[str, str] = {}
    if len(carried := c.carried(root)) > 1 and (own := names.of_value(_sum(carried, names))):
        known[" + ".join(map(c.called, carried))] = own
    for r in _told_of(c):
        said = c.called(r)
        if said in words and said not in known and r not in wrong:
            own_names = [x for x in names.of(r) if x != target and _of_this_turn(x, r, root, c.program.time(root), c)]
            if not own_names and target and said == target and r is not root and r.operation is not None:
                own_names = [enclosed(writer.expression(bare(r)), ATOM)]  # their variable of that name is another value
            known.update({said: own_names[0]} if own_names else {})
    for said in sorted(known, key=len, reverse=True):
        words = re.sub(rf"(?<![\w<]){re.escape(said)}{_AT_ITS_END}", known[said], words)
    return words


def _told_of(c: Context) -> Iterable[Tensor]:
    """What a sentence may be about."""
    return (r for r in [*c.program.records, *c.program.truth.seeds.values(), *c.forward] if r.ndim)
