"""Into the loop: what only a loop needs is computed in it, where its operands are at hand."""

from __future__ import annotations

from autograd_seq.plan.rewrites.lifting import elementwise, small
from autograd_seq.plan.value import MATMUL, PRODUCT, ROWS, SUM, Network, carried


def sink(network: Network, fused: bool) -> None:
    """Tie values to the loop that all their users are in: element-wise ones, and if fused, products of matrices.

    Parameters
    ----------
    network : Network
        It is changed.
    fused : bool
        Whether a value more in the loop costs no call of its own; else small values stay outside.
    """
    home = {value: values[0] for values in network.components() if carried(values) for value in values}
    users = network.users()
    count = 0
    for value in reversed(network.values):
        if value in home or not value.timed or value.beyond or (small(value) and not fused):
            continue
        product = value.kind == MATMUL and value.shape[-1] > 1 and not value.uses[0].value.timed
        if not (product or value.kind in (SUM, PRODUCT, ROWS) or elementwise(value.kind)):
            continue
        steady = all(user in home and not use.shift and use.at is None for user, use in users[value])
        loops = {home[user]: user for user, _ in users[value] if user in home}
        if steady and len(loops) == 1:
            ((home[value], network.tied[value]),) = loops.items()
            count += 1
    if count:
        network.notes.append(f"{count} values that only a loop needs: computed in it")

