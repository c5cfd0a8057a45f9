"""What a backward pass reads from its file, where the forward pass was given other numbers for it."""

from __future__ import annotations

import dis
import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.calling import arrays_in, plain


def read_outside(function: Callable[..., Any]) -> dict[str, Any]:
    """The variables of the file with numbers in them that a function reads, itself or in a function that it calls.

    Examples
    --------
    >>> Wf = np.ones((5, 8))
    >>> def backward(upstream, cache):
    ...     return {"dx": Wf.T @ upstream["y"]}
    >>> list(read_outside(backward))
    ['Wf']
    """
    found: dict[str, Any] = {}
    waiting: list[Any] = [getattr(function, "__func__", function)]
    seen = set()
    while waiting:
        f = waiting.pop()
        if not isinstance(f, types.FunctionType) or f in seen:
            continue
        seen.add(f)
        for name in _globals_of(f.__code__):
            value = f.__globals__.get(name)
            if isinstance(value, types.FunctionType):
                waiting.append(value)
            elif _numbers(value):
                found[name] = value
    return found


def _globals_of(code: types.CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            yield str(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _globals_of(inner)


def _numbers(value: Any) -> bool:
    """Whether a variable holds arrays, or a whole number such as a size."""
    if isinstance(value, (np.ndarray, Tensor)):
        return True
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value) > 1
    return isinstance(value, (dict, list, tuple)) and next(arrays_in(plain(value), ""), None) is not None


def blame(
    function: Callable[..., Any], failure: str | None, inputs: Mapping[str, Any], wrong: bool, forward: Any = None
) -> list[str]:
    """What is to be said of variables of the file.

    Parameters
    ----------
    function : callable
        A backward pass.
    failure : str or None
        How it failed, its line last.
    inputs : mapping
        What the forward pass was given, by name.
    wrong : bool
        Whether a gradient of it is wrong.
    forward : callable, optional
        What it is the backward pass of: variables that this uses as well are theirs in common.

    Returns
    -------
    list of str
        Nothing where it is right and reads no variable that is called like an input.
    """
    common = read_outside(forward) if forward is not None else {}
    read = {k: v for k, v in read_outside(function).items() if k in inputs or k not in common}
    if failure is not None:
        line = failure.splitlines()[-1].partition(": ")[2]
        there = {k: v for k, v in read.items() if re.search(rf"(?<![.\w]){re.escape(k)}(?!\w)", line)}
        read = there or read
    elif not wrong:
        read = {k: v for k, v in read.items() if k in inputs and not isinstance(v, int)}
    return [_said(name, value, inputs) for name, value in read.items()]


def _said(name: str, value: Any, inputs: Mapping[str, Any]) -> str:
    if isinstance(value, (int, np.integer)):
        return f"{name} is a variable of the file ({value}), not of the cache: take a size from an array's shape"
    shapes = f"; the file's has shape {np.shape(value)}" if isinstance(value, (np.ndarray, Tensor)) else ""
    if shapes and name in inputs:
        shapes += f", and forward was given one of shape {np.shape(inputs[name])}"
    return f"{name} is a variable of the file, not of the cache{shapes}. Take it from the cache"
