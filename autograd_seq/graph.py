"""Graph: the recording as a flat list, in the order in which it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from autograd_seq.display import Shown
from autograd_seq.errors import UsageError
from autograd_seq.scope import Scope
from autograd_seq.source_line import here
from autograd_seq.tensor import Tensor

if TYPE_CHECKING:
    import networkx

# Asked where in time the records of a graph are. The recording knows what the code said; what recognises steps that
# no code said adds itself here.
recognisers: list[Callable[[Graph], Mapping[Tensor, Scope]]] = []


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

    def __init__(self, *outputs: Tensor, within: Iterable[Tensor] | None = None) -> None:
        for output in outputs:
            if not isinstance(output, Tensor):
                raise UsageError(f"Graph() takes tensors, but got {type(output).__name__}{here()}")
        self.outputs = tuple(output.record for output in outputs)
        allowed = None if within is None else set(within)
        seen = set(self.outputs)
        stack = list(seen)
        while stack:
            for x in stack.pop().inputs:
                if x not in seen and (allowed is None or x in allowed):
                    seen.add(x)
                    stack.append(x)
        self.records = sorted(seen, key=attrgetter("index"))
        self._positions: dict[Tensor, int] | None = None

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.records)

    def __contains__(self, tensor: Tensor) -> bool:
        return tensor.record in self.positions

    def __getitem__(self, position: int) -> Tensor:
        return self.records[position]

    @property
    def positions(self) -> dict[Tensor, int]:
        """The place of each record in the list."""
        if self._positions is None:
            self._positions = {record: i for i, record in enumerate(self.records)}
        return self._positions

    def find(self, name: str, **where: Any) -> Tensor:
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
        found = [
            record
            for record in self.records
            if record.name == name and all(getattr(places[record], k) == v for k, v in where.items())
        ]
        if len(found) != 1:
            named = ", ".join(r.label for r in (found or self.records) if r.name)
            raise UsageError(
                f"{len(found) or 'no'} record{'s' * (len(found) != 1)} named {name!r} with {where}: "
                f"the graph has {named:.400}{here()}"
            )
        return found[0]

    @property
    def leaves(self) -> list[Tensor]:
        """Records that no operation made: parameters, inputs, constants."""
        return [record for record in self.records if record.operation is None]

    @property
    def scopes(self) -> dict[Tensor, Scope]:
        """The place of each record, as the code said it; nothing is guessed here."""
        return {record: record.scope for record in self.records}

    @property
    def places(self) -> Mapping[Tensor, Scope]:
        """The place of each record for who looks for one by its time: as said, or as somebody above recognised it."""
        return recognisers[-1](self) if recognisers else self.scopes

    def consumers(self) -> dict[Tensor, list[tuple[Tensor, int]]]:
        """For each record, who uses it and as which input, oldest first."""
        uses: dict[Tensor, list[tuple[Tensor, int]]] = {record: [] for record in self.records}
        for record in self.records:
            for i, x in enumerate(record.inputs):
                if x in uses:
                    uses[x].append((record, i))
        return uses

    def to_networkx(self) -> networkx.MultiDiGraph:
        """The same graph for networkx's algorithms.

        Returns
        -------
        networkx.MultiDiGraph
            Nodes are positions in the list, with the attributes label, name, operation, parameters, shape,
            dtype, value, time, layer, direction, part, file, line, requires_grad; an edge for every use,
            with the attribute ``input`` (its position among the user's inputs) as its key.

        Examples
        --------
        >>> import networkx
        >>> from autograd_seq import Tensor
        >>> x = Tensor([1.0, 2.0])
        >>> networkx.dag_longest_path_length((x * x + x).graph.to_networkx())
        2
        """
        import networkx

        result = networkx.MultiDiGraph()
        places = self.places
        for i, record in enumerate(self.records):
            place, line = places[record], record.source
            result.add_node(
                i,
                label=record.label,
                name=record.name,
                operation=record.operation.name if record.operation else None,
                parameters=dict(record.parameters),
                shape=record.shape,
                dtype=str(record.dtype),
                value=record.value,
                time=place.time,
                layer=place.layer,
                direction=place.direction,
                part=place.part,
                file=line.file if line else None,
                line=line.line if line else None,
                requires_grad=record.requires_grad,
            )
            for position, x in enumerate(record.inputs):
                if x in self.positions:
                    result.add_edge(self.positions[x], i, key=position, input=position)
        return result

    def __str__(self) -> str:
        from autograd_seq.readings.table import table

        return table(self)

    __repr__ = __str__
