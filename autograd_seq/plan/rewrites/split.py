"""Products of stacked operands, taken apart: W [a; x] = Wₐ a + Wₓ x, and rows of a product are the product of rows."""

from __future__ import annotations

from autograd_seq.plan.value import COLUMNS, CONCAT, MATMUL, ROWS, SUM, Network, Use, Value


def split(network: Network) -> None:
    """Take apart what is stacked, and take rows early."""
    count = 0
    while True:
        users = network.users()
        changed = sum(_rows(value) or _stacked(value) for value in network.values if users[value])
        if not changed:
            break
        count += changed
    if count:
        network.notes.append(f"{count} products of stacked operands, and rows of products: taken apart")


def columns(matrix: Use, start: int, stop: int) -> Use:
    """Some columns of a single matrix."""
    x = matrix.value
    made = Value(COLUMNS, (x.shape[0], stop - start), x.dtype, None, [matrix], {"columns": (start, stop)}, x.name)
    return Use(made)


def _stacked(value: Value) -> bool:
    if value.kind != MATMUL or not value.timed:
        return False
    left, right = value.uses
    if left.value.timed or right.value.kind != CONCAT or not right.value.timed or right.shift or right.value.beyond:
        return False
    terms, start = [], 0
    for part in right.value.uses:
        stop = start + part.value.shape[0]
        terms.append(Use(value.like(MATMUL, [columns(left, start, stop), Use(part.value, part.shift, part.at)])))
        start = stop
    value.kind, value.uses = SUM, terms
    return True


def _rows(value: Value) -> bool:
    """Rows of a product with a single matrix, or of a sum, are taken of the operands."""
    if value.kind != ROWS or not value.timed or value.uses[0].shift:
        return False
    inner = value.uses[0].value
    if inner.beyond or not inner.timed:
        return False
    settings = dict(value.settings)
    n = settings["rows"][1] - settings["rows"][0]

    def rows_of(use: Use) -> Use:
        x = use.value
        made = Value(ROWS, (n, *x.shape[1:]), x.dtype, value.times if x.timed else None, [Use(x)], settings, x.name)
        return Use(made, 0)

    if inner.kind == MATMUL and not inner.uses[0].value.timed:
        second = inner.uses[1]
        value.kind, value.uses = MATMUL, [rows_of(inner.uses[0]), Use(second.value, second.shift)]
        value.settings = {}
        return True
    plain = all(use.value.shape == inner.shape and not use.shift and use.value.timed for use in inner.uses)
    if inner.kind == SUM and plain:
        value.kind, value.uses = SUM, [rows_of(use) for use in inner.uses]
        value.settings = {}
        return True
    return False
