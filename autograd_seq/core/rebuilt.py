"""A record once more: the same value, name and place, but made from other records, or by another operation."""

from __future__ import annotations

from typing import Any

from autograd_seq.core.record import Record, next_index

_new = object.__new__


def again(record: Any, inputs: tuple[Any, ...], operation: Any = None, settings: dict[str, Any] | None = None) -> Any:
    """A record that stands for another one in a recording that is read in another way.

    Parameters
    ----------
    record : Record
        Whose value, name, scope and place in the program it has.
    inputs : tuple of Record
        What it is made from.
    operation, settings : optional
        What makes it; as the record's own if not given.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> x, y = Parameter([1.0], "x"), Parameter([1.0], "y")
    >>> again(x * 2, (y, y)).inputs[0].name
    'y'
    """
    made: Any = _new(Record.held)
    made._value, made.inputs = record._value, inputs
    made.operation = record.operation if operation is None else operation
    made.settings = record.settings if settings is None else settings
    made.requires_grad = record.requires_grad and made.operation.differentiable
    made._name, made._gradient = record._name, None
    made._code, made._offset, made._origin = record._code, record._offset, record._origin
    made.scope, made.index = record.scope, next_index()
    return made
