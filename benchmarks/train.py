"""Characters a second when training the dinosaur model, against the same model in PyTorch and JAX.

``python benchmarks/train.py [--cell rnn] [--hidden 50] [--batch 32] [--json]``: the same names, the same batches
of padded one-hot columns, Adam, clipping by global norm; one thread; all in one interleaved run, the median of
CPU time. Peers that are not installed are left out and said so.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import machine
import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.learning.clipping import clip_by_global_norm
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import END, Vocabulary, batches, lines
from autograd_seq.learning.training import Trainer
from cells import GRU, LSTM, RNN
from cells.language_model import LanguageModel

NAMES = Path(__file__).parent.parent / "examples" / "data" / "dinosaurs.txt"
CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
Batch = list[np.ndarray]
Step = Callable[[Batch], float]


def ours(cell: str, n: int, hidden: int, compiled: bool, fast: bool = False) -> Step:
    """Measure this package: every update recorded and back-propagated, or replayed."""
    model = LanguageModel(CELLS[cell](n, hidden, seed=0), n, end=0, seed=1)
    trainer = Trainer(model, Adam(0.01), clip=lambda g: clip_by_global_norm(g, 5.0), compiled=compiled, fast=fast)
    return trainer.update


def padded(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Targets (T, m) and where they are real."""
    longest = max(map(len, batch))
    y = np.zeros((longest, len(batch)), dtype=np.int64)
    there = np.zeros((longest, len(batch)), dtype=bool)
    for i, sequence in enumerate(batch):
        y[: len(sequence), i], there[: len(sequence), i] = sequence, True
    return y, there


