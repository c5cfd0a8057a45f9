"""Load: cells, readouts and tables of embeddings from what other libraries keep weights in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from cells.checked import choose
from cells.exchange import living, weight_files
from cells.exchange.composed import composed
from cells.exchange.convention import Array
from cells.exchange.found import Found, Told, layers
from cells.exchange.libraries import LIBRARIES
from cells.exchange.weights import into


def load(
    thing: Any, library: str | None = None, kinds: Mapping[str, str] | None = None, **settings: Any
) -> Any:
    """The cell that computes what a layer of another library computes, or cells by name.

    Parameters
    ----------
    thing : module, mapping or path
        A module of PyTorch, Keras, Flax nnx or Equinox; a mapping from names to arrays, nested or not, such as a
        ``state_dict`` or the parameters of Flax linen and Haiku; or a file ``.safetensors``, ``.keras``, ``.h5`` or
        ``.npz``. No library is imported, and nothing in a file is run: files of PyTorch that are pickled are refused.
    library : {"torch", "keras", "flax.linen", "flax.nnx", "equinox", "haiku"}, optional
        Whose names the arrays have, where names that several libraries use leave it open.
    kinds : mapping, optional
        From the name of a module to its class, where a mapping of arrays does not tell: ``{"encoder": "LSTM"}``.
    **settings
        What arrays do not tell, in the library's own words, such as ``nonlinearity="relu"``.

    Returns
    -------
    Cell, Readout, Parameter or dict
        What the thing holds: a recurrent layer as a cell, with its layers in `Deep` and its directions in
        `Bidirectional`; a linear layer as a `Readout`, an embedding as a `Parameter` (n_words, n_x) whose rows are the
        words. Of several, a dict from their names to them.

    Raises
    ------
    ValueRangeError
        If something has no equal here, which is named; or a file is damaged.
    ShapeError, DtypeError
        If arrays do not fit together, or hold no real numbers.
    UsageError, FileError
        If nothing can be loaded from such a thing, or a file cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> load({"kernel": np.ones((3, 16)), "recurrent_kernel": np.ones((4, 16)), "bias": np.zeros(16)})
    LSTM(n_x=3, n_a=4)
    >>> load({"rnn.weight_ih_l0": np.ones((4, 3)), "rnn.weight_hh_l0": np.ones((4, 4)), "fc.weight": np.ones((2, 4))})
    {'rnn': RNN(n_x=3, n_a=4), 'fc': Readout(n_a=4, n_y=2)}
    """
    if library is not None:
        choose(LIBRARIES, library, "library")
    arrays, told = _source(thing)
    told |= {name: Told(kind, told.get(name, Told()).settings) for name, kind in (kinds or {}).items()}
    found = layers(arrays, told, settings, library)
    _refuse_unknown(settings, found)
    made = {f.place: into(f.convention, {n: arrays[key] for n, key in f.keys.items()}, _settings(f)) for f in found}
    around = {f.place.prefix: LIBRARIES[f.library].around for f in found}
    return composed(made, around)


def _source(thing: Any) -> tuple[dict[str, Array], dict[str, Told]]:
    """Named arrays, and what is known of the modules that they belong to."""
    if isinstance(thing, (str, os.PathLike)):
        return weight_files.read(thing)
    return living.arrays_of(thing)


def _refuse_unknown(settings: Mapping[str, Any], found: Sequence[Found]) -> None:
    known = sorted({key for f in found for key in f.convention.settings})
    for key in settings:
        if key not in known:
            raise UsageError(
                f"load() cannot do anything with {key}: these layers have "
                f"{'the settings ' + ', '.join(known) if known else 'no settings'}{here()}"
            )


def _settings(found: Found) -> dict[str, Any]:
    """The settings of a cell that has those of the library's layer."""
    ours: dict[str, Any] = {}
    for key, values in found.convention.settings.items():
        default = next(iter(values))
        given = found.told.settings.get(key, default)
        if not isinstance(given, (str, bool, int, float)) or given not in values:
            where, title = found.place.module or "this", LIBRARIES[found.library].title
            raise ValueRangeError(
                f"{where}, a {found.convention.classes[0]} of {title}, has {key}={given!r:.80}, which has no equal "
                f"here; there is one for {', '.join(map(repr, values))}{here()}"
            )
        ours |= values[given]
    return ours
