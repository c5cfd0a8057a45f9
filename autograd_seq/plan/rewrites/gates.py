"""Products that share an operand: one product of stacked matrices, and one activation of all gates together."""

from __future__ import annotations

from autograd_seq import operations as ops
from autograd_seq.plan.rewrites.lifting import elementwise
from autograd_seq.plan.rewrites.simplify import plain
from autograd_seq.plan.value import (
    AFFINE,
    COLUMNS_OVER_TIME,
    CONCAT,
    LITERAL,
    MATMUL,
    OUTER_OVER_TIME,
    PRODUCT,
    ROWS,
    SCALES,
    SUM,
    Network,
    Use,
    Value,
    carried,
)  # fmt: skip

Users = dict[Value, list[tuple[Value | None, Use]]]


def sigmoid_as_tanh(network: Network) -> None:
    """σ(z) = ½ + ½ tanh(z/2); the half goes into the matrices, once instead of at every step."""
    count = 0
    for value in network.values:
        if value.kind is not ops.sigmoid or not value.timed or value.uses[0].shift:
            continue
        users = network.users()
        z = value.uses[0].value
        if len(users[z]) == 1 and _can_halve(z, users) and z.times == value.times:
            _halve(z)
            value.uses = [Use(value.like(ops.tanh, [Use(z)]))]
            value.kind = AFFINE
            count += 1
    if count:
        network.notes.append(f"{count} σ(z): ½ + ½ tanh(z/2), the half put into the matrices")


def _can_halve(z: Value, users: Users) -> bool:
    if z.beyond or not z.timed or len(users[z]) != 1:
        return False
    if z.kind == MATMUL:
        return not z.uses[0].value.timed
    return z.kind == SUM and all(not use.value.timed or _can_halve(use.value, users) for use in z.uses)


def _halve(z: Value) -> None:
    if z.kind == MATMUL:
        z.uses[0] = _half(z.uses[0])
    else:
        for i, use in enumerate(z.uses):
            if use.value.timed:
                _halve(use.value)
            else:
                z.uses[i] = _half(use)


def _half(use: Use) -> Use:
    x = use.value
    number = Value(LITERAL, (), x.dtype, settings={"number": 0.5})
    return Use(Value(PRODUCT, x.shape, x.dtype, None, [Use(number), use], name=f"{x.name}_half"))


# -- forwards: several products of one operand -----------------------------------------------------


def one_product(network: Network) -> None:
    """Stack the matrices that meet the same operand inside of a loop, and what is done with the products."""
    for component in network.components():
        if not carried(component):
            continue
        groups: dict[tuple[object, ...], list[Value]] = {}
        for value in component:
            if value.kind == MATMUL and not value.uses[0].value.timed and not value.beyond:
                groups.setdefault((*value.uses[1].key, value.times), []).append(value)
        for group in groups.values():
            if len(group) > 1:
                _fuse(network, group)


def _fuse(network: Network, group: list[Value]) -> None:
    users = network.users()
    level = group
    while True:
        following = [_only_user(value, users) for value in level]
        first = following[0]
        if first is None or any(v is None or not _same_function(v, first) for v in following):
            break
        if any(v.times != level[0].times or len(v.uses) != len(first.uses) or v.beyond for v in following):  # type: ignore[union-attr]
            break
        if not (first.kind == SUM or (elementwise(first.kind) and len(first.uses) == 1)):
            break
        if len(set(following)) != len(following):
            break
        level = following  # type: ignore[assignment]
    level = sorted(level, key=lambda value: _kind_of_user(value, users) != AFFINE)
    packed = _pack(level, users)
    if packed is None:
        return
    network.notes.append(f"{len(group)} products with {packed.name}: one product of stacked matrices")
    _unpack(network, level, packed)
    if isinstance(packed.kind, str):
        return
    network.notes.append(f"{len(level)} {packed.kind.name}: one, on one contiguous block")
    scaled = [value for value in level if _kind_of_user(value, users) == AFFINE]
    if scaled:
        _scale_together(network, packed, [users[value][0][0] for value in scaled])  # type: ignore[misc]


def _same_function(value: Value, other: Value) -> bool:
    """Whether two values are computed alike, settings included."""
    known = plain(value.settings) and plain(other.settings)
    return value.kind == other.kind and known and repr(value.settings) == repr(other.settings)


def _only_user(value: Value, users: Users) -> Value | None:
    found = users.get(value, [])
    if len(found) != 1 or found[0][1].shift or found[0][1].at is not None:
        return None
    return found[0][0]


def _kind_of_user(value: Value, users: Users) -> object:
    user = _only_user(value, users)
    return None if user is None or user.beyond or user.times != value.times else user.kind


def _pack(values: list[Value], users: Users) -> Value | None:
    """One value whose rows are those of several, made in the same way; None if they are not made so."""
    first = values[0]
    shape = (sum(v.shape[0] for v in values), *first.shape[1:])
    if any(len(v.shape) != 2 or v.shape[1:] != first.shape[1:] or v.times != first.times for v in values):
        return None
    if not first.timed:
        return _pack_single(values, shape)
    if not all(_same_function(v, first) for v in values) or any(v.beyond for v in values):
        return None
    settings = dict(first.settings)
    made = Value(first.kind, shape, first.dtype, first.times, settings=settings, name=f"{first.name}_all")
    if first.kind == MATMUL:
        if any(v.uses[0].value.timed or v.uses[1].key != first.uses[1].key for v in values):
            return None
        left = _pack([v.uses[0].value for v in values], users)
        if left is None:
            return None
        made.uses = [Use(left), first.uses[1]]
        return made
    if not (first.kind == SUM or elementwise(first.kind)) or any(len(v.uses) != len(first.uses) for v in values):
        return None
    for i in range(len(first.uses)):
        column = [v.uses[i] for v in values]
        if any(use.shift or use.at is not None for use in column):
            return None
        if any(use.value.timed and len(users[use.value]) != 1 for use in column):
            return None
        part = _pack([use.value for use in column], users)
        if part is None:
            return None
        made.uses.append(Use(part))
    return made


