"""Many to one: a whole sentence in, one judgement out, from the last state alone.

Trained on a small set of labelled sentences made up here; ``--corpus FILE`` takes your own, a line each, beginning
with + or - and a space.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from autograd_seq import Tensor, binary_cross_entropy
from autograd_seq.commands.console import any_console
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells import LSTM, Readout, Run, pad
from viz import draw

GOOD = ["great", "lovely", "moving", "funny", "bright"]
BAD = ["dull", "awful", "boring", "sad", "cheap"]
THINGS = ["film", "play", "book", "song"]


def made_up() -> list[str]:
    """Sentences in which *not* and *but* turn the judgement round."""
    made = []
    for sign, words, others in (("+", GOOD, BAD), ("-", BAD, GOOD)):
        made += [f"{sign} the {thing} was {how} {word}" for thing, how, word in
                 product(THINGS, ["very", "really", "quite"], words)]  # fmt: skip
        made += [f"{sign} the {thing} was not {word}" for thing, word in product(THINGS, others)]
        made += [f"{sign} the {thing} looked {b} but it was {a}" for thing, a, b in product(THINGS, words, others)]
    return made


class Judge:
    """An LSTM whose last state is read out once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.cell = LSTM(len(vocabulary), 12, seed=0)
        self.readout = Readout(12, 1, "sigmoid", seed=1)
        self.parameters = {**self.cell.parameters, **self.readout.parameters}

    def run(self, sentences: list[str]) -> Run:
        """Read the sentences, judge after the last word of each."""
        x, lengths = pad([self.vocabulary.one_hot(self.vocabulary.encode(s, end=False)) for s in sentences])
        return self.readout.last(self.cell.unroll(x, lengths=lengths))

    def loss(self, examples: list[str]) -> Tensor:
        """Binary cross-entropy of the judgements."""
        run = self.run([e[2:] for e in examples])
        return run.measure([np.array([[float(e[0] == "+") for e in examples]])], binary_cross_entropy)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, help="sentences of your own, each after '+ ' or '- '")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--epochs", type=int, default=12)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    examples = list(lines(given.corpus, given.encoding)) if given.corpus else made_up()
    order = np.random.default_rng(0).permutation(len(examples))
    held_out = [examples[i] for i in order[: len(order) // 5]]
    learned = [examples[i] for i in order[len(order) // 5 :]]
    vocabulary = Vocabulary.build((e[2:] for e in examples), end=False)
    model = Judge(vocabulary)
    history = Trainer(model, Adam(0.02), batch_size=16).fit(learned, epochs=given.epochs)
    first, last = history.epochs[0], history.epochs[-1]
    print(f"{len(learned)} sentences, mean loss of a sentence over an epoch {first:.3f} → {last:.3f}")

    right = [(model.run([e[2:]]).outputs[0].item() > 0.5) == (e[0] == "+") for e in held_out]
    print(f"held out: {np.mean(right):.1%} of {len(held_out)} right\n")
    for sentence in ("the film was not dull", "the book looked lovely but it was boring", "the song was very bright"):
        print(f"{model.run([sentence]).outputs[0].item():.3f}  {sentence}")

    path = given.out / "sentiment.svg"
    draw(model.run(["the film was not dull"]), path)
    print(f"\n{path}")


if __name__ == "__main__":
    with any_console():
        main()
