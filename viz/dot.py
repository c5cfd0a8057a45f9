"""A layout as DOT text: every place is given, Graphviz only draws."""

from __future__ import annotations

import graphviz

from autograd_seq.translation.reader import ENGLISH, current, translated
from viz.box_formula import number
from viz.extent import TABLE_APART, TABLE_GAP, TABLE_ROW, TABLE_SPACE
from viz.fonts import FAMILIES, has_chinese
from viz.legend import legend_label
from viz.lettering import FONT, Line, Run, markup, runs_markup, wrapped
from viz.routes import ARROW, trimmed
from viz.scene import Edge, Layout, Node, Row
from viz.theme import Theme, dash


def dot_text(layout: Layout, theme: Theme) -> str:
    """The DOT text of a layout.

    Quoting is the graphviz package's business; labels are HTML-like and escaped by `viz.lettering.markup`.
    """
    font = FAMILIES if current() != ENGLISH or any(map(has_chinese, layout.texts())) else FONT
    colors = {"": theme.ink, "dim": theme.dim, "adjoint": theme.adjoint}
    colors |= {row.color: theme.parameter(int(row.color[1:])) for row in layout.table}
    graph = graphviz.Digraph(
        "G",
        graph_attr={
            "bgcolor": theme.background, "pad": "0.15", "outputorder": "edgesfirst", "fontname": font,
            "fontsize": f"{layout.size.label:g}", "fontcolor": theme.dim, "splines": "true",
        },
        node_attr={
            "shape": "box", "style": "rounded,filled", "fontname": font, "fontsize": "11", "margin": "0",
            "fixedsize": "true", "penwidth": f"{layout.size.stroke:g}",
        },
        edge_attr={"arrowsize": "0.6", "fontname": font, "fontsize": f"{layout.size.label:g}"},
    )  # fmt: skip
    members: dict[int, list[Node]] = {}
    for node in layout.nodes:
        if node.column is not None:
            members.setdefault(node.column, []).append(node)
    for i, column in enumerate(layout.columns):
        if not column.label:
            for node in members.get(i, ()):
                _node(graph, node, layout, theme, colors)
            continue
        with graph.subgraph(name=f"cluster_t{i}") as cluster:
            cluster.attr(
                label=translated(column.label), bb=_numbers(column.left, column.bottom, column.right, column.top),
                lp=_numbers((column.left + column.right) / 2, column.bottom + layout.size.label),
                lheight="0.2", lwidth="0.6", style="rounded,filled",
                color=theme.frame_border, fillcolor=theme.frame, id=f"t{i}",
            )  # fmt: skip
            for node in members.get(i, ()):
                _node(cluster, node, layout, theme, colors)
    for node in layout.nodes:
        if node.column is None:
            _node(graph, node, layout, theme, colors)
    if layout.table_at is not None:
        _table(graph, layout, theme, colors)
    lowest = _notes(graph, layout, colors)
    if layout.legend:
        _legend(graph, layout, theme, colors, lowest)
    for edge in layout.edges:
        _edge(graph, edge, layout, theme, colors)
    return graph.source


def _numbers(*values: float) -> str:
    return ",".join(f"{value:.1f}" for value in values)


def _node(graph: graphviz.Digraph, node: Node, layout: Layout, theme: Theme, colors: dict[str, str]) -> None:
    extra = {}
    if node.kind in ("fold", "zero"):
        extra["style"] = "rounded,filled,dashed"
    if node.kind == "port":
        extra["style"] = "filled"
        extra["penwidth"] = "0"
    if node.kind == "state":
        extra["penwidth"] = f"{1.4 * layout.size.stroke:g}"
    graph.node(
        node.id, label="<" + markup(node.lines, colors) + ">", id=node.id, pos=_numbers(node.x, node.y),
        width=f"{node.width / 72:.4f}", height=f"{node.height / 72:.4f}", fillcolor=theme.fills[node.kind],
        color=theme.borders[node.kind], tooltip="", **extra,
    )  # fmt: skip


def _edge(graph: graphviz.Digraph, edge: Edge, layout: Layout, theme: Theme, colors: dict[str, str]) -> None:
    color = {"recurrent": theme.recurrent, "adjoint": theme.adjoint}.get(edge.kind, theme.forward)
    extra = {"class": edge.kind}
    if edge.kind == "parameter":
        color = colors.get(edge.label, color)
        extra["style"] = dash(int(edge.label[1:]))
    stroke = layout.size.stroke
    width = edge.width / stroke
    size = stroke * (0.6 if width <= 2 else max(0.28, 1.2 / width))
    length = ARROW * (size / 0.6) * (1.0 if width <= 2 else width / 2)
    points = trimmed(edge.points, length)
    tip = edge.points[-1]
    pos = f"e,{_numbers(*tip)} " + " ".join(_numbers(*point) for point in points)
    if edge.label and edge.label_at is not None and edge.kind != "parameter":
        extra |= {"label": graphviz.escape(edge.label), "fontcolor": theme.ink, "lp": _numbers(*edge.label_at)}
    graph.edge(
        edge.source.id, edge.target.id, id=edge.id, pos=pos, color=color, penwidth=f"{edge.width:.3g}",
        arrowsize=f"{size:.3g}", tooltip="", **extra,
    )  # fmt: skip


