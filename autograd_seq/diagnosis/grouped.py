"""Inputs that come in a dict, such as the course's ``parameters``: checked one by one, handed over together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.input_tables import is_table

Groups = dict[str, list[str]]


def flattened(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], Groups]:
    """Inputs without dicts in them, and which of them came in which dict.

    Raises
    ------
    UsageError
        If two have the same name: their gradients would, too.

    Examples
    --------
    >>> flattened({"x": ("n_x", "m"), "parameters": {"W": ("n_a", "n_x")}})
    ({'x': ('n_x', 'm'), 'W': ('n_a', 'n_x')}, {'parameters': ['W']})
    """
    flat: dict[str, Any] = {}
    groups: Groups = {}
    for name, given in inputs.items():
        together = isinstance(given, Mapping) and not is_table(given)
        members = given if together else {name: given}
        twice = [key for key in members if key in flat]
        if twice:
            key = "d" + twice[0]
            raise UsageError(f"two inputs are called {twice[0]!r}, so both gradients would be called {key!r}")
        flat.update(members)
        if together:
            groups[name] = list(members)
    return flat, groups


def regrouped(flat: Mapping[str, Any], groups: Groups) -> dict[str, Any]:
    """The inputs as they came.

    Examples
    --------
    >>> regrouped({"x": 1, "W": 2}, {"parameters": ["W"]})
    {'x': 1, 'parameters': {'W': 2}}
    """
    inside = {key for members in groups.values() for key in members}
    alone = {key: value for key, value in flat.items() if key not in inside}
    return {**alone, **{name: {key: flat[key] for key in members} for name, members in groups.items()}}


def taking_parts(forward: Callable[..., Any], groups: Groups) -> Callable[..., Any]:
    """A forward pass that is given its inputs one by one."""
    if not groups:
        return forward

    def of_parts(**flat: Any) -> Any:
        return forward(**regrouped(flat, groups))

    return of_parts
