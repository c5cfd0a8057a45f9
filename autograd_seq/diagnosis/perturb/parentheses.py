"""Misplaced parentheses: a factor that reaches only some terms of a sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.adjoints import term_role, terms_of
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import LIKELY, SWAP, Edit, Variant
from autograd_seq.diagnosis.rerun import bare, evaluate


def parentheses(c: Context) -> Iterator[Variant]:
    """A factor that reaches only some terms of a sum."""
    collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
    summed = {c.role(n) for n, total in c.adjoints.items() if algebra(bare(total)) == "sum of uses"}
    for node, total in c.adjoints.items():
        if total.operation is None or c.role(node) not in summed:
            continue
        for user in c.program.users.get(total, []):
            chain = c.chain(total, user)
            for a in range(len(chain)):
                for b in range(a + 1, len(chain) + 1):
                    for term in terms_of(total):
                        edit = _skipped(c, total, term, chain[:b], a)
                        key = (c.role(node), c.role(chain[b - 1][0]), edit.key)
                        collected.setdefault(key, []).append((chain[b - 1][0], edit))
    for key, found in collected.items():
        yield c.variant(("parentheses", key), found[0][1], found[0][0], LIKELY, {r: e.change for r, e in found})


def swapped_in_one_term(c: Context) -> Iterator[Variant]:
    """A factor of a whole sum that is another quantity of its shape on one of the terms."""
    collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for total in c.program.records:
        if algebra(total) != "sum of uses":
            continue
        for user in c.program.users.get(total, []):
            chain = c.chain(total, user)
            for k, (r, factor) in enumerate(chain):
                for other in c.near(factor):
                    if other is factor or other.shape != factor.shape:
                        continue
                    for term in total.inputs:
                        edit = _other_factor(c, term, chain[: k + 1], other)
                        key = (c.role(total), c.role(r), edit.key)
                        collected.setdefault(key, []).append((r, edit))
    for key, found in collected.items():
        yield c.variant(("one term", key), found[0][1], found[0][0], SWAP, {r: e.change for r, e in found})


def _other_factor(c: Context, term: Tensor, chain: list[tuple[Tensor, Tensor]], other: Tensor) -> Edit:
    r, factor = chain[-1]

    def change(v: Any) -> Any:
        part = v(term)
        for _, f in chain[:-1]:
            part = part * v(f)
        return evaluate(r, v) + part * (v(other) - v(factor))

    called = c.called
    distance = (other.scope.time or 0) - (factor.scope.time or 0)
    return Edit(
        ("other factor", c.role(term, term._name), c.role(other), distance, len(chain)),
        c.kind_of_swap(other, factor),
        f"with {called(other)} in place of {called(factor)} on the term of {called(term)}",
        change,
    )


def _skipped(c: Context, total: Tensor, term: Tensor, chain: list[tuple[Tensor, Tensor]], start: int) -> Edit:
    def change(v: Any) -> Any:
        rest, alone = v(total) - v(term), v(term)
        for i, (_, factor) in enumerate(chain):
            rest = rest * v(factor)
            alone = alone if i >= start else alone * v(factor)
        return rest + alone

    factors = " ∘ ".join(c.called(f) for _, f in chain[start:])
    words = (
        f"where the factor {factors} does not reach the term of {c.called(term)}: "
        "parentheses misplaced, or the factor forgotten there"
    )
    return Edit(("skips", term_role(c, term), start, len(chain)), "parentheses", words, change)
