"""Out of the loop: terms and factors that do not depend on the step before are put together for all steps at once."""

from __future__ import annotations

from autograd_seq.plan.anysize.size import broadcast
from autograd_seq.plan.rewrites.lifting import small
from autograd_seq.plan.value import LITERAL, PRODUCT, SUM, Network, Use, Value, carried


def hoist(network: Network) -> None:
    """Regroup sums and products inside of loops, so that what the loop does not change is computed before it."""
    terms = factors = common = 0
    for component in network.components():
        if carried(component):
            inside = set(component)
            for value in component:
                _negative_as_product(value)
            _flatten(network, component)
            sums = [value for value in component if value.kind == SUM and small(value)]
            found = sum(_common_factor(network, value, inside) for value in sums)
            if found:
                common += found
                _flatten(network, component)
            for value in component:
                if (value.kind == SUM or (value.kind == PRODUCT and small(value))) and _regroup(value, inside):
                    terms += value.kind == SUM
                    factors += value.kind == PRODUCT
    if common:
        network.notes.append(f"{common} sums of products: the common factor taken out")
    if terms:
        network.notes.append(f"{terms} sums: terms that depend on no step, for all steps before the loop")
    if factors:
        network.notes.append(f"{factors} products: factors that depend on no step, for all steps before the loop")


def _negative_as_product(value: Value) -> None:
    if value.is_a("negative"):
        number = Value(LITERAL, (), value.dtype, settings={"number": -1.0})
        value.kind, value.uses = PRODUCT, [*value.uses, Use(number)]


def _common_factor(network: Network, value: Value, inside: set[Value]) -> bool:
    """A sum of products x g₁ + x g₂ of something carried and things known is x (g₁ + g₂)."""
    users = network.users()
    if value not in users or len(value.uses) < 2 or value.beyond:
        return False
    factor: Use | None = None
    rest: list[list[Use]] = []
    for use in value.uses:
        x = use.value
        fits = x.kind == PRODUCT and x.times == value.times and x.shape == value.shape and not x.beyond
        if not fits or use.shift or use.at is not None or len(users[x]) != 1:
            return False
        carried_here = [u for u in x.uses if u.value in inside]
        if len(carried_here) != 1 or len(x.uses) < 2 or (factor is not None and carried_here[0].key != factor.key):
            return False
        factor = carried_here[0]
        rest.append([u for u in x.uses if u.value not in inside])
    assert factor is not None
    sums = [Use(_product_of(value, uses)) if len(uses) > 1 else uses[0] for uses in rest]
    if any(use.value.shape != value.shape for use in sums):
        return False
    known = Value(SUM, value.shape, value.dtype, value.times, sums, name=f"{value.name}_known")
    value.kind, value.uses = PRODUCT, [factor, Use(known)]
    return True


def _product_of(value: Value, uses: list[Use]) -> Value:
    shape = broadcast(*(use.value.shape for use in uses))
    times = value.times if any(use.value.timed for use in uses) else None
    return Value(PRODUCT, shape, value.dtype, times, uses, name=f"{value.name}_part")


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
                alone = len(users[x]) == 1 and not use.shift and use.at is None and not x.beyond
                if alone and (x.kind, x.times, x.shape) == (value.kind, value.times, value.shape):
                    uses += x.uses
                    changed = True
                else:
                    uses.append(use)
            value.uses = uses


def _regroup(value: Value, inside: set[Value]) -> bool:
    outside = [use for use in value.uses if use.value not in inside]
    if len(outside) < 2 or len(outside) == len(value.uses):
        return False
    shape = broadcast(*(use.value.shape for use in outside))
    times = value.times if any(use.value.timed for use in outside) else None
    group = Value(value.kind, shape, value.dtype, times, outside, name=f"{value.name}_known")
    value.uses = [*(use for use in value.uses if use.value in inside), Use(group)]
    return True
