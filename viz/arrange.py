"""Rows and places: one step is laid out once, as a template, and stamped into every column.

Rows come from longest paths within a step, bands from layers and directions. Equal
steps therefore look equal, and the work grows with one step, not with their number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from viz.scene import Edge, Node

Key = Hashable
SEPARATION = 16.0  # between boxes of a row
DUMMY = 8.0  # width that an edge takes where it passes a row
LONGEST_SPAN = 12  # rows that an edge passes inside a column; longer ones go round
SWEEPS = 12


@dataclass(slots=True)
class Template:
    """One step: the row and the place of every key, and where long edges pass.

    Attributes
    ----------
    row : dict
        Row of each key, from below.
    x : dict
        For each column the place of each key, and of ``("passes", u, v, row)`` for an edge that passes
        a row. Columns of which one has all keys of the other share one.
    width : dict
        Of each key.
    beside : dict
        What a key needs free on its right, for its loop.
    around : set of (key, key)
        Edges that cannot rise through the rows and go round the column.
    """

    row: dict[Key, int] = field(default_factory=dict)
    x: dict[int, dict[Key, float]] = field(default_factory=dict)
    width: dict[Key, float] = field(default_factory=dict)
    beside: dict[Key, float] = field(default_factory=dict)
    around: set[tuple[Key, Key]] = field(default_factory=set)


def template(
    nodes: Sequence[Node], edges: Iterable[Edge], beside: dict[Key, float], passing: float = DUMMY
) -> Template:
    """Lay out one step from the nodes of all columns and the edges within them."""
    result = Template(beside=beside)
    leaves: dict[Key, bool] = {}
    bands: dict[Key, tuple[int, str]] = {}
    for node in nodes:
        result.width[node.key] = max(result.width.get(node.key, 0.0), node.width)
        leaves[node.key] = leaves.get(node.key, True) and node.leaf
        if node.box is not None and (node.box.scope.layer is not None or node.box.scope.direction is not None):
            bands[node.key] = (node.box.scope.layer or 0, _UP.get(node.box.scope.direction or "", ""))
    pairs = dict.fromkeys((e.source.key, e.target.key) for e in edges)
    upward = _without_cycles(list(leaves), pairs)
    result.around = {pair for pair in pairs if pair not in upward}
    over = {(node.over, node.key): None for node in nodes if node.over in leaves}
    result.row = _rows(list(leaves), _without_cycles(list(leaves), upward | over), leaves, bands)
    for node in nodes:
        if node.beside is not None and node.beside in result.row:
            result.row[node.key] = result.row[node.beside]
    for u, v in upward:
        if not 0 < result.row[v] - result.row[u] <= LONGEST_SPAN:
            result.around.add((u, v))
    for columns, keys in _alike(nodes):
        members = dict.fromkeys(key for key in leaves if key in keys)
        rising = {(u, v): None for u, v in upward if u in keys and v in keys and (u, v) not in result.around}
        x = _place(result, list(members), rising, leaves, passing)
        result.x |= dict.fromkeys(columns, x)
    return result


def _alike(nodes: Sequence[Node]) -> list[tuple[list[int], frozenset[Key]]]:
    """Columns that can share places: those whose keys are among the keys of one of them."""
    present: dict[int, set[Key]] = {}
    for node in nodes:
        if node.column is not None:
            present.setdefault(node.column, set()).add(node.key)
    largest: list[frozenset[Key]] = []
    found: dict[frozenset[Key], list[int]] = {}
    for distinct in sorted({frozenset(keys) for keys in present.values()}, key=len, reverse=True):
        if not any(distinct <= other for other in largest):
            largest.append(distinct)
            found[distinct] = []
    for column, keys in present.items():
        found[next(other for other in largest if keys <= other)].append(column)
    return [(columns, keys) for keys, columns in found.items()]


_UP = {"forward": "0", "backward": "1"}  # the backward direction stands above the forward one


def _without_cycles(keys: list[Key], pairs: dict[tuple[Key, Key], None]) -> dict[tuple[Key, Key], None]:
    """Those pairs that a topological order can keep; equal steps may disagree on the rest."""
    after: dict[Key, list[Key]] = {key: [] for key in keys}
    waiting: dict[Key, int] = dict.fromkeys(keys, 0)
    for u, v in pairs:
        if u != v:
            after[u].append(v)
            waiting[v] += 1
    order: dict[Key, int] = {}
    ready = [key for key in reversed(keys) if not waiting[key]]
    rest = dict.fromkeys(keys)
    while rest:
        if not ready:
            ready.append(next(iter(rest)))  # in a cycle: the oldest goes first
        key = ready.pop()
        if key in order:
            continue
        order[key] = len(order)
        del rest[key]
        for v in after[key]:
            waiting[v] -= 1
            if waiting[v] == 0 and v not in order:
                ready.append(v)
    return {pair: None for pair in pairs if order[pair[0]] < order[pair[1]]}


def _rows(
    keys: list[Key],
    pairs: dict[tuple[Key, Key], None],
    leaves: dict[Key, bool],
    bands: dict[Key, tuple[int, str]],
) -> dict[Key, int]:
    """Longest path from below; a band starts above the one before it; leaves stand right under their first user."""
    before: dict[Key, list[Key]] = {key: [] for key in keys}
    after: dict[Key, list[Key]] = {key: [] for key in keys}
    for u, v in pairs:
        before[v].append(u)
        after[u].append(v)
    _stack_bands(before, after, bands)
    row: dict[Key, int] = {}
    for key in _sorted(before, after):
        least = 0 if leaves.get(key, True) else 1
        row[key] = max([least, *(row[u] + (not _is_virtual(key)) for u in before[key])])
    for key in keys:
        users = [row[v] for v in after[key] if not _is_virtual(v)]
        if leaves[key] and users:
            row[key] = max(0, min(users) - 1)
    used = sorted({row[key] for key in keys})
    rank = {r: i for i, r in enumerate(used)}
    return {key: rank[row[key]] for key in keys}


def _is_virtual(key: Key) -> bool:
    return isinstance(key, tuple) and bool(key) and key[0] == "band above"


def _stack_bands(
    before: dict[Key, list[Key]], after: dict[Key, list[Key]], bands: dict[Key, tuple[int, str]]
) -> None:
    """Between two bands a virtual key that the upper one must stay above, unless the lower one needs the upper."""
    members: dict[tuple[int, str], list[Key]] = {}
    for key, band in bands.items():
        members.setdefault(band, []).append(key)
    order = sorted(members)
    for lower, upper in pairwise(order):
        if _reaches(members[upper], set(members[lower]), after):
            continue
        middle = ("band above", lower)
        before[middle], after[middle] = list(members[lower]), list(members[upper])
        for key in members[lower]:
            after[key].append(middle)
        for key in members[upper]:
            before[key].append(middle)


def _reaches(start: list[Key], goal: set[Key], after: dict[Key, list[Key]]) -> bool:
    seen, stack = set(start), list(start)
    while stack:
        for v in after[stack.pop()]:
            if v in goal:
                return True
            if v not in seen:
                seen.add(v)
                stack.append(v)
    return False


def _sorted(before: dict[Key, list[Key]], after: dict[Key, list[Key]]) -> list[Key]:
    waiting = {key: len(users) for key, users in before.items()}
    ready = [key for key, count in waiting.items() if not count]
    for key in ready:
        for v in after[key]:
            waiting[v] -= 1
            if not waiting[v]:
                ready.append(v)
    return ready


def _place(
    result: Template, keys: list[Key], pairs: dict[tuple[Key, Key], None], leaves: dict[Key, bool], passing: float
) -> dict[Key, float]:
    """Order each row and find the places in it; an edge that passes a row has a place there too."""
    rows: list[list[Key]] = [[] for _ in range(max(result.row.values(), default=-1) + 1)]
    for key in keys:
        rows[result.row[key]].append(key)
    below: dict[Key, list[Key]] = {}
    above: dict[Key, list[Key]] = {}
    for u, v in pairs:
        first, last = result.row[u], result.row[v]
        chain: list[Key] = [u, *(("passes", u, v, r) for r in range(first + 1, last)), v]
        for r, key in enumerate(chain[1:-1], start=first + 1):
            rows[r].append(key)
            result.width[key] = passing
        for low, high in pairwise(chain):
            above.setdefault(low, []).append(high)
            below.setdefault(high, []).append(low)
    _order(rows, below, above)
    return _positions(rows, below, above, result, leaves)


def _order(rows: list[list[Key]], below: dict[Key, list[Key]], above: dict[Key, list[Key]]) -> None:
    """Sort rows by the mean place of their neighbours, up and down, and keep the order with the fewest crossings."""
    best = [list(row) for row in rows]
    fewest = _crossings(rows, above)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        upwards = sweep % 2 == 0
        for r in range(1, len(rows)) if upwards else range(len(rows) - 2, -1, -1):
            near = {key: i for i, key in enumerate(rows[r - 1 if upwards else r + 1])}
            links = below if upwards else above
            now = {key: float(i) for i, key in enumerate(rows[r])}
            for key in rows[r]:
                places = [near[k] for k in links.get(key, ()) if k in near]
                if places:
                    scale = max(len(rows[r]) - 1, 1) / max(len(near) - 1, 1)
                    now[key] = scale * sum(places) / len(places)
            rows[r].sort(key=now.__getitem__)
        count = _crossings(rows, above)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    rows[:] = best


def _crossings(rows: list[list[Key]], above: dict[Key, list[Key]]) -> int:
    """How many pairs of edges between neighbouring rows cross; a sum over rows, counted by insertion."""
    from bisect import bisect_right, insort

    total = 0
    for low, high in pairwise(rows):
        place = {key: i for i, key in enumerate(high)}
        seen: list[int] = []
        for key in low:
            targets = sorted(place[v] for v in above.get(key, ()) if v in place)
            total += sum(len(seen) - bisect_right(seen, t) for t in targets)
            for t in targets:
                insort(seen, t)
    return total


def _positions(
    rows: list[list[Key]],
    below: dict[Key, list[Key]],
    above: dict[Key, list[Key]],
    sizes: Template,
    leaves: dict[Key, bool],
) -> dict[Key, float]:
    """Each key as near to the mean of its neighbours as the order allows; leaves follow, they do not pull."""
    width, beside = sizes.width, sizes.beside
    pull = {key: 0.02 if leaves.get(key) else 1.0 for key in width}
    x: dict[Key, float] = {}
    for row in rows:
        at = 0.0
        for key in row:
            x[key] = at + width[key] / 2
            at += width[key] + SEPARATION + beside.get(key, 0.0)
        for key in row:
            x[key] -= (at - SEPARATION) / 2
    for sweep in range(2 * SWEEPS):
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for r in order:
            wanted, weights = [], []
            for key in rows[r]:
                near = [*below.get(key, ()), *above.get(key, ())]
                total = sum(pull[k] for k in near)
                wanted.append(sum(pull[k] * x[k] for k in near) / total if near else x[key])
                weights.append(pull[key] if near else 0.05)
            gaps = [
                (width[a] + width[b]) / 2 + SEPARATION + beside.get(a, 0.0) for a, b in pairwise(rows[r])
            ]
            for key, place in zip(rows[r], closest(wanted, weights, gaps), strict=True):
                x[key] = place
    return x


def closest(wanted: list[float], weights: list[float], gaps: list[float]) -> list[float]:
    """Places in the given order, `gaps` apart or more, nearest to the wanted ones in least squares.

    Pool adjacent violators: neighbours that would come too close move as one block.

    Examples
    --------
    >>> closest([0.0, 0.0], [1.0, 1.0], [10.0])
    [-5.0, 5.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[list[float]] = []  # sum of weighted places, sum of weights, members
    for place, weight, offset in zip(wanted, weights, offsets, strict=False):
        blocks.append([(place - offset) * weight, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    places = [total / weight for total, weight, count in blocks for _ in range(int(count))]
    return [place + offset for place, offset in zip(places, offsets, strict=False)]
