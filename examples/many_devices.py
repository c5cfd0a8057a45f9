"""One program on all devices there are: each reads its share of the names, and their gradients are summed.

A GRU learns dinosaur names through a plan in JAX. The same lines run on one CPU, on one GPU, on several, and on
several machines; the losses and gradients are those of one device, to rounding (docs/engines.md).

    python examples/many_devices.py                                           # all devices of this machine
    XLA_FLAGS=--xla_force_host_platform_device_count=2 python …               # a CPU as two devices, for a trial
    python … --join 127.0.0.1:9911 2 0 & python … --join 127.0.0.1:9911 2 1   # two processes, started by hand
    srun --ntasks=8 --gpus-per-task=1 python … --join                         # processes that Slurm starts
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import numpy as np

from autograd_seq import compile
from autograd_seq.commands.console import any_console
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells import GRU
from cells.language_model import LanguageModel

NAMES = Path(__file__).parent / "data" / "dinosaurs.txt"


def join(where: list[str]) -> bool:
    """Meet the other processes, at an address or where Slurm says; whether this is the one that reports."""
    import jax

    if where:
        address, count, number = where
        jax.distributed.initialize(address, int(count), int(number))
    else:
        jax.distributed.initialize()
    return bool(jax.process_index() == 0)


def found() -> str:
    """How many devices there are, those of the other processes too."""
    import jax

    return f"{jax.device_count()} devices ({jax.default_backend()}), of {jax.process_count()} processes"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where the model goes (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--epochs", type=int, default=2, help="how often each name is used (default 2)")
    arguments.add_argument("--join", nargs="*", metavar="WORD", help="nothing, or HOST:PORT PROCESSES NUMBER")
    given = arguments.parse_args()
    reports = join(given.join) if given.join is not None else True

    vocabulary = Vocabulary.build(list(lines(NAMES)), level="character")
    names = [vocabulary.encode(text) for text in lines(NAMES)]
    model = LanguageModel(GRU(len(vocabulary), 32, seed=0), len(vocabulary), end=vocabulary.end, seed=1)
    if importlib.util.find_spec("jax") is None:
        where, many = "JAX is not installed, so NumPy computes: pip install 'autograd-seq[jax]'", {"engine": "numpy"}
    else:
        where, many = found(), {"engine": "jax", "devices": "all"}

    plan = compile(model.loss_of, model.parameters, **many)
    loss, gradients = plan(*model.arrays(names[:30]))  # 30 names: if the devices do not divide them, JAX pads
    recorded = model.loss(names[:30])
    recorded.backward()
    apart = max(np.abs(np.asarray(gradients[key]) - p.grad).max() for key, p in model.parameters.items())
    if reports:
        print(where)
        print(f"loss of 30 names {float(loss):.6f}, recorded {recorded.item():.6f}")
        print(f"the greatest difference from a recorded gradient: {apart:.0e}")

    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / "many_devices.npz"
    trainer = Trainer(model, Adam(0.01), batch_size=64, seed=0, save_to=path, resume=False, **many)
    for epoch in range(1, given.epochs + 1):
        trainer.fit(names, epochs=epoch)
        if reports:
            print(f"after {epoch} epochs: mean loss of a name over the last one {trainer.history.epochs[-1]:.4f}")
    if reports:
        print(f"written by the first process: {path}")


if __name__ == "__main__":
    with any_console():
        main()
