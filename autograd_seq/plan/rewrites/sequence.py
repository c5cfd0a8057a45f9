"""The rules, which know no cell: everything is taken apart, out of the loops, and put together again.

Each stage is a row of groups of rules, which are applied until none changes anything. Stages are needed because the
last one undoes, in a better way, what the first one does.
"""

from __future__ import annotations

from autograd_seq.plan.rewrites.beside import beside, seams
from autograd_seq.plan.rewrites.bias import bias_in_product
from autograd_seq.plan.rewrites.cancel import CANCEL
from autograd_seq.plan.rewrites.gates import one_product, sigmoid_as_tanh
from autograd_seq.plan.rewrites.hoist import OUT_OF_LOOPS
from autograd_seq.plan.rewrites.joined import one_product_of_sum
from autograd_seq.plan.rewrites.lower import LONGHAND, LONGHAND_FOR_LOOPS
from autograd_seq.plan.rewrites.numbers import one_number
from autograd_seq.plan.rewrites.over_time import ALL_STEPS_TOGETHER
from autograd_seq.plan.rewrites.rule import Group, apply
from autograd_seq.plan.rewrites.simplify import SIMPLER
from autograd_seq.plan.rewrites.sink import sink
from autograd_seq.plan.rewrites.split import APART
from autograd_seq.plan.value import Network

Stage = tuple[Group, ...]
_APART: Stage = (APART, ALL_STEPS_TOGETHER)
TAKEN_APART: Stage = (SIMPLER, (one_number,), CANCEL, LONGHAND, *_APART)
TAKEN_APART_FOR_LOOPS: Stage = (SIMPLER, (one_number,), CANCEL, LONGHAND_FOR_LOOPS, *_APART)
BEFORE_LOOPS: Stage = (SIMPLER, *OUT_OF_LOOPS, (sigmoid_as_tanh,))
WEIGHTS_TOGETHER: Stage = (SIMPLER, (one_product,), (one_product_of_sum,))
TOGETHER: Stage = (*WEIGHTS_TOGETHER, (bias_in_product,), (beside, seams))
EVERY = tuple(dict.fromkeys(rule for group in (*TAKEN_APART_FOR_LOOPS, *BEFORE_LOOPS, *TOGETHER) for rule in group))


def rewrite(network: Network, fused: bool = False, side_by_side: bool = True) -> None:
    """Apply all rules, and say in `network.notes` what they did.

    Parameters
    ----------
    network : Network
        Its values use others afterwards.
    fused : bool
        Whether what is element by element will be computed in one go: then nothing is gained by doing it for
        all steps at once.
    side_by_side : bool
        Whether inputs, states and ones that one adjoint is multiplied by stand side by side, in one product.
    """
    before = len(network.values)
    last = TOGETHER if side_by_side else WEIGHTS_TOGETHER
    for stage in (TAKEN_APART_FOR_LOOPS, last) if fused else (TAKEN_APART, BEFORE_LOOPS, last):
        apply(network, *stage)
    network.notes.append(f"{before} values: {len(network.values)} after the rewrites")
    sink(network, fused)
