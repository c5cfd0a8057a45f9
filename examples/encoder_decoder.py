"""Sequence to sequence, T_x ≠ T_y: an encoder reads French, a decoder writes English.

Training is teacher forced: the decoder's input is the right word before. Working, it runs freely: its input is the
word that it wrote itself. Run it from anywhere: ``python examples/encoder_decoder.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import categorical_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import GRU, EncoderDecoder, Readout, gradient_table, pad
from viz import draw

PAIRS = {
    "Jane visite l'Afrique en septembre": "Jane visits Africa in September <EOS>",
    "en septembre Jane dort": "Jane sleeps in September <EOS>",
    "Jane dort": "Jane sleeps <EOS>",
}


def encoded(sentences: list[str]) -> tuple[np.ndarray, list[int], list[str]]:
    """Sentences as one-hot columns (n, m, T), their lengths, and the vocabulary."""
    vocabulary = sorted({word for sentence in sentences for word in sentence.split()})
    one_hot = np.eye(len(vocabulary))
    x, lengths = pad([one_hot[:, [vocabulary.index(word) for word in s.split()]] for s in sentences])
    return x, lengths, vocabulary


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    x, lengths, french = encoded(list(PAIRS))
    y, target_lengths, english = encoded(list(PAIRS.values()))
    n_x, n_y, n_a = len(french), len(english), 8
    model = EncoderDecoder(GRU(n_x, n_a, seed=0), GRU(n_y, n_a, seed=1), Readout(n_a, n_y, seed=2))

    run = model.unroll(x[:, :1], targets=y[:, :1])  # the first pair alone: T_x = 5, T_y = 6
    loss = run.measure(y[:, :1], categorical_cross_entropy)
    print(brief(run.graph))
    loss.backward()
    print("\nWhat each time step gave to each gradient; the decoder's steps follow the encoder's:")
    print(gradient_table(loss, model.parameters, most=beside(33, 9)))
    print(f"\n{brief(prove(loss))}")
    draw(run, out / "encoder_decoder.svg")
    print(out / "encoder_decoder.svg")

    print("\nTeacher forcing on all pairs at once, each of its own length on both sides:")
    for update in range(301):
        run = model.unroll(x, targets=y, lengths=lengths, target_lengths=target_lengths)
        loss = run.measure(y, categorical_cross_entropy, reduction="mean")
        loss.backward()
        for p in model.parameters.values():
            p.value = p.value - 0.3 * p.grad
        if update % 100 == 0:
            print(f"  update {update:3d}: J = {loss.item():.4f}")

    print("\nRunning freely:")
    freely = model.unroll(x, T_y=6, lengths=lengths)
    for i, sentence in enumerate(PAIRS):
        words = [english[output.value[:, i].argmax()] for output in freely.outputs]
        print(f"  {sentence} → {' '.join(words).split(' <EOS>')[0]}")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
