"""Gradients over time of one adjoint: one product with everything that it meets, side by side, and ones for a bias."""

from __future__ import annotations

from itertools import pairwise

from autograd_seq.plan.value import COLUMNS, COLUMNS_OVER_TIME, CONCAT, OUTER_OVER_TIME, ROWS, Network, Use, Value


def beside(network: Network) -> None:
    """Σ over time of D Aᵀ, D Xᵀ and D 1 is Σ over time of D [A; X; 1]ᵀ."""
    groups: dict[object, list[Value]] = {}
    for value in network.values:
        keeps_columns = value.kind == COLUMNS_OVER_TIME and value.settings["keep"]
        if value.kind == OUTER_OVER_TIME or keeps_columns:
            groups.setdefault((value.uses[0].key, value.settings["times"]), []).append(value)
    number = _numbered(network)
    count = 0
    for group in groups.values():
        if len(group) > 1:
            _join(sorted(group, key=lambda value: (value.kind == COLUMNS_OVER_TIME, number.get(value, 0))))
            count += len(group)
    if count:
        network.notes.append(f"{count} gradients over time: one product for each adjoint, its bias with it")
        _seams(network)


def _numbered(network: Network) -> dict[Value, int]:
    """In which place values are put beside others."""
    return {
        window(use)[0].value: i
        for value in network.values if value.kind == CONCAT and value.settings.get("axis") == 1 and not value.timed
        for i, use in enumerate(value.uses)
    }  # fmt: skip


def _join(group: list[Value]) -> None:
    first = group[0]
    rights = [value.uses[1] for value in group if value.kind == OUTER_OVER_TIME]
    rows = first.shape[0]
    columns = sum(value.shape[1] for value in group)
    settings = {"times": first.settings["times"], "ones": len(rights) < len(group)}
    made = Value(OUTER_OVER_TIME, (rows, columns), first.dtype, None, [first.uses[0], *rights], settings, first.name)
    start = 0
    for value in group:
        stop = start + value.shape[1]
        value.kind, value.uses, value.settings = COLUMNS, [Use(made)], {"columns": (start, stop)}
        start = stop


def _seams(network: Network) -> None:
    """Neighbouring columns of one matrix, put beside each other, are columns of it."""
    for value in network.values:
        if value.kind != CONCAT or value.settings.get("axis") != 1 or value.timed:
            continue
        pieces = [window(use) for use in value.uses]
        base, rows, _ = pieces[0]
        adjacent = all(a[2][1] == b[2][0] for a, b in pairwise(pieces))
        if adjacent and all(piece[0].key == base.key and piece[1] == rows for piece in pieces):
            shape = (rows[1] - rows[0], base.value.shape[1])
            cut = Value(ROWS, shape, value.dtype, None, [base], {"rows": rows}, base.value.name)
            value.kind, value.uses = COLUMNS, [Use(cut)]
            value.settings = {"columns": (pieces[0][2][0], pieces[-1][2][1])}


def window(use: Use) -> tuple[Use, tuple[int, int], tuple[int, int]]:
    """The matrix that rows or columns are of, and which."""
    rows, columns = (0, use.value.shape[0]), (0, use.value.shape[1])
    while (value := use.value).kind in (ROWS, COLUMNS) and not value.timed:
        if value.kind == ROWS:
            low = value.settings["rows"][0]
            rows = (rows[0] + low, rows[1] + low)
        else:
            low = value.settings["columns"][0]
            columns = (columns[0] + low, columns[1] + low)
        use = value.uses[0]
    return use, rows, columns
