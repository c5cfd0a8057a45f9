"""The tour: one sentence, one small recurrent network, one recording, read in many ways.

Run it from anywhere: ``python examples/tour.py [--out DIR]``. It takes well under a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import autograd_seq.numpy as anp
from autograd_seq import Parameter, Tensor, binary_cross_entropy, contributions, differentiate, equations, prove
from autograd_seq.commands.console import any_console, say
from autograd_seq.commands.screen import brief
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


def sigmoid(z: Tensor) -> Tensor:
    return 1 / (1 + anp.exp(-z))


def own_lstm(p: dict[str, Parameter], xs: list[np.ndarray], labels: list[np.ndarray]) -> Tensor:
    """A student's LSTM, plain NumPy but for the import: cells over a stacked input, and the loss."""
    n_a = len(p["Wf"].value)
    a_next, c_next, J = np.zeros((n_a, 1)), np.zeros((n_a, 1)), 0.0
    for xt, y in zip(xs, labels, strict=True):
        concat = anp.zeros((n_a + len(xt), 1))
        concat[:n_a] = a_next
        concat[n_a:] = xt
        ft = sigmoid(p["Wf"] @ concat + p["bf"])
        it = sigmoid(p["Wi"] @ concat + p["bi"])
        cct = anp.tanh(p["Wc"] @ concat + p["bc"])
        c_next = ft * c_next + it * cct
        ot = sigmoid(p["Wo"] @ concat + p["bo"])
        a_next = ot * anp.tanh(c_next)
        y_hat = sigmoid(p["Wy"] @ a_next + p["by"])
        loss = -(y * anp.log(y_hat) + (1 - y) * anp.log(1 - y_hat))
        J = J + anp.sum(loss)
    return J


def own_parameters(n_x: int, n_a: int) -> dict[str, Parameter]:
    """Weights and biases of the four gates and the prediction."""
    rng = np.random.default_rng(2)
    shapes = {f"W{gate}": (n_a, n_a + n_x) for gate in "fico"} | {f"b{gate}": (n_a, 1) for gate in "fico"}
    shapes |= {"Wy": (1, n_a), "by": (1, 1)}
    return {key: Parameter(0.5 * rng.standard_normal(shape), key) for key, shape in shapes.items()}


def train(cell: RNN, readout: Readout, updates: int = 300, rate: float = 0.1) -> None:
    """Gradient descent, printing as it goes."""
    parameters: list[Parameter] = [*cell.parameters.values(), *readout.parameters.values()]
    for update in range(updates + 1):
        loss = unroll(cell, readout).loss
        if update % 100 == 0:
            say(f"  update {update}: J = {loss:.4f}")
        loss.backward()
        for parameter in parameters:
            parameter.value = parameter.value - rate * parameter.grad


def heading(text: str) -> None:
    print("\n\n===")
    say(text)
    print()


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    cell = RNN(n_x=len(set(SENTENCE)), n_a=5, seed=0)
    readout = Readout(n_a=5, n_y=1, activation="sigmoid", seed=1)

    heading("1. The recording: every operation of the forward pass, in order")
    run = unroll(cell, readout)
    print(brief(run.loss.graph))

    heading("2. Backpropagation through time: the same table, of the backward pass")
    recording = differentiate(run.loss)
    print("\n".join(brief(recording.backward).splitlines()[:16]))
    say(f"   … {len(recording.backward)} records in all")

    heading("3. Who gave what: each time step's contribution to dJ/dWaa")
    run.loss.backward()
    waa = cell.parameters["Waa"]
    parts = contributions(run.loss, waa)
    for (_, _, time), part in parts.items():
        norm = np.linalg.norm(part)
        print(f"  t = {time}  {SENTENCE[time - 1]:9s} ‖{norm:.4f}‖ {'█' * round(40 * norm)}")
    say(f"  their sum differs from the gradient by {np.abs(sum(parts.values()) - waa.grad).max():.1e}")

    heading("4. The same recording as mathematics: nine equal steps folded into one, in t")
    print(equations(run))

    heading("5. The proof: every derivative, by SymPy, exactly")
    print(brief(prove(run.loss)))

    heading("6. The pictures: one column for each time step, and a page that steps through them")
    for path, picture in (
        (out / "tour_unrolled.svg", draw(run)),
        (out / "tour_overlay.svg", draw(run, overlay=True)),
        (out / "tour.html", step_through(run, title="The tour, step by step")),
    ):
        picture.save(path)
        print(f"  {path}")

    heading("7. Your own code: a plain NumPy LSTM over the same words, read with its own names")
    xs = one_hot(SENTENCE)
    J = own_lstm(own_parameters(len(xs[0]), 5), xs, [np.array([[float(label)]]) for label in IS_NAME])
    print(equations(J))
    picture = draw(J, view="cell")
    picture.save(out / "tour_own_lstm.svg")
    print(f"\n  {out / 'tour_own_lstm.svg'}")

    heading("8. Training: gradient descent until every word has its label")
    train(cell, readout)
    predictions = [output.item() for output in unroll(cell, readout).outputs]
    for word, label, p in zip(SENTENCE, IS_NAME, predictions, strict=True):
        print(f"  {word:9s} ŷ = {p:.3f}  {'name' if p > 0.5 else '-':4s}  {'right' if (p > 0.5) == label else 'WRONG'}")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
