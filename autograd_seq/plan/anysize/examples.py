"""Which size of a plan counts examples: what is computed for each of them is independent of the others'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograd_seq.plan.anysize.axes import Axes
from autograd_seq.plan.anysize.size import terms_of
from autograd_seq.plan.anysize.stretch import count
from autograd_seq.plan.value import Value


def examples(sizes: Mapping[str, Axes], values: Iterable[Value]) -> str | None:
    """The size that most arguments have of those by which no steps are counted; None if there is none.

    It is a guess, of which speed depends, and no result: a program that is split along another axis gives the same.

    Parameters
    ----------
    sizes : dict of str to Axes
        By its name, which axes are as long.
    values : iterable of Value
        What is computed.
    """
    lengths = {count(value.times) for value in values if value.times is not None}
    counted = {name for length in lengths for factors in terms_of(length) for name in factors}
    others = [name for name in sizes if name not in counted]
    return max(others, key=lambda name: len({number for number, _ in sizes[name]}), default=None)
