"""Write the derivation of every cell of the project into this folder: ``python docs/derivations/make.py``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograd_seq import derive, prove
from autograd_seq.storage.files import write
from cells import GRU, LSTM, RNN, Bidirectional, Deep
from viz import draw

# Lengths that differ, so that no shape in a formula can be mistaken for another.
CELLS = {
    "rnn": ("RNN", lambda: RNN(3, 4, seed=0)),
    "gru": ("GRU", lambda: GRU(3, 4, seed=0)),
    "gru_simplified": ("Simplified GRU", lambda: GRU(3, 4, full=False, seed=0)),
    "gru_reset_after": ("GRU, reset after the product", lambda: GRU(3, 4, reset_after=True, seed=0)),
    "lstm": ("LSTM", lambda: LSTM(3, 4, seed=0)),
    "lstm_peephole": ("Peephole LSTM", lambda: LSTM(3, 4, peephole="diagonal", seed=0)),
    "lstm_peephole_full": ("Peephole LSTM with full matrices", lambda: LSTM(3, 4, peephole="full", seed=0)),
    "bidirectional_rnn": ("Bidirectional RNN", lambda: Bidirectional(RNN(3, 4, seed=0), RNN(3, 5, seed=1))),
    "deep_rnn": ("Deep RNN", lambda: Deep([RNN(3, 4, seed=0), RNN(4, 5, seed=1)])),
}


def main(arguments: list[str] | None = None) -> int:
    """Write one Markdown document, with its picture, for each cell, and a list of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    parser.add_argument("--html", action="store_true", help="write HTML pages instead of Markdown")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    ending = ".html" if options.html else ".md"
    lines = ["# Derivations", "", "One for each cell, made by `python docs/derivations/make.py`.", ""]
    for name, (title, make) in CELLS.items():
        document = derive(make(), title=title, picture=draw, proof=prove)
        path = document.save(options.out / f"{name}{ending}")
        proven = sum(claim.status == "proven" for claim in document.claims)
        lines.append(f"- [{title}]({path.name}): {proven} of {len(document.claims)} gradients proven")
        print(f"{path.name}: {len(document.equations)} equations, {proven} of {len(document.claims)} gradients proven")
    write(options.out / "README.md", "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
