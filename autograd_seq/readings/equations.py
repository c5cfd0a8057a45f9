"""The recording as equations, one line a record, stopping at named nodes."""

from __future__ import annotations

from autograd_seq import names
from autograd_seq.graph import Graph
from autograd_seq.notation import ATOM, SIGN
from autograd_seq.readings.expression import is_literal, number
from autograd_seq.tensor import Tensor


def lines(graph: Graph, language: str = "text") -> list[str]:
    """Each named record (and each output) as an equation of named ones.

    Parameters
    ----------
    graph : Graph
        A recording, forward or backward.
    language : {"text", "latex"}
        Unicode for a terminal, or LaTeX.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, tanh
    >>> a = name(tanh(Parameter([[0.5]], "Waa") @ Tensor([[1.0]], "a_prev") + 1), "a")
    >>> print(lines(a.graph)[0])
    a = tanh(W_aa a_prev + 1)
    """
    call = names.text if language == "text" else lambda name, scope: names.latex(name, scope=scope)
    written: dict[Tensor, tuple[str, int]] = {}
    outputs = set(graph.outputs)
    result = []
    for record in graph:
        if record.operation is not None:
            operands = [written.get(x) or _leaf(x, call) for x in record.inputs]
            written[record] = record.operation.forms[language].write(operands, record.parameters)
            if record.name or record in outputs:
                called = call(record.name, record.scope) if record.name else f"%{record.index}"
                result.append(f"{called} = {written[record][0]}")
                written[record] = called, ATOM
    return result


def _leaf(x: Tensor, call: object) -> tuple[str, int]:
    if is_literal(x):
        text = number(x)
        return text, SIGN if text.startswith("-") else ATOM
    return (call(x.name, x.scope) if x.name else f"%{x.index}"), ATOM  # type: ignore[operator]
