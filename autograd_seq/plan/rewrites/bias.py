"""W x + b is [W b] [x; 1]: where the inputs of all steps are copied anyway, a row of ones below them costs nothing."""

from __future__ import annotations

from autograd_seq.plan.value import CONCAT, MATMUL, ONES, STEPS, SUM, Network, Use, Value


def bias_in_product(network: Network) -> None:
    """Let a product with given inputs add the bias."""
    longer: dict[tuple[object, ...], Value] = {}
    count = 0
    users = network.users()
    for value in network.values:
        if value.kind == SUM and value.timed and (found := _found(value, users)) is not None:
            product, bias = found
            weights, x = product.uses
            key = (*x.key, product.times)
            if key not in longer:
                longer[key] = _with_ones(x, product)
            rows, columns = weights.value.shape
            shape, name = (rows, columns + 1), weights.value.name
            both = Value(CONCAT, shape, value.dtype, None, [weights, bias], {"axis": 1}, name)
            product.uses = [Use(both), Use(longer[key])]
            value.uses = [use for use in value.uses if use is not bias]
            count += 1
    if count:
        network.notes.append(f"{count} biases: another column of the matrix, a row of ones below the inputs")


def _found(value: Value, users: dict[Value, list[tuple[Value | None, Use]]]) -> tuple[Value, Use] | None:
    """A product with inputs, and a bias, in one sum."""
    biases = [u for u in value.uses if not u.value.timed and u.value.shape == (value.shape[0], 1)]
    for use in value.uses:
        x = use.value
        if not biases or x.kind != MATMUL or x.uses[0].value.timed or len(users[x]) != 1 or use.shift or x.beyond:
            continue
        if x.times == value.times and _laid_out(x.uses[1], x):
            return x, biases[0]
    return None


def _laid_out(use: Use, user: Value) -> bool:
    """Whether an operand is copied from what is given, so that it can be copied to anywhere."""
    x = use.value
    copied = x.kind == STEPS or (x.is_a("part") and not any(u.value.timed for u in x.uses))
    return copied and not use.shift and not x.beyond and x.times == user.times and len(x.shape) == 2


def _with_ones(x: Use, user: Value) -> Value:
    rows, columns = x.value.shape
    ones = Value(ONES, (1, columns), x.value.dtype, user.times, name="ones")
    return Value(CONCAT, (rows + 1, columns), x.value.dtype, user.times, [Use(x.value), Use(ones)],
                 {"axis": 0, "placed": True}, f"{x.value.name}_one")  # fmt: skip
