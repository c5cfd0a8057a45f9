"""recognised(): the same recording with each function that a program spells out in one record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import Operation
from autograd_seq.core.rebuilt import again
from autograd_seq.core.record import Record
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.folding.first_step import completed
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.textbook.filled import FILL, taken_apart
from autograd_seq.readings.textbook.longhand import Spelled
from autograd_seq.readings.textbook.of_data import computed_of_data
from autograd_seq.readings.textbook.paired import paired
from autograd_seq.readings.textbook.pointwise import Pointwise, Use


def recognised(outputs: Sequence[Tensor], pairs: bool = True) -> list[Tensor]:
    """Records with the same values whose graph has each function that was spelled out in one record.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass. What was named with ``name()`` inside of a function is to be seen, so it stays.
    pairs : bool
        Whether the logarithm of a probability is to be differentiated by what the probability is made from: it depends
        on that then, which a picture would show.

    Returns
    -------
    list of Tensor
        The outputs themselves where there is nothing to recognise.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Parameter
    >>> y = 1 / (1 + np.exp(-Parameter([0.5], "z")))
    >>> [r.operation.name for r in recognised([y])[0].graph if r.operation]
    ['sigmoid']
    """
    records = taken_apart(completed(computed_of_data([output.record for output in outputs])))
    found = _Found(Graph(*records), pairs)
    return [found.rebuilt(record) for record in records] if found.uses else records


class _Found:
    """What was recognised in a graph, by record: the operation that makes it, from what, and how it is set."""

    def __init__(self, graph: Graph, pairs: bool) -> None:
        self.graph = graph
        self.uses: dict[Any, Use] = {}
        self._new: dict[Any, Any] = {}
        pointwise, spelled = Pointwise(self.made_by), Spelled()
        for r in graph:
            if r.operation is None or r.in_place:
                continue
            use = (pointwise.found(r) if r.operation.elementwise else None) or spelled.found(r) or self._by_parts(r)
            if use is not None and not self._begins_a_sum(r, use):
                self.uses[r] = use
            made = self.made_by(r) if pairs else None
            pair = paired(made, self.made_by) if made is not None and r.requires_grad else None
            if pair is not None:
                self.uses[r] = pair

    def made_by(self, r: Any) -> Use | None:
        """How a record is made; None for a leaf."""
        if r in self.uses:
            return self.uses[r]
        return None if r.operation is None else (r.operation, r.inputs, r.settings)

    def _begins_a_sum(self, r: Record, use: Use) -> bool:
        """Whether a record only adds 0 to what is one function already, as 0 + x², a term like those that follow."""
        added = [x for x in r.inputs if not (is_literal(x) and not x._value.any())]
        if not r.operation.adds or len(added) != 1 or len(r.inputs) == 1:
            return False
        inner = self.made_by(added[0])
        return inner is not None and inner[0] is use[0]

    def _by_parts(self, r: Record) -> Use | None:
        """A function computed where a mask holds and where it does not, each in a way that does not overflow."""
        if r.operation is not FILL or len(r.inputs) < 2:
            return None
        pieces = [self.uses.get(x) for x in r.inputs[1:]]
        masks = r.settings["indices"]
        if any(p is None for p in pieces) or not all(_is_mask(mask, r) for mask in masks):
            return None
        operations: set[Operation] = {p[0] for p in pieces if p is not None}
        parts = [p[1][0] for p in pieces if p is not None]
        if len(operations) != 1 or not all(algebra(x) == "part" for x in parts):
            return None
        sources = {x.inputs[0] for x in parts}
        same = all(np.array_equal(x.settings["index"], mask) for x, mask in zip(parts, masks, strict=True))
        whole = np.sum(np.stack(masks), axis=0)
        if len(sources) != 1 or not same or not (whole == 1).all():
            return None
        operation = operations.pop()
        return operation, (sources.pop(),), dict(operation.defaults)

    def rebuilt(self, output: Any) -> Any:
        """The record that stands for one of the graph; everything behind it is rebuilt first, in its order."""
        needed = {output}
        for r in reversed(self.graph.records):
            if r in needed and (made := self.made_by(r)) is not None:
                needed.update(made[1])
        for r in self.graph:
            if r in needed and r not in self._new:
                self._new[r] = self._again(r)
        return self._new[output]

    def _again(self, r: Any) -> Any:
        made = self.made_by(r)
        if made is None:
            return r
        operation, inputs, settings = made
        return again(r, tuple([self._new[x] for x in inputs]), operation, settings)


def _is_mask(index: Any, r: Record) -> bool:
    return isinstance(index, np.ndarray) and index.dtype == bool and index.shape == r.shape
