"""A network that computes a part of the examples: what it divides by is the number of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from autograd_seq import operations as ops
from autograd_seq.core.operation import Operation
from autograd_seq.plan.anysize.followed import Followed
from autograd_seq.plan.anysize.ratio import Ratio, as_number, ratio
from autograd_seq.plan.anysize.size import Asked
from autograd_seq.plan.anysize.splitting import Split, axes, axis_in
from autograd_seq.plan.rewrites.formula import computed_as
from autograd_seq.plan.value import LITERAL, PRODUCT, Network, Use, Value, tie


def for_parts(network: Network, split: Split, asked: Asked) -> None:
    """Let a network compute what a part of the examples adds to the results.

    Parameters
    ----------
    network : Network
        It is changed.
    split : Split
        Which size counts the examples of a part, and what the number of all is called.
    asked : Asked
        The sizes of a part; that of the whole is added to them.
    """
    asked.called(split.whole, asked.values[split.name])
    shared = Followed(network, split.name).shared
    network.replace({value: _as_sum(value) for value in network.values if _averages(value, split.name)})
    for value in network.values:
        tie(value, settings={key: _of_whole(setting, split, asked) for key, setting in value.settings.items()})
    _share(shared, split, asked)


def _share(shared: Mapping[Value, Sequence[int]], split: Split, asked: Asked) -> None:
    """Let each part add its share of what is added to a sum over the examples only once."""
    part = ratio(1.0, {split.name: 1.0, split.whole: -1.0}, asked.values)
    for value, places in shared.items():
        uses = list(value.uses)
        for i in places:
            x = uses[i].value
            number = Value(LITERAL, (), x.dtype, settings={"number": part})
            uses[i] = Use(x.like(PRODUCT, [Use(number), uses[i]], times=value.times if x.timed else None))
        tie(value, uses=tuple(uses))


def _averages(value: Value, name: str) -> bool:
    """Whether a value is a mean over the examples."""
    is_mean = isinstance(value.kind, Operation) and value.kind.averages
    return is_mean and axis_in(value.uses[0].value.shape, name) is not None and axis_in(value.shape, name) is None


def _as_sum(value: Value) -> Value:
    """A mean as a sum, divided by the number of its terms."""
    (x,) = value.uses
    shape = x.value.shape
    terms = as_number(prod(shape[axis] for axis in axes(value.settings["axis"], len(shape))))
    number = Value(LITERAL, (), value.dtype, settings={"number": terms})
    return computed_as(value, lambda n, x: ops.sum(x, **value.settings) / n, Use(number), x)


def _of_whole(setting: Any, split: Split, asked: Asked) -> Any:
    """A number with the number of all examples in place of that of a part."""
    if not isinstance(setting, Ratio) or split.name not in setting.powers:
        return setting
    called = {split.name: split.whole}
    powers = {called.get(name, name): power for name, power in setting.powers.items()}
    more = {called.get(name, name): added for name, added in setting.more.items()}
    times = {called.get(name, name): n for name, n in setting.times.items()}
    return ratio(setting.number, powers, asked.values, more, times)

