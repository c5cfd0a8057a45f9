"""The rewrites, in order; each is a general rule on values and knows no cell."""

from __future__ import annotations

from autograd_seq.plan.rewrites.beside import beside
from autograd_seq.plan.rewrites.bias import bias_in_product
from autograd_seq.plan.rewrites.gates import one_product, one_product_of_sum, sigmoid_as_tanh
from autograd_seq.plan.rewrites.hoist import hoist
from autograd_seq.plan.rewrites.lower import cancel, lower, numbers
from autograd_seq.plan.rewrites.over_time import over_time
from autograd_seq.plan.rewrites.simplify import simplify
from autograd_seq.plan.rewrites.sink import sink
from autograd_seq.plan.rewrites.split import split
from autograd_seq.plan.value import Network


def rewrite(network: Network, fused: bool = False) -> None:
    """Apply all rules; each notes what it did.

    Parameters
    ----------
    network : Network
        It is changed.
    fused : bool
        Whether what is element by element will be computed in one go: then nothing is gained by doing it for
        all steps at once.
    """
    simplify(network)
    numbers(network)
    cancel(network)
    lower(network, fused)
    split(network)
    over_time(network)
    simplify(network)
    if not fused:
        hoist(network)
        simplify(network)
        sigmoid_as_tanh(network)
    one_product(network)
    one_product_of_sum(network)
    simplify(network)
    bias_in_product(network)
    simplify(network)
    beside(network)
    sink(network, fused)
