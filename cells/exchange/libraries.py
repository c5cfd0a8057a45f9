"""The tables: how each library keeps the weights of its cells. Adding a library is adding a table.

A letter on the left is a gate here (f, u, c, o of an LSTM; r, u, c of a GRU), on the right the library's own.
"""

from __future__ import annotations

from typing import Any

from cells.exchange.convention import Convention, Library

Settings = dict[str, dict[Any, dict[str, Any]]]

LINEAR, TABLE = {"y": ""}, {"e": ""}
SIGMOID: dict[Any, dict[str, Any]] = {gate: {"gates": gate} for gate in ("sigmoid", "hard_sigmoid")}
TANH: dict[Any, dict[str, Any]] = {"tanh": {}}
ANY_OF_RNN: dict[Any, dict[str, Any]] = {key: {"activation": key} for key in ("tanh", "relu", "sigmoid")}

# -- PyTorch -----------------------------------------------------------------------------------------

_ROWS = {"weight_ih": "x", "weight_hh": "h", "bias_ih": "bx", "bias_hh": "bh"}
_TORCH_LSTM = {"u": "i", "f": "f", "c": "g", "o": "o"}
_TORCH_GRU = {"r": "r", "u": "z", "c": "n"}
_NONLINEARITY = {"nonlinearity": {"tanh": {"activation": "tanh"}, "relu": {"activation": "relu"}}}

TORCH = Library(
    "PyTorch",
    [
        Convention(("RNN", "RNNCell"), "RNN", {"a": "h"}, _ROWS, settings=_NONLINEARITY),
        Convention(("LSTM", "LSTMCell"), "LSTM", _TORCH_LSTM, _ROWS),
        Convention(("LSTM",), "LSTM, projected", _TORCH_LSTM, {**_ROWS, "weight_hr": "p:a"}),
        Convention(("GRU", "GRUCell"), "GRU, reset after", _TORCH_GRU, _ROWS, turned="u"),
        Convention(("Linear",), "Readout", LINEAR, {"weight": "x", "bias": "bx"}),
        Convention(("Embedding",), "table", TABLE, {"weight": "x"}),
    ],
    alone=("", "_l0"),
    layers=("", "_l{n}"),
    directions={"forward": ("", ""), "backward": ("", "_reverse")},
    behind=r"(?:_l(?P<layer>\d{1,4}))?(?P<reverse>_reverse)?",
)

# -- Keras 3 -----------------------------------------------------------------------------------------

_KERNELS = {"kernel": "x", "recurrent_kernel": "h", "bias": "bx"}
_KERAS_GRU = {"u": "z", "r": "r", "c": "h"}
_ONE_WAY: Settings = {"go_backwards": {False: {}}, "merge_mode": {"concat": {}}}
_GATED: Settings = {"activation": TANH, "recurrent_activation": SIGMOID, **_ONE_WAY}
_OF_DENSE = {"linear": "identity", "softmax": "softmax", "sigmoid": "sigmoid"}

KERAS = Library(
    "Keras",
    [
        Convention(
            ("SimpleRNN", "SimpleRNNCell"), "RNN", {"a": ""}, _KERNELS, True,
            settings={"activation": ANY_OF_RNN, **_ONE_WAY},
        ),
        Convention(
            ("LSTM", "LSTMCell"), "LSTM", {"u": "i", "f": "f", "c": "c", "o": "o"}, _KERNELS, True, settings=_GATED
        ),
        Convention(
            ("GRU", "GRUCell"), "GRU, reset after", _KERAS_GRU, {**_KERNELS, "bias": "bx bh"}, True, "u",
            settings={**_GATED, "reset_after": {True: {}}},
        ),
        Convention(
            ("GRU", "GRUCell"), "GRU", _KERAS_GRU, _KERNELS, True, "u", settings={**_GATED, "reset_after": {False: {}}}
        ),
        Convention(
            ("Dense",), "Readout", LINEAR, {"kernel": "x", "bias": "bx"}, True,
            settings={"activation": {theirs: {"activation": ours} for theirs, ours in _OF_DENSE.items()}},
        ),
        Convention(("Embedding",), "table", TABLE, {"embeddings": "x"}),
    ],
    layers=("{name}/", ""),
    directions={"forward": ("forward_layer/", ""), "backward": ("backward_layer/", "")},
    around=("cell", "lstm_cell", "gru_cell", "simple_rnn_cell"),
)  # fmt: skip

# -- Flax --------------------------------------------------------------------------------------------

_FLAX_LSTM = {"u": "i", "f": "f", "c": "g", "o": "o"}
_FLAX_GRU = {"r": "r", "u": "z", "c": "n"}
_CALLABLES: Settings = {"gate_fn": SIGMOID, "activation_fn": TANH}
_OF_SIMPLE: Settings = {"activation_fn": ANY_OF_RNN, "residual": {False: {}}}
_OF_CELLS = {"forward": ("forward_rnn/cell/", ""), "backward": ("backward_rnn/cell/", "")}
_DENSE = [
    Convention(("Dense", "Linear"), "Readout", LINEAR, {"kernel": "x", "bias": "bx"}, True),
    Convention(("Embed",), "table", TABLE, {"embedding": "x"}),
]

