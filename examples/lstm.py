"""An LSTM over real words, as a language model: which word comes next? The memory c runs straight through.

c<t> = Γ_f ∘ c<t-1> + Γ_u ∘ c̃<t>, a<t> = Γ_o ∘ tanh(c<t>); ŷ<t> = softmax(Wya a<t> + by); each word is the target of
the one before. Run it from anywhere: ``python examples/lstm.py [--out DIR]``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autograd_seq import categorical_cross_entropy, prove
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from cells import LSTM, Readout, gradient_flow, gradient_table
from viz import draw

SENTENCE = ["cats", "average", "fifteen", "hours", "of", "sleep", "a", "day", "<EOS>"]


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = sorted(set(SENTENCE))
    y = np.eye(len(vocabulary))[:, [[vocabulary.index(word) for word in SENTENCE]]]  # (n_y, m = 1, T)
    x = np.concatenate([np.zeros_like(y[:, :, :1]), y[:, :, :-1]], axis=2)  # x<1> = 0, x<t> = y<t-1>

    cell = LSTM(n_x=len(vocabulary), n_a=4, seed=0)
    readout = Readout(n_a=4, n_y=len(vocabulary), seed=1)
    run = readout(cell.unroll(x))
    loss = run.measure(y, categorical_cross_entropy)
    print(brief(run.graph))

    loss.backward()
    print("\nWhat each time step gave to each gradient:")
    print(gradient_table(loss, {**cell.parameters, **readout.parameters}, most=beside(33, 9)))

    print("\nHow far back the last loss reaches:")
    for state in "ac":
        print(f"  ‖∂L<9>/∂{state}<t>‖:", "  ".join(f"{norm:.4f}" for norm in gradient_flow(run, wrt=state)[-1]))
    print("  The gates, step by step (means over the components):")
    for gate in ("Gamma_f", "Gamma_u", "Gamma_o"):
        means = [run.graph.find(gate, time=t).value.mean() for t in run.times]
        print(f"  {gate}:", "  ".join(f"{mean:.2f}" for mean in means))

    print(f"\n{brief(prove(loss))}")
    for view in ("unrolled", "cell", "overlay"):
        draw(loss if view == "overlay" else run, out / f"lstm_{view}.svg", view=view)
        print(out / f"lstm_{view}.svg")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
