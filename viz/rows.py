"""Which steps are drawn, and steps that go on below others where a drawing would be too wide."""

from __future__ import annotations

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from viz.extent import bounds, extent
from viz.scene import Layout
from viz.sizes import Size

SHOWN_STEPS = 12  # more are elided in the middle
ROW_GAP = 48.0  # between rows of steps


def asked_for(steps: list[int], asked: tuple[int, int] | None) -> list[int]:
    """The steps from the first to the last that somebody asked for.

    Raises
    ------
    ValueRangeError
        If there are not all of them.
    """
    if asked is None:
        return steps
    try:
        first, last = (int(step) for step in asked)
    except (TypeError, ValueError) as error:
        raise ValueRangeError(f"steps={asked!r}: give the first and the last step, such as (2, 4){here()}") from error
    if first > last:
        raise ValueRangeError(f"steps={asked!r}: the first step comes after the last; write ({last}, {first}){here()}")
    found = [step for step in steps if first <= step <= last]
    if not found or first < steps[0] or last > steps[-1]:
        raise ValueRangeError(
            f"steps={asked!r} asks for steps {first} to {last}, but there are steps {steps[0]} to {steps[-1]}{here()}"
        )
    return found


def elided(steps: list[int], limit: int | None) -> list[int]:
    """The steps that are shown, where only so many can be.

    Examples
    --------
    >>> elided([1, 2, 3], 2), elided([1, 2, 3], None)
    ([1, 2, 3], [1, 2, 3])
    >>> elided(list(range(1, 21)), 12)
    [1, 2, 20]
    """
    if limit is None or len(steps) <= limit:
        return steps
    if limit <= SHOWN_STEPS:
        return [*steps[:2], steps[-1]]
    half = limit // 2
    return [*steps[:half], *steps[-half:]]


def gaps_between(steps: list[int], shown: list[int]) -> list[list[int]]:
    """The steps that are not shown, those that follow each other together.

    Examples
    --------
    >>> gaps_between([1, 2, 3, 4, 5], [2, 5])
    [[1], [3, 4]]
    """
    gaps: list[list[int]] = []
    going_on = False
    for step in steps:
        if step in shown:
            going_on = False
        elif going_on:
            gaps[-1].append(step)
        else:
            gaps.append([step])
            going_on = True
    return gaps


def in_rows(steps: list[int], count: int) -> list[list[int]]:
    """The steps in at most so many rows, as even as can be.

    Examples
    --------
    >>> in_rows([1, 2, 3], 2)
    [[1, 2], [3]]
    """
    length = -(-len(steps) // count)
    return [steps[i : i + length] for i in range(0, len(steps), length)]


def span(steps: list[int]) -> str:
    """``3``, or ``3 to 5``."""
    return f"{steps[0]}" if len(steps) == 1 else f"{steps[0]} to {steps[-1]}"


def stacked(rows: list[Layout], size: Size) -> Layout:
    """Rows of steps one below the other, as one drawing."""
    whole = rows[0]
    left, _, low, _ = bounds(whole)
    for row in rows[1:]:
        begins, _, bottom, top = bounds(row)
        dy = low - ROW_GAP - top
        _move(row, left - begins, dy)
        low = bottom + dy
        for node in row.nodes:
            node.column = None if node.column is None else node.column + len(whole.columns)
        whole.columns += row.columns
        whole.nodes += row.nodes
        whole.edges += row.edges
        whole.homes |= row.homes
        whole.notes += [note for note in row.notes if note not in whole.notes]
    whole.notes.append("the steps go on below")
    for i, node in enumerate(whole.nodes):
        node.id = f"n{i}"
    for i, edge in enumerate(whole.edges):
        edge.id = f"e{i}"
    extent(whole, size)
    return whole


def _move(layout: Layout, dx: float, dy: float) -> None:
    """Everything aside and up."""
    for node in layout.nodes:
        node.x, node.y = node.x + dx, node.y + dy
    for edge in layout.edges:
        edge.points = [(x + dx, y + dy) for x, y in edge.points]
        if edge.label_at is not None:
            edge.label_at = edge.label_at[0] + dx, edge.label_at[1] + dy
    for column in layout.columns:
        column.left, column.right = column.left + dx, column.right + dx
        column.bottom, column.top = column.bottom + dy, column.top + dy
