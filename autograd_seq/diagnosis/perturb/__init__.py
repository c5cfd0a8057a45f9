"""The ways in which people get a backward pass wrong, made from the true one by a grammar of three lists.

*What* is edited: the terms of a sum, the factors of a product, parentheses, transposes, derivatives of
activations, operands, indices, whole gradients, the loop; each rule in a file that begins with these words makes
edits of one line, or of several that belong together. *Where*: `where.py`. *Which step*: `which_step.py`.
`GRAMMAR` joins them, the simplest and likeliest first. `kinds.py` has what a report says of each.

A `Variant` is the true backward pass with the lines of one such sentence changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from autograd_seq.diagnosis.perturb import (
    brackets,
    cached,
    derivatives,
    factors,
    gradients,
    in_place,
    matrices,
    operands,
    sequences,
    stacks,
    sums,
    the_loop,
)
from autograd_seq.diagnosis.perturb.context import Context, What
from autograd_seq.diagnosis.perturb.variant import FIRST, LIKELY, LOCAL, ODD, RARE, SWAP, VALUE, Variant
from autograd_seq.diagnosis.perturb.where import (
    Where,
    any_of,
    at_one_end,
    at_several_places,
    at_the_root,
    everywhere,
    in_all_its_parts,
    in_one_formula,
    in_one_gradient,
    in_one_quantity,
    in_one_use,
    in_the_whole,
)
from autograd_seq.diagnosis.rerun import DOES_NOT_FIT, Program

Several = Callable[[Context, int], Iterator[Variant]]  # edits of several lines that belong together


@dataclass(frozen=True)
class Sentence:
    """What is edited, where, and how likely it is; edits of several lines have their places in themselves."""

    what: What | Several
    where: Where | None
    rank: int

    def variants(self, c: Context) -> Iterator[Variant]:
        """All that it says of a program."""
        return self.what(c, self.rank) if self.where is None else self.where(c, self.what, self.rank)  # type: ignore


FORMS = any_of(  # what can become of two lines in the same way, in any formula
    sums.shared_factors,
    factors.differences,
    brackets.without_adjoint,
    matrices.transposes,
    matrices.element_wise,
    matrices.sums,
    stacks.parts,
    stacks.terms_of_a_part,
    stacks.joined,
    derivatives.softmaxes,
    derivatives.activations,
)
SIMPLE = any_of(
    sums.whole,
    factors.products,
    sums.terms,
    sums.exchanged_factors,
    brackets.as_one_factor,
    FORMS,
)

GRAMMAR: list[Sentence] = [
    Sentence(gradients.never_assigned, in_the_whole, FIRST),
    Sentence(gradients.averaged, in_the_whole, FIRST),
    Sentence(sums.one_step_left, in_the_whole, FIRST),
    Sentence(sequences.one_part_left, in_one_gradient, FIRST),
    Sentence(gradients.of_another, in_one_gradient, FIRST),
    Sentence(gradients.exchanged, None, FIRST),
    Sentence(gradients.in_one_array, None, FIRST),
    Sentence(sequences.steps_in_one_array, in_one_gradient, FIRST),
    Sentence(sequences.duplicates, at_several_places, FIRST),
    Sentence(sequences.duplicates, everywhere, FIRST),
    Sentence(the_loop.too_short, None, FIRST),
    Sentence(sequences.not_turned_round, everywhere, FIRST),
    Sentence(any_of(sequences.written_at, sequences.rows_at), everywhere, FIRST),
    Sentence(sequences.read_at, in_all_its_parts, FIRST),
    Sentence(the_loop.with_another_cache, None, FIRST),
    Sentence(the_loop.in_another_order, None, FIRST),
    Sentence(sums.adjoint, in_one_quantity, LIKELY),
    Sentence(sums.at_every_step, None, LIKELY),
    Sentence(sums.never_carried, None, LIKELY),
    Sentence(the_loop.with_summed_carries, None, LIKELY),
    Sentence(gradients.averaged_from_here, at_the_root, LIKELY),
    Sentence(SIMPLE, everywhere, LIKELY),
    Sentence(factors.exchanged, None, LIKELY),
    Sentence(brackets.skipped, None, LIKELY),
    Sentence(brackets.around_differences, everywhere, LIKELY),
    Sentence(factors.upstream_is_one, None, LIKELY),
    Sentence(sums.one_step_left, everywhere, LOCAL),
    Sentence(SIMPLE, in_one_formula, LOCAL),
    Sentence(FORMS, at_several_places, LOCAL),
    Sentence(operands.restacked_everywhere, None, SWAP),
    Sentence(operands.operands, everywhere, SWAP),
    Sentence(cached.of_another_step, None, VALUE),
    Sentence(cached.another_quantity, None, VALUE),
    Sentence(cached.computed_anew, None, VALUE),
    Sentence(SIMPLE, in_one_use, RARE),
    Sentence(sums.carried_adjoint, in_one_use, RARE),
    Sentence(sums.foreign_terms, None, RARE),
    Sentence(in_place.values, None, RARE),
    Sentence(in_place.adjoints, None, RARE),
    Sentence(brackets.around_differences, in_one_formula, RARE),
    Sentence(gradients.on_the_way, in_one_gradient, RARE),
    Sentence(SIMPLE, at_one_end, ODD),
    Sentence(brackets.swapped_in_one_term, None, ODD),
    Sentence(operands.operands, in_one_formula, ODD),
]


def variants(program: Program, wrong: Collection[str] | None = None) -> Iterator[Variant]:
    """All variants that change nothing but the gradients that are wrong, the likeliest first."""
    context = Context(program, wrong)
    for n in range(len(GRAMMAR)):
        yield from spoken(context, n)


def spoken(context: Context, n: int) -> Iterator[Variant]:
    """The variants of one sentence, whose number their keys begin with."""
    with suppress(*DOES_NOT_FIT):
        for variant in GRAMMAR[n].variants(context):
            yield variant.under((n, *variant.key))


__all__ = ["GRAMMAR", "Context", "Variant", "spoken", "variants"]
