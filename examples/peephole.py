"""LSTMs with peephole connections over real words: the gates also see the memory.

Diagonal, as by Gers and Schmidhuber: γ_f = Wf [a<t-1>; x<t>] + pf ∘ c<t-1> + bf; or full, Wf [c<t-1>; a<t-1>; x<t>].
The output gate sees c<t-1> as the others do, or the new c<t>.
Run it from anywhere: ``python examples/peephole.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import binary_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import LSTM, Readout, gradient_table
from viz import draw

SENTENCE = ["Teddy", "bears", "are", "on", "sale"]
IS_NAME = np.zeros((1, 1, 5))  # (n_y, m, T): Teddy is none here


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = sorted(set(SENTENCE))
    x = np.eye(len(vocabulary))[:, [[vocabulary.index(word) for word in SENTENCE]]]  # (n_x, m = 1, T)

    for peephole in ("diagonal", "full"):
        for output_sees in ("previous", "current"):
            cell = LSTM(len(vocabulary), 3, peephole=peephole, output_sees=output_sees, seed=0)
            readout = Readout(3, 1, "sigmoid", seed=1)
            run = readout(cell.unroll(x))
            loss = run.measure(IS_NAME, binary_cross_entropy)
            print(f"\n=== peephole={peephole!r}, output_sees={output_sees!r}: J = {loss.item():.4f} ===\n")
            if (peephole, output_sees) == ("diagonal", "current"):
                print(brief(run.graph))
            loss.backward()
            print(gradient_table(loss, {**cell.parameters, **readout.parameters}, most=beside(33, 9)))
            print(brief(prove(loss)))
            path = out / f"peephole_{peephole}_{output_sees}.svg"
            draw(run, path)
            draw(run, path.with_stem(path.stem + "_cell"), view="cell")
            print(path)


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
