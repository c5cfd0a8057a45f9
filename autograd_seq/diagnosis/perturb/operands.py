"""What is edited: an operand of one line, which is another value of its shape."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, Variant, at, operand
from autograd_seq.diagnosis.perturb.where import collected
from autograd_seq.diagnosis.rerun import bare
from autograd_seq.diagnosis.truth import is_activation


def operands(c: Context, r: Tensor) -> Iterator[Edit]:
    """Each operand of a line replaced by another value that has its shape."""
    yield from restacked(c, r)
    for i, x in enumerate(r.inputs):
        if x in c.live:
            yield from _other_adjoint(c, r, i, x)
        elif algebra(x) == "transpose" and x.inputs[0].ndim == 2:
            yield from _other_value(c, r, i, x, x.inputs[0])
            yield from _other_in_the_stack(c, r, i, x.inputs[0])
        elif x.ndim:
            yield from _other_value(c, r, i, x, x)
            yield from _other_argument(c, r, i, x)


def _other_adjoint(c: Context, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
    """The adjoint of another quantity of the same time step."""
    for node in c.marked:
        y = c.adjoints.get(node)
        if y is None or y is x or bare(y) is bare(x) or y.shape != x.shape:
            continue
        if node.scope.time == c.program.time(r) and y not in c.behind(r):
            skips = is_activation(node) and c.program.serves.get(bare(x)) is node  # just the derivative is left out
            said = _without_factor(c, y, x)
            if said is None:
                said = kinds.IN_PLACE_OF(c.called(y), c.called(x), of=kinds.DERIVATIVE if skips else "")
            yield Edit(("adjoint", i, c.role(node)), said, operand(r, i, at(y)))


def _without_factor(c: Context, y: Tensor, x: Tensor) -> Said | None:
    """What is said of an adjoint in place of the same one with a factor that is no derivative."""
    made = bare(x)
    if algebra(made) not in ("product", "quotient") or not any(bare(z) is bare(y) for z in made.inputs):
        return None
    if is_activation(c.program.serves.get(made, y)):
        return None
    plain = next((z for z in made.inputs if bare(z) is not bare(y)), None)
    if plain is None:
        return None
    return kinds.NO_FACTOR(f"1 / {c.called(plain)}" if algebra(made) == "quotient" else c.called(plain))


def _other_value(c: Context, r: Tensor, i: int, there: Tensor, x: Tensor) -> Iterator[Edit]:
    """Another value of the forward pass, transposed as what stands there is."""
    turned = there is not x
    candidates = list(c.others(x, r))
    if turned and i == 0 and x.ndim == 2 and any(r is bare(result) for result in c.program.results.values()):
        candidates += [  # a gradient's own shape may be another one
            (y, (y.scope.time or 0) - (x.scope.time or 0))
            for y in c.near(x)
            if y.ndim == 2 and y.shape[0] == x.shape[0] and y.shape != x.shape
        ]
    for y, distance in candidates:
        if y is not there:
            weight = 1 if c.called(y) != c.called(x) else 2
            change = operand(r, i, at(y).T if turned else at(y))
            yield Edit(("swap", i, c.role(y), distance), c.instead(y, x, distance), change, weight)


def _other_argument(c: Context, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
    """An activation of something else: tanh(c_prev) in place of tanh(c_next)."""
    if is_activation(x) and len(x.inputs) == 1:
        for y, distance in c.others(x.inputs[0], r):
            other = f"{x.operation.name}({c.called(y)})"
            said = kinds.IN_PLACE_OF(other, c.called(x), of=c.kind_of_swap(y, x.inputs[0]))
            yield Edit(("of another", i, c.role(y), distance), said, operand(r, i, _with(x, 0, y)))


def restacked(c: Context, r: Tensor) -> Iterator[Edit]:
    """A stack with its parts in the other order."""
    for i, x in enumerate(r.inputs):
        stack = x.inputs[0] if algebra(x) == "transpose" else x
        if stack is not x and algebra(stack) == "joined":
            said = kinds.STACKED_OTHERWISE("; ".join(c.called(z) for z in reversed(stack.inputs)))
            yield Edit(("restacked", i), said, operand(r, i, _reversed(stack).T))


def _other_in_the_stack(c: Context, r: Tensor, i: int, stack: Tensor) -> Iterator[Edit]:
    """A stack with another value in one of its parts."""
    for k, part in enumerate(stack.inputs) if algebra(stack) == "joined" else ():
        for y, distance in c.others(part, r):
            said = kinds.IN_THE_STACK(c.called(y), c.called(part), of=c.kind_of_swap(y, part))
            yield Edit(("stacked with", i, k, c.role(y), distance), said, operand(r, i, _with(stack, k, y).T))


def _reversed(stack: Tensor) -> Form:
    return Form(lambda v: stack.operation.value(*(v(z) for z in reversed(stack.inputs)), **stack.settings))


def _with(x: Tensor, k: int, y: Tensor) -> Form:
    """A forward value with another operand."""
    return operand(x, k, at(y))


def restacked_everywhere(c: Context, rank: int) -> Iterator[Variant]:
    """A stack in the other order wherever it is used."""
    found = ((None, r, edit) for r in c.program.records for edit in restacked(c, r))
    return collected(c, "restacked", found, rank)


__all__ = ["operands", "restacked_everywhere"]
