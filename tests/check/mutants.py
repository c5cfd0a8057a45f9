"""Wrong VJP rules, made from right ones: each recorded step of a rule is broken in every way that applies to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq import Operation, Tensor
from autograd_seq.core.operation import lift
from autograd_seq.core.part import Part
from autograd_seq.core.rules import unbroadcast


@dataclass(frozen=True)
class Mutant:
    """One way of breaking one step of the rule of one input."""

    operation: Operation
    position: int
    words: str
    step: int | None  # which recorded step of the rule; None for the whole piece
    change: Callable[..., Any]  # of the step's record and its (rebuilt) inputs; of a whole piece, and its input
    with_input: bool = False

    def __repr__(self) -> str:
        return f"{self.operation.name}[{self.position}] step {self.step}: {self.words}"


def whole_changes(shape: tuple[int, ...]) -> dict[str, Callable[[Any], Any]]:
    """What can be wrong with a whole piece."""
    changes: dict[str, Callable[[Any], Any]] = {
        "sign flipped": lambda p: -p,
        "times 2": lambda p: p * 2,
        "halved": lambda p: p / 2,
        "zero": lambda p: p * 0,
    }
    if len(shape) == 2 and shape[0] == shape[1] > 1:
        changes["transposed"] = lambda p: p.T
    for axis, n in enumerate(shape):
        if n > 1:
            changes[f"rolled along axis {axis}"] = lambda p, axis=axis: ops.concatenate(
                [p[(slice(None),) * axis + (slice(1, None),)], p[(slice(None),) * axis + (slice(0, 1),)]], axis=axis
            )
    return changes


def subtle_changes(shape: tuple[int, ...]) -> dict[str, Callable[[Any, Any], Any]]:
    """What is wrong by little, or with some inputs only: a change of a piece, given the input too."""
    changes: dict[str, Callable[[Any, Any], Any]] = {
        "times 1 + 1e-9": lambda p, x: p * (1 + 1e-9),
        "wrong where x < 0 only": lambda p, x: ops.where(x < 0, p * 2, p),
        "wrong where x > 0 only": lambda p, x: ops.where(x > 0, p * 2, p),
        "wrong by 1e-9 where x < 0 only": lambda p, x: ops.where(x < 0, p * (1 + 1e-9), p),
        "clipped": lambda p, x: ops.clip(p, -0.01, 0.01),
        "second derivative by x": lambda p, x: p + (ops.square(x) - ops.stop_gradient(ops.square(x))),
        "cut off": lambda p, x: ops.stop_gradient(p),
    }
    if shape and shape[-1] > 1:
        changes["wrong for m > 1 only"] = lambda p, x: p if x.shape[-1] == 1 else p / x.shape[-1]
    return changes


def subtle_mutants(record: Tensor, position: int, rule: Any) -> Iterator[Mutant]:
    """Every mutant of one rule that is wrong by little or for some inputs only, if it is at the record's numbers."""
    shape = record.inputs[position].shape
    for words, change in subtle_changes(shape).items():
        mutant = Mutant(record.operation, position, words, None, change, with_input=True)
        derived = words in ("second derivative by x", "cut off")  # right numbers, and a wrong derivative of their own
        if derived or differs(rule, mutant, record, position, closely=1e-11):
            yield mutant


def fitted(piece: Any, shape: tuple[int, ...]) -> Any:
    """A step's result in the shape that the steps behind it expect."""
    if piece.shape == shape:
        return piece
    if piece.size == int(np.prod(shape)):
        return ops.reshape(piece, shape)
    return ops.broadcast_to(piece, shape)


def first_slice(record: Tensor, inputs: tuple[Any, ...]) -> Any:
    """A missing sum: the first of what was to be added."""
    axis, keep = record.settings["axis"], record.settings["keepdims"]
    n = inputs[0].ndim
    axes = range(n) if axis is None else [a % n for a in (axis if isinstance(axis, tuple) else (axis,))]
    index = tuple((slice(0, 1) if keep else 0) if i in axes else slice(None) for i in range(n))
    return inputs[0][index]


