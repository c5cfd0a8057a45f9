"""Products of stacked operands, taken apart: W [a; x] = Wₐ a + Wₓ x, and rows of a product are the product of rows."""

from __future__ import annotations

from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import COLUMNS, CONCAT, MATMUL, ROWS, SUM, Use, Value

NOTE = "{n} products of stacked operands, or rows of products: taken apart"


@rule("W [a; x] = Wₐ a + Wₓ x", P(MATMUL, P(name="w", timed=False), "stacked", timed=True), NOTE)
def product_of_stacked(match: Match) -> Made:
    """A product with each part of what is stacked; but not of what a rule has put side by side."""
    stacked, shift = match["stacked"].value, match["stacked"].shift
    if stacked.kind is not CONCAT or not stacked.timed or shift or stacked.beyond or stacked.settings.get("placed"):
        return None
    terms, start = [], 0
    for part in stacked.uses:
        stop = start + part.value.shape[0]
        terms.append(Use(match.value.like(MATMUL, [columns(match["w"], start, stop), part])))
        start = stop
    return match.value.instead(SUM, terms)


@rule("rows of W x = (rows of W) x", P(ROWS, P(MATMUL, P(name="w", timed=False), "x", beyond=False, timed=True)), NOTE)
def rows_of_product(match: Match) -> Made:
    """Rows of a single matrix are taken once."""
    rows = match.value.settings["rows"]
    return match.value.instead(MATMUL, [rows_of(match["w"], rows), match["x"]])


@rule("rows of x + y = rows of x + rows of y", P(ROWS, P(SUM, name="sum", beyond=False, timed=True), timed=True), NOTE)
def rows_of_sum(match: Match) -> Made:
    """Where nothing broadcasts."""
    terms = match["sum"].value.uses
    if not all(use.value.shape == match["sum"].value.shape and not use.shift and use.value.timed for use in terms):
        return None
    rows, times = match.value.settings["rows"], match.value.times
    return match.value.instead(SUM, [rows_of(Use(use.value), rows, times) for use in terms])


APART = (product_of_stacked, rows_of_product, rows_of_sum)


def columns(matrix: Use, start: int, stop: int) -> Use:
    """Some columns of a single matrix."""
    x = matrix.value
    return Use(x.like(COLUMNS, [matrix], shape=(x.shape[0], stop - start), settings={"columns": (start, stop)}))


def rows_of(use: Use, rows: tuple[int, int], times: range | None = None) -> Use:
    """Some rows of a matrix, at some steps of those at which it is there."""
    x = use.value
    shape = (rows[1] - rows[0], *x.shape[1:])
    return Use(Value(ROWS, shape, x.dtype, times, [use], {"rows": rows}, x.name))
