"""Parts of the examples at the same time, each by a program with memory of its own; NumPy and Numba let threads run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.plan.blas import one_thread

Run = Callable[..., tuple[Any, ...]]


class InThreads:
    """A program whose results are the sums of those of its parts.

    Parameters
    ----------
    programs : list of function
        That of each part.
    lengths : list of int
        How many examples each part has.
    axes : list of int or None
        Of each argument, which axis has the examples.

    Examples
    --------
    >>> def squares(x, w):
    ...     return (np.sum(w * x**2), np.sum(x**2))
    >>> run = InThreads([squares, squares], [2, 1], [0, None])
    >>> run(np.array([1.0, 2.0, 3.0]), np.array(10.0))
    (array(140.), array(14.))
    """

    def __init__(self, programs: Sequence[Run], lengths: Sequence[int], axes: Sequence[int | None]) -> None:
        self.programs, self.axes = programs, axes
        self.parts = [slice(start, stop) for start, stop in pairwise(accumulate(lengths, initial=0))]

    def __call__(self, *arguments: Any) -> tuple[Array, ...]:
        """The results, added in the order of the parts."""
        first, *others = [
            (program, [_part(x, axis, part) for x, axis in zip(arguments, self.axes, strict=True)])
            for program, part in zip(self.programs, self.parts, strict=True)
        ]
        with one_thread(), ThreadPoolExecutor(len(others)) as pool:
            waiting = [pool.submit(copy_context().run, program, *given) for program, given in others]
            try:
                results = [first[0](*first[1])]
            finally:
                wait(waiting)
            results += [one.result() for one in waiting]
        return tuple(np.asarray(reduce(np.add, each)) for each in zip(*results, strict=True))


def said(parts: Sequence[int], why_not: str, threads: int) -> list[str]:
    """How many threads there are, and why not more, if more were asked for.

    Examples
    --------
    >>> said([4, 3], "", 2)
    ['2 threads: 4 + 3 examples, their results added in this order']
    >>> said([3], "", 2), said([], "a softmax goes over the examples", 2)
    (['1 of 2 threads: 3 examples, at least 2 for each thread'], ['1 of 2 threads: a softmax goes over the examples'])
    """
    if threads == 1:
        return []
    count = str(len(parts)) if len(parts) == threads else f"{max(len(parts), 1)} of {threads}"
    if why_not:
        return [f"{count} threads: {why_not}"]
    about = f"{' + '.join(map(str, parts))} examples"
    added = ", their results added in this order" if len(parts) > 1 else ""
    few = ", at least 2 for each thread" if len(parts) < threads else ""
    return [f"{count} threads: {about}{few}{added}"]


def _part(array: Any, axis: int | None, part: slice) -> Any:
    return array if axis is None else array[(slice(None),) * axis + (part,)]
