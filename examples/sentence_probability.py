"""How probable is a sentence? A word-level language model tells homophones apart.

A model of a small made-up corpus (``--corpus FILE`` for your own, a sentence a line): words that are rare become
<UNK>, the probability of a sentence is the product of its words' conditional ones, perplexity measures a whole text.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from autograd_seq import Graph
from autograd_seq.commands.console import any_console
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells import LSTM
from cells.language_model import LanguageModel
from viz import draw

PAIRS = [
    ("the apple and pear salad was good", "the apple and pair salad was good"),
    ("cats average fifteen hours of sleep a day", "cats average fifteen ours of sleep a day"),
]


def made_up() -> list[str]:
    """A corpus in which *pear* is a fruit and *pair* means two."""
    fruit = [f"the {a} and {b} {dish} was {how}" for a, b, dish, how in
             product(["apple", "pear", "plum"], ["pear", "apple", "grape"], ["salad", "cake", "juice"],
                     ["good", "sweet", "fresh"]) if a != b]  # fmt: skip
    twos = [f"a pair of {thing} {verb} on the {place}" for thing, verb, place in
            product(["shoes", "gloves", "socks"], ["was", "lay"], ["table", "floor", "chair"])]  # fmt: skip
    sleep = [f"{who} average {n} hours of {rest} a day" for who, n, rest in product(
                 ["cats", "dogs", "students"], ["fifteen", "eight", "nine"], ["sleep", "rest", "play"])]  # fmt: skip
    ours = [f"the {what} on the {place} is ours" for what, place in
            product(["cake", "table", "juice"], ["table", "floor", "chair"])]  # fmt: skip
    return fruit + twos + sleep + ours


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, help="sentences of your own, a line each")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--size", type=int, default=10_000, help="words to know, the most frequent (default 10,000)")
    arguments.add_argument("--epochs", type=int, default=25)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    corpus = list(lines(given.corpus, given.encoding)) if given.corpus else made_up()
    order = np.random.default_rng(0).permutation(len(corpus))
    held_out = [corpus[i] for i in order[: len(corpus) // 10]]
    learned = [corpus[i] for i in order[len(corpus) // 10 :]]
    vocabulary = Vocabulary.build(learned, size=given.size)
    model = LanguageModel(
        LSTM(16, 24, seed=0), len(vocabulary), embedding=True, end=vocabulary.end, seed=1
    )
    train = [vocabulary.encode(sentence) for sentence in learned]
    test = [vocabulary.encode(sentence) for sentence in held_out]
    print(f"{len(train)} sentences, {len(vocabulary)} words, <UNK> and <EOS> among them")
    print(f"perplexity before training: {model.perplexity(test):6.1f}  (a model that knows nothing: {len(vocabulary)})")
    Trainer(model, Adam(0.01), batch_size=16).fit(train, epochs=given.epochs)
    print(f"perplexity on held-out sentences: {model.perplexity(test):.2f}\n")

    for pair in PAIRS:
        scores = [model.log_probability(vocabulary.encode(sentence)) for sentence in pair]
        for sentence, score in zip(pair, scores, strict=True):
            print(f"log P = {score:8.2f}   {sentence}")
        print(f"the first is {np.exp(scores[0] - scores[1]):.3g} times as probable\n")

    sentence = "cats average fifteen hours of dreaming a day"
    indices = vocabulary.encode(sentence)
    each = zip(vocabulary.decode(indices), model.token_probabilities(indices), strict=True)
    print("word by word:", " ".join(f"{word}({p:.3f})" for word, p in each))
    generator = np.random.default_rng(0)
    print("sampled:", "; ".join(vocabulary.text(model.sample(generator, 12)) for _ in range(4)))

    path = given.out / "sentence_probability.svg"
    draw(Graph(model.loss([vocabulary.encode("cats average fifteen")])), path)
    print(path)


if __name__ == "__main__":
    with any_console():
        main()
