"""What a program makes anew at each step and is the same at each, as ``np.arange(m)`` in a loop: one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.folding.literal import is_literal, is_plain
from autograd_seq.folding.site import site


def made_once(outputs: Sequence[Any]) -> list[Any]:
    """The same outputs, where all arrays that one place in the program uses are one, if they are alike.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass.

    Returns
    -------
    list of Tensor
        The outputs themselves where there is nothing that was made anew.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> import numpy as np
    >>> h = W = Parameter([[0.5, 2.0]], "W")
    >>> for t in range(3):
    ...     h = h * W + np.arange(2.0)
    >>> [len(list(x.graph.leaves)) for x in (h, *made_once([h]))]
    [4, 2]
    """
    graph = Graph(*outputs)
    places: dict[Any, list[Any]] = {}
    for r in graph:
        for i, x in enumerate(r.inputs):
            if x.operation is None and is_plain(x) and not is_literal(x):
                places.setdefault((site(r), i), []).append(x)
    instead: dict[Any, Any] = {}
    for found in places.values():
        first = found[0]
        if len(set(found)) > 1 and all(_same(x, first) for x in found):
            instead |= {x: instead.get(first, first) for x in found if x is not first and x not in instead}
    if not instead:
        return list(outputs)
    new: dict[Any, Any] = dict(instead)
    for r in graph:
        if any(x in new for x in r.inputs):
            new[r] = again(r, tuple([new.get(x, x) for x in r.inputs]))
    return [new.get(output.record, output.record) for output in graph.outputs]


def _same(a: Any, b: Any) -> bool:
    return a is b or bool(
        a.dtype == b.dtype and a.shape == b.shape and a._value.tobytes() == b._value.tobytes()
    )
