"""Operations between processes: one is pickled by its name, as a function is, and is itself on the other side."""

from __future__ import annotations

import copyreg
import sys

from autograd_seq.core.operation import Operation


def reference(operation: Operation) -> str:
    """The name under which the operation's module holds it; one that is not there, ``pickle`` refuses by this name.

    Examples
    --------
    >>> import pickle
    >>> from autograd_seq import tanh
    >>> pickle.loads(pickle.dumps(tanh)) is tanh
    True
    """
    held = getattr(sys.modules.get(operation.__module__), operation.name, None)
    return operation.name if held is operation else str(vars(operation)["__qualname__"])


def install() -> None:
    """Let every operation be pickled by its name; a copy of one is the operation itself."""
    copyreg.pickle(Operation, reference)
