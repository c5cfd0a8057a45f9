"""One use of one VJP rule, recorded by itself: what the proofs read, and its fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.record import NOTHING, next_index
from autograd_seq.core.rules import unbroadcast
from autograd_seq.core.scope import NOWHERE
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.branches import decisions

DOUBLE = 8  # bytes of a float64
UNREADABLE = (TypeError, ValueError, AttributeError, NotImplementedError, IndexError, ArithmeticError)


def leaf(value: Array, like: Tensor | None = None) -> Tensor:
    """A leaf around an array, without copying it; to a rule it looks as `like` does: a number or a variable."""
    made: Tensor = object.__new__(Tensor)
    made._value = value
    made.operation, made.inputs, made.settings = None, (), NOTHING
    made._name, made.scope, made.index = None, NOWHERE, next_index()
    made.requires_grad, made._gradient, made._code, made._offset, made._origin = False, [None], None, 0, None
    if like is not None:
        made.requires_grad = like.requires_grad
        made._name = like._name if is_literal(like) else like._name or "x"
    return made


def freeze(setting: Any) -> Any:
    """A setting of an operation as something that can be compared and hashed."""
    if isinstance(setting, np.ndarray):
        return "array", setting.shape, setting.dtype.str, bytes_of(setting)
    if isinstance(setting, (tuple, list)):
        return type(setting).__name__, *(freeze(s) for s in setting)
    if isinstance(setting, dict):
        return "dict", *((k, freeze(v)) for k, v in setting.items())
    if isinstance(setting, slice):
        return "slice", freeze(setting.start), freeze(setting.stop), freeze(setting.step)
    return (type(setting), setting) if isinstance(setting, (bool, int, float)) else setting


def bytes_of(array: Array) -> bytes:
    """Equal for equal numbers: what a long double has between its digits and the next one says nothing."""
    if array.dtype.kind != "f" or array.dtype.itemsize <= DOUBLE:
        return array.tobytes()
    with np.errstate(all="ignore"):
        upper = array.astype(np.float64)
        return upper.tobytes() + (array - upper).astype(np.float64).tobytes()


def settings_of(record: Tensor) -> Any:
    """The settings of a record, to be compared."""
    return freeze(record.settings) if record.settings else ()


_smooth: set[Any] = set()  # operations that were seen to decide nothing, with their settings and shapes


def branch_of(record: Tensor) -> tuple[int, ...]:
    """The decisions of a record, looked for once where the operation has none."""
    assert record.operation is not None  # asked of results only
    # of one element there is no largest to decide on, of several there is
    key = record.operation.meaning, settings_of(record), tuple(x.shape for x in record.inputs)
    try:
        if key in _smooth:
            return ()
    except TypeError:  # a setting that cannot be compared: nothing is remembered
        return _decided(record) or ()
    found = _decided(record)
    if found == () and record.size:
        _smooth.add(key)
    return found or ()


def _decided(record: Tensor) -> tuple[int, ...] | None:
    """The decisions; None where the meaning cannot be read, as the proof will say."""
    try:
        return tuple(decisions(record))
    except UNREADABLE:
        return None


@dataclass(frozen=True, eq=False)
class Use:
    """A record's inputs and result as leaves of their own, so that every rule is seen by itself.

    The same tensor used twice becomes two leaves: the derivative is by each use.
    """

    record: Tensor
    inputs: tuple[Tensor, ...]
    result: Tensor
    adjoint: Tensor

    @classmethod
    def of(cls, record: Tensor, adjoint: Array) -> Use:
        """Cut a record out of its graph."""
        inputs = tuple(leaf(x._value, x) for x in record.inputs)
        return cls(record, inputs, leaf(record._value, record), leaf(adjoint, record))

    def apply(self, position: int) -> Application:
        """Record the rule of one input, broadcasting undone as the sweep does."""
        record, shape = self.record, self.record.inputs[position].shape
        rules: Any = record.operation.vjp if record.operation else None
        try:
            piece = rules[position](self.adjoint, self.result, *self.inputs, **record.settings)
            whole: Any = piece.piece if type(piece) is Part else piece
            if not isinstance(whole, Tensor):
                piece = whole = leaf(np.asarray(whole))
            whole = whole.record
            if type(piece) is Part:
                if piece.shape != shape:
                    return Application(self, position, None, message=f"the rule gives shape {piece.shape}, not {shape}")
                return Application(self, position, whole, part=(piece.index,))
            if whole.shape != shape:
                whole = unbroadcast(whole, shape)
        except Exception as error:  # whatever a wrong rule does, it is the rule's failure
            return Application(self, position, None, message=f"the rule fails: {_first_line(error)}")
        if whole.shape != shape:
            return Application(self, position, None, message=f"the rule gives shape {whole.shape}, not {shape}")
        return Application(self, position, whole)


@dataclass(eq=False)
class Application:
    """What one rule recorded.

    Attributes
    ----------
    use : Use
        Of which record.
    position : int
        For which input.
    piece : Tensor or None
        What it gives; None where it failed.
    part : tuple
        ``(index,)`` where it gives only the indexed part of the adjoint, else empty.
    message : str
        Why it failed.
    """

    use: Use
    position: int
    piece: Tensor | None
    part: tuple[Any, ...] = ()
    message: str = ""
    steps: list[Tensor] = field(default_factory=list)  # the recorded operations, in order

    def __post_init__(self) -> None:
        if self.piece is not None:
            self.steps = [r for r in Graph(self.piece).records if r.operation is not None]

    def rule(self) -> Any:
        """The rule, to be compared: what it does with another adjoint, nothing that it recorded tells."""
        rules: Any = self.use.record.operation.vjp if self.use.record.operation else None
        return getattr(rules, "prepare", None) or rules[self.position]

    def fingerprint(self) -> Any:
        """Equal for two applications exactly where one proof serves both.

        The operation and the rule, settings, shapes, dtypes, which branch it is on, numbers that stand in
        it, and every step that the rule recorded.
        """
        record, use = self.use.record, self.use
        local: dict[Tensor, int] = {use.adjoint: 0, use.result: 1}
        local.update((x, i + 2) for i, x in enumerate(use.inputs))
        steps = tuple(_step(r, local) for r in self.steps)
        last = local[self.piece] if self.piece in local else _constant(self.piece) if self.piece is not None else None
        return (
            record.operation, record.operation.meaning if record.operation else None, settings_of(record),
            tuple(_kind(x) for x in record.inputs), record.shape, record.dtype.char, branch_of(record),
            self.position, self.rule(), steps, last, freeze(self.part), self.message,
        )  # fmt: skip

    def canonical(self, known: Mapping[Tensor, Any], intern: Any) -> Any:
        """The number of this piece among all expressions, once its leaves have theirs."""
        numbers = dict(known)
        for r in self.steps:
            numbers[r] = intern(expression(r, lambda x: numbers[x] if x in numbers else intern(_constant(x))))
        assert self.piece is not None  # asked only of rules that did not fail
        return numbers[self.piece] if self.piece in numbers else intern(_constant(self.piece))


def expression(record: Tensor, number: Any) -> Any:
    """A recorded result as an expression of numbered ones."""
    return record.operation, settings_of(record), tuple(number(x) for x in record.inputs)


def constant(x: Tensor) -> Any:
    """A leaf that stands for its value."""
    return "constant", x.shape, x.dtype.str, bytes_of(x._value)


_constant = constant


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def _kind(x: Tensor) -> Any:
    """How an input is read: as the number that it is, or as symbols of its shape."""
    return _constant(x) if is_literal(x) or x.dtype.kind != "f" else (x.shape, x.dtype.char)


def _step(record: Tensor, local: dict[Tensor, int]) -> Any:
    inputs = tuple(local[x] if x in local else _constant(x) for x in record.inputs)
    local[record] = len(local)
    assert record.operation is not None  # steps are results
    counted = not record.operation.differentiable and record.dtype.kind != "f"
    taken = record._value.tobytes() if counted else branch_of(record)
    kind = record.shape, record.dtype.char
    return record.operation, record.operation.meaning, settings_of(record), inputs, kind, taken
