"""Numbers that a program computes of data, as ``1 - y[t]``, are computed of data again: no numbers of its text.

Of plain labels nothing is recorded: ``1 - y[t]`` is 0 or 1 there, which a formula for all steps cannot say. The text
of the program tells how they came about; where that gives the same numbers to the last bit, it is read so.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal, is_plain
from autograd_seq.folding.provenance import Computed, of_computed, operand_of
from autograd_seq.folding.steps import site
from autograd_seq.readings.textbook.filled import rebuilt

_BACK = {  # from what was computed and the number beside the data, to the data
    ("add", True): lambda value, number: value - number,
    ("add", False): lambda value, number: value - number,
    ("subtract", True): lambda value, number: number - value,
    ("subtract", False): lambda value, number: value + number,
    ("multiply", True): lambda value, number: value / number,
    ("multiply", False): lambda value, number: value / number,
    ("divide", False): lambda value, number: value * number,
}


def computed_of_data(outputs: list[Any]) -> list[Any]:
    """The same outputs, where numbers that the program computed of data are records of that.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> x = Tensor([1.0, 2.0], "x", requires_grad=True)
    >>> y = (x * x).sum().record
    >>> computed_of_data([y])[0] is y
    True
    """
    graph = Graph(*outputs)
    if not any(is_plain(leaf) for leaf in graph.leaves):
        return outputs
    found = _OfData(graph)
    return rebuilt(graph, found.instead) if found.instead else outputs


class _OfData:
    def __init__(self, graph: Graph) -> None:
        self.places = graph.places
        self.known: dict[tuple[Any, ...], list[Any]] = {}  # by function, text and step, what the program has as data
        uses = [(r, i, x) for r in graph for i, x in enumerate(r.inputs) if is_plain(x) and r._code is not None]
        computed: list[tuple[Any, Any, Computed]] = []
        made = {(site(r), i) for r in graph for i, x in enumerate(r.inputs) if x.operation is not None}
        for r, i, x in uses:
            operand, _ = operand_of(r, i)
            if operand is None or isinstance(operand, ast.Constant) or (site(r), i) in made:
                continue  # what is calculated at other steps is no data: it only begins with a number
            how = of_computed(r, i)
            if how is None:
                self.known.setdefault((r._code, ast.unparse(operand), self.places[r].time), []).append(x)
            else:
                computed.append((r, x, how))
        self.instead: dict[Any, Any] = {}
        for r, x, how in computed:
            if x not in self.instead and (record := self._made(r, x, how)) is not None:
                self.instead[x] = record

    def _made(self, user: Any, x: Any, how: Computed) -> Any:
        """The record of how an operand came about; None if that does not give the same numbers."""
        back = _BACK.get((how.sign, how.first))
        if back is None:
            return None
        operation, number = BY_NUMPY[getattr(np, how.sign)], Tensor(how.number, dtype=x.dtype).record

        def gives(data: Any) -> bool:
            pair = (number._value, data) if how.first else (data, number._value)
            value = np.asarray(operation.value(*pair))
            return bool(value.dtype == x.dtype and value.tobytes() == x._value.tobytes())

        with np.errstate(all="ignore"):
            data = np.asarray(back(x._value, number._value))
            here = self.known.setdefault((how.code, how.data, self.places[user].time), [])
            leaf = next((leaf for leaf in here if leaf.shape == x.shape and gives(leaf._value)), None)
            if leaf is None and not (is_literal(x) and gives(data)):
                return None
        if leaf is None:
            leaf = Tensor(data, dtype=x.dtype).record
            here.append(leaf)
        made = operation.record(x._value, (number, leaf) if how.first else (leaf, number), {}, False)
        made._code, made._offset, made._origin, made.scope = how.code, how.offset, None, user.scope
        return made
