"""Graph: the recording as a flat list, in the order in which it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar

from autograd_seq.core import errors
from autograd_seq.core.program_arguments import note_uses
from autograd_seq.core.record import Record
from autograd_seq.core.scope import Scope
from autograd_seq.core.shown import Shown


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
        self.records: list[Any] = note_uses(sorted(seen, key=attrgetter("index")))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.records)

    def __contains__(self, tensor: Record) -> bool:
        return tensor.record in self.positions

    def __getitem__(self, position: int) -> Any:
        return self.records[position]

    @cached_property
    def positions(self) -> dict[Any, int]:
        """The place of each record in the list."""
        return {record: i for i, record in enumerate(self.records)}

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
        places = self.places
        named = [record for record in self.records if record.name == name]
        found = [record for record in named if all(getattr(places[record], k) == v for k, v in where.items())]
        if len(found) != 1:
            raise errors.not_found(name, where, found, self.records)
        return found[0]

    @property
    def leaves(self) -> list[Any]:
        """Records that no operation made, which are parameters, inputs and constants."""
        return [record for record in self.records if record.operation is None]

    @property
    def scopes(self) -> dict[Any, Scope]:
        """The place of each record, as the code said it; nothing is guessed here."""
        return {record: record.scope for record in self.records}

    @property
    def places(self) -> Mapping[Any, Scope]:
        """The place of each record, as the code said it or as it was recognised, to find a record by its time."""
        return Graph.recognised(self)

    def consumers(self) -> dict[Any, list[tuple[Any, int]]]:
        """For each record, who uses it and as which input, oldest first."""
        uses: dict[Any, list[tuple[Any, int]]] = {record: [] for record in self.records}
        for record in self.records:
            for i, x in enumerate(record.inputs):
                if x in uses:
                    uses[x].append((record, i))
        return uses

    # What stands above and belongs to a graph registers itself here: steps that no code said, how it is printed, …
    recognised: ClassVar[Callable[[Graph], Mapping[Any, Scope]]] = lambda graph: graph.scopes
    printed: ClassVar[Callable[[Graph], str]] = object.__repr__
    to_networkx: ClassVar[Callable[..., Any]]
    from_networkx: ClassVar[Callable[[Any], Graph]]

    def __str__(self) -> str:
        return Graph.printed(self)

    __repr__ = __str__
