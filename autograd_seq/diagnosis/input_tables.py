"""Inputs that are asked for by a table, such as ``{"integers": ("m",), "below": 5}``: what letters alone cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array

DRAWN = ("integers", "positive", "one_hot", "probabilities", "scaled")
KINDS = ("value", "array", *DRAWN)
WITHOUT_GRADIENT = ("integers", "one_hot", "probabilities")  # targets, mostly
_WORDS = frozenset((*KINDS, "below", "list", "by"))


def is_table(given: Any) -> bool:
    """Whether an input is such a table, and not a dict of inputs.

    Examples
    --------
    >>> is_table({"integers": ("m",), "below": 5}), is_table({"W": ("n", "m")}), is_table({"value": 3, "W": 1})
    (True, False, False)
    """
    return isinstance(given, Mapping) and _WORDS.issuperset(given) and sum(kind in given for kind in KINDS) == 1


def shape_of(given: Any) -> Any:
    """The shape that a table has drawn; None where it says the numbers themselves.

    Examples
    --------
    >>> shape_of({"one_hot": ["n_y", "m"]}), shape_of({"array": [1, 2]})
    (('n_y', 'm'), None)
    """
    found = next((given[kind] for kind in DRAWN if kind in given), None)
    return tuple(found) if isinstance(found, list) else found


def as_it_is(given: Mapping[str, Any]) -> Any:
    """What a table says itself; numbers in an array are floats."""
    return np.array(given["array"], dtype=float) if "array" in given else given["value"]


def filled(given: Mapping[str, Any], normal: Array, rng: np.random.Generator) -> Any:
    """What a table asks for, in the shape of an array of normal numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> filled({"one_hot": ("n_y", "m")}, np.zeros((2, 3)), rng).sum(axis=0)
    array([1., 1., 1.])
    >>> filled({"integers": ("m",), "below": 2}, np.zeros(3), rng)
    array([0, 0, 0])
    """
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
