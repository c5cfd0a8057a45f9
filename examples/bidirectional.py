"""A bidirectional LSTM over real words: is "Teddy" a name? That is only known from the words behind it.

ŷ<t> = σ(Wya [→a<t>; ←a<t>] + by). Both directions are acyclic; the two sentences have their own lengths, and each
is read backwards from its own end. Run it from anywhere: ``python examples/bidirectional.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import Graph, binary_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import LSTM, Bidirectional, Readout, gradient_table, pad
from viz import draw

SENTENCES = ["He said Teddy Roosevelt was a great president", "He said Teddy bears are on sale"]
IS_NAME = [[0, 0, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]]


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = sorted({word for sentence in SENTENCES for word in sentence.split()})
    one_hot = np.eye(len(vocabulary))
    x, lengths = pad([one_hot[:, [vocabulary.index(word) for word in s.split()]] for s in SENTENCES])
    y, _ = pad([np.array([labels]) for labels in IS_NAME])

    cell = Bidirectional(LSTM(len(vocabulary), 3, seed=0), LSTM(len(vocabulary), 3, seed=1))
    readout = Readout(n_a=6, n_y=1, activation="sigmoid", seed=2)
    run = readout(cell.unroll(x, lengths=lengths))
    loss = run.measure(y, binary_cross_entropy)
    print(brief(run.graph))

    loss.backward()
    print("\nWhat each time step gave to each gradient:")
    print(gradient_table(loss, {**cell.parameters, **readout.parameters}, most=beside(33, 9)))
    print(f"\n{brief(prove(loss))}")
    draw(run, out / "bidirectional.svg")
    print(out / "bidirectional.svg")

    four = readout(cell.unroll(x[:, :1, :4]))
    print("\nThe order of computation for ŷ<3>, T_x = 4, is what its graph holds:")
    order = [record.label for record in Graph(four.outputs[2]) if record.name in ("a", "y_hat")]
    print("  " + ", ".join(order))

    print("\nPlain gradient descent:")
    for update in range(151):
        loss = readout(cell.unroll(x, lengths=lengths)).measure(y, binary_cross_entropy)
        loss.backward()
        for p in [*cell.parameters.values(), *readout.parameters.values()]:
            p.value = p.value - 0.5 * p.grad
        if update % 50 == 0:
            print(f"  update {update:3d}: J = {loss.item():.4f}")
    outputs = readout(cell.unroll(x, lengths=lengths)).outputs
    for i, sentence in enumerate(SENTENCES):
        marks = [f"{word}({outputs[t].value[0, i]:.2f})" for t, word in enumerate(sentence.split())]
        print("  " + " ".join(marks))


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
