"""Two cells, or classes of libraries: proven the same under a map of weights, or where they part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.exchange.equivalence import Equivalence, Step
from autograd_seq.exchange.equivalence import equivalent as same_steps
from cells.cell import Cell
from cells.exchange.convention import Convention
from cells.exchange.libraries import LIBRARIES
from cells.exchange.recorded_cells import of_tensors
from cells.gru import GRU

LARGEST = 3  # n_a and n_x; a formula is the same for all sizes


def equivalent(first: Any, second: Any) -> Equivalence:
    """Whether two cells compute the same, under a map of weights that is found.

    Parameters
    ----------
    first, second : Cell, str or Step
        A cell, with n_a and n_x of at most 3, as the formula is the same for all sizes; a library's class, such as
        ``"torch:GRU"`` or ``"keras:LSTM"``; or a `Step`, which `autograd_seq.exchange.step_of` makes of a function of
        arrays and a dict of parameters.

    Returns
    -------
    Equivalence
        ``.ok``, ``.status``, ``.map``, ``.reason``; it prints.

    Examples
    --------
    >>> print(equivalent("haiku:GRU", GRU(1, 1)))
    haiku:GRU and GRU(n_x=1, n_a=1): the same, proven
      w_h[1, 1] = Wu[1, 1]
      w_i[1, 1] = Wu[1, 2]
      b[1] = bu[1, 1]
      w_h[1, 2] = Wr[1, 1]
      w_i[1, 2] = Wr[1, 2]
      b[2] = br[1, 1]
      w_i[1, 3] = Wc[1, 2]
      b[3] = bc[1, 1]
      w_h[1, 3] = Wc[1, 1]
    """
    sizes = next(((t.n_x, t.n_a) for t in (first, second) if isinstance(t, Cell)), (1, 2))
    return same_steps(_step(first, *sizes), _step(second, *sizes))


# -- one step of either side -------------------------------------------------------------------------


def _step(thing: Any, n_x: int, n_a: int) -> Step:
    if isinstance(thing, Step):
        return thing
    if isinstance(thing, Cell):
        return _of_cell(thing, repr(thing), thing.parameters)
    if isinstance(thing, str):
        return _of_library(thing, n_x, n_a)
    if callable(thing):
        title = getattr(thing, "__name__", type(thing).__name__)
        raise UsageError(
            f"a function is compared at small sizes, which it does not say itself: write step_of({title}, "
            '{"x": (1, 1), "a": (2, 1)}, {"W": (2, 3), "b": (2, 1)}), with what it takes and its parameters'
            f"{here()}"
        )
    raise UsageError(
        f"equivalent() compares cells, classes of libraries such as 'torch:GRU' and recorded steps, "
        f"not {type(thing).__name__}{here()}"
    )


def _of_cell(cell: Cell, title: str, weights: Mapping[str, Tensor]) -> Step:
    if cell.looks_ahead or not 0 < max(cell.n_a, cell.n_x) <= LARGEST or hasattr(cell, "layers"):
        raise UsageError(
            f"equivalent() compares single cells with n_a and n_x of at most {LARGEST}, as the formula is the same for "
            f"all sizes: make a small one of {cell!r:.80}{here()}"
        )
    names = ["a"] if isinstance(cell, GRU) else list(cell.states)
    rng = np.random.default_rng(0)
    data = {name: Tensor(rng.standard_normal((cell.length(name), 1)), name) for name in names}
    x = Tensor(rng.standard_normal((cell.n_x, 1)), "x")
    after = cell.step(x, data)
    return Step(title, {"x": x, **data}, dict(weights), {name: after[name] for name in names})


def _of_library(name: str, n_x: int, n_a: int) -> Step:
    """A step of a library's class, by its table: its weights are the library's arrays."""
    convention = _convention(name)
    rng, weights = np.random.default_rng(1), dict[str, Tensor]()
    for held in convention.held:
        n = n_a * len(held.gates)
        if held.is_bias:
            shape: tuple[int, ...] = (len(held.parts), n) if len(held.parts) > 1 else (n,)
        else:
            columns = sum({"x": n_x, "h": n_a}[part] for part in held.parts)
            shape = (columns, n) if convention.inputs_first else (n, columns)
        weights[held.name] = Tensor(rng.standard_normal(shape), held.name, requires_grad=True)
    settings = {k: v for values in convention.settings.values() for k, v in next(iter(values.values())).items()}
    cell = of_tensors(convention, weights, settings)
    assert isinstance(cell, Cell)
    return _of_cell(cell, name, weights)


def _convention(name: str) -> Convention:
    """A library's class by its name, ``torch:GRU``; capitals do not matter."""
    known = {
        f"{library}:{kind}".lower(): convention
        for library, table in LIBRARIES.items()
        for convention in reversed(table.conventions)  # the first is the usual one
        for kind in convention.classes
        if convention.cell not in ("", "Readout", "table")
    }
    if name.lower() not in known:
        raise UsageError(f"there is no {name!r:.60}; there are {', '.join(sorted(known))}{here()}")
    return known[name.lower()]
