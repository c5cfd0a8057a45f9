"""How much each time step gave to a shared weight's gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.backward import record_of, seed_for, sweep
from autograd_seq.core.errors import UsageError
from autograd_seq.core.gradient import identity
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.rules import fitted
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes, without_step

Place = tuple[int | None, str | None, int | None]


def contributions(output: Tensor, parameter: Tensor, gradient: Any = None) -> dict[Place, Array]:
    """How much each time step gave to a shared parameter's gradient.

    Parameters
    ----------
    output : Tensor
        A scalar, or any tensor with `gradient`.
    parameter : Tensor
        What the gradient is of; usually a `Parameter` shared by all steps.

    Returns
    -------
    dict
        From ``(layer, direction, time)`` of the use to its part of the gradient; they add up to
        the gradient. A use by a record without a time (stacking ``[Waa, Wax]`` once) is followed to the
        records with one; what never meets a time stands under time None.

    Examples
    --------
    >>> from autograd_seq import Parameter, contributions, steps
    >>> w, a = Parameter(0.5, "w"), 1.0
    >>> for t in steps(3):
    ...     a = a * w
    >>> {time: float(part) for (_, _, time), part in contributions(a, w).items()}
    {1: 0.25, 2: 0.25, 3: 0.25}
    """
    record = record_of(output)
    if not isinstance(parameter, Tensor):
        raise UsageError(
            f"contributions() are to the gradient of a tensor, usually a Parameter, but got "
            f"{type(parameter).__name__}{here()}"
        )
    adjoints = dict(sweep(record, seed_for(record, gradient), everything=True))
    graph = Graph(record)
    uses = graph.consumers()
    result: dict[Place, Array] = {}
    for leaf in graph:
        if identity(leaf) == identity(parameter):
            for place, part in split(leaf, graph, uses, adjoints, record, _pull).items():
                result[place] = result[place] + part if place in result else part
    return dict(sorted(result.items(), key=lambda item: tuple((p is not None, p) for p in item[0])))


def split(
    leaf: Tensor,
    graph: Graph,
    uses: Mapping[Tensor, list[tuple[Tensor, int]]],
    adjoints: Mapping[Tensor, Any],
    output: Tensor,
    pull: Callable[[Tensor, int, Any], Any],
) -> dict[Place, Any]:
    """The adjoint of `leaf` by the place of its uses, through records without a time.

    VJP rules are linear in the adjoint, so the adjoint of such a record may be split before its rule is applied.
    Adjoints are arrays, or tensors where that is to be recorded; `pull` says what one gives to an input.
    """
    places = scopes(graph)
    untimed = dict.fromkeys(without_step(leaf, uses, places))
    shared: dict[Tensor, dict[Place | None, Any]] = {}
    for node in sorted(untimed, key=lambda n: -n.index):
        parts: dict[Place | None, Any] = {None: adjoints[node]} if node is output else {}
        for user, i in uses[node]:
            if user not in adjoints or not node.requires_grad:
                continue
            if user.operation is None or user.operation.vjp is None or user.operation.vjp[i] is None:
                continue
            scope = places[user]
            shares: dict[Place | None, Any] = shared[user] if user in untimed else {scope.place: adjoints[user]}
            for place, share in shares.items():
                if place is None and node is leaf:  # it never met a time: where the leaf itself was used
                    place = scope.place
                piece = pull(user, i, share)
                parts[place] = parts[place] + piece if place in parts else piece
        shared[node] = parts
    return {place or leaf.scope.place: part for place, part in shared[leaf].items()}


def _pull(user: Tensor, i: int, adjoint: Array) -> Array:
    """What a record's adjoint gives to its i-th input."""
    rules: Any = user.operation.vjp if user.operation else None
    values = [x._value for x in user.inputs]
    piece = rules[i](adjoint, user._value, *values, **user.settings)
    if type(piece) is Part:
        return piece.whole()
    return np.asarray(fitted(piece, user, user.inputs[i]))
