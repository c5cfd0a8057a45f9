"""How long it takes to grade a class: 300 submissions, files and notebooks, right and wrong, some of them hostile.

A right solution of the course's assignment is edited as students err; each submission has up to three of the edits.
Printed are the time, the processors' time of all processes, the largest process, and the table of mistakes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LIMITS = {"300 submissions on two cores": 300_000.0}  # milliseconds

SOLUTION = """
import numpy as np
from rnn_utils import *

def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    ba, by = parameters["ba"], parameters["by"]
    a_next = np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + ba)
    yt_pred = softmax(np.dot(Wya, a_next) + by)
    cache = (a_next, a_prev, xt, parameters)
    return a_next, yt_pred, cache

def rnn_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wya"].shape
    a = np.zeros((n_a, m, T_x))
    y_pred = np.zeros((n_y, m, T_x))
    a_next = a0
    for t in range(T_x):
        a_next, yt_pred, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        y_pred[:, :, t] = yt_pred
        caches.append(cache)
    return a, y_pred, (caches, x)

def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(parameters["Wf"], concat) + parameters["bf"])
    it = sigmoid(np.dot(parameters["Wi"], concat) + parameters["bi"])
    cct = np.tanh(np.dot(parameters["Wc"], concat) + parameters["bc"])
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(parameters["Wo"], concat) + parameters["bo"])
    a_next = ot * np.tanh(c_next)
    yt_pred = softmax(np.dot(parameters["Wy"], a_next) + parameters["by"])
    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, yt_pred, cache

def lstm_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape
    a = np.zeros((n_a, m, T_x))
    c = np.zeros((n_a, m, T_x))
    y = np.zeros((n_y, m, T_x))
    a_next, c_next = a0, np.zeros((n_a, m))
    for t in range(T_x):
        a_next, c_next, yt, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t], c[:, :, t], y[:, :, t] = a_next, c_next, yt
        caches.append(cache)
    return a, y, c, (caches, x)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    dtanh = (1 - a_next ** 2) * da_next
    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=True)
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}

def rnn_backward(da, caches):
    caches, x = caches
    a1, a0, x1, parameters = caches[0]
    n_a, m, T_x = da.shape
    n_x, m = x1.shape
    dx, da_prevt = np.zeros((n_x, m, T_x)), np.zeros((n_a, m))
    dWax, dWaa, dba = np.zeros((n_a, n_x)), np.zeros((n_a, n_a)), np.zeros((n_a, 1))
    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])
        da_prevt = gradients["da_prev"]
        dx[:, :, t] = gradients["dxt"]
        dWax += gradients["dWax"]
        dWaa += gradients["dWaa"]
        dba += gradients["dba"]
    return {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dba": dba}

def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a, m = a_next.shape
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + ot * (1 - np.tanh(c_next) ** 2) * da_next
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt), axis=0)
    dWf, dWi = np.dot(dft, concat.T), np.dot(dit, concat.T)
    dWc, dWo = np.dot(dcct, concat.T), np.dot(dot, concat.T)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)
    dconcat = sum(np.dot(parameters[w].T, d) for w, d in (("Wf", dft), ("Wi", dit), ("Wc", dcct), ("Wo", dot)))
    da_prev, dxt = dconcat[:n_a], dconcat[n_a:]
    dc_prev = dc * ft
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}

def lstm_backward(da, caches):
    caches, x = caches
    xt, (n_a, m, T_x) = caches[0][8], da.shape
    n_x, m = xt.shape
    dx, da_prevt, dc_prevt = np.zeros((n_x, m, T_x)), np.zeros((n_a, m)), np.zeros((n_a, m))
    total = {k: 0 for k in ("dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo")}
    for t in reversed(range(T_x)):
        gradients = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt, dc_prevt = gradients["da_prev"], gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for k in total:
            total[k] = total[k] + gradients[k]
    return {"dx": dx, "da0": da_prevt, **total}
