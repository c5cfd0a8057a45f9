"""The ways in which people get a backward pass wrong, made from the true one by general rules.

A `Variant` is the true backward pass with some lines changed: one edit in one place of
every time step, an edit that reaches one formula only, or a mistake of the loop over time.
They come in order, the simplest and likeliest first. A family of perturbations is a function
from the `Context` of a program to its variants; it counts once it stands in `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autograd_seq.diagnosis.perturb import (
    adjoints,
    brackets,
    copies,
    gradients,
    lines,
    loop,
    order,
    overwritten,
    parentheses,
    recomputed,
    scale,
    shared,
    together,
    upstream,
    values,
)
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Variant
from autograd_seq.diagnosis.rerun import Program

Family = Callable[[Context], Iterator[Variant]]

FAMILIES: list[Family] = [
    gradients.scaled,
    gradients.assigned,
    copies.copied,
    shared.one_array,
    shared.repeated_indices,
    loop.short_loop,
    loop.other_indices,
    loop.not_turned_round,
    loop.other_rows,
    loop.other_cache,
    order.other_orders,
    adjoints.in_every_step,
    adjoints.at_every_step,
    adjoints.never_carried,
    order.summed_carries,
    scale.scaled_at_the_root,
    lines.everywhere,
    lines.exchanged,
    parentheses.parentheses,
    brackets.around_differences,
    upstream.taken_for_one,
    overwritten.last_term_left,
    lines.in_one_formula,
    together.at_several_places,
    values.read_at_another_time,
    values.exchanged_values,
    recomputed.recomputed,
    lines.swapped,
    parentheses.swapped_in_one_term,
    lines.swapped_in_one_formula,
    together.in_one_use,
    adjoints.in_one_use,
    adjoints.foreign_terms,
    overwritten.changed_in_place,
    overwritten.adjoint_changed_in_place,
    lines.brackets_in_one_formula,
    lines.at_one_end,
    copies.intermediate,
]


def variants(program: Program) -> Iterator[Variant]:
    """All variants, the likeliest first."""
    context = Context(program)
    for family in FAMILIES:
        yield from family(context)


__all__ = ["FAMILIES", "Variant", "variants"]
