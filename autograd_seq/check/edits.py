"""What people do to one line of a backward pass: each edit is a changed value and the words for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.program import Change, Program, bare, called, evaluate
from autograd_seq.check.truth import is_activation
from autograd_seq.readings.expression import is_literal
from autograd_seq.tensor import Array, Tensor


@dataclass(frozen=True)
class Edit:
    """One way to get one line wrong.

    Attributes
    ----------
    key : tuple
        The same for the same edit in another time step, or of other numbers.
    category : str
        The kind of mistake.
    words : str
        What the gradient then is.
    change : callable
        The changed value.
    """

    key: tuple[Any, ...]
    category: str
    words: str
    change: Change
    weight: int = 1


class Editor:
    """Finds the edits of each record of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.called = cache(called)
        self.live = set(program.truth.seeds.values())
        for r in program.records:
            if any(x in self.live for x in r.inputs):
                self.live.add(r)
        self._followers: dict[Tensor, set[Tensor]] = {}
        self.forward = [r for r in program.truth.recording.forward if r.ndim]
        arguments = {r.inputs[0] for r in self.forward if is_activation(r)}
        self.marked = [r for r in self.forward if r.name or is_activation(r) or r in arguments]
        self.notable = [r for r in self.forward if r.name or is_activation(r) or _is_complement(r)]

    def simple(self, r: Tensor) -> Iterator[Edit]:
        """Signs, dropped terms and factors, transposes, sums, slices, derivatives of activations."""
        if r.operation is ops.identity:
            return
        if r in self.live:
            yield Edit(("negative",), "sign", f"with the opposite sign of {self.called(r)}", lambda v: -evaluate(r, v))
        for operation, maker in (
            (ops.multiply, self._product),
            (ops.accumulate, self._terms),
            (ops.accumulate, self._exchanged_factors),
            (ops.subtract, self._difference),
            (ops.matmul, self._matrix_product),
            (ops.sum, self._sum),
            (ops.getitem, self._part),
        ):
            if r.operation is operation or r.operation.name == getattr(operation, "__name__", ""):  # type: ignore[union-attr]
                yield from maker(r)
        yield from self._activation(r)

    # -- products ---------------------------------------------------------------------------

    def _product(self, r: Tensor) -> Iterator[Edit]:
        for i, x in enumerate(r.inputs):
            other = r.inputs[1 - i]
            if other.shape == r.shape:
                yield self._without(r, x, other, i)
            if x not in self.live and x.ndim:
                yield Edit(
                    ("twice", i),
                    self._of_derivative(r, "extra factor"),
                    f"with the factor {self.called(x)} twice",
                    lambda v, x=x: evaluate(r, v) * v(x),  # type: ignore[misc]
                )

    def _without(self, r: Tensor, x: Tensor, other: Tensor, i: int) -> Edit:
        category = "upstream missing" if x in self.live and other not in self.live else "missing factor"
        return Edit(
            ("without factor", i),
            self._of_derivative(r, category) if x not in self.live else category,
            f"without the factor {self.called(x)}",
            lambda v: np.array(v(other)),
        )

    def _of_derivative(self, r: Tensor, category: str) -> str:
        node = self.program.serves[r]
        return "activation derivative" if is_activation(node) and node.operation is not ops.softmax else category

    # -- sums ----------------------------------------------------------------------------------

    def _terms(self, r: Tensor) -> Iterator[Edit]:
        terms = list(r.inputs)
        roles = [("from above",) if self.from_above(x) else self.program.roles.get(x) for x in terms]
        later = [x for x in terms if self._carried(x, r)]
        if later and len(later) < len(terms):
            rest = [x for x in terms if x not in set(later)]
            yield Edit(
                ("no carry",),
                "no carry",
                f"without what is carried back from the next time step, {' + '.join(map(self.called, later))}",
                lambda v, rest=rest: np.sum([v(y) for y in rest], axis=0),  # type: ignore[misc]
            )
        for x, role in zip(terms, roles, strict=True):
            rest = [y for y in terms if y is not x]
            if len(later) == 1 and x is later[0]:
                continue
            yield Edit(
                ("without term", role),
                "upstream missing" if self.from_above(x) else "missing term",
                f"without the term {self.called(x)}",
                lambda v, rest=rest: np.sum([v(y) for y in rest], axis=0),  # type: ignore[misc]
            )
            yield Edit(
                ("sign of term", role),
                "sign",
                f"with the opposite sign of the term {self.called(x)}",
                lambda v, x=x: evaluate(r, v) - 2 * v(x),  # type: ignore[misc]
            )
            if len(terms) > 2:
                yield Edit(
                    ("only term", role),
                    "missing term",
                    f"with the term {self.called(x)} only",
                    lambda v, x=x: np.array(v(x)),  # type: ignore[misc]
                )
            for y in rest:
                for f in self._factors(y):
                    if f.shape == x.shape:
                        yield Edit(
                            ("factor of another term", role, self.program.roles.get(y), self.program.roles.get(f)),
                            "parentheses",
                            f"with the factor {self.called(f)} on the term {self.called(x)} too: parentheses misplaced",
                            lambda v, x=x, f=f: evaluate(r, v) + v(x) * (v(f) - 1),  # type: ignore[misc]
                        )

    def _exchanged_factors(self, r: Tensor) -> Iterator[Edit]:
        """Two terms of a sum, each with the plain factor of the other."""
        products = []
        for x in r.inputs:
            part = bare(x)
            plain = [y for y in part.inputs if y not in self.live]
            if part.operation is ops.multiply and len(plain) == 1:
                products.append((x, next(y for y in part.inputs if y in self.live), plain[0]))
        for i, (x, g, a) in enumerate(products):
            for y, h, b in products[:i]:
                if a.shape == b.shape and a is not b:
                    yield Edit(
                        ("exchanged factors", self.program.roles.get(x), self.program.roles.get(y)),
                        "wrong value",
                        f"with {self.called(a)} and {self.called(b)} exchanged",
                        lambda v, x=x, y=y, g=g, h=h, a=a, b=b: (  # type: ignore[misc]
                            evaluate(r, v) - v(x) - v(y) + v(g) * v(b) + v(h) * v(a)
                        ),
                    )

    def _factors(self, r: Tensor) -> Iterator[Tensor]:
        """The plain factors that a term was multiplied with."""
        while r.operation is ops.multiply or r.operation is ops.negative or r.operation is ops.identity:
            plain = [x for x in r.inputs if x not in self.live]
            alive = [x for x in r.inputs if x in self.live]
            if len(alive) != 1:
                return
            yield from plain
            r = alive[0]

    def _carried(self, x: Tensor, r: Tensor) -> bool:
        mine, its = self.program.time(r), self.program.time(x)
        return mine is not None and its == mine + 1

    def from_above(self, x: Tensor) -> bool:
        """Whether a term is (a part of) an adjoint that was given."""
        seeds = self.program.truth.seeds.values()
        while x.operation is not None and len(x.inputs) == 1:
            x = x.inputs[0]
        return any(x is seed for seed in seeds)

    def _difference(self, r: Tensor) -> Iterator[Edit]:
        a, b = r.inputs
        if a.shape == r.shape:
            yield Edit(
                ("without second",),
                self._of_derivative(r, "missing term"),
                f"without the term {self.called(b)}",
                lambda v: np.array(v(a)),
            )
        if b.shape == r.shape:
            yield Edit(
                ("without first",),
                self._of_derivative(r, "wrong value"),
                f"with {self.called(b)} in place of {self.called(r)}",
                lambda v: np.array(v(b)),
            )
        yield Edit(("plus",), "sign", f"with + in place of − in {self.called(r)}", lambda v: v(a) + v(b))

    # -- matrices ---------------------------------------------------------------------------------

    def _matrix_product(self, r: Tensor) -> Iterator[Edit]:
        a, b = r.inputs
        for i, x in enumerate(r.inputs):
            if x.operation is ops.transpose:
                bare = x.inputs[0]
                left, right = (bare, b) if i == 0 else (a, bare)
                if left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]:
                    yield Edit(
                        ("transpose", i),
                        "transpose",
                        f"with {self.called(bare)} not transposed",
                        lambda v, left=left, right=right: v(left) @ v(right),  # type: ignore[misc]
                    )
        plain = [x.inputs[0] if x.operation is ops.transpose else x for x in (a, b)]
        for left in {a, plain[0]}:
            for right in {b, plain[1]}:
                if left.shape == right.shape == r.shape:
                    yield Edit(
                        ("element-wise", left is a, right is b),
                        "element-wise product",
                        f"with the element-wise product {self.called(left)} ∘ {self.called(right)}, not @",
                        lambda v, left=left, right=right: v(left) * v(right),  # type: ignore[misc]
                    )
        if r.shape == r.shape[::-1]:
            yield Edit(("transposed",), "transpose", "transposed", lambda v: evaluate(r, v).T)

    def _sum(self, r: Tensor) -> Iterator[Edit]:
        x, axis = r.inputs[0], r.parameters["axis"]
        yield Edit(
            ("not summed",),
            "missing sum",
            f"without the sum over axis {_axis(axis)} (the examples)",
            lambda v: np.array(v(x)),
        )
        yield Edit(
            ("mean",),
            "mean over the batch",
            "with the mean over the examples in place of the sum",
            lambda v: np.mean(v(x), axis=axis, keepdims=r.parameters["keepdims"]),
        )
        for other in range(x.ndim):
            if (other,) != axis and other != axis:
                yield Edit(
                    ("axis", other),
                    "missing sum",
                    f"summed over axis {other} in place of axis {_axis(axis)}",
                    lambda v, other=other: np.sum(v(x), axis=other, keepdims=True),  # type: ignore[misc]
                )
        yield Edit(("everything",), "missing sum", "summed over all axes", lambda v: np.sum(v(x)))

    def _part(self, r: Tensor) -> Iterator[Edit]:
        x, index = r.inputs[0], r.parameters["index"]
        first = index[0] if isinstance(index, tuple) and index else index
        if not isinstance(first, slice) or first.step not in (None, 1):
            return
        start, stop, _ = first.indices(x.shape[0])
        n, whole = stop - start, x.shape[0]
        rest = index[1:] if isinstance(index, tuple) else ()
        for other in {0, whole - n} - {start}:
            part = (slice(other, other + n), *rest)
            yield Edit(
                ("part", other == 0),
                "wrong half",
                f"with the {'first' if other == 0 else 'last'} {n} of the {whole} stacked rows "
                f"in place of rows {start + 1} to {stop}: the other part of the stack",
                lambda v, part=part: np.array(v(x)[part]),  # type: ignore[misc]
            )

    # -- derivatives of activations -----------------------------------------------------------------

    def _activation(self, r: Tensor) -> Iterator[Edit]:
        """Everything that can happen to g ∘ f'(x), where `r` is that piece."""
        node = self.program.serves[r]
        if not is_activation(node) or self.program.truth.recording.emitted[node][-1] is not r:
            return
        g = self.program.truth.recording.adjoints[node]
        rules: Any = node.operation.vjp  # type: ignore[union-attr]
        y, x = node._value, node.inputs[0]._value
        name = f"{node.operation.name}'"  # type: ignore[union-attr]

        def rule(v: Any, y: Array, x: Array) -> Array:
            return np.asarray(rules[0](v, y, x, **node.parameters))

        def edit(key: str, words: str, change: Change) -> Edit:
            return Edit((key,), "activation derivative", words, change, weight=0)

        again = node.operation.value  # type: ignore[union-attr]
        yield edit(
            "left out",
            f"without the derivative {name}: the adjoint of {self.called(node)}, not of what is inside {name[:-1]}",
            lambda v: np.array(v(g)),
        )
        yield edit("squared", f"with the derivative {name} applied twice", lambda v: rule(rule(v(g), y, x), y, x))
        yield edit(
            "of itself",
            f"with {name[:-1]} applied again to {self.called(node)}, which is a {name[:-1]} already",
            lambda v: rule(v(g), again(y, **node.parameters), y),
        )
        yield edit(
            "of argument",
            f"with {self.called(node.inputs[0])} where {self.called(node)} belongs in the derivative {name}",
            lambda v: rule(v(g), x, x),
        )
        for key, words, factor in (
            (
                "square",
                f"with 1 − {self.called(node)} in place of 1 − {self.called(node)}²: the square is missing",
                1 - y,
            ),
            (
                "outside",
                f"with (1 − {self.called(node)})² in place of 1 − {self.called(node)}²: the square stands outside",
                (1 - y) ** 2,
            ),
            ("1 - y²", f"with 1 − {self.called(node)}² in place of the derivative {name}", 1 - y * y),
            (
                "y(1 - y)",
                f"with {self.called(node)} ∘ (1 − {self.called(node)}) in place of the derivative {name}",
                y * (1 - y),
            ),
            ("y > 0", f"with the derivative of ReLU in place of {name}", y > 0),
            ("y", f"with {self.called(node)} in place of the derivative {name}", y),
            ("y²", f"with {self.called(node)}² in place of the derivative {name}", y * y),
        ):
            yield edit(key, words, lambda v, factor=factor: v(g) * factor)  # type: ignore[misc]
        yield Edit(
            ("no upstream",),
            "upstream missing",
            f"without {self.called(g)}: the derivative {name} alone, not multiplied with the adjoint",
            lambda v: rule(np.ones(node.shape), y, x),
        )
        for other in self.notable:
            if other.shape == node.shape and other is not node:
                yield Edit(
                    ("derivative at", self.program.roles.get(other)),
                    self.kind_of_swap(other, node),
                    f"with {self.called(other)} in place of {self.called(node)} in the derivative {name}",
                    lambda v, other=other: rule(v(g), other._value, x),  # type: ignore[misc]
                )

    # -- one value in place of another ------------------------------------------------------------------

    def swaps(self, r: Tensor) -> Iterator[Edit]:
        """Each operand of `r` replaced by another value that has its shape."""
        for i, x in enumerate(r.inputs):
            if x in self.live:
                yield from self._other_adjoint(r, i, x)
            elif x.operation is ops.transpose and x.inputs[0].ndim == 2:
                yield from self._swapped(r, i, x, x.inputs[0], self.near(x.inputs[0]), True)
                yield from self._restacked(r, i, x.inputs[0])
            elif x.ndim:
                yield from self._swapped(r, i, x, x, self.near(x), False)
                yield from self._of_another(r, i, x)

    def _behind(self, r: Tensor) -> set[Tensor]:
        """A record and everything that is computed from it."""
        if r not in self._followers:
            found, stack = {r}, [r]
            while stack:
                fresh = [u for u in self.program.users.get(stack.pop(), []) if u not in found]
                found.update(fresh)
                stack.extend(fresh)
            self._followers[r] = found
        return self._followers[r]

    def _other_adjoint(self, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
        """The adjoint of another quantity of the same time step."""
        for node in self.marked:
            y = self.program.truth.recording.adjoints.get(node)
            if y is None or y is x or bare(y) is bare(x) or y.shape != x.shape:
                continue
            if node.scope.time != self.program.time(r) or y in self._behind(r):
                continue

            def change(v: Any, y: Tensor = y) -> Array:
                values = [v(z) for z in r.inputs]
                values[i] = v(y)
                return np.asarray(r.operation.value(*values, **r.parameters))  # type: ignore[union-attr]

            key = ("adjoint", i, self.program.roles.get(node))
            yield Edit(key, self._skips(node, x), f"with {self.called(y)} in place of {self.called(x)}", change)

    def _skips(self, node: Tensor, x: Tensor) -> str:
        """Whether the adjoint of `node` in place of `x` leaves out just the derivative of an activation."""
        served = self.program.serves.get(bare(x))
        return "activation derivative" if served is node and is_activation(node) else "wrong value"

    def near(self, x: Tensor) -> list[Tensor]:
        """Values of a person's program that could be mistaken for `x`: of its time step or one beside it."""
        t = x.scope.time
        return [y for y in self.notable if t is None or y.scope.time is None or abs(y.scope.time - t) <= 1]

    def _swapped(
        self, r: Tensor, i: int, operand: Tensor, x: Tensor, candidates: list[Tensor], turned: bool
    ) -> Iterator[Edit]:
        free = turned and any(r is bare(result) for result in self.program.results.values())
        for y in candidates:
            fits = y.shape == x.shape or (free and i == 0 and y.ndim == 2 and y.shape[0] == x.shape[0])
            if y is x or y is operand or not fits:
                continue

            def change(v: Any, y: Tensor = y) -> Array:
                values = [v(z) for z in r.inputs]
                values[i] = v(y).T if turned else v(y)
                return np.asarray(r.operation.value(*values, **r.parameters))  # type: ignore[union-attr]

            distance = (y.scope.time or 0) - (x.scope.time or 0)
            yield Edit(
                ("swap", i, self.program.roles.get(y), distance),
                self.kind_of_swap(y, x),
                f"with {self.called(y)} in place of {self.called(x)}",
                change,
            )

    def _of_another(self, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
        """An activation of something else: tanh(c_prev) in place of tanh(c_next)."""
        if not is_activation(x) or len(x.inputs) != 1:
            return
        argument = x.inputs[0]
        for y in self.near(argument):
            if y.shape == x.shape and y is not argument:

                def change(v: Any, y: Tensor = y) -> Array:
                    values = [v(z) for z in r.inputs]
                    values[i] = x.operation.value(v(y), **x.parameters)  # type: ignore[union-attr]
                    return np.asarray(r.operation.value(*values, **r.parameters))  # type: ignore[union-attr]

                distance = (y.scope.time or 0) - (argument.scope.time or 0)
                words = f"with {x.operation.name}({self.called(y)}) in place of {self.called(x)}"  # type: ignore[union-attr]
                yield Edit(
                    ("of another", i, self.program.roles.get(y), distance),
                    self.kind_of_swap(y, argument),
                    words,
                    change,
                )

    def _restacked(self, r: Tensor, i: int, x: Tensor) -> Iterator[Edit]:
        if x.operation is ops.concatenate:
            axis = x.parameters["axis"]

            def change(v: Any) -> Array:
                values = [v(z) for z in r.inputs]
                values[i] = np.concatenate([v(z) for z in reversed(x.inputs)], axis=axis).T
                return np.asarray(r.operation.value(*values, **r.parameters))  # type: ignore[union-attr]

            words = f"with the stack in the other order, [{'; '.join(self.called(z) for z in reversed(x.inputs))}]"
            yield Edit(("restacked", i), "wrong half", words, change)
            for k, part in enumerate(x.inputs):
                for y in self.near(part):
                    if y.shape == part.shape and y is not part:
                        yield self._stack_with(r, i, x, k, y)

    def _stack_with(self, r: Tensor, i: int, x: Tensor, k: int, y: Tensor) -> Edit:
        """A stack with another value in one of its parts."""
        part = x.inputs[k]

        def change(v: Any) -> Array:
            values = [v(z) for z in r.inputs]
            parts = [v(y) if j == k else v(z) for j, z in enumerate(x.inputs)]
            values[i] = np.concatenate(parts, axis=x.parameters["axis"]).T
            return np.asarray(r.operation.value(*values, **r.parameters))  # type: ignore[union-attr]

        key = ("stacked with", i, k, self.program.roles.get(y), (y.scope.time or 0) - (part.scope.time or 0))
        return Edit(
            key,
            self.kind_of_swap(y, part),
            f"with {self.called(y)} in place of {self.called(part)} in the stack",
            change,
        )

    def kind_of_swap(self, wrong: Tensor, right: Tensor) -> str:
        """A neighbour in time is off by one; anything else is the wrong value."""
        same_role = self.program.roles.get(wrong) == self.program.roles.get(right)
        stem = {re.sub(r"(_prev|_next|0)$", "", r.name or "") for r in (wrong, right)}
        different_time = wrong.scope.time != right.scope.time or wrong.operation is None or right.operation is None
        return "off by one" if different_time and (same_role or (len(stem) == 1 and stem != {""})) else "wrong value"


def _is_complement(r: Tensor) -> bool:
    """Whether a record is 1 - y."""
    return r.operation is ops.subtract and is_literal(r.inputs[0])


def _axis(axis: Any) -> str:
    return str(axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis)
