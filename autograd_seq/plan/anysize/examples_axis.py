"""Which size of a plan counts examples: what is computed for one of them is independent of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograd_seq.plan.anysize.axes import Axes
from autograd_seq.plan.value import Network


def examples(sizes: Mapping[str, Axes], networks: Sequence[Network]) -> str | None:
    """The size that most arguments have of those by which no steps are counted; None if there is none.

    It is a guess that decides on speed and on no result: a program that is split along another axis gives the same.

    Parameters
    ----------
    sizes : dict of str to Axes
        By its name, which axes are as long.
    networks : list of Network
        Of small arguments; in the second the first size is greater, in the third the second …
    """
    first = _steps(networks[0])
    others = [name for name, longer in zip(sizes, networks[1:]) if _steps(longer) == first]
    return max(others, key=lambda name: len({number for number, _ in sizes[name]}), default=None)


def _steps(network: Network) -> set[int]:
    """At how many steps values are computed."""
    return {len(value.times) for value in network.values if value.times is not None}
