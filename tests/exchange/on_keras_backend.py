"""What check_module, load and save make of Keras layers, as JSON: in a process of its own, whose backend is one."""

import json
import sys

import keras
import numpy as np

from autograd_seq.core.errors import AutogradError
from cells import Deep
from cells.exchange import check_module, load, save

N_X, N_A, M, T = 3, 4, 2, 5
OPTIONS = {"return_sequences": True}


def layers():
    own = keras.layers
    return {
        "LSTM": own.LSTM(N_A, **OPTIONS),
        "GRU": own.GRU(N_A, **OPTIONS),
        "GRU before": own.GRU(N_A, reset_after=False, **OPTIONS),
        "RNN": own.SimpleRNN(N_A, **OPTIONS),
        "LSTM cell": own.RNN(own.LSTMCell(N_A), **OPTIONS),
        "both": own.Bidirectional(own.LSTM(N_A, **OPTIONS)),
        "two": keras.Sequential([own.GRU(N_A, **OPTIONS), own.LSTM(N_A, **OPTIONS)]),
        "dropout, at rest": own.LSTM(N_A, dropout=0.3, **OPTIONS),
        "masked": keras.Sequential([own.Masking(), own.LSTM(N_A, **OPTIONS)]),
        "normalised": keras.Sequential([own.LSTM(N_A, **OPTIONS), own.LayerNormalization()]),
    }


def drawn(layer, rng):
    layer.build((M, T, N_X))
    layer.set_weights([rng.standard_normal(w.shape) * 0.5 for w in layer.weights])


def outputs(layer, x):
    return np.asarray(keras.ops.convert_to_numpy(layer(x)))


def off(layer, cell, x):
    """How far the outputs of a layer are from those of a cell."""
    cell = Deep(list(cell.values())) if isinstance(cell, dict) else cell
    run = cell.unroll(np.transpose(x, (2, 0, 1)))
    here = np.stack([a.value for a in run.states["a"]])
    return float(np.abs(np.transpose(here, (2, 0, 1)) - outputs(layer, x)).max())


def told(layer, x, rng):
    found = {}
    try:
        report = check_module(layer, x)
        found["checked"] = {"ok": report.ok, "worst": max(g.units for g in report.gradients.values()),
                            "count": len(report.gradients), "steps": len(report.gradients["x"].by_time)}  # fmt: skip
    except AutogradError as error:
        found["refused"] = str(error)
    try:
        cell = load(layer)
    except AutogradError as error:
        return found | {"not loaded": str(error)}
    found["loaded"] = off(layer, cell, x)
    parts = list(cell.values()) if isinstance(cell, dict) else [cell]
    for part in parts:
        for p in part.parameters.values():
            p.value = rng.standard_normal(p.shape).astype(np.float32) * 0.5
    layer.set_weights([array for part in parts for array in save(part, "keras").values()])
    found["saved"] = off(layer, cell, x)
    return found


def main():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((M, T, N_X)).astype(np.float32)
    made = layers()
    for layer in made.values():
        drawn(layer, rng)
    found = {name: told(layer, x, rng) for name, layer in made.items()}
    print(json.dumps({"backend": keras.backend.backend(), **found}))


if __name__ == "__main__":
    sys.exit(main())
