"""A layout as DOT text: every place is given, Graphviz only draws."""

from __future__ import annotations

import graphviz

from viz.box_formula import number
from viz.lettering import FONT, Line, Run, markup, runs_markup
from viz.routes import ARROW, trimmed
from viz.scene import Edge, Layout, Node
from viz.theme import Theme


def dot_text(layout: Layout, theme: Theme) -> str:
    """The DOT text of a layout.

    Quoting is the graphviz package's business; labels are HTML-like and escaped by `viz.lettering.markup`.
    """
    colors = {"": theme.ink, "dim": theme.dim, "adjoint": theme.adjoint}
    colors |= {row.color: theme.parameter(i) for i, row in enumerate(layout.table)}
    graph = graphviz.Digraph(
        "G",
        graph_attr={
            "bgcolor": theme.background, "pad": "0.15", "outputorder": "edgesfirst", "fontname": FONT,
            "fontsize": "10", "fontcolor": theme.dim, "splines": "true",
        },
        node_attr={
            "shape": "box", "style": "rounded,filled", "fontname": FONT, "fontsize": "11", "margin": "0",
            "fixedsize": "true", "penwidth": "1",
        },
        edge_attr={"arrowsize": "0.6", "fontname": FONT, "fontsize": "10"},
    )  # fmt: skip
    members: dict[int, list[Node]] = {}
    for node in layout.nodes:
        if node.column is not None:
            members.setdefault(node.column, []).append(node)
    for i, column in enumerate(layout.columns):
        if not column.label:
            for node in members.get(i, ()):
                _node(graph, node, theme, colors)
            continue
        with graph.subgraph(name=f"cluster_t{i}") as cluster:
            cluster.attr(
                label=column.label, bb=_numbers(column.left, column.bottom, column.right, column.top),
                lp=_numbers((column.left + column.right) / 2, column.bottom + 10), lheight="0.2", lwidth="0.6",
                style="rounded,filled", color=theme.frame_border, fillcolor=theme.frame, id=f"t{i}",
            )  # fmt: skip
            for node in members.get(i, ()):
                _node(cluster, node, theme, colors)
    for node in layout.nodes:
        if node.column is None:
            _node(graph, node, theme, colors)
    if layout.table_at is not None:
        _table(graph, layout, theme, colors)
    _notes(graph, layout, colors)
    for edge in layout.edges:
        _edge(graph, edge, theme, colors)
    return graph.source


def _numbers(*values: float) -> str:
    return ",".join(f"{value:.1f}" for value in values)


def _node(graph: graphviz.Digraph, node: Node, theme: Theme, colors: dict[str, str]) -> None:
    extra = {}
    if node.kind == "fold":
        extra["style"] = "rounded,filled,dashed"
    if node.kind == "port":
        extra["style"] = "filled"
        extra["penwidth"] = "0"
    if node.kind == "state":
        extra["penwidth"] = "1.4"
    graph.node(
        node.id, label="<" + markup(node.lines, colors) + ">", id=node.id, pos=_numbers(node.x, node.y),
        width=f"{node.width / 72:.4f}", height=f"{node.height / 72:.4f}", fillcolor=theme.fills[node.kind],
        color=theme.borders[node.kind], tooltip="", **extra,
    )  # fmt: skip


def _edge(graph: graphviz.Digraph, edge: Edge, theme: Theme, colors: dict[str, str]) -> None:
    color = {"recurrent": theme.recurrent, "adjoint": theme.adjoint}.get(edge.kind, theme.forward)
    extra = {"class": edge.kind}
    if edge.kind == "parameter":
        color = colors.get(edge.label, color)
    size = 0.6 if edge.width <= 2 else max(0.28, 1.2 / edge.width)
    length = ARROW * (size / 0.6) * (1.0 if edge.width <= 2 else edge.width / 2)
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
    gradients = any(row.norm for row in layout.table)
    head = ["", "shape"] + ["‖∇‖"] * gradients

    def cell(runs: tuple[Run, ...], size: float, align: str) -> str:
        return f'<TD ALIGN="{align}" HEIGHT="15">{runs_markup(Line(runs, size), colors)}</TD>'

    span = f'COLSPAN="{len(head)}"'
    title = runs_markup(Line((Run(layout.table_title, dim=True),), 9.0), colors)
    rows = [f'<TR><TD {span} ALIGN="LEFT">{title}</TD></TR>']
    rows.append("<TR>" + "".join(cell((Run(words or " ", dim=True),), 8.0, "RIGHT") for words in head) + "</TR>")
    for row in layout.table:
        cells = [cell(row.name.runs, 10.0, "LEFT"), cell((Run(row.shape),), 9.0, "RIGHT")]
        if gradients:
            cells.append(cell((Run(row.norm, color="adjoint"),), 9.0, "RIGHT"))
        rows.append("<TR>" + "".join(cells) + "</TR>")
    label = f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(rows)}</TABLE>>'
    width, height = layout.table_size
    x, y = layout.table_at or (0.0, 0.0)
    graph.node(
        "parameters", label=label, id="parameters", pos=_numbers(x, y), width=f"{width / 72:.4f}",
        height=f"{height / 72:.4f}", fillcolor=theme.table, color=theme.table_border, tooltip="",
    )  # fmt: skip


def _notes(graph: graphviz.Digraph, layout: Layout, colors: dict[str, str]) -> None:
    if not layout.notes:
        return
    line = Line((Run("; ".join(layout.notes), dim=True),), 9.0)
    left = min((n.left for n in layout.nodes), default=0.0)
    graph.node(
        "notes", label="<" + markup([line], colors) + ">", id="notes", shape="none", style="",
        pos=_numbers(left + line.width / 2, layout.bottom - 14), width=f"{line.width / 72:.4f}", height="0.2",
        tooltip="",
    )  # fmt: skip


__all__ = ["dot_text", "number"]
