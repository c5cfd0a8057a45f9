"""One record as an expression of its inputs, in any language that operations have forms in."""

from __future__ import annotations

from collections.abc import Callable

from autograd_seq.folding.literal import is_literal as is_literal
from autograd_seq.notation import ATOM, SIGN
from autograd_seq.tensor import Tensor


def number(record: Tensor) -> str:
    """A literal: 2.0 as ``2``, other numbers with all their digits."""
    value = record._value.item()
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else repr(value)


def write(record: Tensor, language: str, refer: Callable[[Tensor], str]) -> str:
    """The operation of `record` with its inputs filled in; `refer` says how an input is called."""
    if record.operation is None:
        return number(record) if is_literal(record) else refer(record)
    operands = []
    for x in record.inputs:
        if is_literal(x):
            text = number(x)
            operands.append((text, SIGN if text.startswith("-") else ATOM))
        else:
            operands.append((refer(x), ATOM))
    return record.operation.forms[language].write(operands, record.parameters)[0]
