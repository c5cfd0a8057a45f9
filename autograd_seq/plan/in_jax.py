"""A plan as a function of JAX's arrays: nothing is copied, and it can be part of what else JAX compiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.errors import DtypeError, ShapeError, UsageError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor
from autograd_seq.plan.anysize.sized_plan import SizedReplay
from autograd_seq.plan.arguments import Given
from autograd_seq.plan.bound import Bound
from autograd_seq.plan.guards import Guard


def value_and_grad(bound: Bound, parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> tuple[Any, Any]:
    """The loss and the gradients by name, as JAX's arrays, of a program that is known already.

    Raises
    ------
    UsageError
        If the program reads an argument as plain numbers, a parameter is missing or unknown, or JAX is set to float32
        and the program computes in float64.
    ShapeError
        If the program is for other shapes.
    DtypeError
        If something is not an array.
    """
    runner = bound.replay.runner
    _check(bound, runner, parameters, arrays)
    arguments: list[Any] = []
    for name, source, recorded in zip(bound.names, bound.sources, bound.replay.recorded, strict=True):
        if isinstance(source, int):
            arguments.append(list(arrays.values())[source])
        elif isinstance(source, Parameter):
            arguments.append(_fitting(name, parameters[name], recorded.shape))
        else:
            arguments.append(source)
    loss, *gradients = runner.run(*arguments)
    return loss, dict(zip(bound.keys, gradients, strict=True))


def _check(bound: Bound, runner: Any, parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    import jax

    if runner.double and not jax.config.jax_enable_x64:
        raise UsageError(
            "the program computes in float64, which JAX's arrays here are not: write "
            "jax.config.update('jax_enable_x64', True) at the top of the file, or compile(..., engine='jax', "
            f"dtype='float32'){here()}"
        )
    wanted = [name for name, source in zip(bound.names, bound.sources) if isinstance(source, Parameter)]
    if set(wanted) != set(parameters):
        raise UsageError(
            f"parameters is a dict with an array for each of {', '.join(wanted)}, but got "
            f"{', '.join(map(str, parameters)) or 'none'}{here()}"
        )
    if (guard := next((check for check in bound.checks if isinstance(check, Guard)), None)) is not None:
        raise UsageError(f"{guard}, which JAX's arrays do not tell while it compiles: call the plan itself{here()}")
    shapes = [_shape(name, array) for name, array in arrays.items()]
    if not _held(bound, shapes):
        given = ", ".join(f"{name} {shape}" for name, shape in zip(arrays, shapes))
        raise ShapeError(f"there is no program for {given} yet: call the plan with such arrays first{here()}")


def _held(bound: Bound, shapes: Sequence[Any]) -> bool:
    """Whether the program is for arrays of these shapes."""
    if isinstance(bound.replay, SizedReplay):
        samples = bound.replay.plan.samples
        if any((shape is None) is isinstance(mine, np.ndarray) for mine, shape in zip(samples.values, shapes)):
            return False
        values: list[Given] = [
            np.broadcast_to(np.zeros((), mine.dtype), shape) if isinstance(mine, np.ndarray) else mine
            for mine, shape in zip(samples.values, shapes)
        ]
        return samples.sizes(values) is not None
    recorded = {s: array.shape for s, array in zip(bound.sources, bound.replay.recorded) if isinstance(s, int)}
    return all(shapes[number] == shape for number, shape in recorded.items())


def _shape(name: str, thing: Any) -> Any:
    if thing is None or isinstance(thing, str):
        return None
    if isinstance(thing, Tensor) or not hasattr(thing, "shape"):
        raise DtypeError(f"{name} must be an array of JAX or NumPy, but got {type(thing).__name__}{here()}")
    return tuple(thing.shape)


def _fitting(name: str, thing: Any, wanted: tuple[int, ...]) -> Any:
    shape = _shape(name, thing)
    if shape != wanted:
        raise ShapeError(f"{name} was recorded with shape {wanted}, but got {shape}{here()}")
    return thing
