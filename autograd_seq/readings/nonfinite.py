"""Where NaN or infinity first appeared: the record, its time step and the line that made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.scope import Scope
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes
from autograd_seq.translation.reader import translated


@dataclass(frozen=True, slots=True)
class NonFinite:
    """The first record with a value that is not finite.

    Attributes
    ----------
    record : Tensor
        The record.
    scope : Scope
        Its time step, layer, direction and part.
    element : tuple of int
        The place of the first such value in it, counted from 0.
    value : float
        NaN or an infinity.
    count : int
        How many of its elements are not finite.
    """

    record: Tensor
    scope: Scope
    element: tuple[int, ...]
    value: float
    count: int

    def __str__(self) -> str:
        made = self.record.operation.name if self.record.operation else "given"
        line = self.record.source
        return translated(
            f"{self.record.label} ({made}) is the first with {self.value} at {list(self.element)}, "
            f"{self.count} of {self.record.size} elements; time step {self.scope.time}"
            + (f"\n  at {line}: {line.text}" if line else "")
        )


def first_nonfinite(recorded: Tensor | Graph | Recording) -> NonFinite | None:
    """The first record, in the order in which they were made, that holds NaN or infinity; None if none does.

    Parameters
    ----------
    recorded : Tensor, Graph or Recording
        Of a Recording, the forward pass is searched first, then the backward pass.

    Examples
    --------
    >>> from autograd_seq import Parameter, exp, name, steps
    >>> w, a = Parameter(6.0, "w"), 1.0
    >>> with np.errstate(over="ignore"):
    ...     for t in steps(5):
    ...         a = name(exp(w * a), "a")
    >>> found = first_nonfinite(a)
    >>> found.record.label, found.scope.time, found.value
    ('a<2>', 2, inf)
    """
    if isinstance(recorded, Recording):
        return first_nonfinite(recorded.forward) or first_nonfinite(recorded.backward)
    if not isinstance(recorded, (Tensor, Graph)):
        raise UsageError(f"first_nonfinite() takes a tensor, graph or recording, not {type(recorded).__name__}{here()}")
    graph = recorded if isinstance(recorded, Graph) else recorded.graph
    for record in graph:
        bad = np.argwhere(~np.isfinite(record.value))
        if len(bad):
            place = tuple(int(i) for i in bad[0])
            return NonFinite(record, scopes(graph)[record], place, float(record.value[place]), len(bad))
    return None
