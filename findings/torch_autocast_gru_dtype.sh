#!/usr/bin/env bash
# PyTorch 2.13.0: under autocast to bfloat16 on the CPU, LSTM and RNN return bfloat16, GRU returns float32.
#
# Guess: the three recurrent layers take the same path, so that what they return has one dtype, that of autocast.
# Seen (torch 2.13.0+cpu): LSTM and RNN return bfloat16. GRU returns float32, with the 0.4 % error of bfloat16 products
#   in it, so its dtype promises digits that are not there; its gradients are off by as much as those of RNN. The cells
#   divide otherwise: RNNCell returns bfloat16, LSTMCell and GRUCell float32.
# A layer that is exchanged for another changes the dtype of all that follows, and a comparison with a tolerance chosen
# by dtype fails for the GRU alone, as if its formulas were another variant.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import torch

torch.manual_seed(0)
x = torch.randn(50, 8, 16)
layers, cells = {}, {}
for kind in ("LSTM", "GRU", "RNN"):
    layer, cell = getattr(torch.nn, kind)(16, 32), getattr(torch.nn, f"{kind}Cell")(16, 32)
    exact, _ = layer(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, _ = layer(x)
        state = cell(x[0])
    state = state[0] if isinstance(state, tuple) else state
    error = ((found.float() - exact).norm() / exact.norm()).item()
    print(kind, "layer", found.dtype, f"error {error:.4f}", "cell", state.dtype)
    assert 1e-3 < error < 1e-2, "the products are no longer those of bfloat16"
    layers[kind], cells[kind] = found.dtype, state.dtype
half, full = torch.bfloat16, torch.float32
assert layers == {"LSTM": half, "GRU": full, "RNN": half}, "the layers agree now"
assert cells == {"LSTM": full, "GRU": full, "RNN": half}, "the cells agree now"
print("as described")
PY
