"""The recording as a NumPy program: a forward and a backward function with loops over time.

Where a family of equal steps was folded there is one loop, so the program runs for other
sequence lengths and batch sizes too; what could not be folded is written out.
"""

from __future__ import annotations

import re
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.names import as_identifier
from autograd_seq.core.source_line import here
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.module_text import module_text
from autograd_seq.readings.program import ProgramWriter


def source(thing: Any, name: str | None = None) -> str:
    """Both passes of a recording as a complete Python module that imports only NumPy.

    Parameters
    ----------
    thing : Tensor, Graph, Recording, run or cell
        A scalar is differentiated. For states or outputs without a loss, the adjoint that arrives from
        outside is an argument ``delta`` of the backward function.
    name : str, optional
        What the functions are called: ``NAME_forward`` and ``NAME_backward``. By default a cell's class
        in lower case, else ``network``.

    Returns
    -------
    str
        The module's text. The gradients it returns are those of the engine.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, scope, steps, sum, tanh
    >>> W = Parameter([[0.5]], "W")
    >>> with scope(time=0):
    ...     a = Tensor([[1.0]], "a")
    >>> for t in steps(4):
    ...     a = name(tanh(W @ a), "a")
    >>> text = source(name(sum(a), "J"), "power")
    >>> print(text[text.index("    for t in"):text.index("    cache =")].rstrip())
        for t in range(1, T + 1):
            a[t] = np.tanh(W @ a[t - 1])
        J = np.sum(a[T])
    """
    derivation = thing if isinstance(thing, Derivation) else Derivation(thing)
    if name is not None and not isinstance(name, str):
        raise UsageError(f"a name is a text, not {type(name).__name__}{here()}")
    writer = ProgramWriter(derivation, function_name(name or _name_of(thing)))
    if name is None and writer.function is not None:
        writer.name = re.sub("_?forward$", "", writer.function.name) or writer.name
    return module_text(writer)


def function_name(words: str) -> str:
    """Words as the beginning of a function's name."""
    word = as_identifier(re.sub(r"\W+", "_", words).strip("_") or "_").strip("_").lower()
    return word if word and not word[0].isdigit() else f"network_{word}".rstrip("_")


def _name_of(thing: Any) -> str:
    for candidate in (thing, getattr(thing, "cell", None)):
        if candidate is not None and hasattr(candidate, "unroll"):
            return type(candidate).__name__
    return "network"


def statements(graph: Any) -> list[str]:
    """The lines that compute the forward pass, without the functions around them.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, name, tanh
    >>> a = name(tanh(Parameter([[0.5]], "Waa") @ Tensor([[1.0]], "a_prev")), "a")
    >>> statements(a)
    ['a = np.tanh(Waa @ a_prev)']
    """
    writer = ProgramWriter(Derivation(graph), "network")
    return [line.text for line in writer.forward_lines]
