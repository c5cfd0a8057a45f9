"""What the reverse sweep made, as one would write it by hand: terms collected, numbers in front, signs drawn out.

−(−x) is x, 2 ∘ x / 2 is x, a ∘ (1 − b) − (1 − a) ∘ b is a − b, and Σ y is 1 where the targets add up to 1,
which is an assumption that has to be said beside the equation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations, product
from math import prod
from typing import Any, TypeGuard

import numpy as np

from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.folding.unit import Family
from autograd_seq.writer.simpler import filled
from autograd_seq.writer.tree import Apply, Assumption, Every, Named, Number, Sum, Tree, key, shape_of

Assume = Callable[[Assumption], None]

_TIMES, _OVER, _MINUS = BY_NUMPY[np.multiply], BY_NUMPY[np.divide], BY_NUMPY[np.negative]
MOST = 12  # terms that are multiplied out to see whether they cancel
_NICE = 10**6  # the largest denominator of a number that is calculated with


@dataclass(frozen=True)
class Term:
    """A number times factors; `divided` if it came by a division, and is to be written as one.

    What stands `below` are counts that have a name, such as the number of examples m.
    """

    number: Fraction
    factors: tuple[Tree, ...]
    divided: bool = False
    below: tuple[Tree, ...] = ()

    def times(self, number: Fraction, divided: bool = False) -> Term:
        """The term, times a number."""
        return replace(self, number=self.number * number, divided=self.divided or divided)


def collected(tree: Tree, assume: Assume = lambda assumption: None) -> Tree:
    """A tree with its terms collected; as it is where nothing becomes shorter.

    Parameters
    ----------
    tree : tree
        Whose operands are collected already.
    assume : callable, optional
        Is told what has to hold of the data for the result to be equal.
    """
    if not isinstance(tree, (Apply, Sum)) or _is_stretched(tree):
        return tree
    terms = _shortest(list(_terms(tree, assume)))
    if len(terms) > 1:
        terms = _with_one_of_two_classes(terms, tree, assume)
    made = _written(terms, tree)
    if isinstance(made, Number) and shape_of(tree):
        made = next((x for part in _flat(tree) if (x := filled(part, made)) and shape_of(x) == shape_of(tree)), None)
    return made if made is not None and shape_of(made) == shape_of(tree) else tree


# -- taking apart


def _terms(tree: Tree, assume: Assume) -> Iterator[Term]:
    """The terms that a tree adds up."""
    if isinstance(tree, Number):
        number = _number(tree)
        yield Term(Fraction(1), (tree,)) if number is None else Term(number, (), tree.divided)
    elif isinstance(tree, Sum):
        for part in tree.terms:
            yield from _terms(part, assume)
    elif isinstance(tree, Apply) and (rule := _RULES.get(tree.operation.algebra)) and not tree.settings:
        yield from rule(tree, assume)
    elif isinstance(tree, Apply) and _is_linear(tree):
        yield from _drawn_out(tree, assume)
    else:
        yield Term(Fraction(1), (tree,))


def _of_sum(tree: Apply, assume: Assume) -> Iterator[Term]:
    for x in tree.operands:
        yield from _terms(x, assume)


def _of_difference(tree: Apply, assume: Assume) -> Iterator[Term]:
    yield from _terms(tree.operands[0], assume)
    yield from (term.times(Fraction(-1)) for term in _terms(tree.operands[1], assume))


def _of_negative(tree: Apply, assume: Assume) -> Iterator[Term]:
    yield from (term.times(Fraction(-1)) for term in _terms(tree.operands[0], assume))


def _of_product(tree: Apply, assume: Assume) -> Iterator[Term]:
    first, second = (_one(x, assume) for x in _unstretched(tree))
    divided = first.divided or second.divided
    yield Term(first.number * second.number, first.factors + second.factors, divided, first.below + second.below)


def _unstretched(tree: Apply) -> list[Tree]:
    """The operands, without stretching one to the shape that the other has anyway."""
    operands = list(tree.operands)
    for i, x in enumerate(operands):
        if _is_stretched(x) and shape_of(operands[1 - i]) == shape_of(tree) and _stretches_itself(x):
            operands[i] = x.operands[0]
    return operands


def _stretches_itself(tree: Apply) -> bool:
    """Whether broadcasting alone would put every element there, as it would not where an axis is put in between."""
    before, after = shape_of(tree.operands[0]), shape_of(tree)
    padded = (1,) * (len(after) - len(before)) + before
    return len(padded) == len(after) and all(n in (1, m) for n, m in zip(padded, after, strict=True))


def _of_quotient(tree: Apply, assume: Assume) -> Iterator[Term]:
    above, below = tree.operands
    number = _number(below) if isinstance(below, Number) else None
    if number:
        yield from (term.times(1 / number, divided=True) for term in _terms(above, assume))
        return
    if isinstance(below, Number):
        yield from (replace(term, below=(*term.below, below)) for term in _terms(above, assume))
        return
    term = _one(above, assume)
    inner = _product(term.factors, tree)
    yield replace(term, factors=(replace(tree, operands=(inner, below)),))


def _of_matrices(tree: Apply, assume: Assume) -> Iterator[Term]:
    first, second = (_one(x, assume) for x in tree.operands)
    if not first.factors or not second.factors:
        yield Term(Fraction(1), (tree,))
        return
    operands = tuple(_again(term, x) for term, x in zip((first, second), tree.operands, strict=True))
    divided = first.divided or second.divided
    made = replace(tree, operands=operands)
    yield Term(first.number * second.number, (made,), divided, first.below + second.below)


_RULES: dict[str, Callable[[Apply, Assume], Iterator[Term]]] = {
    "sum": _of_sum, "difference": _of_difference, "negative": _of_negative, "product": _of_product,
    "quotient": _of_quotient, "matrix product": _of_matrices,
}  # fmt: skip


def _one(tree: Tree, assume: Assume) -> Term:
    """A factor: its number, and what is left."""
    terms = list(_terms(tree, assume))
    if len(terms) == 1:
        return terms[0]
    if all(term.number < 0 for term in terms):
        turned = _written([term.times(Fraction(-1)) for term in terms], tree)
        if turned is not None:
            return Term(Fraction(-1), (turned,))
    return Term(Fraction(1), (tree,))


def _again(term: Term, was: Tree) -> Tree:
    """What a factor is without its number; as it was where it has none."""
    return was if term.number == 1 and not term.below else _product(term.factors, was)


def _is_linear(tree: Apply) -> bool:
    """Whether numbers can be drawn out of an operation of one operand."""
    adds = tree.operation.reduces is np.add or tree.operation.algebra in ("transpose", "gathered parts")
    return len(tree.operands) == 1 and (adds or tree.operation.rearranges)


def _drawn_out(tree: Apply, assume: Assume) -> Iterator[Term]:
    """A number, and factors that are the same at all places that are added up, in front of the sum."""
    (x,) = tree.operands
    term = _one(x, assume)
    if not term.factors:
        yield replace(term, factors=(replace(tree, operands=(Number(1),)),))
        return
    adds = tree.operation.reduces is np.add
    outside = [f for f in term.factors if adds and len(term.factors) > 1 and not shape_of(f)]
    inside = tuple(f for f in term.factors if f not in outside)
    if not inside:
        outside, inside = [], term.factors
    inner = x if term.number == 1 and not outside and not term.below else _product(inside, x)
    if adds and isinstance(inner, Named) and _adds_up_to_one(inner, tree):
        assume(Assumption(replace(tree, operands=(inner,)), Number(1)))
        yield replace(term, factors=tuple(outside))
        return
    yield replace(term, factors=(*outside, replace(tree, operands=(inner,))))


def _adds_up_to_one(tree: Named, over: Apply) -> bool:
    """Whether data add up to 1 at each place, all that were recorded."""
    axes = over.settings.get("axis")
    if axes is None or not over.settings.get("keepdims"):
        return False
    data = _data(tree)
    return data is not None and all(np.allclose(x.sum(axis=axes), 1, rtol=1e-9, atol=0) for x in data)


def _data(tree: Named) -> list[Any] | None:
    """The recorded values of what the derivative does not pass through, at each step; None for anything else."""
    nodes = list(tree.unit.members.values() if isinstance(tree.unit, Family) else [tree.unit])
    if any(n.owner is not None or n.record.requires_grad or n.record._value.dtype.kind not in "fiub" for n in nodes):
        return None
    return [node.record._value for node in nodes]


def _complements(terms: Sequence[Term]) -> Iterator[tuple[Named, Named]]:
    """Two arrays of data in products, the second of which is 1 minus the first wherever they were recorded."""
    found: dict[Any, Named] = {key(f): f for term in terms for f in term.factors if isinstance(f, Named)}
    data = [(f, values) for f in found.values() if (values := _data(f)) is not None]
    for (x, first), (y, second) in permutations(data, 2):
        same = len(first) == len(second) and (x.shift, x.at) == (y.shift, y.at) and shape_of(x) == shape_of(y)
        if same and all(np.array_equal(b, 1 - a) for a, b in zip(first, second, strict=True)):
            yield x, y


def _number(tree: Number) -> Fraction | None:
    """A number to calculate with exactly; None for one that is not a short fraction, or that counts something."""
    value = tree.value
    if tree.origin is not None or tree.counted is not None:
        return None
    if isinstance(value, bool) or not np.isrealobj(value) or not np.isfinite(value):
        return None
    short = Fraction(float(value)).limit_denominator(_NICE)
    return short if float(short) == float(value) else None


# -- collecting


def _shortest(terms: list[Term]) -> list[Term]:
    """Like terms added up; multiplied out, if less is left then."""
    added = _like(terms)
    spread = _spread(added)
    if spread is None:
        return added
    out = _like(spread)
    return out if len(out) < len(added) or (len(out) == len(added) and _weight(out) < _weight(added)) else added


def _with_one_of_two_classes(terms: list[Term], like: Tree, assume: Assume) -> list[Term]:
    """Terms with 1 − x for y, as the labels of two classes have it; only where they become shorter."""
    best, said = terms, None
    for x, y in _complements(terms):
        instead = _written([Term(Fraction(1), ()), Term(Fraction(-1), (x,))], like)
        if instead is None:
            continue
        swapped = [replace(t, factors=tuple(instead if key(f) == key(y) else f for f in t.factors)) for t in terms]
        shorter = _shortest(swapped)
        if _weight(shorter) < _weight(best):
            best, said = shorter, Assumption(y, instead)
    if said is not None:
        assume(said)
    return best


def _weight(terms: list[Term]) -> int:
    return sum(len(_flat(factor)) for term in terms for factor in term.factors)


def _flat(tree: Tree) -> list[Tree]:
    """All parts of a tree."""
    parts = tree.operands if isinstance(tree, Apply) else tree.terms if isinstance(tree, Sum) else ()
    return [tree, *(x for part in parts for x in _flat(part))]


def _like(terms: list[Term]) -> list[Term]:
    """Terms with the same factors as one; those that cancel are gone."""
    result: dict[Any, Term] = {}
    for term in terms:
        same = tuple(sorted(map(key, term.factors), key=repr)), tuple(sorted(map(key, term.below), key=repr))
        old = result.get(same)
        result[same] = term if old is None else replace(old, number=old.number + term.number)
    return [term for term in result.values() if term.number]


def _spread(terms: list[Term]) -> list[Term] | None:
    """Terms multiplied out, factor by factor; None if there is nothing to multiply out, or too much."""
    result: list[Term] = []
    several = False
    for term in terms:
        choices = [list(_terms(factor, _nothing)) if _is_sum(factor) else [Term(Fraction(1), (factor,))]
                   for factor in term.factors]  # fmt: skip
        several = several or any(len(c) > 1 for c in choices)
        if prod(map(len, choices)) + len(result) > MOST:
            return None
        for chosen in product(*choices):
            number = term.number * prod((t.number for t in chosen), start=Fraction(1))
            factors = tuple(f for t in chosen for f in t.factors)
            below = (*term.below, *(x for t in chosen for x in t.below))
            result.append(Term(number, factors, term.divided, below))
    return result if several else None


def _nothing(assumption: Assumption) -> None:
    """No assumption is made where one only looks."""


def _is_sum(tree: Tree) -> bool:
    return isinstance(tree, Sum) or (isinstance(tree, Apply) and tree.operation.algebra in ("sum", "difference"))


# -- writing


def _written(terms: Sequence[Term], like: Tree) -> Tree | None:
    """Terms as a tree, the positive ones first; None where a bare number would have to fill an array."""
    if not isinstance(like, (Apply, Sum)):
        return None
    if not terms:
        return Number(0) if not shape_of(like) else None
    if len(terms) == 1:
        return _scaled(terms[0], like)
    shared = _shared(terms)
    if shared:
        inner = _written([_without(term, shared) for term in terms], like)
        return None if inner is None else _product((*shared, inner), like)
    numbers = {abs(term.number) for term in terms}
    common = numbers.pop() if len(numbers) == 1 else Fraction(1)
    below = terms[0].below if len({tuple(map(key, term.below)) for term in terms}) == 1 else ()
    if (common != 1 or below) and _unit(like) is not None:
        inner = _written([replace(term.times(1 / common), below=() if below else term.below) for term in terms], like)
        divided = any(term.divided for term in terms)
        return None if inner is None else _scaled(Term(common, (inner,), divided, below), like)
    ordered = sorted(terms, key=lambda term: term.number < 0)
    made = [_scaled(term, like) for term in ordered]
    return Sum(tuple(x for x in made if x is not None)) if all(x is not None for x in made) else None


def _shared(terms: Sequence[Term]) -> tuple[Tree, ...]:
    """The factors that all terms have, each once."""
    others = [set(map(key, term.factors)) for term in terms[1:]]
    return tuple(f for f in terms[0].factors if all(key(f) in keys for keys in others))[:1]


def _without(term: Term, factors: tuple[Tree, ...]) -> Term:
    """A term with one factor less for each of those given."""
    left = list(term.factors)
    for factor in factors:
        del left[[key(f) for f in left].index(key(factor))]
    return replace(term, factors=tuple(left))


def _scaled(term: Term, like: Tree) -> Tree | None:
    """A term as a tree."""
    if not term.factors and not term.below:
        return Number(float(term.number) if term.number.denominator > 1 else int(term.number))
    body = _product(term.factors, like)
    size = abs(term.number)
    above, below = size.numerator, size.denominator
    if below > 1 and not term.divided:
        body = _apply(_TIMES, (Number(float(size)), body), like)
    else:
        body = body if above == 1 else _apply(_TIMES, (Number(above), body), like)
        body = body if below == 1 else _apply(_OVER, (body, Number(below)), like)
    for count in term.below:
        body = _apply(_OVER, (body, count), like)
    return body if term.number > 0 else _apply(_MINUS, (body,), like)


def _product(factors: tuple[Tree, ...], like: Tree) -> Tree:
    """Factors multiplied, from the left."""
    if not factors:
        return Number(1)
    result = factors[0]
    for factor in factors[1:]:
        result = _apply(_TIMES, (result, factor), like)
    return result


def _apply(operation: Any, operands: tuple[Tree, ...], like: Tree) -> Apply:
    unit = _unit(like)
    assert unit is not None
    return Apply(operation, operands, {}, unit.unit, unit.shift, unit.at)


def _unit(tree: Tree) -> Apply | Named | None:
    """Something in a tree that says where it stands."""
    if isinstance(tree, (Apply, Named)):
        return tree
    parts = tree.terms if isinstance(tree, Sum) else (tree.body,) if isinstance(tree, Every) else ()
    return next((found for part in parts if (found := _unit(part)) is not None), None)


def _is_stretched(tree: Tree) -> TypeGuard[Apply]:
    """Whether a tree is written as what it is made from."""
    return isinstance(tree, Apply) and tree.operation.forms["text"].silent
