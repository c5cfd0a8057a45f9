"""A GRU over real words: was or were? The verb agrees with a subject far to its left, so the memory must keep it.

Γ_u decides between the old memory and a candidate: c<t> = Γ_u ∘ c̃<t> + (1 - Γ_u) ∘ c<t-1>, a<t> = c<t>. The full
unit adds a relevance gate Γ_r; ``reset_after=True`` is the variant that PyTorch computes.
Run it from anywhere: ``python examples/gru.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import categorical_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import GRU, Readout, gradient_flow, gradient_table, many_to_one
from viz import draw

SENTENCES = ["The cat which already ate", "The cats which already ate"]
VERBS = ["was", "were"]


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    words = [sentence.split() for sentence in SENTENCES]
    vocabulary = sorted({word for sentence in words for word in sentence})
    x = np.eye(len(vocabulary))[:, [[vocabulary.index(word) for word in sentence] for sentence in words]]  # (n_x, 2, 5)
    y = np.eye(2)  # the first sentence wants "was", the second "were"

    kinds = {"gru_simplified": {"full": False}, "gru": {}, "gru_reset_after": {"reset_after": True}}
    for name, options in kinds.items():
        cell = GRU(len(vocabulary), 3, seed=0, **options)
        readout = Readout(3, len(VERBS), seed=1)
        run = many_to_one(cell, readout, x)
        loss = run.measure([y], categorical_cross_entropy)
        print(f"\n=== {name}: {', '.join(cell.parameters)}; J = {loss.item():.4f} ===\n")
        if name == "gru":
            print(brief(run.graph))
        loss.backward()
        print(gradient_table(loss, {**cell.parameters, **readout.parameters}, most=beside(33, 9)))
        print("‖∂L/∂c<t>‖:", "  ".join(f"{norm:.4f}" for norm in gradient_flow(run, wrt="c")[-1]))
        print(brief(prove(loss)))
        draw(run, out / f"{name}.svg")
        draw(run, out / f"{name}_cell.svg", view="cell")
        print(out / f"{name}.svg")

    print("\nPlain gradient descent, until the memory keeps whether it was one cat or several:")
    for update in range(201):
        loss = many_to_one(cell, readout, x).measure([y], categorical_cross_entropy)
        loss.backward()
        for p in [*cell.parameters.values(), *readout.parameters.values()]:
            p.value = p.value - 0.3 * p.grad
        if update % 50 == 0:
            print(f"  update {update:3d}: J = {loss.item():.4f}")
    for sentence, p in zip(SENTENCES, many_to_one(cell, readout, x).outputs[0].value.T, strict=True):
        print(f"  {sentence} … {VERBS[p.argmax()]} full  ({p.max():.3f})")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
