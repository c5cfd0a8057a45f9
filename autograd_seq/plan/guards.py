"""What a recording holds good for: the values that were read as plain numbers while it was made.

A number that leaves the recording, by float(), as an index, in a comparison, is the same at every replay. So the
arguments and parameters that it was made of are compared at each call with what they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.core.errors import GraphLostError
from autograd_seq.core.scope import branches, everywhere, reads
from autograd_seq.core.source_line import SourceLine, here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.plan.arguments import Given, same


@dataclass(slots=True)
class Guard:
    """An argument or a parameter whose value a recording holds good for.

    Attributes
    ----------
    name : str
    source : int or Parameter
        The number of an argument, or a parameter.
    array : ndarray
        Its value when the function was recorded.
    lines : list of SourceLine
        Where it was read; none of an argument that does not reach the loss.
    """

    name: str
    source: int | Parameter
    array: Array
    lines: list[SourceLine]

    def holds(self, given: Sequence[Given]) -> bool:
        """Whether the value is still the same."""
        now = self.source.record._value if isinstance(self.source, Parameter) else given[self.source]
        return same(now, self.array)

    def __str__(self) -> str:
        if not self.lines:
            return f"{self.name} does not reach the loss: each new value costs a recording, to be on the safe side"
        places = ", ".join(f"{line} ({line.expression})" for line in self.lines)
        if self.array.dtype.kind in "iu" and all(line.expression.startswith("int(") for line in self.lines):
            return (
                f"{self.name} is read as plain numbers at {places}: each new value costs a recording. As an index, as "
                f"in E[{self.name}[t]] without int(), it costs none"
            )
        return f"{self.name} is read as plain numbers at {places}: each new value costs a recording"


@dataclass(slots=True)
class Notes:
    """What was noted while a function was recorded.

    Attributes
    ----------
    decisions : list of Tensor
        What Python decided on.
    reads : list of (Tensor, SourceLine)
        Every number that left the recording, and where.
    """

    decisions: list[Tensor] = field(default_factory=list)
    reads: list[tuple[Tensor, SourceLine | None]] = field(default_factory=list)

    def check(self) -> None:
        """Refuse decisions that a new value of a parameter may turn.

        Raises
        ------
        GraphLostError
            Where there is one.
        """
        noted = [t for t in dict.fromkeys(self.decisions) if any(leaf.requires_grad for leaf in leaves([t]))]
        if noted:
            labels = ", ".join(dict.fromkeys(t.label for t in noted))
            where = next((f" in {t.source.text!r}" for t in noted if t.source is not None), "")
            raise GraphLostError(
                f"the function decides on the value of {labels}{where}: a compiled program would always go the same "
                f"way. Decide with where(condition, a, b), or before the function is called{here()}"
            )

    def by_line(self) -> dict[SourceLine | None, list[Tensor]]:
        """What was read at each line."""
        found: dict[SourceLine | None, list[Tensor]] = {}
        for tensor, line in self.reads:
            found.setdefault(line, []).append(tensor)
        return found


@contextmanager
def watching() -> Iterator[Notes]:
    """Note what is decided on and read while the block runs."""
    notes = Notes()
    tokens = branches.set(notes.decisions), reads.set(notes.reads)
    everywhere.append(notes.reads)
    try:
        yield notes
    finally:
        everywhere[:] = [known for known in everywhere if known is not notes.reads]
        branches.reset(tokens[0])
        reads.reset(tokens[1])


def owner(leaf: Tensor) -> Parameter | None:
    """The parameter that a leaf is a value of, if there still is one."""
    box = leaf._gradient or []
    return box[1]() if len(box) > 1 else None


def leaves(tensors: Iterable[Tensor]) -> list[Tensor]:
    """What tensors were made from in the end."""
    stack = list(dict.fromkeys(t.record for t in tensors))
    seen, found = {id(t) for t in stack}, []
    while stack:
        record = stack.pop()
        if record.operation is None:
            found.append(record)
        for x in record.inputs:
            if id(x) not in seen:
                seen.add(id(x))
                stack.append(x)
    return found


def guards(notes: Notes, loss: Tensor, inputs: Sequence[Any], parameters: Mapping[str, Parameter]) -> list[Guard]:
    """The values that a recording holds good for.

    Parameters
    ----------
    notes : Notes
        What was noted while it was made.
    loss : Tensor
        What it ends with.
    inputs : sequence of Argument, str or None
        The function's arguments.
    parameters : dict of str to Parameter
        Those whose current values count.
    """
    numbers = {id(x.record): i for i, x in enumerate(inputs) if isinstance(x, Tensor)}
    keys = {id(parameter): key for key, parameter in parameters.items()}
    found: dict[int, Guard] = {}
    for line, read in notes.by_line().items():
        for leaf in leaves(read):
            source: Any = owner(leaf)
            if source is None:
                source = numbers.get(id(leaf))
            if source is not None:
                key = keys.get(id(source)) or leaf.name or "a parameter"
                guard = found.setdefault(id(leaf), Guard(key, source, leaf._value, []))
                guard.lines += [line] if line is not None else []
    reached = {id(leaf) for leaf in leaves([loss])}
    for i, x in enumerate(inputs):
        if isinstance(x, Tensor) and id(x.record) not in reached and id(x.record) not in found:
            found[id(x.record)] = Guard(x.name or "", i, x.record._value, [])
    return list(found.values())


def holding(checks: Iterable[Any], given: Sequence[Given]) -> bool:
    """Whether all that a recording holds good for is as it was."""
    return all([check.holds(given) for check in checks])  # at every call, and a list is quicker than a generator
