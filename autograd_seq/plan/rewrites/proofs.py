"""Which rules are proven: held to the truth by tests/plan/test_rule_proofs.py, which proves them wherever they apply.

A proof is for all sizes and all numbers of steps, in exact arithmetic. What is not proven is checked: what a program
gives is compared with the recording that it comes from before it is used.
"""

from __future__ import annotations

from autograd_seq.plan.rewrites.rule import Rule
from autograd_seq.plan.value import Network
from autograd_seq.translation.reader import translated

PROVEN = frozenset({
    "single_term", "constant_over_time", "sum_of_constants", "turned_twice", "computed_already", "one_number",
    "quotient_times", "difference_times", "cross_entropy_of_softmax", "longhand_along_axes", "product_of_stacked",
    "rows_of_product", "rows_of_sum", "products_over_time", "columns_over_time", "only_column_over_time",
    "negative_as_product", "flat", "common_factor", "known_terms", "known_factors", "sigmoid_as_tanh", "one_product",
    "one_product_of_sum", "bias_in_product", "beside", "seams", "put_back_at_once",
})  # fmt: skip


def status(rule: Rule) -> str:
    """Whether the equality of a rule is proven or only checked."""
    return "proven" if rule.name in PROVEN else "checked"


def said(network: Network) -> list[str]:
    """What `explain` ends with: which equalities were used, and how far each is certain."""
    lines = []
    for word, how in (("proven", "for all sizes and numbers of steps"), ("checked", "by what the program gives")):
        used = [(rule.law, count) for rule, count in network.applied.items() if status(rule) == word]
        laws = [f"  {translated(law)} ({count}×)" for law, count in used]
        if laws:
            lines += [f"equalities used that are {word}, {how}: {len(laws)}", *laws]
    return [*lines, "the order of the program and its use of memory are checked by what it gives"]
