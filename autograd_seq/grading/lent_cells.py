"""Right backward passes for a submission's own forward passes, to put in the place of its wrong ones.

They run in the cage, by the engine, which is loaded there only for them. What they give is the derivative of what the
submission's forward pass computes: so a loop of the submission gets right adjoints from caches of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.grouped import flattened, taking_parts
from autograd_seq.diagnosis.truth import record


class LentCell:
    """A pair of functions: the submission's own forward pass, and a right backward pass for it.

    Parameters
    ----------
    own : callable
        The forward pass: it answers (outputs, cache).

    Examples
    --------
    >>> def double(x):
    ...     return {"y": 2 * x}, None
    >>> cell = LentCell(double)
    >>> _, cache = cell.forward(3.0)
    >>> cell.backward({"y": 1.0}, cache)
    {'dx': array(2.)}
    """

    def __init__(self, own: Callable[..., Any]) -> None:
        self._own = own
        self._calls: dict[int, tuple[Any, dict[str, Any]]] = {}

    def forward(self, *places: Any, **names: Any) -> Any:
        """The submission's own; what it was called with is remembered by the cache that it made."""
        answer = self._own(*places, **names)
        given = inspect.signature(self._own).bind(*places, **names).arguments
        if isinstance(answer, tuple) and len(answer) == 2 and not _records(given.values()):
            self._calls[id(answer[1])] = answer[1], dict(given)  # the cache is kept, so that no other has its number
        return answer

    def backward(self, upstream: Mapping[str, Any], cache: Any) -> dict[str, Any]:
        """The gradients of the forward pass that made a cache."""
        if id(cache) not in self._calls:
            raise ValueError("this cache is not one that the forward pass made")
        inputs, groups = flattened(self._calls[id(cache)][1])
        floats = {key: _as_float(value) for key, value in inputs.items()}
        return dict(record(taking_parts(self._own, groups), floats, dict(upstream)).gradients)


def _as_float(value: Any) -> Any:
    return value if getattr(value, "dtype", None) is not None else Tensor(value)._value


def _records(values: Any) -> bool:
    inner = [part for value in values for part in (value.values() if isinstance(value, Mapping) else [value])]
    return any(isinstance(part, Tensor) for part in inner)
