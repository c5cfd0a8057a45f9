"""How large a drawing is, and where its table of parameters stands."""

from __future__ import annotations

from collections.abc import Hashable

from viz.lettering import Line, Run
from viz.scene import Layout, Node, Point
from viz.sizes import PAGE, Size

TABLE_SPACE = 3  # around each cell of a large table
TABLE_ROW = 1.35  # the height of its rows, as a multiple of the lettering
TABLE_APART = 6  # between the cells of a row
TABLE_GAP = 24  # between columns of rows
LEAST_ROWS = 3
GAP = 26.0  # between a drawing and its table


def extent(layout: Layout, size: Size = PAGE) -> None:
    """Put the table beside the drawing, or beneath it where it would be too wide, and measure the whole."""
    left, right, bottom, top = bounds(layout)
    if layout.table:
        width, height = _table_size(layout, size, 1)
        if right - left + GAP + width <= size.width_inside:
            layout.table_at = (right + GAP + width / 2, max((top + bottom) / 2, bottom + height / 2))
            right += GAP + width
            top = max(top, layout.table_at[1] + height / 2)
        else:
            layout.table_columns = _columns_of_table(layout, size, max(right - left, width))
            width, height = _table_size(layout, size, layout.table_columns)
            bottom -= GAP + height
            layout.table_at = (max((left + right) / 2, left + width / 2), bottom + height / 2)
            right = max(right, left + width)
        layout.table_size = (width, height)
    layout.width, layout.height, layout.bottom, layout.left = right - left, top - bottom, bottom, left


def bounds(layout: Layout) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of boxes, arrows and frames."""
    xs = [p[0] for e in layout.edges for p in e.points]
    ys = [p[1] for e in layout.edges for p in e.points]
    xs += [v for n in layout.nodes for v in (n.left, n.right)] + [v for c in layout.columns for v in (c.left, c.right)]
    ys += [v for n in layout.nodes for v in (n.bottom, n.top)] + [c.top for c in layout.columns]
    lowest = min([min(ys, default=0.0) - 8.0, *(c.bottom for c in layout.columns if c.label)])
    return min(xs, default=0.0), max(xs, default=0.0), lowest, max(ys, default=0.0)


def _columns_of_table(layout: Layout, size: Size, room: float) -> int:
    """Into how many columns the rows of the table can be broken."""
    fitting, most = 1, -(-len(layout.table) // LEAST_ROWS)
    while fitting < most and _table_size(layout, size, fitting + 1)[0] <= room:
        fitting += 1
    return -(-len(layout.table) // -(-len(layout.table) // fitting))


def _table_size(layout: Layout, size: Size, columns: int) -> Point:
    """Width and height of the table, with its rows in so many columns."""
    norms = [row.norm for row in layout.table if row.norm]
    name = max(row.name.width for row in layout.table)
    longest = max(len(row.shape) for row in layout.table)
    rows = -(-len(layout.table) // columns)
    if size.width is None:
        width = max(name + longest * 5.6 + (52.0 if norms else 10.0) + 30.0 + TABLE_APART * (2 if norms else 1), 124.0)
        return width, 42.0 + 17.5 * rows
    shape = Line((Run("0" * max(longest, 5)),), size.fact).width
    norm = max((Line((Run("0" * max(len(norm), 3)),), size.fact).width for norm in norms), default=0.0)
    title = Line((Run(layout.table_title),), size.note).width
    cells = name + shape + norm + 2.0 * TABLE_SPACE * (5 if norms else 3) + TABLE_APART * (2 if norms else 1)
    row = TABLE_ROW * size.fact + 2.0 * TABLE_SPACE
    return max(title, (cells + TABLE_GAP) * columns) + 28.0, row * (rows + 2) + 10.0


def room_in_rows(layout: Layout, size: Size, least: float, share: float) -> dict[Hashable, float]:
    """How long the lines of each box can be, in ems: at least so many, more from what its row leaves free."""
    rows: dict[tuple[int | None, int], list[Node]] = {}
    for node in layout.nodes:
        rows.setdefault((node.column, node.row), []).append(node)
    most = max(size.lines)
    found: dict[Hashable, float] = {}
    for (column, _), row in rows.items():
        if column is None or not layout.columns[column].packed:
            room = most
            if column is not None:
                frame = layout.columns[column]
                free = frame.right - frame.left - 30.0 - sum(node.width + 16.0 for node in row)
                room = share * max(free, 0.0) / len(row) / size.formula
            for node in row:
                if node.box is not None and not node.leaf:
                    own = min(most, max(least, (node.width - 16.0) / size.formula + room))
                    found[node.box.key] = min(found.get(node.box.key, most), own)
    return found
