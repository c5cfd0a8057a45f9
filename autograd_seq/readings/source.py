"""The recording as a NumPy program, one line a record."""

from __future__ import annotations

from autograd_seq.graph import Graph
from autograd_seq.names import identifier
from autograd_seq.readings.expression import is_literal, write
from autograd_seq.tensor import Tensor


def statements(graph: Graph) -> list[str]:
    """One assignment for each record; what the graph does not make has the name it has outside.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, tanh
    >>> a = name(tanh(Parameter([[0.5]], "Waa") @ Tensor([[1.0]], "a_prev")), "a")
    >>> statements(a.graph)[-1]
    'a = np.tanh(v_2)'
    """
    return [f"{variable(r)} = {write(r, 'source', variable)}" for r in graph if r.operation and not is_literal(r)]


def variable(record: Tensor) -> str:
    """The Python name of a record."""
    return identifier(record.name, record.scope) if record.name else f"v_{record.index}"
