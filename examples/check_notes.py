"""Every formula of five students' notes on recurrent networks, proven or refuted, with the correction.

Nothing is known in advance: notes.toml holds what the notes print, and each verdict is
computed from a recorded step of the cell that the formula is about.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq import Tensor, binary_cross_entropy, check_formula, concatenate, name, tanh
from autograd_seq.commands.console import any_console, print_json
from autograd_seq.storage.files import write
from cells import GRU, LSTM, RNN, Readout

NOTES = Path(__file__).with_name("notes.toml")
N_X, N_A, N_Y = 3, 2, 3  # all a proof needs: small, and n_x is not n_a


def subjects() -> dict[str, Any]:
    """What the formulas are about: cells, readouts, and recorded losses."""
    sigmoid_readout = Readout(N_A, N_Y, activation="sigmoid")
    return {
        "rnn": RNN(N_X, N_A),
        "stacked rnn": RNN(N_X, N_A, stacked=True),
        "two stackings": stacking(),
        "simplified gru": GRU(N_X, N_A, full=False),
        "gru": GRU(N_X, N_A),
        "lstm": LSTM(N_X, N_A),
        "softmax readout": Readout(N_A, N_Y),
        "sigmoid readout": sigmoid_readout,
        "bidirectional readout": bidirectional(),
        "loss": loss(),
        "total loss": total_loss(),
        "tanh": name(tanh(Tensor([[0.5, -1.0]], "x")), "y"),
    }


def stacking() -> Tensor:
    """W_a stacked from its two parts."""
    rng = np.random.default_rng(0)
    parts = [Tensor(rng.standard_normal(s), n) for n, s in (("Waa", (N_A, N_A)), ("Wax", (N_A, N_X)))]
    return name(concatenate(parts, axis=1), "Wa")


def bidirectional() -> Tensor:
    """A readout that sees the states of both directions."""
    rng = np.random.default_rng(1)
    states = [Tensor(rng.standard_normal((N_A, 2)), n) for n in ("a_forward", "a_backward")]
    return Readout(2 * N_A, N_Y, seed=2).step(concatenate(states))


def loss() -> Tensor:
    """The loss of one time step."""
    prediction, target = Tensor([[0.25, 0.5], [0.125, 0.75]], "y_hat"), Tensor([[1.0, 0.0], [0.0, 1.0]], "y")
    return name(binary_cross_entropy(prediction, target), "L")


def total_loss() -> Tensor:
    """The sum over three time steps."""
    steps = [Tensor(0.25 * t, f"L_{t}") for t in (1, 2, 3)]
    return name(steps[0] + steps[1] + steps[2], "J")


def verdict(entry: dict[str, Any], about: Any) -> Any:
    """The report on one entry of notes.toml."""
    formula = entry["formula"]
    for old, new in entry.get("names", {}).items():
        formula = re.sub(rf"(?<!\w){old}(?!\w)", new, formula)
    return check_formula(formula, about, reading=entry.get("reading", "adjoint"))


def count_labels(entry: dict[str, Any]) -> str:
    """Whether there is a label for each word."""
    words, labels = len(entry["sentence"].split()), len(entry["labels"])
    if words == labels:
        return f"{words} words, {labels} labels"
    return f"refuted: {words} words, but {labels} labels"


def main() -> None:
    """Print the verdict for every formula."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", help="write the verdicts to DIR/notes.json too", metavar="DIR")
    options = parser.parse_args()
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    about = subjects()
    reports = [(entry, verdict(entry, about[entry["subject"]])) for entry in notes["formula"]]
    formulas = [{"file": e["file"], "printed": e["printed"], **r.to_json()} for e, r in reports]
    data = {"format": 1, "formulas": formulas}
    if options.out:
        Path(options.out).mkdir(parents=True, exist_ok=True)
        write(Path(options.out, "notes.json"), json.dumps(data, ensure_ascii=False, indent=1))
    if options.json:
        print_json(data)
        return
    file = None
    for entry, report in reports:
        if entry["file"] != file:
            file = entry["file"]
            print(f"\n== {file}\n")
        print(f"printed  {entry['printed']}")
        if "transcribed" in entry:
            print(f"read as  {entry['transcribed']}")
        print(f"{report}\n")
    for entry in notes.get("labels", []):
        print(f"{entry['file']}: {entry['printed']}\n{count_labels(entry)}\n")
    counts = Counter(report.status for _, report in reports)
    print(f"{len(reports)} formulas: " + ", ".join(f"{n} {status}" for status, n in counts.most_common()))


if __name__ == "__main__":
    with any_console():
        main()
