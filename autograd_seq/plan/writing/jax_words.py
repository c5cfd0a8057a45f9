"""Operations in JAX's words: what an operation says of its source in NumPy, read as ``jax.numpy``."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.notation import ATOM, literal, subscript
from autograd_seq.core.operation import Operation
from autograd_seq.core.source_line import here
from autograd_seq.writer.writer import in_numpy

_NUMPY = re.compile(r"\bnp\.(?=[A-Za-z_])")
_CALLED = re.compile(r"\bnp\.([A-Za-z_][\w.]*)")
_DEFINED = re.compile(r"^def (\w+)", re.MULTILINE)
_ADDS = re.compile(r"^( *)np\.add\.at\((\w+), (.+), (\w+)\)$", re.MULTILINE)
_WRITES = re.compile(r"\]\s*[-+*/|&]?=[^=]|\.at\(|\bout=")  # into an array, which JAX's cannot be written into


class LacksError(UsageError):
    """An operation that a writer has no words for."""


def lacks(operation: Any, why: str) -> LacksError:
    """What to say of an operation that cannot be written."""
    name = getattr(operation, "name", operation)
    return LacksError(
        f"the JAX program has no words for {name}: {why}. Write compile(..., engine='numpy'), or let it be taken where "
        f"JAX cannot, compile(..., engine='jax', otherwise='numpy'){here()}"
    )


def expression(
    operation: Operation, operands: Sequence[str], settings: Mapping[str, Any], helpers: dict[str, None]
) -> str:
    """An operation of operands, which are atoms; the functions that it calls are added to the helpers.

    Raises
    ------
    LacksError
        If its source writes into arrays, or there is none, or a setting is an object that no text stands for.
    """
    settings = {key: plain(setting, operation) for key, setting in settings.items()}
    if isinstance(operation.value, np.ufunc) and operation.value.signature is None and not settings:
        return f"jnp.{operation.value.__name__}({', '.join(operands)})"
    if operation.algebra in ("part", "gathered parts", "replaced parts"):
        return in_jax(_of_parts(operation, operands, settings))
    form = in_numpy(operation)
    if form is None:
        raise lacks(operation, "it does not say what it is in NumPy")
    text, _ = form.write([(operand, ATOM) for operand in operands], settings)
    if operation.algebra == "looked up":  # JAX would take the nearest row for integers that lie outside
        text = f'{operands[0]}.at{text.removeprefix(operands[0])}.get(mode="fill")'
    helper = _ADDS.sub(r"\1\2 = \2.at[\3].add(\4)", form.helper)
    for part in (text, helper):
        if _WRITES.search(part):
            raise lacks(operation, "its program writes into an array")
        if unknown := [word for word in _CALLED.findall(part) if not _in_jax_numpy(word)]:
            raise lacks(operation, f"jax.numpy has no {', '.join(unknown)}")
    if helper:
        helpers[in_jax(helper)] = None
    return in_jax(text)


def _of_parts(operation: Operation, operands: Sequence[str], settings: Mapping[str, Any]) -> str:
    """What reads parts of an array, or makes one of parts."""
    if operation.algebra == "part":
        return f"{operands[0]}[{inside(settings['index'])}]"
    if operation.algebra == "replaced parts":
        base, *pieces = operands
        put = [f".at[{inside(i)}].set({x})" for i, x in zip(settings["indices"], pieces, strict=True)]
        return f"jnp.asarray({base}){''.join(put)}"
    put = [f".at[{inside(i)}].add({x})" for i, x in zip(settings["indices"], operands, strict=True)]
    return f"jnp.zeros({literal(settings['shape'])}, jnp.result_type({', '.join(operands)})){''.join(put)}"


def inside(index: Any) -> str:
    """What stands between the brackets; what a mask lets through is numbered, since JAX cannot count it."""
    parts: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        masks = isinstance(part, np.ndarray) and part.ndim and part.dtype == bool
        parts += np.nonzero(part) if masks else [part]
    return subscript(tuple(parts))


def helpers_of(values: Iterable[Any]) -> set[str]:
    """The names of functions that the operations of values may call, which nothing else may have."""
    forms = {in_numpy(value.kind) for value in values if isinstance(value.kind, Operation)}
    return {name for form in forms if form is not None for name in _DEFINED.findall(form.helper)}


def plain(setting: Any, operation: Any) -> Any:
    """A setting that prints as what it is: a subclass of int or str could print as any program.

    Raises
    ------
    LacksError
        For an object that no text stands for.
    """
    if setting is None or setting is Ellipsis or isinstance(setting, bool):
        return setting
    if type(setting).__module__.startswith("autograd_seq."):  # such as Size, which prints as its name
        return setting
    if isinstance(setting, (np.ndarray, np.generic)) and setting.dtype.kind in "biuf":
        return np.array(setting)[()]
    if isinstance(setting, slice):
        return slice(*(plain(limit, operation) for limit in (setting.start, setting.stop, setting.step)))
    if isinstance(setting, (tuple, list)):
        parts = (plain(part, operation) for part in setting)
        return tuple(parts) if isinstance(setting, tuple) else list(parts)
    if isinstance(setting, int):
        return int.__pos__(setting)
    if isinstance(setting, float):
        return float.__pos__(setting)
    if isinstance(setting, str):
        return str.__str__(setting)
    if isinstance(setting, (np.dtype, type)):
        return np.dtype(setting)
    raise lacks(operation, f"its setting of type {type(setting).__name__} is an object, which no text stands for")


def _in_jax_numpy(word: str) -> bool:
    """Whether a name of NumPy's, such as linalg.inv, is one of ``jax.numpy`` too."""
    thing: Any = importlib.import_module("jax.numpy")
    for part in word.split("."):
        thing = getattr(thing, part, None)
    return thing is not None


def in_jax(text: str) -> str:
    """A text of NumPy's with JAX's functions."""
    return _NUMPY.sub("jnp.", text)
