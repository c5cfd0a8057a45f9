"""W x + b is [W b] [x; 1]: where the inputs of all steps are copied anyway, a row of ones below them costs nothing."""

from __future__ import annotations

from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.value import CONCAT, MATMUL, ONES, STEPS, SUM, Use, Value


@rule("W x + b = [W b] [x; 1]", P(SUM, timed=True),
      "{n} biases: another column of the matrix, a row of ones below the inputs")  # fmt: skip
def bias_in_product(match: Match) -> Made:
    """Let a product with given inputs add the bias."""
    value, around = match.value, match.around
    if len(value.shape) != 2:
        return None  # numbers and vectors have no column beside them
    column = (value.shape[0], 1)
    bias = next((u for u in value.uses if not u.value.timed and u.value.shape == column), None)
    term = next((u for u in value.uses if _of_inputs(u, value, around)), None)
    if bias is None or term is None:
        return None
    product = term.value
    weights, x = product.uses
    rows, columns = weights.value.shape
    wider = weights.value.like(CONCAT, [weights, bias], shape=(rows, columns + 1), settings={"axis": 1})
    longer = product.like(MATMUL, [Use(wider), Use(_with_ones(x, product, around))])
    return value.instead(SUM, [Use(longer) if use is term else use for use in value.uses if use is not bias])


def _of_inputs(use: Use, value: Value, around: Surroundings) -> bool:
    """Whether a term is a product of a single matrix with inputs, and nobody else needs it."""
    x = use.value
    if x.kind is not MATMUL or x.uses[0].value.timed or len(around.users(x)) != 1 or not use.plain or x.beyond:
        return False
    return x.times == value.times and _laid_out(x.uses[1], x)


def _laid_out(use: Use, user: Value) -> bool:
    """Whether an operand is copied from what is given, so that it can be copied to anywhere."""
    x = use.value
    copied = x.kind is STEPS or (x.is_a("part") and not any(u.value.timed for u in x.uses))
    return copied and not use.shift and not x.beyond and x.times == user.times and len(x.shape) == 2


def _with_ones(x: Use, user: Value, around: Surroundings) -> Value:
    """The inputs with ones below them: those that are there already, if they are."""
    for other, use in around.users(x.value):
        if other is None or other.kind is not CONCAT or use != x or other.times != user.times or len(other.uses) != 2:
            continue
        if other.uses[1].value.kind is ONES:
            return other
    rows, columns = x.value.shape
    ones = Value(ONES, (1, columns), x.value.dtype, user.times, name="ones")
    return Value(CONCAT, (rows + 1, columns), x.value.dtype, user.times, [Use(x.value), Use(ones)],
                 {"axis": 0, "placed": True}, f"{x.value.name}_one")  # fmt: skip