def step_changes(record: Tensor) -> Iterator[tuple[str, Callable[[Tensor, tuple[Any, ...]], Any]]]:
    """What can be wrong with one step."""
    operation = record.operation
    yield "sign flipped", lambda r, x: -r.operation.record(*_again(r, x))
    yield "times 2", lambda r, x: r.operation.record(*_again(r, x)) * 2
    if len(record.inputs) >= 2:
        for k in range(len(record.inputs)):
            yield f"operand {k} dropped", lambda r, x, k=k: _without(r, x, k)
        yield "operands swapped", lambda r, x: r.operation.record(*_again(r, (x[1], x[0], *x[2:])))
    if operation is ops.sum:
        yield "sum missing", lambda r, x: first_slice(r, x)
        yield "mean in place of sum", lambda r, x: ops.mean(x[0], **r.settings)
    if operation is ops.matmul:
        yield "element by element", lambda r, x: ops.multiply(*x)
        yield "left factor not transposed", lambda r, x: ops.matmul(ops.swapaxes(x[0], -1, -2), x[1])
        yield "right factor not transposed", lambda r, x: ops.matmul(x[0], ops.swapaxes(x[1], -1, -2))
    if len(record.inputs) == 1:
        yield "step left out", lambda r, x: fitted(x[0], r.shape)
        yield "step applied twice", lambda r, x: r.operation.record(*_again(r, (r.operation.record(*_again(r, x)),)))