def _table(graph: graphviz.Digraph, layout: Layout, theme: Theme, colors: dict[str, str]) -> None:
    """Name, shape and, where it was measured, norm of the gradient of every shared parameter."""
    size, columns = layout.size, layout.table_columns
    gradients = any(row.norm for row in layout.table)
    head = ["", translated("shape")] + ["‖∇‖"] * gradients
    height, space = (15.0, 1) if size.width is None else (TABLE_ROW * size.fact, TABLE_SPACE)

    def cell(runs: tuple[Run, ...], points: float, align: str) -> str:
        line = Line(runs, points, size.script)
        return f'<TD ALIGN="{align}" HEIGHT="{height:.0f}">{runs_markup(line, colors)}</TD>'

    def cells(row: Row | None) -> str:
        if row is None:
            return apart.join(cell((Run(" "),), size.fact, "LEFT") for _ in head)
        norms = [cell((Run(row.norm, color="adjoint"),), size.fact, "RIGHT")] * gradients
        shape = cell((Run(row.shape, in_words=True),), size.fact, "RIGHT")
        return apart.join([cell(row.name.runs, size.row, "LEFT"), shape, *norms])

    apart = f'<TD WIDTH="{TABLE_APART}"></TD>'
    between = f'<TD WIDTH="{TABLE_GAP}"></TD>'
    span = f'COLSPAN="{2 * len(head) * columns - 1}"'
    title = runs_markup(Line((Run(translated(layout.table_title), dim=True),), size.note), colors)
    least = int(0.9 * Line((Run(layout.table_title),), size.note).width)  # a shorter one would press columns together
    rows = [f'<TR><TD {span} WIDTH="{least}" ALIGN="LEFT">{title}</TD></TR>']
    heads = apart.join(cell((Run(words or " ", dim=True),), size.head, "RIGHT") for words in head)
    rows.append(f"<TR>{between.join([heads] * columns)}</TR>")
    count = -(-len(layout.table) // columns)
    for i in range(count):
        beside = [layout.table[k] if (k := i + count * c) < len(layout.table) else None for c in range(columns)]
        rows.append("<TR>" + between.join(cells(row) for row in beside) + "</TR>")
    label = f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{space}">{"".join(rows)}</TABLE>>'
    width, height_of_all = layout.table_size
    x, y = layout.table_at or (0.0, 0.0)
    graph.node(
        "parameters", label=label, id="parameters", pos=_numbers(x, y), width=f"{width / 72:.4f}",
        height=f"{height_of_all / 72:.4f}", fillcolor=theme.table, color=theme.table_border, tooltip="",
    )  # fmt: skip


def _notes(graph: graphviz.Digraph, layout: Layout, colors: dict[str, str]) -> float:
    """The notes, below everything; and how far down they reach."""
    if not layout.notes:
        return layout.bottom
    size = layout.size
    words = [Run(translated("; ".join(layout.notes)), dim=True)]
    room = max(layout.width, 300.0) / size.note
    lines = [Line(tuple(line), size.note) for line in (wrapped(words, room) if size.width else [words])]
    left = layout.left if size.width else min((n.left for n in layout.nodes), default=0.0)
    width, height = max(line.width for line in lines), sum(line.height for line in lines)
    graph.node(
        "notes", label="<" + markup(lines, colors) + ">", id="notes", shape="none", style="",
        pos=_numbers(left + width / 2, layout.bottom - (14 if not size.width else height / 2 + 8)),
        width=f"{width / 72:.4f}", height=f"{height / 72:.4f}" if size.width else "0.2", tooltip="",
    )  # fmt: skip
    return layout.bottom - (24 if not size.width else height + 8)


def _legend(
    graph: graphviz.Digraph, layout: Layout, theme: Theme, colors: dict[str, str], lowest: float
) -> None:
    """What the signs mean, below everything."""
    label, width, height = legend_label(layout, theme, colors)
    graph.node(
        "legend", label=f"<{label}>", id="legend", pos=_numbers(layout.left + width / 2, lowest - height / 2 - 10),
        width=f"{width / 72:.4f}", height=f"{height / 72:.4f}", fillcolor=theme.background, color=theme.frame_border,
        tooltip="",
    )  # fmt: skip


__all__ = ["dot_text", "number"]
