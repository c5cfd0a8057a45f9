"""Modules of other libraries as named arrays, and what they say of themselves; no library is imported for it.

Whose a module is, the modules of its classes tell; what it holds, it is asked by its library's own methods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import holds_numbers
from autograd_seq.core.errors import DtypeError, UsageError
from autograd_seq.core.floats import is_floats
from autograd_seq.core.source_line import here
from cells.exchange.convention import Array
from cells.exchange.found import Told
from cells.exchange.keras_config import told_by

DEEPEST = 50
Source = tuple[dict[str, Array], dict[str, Told]]


def comes_from(thing: Any, module: str) -> bool:
    """Whether a class of a thing was defined in a module, or in one within it.

    Examples
    --------
    >>> comes_from(np.ones(2), "numpy"), comes_from(np.ones(2), "torch")
    (True, False)
    """
    return any(f"{c.__module__}.".startswith(module + ".") for c in type(thing).__mro__)


def arrays_of(thing: Any) -> Source:
    """The arrays of a module or a mapping, by names; and of each module its class and settings."""
    if comes_from(thing, "keras") and hasattr(thing, "get_config"):  # on PyTorch, its layers are PyTorch's as well
        return _of_keras(thing)
    if comes_from(thing, "torch.nn.modules"):
        return _of_torch(thing)
    if comes_from(thing, "flax.linen"):
        raise UsageError(
            f"a module of Flax linen holds no weights: give load() the variables that {type(thing).__name__}.init() "
            f"returned{here()}"
        )
    told: dict[str, Told] = {}
    if isinstance(thing, Mapping):
        return dict(_leaves(thing, (), told)), told
    if _is_tree(thing):
        return {k: a for k, a in _leaves(thing, (), told) if a.dtype.kind == "f"}, told
    raise UsageError(
        "load() takes a module of PyTorch, Keras, Flax nnx or Equinox, a mapping from names to arrays, or a path, "
        f"not {type(thing).__name__}{here()}"
    )


def as_array(value: Any, name: str) -> Array:
    """An array of whatever library as one of NumPy; `name` is for errors."""
    try:
        if comes_from(value, "torch") and hasattr(value, "detach"):
            value = value.detach().cpu()
            known = value.dtype.itemsize > 1 and str(value.dtype) != "torch.bfloat16"
            value = (value if known or not value.is_floating_point() else value.float()).numpy()
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(value).__name__
        raise DtypeError(f"{name} is not an array of numbers, but {kind}: {error!s:.200}{here()}") from None
    if is_floats(array.dtype) and not holds_numbers(array.dtype):  # bfloat16 and the like, of another package
        array = array.astype(np.float32)
    if not holds_numbers(array.dtype):
        raise DtypeError(f"{name} must hold real numbers, but it is {type(value).__name__} of {array.dtype}{here()}")
    return array


def _of_torch(module: Any) -> Source:
    told = {
        name: Told(_class(part, "torch.nn.modules"), _plain(vars(part))) for name, part in module.named_modules()
    }
    containers = ("Module", "Sequential", "ModuleList", "ModuleDict")
    arrays = {key: as_array(value, key) for key, value in module.state_dict().items()}
    return arrays, {name: t for name, t in told.items() if t.kind not in containers}


def _of_keras(thing: Any) -> Source:
    told: dict[str, Told] = {}
    within = thing._flatten_layers() if hasattr(thing, "_flatten_layers") else [thing]
    # What is around two directions says how they are joined, and that the second one is to go backwards.
    for layer in sorted(within, key=lambda layer: type(layer).__name__ != "Bidirectional"):
        try:
            config = layer.get_config()
        except NotImplementedError:  # a model of the user's own class
            continue
        told = told_by({"class_name": type(layer).__name__, "config": config}) | told
    arrays = {weight.path: as_array(weight.numpy(), weight.path) for weight in thing.weights}
    return {key: array for key, array in arrays.items() if array.dtype.kind == "f"}, told


def _class(thing: Any, module: str) -> str:
    """The first class of a thing that its library defined, past those of the user."""
    return next(c.__name__ for c in type(thing).__mro__ if f"{c.__module__}.".startswith(module + "."))


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings among attributes: plain values, and functions by their names."""
    named = {k: getattr(v, "__name__", v) if callable(v) else v for k, v in attributes.items()}
    return {k: v for k, v in named.items() if isinstance(v, (str, int, float, bool))}


def _is_tree(thing: Any) -> bool:
    return comes_from(thing, "flax.nnx") or comes_from(thing, "equinox")


def _leaves(
    thing: Any, path: tuple[str, ...], told: dict[str, Told], in_module: bool = False
) -> Iterator[tuple[str, Array]]:
    """The arrays of a tree of modules, mappings and lists, each by its path; what else a module has is passed over."""
    name = "/".join(path)
    if len(path) > DEEPEST:
        raise UsageError(f"load() looks for arrays {DEEPEST} levels deep, and {name:.80} goes on{here()}")
    if comes_from(thing, "flax.nnx.variablelib"):
        thing = thing.get_value() if hasattr(thing, "get_value") else thing.value
    parts: Mapping[Any, Any] | None = None
    if isinstance(thing, Mapping):
        parts = thing
    elif isinstance(thing, (list, tuple)):
        parts = dict(enumerate(thing))
    elif _is_tree(thing):
        library = "flax.nnx" if comes_from(thing, "flax.nnx") else "equinox"
        told[name] = Told(_class(thing, library), _plain(vars(thing)))
        parts, in_module = {k: v for k, v in vars(thing).items() if not k.startswith("_") and k != "rngs"}, True
    if parts is not None:
        for key, value in parts.items():
            yield from _leaves(value, (*path, str(key)), told, in_module)
    elif not in_module or (hasattr(thing, "shape") and str(thing.dtype).startswith(("float", "bfloat"))):
        yield name, as_array(thing, name or "it")

