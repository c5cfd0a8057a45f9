"""Forward values that a backward pass computes anew, and not as the forward pass did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.values import Values, with_values
from autograd_seq.diagnosis.perturb.variant import SWAP, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, bare, evaluate
from autograd_seq.diagnosis.truth import bends_elements, is_activation

Formed = tuple[tuple[Any, ...], str, str, Array, Array]  # key, category, words, the value, what is inside


def recomputed(c: Context) -> Iterator[Variant]:
    """An activation of something that lacks a term, or has another weight, operand, sign or function."""
    groups: dict[Any, list[Tensor]] = {}
    for node in c.forward:
        if is_activation(node) and node in c.adjoints:
            groups.setdefault(c.role(node), []).append(node)
    for role, nodes in groups.items():
        formed: dict[Any, list[tuple[Tensor, Formed]]] = {}
        for node in nodes:
            for form in _forms(c, node):
                if form[3].shape == node.shape:
                    formed.setdefault(form[0], []).append((node, form))
        for found in formed.values():
            node, (key, category, words, *_) = found[0]
            mapping = {n: form[3] for n, form in found}
            inside = {n: form[4] for n, form in found}
            edit = Edit(key, category, words, nothing, weight=2)
            own = _derivative(c, mapping, inside)
            for place, changes in (("derivative", own), ("everywhere", with_values(c, mapping) | own)):
                if changes:
                    at = next(iter(changes))
                    yield c.variant(("recomputed", role, place), edit, at, SWAP, changes)


def _derivative(c: Context, mapping: Values, inside: Values) -> dict[Tensor, Change]:
    """The lines of the derivative only."""
    changes: dict[Tensor, Change] = {}
    for node in mapping:
        new = {node: mapping[node], node.inputs[0]: inside[node]}
        for r in c.program.truth.recording.emitted.get(node, ()):
            if r.operation is not None and any(x in new for x in r.inputs):
                changes[r] = _with(r, new)
    return changes


def _with(r: Tensor, new: Values) -> Change:
    return lambda v: evaluate(r, lambda x: new[x] if x in new else v(x))


def _forms(c: Context, node: Tensor) -> Iterator[Formed]:
    z = node.inputs[0]
    name = c.called(node)

    def made(key: tuple[Any, ...], category: str, words: str, new: Any) -> Formed:
        with np.errstate(all="ignore"):
            value = node.operation.value(np.asarray(new), **node.settings)
        return key, category, words, np.asarray(value), np.asarray(new)

    addends = _addends(z)
    for i, (sign, x) in enumerate(addends if len(addends) > 1 else ()):
        said = f"with {name} computed again {{}} {c.called(x)}"
        without = z._value - sign * x._value
        yield made(("without", i), "missing term", said.format("without"), without)
        yield made(("sign", i), "sign", said.format("with the opposite sign of"), without - sign * x._value)
        if len(addends) > 2:
            yield made(("only", i), "missing term", said.format("of nothing but"), sign * x._value)
        for key, category, words, other in _products(c, x):
            new = without + sign * other
            yield made(("product", i, *key), category, f"with {name} computed again {words}", new)
    if len(addends) == 1:
        for key, category, words, other in _products(c, addends[0][1]):
            yield made(("product", 0, *key), category, f"with {name} computed again {words}", addends[0][0] * other)
    for function in (ops.tanh, ops.sigmoid, ops.relu):
        if function is not node.operation and bends_elements(node):
            value = np.asarray(function.value(z._value))
            said = f"with {function.name}({c.called(z)}) in place of {name}"
            yield ("function", function.name), "wrong value", said, value, z._value
    if len(addends) == 1 or z.name:
        for y, distance in c.others(z):
            said = f"with {node.operation.name}({c.called(y)}) in place of {name}"
            yield made(("argument", c.role(y), distance), c.kind_of_swap(y, z), said, y._value)


def _addends(z: Tensor, sign: float = 1.0, depth: int = 6) -> list[tuple[float, Tensor]]:
    """The terms of a sum, whether it was written in one line or in several."""
    inner = bare(z)
    if depth and algebra(inner) in ("sum", "difference"):
        a, b = inner.inputs
        other = -sign if algebra(inner) == "difference" else sign
        return _addends(a, sign, depth - 1) + _addends(b, other, depth - 1)
    return [(sign, inner)]


def _products(c: Context, x: Tensor) -> Iterator[tuple[tuple[Any, ...], str, str, Array]]:
    """A product with another value in place of one of its operands."""
    if algebra(x) not in ("matrix product", "product"):
        return
    for i, operand in enumerate(x.inputs):
        for y, distance in c.others(operand) if operand.ndim else ():
            values = [y._value if j == i else p._value for j, p in enumerate(x.inputs)]
            new = np.asarray(x.operation.value(*values, **x.settings))
            words = f"with {c.called(y)} in place of {c.called(operand)}"
            yield (i, c.role(y), distance), c.kind_of_swap(y, operand), words, new
