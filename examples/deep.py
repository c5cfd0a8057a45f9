"""Deep networks over real words: three layers, a[l]<t>; layers in both directions; and the notes' structure 2.

Any cell may stand in any layer, here an LSTM, a GRU and an RNN. Structure 2 puts further layers without time on top of
each output. Run it from anywhere: ``python examples/deep.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import binary_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout, gradient_flow, gradient_table
from viz import draw

SENTENCE = ["Hermione", "Granger", "invented", "a", "spell"]
IS_NAME = np.array([[[1, 1, 0, 0, 0]]])  # (n_y, m, T)


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    n_x = len(SENTENCE)
    x = np.eye(n_x)[:, [range(n_x)]]  # (n_x, m = 1, T): every word is another one

    networks = {
        "deep": (Deep([LSTM(n_x, 4, seed=0), GRU(4, 4, seed=1), RNN(4, 3, seed=2)]), Readout(3, 1, "sigmoid", seed=3)),
        "structure_2": (
            Deep([RNN(n_x, 4, seed=0), RNN(4, 4, seed=1), RNN(4, 4, seed=2)]),
            Readout(4, 1, "sigmoid", hidden=[3, 2], seed=3),
        ),
        "deep_bidirectional": (
            Deep([
                Bidirectional(GRU(n_x, 3, seed=0), GRU(n_x, 3, seed=1)),
                Bidirectional(GRU(6, 2, seed=2), GRU(6, 2, seed=3)),
            ]),
            Readout(4, 1, "sigmoid", seed=4),
        ),
    }  # fmt: skip
    for name, (cell, readout) in networks.items():
        run = readout(cell.unroll(x))
        loss = run.measure(IS_NAME, binary_cross_entropy)
        print(f"\n=== {name}: {cell}; J = {loss.item():.4f} ===\n")
        if name == "deep":
            print(brief(run.graph))
        loss.backward()
        print(gradient_table(loss, {**cell.parameters, **readout.parameters}, most=beside(33, 9)))
        for layer in range(1, len(run.layers) + 1):
            norms = gradient_flow(run, layer=layer)[-1]
            print(f"‖∂L<5>/∂a[{layer}]<t>‖:", "  ".join(f"{norm:.4f}" for norm in norms))
        print(brief(prove(loss)))
        draw(run, out / f"{name}.svg")
        print(out / f"{name}.svg")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
