"""Records as text, as somebody would write them by hand.

Parts that make up a whole are joined, ``[dz_i, dz_f]``, and a slice has no end that the array has anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_seq.core.notation import Form, Written
from autograd_seq.core.traits import algebra
from autograd_seq.writer.gathered import side_by_side
from autograd_seq.writer.writer import Writer


class FormulaWriter(Writer):
    """Writes records as text."""

    def _applied(self, x: Any, depth: int) -> Written:
        found = side_by_side(x.settings["indices"], x.shape) if algebra(x) == "gathered parts" else None
        if found is None:
            return super()._applied(x, depth)
        parts = [self.write(x.inputs[i], depth + 1) for i in found.order]
        if len(set(parts)) < len(set(x.inputs)):  # different things of one name
            parts = [self.expression(x.inputs[i], depth + 1) for i in found.order]
        form: Form = found.operation.forms[self.language]
        return form.write(parts, {"axis": found.axis})

    def filled(self, x: Any, operands: Sequence[Written]) -> Written:
        """The operation of a record over operands that are written already."""
        if algebra(x) not in ("part", "gathered parts"):
            return super().filled(x, operands)
        settings = dict(x.settings)
        if "index" in settings:
            settings["index"] = shortened(settings["index"], x.inputs[0].shape)
        else:
            settings["indices"] = [shortened(index, x.shape) for index in settings["indices"]]
        return self.form(x).write(operands, settings)


def shortened(index: Any, shape: tuple[int, ...]) -> Any:
    """An index whose slices have no ends that the array has anyway.

    Examples
    --------
    >>> shortened((slice(0, 2), slice(2, 5)), (4, 5))
    (slice(None, 2, None), slice(2, None, None))
    """
    if isinstance(index, tuple):
        if len(index) > len(shape) or not all(isinstance(part, (int, slice)) for part in index):
            return index
        return tuple(shortened(part, (n,)) for part, n in zip(index, shape))
    if not isinstance(index, slice) or index.step is not None or not shape:
        return index
    start, stop = index.start, index.stop
    return slice(None if start == 0 else start, None if stop == shape[0] else stop)
