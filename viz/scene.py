"""What a drawing consists of: nodes, edges and columns with their places, in points, y upwards."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from autograd_seq import Tensor
from viz.boxes import Box, Use
from viz.lettering import Line
from viz.sizes import PAGE, Size

Point = tuple[float, float]


@dataclass(eq=False, slots=True)
class Node:
    """One box of a drawing.

    Attributes
    ----------
    id : str
        ``n0``, ``n1`` …: the id of its element in the SVG.
    kind : str
        ``input``, ``state``, ``loss``, ``step``, ``fold`` (stands for what is not shown) or ``port``.
    key : hashable
        The same for equal nodes of different steps.
    column : int or None
        Its column; None for what stands above all columns.
    record : Tensor or None
        What it is named after; None for ``fold`` and ``port``.
    records : tuple of Tensor
        All records that it stands for.
    lines : list of Line
        What is written in it.
    tooltip : str
        What it is called in plain text.
    x, y, width, height : float
        Centre and size.
    row : int
        Its row, from below.
    beside : hashable
        The key of the node whose row it shares, where it has no neighbours of its own.
    over : hashable
        The key of a node that it stands above, since it goes through the steps the other way.
    """

    id: str
    kind: str
    key: Hashable
    column: int | None
    lines: list[Line]
    record: Tensor | None = None
    records: tuple[Tensor, ...] = ()
    box: Box | None = None
    tooltip: str = ""
    leaf: bool = False
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    row: int = 0
    beside: Hashable = None
    over: Hashable = None

    @property
    def label(self) -> str:
        """Its first line in plain text."""
        return self.lines[0].plain if self.lines else ""

    @property
    def left(self) -> float:
        """The x of its left side."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y - self.height / 2

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return self.y + self.height / 2


@dataclass(eq=False, slots=True)
class Edge:
    """An arrow between two nodes.

    Attributes
    ----------
    id : str
        ``e0`` …: the id of its element in the SVG.
    kind : str
        ``forward`` within a step, ``recurrent`` between steps, ``adjoint``, ``parameter``.
    uses : list of Use
        The uses it stands for: (producer, consumer, position among the consumer's inputs).
    points : list of Point
        Control points of cubic Bézier curves, 3k + 1 of them, from source to target.
    width : float
        Of the line, in points.
    """

    id: str
    source: Node
    target: Node
    kind: str
    uses: list[Use] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    width: float = 1.2
    label: str = ""
    label_at: Point | None = None
    label_width: float = 0.0
    tooltip: str = ""


@dataclass(eq=False, slots=True)
class Column:
    """A time step: its frame and what is written below it; no frame without a label.

    A `packed` column has its nodes one above the other, not where a step has them.
    """

    time: int | None
    label: str
    packed: bool = False
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    top: float = 0.0


@dataclass(slots=True)
class Row:
    """A row of the table of parameters."""

    record: Tensor
    name: Line
    color: str
    shape: str
    norm: str = ""


@dataclass(slots=True)
class Layout:
    """A drawing with every place fixed.

    Attributes
    ----------
    nodes, edges, columns : list
        In the order in which they are drawn.
    table : list of Row
        The shared parameters.
    notes : list of str
        What was folded or left out, in words.
    width, height : float
        Of the whole, in points.
    size : Size
        How large it is written.
    legend : bool
        Whether what the signs mean stands below.
    table_at : Point
        The middle of the table.
    """

    nodes: list[Node]
    edges: list[Edge]
    columns: list[Column]
    table: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    title: str = ""
    width: float = 0.0
    height: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    size: Size = PAGE
    legend: bool = False
    table_at: Point | None = None
    table_size: Point = (0.0, 0.0)
    table_columns: int = 1
    table_title: str = "shared by all steps"
    homes: dict[Tensor, Node] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """What it is, for who does not see it."""
        return f"A graph of {len(self.nodes)} boxes and {len(self.edges)} arrows"

    def texts(self) -> list[str]:
        """What is written in it."""
        lines = [line for node in self.nodes for line in node.lines] + [row.name for row in self.table]
        return ["".join(run.text for run in line.runs) for line in lines] + [column.label for column in self.columns]

    def node_of(self, record: Tensor) -> Node | None:
        """The node that stands for a record; None for parameters, literals and what is folded away."""
        return self.homes.get(record.record)
