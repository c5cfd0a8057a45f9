"""The cat, which already ate …, was full; the cats … were full: how far back can a cell remember?

RNN, GRU and LSTM learn to say *was* or *were* after a clause of any length, full of nouns of either number. For
each distance between subject and verb: how many verbs are right, and how much gradient reaches the subject.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np

from autograd_seq import Tensor, binary_cross_entropy, grad
from autograd_seq.commands.console import any_console
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary
from autograd_seq.learning.training import Trainer
from autograd_seq.storage.files import write
from cells import GRU, LSTM, RNN, Readout, Run, pad

SUBJECTS = [("cat", "cats"), ("dog", "dogs"), ("student", "students"), ("bird", "birds")]
NOUNS = [noun for pair in SUBJECTS for noun in pair]
CLAUSE = ["already", "ate", "the", "fish", "cakes", "and", "a", "plate", "of", "apples", "with", "nuts"]
Example = tuple[list[str], int]


def sentence(distance: int, generator: np.random.Generator) -> Example:
    """``the SUBJECT which …`` with `distance` words after the subject, and 1 where *were* must follow.

    The clause is full of other nouns, singular and plural, that the verb must not agree with.
    """
    plural = int(generator.integers(2))
    subject = SUBJECTS[generator.integers(len(SUBJECTS))][plural]
    return ["the", subject, "which", *generator.choice(CLAUSE + NOUNS, size=distance - 1)], plural


class Agreement:
    """A cell whose last state says *was* or *were*."""

    def __init__(self, cell: RNN | GRU | LSTM, vocabulary: Vocabulary) -> None:
        self.cell, self.vocabulary = cell, vocabulary
        self.readout = Readout(cell.n_a, 1, "sigmoid", seed=1)
        self.parameters = {**cell.parameters, **self.readout.parameters}

    def run(self, examples: list[Example]) -> Run:
        """Read the sentences, answer after the last word of each."""
        x, lengths = pad([self.vocabulary.one_hot(self.vocabulary.encode(words, end=False)) for words, _ in examples])
        return self.readout.last(self.cell.unroll(x, lengths=lengths))

    def loss(self, examples: list[Example]) -> Tensor:
        """Binary cross-entropy of the answers."""
        run = self.run(examples)
        return run.measure([np.array([[float(plural) for _, plural in examples]])], binary_cross_entropy)


def accuracy(model: Agreement, examples: list[Example]) -> float:
    answers = model.run(examples).outputs[0].value[0] > 0.5
    return float(np.mean(answers == [plural for _, plural in examples]))


def gradient_at_subject(model: Agreement, examples: list[Example]) -> float:
    """The norm of dz_y/dc<2> (a<2> for an RNN) of an example: what a change at the subject does to the answer."""
    run = model.run(examples)
    answer = run.outputs[0].graph.find("z_y")  # before the sigmoid, which flattens every sure answer
    memory = run.states.get("c", run.states["a"])[1]
    return float(np.linalg.norm(grad(answer.sum(), memory)) / np.sqrt(len(examples)))


def plot(distances: list[int], measured: dict[str, list[tuple[float, float]]], path: Path) -> None:
    """Accuracy above, gradient below, both against distance."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: pip install 'autograd-seq[plot]' for matplotlib")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (top, bottom) = pyplot.subplots(2, 1, sharex=True, figsize=(7, 6), layout="constrained")
    for (name, pairs), style in zip(measured.items(), ("o-", "s--", "^:"), strict=True):
        top.plot(distances, [100 * right for right, _ in pairs], style, label=name)
        bottom.semilogy(distances, [max(norm, 1e-18) for _, norm in pairs], style, label=name)
    top.set_ylabel("verbs right, %")
    bottom.set_ylabel("gradient that reaches the subject")
    bottom.set_xlabel("words between subject and verb")
    top.legend()
    content = io.BytesIO()
    figure.savefig(content, format="png")
    print(write(path, content.getbuffer()))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--epochs", type=int, default=2)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    generator = np.random.default_rng(0)
    vocabulary = Vocabulary(["the", "which", *NOUNS, *CLAUSE[:2], *CLAUSE[3:]])
    learned = [sentence(int(generator.integers(2, 31)), generator) for _ in range(2000)]
    distances = [2, 5, 10, 15, 20, 30, 40, 60, 80]
    tests = {distance: [sentence(distance, generator) for _ in range(100)] for distance in distances}
    n = len(vocabulary)
    measured = {}
    for name, cell in (("RNN", RNN(n, 16, seed=0)), ("GRU", GRU(n, 16, seed=0)), ("LSTM", LSTM(n, 16, seed=0))):
        model = Agreement(cell, vocabulary)
        Trainer(model, Adam(0.01), batch_size=32).fit(learned, epochs=given.epochs)
        measured[name] = [(accuracy(model, tests[d]), gradient_at_subject(model, tests[d])) for d in distances]

    print("words between  " + "".join(f"{name:>22s}" for name in measured))
    for i, distance in enumerate(distances):
        cells = (f"{right:8.0%}  ∇ {norm:.1e}" for right, norm in (pairs[i] for pairs in measured.values()))
        print(f"{distance:13d}  " + "".join(f"{cell:>22s}" for cell in cells))
    print(f"\n({given.epochs} epochs for each; ∇ is the gradient of the answer that reaches the subject)")
    plot(distances, measured, given.out / "agreement.png")


if __name__ == "__main__":
    with any_console():
        main()
