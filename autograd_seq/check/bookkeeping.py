"""The proof of the sweep's bookkeeping: each adjoint is the sum over its out-edges, each edge used once.

Every recorded expression gets a number, equal numbers for equal expressions. What the
sweep recorded as an adjoint is then compared, record by record, with the sum of what
the rules of its users give, applied anew. That is exact and needs no algebra, and its
cost is linear in the graph; expanded over all paths the same identity has exponentially many terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from autograd_seq.check.application import Application, constant, expression, freeze
from autograd_seq.check.failure import Failure
from autograd_seq.core.operation import Operation
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra


def edges_of(record: Tensor) -> list[int]:
    """The inputs of a record that its rules pass an adjoint to."""
    rules: Any = record.operation.vjp if record.operation else None
    if rules is None:
        return []
    return [i for i, x in enumerate(record.inputs) if x.requires_grad and rules[i] is not None]


class Bookkeeping:
    """Expressions by number, for one recording.

    Parameters
    ----------
    recording : Recording
        What the sweep recorded.
    seed : Tensor
        The adjoint that it started from.
    """

    def __init__(self, recording: Recording, seed: Tensor) -> None:
        self.recording = recording
        self._numbers: dict[Any, int] = {}
        self.number: dict[Tensor, int] = {
            record: self._intern(("forward", i)) for i, record in enumerate(recording.forward)
        }
        self.number[seed] = self._intern("seed")
        for records in recording.emitted.values():
            for record in records:
                if record not in self.number:
                    self.number[record] = self._recorded(record)

    def _intern(self, key: Any) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _known(self, x: Tensor) -> int:
        if x not in self.number:
            self.number[x] = self._recorded(x)
        return self.number[x]

    def _recorded(self, record: Tensor) -> int:
        if record.operation is None:
            return self._intern(constant(record))
        if algebra(record) == "name":  # the same number under another name
            return self._known(record.inputs[0])
        if algebra(record) == "sum of uses":
            return self._sum([self._known(x) for x in record.inputs])
        if algebra(record) == "gathered parts":
            pieces = [self._known(x) for x in record.inputs]
            indices = [freeze(i) for i in record.settings["indices"]]
            return self._gathered(list(zip(pieces, indices, strict=True)), record.shape)
        return self._intern(expression(record, self._known))

    def _sum(self, numbers: list[int]) -> int:
        return numbers[0] if len(numbers) == 1 else self._intern(("sum", tuple(sorted(numbers))))

    def _gathered(self, parts: list[tuple[int, Any]], shape: tuple[int, ...]) -> int:
        return self._intern(("gathered", shape, tuple(sorted(parts, key=repr))))

    def check(self, uses: Mapping[Tensor, list[Application]]) -> list[Failure]:
        """Compare each adjoint with the sum over its out-edges.

        Parameters
        ----------
        uses : mapping
            For each record the applications of the rules of those that use it.
        """
        failures = []
        positions = self.recording.forward.positions
        for record in reversed(self.recording.forward.records):
            pieces = uses.get(record, [])
            if any(p.use.record not in self.recording.adjoints or p.piece is None for p in pieces):
                continue  # named as a failure of the rule, or of the user's own adjoint
            start = [self.number_of_seed] if record is self.recording.forward.outputs[0] else []
            if not pieces and not start:
                if record in self.recording.adjoints:
                    message = "it has an adjoint, though nothing uses it"
                    failures.append(Failure("bookkeeping", record, positions[record], message=message))
                continue
            found = self.recording.adjoints.get(record)
            if found is None or self._known(found) != self._expected(pieces, start, record):
                failures.append(
                    Failure("bookkeeping", record, positions[record], message=self._explain(record, pieces, found))
                )
        return failures

    @property
    def number_of_seed(self) -> int:
        """The number of the adjoint that the sweep starts from."""
        return self._numbers["seed"]

    def _number(self, piece: Application) -> int:
        """The number of an edge's piece, its adjoint being the recorded one."""
        use, record = piece.use, piece.use.record
        known = {use.adjoint: self._known(self.recording.adjoints[record]), use.result: self.number[record]}
        known.update((x, self.number[y]) for x, y in zip(use.inputs, record.inputs, strict=True))
        return int(piece.canonical(known, self._intern_step))

    def _intern_step(self, key: Any) -> int:
        """Like what was recorded: names and orders of sums do not count."""
        word = key[0].algebra if isinstance(key[0], Operation) else ""
        if word == "name":
            return int(key[2][0])
        if word == "sum of uses":
            return self._sum(list(key[2]))
        return self._intern(key)

    def _expected(self, pieces: list[Application], start: list[int], record: Tensor) -> int:
        whole = start + [self._number(p) for p in pieces if not p.part]
        parts = [(self._number(p), freeze(p.part[0])) for p in pieces if p.part]
        if parts:
            whole.append(self._gathered(parts, record.shape))
        return self._sum(whole)

    def _explain(self, record: Tensor, pieces: list[Application], found: Tensor | None) -> str:
        """Which edges are missing, or used more than once."""
        if found is None:
            return f"no adjoint was recorded, though {len(pieces)} records use it"
        used: Counter[int] = Counter()
        stack = [found]
        while stack:
            r = stack.pop()
            if algebra(r) in ("name", "sum of uses", "gathered parts"):
                stack.extend(r.inputs)
            else:
                used[self._known(r)] += 1
        wanted = Counter(self._number(p) for p in pieces)
        labels = {self._number(p): p.use.record.label for p in pieces}
        missing = sorted(labels[n] for n in wanted - used)
        extra = sorted(labels.get(n, "something else") for n in used - wanted)
        said = [f"the use by {', '.join(missing)} is missing"] if missing else []
        said += [f"{', '.join(extra)} is used once too often"] if extra else []
        return "its adjoint is not the sum over its uses: " + ("; ".join(said) or "the pieces are added wrongly")
