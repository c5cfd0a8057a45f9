"""An RNN over real words: who is a person in a sentence? Unrolled, printed, differentiated, proven, drawn.

a<t> = tanh(Waa a<t-1> + Wax x<t> + ba), ŷ<t> = σ(Wya a<t> + by), J = Σ L<t>. The stacked form computes the same
with one matrix, Wa [a<t-1>; x<t>]. Run it from anywhere: ``python examples/rnn.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import binary_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import RNN, Readout, gradient_table
from viz import draw

SENTENCE = ["Harry", "Potter", "and", "Hermione", "Granger", "invented", "a", "new", "spell"]
IS_NAME = np.array([[1, 1, 0, 1, 1, 0, 0, 0, 0]])  # (n_y, T): one label for each word


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = sorted(set(SENTENCE))
    x = np.eye(len(vocabulary))[:, [[vocabulary.index(word) for word in SENTENCE]]]  # (n_x, m = 1, T)
    y = IS_NAME[:, None, :]

    cell = RNN(n_x=len(vocabulary), n_a=4, seed=0)
    readout = Readout(n_a=4, n_y=1, activation="sigmoid", seed=1)
    run = readout(cell.unroll(x))
    loss = run.measure(y, binary_cross_entropy)
    print(brief(run.graph))

    loss.backward()
    print("\nWhat each time step gave to each gradient:")
    print(gradient_table(loss, {**cell.parameters, **readout.parameters}, most=beside(33, 9)))

    stacked = RNN(n_x=len(vocabulary), n_a=4, stacked=True)
    stacked.parameters["Wa"].value = np.hstack([cell.parameters["Waa"].value, cell.parameters["Wax"].value])
    same = readout(stacked.unroll(x)).measure(y, binary_cross_entropy)
    same.backward()
    both = np.hstack([cell.parameters["Waa"].grad, cell.parameters["Wax"].grad])
    print(f"\nThe stacked form, Wa {both.shape} = [Waa, Wax]: J = {same.item():.6f}, before {loss.item():.6f};")
    print(f"dWa differs from [dWaa, dWax] by {np.abs(stacked.parameters['Wa'].grad - both).max():.0e}\n")

    print(brief(prove(loss)))
    for view in ("unrolled", "rolled", "cell"):
        draw(run, out / f"rnn_{view}.svg", view=view)
        print(out / f"rnn_{view}.svg")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
