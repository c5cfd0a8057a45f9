"""Large values that no rule looks at are let go while a program records, and calculated again if somebody reads them.

The rule of a sum looks at none of its inputs, and that of a sigmoid only at its result: of σ(W a + b) the product and
the sum are half of what a recurrent cell would keep, and only a table or a picture ever asks for them.
"""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from autograd_seq.core.array import LetGo

LARGE = 2**16  # bytes; to look for smaller ones takes longer than to touch new memory
OFTEN = 128  # how many records are made from one look to the next
RECENT = 64  # records that the program most likely goes on with
due = [0]  # the index from which on it is time to look


def let_go(newest: Any) -> None:
    """Let go what a record was made from, some way back, and no rule looks at."""
    from_here, due[0] = newest.index - 2 * OFTEN - RECENT, newest.index + OFTEN
    if newest.operation is None:  # made inside `no_grad`: it keeps nothing
        return
    seen, stack, read = {newest}, [newest], set()
    while stack:
        node = stack.pop()
        for looks, x in zip(node.operation.reads[1:], node.inputs) if node.operation.reads else _all(node):
            if looks:
                read.add(x)
            if x not in seen and x.index > from_here and x.operation is not None:
                seen.add(x)
                stack.append(x)
    for x in seen - read:
        reads = x.operation.reads
        if reads and not reads[0] and x.index < newest.index - RECENT:
            array = x._kept
            if type(array) is ndarray and array.nbytes > LARGE:
                x._kept = LetGo.of(array)


def _all(node: Any) -> Any:
    return [(True, x) for x in node.inputs]