def _again(record: Tensor, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    inputs = lift(inputs)
    value = record.operation.value(*(x._value for x in inputs), **record.settings)
    return value, inputs, record.settings, False


def _without(record: Tensor, inputs: tuple[Any, ...], k: int) -> Any:
    """A term or factor left out."""
    rest = [x for i, x in enumerate(inputs) if i != k]
    if len(rest) == 1:
        return fitted(rest[0], record.shape)
    if record.operation is ops.where:
        return fitted(rest[-1], record.shape)
    if record.operation is ops.accumulate:
        return ops.accumulate(rest)
    raise ValueError("nothing to drop")


def broken_rule(rule: Any, mutant: Mutant) -> Callable[..., Any]:
    """The rule with one mistake, for tensors and for bare arrays alike."""

    def wrong(g: Any, y: Any, *inputs: Any, **parameters: Any) -> Any:
        bare = not isinstance(g, Tensor)
        leaves = [Tensor(a) if not isinstance(a, Tensor) else a for a in (g, y, *inputs)]
        if bare:  # numbers stay numbers, arrays are never mistaken for them
            for leaf, a in zip(leaves, (g, y, *inputs), strict=True):
                leaf._name = None if np.ndim(a) == 0 else "x"
        piece = mutated(rule, mutant, leaves, parameters)
        if not bare:
            return piece
        return Part(piece.piece._value, piece.index, piece.shape) if type(piece) is Part else piece._value

    return wrong


def mutated(rule: Any, mutant: Mutant | None, leaves: list[Tensor], parameters: dict[str, Any]) -> Any:
    """What a rule gives with one step changed; as it is, without a mutant."""
    piece = rule(*leaves, **parameters)
    whole = piece.piece if type(piece) is Part else piece
    if mutant is None:
        return piece
    if mutant.words == "adjoint replaced by ones":
        return rule(Tensor(np.ones(leaves[0].shape)), *leaves[1:], **parameters)
    if mutant.step is None:
        shape = leaves[mutant.position + 2].shape
        if type(piece) is not Part and whole.shape != shape:
            if mutant.words == "broadcasting not undone":
                return first_of(whole, shape)
            whole = unbroadcast(whole, shape)
        if mutant.with_input:
            whole = whole_piece(piece, whole)
            return mutant.change(whole, leaves[mutant.position + 2])
        whole = mutant.change(whole, ())
    else:
        whole = rebuilt(whole, set(leaves), mutant)
    return Part(whole, piece.index, piece.shape) if type(piece) is Part else whole


def whole_piece(piece: Any, whole: Tensor) -> Tensor:
    """A part of an adjoint as all of it, zeros elsewhere."""
    return ops.scatter([whole], (piece.index,), piece.shape) if type(piece) is Part else whole


def first_of(whole: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The first of the uses of a broadcast input, where their sum is right."""
    whole = whole[(0,) * (whole.ndim - len(shape))]
    return whole[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)] if shape else whole


def rebuilt(end: Tensor, leaves: set[Tensor], mutant: Mutant) -> Tensor:
    """The recorded steps again, one of them changed."""
    made: dict[Tensor, Tensor] = {}
    step = -1
    for record in steps_of(end, leaves):
        inputs = tuple(made.get(x, x) for x in record.inputs)
        step += 1
        if step == mutant.step:
            made[record] = fitted(mutant.change(record, inputs), record.shape)
        else:
            made[record] = record.operation.record(*_again(record, inputs))
    return made.get(end, end)


def steps_of(end: Tensor, leaves: set[Tensor]) -> list[Tensor]:
    """What the rule recorded, oldest first, and nothing behind what it was given."""
    seen: set[Tensor] = set()
    stack = [end]
    while stack:
        record = stack.pop()
        if record not in seen and record not in leaves and record.operation is not None:
            seen.add(record)
            stack.extend(record.inputs)
    return sorted(seen, key=lambda r: r.index)


def mutants(record: Tensor, position: int, rule: Any) -> Iterator[Mutant]:
    """Every mutant of one rule that is wrong somewhere, found by trying it on other numbers."""
    leaves = [_named(a, x) for a, x in _elsewhere(record)]
    shape = record.inputs[position].shape
    right = mutated(rule, None, leaves, record.settings)
    whole = right.piece if type(right) is Part else right
    candidates = [
        Mutant(record.operation, position, words, None, lambda p, _, change=change: change(p))
        for words, change in whole_changes(whole.shape if type(right) is Part else shape).items()
    ]
    candidates.append(Mutant(record.operation, position, "adjoint replaced by ones", None, lambda p, _: p))
    if type(right) is not Part and whole.shape != shape:
        candidates.append(Mutant(record.operation, position, "broadcasting not undone", None, lambda p, _: p))
    for k, step in enumerate(steps_of(whole, set(leaves))):
        candidates += [Mutant(record.operation, position, words, k, change) for words, change in step_changes(step)]
    for mutant in candidates:
        if differs(rule, mutant, record, position):
            yield mutant


def differs(rule: Any, mutant: Mutant, record: Tensor, position: int, closely: float = 1e-4) -> bool:
    """Whether a mutant gives other numbers: one that does not is no mistake. One that cannot run is caught anyhow."""
    leaves = [_named(a, x) for a, x in _elsewhere(record)]
    try:
        with np.errstate(all="ignore"):
            wrong = dense(mutated(rule, mutant, leaves, record.settings), record.inputs[position].shape)
    except Exception:
        return False
    right = dense(mutated(rule, None, leaves, record.settings), record.inputs[position].shape)
    return wrong.shape != right.shape or not np.allclose(wrong, right, rtol=closely, atol=closely / 100)


def dense(piece: Any, shape: tuple[int, ...]) -> np.ndarray:
    if type(piece) is Part:
        return Part(piece.piece._value, piece.index, piece.shape).whole()
    return np.asarray(unbroadcast(piece, shape)._value if piece.shape != shape else piece._value)


def _elsewhere(record: Tensor) -> list[tuple[np.ndarray, Tensor]]:
    """The record's own inputs and result, and an adjoint without structure."""
    g = np.random.default_rng(7).uniform(0.3, 2.0, record.shape)
    return [(g, record), (record._value, record), *((x._value, x) for x in record.inputs)]


def _named(array: np.ndarray, like: Tensor) -> Tensor:
    made = Tensor(array)
    number = like.operation is None and like.name is None and not like.ndim and not like.requires_grad
    made._name = None if number else "x"
    return made


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The operation with the wrong rule in it."""
    operation = mutant.operation
    right = operation.vjp
    rules = Rules(right, mutant)
    operation.vjp = rules
    try:
        yield
    finally:
        operation.vjp = right


class Rules:
    """The rules of an operation, one of them broken."""

    def __init__(self, right: Any, mutant: Mutant) -> None:
        self.right, self.mutant = right, mutant

    def __getitem__(self, i: int) -> Any:
        rule = self.right[i]
        return broken_rule(rule, self.mutant) if i == self.mutant.position else rule

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.right)))

    def __len__(self) -> int:
        return len(self.right)
