"""Out of the loop: terms and factors that do not hang on the step before are put together for all steps at once."""

from __future__ import annotations

import numpy as np

from autograd_seq.plan.value import PRODUCT, SUM, Network, Use, Value, carried


def hoist(network: Network) -> None:
    """Regroup sums and products inside of loops, so that what the loop does not change is computed before it."""
    terms = factors = 0
    for component in network.components():
        if carried(component):
            inside = set(component)
            _flatten(network, component)
            for value in component:
                if value.kind in (SUM, PRODUCT) and _regroup(value, inside):
                    terms += value.kind == SUM
                    factors += value.kind == PRODUCT
    if terms:
        network.notes.append(f"{terms} sums: terms that no step hangs on, for all steps before the loop")
    if factors:
        network.notes.append(f"{factors} products: factors that no step hangs on, for all steps before the loop")


def _flatten(network: Network, component: list[Value]) -> None:
    """A sum of a sum is one sum, a product of a product one product, where nobody else uses the inner one."""
    changed = True
    while changed:
        changed = False
        users = network.users()
        for value in component:
            if value.kind not in (SUM, PRODUCT) or value not in users:
                continue
            uses: list[Use] = []
            for use in value.uses:
                x = use.value
                alone = len(users[x]) == 1 and not use.shift and use.at is None
                if alone and x.kind == value.kind and x.times == value.times and not x.beyond and x.shape == value.shape:
                    uses += x.uses
                    changed = True
                else:
                    uses.append(use)
            value.uses = uses


def _regroup(value: Value, inside: set[Value]) -> bool:
    outside = [use for use in value.uses if use.value not in inside]
    if len(outside) < 2 or len(outside) == len(value.uses):
        return False
    shape = np.broadcast_shapes(*(use.value.shape for use in outside))
    times = value.times if any(use.value.timed for use in outside) else None
    group = Value(value.kind, shape, value.dtype, times, outside, name=f"{value.name}_known")
    value.uses = [*(use for use in value.uses if use.value in inside), Use(group)]
    return True
