"""Save: the weights and gradients of cells in the names and order of another library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq import Parameter
from autograd_seq.core.errors import GradientError, UsageError
from autograd_seq.core.source_line import here
from cells.bidirectional import Bidirectional
from cells.cell import Cell
from cells.checked import choose
from cells.deep import Deep
from cells.exchange.cell_kinds import KINDS, Thing, parameters
from cells.exchange.convention import Array, Convention, Library
from cells.exchange.found import snake
from cells.exchange.libraries import LIBRARIES
from cells.exchange.weights import adjoint, out_of
from cells.readout import Readout

USUAL = {"activation": "identity", "gates": "sigmoid"}
Written = Callable[[Convention, Thing], dict[str, Array]]


def save(thing: Any, library: str, kind: str | None = None) -> dict[str, Array]:
    """The weights of a cell as another library holds them.

    Parameters
    ----------
    thing : Cell, Readout, Parameter or mapping
        A cell, also `Deep` or `Bidirectional`; an output layer; a table of embeddings (n_words, n_x); or a dict of
        them, whose names then stand before those of the arrays.
    library : {"torch", "keras", "flax.linen", "flax.nnx", "equinox", "haiku"}
        Whose names and order.
    kind : str, optional
        Which of the library's classes, where it has several for such a cell: ``"LSTMCell"`` of PyTorch,
        ``"OptimizedLSTMCell"`` of Flax.

    Returns
    -------
    dict of str to ndarray
        In the library's order: for ``module.load_state_dict`` once each went through ``torch.tensor``, for Keras'
        ``layer.set_weights(list(saved.values()))``; for JAX, ``/`` separates the levels of a tree. Where a bias here
        is the sum of two there, the first holds it and the second is zero. What an activation is, weights do not tell.
        The arrays lie row by row in memory, as ``safetensors.numpy.save_file`` takes for granted.

    Raises
    ------
    UsageError
        For a cell that the library does not have.

    Examples
    --------
    >>> from cells import GRU, LSTM
    >>> {name: array.shape for name, array in save(LSTM(3, 4, seed=0), "keras").items()}
    {'kernel': (3, 16), 'recurrent_kernel': (4, 16), 'bias': (16,)}
    >>> list(save({"rnn": GRU(3, 4, reset_after=True), "fc": Readout(4, 2, "identity")}, "torch"))
    ['rnn.weight_ih_l0', 'rnn.weight_hh_l0', 'rnn.bias_ih_l0', 'rnn.bias_hh_l0', 'fc.weight', 'fc.bias']
    """
    return _all(thing, library, lambda convention, part: out_of(convention, part, LIBRARIES[library].title), kind)


def gradients_as(thing: Any, library: str, kind: str | None = None) -> dict[str, Array]:
    """The gradients of a cell's parameters as those of another library's arrays, to compare line by line.

    Parameters
    ----------
    thing, library, kind
        As in `save`, after ``loss.backward()``.

    Returns
    -------
    dict of str to ndarray
        By the names and in the order of `save`. Where a bias here is the sum of two there, each of them has the whole
        gradient; where a weight changes sign, so does its gradient.

    Raises
    ------
    GradientError
        If a parameter has no gradient yet.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import LSTM
    >>> cell = LSTM(3, 4, seed=0)
    >>> cell.unroll(np.ones((3, 2, 5))).final["a"].sum().backward()
    >>> there = gradients_as(cell, "torch")
    >>> bool((there["weight_ih_l0"][4:8] == cell.parameters["Wf"].grad[:, 4:]).all())
    True
    """
    return _all(thing, library, _gradients, kind)


def _gradients(convention: Convention, thing: Thing) -> dict[str, Array]:
    gradients = {}
    for key, p in parameters(thing).items():
        if p.grad is None:
            raise GradientError(f"{key or 'the table'} has no gradient yet: call loss.backward() first{here()}")
        gradients[key] = p.grad
    return adjoint(convention, thing, gradients)


def _all(thing: Any, library: str, written: Written, kind: str | None) -> dict[str, Array]:
    where = choose(LIBRARIES, library, "library")
    if isinstance(thing, Mapping):
        dot = "." if library == "torch" else "/"
        parts = {key: _all(part, library, written, kind) for key, part in thing.items()}
        return {f"{key}{dot}{name}": array for key, arrays in parts.items() for name, array in arrays.items()}
    if not isinstance(thing, (Cell, Readout, Parameter)):
        raise UsageError(
            "save() takes a cell, a Readout, a table of embeddings (a Parameter) or a dict of them, "
            f"not {type(thing).__name__}{here()}"
        )
    named = [(place, convention, written(convention, part)) for place, convention, part in _places(thing, where, kind)]
    return {
        f"{before}{name}{behind}": np.ascontiguousarray(array)
        for (before, behind), _, arrays in named
        for name, array in arrays.items()
    }


def _places(thing: Thing, library: Library, kind: str | None) -> Iterator[tuple[tuple[str, str], Convention, Thing]]:
    """Each single cell with its convention and what stands before and behind its names."""
    if not isinstance(thing, Cell):
        yield ("", ""), _convention(thing, library, None), thing
        return
    layers: list[Cell] = list(thing.layers) if isinstance(thing, Deep) else [thing]
    _refuse_mixed(layers, library)
    for n, layer in enumerate(layers):
        both = isinstance(layer, Bidirectional)
        for direction in ("forward", "backward") if both else ("",):
            one = getattr(layer, direction) if both else layer
            convention = _convention(one, library, kind)
            called = "bidirectional" if both else snake(convention.classes[0])
            name = f"{called}_{n}" if n else called
            bare = kind in convention.classes[1:]  # a single step, whose names say no layer
            around = ("", "") if bare else _around(library, len(layers) > 1, n, name, direction)
            yield around, convention, one


def _around(library: Library, deep: bool, n: int, name: str, direction: str) -> tuple[str, str]:
    before, behind = library.layers if deep else library.alone
    within = library.directions.get(direction, ("", ""))
    if direction and within[0]:  # the directions say what stands around a cell by themselves
        before = before.removesuffix("cell/")
    return f"{before}{within[0]}".format(n=n, name=name), f"{behind}{within[1]}".format(n=n)


def _convention(thing: Thing, library: Library, kind: str | None) -> Convention:
    for convention in library.conventions:
        if kind is not None and kind not in convention.classes:
            continue
        if convention.cell and KINDS[convention.cell].is_one(thing) and _settings_fit(convention, thing):
            return convention
    raise UsageError(
        f"{library.title} has no cell like this {type(thing).__name__}{f' as {kind!r:.40}' if kind else ''}: "
        f"it has {_has(library)}{here()}"
    )


def _settings_fit(convention: Convention, thing: Thing) -> bool:
    """Whether the library has what the thing is set to; where its table does not say, it has the usual."""
    equals = [ours for values in convention.settings.values() for ours in values.values()]
    for key, value in KINDS[convention.cell].settings(thing).items():
        possible = [ours[key] for ours in equals if key in ours] or [USUAL[key]]
        if value not in possible:
            return False
    return True


def _has(library: Library) -> str:
    words = {
        "RNN": "RNN", "LSTM": "LSTM without peepholes",
        "LSTM, projected": "LSTM with memory=…", "GRU": "GRU", "GRU, reset after": "GRU with reset_after=True",
        "Readout": "output layers without hidden ones",
    }  # fmt: skip
    return ", ".join(dict.fromkeys(words[c.cell] for c in library.conventions if c.cell in words))


def _refuse_mixed(layers: list[Cell], library: Library) -> None:
    """Refuse layers that one module of the library cannot hold: PyTorch's are all alike."""
    if library.layers[0]:
        return
    kinds = {(type(one), one.n_a) for layer in layers for one in _directions(layer)}
    if len(kinds) > 1 or len({isinstance(layer, Bidirectional) for layer in layers}) > 1:
        raise UsageError(
            f"all layers of one module of {library.title} are alike, but these are {layers}: save them one by "
            f"one{here()}"
        )


def _directions(layer: Cell) -> list[Cell]:
    return [layer.forward, layer.backward] if isinstance(layer, Bidirectional) else [layer]
