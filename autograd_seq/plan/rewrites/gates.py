"""Products that share an operand in a loop: one product of stacked matrices, one activation of all gates together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograd_seq import operations as ops
from autograd_seq.plan.rewrites.lifting import elementwise
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.rewrites.simplify import plain
from autograd_seq.plan.rewrites.split import rows_of
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.value import AFFINE, CONCAT, LITERAL, MATMUL, PRODUCT, ROWS, SCALES, SUM, Use, Value


@rule("σ(z) = ½ + ½ tanh(½ z)", P(ops.sigmoid, P(name="z", alone=True), timed=True),
      "{n} σ(z): ½ + ½ tanh(z/2), the half put into the matrices")  # fmt: skip
def sigmoid_as_tanh(match: Match) -> Made:
    """Where the half can go into single matrices, once instead of at every step."""
    value, z = match.value, match["z"].value
    if z.times != value.times or not _can_halve(z, match.around):
        return None
    return value.instead(AFFINE, [Use(value.like(ops.tanh, [Use(_halved(z))]))])


def _can_halve(z: Value, around: Surroundings) -> bool:
    if z.beyond or not z.timed or len(around.users(z)) != 1:
        return False
    if z.kind is MATMUL:
        return not z.uses[0].value.timed
    return z.kind is SUM and all(not use.value.timed or _can_halve(use.value, around) for use in z.uses)


def _halved(z: Value) -> Value:
    """½ (W x + b) = (½ W) x + ½ b."""
    if z.kind is MATMUL:
        return z.instead(MATMUL, [_half(z.uses[0]), z.uses[1]])
    return z.instead(SUM, [use.of(_halved(use.value)) if use.value.timed else _half(use) for use in z.uses])


def _half(use: Use) -> Use:
    x = use.value
    number = Value(LITERAL, (), x.dtype, settings={"number": 0.5})
    return Use(x.like(PRODUCT, [Use(number), use], name=f"{x.name}_half"))


# -- several products of one operand ---------------------------------------------------------------


@rule("f(A x + a), f(B x + b) = rows of f([A; B] x + [a; b])",
      P(MATMUL, P(timed=False), "x", in_loop=True, beyond=False))  # fmt: skip
def one_product(match: Match) -> Made:
    """Stack the matrices that meet the same operand, and whatever is done alike with all the products."""
    around, value = match.around, match.value
    users = around.users(match["x"].value)
    group = around.in_order(user for user, use in users if user is not None and _meets(user, use, match))
    if len(group) < 2 or group[0] is not value:
        return None
    level = sorted(_done_alike(group, around), key=lambda one: _kind_of_user(one, around) is not AFFINE)
    packed = _packed(level, around)
    if packed is None:
        return None
    replacements = as_rows(level, packed)
    note = f"{len(group)} products with {packed.name}: one product of stacked matrices"
    if packed.kind in (SUM, MATMUL):
        return replacements, note
    scaled = [one for one in level if _kind_of_user(one, around) is AFFINE]
    if scaled:
        replacements.update(_scaled_together(packed, [around.users(one)[0][0] for one in scaled]))  # type: ignore[misc]
    return replacements, f"{note}\n{len(level)} {packed.kind.name}: one, on one contiguous block"


def _meets(user: Value, use: Use, match: Match) -> bool:
    """Whether somebody multiplies the same operand by a single matrix, in the same loop and at the same steps."""
    if user.kind is not MATMUL or user.beyond or user.uses[0].value.timed or user.uses[1] is not use:
        return False
    return use == match["x"] and user.times == match.value.times and match.around.inside(user, match.value)


def _done_alike(group: list[Value], around: Surroundings) -> list[Value]:
    """As far as the same is done with all of them: the last of what is."""
    level = group
    while True:
        following = [user for one in level if (user := around.only_user(one)) is not None]
        if len(following) < len(level) or len(set(following)) < len(following):
            return level
        first = following[0]
        known = first.kind is SUM or (elementwise(first.kind) and len(first.uses) == 1)
        if not known or not all(_same_function(one, first) and one.times == level[0].times for one in following):
            return level
        level = following


def _same_function(value: Value, other: Value) -> bool:
    """Whether two values are computed alike, settings included."""
    known = plain(value.settings) and plain(other.settings) and not value.beyond
    alike = value.kind is other.kind and len(value.uses) == len(other.uses)
    return known and alike and repr(value.settings) == repr(other.settings)


def _kind_of_user(value: Value, around: Surroundings) -> object:
    user = around.only_user(value)
    return None if user is None or user.beyond or user.times != value.times else user.kind


def _packed(values: Sequence[Value], around: Surroundings) -> Value | None:
    """One value whose rows are those of several, made in the same way; None if they are not made so."""
    first = values[0]
    shape = (sum(v.shape[0] for v in values), *first.shape[1:])
    if any(len(v.shape) != 2 or v.shape[1:] != first.shape[1:] or v.times != first.times for v in values):
        return None
    if not first.timed:
        return _single_packed(values, shape)
    if not all(_same_function(v, first) for v in values):
        return None
    columns = [[v.uses[i] for v in values] for i in range(len(first.uses))]
    if first.kind is MATMUL:
        if any(v.uses[0].value.timed or v.uses[1] != first.uses[1] for v in values):
            return None
        left = _packed([use.value for use in columns[0]], around)
        parts = [left, first.uses[1]]
    elif first.kind is SUM or elementwise(first.kind):
        uses = [use for column in columns for use in column]
        if not all(use.plain and (not use.value.timed or len(around.users(use.value)) == 1) for use in uses):
            return None
        parts = [_packed([use.value for use in column], around) for column in columns]
    else:
        return None
    if None in parts:
        return None
    made = [part if isinstance(part, Use) else Use(part) for part in parts]  # type: ignore[arg-type]
    return first.like(first.kind, made, shape=shape, settings=first.settings, name=f"{first.name}_all")


def _single_packed(values: Sequence[Value], shape: tuple[int, ...]) -> Value:
    """Single matrices above each other; what some of them are multiplied by, for all together."""
    first = values[0]
    numbers = [v.uses[0].value.settings["number"] if _scaled(v) else 1.0 for v in values]
    unscaled = [v.uses[1] if _scaled(v) else Use(v) for v in values]
    stacked = Value(CONCAT, shape, first.dtype, None, unscaled, {"axis": 0}, f"{first.name}_all")
    if not any(map(_scaled, values)):
        return stacked
    settings = {"numbers": numbers, "rows": [v.shape[0] for v in values]}
    scales = Value(SCALES, (shape[0], 1), first.dtype, None, [], settings, "scales")
    return stacked.like(PRODUCT, [Use(stacked), Use(scales)])


def _scaled(value: Value) -> bool:
    return value.kind is PRODUCT and len(value.uses) == 2 and value.uses[0].value.kind is LITERAL


def as_rows(values: Sequence[Value], packed: Value) -> dict[Value, Value]:
    """The single values as rows of the packed one."""
    replacements: dict[Value, Value] = {}
    start = 0
    for value in values:
        stop = start + value.shape[0]
        replacements[value] = value.instead(ROWS, [Use(packed)], rows=(start, stop))
        start = stop
    return replacements


def _scaled_together(packed: Value, scaled: Sequence[Value]) -> Mapping[Value, Value]:
    """½ + ½ tanh of neighbouring gates, in place."""
    rows = rows_of(Use(packed), (0, sum(value.shape[0] for value in scaled)), packed.times)
    together = rows.value.like(AFFINE, [rows], settings={"over": True}, name="gates")
    return as_rows(scaled, together)
