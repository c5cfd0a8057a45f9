"""Which words are names? The same cell read forwards only, and in both directions.

"Teddy bears are on sale" and "Teddy Roosevelt was a president" begin with the same word: at t = 1 a
unidirectional network has seen the same, so it must answer the same. A bidirectional one can be right.
``--corpus FILE`` takes sentences of your own, a line each, every name in *stars*: ``*Teddy* *Roosevelt* spoke``.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq import Tensor, binary_cross_entropy
from autograd_seq.commands.console import any_console
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, checked_labels, lines
from autograd_seq.learning.training import Trainer
from cells import GRU, Bidirectional, Readout, Run, pad
from viz import draw

Example = tuple[list[str], list[int]]

# Words that are a name or not, by what comes after them.
EITHER = ["Teddy", "Rose", "Mark", "Grace", "Bill", "Will", "Frank", "May"]
LAST = ["Roosevelt", "Potter", "Granger", "Turing", "Curie", "Noether", "Hopper", "Gauss"]
FIRST = ["Harry", "Hermione", "Ada", "Emmy", "Alan", "Marie"]
DEEDS = ["invented a new spell", "was a great president", "wrote to the king", "slept until noon", "left early today"]
THINGS = ["bears", "petals", "papers", "notes", "coats", "rules"]
STATES = ["are on sale", "were lost again", "cost too much", "lie on the table"]


def made_up() -> list[str]:
    """Sentences with every name in stars."""
    people = [f"*{first}* *{last}* {deed}" for first, last, deed in product(EITHER + FIRST, LAST, DEEDS)]
    pairs = [f"*{a}* *{x}* and *{b}* *{y}* {deed}" for a, x, b, y, deed in
             product(EITHER[:4], LAST[::3], FIRST[:3], LAST[1::3], DEEDS[:2])]  # fmt: skip
    things = [f"{word} {thing} {state}" for word, thing, state in product(EITHER, THINGS, STATES)]
    both = [f"*{a}* *{x}* said {word} {thing} {state}" for a, x, word, thing, state in
            product(FIRST[:2], LAST[:2], EITHER[:4], THINGS[:3], STATES[:2])]  # fmt: skip
    return people + pairs + things * 2 + both


def parsed(sentence: str) -> Example:
    """The words, and 1 for each in stars."""
    words = sentence.split()
    return [word.strip("*.") for word in words], [int(word.startswith("*")) for word in words]


class Recogniser:
    """A cell with a sigmoid at every word."""

    def __init__(self, cell: Any, vocabulary: Vocabulary) -> None:
        self.cell, self.vocabulary = cell, vocabulary
        self.readout = Readout(cell.n_a, 1, "sigmoid", seed=2)
        self.parameters = {**cell.parameters, **self.readout.parameters}

    def run(self, sentences: list[list[str]]) -> Run:
        """Read sentences of any lengths."""
        x, lengths = pad([self.vocabulary.one_hot(self.vocabulary.encode(words, end=False)) for words in sentences])
        return self.readout(self.cell.unroll(x, lengths=lengths))

    def loss(self, examples: list[Example]) -> Tensor:
        """Binary cross-entropy of every word."""
        run = self.run([words for words, _ in examples])
        y, _ = pad([np.array([checked_labels(words, labels)], float) for words, labels in examples])
        return run.measure(y, binary_cross_entropy)

    def probabilities(self, words: list[str]) -> list[float]:
        """That each word of a sentence is a name."""
        return [output.item() for output in self.run([words]).outputs]


def accuracy(model: Recogniser, examples: list[Example]) -> tuple[float, float]:
    """How many words are labelled right, and how many of those that can be either."""
    right, either = [], []
    for words, labels in examples:
        for word, label, p in zip(words, labels, model.probabilities(words), strict=True):
            right.append((p > 0.5) == label)
            if word in EITHER:
                either.append(right[-1])
    return float(np.mean(right)), float(np.mean(either)) if either else float("nan")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, help="sentences of your own, every name in *stars*")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--epochs", type=int, default=6)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    examples = [parsed(s) for s in (lines(given.corpus, given.encoding) if given.corpus else made_up())]
    order = np.random.default_rng(0).permutation(len(examples))
    held_out = [examples[i] for i in order[: len(order) // 5]]
    learned = [examples[i] for i in order[len(order) // 5 :]]
    vocabulary = Vocabulary.build((" ".join(words) for words, _ in examples), end=False)
    print(f"{len(learned)} sentences to learn from, {len(held_out)} held out, {len(vocabulary)} words\n")

    n = len(vocabulary)
    models = {
        "unidirectional": Recogniser(GRU(n, 12, seed=0), vocabulary),
        "bidirectional": Recogniser(Bidirectional(GRU(n, 6, seed=0), GRU(n, 6, seed=1)), vocabulary),
    }
    for name, model in models.items():
        Trainer(model, Adam(0.02), batch_size=32).fit(learned, epochs=given.epochs)
        everywhere, either = accuracy(model, held_out)
        print(f"{name:15s} held out: {everywhere:6.1%} of all words right, {either:6.1%} of those that can be either")

    print()
    for sentence in ("Teddy bears are on sale", "Teddy Roosevelt was a great president"):
        for name, model in models.items():
            words = sentence.split()
            marks = " ".join(f"{w}({p:.2f})" for w, p in zip(words, model.probabilities(words), strict=True))
            print(f"{name:15s} {marks}")

    path = given.out / "names.svg"
    draw(models["bidirectional"].run([["Teddy", "bears", "are", "on", "sale"]]), path)
    print(f"\n{path}")


if __name__ == "__main__":
    with any_console():
        main()