def pytorch(cell: str, n: int, hidden: int, loop: bool) -> Step:
    """PyTorch: ``nn.LSTM`` and its like, or a loop over ``nn.LSTMCell``."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    kinds = {"rnn": (nn.RNN, nn.RNNCell), "gru": (nn.GRU, nn.GRUCell), "lstm": (nn.LSTM, nn.LSTMCell)}
    layer = kinds[cell][loop](n, hidden, dtype=torch.float64)
    readout = nn.Linear(hidden, n, dtype=torch.float64)
    parameters = [*layer.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(parameters, 0.01)

    def step(batch: Batch) -> float:
        y, there = padded(batch)
        target = torch.from_numpy(y)
        x = torch.zeros((*y.shape, n), dtype=torch.float64)
        x[1:].scatter_(2, target[:-1, :, None], 1.0)
        if loop:
            state, states = None, []
            for x_t in x:
                state = layer(x_t, state)
                states.append(state[0] if cell == "lstm" else state)
            a = torch.stack(states)
        else:
            a, _ = layer(x)
        logits = readout(a)
        losses = nn.functional.cross_entropy(logits.reshape(-1, n), target.reshape(-1), reduction="none")
        loss = losses[torch.from_numpy(there.reshape(-1))].sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimiser.step()
        return loss.item() / len(batch)

    return step


def jax_scan(cell: str, n: int, hidden: int) -> Step:
    """JAX: jit and scan; lengths are rounded up to multiples of 8, so that few are compiled."""
    if cell == "gru":
        raise ImportError("written for RNN and LSTM only")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    generator = np.random.default_rng(0)
    scale, gates = np.sqrt(1 / (n + hidden)), 4 if cell == "lstm" else 1
    p = {
        "W": jnp.asarray(generator.standard_normal((gates * hidden, hidden + n)) * scale),
        "b": jnp.zeros((gates * hidden, 1)),
        "Wya": jnp.asarray(generator.standard_normal((n, hidden)) * scale),
        "by": jnp.zeros((n, 1)),
    }

    def loss(p: dict, x: object, y: object, there: object) -> object:
        def body(state: tuple, x_t: object) -> tuple:
            a, c = state
            z = p["W"] @ jnp.concatenate([a, x_t]) + p["b"]
            if cell == "rnn":
                a = jnp.tanh(z)
                return (a, c), a
            f, u, g, o = jnp.split(z, 4)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(u) * jnp.tanh(g)
            a = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (a, c), a

        zero = jnp.zeros((hidden, x.shape[2]))
        _, a = jax.lax.scan(body, (zero, zero), x)
        logits = jnp.einsum("ya,tam->tym", p["Wya"], a) + p["by"]
        logs = jax.nn.log_softmax(logits, axis=1)
        return -jnp.sum(jnp.take_along_axis(logs, y[:, None], axis=1)[:, 0] * there)

    @jax.jit
    def update(p: dict, v: dict, s: dict, t: object, x: object, y: object, there: object) -> tuple:
        value, g = jax.value_and_grad(loss)(p, x, y, there)
        norm = jnp.sqrt(sum(jnp.sum(a * a) for a in g.values()))
        g = {k: a * jnp.minimum(1.0, 5.0 / norm) for k, a in g.items()}
        v = {k: 0.9 * v[k] + 0.1 * g[k] for k in p}
        s = {k: 0.999 * s[k] + 0.001 * g[k] ** 2 for k in p}
        p = {k: p[k] - 0.01 * (v[k] / (1 - 0.9**t)) / (jnp.sqrt(s[k] / (1 - 0.999**t)) + 1e-8) for k in p}
        return value, p, v, s

    memory = [p, {k: jnp.zeros_like(a) for k, a in p.items()}, {k: jnp.zeros_like(a) for k, a in p.items()}, 0]

    def step(batch: Batch) -> float:
        longest = -(-max(map(len, batch)) // 8) * 8  # few lengths, each compiled once, as in our own replay
        y, there = padded([*batch, np.zeros(longest, dtype=np.int64)])
        y, there = y[:, :-1], there[:, :-1]
        x = np.zeros((len(y), n, y.shape[1]))
        t_index, m_index = np.indices(y[1:].shape)
        x[t_index + 1, y[:-1], m_index] = 1
        memory[3] += 1
        value, *memory[:3] = update(*memory[:3], float(memory[3]), x, y, there)
        return float(value) / len(batch)

    return step


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cell", choices=CELLS, default="rnn", help="default: rnn, as in the example")
    arguments.add_argument("--hidden", type=int, default=50)
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()

    texts = [text.lower() for text in lines(NAMES)]
    vocabulary = Vocabulary([END, *sorted({c for text in texts for c in text})], level="character")
    names = [vocabulary.encode(text) for text in texts]
    groups = [[names[i] for i in group] for group in batches(names, given.batch, np.random.default_rng(0))]
    groups = [group for group in groups if len(group) == given.batch]
    n, characters = len(vocabulary), sum(len(name) for group in groups for name in group)

    makers: dict[str, Callable[[], Step]] = {
        "autograd_seq, recorded": lambda: ours(given.cell, n, given.hidden, compiled=False),
        "autograd_seq, compiled": lambda: ours(given.cell, n, given.hidden, compiled=True),
        "autograd_seq, compiled, [fast]": lambda: ours(given.cell, n, given.hidden, compiled=True, fast=True),
        f"torch.nn.{given.cell.upper()}": lambda: pytorch(given.cell, n, given.hidden, loop=False),
        "torch, cell loop": lambda: pytorch(given.cell, n, given.hidden, loop=True),
        "JAX jit + scan": lambda: jax_scan(given.cell, n, given.hidden),
    }
    steps: dict[str, Step] = {}
    for name, make in makers.items():
        try:
            steps[name] = make()
        except (ImportError, UsageError) as error:
            print(f"left out: {name} ({error})")
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(given.rounds + 1):  # the first warms up
        for name, step in steps.items():
            began = time.process_time()
            for group in groups:
                step(group)
            if turn:
                times[name].append(time.process_time() - began)
    medians = {name: float(np.median(measured)) for name, measured in times.items()}
    base = medians["autograd_seq, recorded"]
    case = f"{given.cell} n_x={n} n_a={given.hidden} m={given.batch}"
    if given.json:
        print(json.dumps({case: {k: {"ms": 1000 * v / len(groups), "ratio": v / base} for k, v in medians.items()}}))
        return
    print(f"{case}, float64, one thread, NumPy {np.__version__}; products: {machine.products()}")
    print(f"{'':31s} {'ms an update':>13s} {'characters/s':>13s} {'time, relative':>15s}")
    for name, median in medians.items():
        print(f"{name:31s} {1000 * median / len(groups):13.2f} {characters / median:13,.0f} {median / base:15.2f}")


if __name__ == "__main__":
    main()