"""

EDITS = [
    ("(1 - a_next ** 2) * da_next", "(1 - a_next) * da_next"),
    ("(1 - a_next ** 2) * da_next", "da_next"),
    ("np.sum(dtanh, axis=1, keepdims=True)", "np.mean(dtanh, axis=1, keepdims=True)"),
    ("np.sum(dtanh, axis=1, keepdims=True)", "np.sum(dtanh, axis=1)"),
    ("np.dot(dtanh, a_prev.T)", "np.dot(dtanh, a_next.T)"),
    ("np.dot(Waa.T, dtanh)", "np.dot(Waa, dtanh)"),
    ("dWax += gradients", "dWax = gradients"),
    ("dWaa += gradients", "dWaa = gradients"),
    ("rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])", "rnn_cell_backward(da[:, :, t], caches[t])"),
    ("da_next * np.tanh(c_next) * ot * (1 - ot)", "da_next * c_next * ot * (1 - ot)"),
    ("da_next * np.tanh(c_next) * ot * (1 - ot)", "da_next * np.tanh(c_next)"),
    ("ot * (1 - np.tanh(c_next) ** 2)", "ot * (1 - c_next ** 2)"),
    ("dc_next + ot * (1", "ot * (1"),
    ("dc * it * (1 - cct ** 2)", "dc * it * (1 - cct)"),
    ("dc * cct * it * (1 - it)", "dc * cct * (1 - it)"),
    ("dc * c_prev * ft * (1 - ft)", "dc * c_next * ft * (1 - ft)"),
    ("dc * c_prev * ft * (1 - ft)", "dc_next * c_prev * ft * (1 - ft)"),
    ("dc_prev = dc * ft", "dc_prev = dc_next * ft"),
    ("dconcat[:n_a], dconcat[n_a:]", "dconcat[-n_a:], dconcat[:-n_a]"),
    ("da_prevt, dc_prevt, caches[t])", "da_prevt, 0 * dc_prevt, caches[t])"),
    ("lstm_cell_backward(da[:, :, t] + da_prevt", "lstm_cell_backward(da[:, :, t]"),
    ("for t in reversed(range(T_x)):\n        gradients = lstm", "for t in range(T_x):\n        gradients = lstm"),
    ("ft * c_prev + it * cct", "it * c_prev + ft * cct"),
    ("np.dot(Waa, a_prev) + ba)", "np.dot(Waa, a_prev))"),
    ("yt_pred = softmax(np.dot(Wya, a_next) + by)", "yt_pred = np.dot(Wya, a_next) + by"),
    ("return {\"dx\": dx, \"da0\": da_prevt, \"dWax\"", "return {\"dx\": dx, \"dWax\""),
]  # fmt: skip
HOSTILE = [
    "import os; os._exit(0)", "while True: pass", "exit()", "import numpy as np; np.abs = lambda x: 0 * x",
    "kept = [bytearray(2**28) for i in range(64)]", "import os\nwhile True:\n    try: os.fork()\n    except OSError: 0",
    "def f(:", "print('x' * 10**8)", "import autograd_seq.diagnosis.compare as c\nc.difference = lambda a, b: 0.0",
    "import atexit, os; atexit.register(os._exit, 0)",
]  # fmt: skip


def submissions(count: int, seed: int = 0) -> dict[str, str]:
    """By each file's name its text: a third right, a fifteenth hostile, the others wrong; every second a notebook."""
    rng = np.random.default_rng(seed)
    found = {}
    for i in range(count):
        text = SOLUTION
        if i % 3:
            for k in rng.choice(len(EDITS), rng.integers(1, 4), replace=False):
                text = text.replace(*EDITS[k])
        if i % 15 == 7:
            text = HOSTILE[i // 15 % len(HOSTILE)] + "\n" + text
        found[f"student_{i:03}.{'ipynb' if i % 2 else 'py'}"] = notebook(text) if i % 2 else text
    return found


def notebook(text: str) -> str:
    """A text as a notebook with a cell for each function, and what people leave in theirs."""
    parts = text.split("\n\n")
    cells = [{"cell_type": "markdown", "source": ["# My homework\n"]}]
    cells += [{"cell_type": "code", "source": p.splitlines(keepends=True)} for p in ["%matplotlib inline", *parts]]
    cells.append({"cell_type": "code", "source": ["a, y, c = lstm_forward(x_that_is_not_there, 0, {})\n", "!ls\n"]})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="how many submissions")
    parser.add_argument("--jobs", type=int, default=2, help="how many are judged at a time")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()

    import resource

    from autograd_seq import check_folder

    with tempfile.TemporaryDirectory() as folder:
        for name, text in submissions(arguments.count).items():
            Path(folder, name).write_text(text, encoding="utf-8")
        began = time.perf_counter()
        book = check_folder(folder, assignment="course", timeout=10, jobs=arguments.jobs, seed=1)
        seconds = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processors = sum(u.ru_utime + u.ru_stime for u in used)
    largest = max(u.ru_maxrss for u in used) / 1024
    case = f"{len(book)} submissions"
    print(book, file=sys.stderr if arguments.json else sys.stdout)
    if arguments.json:
        times = {"ms": seconds * 1000, "cpu_ms": processors * 1000, "MiB": largest}
        print(json.dumps({case: {"autograd_seq": times}}))
        return
    print(f"\n{case} in {seconds:.0f} s with {arguments.jobs} at a time on {os.cpu_count()} processors: "
          f"{seconds / len(book):.2f} s each, {processors / len(book):.2f} s of computing each, "
          f"the largest process {largest:.0f} MiB")  # fmt: skip


if __name__ == "__main__":
    main()
