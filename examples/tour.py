"""The tour: one sentence, one small recurrent network, one recording, read in many ways.

Run it from anywhere: ``python examples/tour.py [--out DIR]``. It takes well under a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import Parameter, binary_cross_entropy, contributions, differentiate, equations, prove
from autograd_seq.commands.console import any_console
from cells import RNN, Readout, Run
from viz import draw, step_through

SENTENCE = "Harry Potter and Hermione Granger invented a new spell.".removesuffix(".").split()
IS_NAME = [1, 1, 0, 1, 1, 0, 0, 0, 0]  # one label for each word


def one_hot(words: list[str]) -> list[np.ndarray]:
    """x<1> … x<T>: each word as a column (n_x, 1), 1 at its place in the vocabulary."""
    vocabulary = sorted(set(words))
    return [np.eye(len(vocabulary))[:, [vocabulary.index(word)]] for word in words]


def unroll(cell: RNN, readout: Readout) -> Run:
    """The network over the sentence: states, predictions, and the loss summed over time."""
    run = readout(cell.unroll(one_hot(SENTENCE)))
    run.measure([np.array([[float(label)]]) for label in IS_NAME], binary_cross_entropy)
    return run


def train(cell: RNN, readout: Readout, updates: int = 300, rate: float = 0.1) -> None:
    """Gradient descent, printing as it goes."""
    parameters: list[Parameter] = [*cell.parameters.values(), *readout.parameters.values()]
    for update in range(updates + 1):
        loss = unroll(cell, readout).loss
        if update % 100 == 0:
            print(f"  update {update:3d}: J = {loss:.4f}")
        loss.backward()
        for parameter in parameters:
            parameter.value = parameter.value - rate * parameter.grad


def heading(text: str) -> None:
    print(f"\n\n=== {text} ===\n")


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    cell = RNN(n_x=len(set(SENTENCE)), n_a=5, seed=0)
    readout = Readout(n_a=5, n_y=1, activation="sigmoid", seed=1)

    heading("1. The recording: every operation of the forward pass, in order")
    run = unroll(cell, readout)
    print(run.loss.graph)

    heading("2. Backpropagation through time: the same table, of the backward pass")
    recording = differentiate(run.loss)
    print("\n".join(str(recording.backward).splitlines()[:24]))
    print(f"   … {len(recording.backward)} records in all")

    heading("3. Who gave what: each time step's contribution to dJ/dWaa")
    run.loss.backward()
    waa = cell.parameters["Waa"]
    parts = contributions(run.loss, waa)
    for (_, _, time), part in parts.items():
        norm = np.linalg.norm(part)
        print(f"  t = {time}  {SENTENCE[time - 1]:9s} ‖{norm:.4f}‖ {'█' * round(40 * norm)}")
    print(f"  their sum differs from the gradient by {np.abs(sum(parts.values()) - waa.grad).max():.1e}")

    heading("4. The same recording as mathematics: nine equal steps folded into one, in t")
    print(equations(run))

    heading("5. The proof: every derivative, by SymPy, exactly")
    print(prove(run.loss))

    heading("6. The pictures: one column for each time step, and a page that steps through them")
    for path, picture in (
        (out / "tour_unrolled.svg", draw(run)),
        (out / "tour_overlay.svg", draw(run, overlay=True)),
        (out / "tour.html", step_through(run, title="The tour, step by step")),
    ):
        picture.save(path)
        print(f"  {path}")

    heading("7. Training: gradient descent until every word has its label")
    train(cell, readout)
    predictions = [output.item() for output in unroll(cell, readout).outputs]
    for word, label, p in zip(SENTENCE, IS_NAME, predictions, strict=True):
        print(f"  {word:9s} ŷ = {p:.3f}  {'name' if p > 0.5 else '-':4s}  {'right' if (p > 0.5) == label else 'WRONG'}")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        main(arguments.parse_args().out)
