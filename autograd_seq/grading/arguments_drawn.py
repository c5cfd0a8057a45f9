"""The arguments that a function is called with, drawn as an assignment says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.drawn import draw, in_letters
from autograd_seq.diagnosis.input_tables import as_it_is, filled, is_table, shape_of

FOR_NUMBERS = "{array = [...]} for numbers, {value = [...]} for what is to stay as it is written"


def arguments(inputs: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Values for every argument.

    A shape in letters is drawn, a number or a text is taken as it is, and a table is one of: ``{value = …}``;
    ``{array = […]}``, numbers; ``{integers = SHAPE, below = 27}``, with ``list = true`` as a list;
    ``{positive = SHAPE}``; ``{one_hot = SHAPE}`` and ``{probabilities = SHAPE}`` along the first axis;
    ``{scaled = SHAPE, by = 0.1}``; or, with none of these words, a dict of such arguments.

    Examples
    --------
    >>> found = arguments({"x": ["n_x", "m"], "n": 3, "p": {"W": ["n_a", "n_x"]}}, seed=0)
    >>> found["x"].shape, found["n"], found["p"]["W"].shape
    ((3, 7), 3, (6, 3))
    """
    rng = np.random.default_rng([seed, 1])
    flat: dict[tuple[str, ...], Any] = {}
    _flattened(inputs, (), flat)
    shapes = {"/".join(path): tuple(_shape(given)) for path, given in flat.items() if _shape(given) is not None}
    drawn = draw(shapes, seed)
    result: dict[str, Any] = {}
    for path, given in flat.items():
        key = "/".join(path)
        value = _value(given, drawn[key], rng) if key in drawn else _as_it_is(given)
        at = result
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = value
    return result


def for_backward(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a backward function as `check_backward` takes them.

    Raises
    ------
    UsageError
        If one of them is neither an array nor a shape nor a dict of such.

    Examples
    --------
    >>> for_backward({"x": ["n_x", "m"], "p": {"W": ["n_a", 3]}, "y": {"integers": ["m"], "below": 3}})
    {'x': ('n_x', 'm'), 'p': {'W': ('n_a', 3)}, 'y': {'integers': ['m'], 'below': 3}}
    """
    found: dict[str, Any] = {}
    for key, given in inputs.items():
        if isinstance(given, Mapping) and not is_table(given):
            if any(isinstance(inner, Mapping) and not is_table(inner) for inner in given.values()):
                raise UsageError(f"{key} is a dict in which there is a dict: a backward function takes dicts of arrays")
            found[key] = {name: _array_or_shape(f"{key}.{name}", inner) for name, inner in given.items()}
        else:
            found[key] = _array_or_shape(key, given)
    return found


def _array_or_shape(name: str, given: Any) -> Any:
    is_text = isinstance(given, str) or (isinstance(given, Mapping) and isinstance(given.get("value"), str))
    if is_text or (isinstance(given, Mapping) and given.get("list")):
        what = "a text" if is_text else "a list"
        raise UsageError(
            f"{name} is {what}: the inputs of a backward function are arrays and shapes; let forward know it by itself"
        )
    if isinstance(given, Mapping):
        numbers = next((given[kind] for kind in ("value", "array") if kind in given), None)
        return given if numbers is None else np.array(numbers)
    return tuple(_shape(given)) if isinstance(given, (list, tuple)) else given


def _flattened(inputs: Mapping[str, Any], path: tuple[str, ...], flat: dict[tuple[str, ...], Any]) -> None:
    for key, given in inputs.items():
        if isinstance(given, Mapping) and not is_table(given):
            _flattened(given, (*path, key), flat)
        else:
            flat[(*path, key)] = given


def _shape(given: Any) -> Any:
    """The shape that is to be drawn; None for what is given."""
    if isinstance(given, Mapping):
        given = shape_of(given)
    if given is None or isinstance(given, (str, int, float, np.ndarray)):
        return None
    if not in_letters(tuple(given)):
        raise UsageError(f"{given!r:.80} is not a shape: write letters such as ['n_a', 'm'], or {FOR_NUMBERS}")
    if 0 in given:
        raise UsageError(f"{given!r:.80} is a shape of no numbers at all: write {FOR_NUMBERS}")
    return given


def _as_it_is(given: Any) -> Any:
    return as_it_is(given) if isinstance(given, Mapping) else given


def _value(given: Any, normal: Any, rng: np.random.Generator) -> Any:
    """What is asked for, in the shape of an array of normal numbers."""
    return filled(given, normal, rng) if isinstance(given, Mapping) else normal
