"""Values that are computed as a formula says: a function in the package's operations, recorded once on some arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import NOWHERE, Marked
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.plan.anysize.stand_in import StandIns
from autograd_seq.plan.value import LITERAL, Use, Value, kind_of


def computed_as(value: Value, formula: Callable[..., Any], *operands: Use, **settings: Any) -> Value:
    """What stands for a value that is computed as a formula of some operands; all between has a value of its own.

    Those values are called what the formula calls them by `name`, or after the value.
    """
    lengths = _stand_ins(operands)
    leaves, result = _recorded(formula, operands, settings, lengths)
    made = dict(zip(leaves, operands, strict=True))
    for record in Graph(result):
        if record not in made:
            made[record] = Use(_value(record, made, value, lengths))
    last = made[result].value
    return value.instead(last.kind, last.uses, **last.settings)


def in_one_loop(formula: Callable[..., Any], *operands: Use, **settings: Any) -> bool:
    """Whether a compiled loop over elements can hold every step of a formula."""
    _, result = _recorded(formula, operands, settings, _stand_ins(operands))
    return all(record.operation is None or record.operation.element for record in Graph(result))


def _stand_ins(operands: Sequence[Use]) -> StandIns:
    return StandIns([use.value.shape for use in operands])


def _recorded(
    formula: Callable[..., Any], operands: Sequence[Use], settings: Any, lengths: StandIns
) -> tuple[list[Tensor], Tensor]:
    """Arrays like the operands, and what the formula makes of them."""
    leaves = [Tensor(np.ones(lengths.plain(use.value.shape), use.value.dtype)) for use in operands]
    with Marked(NOWHERE), np.errstate(all="ignore"):
        return leaves, formula(*leaves, **settings)


def _value(record: Tensor, made: dict[Tensor, Use], like: Value, lengths: StandIns) -> Value:
    if is_literal(record):
        return Value(LITERAL, (), record.dtype, settings={"number": record._value.item()})
    uses = [made[x] for x in record.inputs]
    name = record.name or _called(record, like.name)
    settings = {key: lengths.named(setting) for key, setting in record.settings.items()}
    shape = lengths.named(record.shape)
    return Value(kind_of(record), shape, record.dtype, like.times, uses, settings, name)


def _called(record: Tensor, name: str) -> str:
    """A maximum over axes by what it is, an exponential as the notes do, and anything else like the whole."""
    operation: Any = record.operation
    return f"{operation.name}_{name}" if operation.along else "e" if operation.algebra == "exponential" else name
