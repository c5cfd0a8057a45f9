"""A character language model that learns the names of Chinese cities and invents new ones.

``python examples/places.py`` trains on the names beside this file; ``--corpus FILE`` takes any other list, a line
each, in Chinese or not. Characters need no other package; to learn from words, ``--level word``, Chinese text is cut
by jieba: ``pip install 'autograd-seq[chinese]'``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import Graph, ValueRangeError
from autograd_seq.commands.console import any_console, say
from autograd_seq.learning.clipping import clip_by_global_norm
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from cells import GRU
from cells.language_model import LanguageModel
from viz import draw
from viz.units import paint, values_over_time

PLACES = Path(__file__).parent / "data" / "places_zh.txt"


def invent(model: LanguageModel, vocabulary: Vocabulary, count: int, seed: int, **settings: float) -> list[str]:
    """New lines."""
    generator = np.random.default_rng(seed)
    return [vocabulary.text(model.sample(generator, 40, **settings)) for _ in range(count)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, default=PLACES, help="a text file, a sequence on each line")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--level", choices=("word", "character"), default="character", help="default: character")
    arguments.add_argument("--epochs", type=int, default=20, help="how often each line is used (default 20)")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    texts = list(lines(given.corpus, given.encoding))
    if not texts:
        raise ValueRangeError(f"{given.corpus} is empty: it needs a sequence on each line")
    vocabulary = Vocabulary.build(texts, level=given.level, unknown=False)
    sequences = [vocabulary.encode(text) for text in texts]
    say(f"{len(sequences)} lines, {len(vocabulary)} different tokens, <EOS> among them")
    model = LanguageModel(GRU(len(vocabulary), 40, seed=0), len(vocabulary), end=vocabulary.end, seed=1)
    trainer = Trainer(
        model, Adam(0.01), clip=lambda g: clip_by_global_norm(g, 5.0), batch_size=32, seed=0, compiled=True
    )
    for epoch in sorted({0, *range(0, given.epochs, max(1, given.epochs // 4)), given.epochs}):
        trainer.fit(sequences, epochs=epoch)
        if epoch:
            say(f"after {epoch} epochs, mean loss of a line over the last one: {trainer.history.epochs[-1]:.2f}")
        print("  ", " ".join(invent(model, vocabulary, 5, seed=epoch)))
    new = [text for text in invent(model, vocabulary, 20, seed=7, temperature=0.8) if text not in texts]
    say(f"invented, and not in the list: {' '.join(new)}")

    longest = max(sequences, key=len)
    values = values_over_time(model.run([longest]), "a")
    lively = np.argsort(-values.std(axis=1))[:6]  # the units that change most while the line is read
    for suffix in (".svg", ".html"):
        path = given.out / f"places_units{suffix}"
        paint(vocabulary.decode(longest), values[lively], path, [f"a {i + 1}" for i in lively])
        say(f"what single units do while a line is read: {path}")
    path = given.out / "places.svg"
    draw(Graph(model.loss([min(sequences, key=len)])), path)
    say(f"the model reading a line: {path}")


if __name__ == "__main__":
    with any_console():
        main()
