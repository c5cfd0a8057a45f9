"""How large a drawing is written: for a page, for a slide that the last row can read, for a sheet of paper upright."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here

MARGIN = 12.0  # around a drawing


@dataclass(frozen=True, slots=True)
class Size:
    """Lettering and strokes of a drawing, in its own unit: points on a page, pixels on a slide.

    Attributes
    ----------
    name, cell, nameless, formula, facts : float
        Lettering in boxes: names, the name of a whole cell, formulas of what has no name and of what has one, shapes.
    label, row, fact, head, note : float
        Lettering elsewhere: of steps and loops; names, shapes and headings in the table; what stands below.
    script : float
        Size of sub- and superscripts, as a share of what they belong to.
    stroke : float
        How thick lines are, as a multiple.
    widest : float
        How wide adjoints' arrows are, as a multiple.
    aside : float
        Distance of an adjoint's arrow from the arrow that it answers.
    formulas : bool
        Whether boxes have formulas and shapes, where nobody said.
    lines : tuple of float
        Longest lines of formulas to try, in ems, widest first; none for one line of any length.
    width : float or None
        What a drawing must fit into; steps that do not fit beside each other go on below.
    height : float or None
        Of what it is shown on.
    """

    name: float = 11.0
    cell: float = 12.0
    nameless: float = 9.5
    formula: float = 8.5
    facts: float = 8.0
    label: float = 10.0
    row: float = 10.0
    fact: float = 9.0
    head: float = 8.0
    note: float = 9.0
    script: float = 0.72
    stroke: float = 1.0
    widest: float = 1.0
    aside: float = 7.0
    formulas: bool = True
    lines: tuple[float, ...] = ()
    width: float | None = None
    height: float | None = None

    @property
    def width_inside(self) -> float:
        """What a drawing can be wide, with a margin around it."""
        return inf if self.width is None else self.width - 2 * MARGIN


def _large(width: float, height: float) -> Size:
    """Nothing below 18 pixels, scripts included: 22.5 × 0.8."""
    large = 22.5
    return Size(
        name=24.0, cell=26.0, nameless=large, formula=large, facts=large, label=large, row=large, fact=large,
        head=large, note=large, script=0.8, stroke=1.8, aside=12.0, widest=1.4, formulas=False,
        lines=(13.0, 9.0, 6.5, 5.3), width=width, height=height,
    )  # fmt: skip


PAGE = Size()
SIZES = {"page": PAGE, "slide": _large(1920.0, 1080.0), "portrait": _large(1240.0, 1754.0)}


def size_named(name: str) -> Size:
    """The size of that name.

    Raises
    ------
    ValueRangeError
        If there is none.
    """
    if name not in SIZES:
        raise ValueRangeError(f"there is no size {name!r}; write {', '.join(map(repr, SIZES))}{here()}")
    return SIZES[name]
