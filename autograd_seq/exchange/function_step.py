"""A plain function of arrays and a dict of parameters, recorded on small drawn numbers, to be compared with another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.errors import AutogradError, GraphLostError, UsageError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.diagnosis import calling
from autograd_seq.diagnosis.written_into import to_be_written_into
from autograd_seq.exchange.equivalence import Step

MOST = 120  # numbers: of each a symbol is made


def step_of(
    function: Callable[..., Any],
    data: Mapping[str, Any],
    weights: Mapping[str, Any] | None = None,
    returns: Sequence[str] = (),
) -> Step:
    """What a function computes, for `equivalent`.

    Parameters
    ----------
    function : callable
        Of as many arrays as there are in `data`, in that order, and last the dict of parameters, if there are any:
        ``lstm_cell_forward(x, a_prev, c_prev, parameters)``, say. It may be written in plain NumPy.
    data : mapping of str to shape or array
        What goes in, small: a formula is the same for all sizes. Both functions must have the same names here.
    weights : mapping of str to shape or array, optional
        The parameters, by the names that the function uses.
    returns : sequence of str, optional
        The names of what it returns, such as ``["a", "c"]``, where that is a tuple: those that follow, a cache say, are
        left out. Without names all arrays before the first thing that is none are compared, numbered. Of a dict, which
        of its keys.

    Raises
    ------
    UsageError
        If the function fails or returns no arrays, or there are too many numbers.

    Examples
    --------
    >>> from autograd_seq.exchange import equivalent
    >>> def rnn(x, a, p):
    ...     return np.tanh(p["Wx"] @ x + p["Wa"] @ a + p["b"])
    >>> def turned(x, a, p):
    ...     return -np.tanh(-p["b"] - p["W"] @ np.concatenate([a, x]))
    >>> sizes = {"x": (1, 1), "a": (1, 1)}
    >>> one = step_of(rnn, sizes, {"Wx": (1, 1), "Wa": (1, 1), "b": (1, 1)})
    >>> print(equivalent(one, step_of(turned, sizes, {"W": (1, 2), "b": (1, 1)})))
    rnn and turned: the same, proven
      Wa[1, 1] = W[1, 1]
      Wx[1, 1] = W[1, 2]
      b[1, 1] = b[1, 1]
    """
    title = getattr(function, "__name__", type(function).__name__)
    rng = np.random.default_rng(0)
    given = {key: Tensor(_array(key, value, rng), key, requires_grad=True) for key, value in data.items()}
    learned = {key: Parameter(_array(key, value, rng), key) for key, value in (weights or {}).items()}
    size = sum(t.size for t in (*given.values(), *learned.values()))
    if size > MOST:
        raise UsageError(
            f"{title} was given {size} numbers, and each is a symbol here: at most {MOST}. A formula is the same for "
            f"all sizes, so give small ones, such as (2, 1) for a state{here()}"
        )
    arguments = [*given.values(), *([dict(learned)] if weights is not None else [])]
    outputs = _outputs(title, _called(title, function, arguments), list(returns))
    return Step(title, given, dict(learned), outputs)


def _array(name: str, value: Any, rng: np.random.Generator) -> Any:
    """Numbers of a shape, or the array that was given."""
    if isinstance(value, tuple) and all(isinstance(n, int) and n > 0 for n in value):
        return rng.standard_normal(value) if math.prod(value) <= MOST else np.zeros(value)
    if isinstance(value, (tuple, str)):
        raise UsageError(f"{name} is an array or the shape of one, such as (2, 1), not {value!r:.60}{here()}")
    return Tensor(value).value.astype(float)


def _called(title: str, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """What the function returns of tensors; in plain NumPy it may also write into arrays of its own."""
    theirs = calling.spaces(function)
    try:
        try:
            return function(*arguments)
        except (TypeError, ValueError, RuntimeError):  # such as an assignment into an array that np.zeros made
            with calling.recording(theirs):
                try:
                    return function(*arguments)
                except GraphLostError:  # an array that a formula made is written into
                    with to_be_written_into([function], theirs):
                        return function(*arguments)
    except AutogradError:
        raise
    except Exception as error:  # somebody's function raises what it likes
        shapes = ", ".join(str(getattr(a, "shape", "parameters")) for a in arguments)
        said = f"{type(error).__name__}: {error!s:.200}"
        raise UsageError(f"{title} fails on arrays of shapes {shapes}: {said}{here()}") from error


def _outputs(title: str, answer: Any, names: list[str]) -> dict[str, Tensor]:
    if isinstance(answer, Mapping):
        found = {str(key): value for key, value in answer.items() if not names or key in names}
    else:
        parts = list(answer) if isinstance(answer, (tuple, list)) else [answer]
        first = [part for n, part in enumerate(parts) if all(isinstance(p, Tensor) for p in parts[: n + 1])]
        found = dict(zip(names or [str(n + 1) for n in range(len(first))], first, strict=False))
    missing = [name for name in names if name not in found]
    if missing or not found or not all(isinstance(value, Tensor) for value in found.values()):
        wanted = f"no {', '.join(missing)}" if missing else "nothing that was recorded"
        raise UsageError(f"{title} returns {wanted}: {answer!r:.80}{here()}")
    return {key: value.record for key, value in found.items()}
