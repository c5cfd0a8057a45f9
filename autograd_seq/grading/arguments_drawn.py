"""The arguments that a function is called with, drawn as an assignment says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.drawn import draw, in_letters

KINDS = ("value", "array", "integers", "positive", "one_hot", "probabilities", "scaled")


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


def _flattened(inputs: Mapping[str, Any], path: tuple[str, ...], flat: dict[tuple[str, ...], Any]) -> None:
    for key, given in inputs.items():
        if isinstance(given, Mapping) and not any(kind in given for kind in KINDS):
            _flattened(given, (*path, key), flat)
        else:
            flat[(*path, key)] = given


def _shape(given: Any) -> Any:
    """The shape that is to be drawn; None for what is given."""
    if isinstance(given, Mapping):
        given = next((given[kind] for kind in KINDS[2:] if kind in given), None)
    if given is None or isinstance(given, (str, int, float, np.ndarray)):
        return None
    if not in_letters(tuple(given)):
        said = "write letters such as ['n_a', 'm'], or {array = [...]} for numbers"
        raise UsageError(f"{given!r:.80} is not a shape: {said}")
    return given


def _as_it_is(given: Any) -> Any:
    if isinstance(given, Mapping):
        return np.array(given["array"], dtype=float) if "array" in given else given["value"]
    return given


def _value(given: Any, normal: Any, rng: np.random.Generator) -> Any:
    """What a table asks for, in the shape of an array of normal numbers."""
    if not isinstance(given, Mapping):
        return normal
    if "integers" in given:
        found = rng.integers(0, int(given.get("below", 10)), normal.shape)
        return found.tolist() if given.get("list") else found
    if "positive" in given:
        return np.abs(normal) + 0.1
    if "one_hot" in given:
        return np.moveaxis(np.eye(normal.shape[0])[rng.integers(0, normal.shape[0], normal.shape[1:])], -1, 0)
    if "probabilities" in given:
        return np.exp(normal) / np.exp(normal).sum(axis=0)
    return normal * float(given.get("by", 1.0))
