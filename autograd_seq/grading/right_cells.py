"""Right backward passes of the course's cells in plain NumPy, to put in the place of a submission's wrong ones.

They run in the cage, where loading the engine for them would take longer than they do. A test compares them with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def rnn_cell_backward(da_next: Any, cache: Any) -> dict[str, Any]:
    """One step of the RNN, backwards."""
    a_next, a_prev, xt, p = cache
    dz = (1 - a_next**2) * da_next
    return {
        "dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
        "dba": dz.sum(axis=1, keepdims=True),
    }  # fmt: skip


def lstm_cell_backward(da_next: Any, dc_next: Any, cache: Any) -> dict[str, Any]:
    """One step of the LSTM, backwards."""
    _, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p = cache
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dz = {
        "f": dc * c_prev * ft * (1 - ft), "i": dc * cct * it * (1 - it), "c": dc * it * (1 - cct**2),
        "o": da_next * np.tanh(c_next) * ot * (1 - ot),
    }  # fmt: skip
    stack = np.concatenate([a_prev, xt])
    dstack = sum(p[f"W{gate}"].T @ d for gate, d in dz.items())
    found = {f"dW{gate}": d @ stack.T for gate, d in dz.items()}
    found |= {f"db{gate}": d.sum(axis=1, keepdims=True) for gate, d in dz.items()}
    found |= {"dWu": found["dWi"], "dbu": found["dbi"]}
    return {"dxt": dstack[len(a_prev) :], "da_prev": dstack[: len(a_prev)], "dc_prev": dc * ft, **found}


CELLS = {"rnn_cell_backward": rnn_cell_backward, "lstm_cell_backward": lstm_cell_backward}