LINEN = Library(
    "Flax linen",
    [
        *[
            Convention(
                (name,), "LSTM", _FLAX_LSTM, {"i{gate}/kernel": "x", "h{gate}/kernel": "h", "h{gate}/bias": "bh"}, True,
                settings=_CALLABLES,
            )
            for name in ("LSTMCell", "OptimizedLSTMCell")
        ],
        Convention(
            ("GRUCell",), "GRU, reset after", _FLAX_GRU,
            {"i{gate}/kernel": "x", "h{gate}/kernel": "h", "i{gate}/bias": "bx", "hn/bias": "bh:c"}, True, "u",
            settings=_CALLABLES,
        ),
        Convention(
            ("SimpleCell",), "RNN", {"a": ""}, {"i/kernel": "x", "h/kernel": "h", "i/bias": "bx"}, True,
            settings=_OF_SIMPLE,
        ),
        Convention(
            ("MGUCell",), "", {"f": "f", "c": "n"},
            {"i{gate}/kernel": "x", "h{gate}/kernel": "h", "i{gate}/bias": "bx", "hn/bias": "bh:c"}, True,
        ),
        *_DENSE,
    ],
    alone=("cell/", ""),
    layers=("layers_{n}/cell/", ""),
    directions=_OF_CELLS,
    around=("params", "cell"),
)  # fmt: skip

NNX = Library(
    "Flax nnx",
    [
        Convention(
            ("LSTMCell",), "LSTM", _FLAX_LSTM,
            {"ii/kernel": "x:u", "if_/kernel": "x:f", "ig/kernel": "x:c", "io/kernel": "x:o",
             "h{gate}/kernel": "h", "h{gate}/bias": "bh"}, True, settings=_CALLABLES,
        ),
        Convention(
            ("OptimizedLSTMCell",), "LSTM", _FLAX_LSTM,
            {"dense_i/kernel": "x", "dense_h/kernel": "h", "dense_h/bias": "bh"}, True, settings=_CALLABLES,
        ),
        Convention(
            ("GRUCell",), "GRU, reset after", _FLAX_GRU,
            {"dense_i/kernel": "x", "dense_i/bias": "bx", "dense_h/kernel": "h"}, True, "u", settings=_CALLABLES,
        ),
        Convention(
            ("SimpleCell",), "RNN", {"a": ""},
            {"dense_i/kernel": "x", "dense_i/bias": "bx", "dense_h/kernel": "h"}, True, settings=_OF_SIMPLE,
        ),
        *_DENSE,
    ],
    alone=("cell/", ""),
    layers=("layers/{n}/cell/", ""),
    directions=_OF_CELLS,
    around=("cell",),
)  # fmt: skip

# -- Equinox and Haiku -------------------------------------------------------------------------------

_NO_BIAS_OF_HIDDEN = {"weight_ih": "x", "weight_hh": "h", "bias": "bx"}

EQUINOX = Library(
    "Equinox",
    [
        Convention(("LSTMCell",), "LSTM", _TORCH_LSTM, _NO_BIAS_OF_HIDDEN),
        Convention(("GRUCell",), "GRU, reset after", _TORCH_GRU, {**_NO_BIAS_OF_HIDDEN, "bias_n": "bh:c"}, turned="u"),
        Convention(("Linear",), "Readout", LINEAR, {"weight": "x", "bias": "bx"}),
        Convention(("Embedding",), "table", TABLE, {"weight": "x"}),
    ],
    layers=("layers/{n}/", ""),
)

HAIKU = Library(
    "Haiku",
    [
        Convention(
            ("LSTM",), "LSTM", {"u": "i", "c": "g", "f": "f", "o": "o"}, {"linear/w": "x h", "linear/b": "bx"}, True,
            added={"f": 1.0}, named=True,
        ),
        Convention(
            ("GRU",), "GRU", {"u": "z", "r": "r", "c": "a"}, {"w_i": "x", "w_h": "h", "b": "bx"}, True
        ),
        Convention(
            ("VanillaRNN",), "RNN", {"a": ""},
            {"linear/w": "x", "linear/b": "bx", "linear_1/w": "h", "linear_1/b": "bh"}, True,
            settings={"activation": {"relu": {"activation": "relu"}}}, named=True,
        ),
        Convention(("Linear",), "Readout", LINEAR, {"w": "x", "b": "bx"}, True),
        Convention(("Embed",), "table", TABLE, {"embeddings": "x"}),
    ],
    alone=("{name}/", ""),
    layers=("{name}/", ""),
)  # fmt: skip

LIBRARIES = {
    "torch": TORCH, "keras": KERAS, "flax.linen": LINEN, "flax.nnx": NNX, "equinox": EQUINOX, "haiku": HAIKU,
}  # fmt: skip