def _pack_single(values: list[Value], shape: tuple[int, ...]) -> Value:
    """Single matrices above each other; what some of them are multiplied by, for all together."""
    first = values[0]
    numbers = [v.uses[0].value.settings["number"] if _scaled(v) else 1.0 for v in values]
    plain = [v.uses[1] if _scaled(v) else Use(v) for v in values]
    stacked = Value(CONCAT, shape, first.dtype, None, plain, {"axis": 0}, f"{first.name}_all")
    if not any(map(_scaled, values)):
        return stacked
    settings = {"numbers": numbers, "rows": [v.shape[0] for v in values]}
    scales = Value(SCALES, (shape[0], 1), first.dtype, None, [], settings, "scales")
    return Value(PRODUCT, shape, first.dtype, None, [Use(stacked), Use(scales)], name=stacked.name)


def _scaled(value: Value) -> bool:
    return value.kind == PRODUCT and len(value.uses) == 2 and value.uses[0].value.kind == LITERAL


def _unpack(network: Network, values: list[Value], packed: Value) -> None:
    """The single values are rows of the packed one from now on."""
    start = 0
    for value in values:
        stop = start + value.shape[0]
        value.kind, value.uses, value.settings = ROWS, [Use(packed)], {"rows": (start, stop)}
        start = stop


def _scale_together(network: Network, packed: Value, scaled: list[Value]) -> None:
    """½ + ½ tanh of neighbouring gates, in place."""
    n = sum(value.shape[0] for value in scaled)
    shape = (n, *packed.shape[1:])
    rows = Value(ROWS, shape, packed.dtype, packed.times, [Use(packed)], {"rows": (0, n)}, packed.name)
    made = Value(AFFINE, shape, packed.dtype, packed.times, [Use(rows)], {"over": True}, "gates")
    _unpack(network, scaled, made)


# -- backwards: a sum of products ------------------------------------------------------------------


def one_product_of_sum(network: Network) -> None:
    """Make one product of a sum of products inside of a loop: Σ Aₖ xₖ = [A₁ A₂ …] [x₁; x₂; …]."""
    for component in network.components():
        if not carried(component):
            continue
        inside = set(component)
        for value in component:
            if value.kind == SUM:
                _join(network, value, inside)


def _join(network: Network, value: Value, inside: set[Value]) -> None:
    users = network.users()
    terms = [use for use in value.uses if _joinable(use, value, inside, users)]
    if len(terms) < 2:
        return
    operands = [use.value.uses[1].value for use in terms]
    first = operands[0]
    fits = all(x.times == first.times and x.shape[1:] == first.shape[1:] for x in operands)
    if not fits or len(set(operands)) != len(operands):
        return
    rows = sum(x.shape[0] for x in operands)
    stacked = Value(CONCAT, (rows, *first.shape[1:]), first.dtype, first.times, [Use(x) for x in operands],
                    {"axis": 0, "placed": True}, f"{first.name}_all")  # fmt: skip
    matrices = [use.value.uses[0] for use in terms]
    name = f"{matrices[0].value.name}_all"
    left = Value(CONCAT, (value.shape[0], rows), first.dtype, None, matrices, {"axis": 1}, name)
    product = Value(MATMUL, value.shape, value.dtype, value.times, [Use(left), Use(stacked)], name=value.name)
    value.uses = [*(use for use in value.uses if not any(use is term for term in terms)), Use(product)]
    network.notes.append(f"{len(terms)} products in one sum: one product of stacked matrices")
    _join_over_time(network, operands, stacked, users)


def _joinable(use: Use, value: Value, inside: set[Value], users: Users) -> bool:
    x = use.value
    if x.kind != MATMUL or x not in inside or use.shift or len(users[x]) != 1 or x.beyond or x.times != value.times:
        return False
    left, right = x.uses
    y = right.value
    if left.value.timed or right.shift or y not in inside or y.beyond or y.kind in (ROWS, CONCAT):
        return False
    placed = any(user is not None and user.settings.get("placed") for user, _ in users[y])
    return x.shape == value.shape and not placed


def _join_over_time(network: Network, operands: list[Value], stacked: Value, users: Users) -> None:
    """Weight and bias gradients of what is stacked: one product, one sum."""
    groups: dict[tuple[object, ...], dict[Value, Value]] = {}
    for x in operands:
        for user, use in users[x]:
            if user is None or use.shift or use.at is not None or user.settings.get("times") != stacked.times:
                continue
            if user.kind == OUTER_OVER_TIME and use is user.uses[0]:
                groups.setdefault((OUTER_OVER_TIME, *user.uses[1].key), {})[x] = user
            elif user.kind == COLUMNS_OVER_TIME:
                groups.setdefault((COLUMNS_OVER_TIME, user.settings["keep"]), {})[x] = user
    for group in groups.values():
        if len(group) != len(operands):
            continue
        single = [group[x] for x in operands]
        first = single[0]
        shape = (stacked.shape[0], *first.shape[1:])
        made = Value(first.kind, shape, first.dtype, None, [Use(stacked), *first.uses[1:]], dict(first.settings),
                     f"{first.name}_all")  # fmt: skip
        _unpack(network, single, made)
        what = "product" if made.kind == OUTER_OVER_TIME else "sum"
        network.notes.append(f"{len(single)} gradients over time: one {what}")
