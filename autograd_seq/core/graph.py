"""Graph: the recording as a flat list, in the order in which it was made."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any, ClassVar

from autograd_seq.core import errors
from autograd_seq.core.record import Record, Shown
from autograd_seq.core.scope import Scope


class Graph(Shown):
    """The ancestors of some outputs, outputs included, oldest first: every reading is a fold over it.

    Parameters
    ----------
    *outputs : Tensor
        Where to look back from.
    within : iterable of Tensor, optional
        Only these records are of interest; others are not looked behind. All of them if not given.

    Attributes
    ----------
    records : list of Tensor
        Single assignment: every record's inputs stand before it.
    outputs : tuple of Tensor
        Where it was looked back from.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> W = Parameter([[0.5]], "W")
    >>> graph = tanh(W * 2).graph
    >>> [record.operation.name for record in graph if record.operation]
    ['multiply', 'tanh']
    """

    def __init__(self, *outputs: Record, within: Iterable[Record] | None = None) -> None:
        for output in outputs:
            if not isinstance(output, Record):
                raise errors.not_a_graph(output)
        self.outputs: tuple[Any, ...] = tuple(output.record for output in outputs)
        allowed = None if within is None else set(within)
        seen = set(self.outputs)
        stack = list(seen)
        while stack:
            for x in stack.pop().inputs:
                if x not in seen and (allowed is None or x in allowed):
                    seen.add(x)
                    stack.append(x)
        self.records: list[Any] = sorted(seen, key=attrgetter("index"))
        self._positions: dict[Any, int] | None = None
        self._scopes: dict[Any, Scope] | None = None

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.records)

    def __contains__(self, tensor: Record) -> bool:
        return tensor.record in self.positions

    def __getitem__(self, position: int) -> Any:
        return self.records[position]

    @property
    def positions(self) -> dict[Any, int]:
        """The place of each record in the list."""
        if self._positions is None:
            self._positions = {record: i for i, record in enumerate(self.records)}
        return self._positions

    def find(self, name: str, **where: Any) -> Any:
        """The record of that name, and at that time, layer or direction.

        Raises
        ------
        UsageError
            If there is none, or more than one; the message lists them.

        Examples
        --------
        >>> from autograd_seq import Graph, Parameter, name, steps
        >>> a = Parameter([1.0], "W") * 1
        >>> for t in steps(3):
        ...     a = name(a * 2, "a")
        >>> Graph(a).find("a", time=2).value
        array([4.])
        """
        found = [
            record
            for record in self.records
            if record.name == name and all(getattr(self.scopes[record], k) == v for k, v in where.items())
        ]
        if len(found) != 1:
            raise errors.not_found(name, where, found, self.records)
        return found[0]

    @property
    def leaves(self) -> list[Any]:
        """Records that no operation made: parameters, inputs, constants."""
        return [record for record in self.records if record.operation is None]

    @property
    def scopes(self) -> dict[Any, Scope]:
        """The place of each record; where no code said a time, repeated source lines count the steps."""
        if self._scopes is None:
            self._scopes = {record: record.scope for record in self.records}
            if all(record.scope.time is None for record in self.records):
                self._scopes.update(self._recognised())
        return self._scopes

    def _recognised(self) -> dict[Any, Scope]:
        """Places in the program with several results are a loop's body, and their results belong to its steps.

        Most places have one result a step, which gives the number of steps. A helper that is called three
        times a step has three; whatever does not divide belongs to the step that had begun when it was made.
        """
        runs: dict[tuple[Any, ...], list[Record]] = {}  # one place may hold several operations of one step
        for record in self.records:
            if record.operation is not None and record._code is not None:
                runs.setdefault((record._code, record._offset, record.operation), []).append(record)
        repeated = [run for run in runs.values() if len(run) > 1]
        if not repeated:
            return {}
        lengths = Counter(map(len, repeated))
        steps = max(lengths, key=lambda n: (lengths[n] + sum(c for m, c in lengths.items() if m % n == 0), n))
        starts = [record.index for record in next(run for run in repeated if len(run) == steps)]
        times = {
            record: 1 + (k * steps // len(run) if len(run) % steps == 0 else bisect(starts[1:], record.index))
            for run in repeated
            for k, record in enumerate(run)
        }
        self._move_to_their_users(times, {r for run in repeated if len(run) % steps for r in run})
        return {record: replace(record.scope, time=time) for record, time in times.items()}

    def _move_to_their_users(self, times: dict[Record, int], irregular: set[Record]) -> None:
        """What a step makes before its first regular record, such as its stacked input, belongs to that step."""
        uses = self.consumers()
        for record in sorted(irregular, key=attrgetter("index"), reverse=True):
            users = [user for user, _ in uses[record]]
            if users and all(times.get(u) == times[record] + 1 and u not in irregular for u in users):
                times[record] += 1
                irregular.discard(record)

    def consumers(self) -> dict[Any, list[tuple[Any, int]]]:
        """For each record, who uses it and as which input, oldest first."""
        uses: dict[Any, list[tuple[Any, int]]] = {record: [] for record in self.records}
        for record in self.records:
            for i, x in enumerate(record.inputs):
                if x in uses:
                    uses[x].append((record, i))
        return uses

    # Readings that belong to a graph register themselves here: how it is printed, and as a graph of networkx.
    printed: ClassVar[Callable[[Graph], str]] = object.__repr__
    to_networkx: ClassVar[Callable[[Graph], Any]]

    def __str__(self) -> str:
        return Graph.printed(self)

    __repr__ = __str__
