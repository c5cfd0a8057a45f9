"""Every formula of five students' notes on recurrent networks, proven or refuted, with the correction.

Nothing is known in advance: notes.toml holds what the notes print, and each verdict is
computed from a recorded step of the cell that the formula is about. Where a formula is read
as anything else than what is printed, every output says so. Shapes, equalities and counts
are checked too, on the networks that they are about.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq import (
    Tensor,
    binary_cross_entropy,
    categorical_cross_entropy,
    check_formula,
    concatenate,
    name,
    softmax,
    tanh,
)
from autograd_seq.commands.console import any_console, print_json
from autograd_seq.learning.text import Vocabulary
from autograd_seq.storage.files import write
from cells import GRU, LSTM, RNN, Readout
from cells.language_model import LanguageModel

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
        "loss of a softmax": loss_of_a_softmax(),
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


def loss_of_a_softmax() -> Tensor:
    """The loss of one time step with several classes: one number for each example."""
    z = np.random.default_rng(3).standard_normal((N_Y, 2))
    y_hat = name(softmax(Tensor(z, "z_y")), "y_hat")
    return name(categorical_cross_entropy(y_hat, Tensor(np.eye(N_Y)[:, :2], "y")), "L")


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


# -- facts: what is claimed, and what is so --------------------------------------------------------------

Found = tuple[bool, str]
SENTENCE = ["Harry", "Potter", "and", "Hermione", "Granger", "invented", "a", "new", "spell."]
LABELS = [1, 1, 0, 1, 1, 0, 0, 0]  # as they are printed
CATS, AVERAGE, END = 0, 1, 4  # words of a vocabulary of five
SIZES = {"n_x": 5, "n_a": 4, "n_y": 6, "m": 7}


def shape(entry: dict[str, Any]) -> Found:
    """The shape of a parameter, or of a column, in a cell of the size that the note speaks of."""
    by_letters = set(entry["shape"]) <= set(SIZES)
    n_x, n_a, m = (SIZES[k] for k in ("n_x", "n_a", "m")) if by_letters else (10000, 100, 1)
    plain, stacked = RNN(n_x, n_a, seed=0), RNN(n_x, n_a, stacked=True, seed=0)
    x, a = np.zeros((n_x, m)), np.zeros((n_a, m))
    arrays = {
        **{k: p.value for cell in (plain, stacked) for k, p in cell.parameters.items()},
        "Wya": Readout(n_a, SIZES["n_y"]).parameters["Wya"].value,
        "[a; x]": np.concatenate([a, x]), "x": x, "a": plain.step(x, {"a": a})["a"].value,
        "one-hot": Vocabulary([f"word {i}" for i in range(10000)]).one_hot([0]),
    }  # fmt: skip
    wanted = tuple(SIZES[n] if by_letters else n for n in entry["shape"])
    found = arrays[entry["of"]].shape
    return found == wanted, f"its shape is {found}"


def model() -> LanguageModel:
    """A language model of five words."""
    return LanguageModel(RNN(5, 4, seed=0), size=5, end=END, seed=1)


def words(entry: dict[str, Any]) -> Found:
    """How many words the sentence has."""
    return len(SENTENCE) == entry["words"], f"it has {len(SENTENCE)} words"


def labels(entry: dict[str, Any]) -> Found:
    """How many labels are printed."""
    return len(LABELS) == entry["labels"], f"{len(LABELS)} labels are printed, for {len(SENTENCE)} words"


def word(entry: dict[str, Any]) -> Found:
    """Which word stands in a place."""
    found = SENTENCE[entry["place"] - 1]
    return found == entry["word"], f"word {entry['place']} is {found!r}"


def gate(entry: dict[str, Any]) -> Found:
    """Between which numbers the forget gate lies."""
    x, a = np.random.default_rng(0).standard_normal((2, 4, 50))
    state = LSTM(4, 4, seed=0).step(10 * x, {"a": a, "c": a})
    values = next(r for r in state["a"].graph if r.name == "Gamma_f").value
    return bool(values.min() > 0 and values.max() < 1), f"it lies between {values.min():.3g} and {values.max():.3g}"


def zero_start(entry: dict[str, Any]) -> Found:
    """What a language model begins with."""
    run = model().run([[CATS, AVERAGE, END]])
    first = {r.name: r.value for r in run.outputs[0].graph if r.name in ("x", "a") and r.operation is None}
    return all(not np.any(v) for v in first.values()), f"{' and '.join(sorted(first))} of the first step are zero"


def teacher_forcing(entry: dict[str, Any]) -> Found:
    """What is fed at the second step when a model learns."""
    x, y = model().arrays([[CATS, AVERAGE, END]])
    return bool(np.array_equal(x[:, :, 1], y[:, :, 0])), "in the second step the input is the first target"


def conditional() -> float:
    """p(average | cats), as a ratio of probabilities of sentences."""
    both, one = model().probability([CATS, AVERAGE]), model().probability([CATS])
    return both / one


def whole_prediction(entry: dict[str, Any]) -> Found:
    """Whether the second prediction is one probability."""
    found = model().run([[CATS, AVERAGE, END]]).outputs[1].value
    return found.size == 1, f"y_hat<2> has {found.size} elements, one for each word; p(average | cats) is one number"


def one_element(entry: dict[str, Any]) -> Found:
    """Whether its element for a word is the conditional probability."""
    found = float(model().run([[CATS, AVERAGE, END]]).outputs[1].value[AVERAGE, 0])
    return bool(np.isclose(found, conditional(), rtol=1e-12)), f"{found:.12g} and {conditional():.12g}"


def product(entry: dict[str, Any]) -> Found:
    """Whether the probability of a sentence is the product over its words."""
    parts = model().token_probabilities([CATS, AVERAGE])
    whole = model().probability([CATS, AVERAGE])
    return bool(np.isclose(np.prod(parts), whole, rtol=1e-12)), f"{np.prod(parts):.12g} and {whole:.12g}"


def fed_back() -> tuple[Any, Any, int]:
    """The first prediction when a model writes, the next input, and the word that was drawn."""
    drawn = int(model().sample(seed=3, length=1)[0])
    run = model().run([[drawn, END]])
    given = next(r.value for r in run.outputs[1].graph if r.name == "x" and r.scope.time == 2)
    return run.outputs[0].value, given, drawn


def probabilities_fed_back(entry: dict[str, Any]) -> Found:
    """Whether the next input is the prediction itself."""
    y_hat, x, _ = fed_back()
    return bool(np.allclose(x, y_hat)), f"y_hat<1> is {np.round(y_hat.ravel(), 3)}, but x<2> is {x.ravel()}"


def word_fed_back(entry: dict[str, Any]) -> Found:
    """Whether the next input is the one-hot vector of the word that was drawn."""
    _, x, drawn = fed_back()
    return bool(np.array_equal(x.ravel(), np.eye(5)[drawn])), f"word {drawn} was drawn, and x<2> is {x.ravel()}"


FACTS: dict[str, Callable[[dict[str, Any]], Found]] = {
    "shape": shape, "words": words, "labels counted": labels, "word": word, "gate": gate, "zero start": zero_start,
    "teacher forcing": teacher_forcing, "whole prediction": whole_prediction, "one element": one_element,
    "product": product, "probabilities fed back": probabilities_fed_back, "word fed back": word_fed_back,
}  # fmt: skip


def fact(entry: dict[str, Any]) -> dict[str, Any]:
    """The verdict on one fact, as plain data."""
    holds, reason = FACTS[entry["fact"]](entry)
    return {**marked(entry), "claim": entry["claim"], "status": "checked" if holds else "refuted", "reason": reason}


# -- the output -------------------------------------------------------------------------------------------


def marked(entry: dict[str, Any]) -> dict[str, Any]:
    """Where an entry comes from, and how it is read if not as it is printed."""
    return {
        "file": entry["file"], "printed": entry["printed"], "transcribed": entry.get("transcribed"),
        "names": entry.get("names", {}),
    }  # fmt: skip


def show(data: dict[str, Any], verdict: str) -> None:
    """Print what a note prints, how it is read, and the verdict."""
    print(f"printed  {data['printed']}")
    if data["transcribed"]:
        print(f"read as  {data['transcribed']}")
    if data["names"]:
        print(f"with     {', '.join(f'{old} = {new}' for old, new in data['names'].items())}")
    print(f"{verdict}\n")


def counted(statuses: list[str]) -> str:
    """How many have each status."""
    return ", ".join(f"{n} {status}" for status, n in Counter(statuses).most_common())


def main() -> None:
    """Print the verdict for every formula."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", help="write the verdicts to DIR/notes.json too", metavar="DIR")
    parser.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    options = parser.parse_args()
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    about = subjects()
    reports = [(marked(entry), verdict(entry, about[entry["subject"]])) for entry in notes["formula"]]
    facts = [fact(entry) for entry in notes["fact"]]
    counts = [{**marked(entry), "verdict": count_labels(entry)} for entry in notes["labels"]]
    data = {"format": 1, "formulas": [{**e, **r.to_json()} for e, r in reports], "facts": facts, "labels": counts}
    if options.out:
        Path(options.out).mkdir(parents=True, exist_ok=True)
        write(Path(options.out, "notes.json"), json.dumps(data, ensure_ascii=False, indent=1))
    if options.json:
        print_json(data)
        return
    said = [(entry, report.status, str(report)) for entry, report in reports]
    said += [(fact, fact["status"], f"{fact['status']}: {fact['claim']}\n  {fact['reason']}") for fact in facts]
    for file in sorted({entry["file"] for entry, _, _ in said}):
        of_file = [(entry, status, words) for entry, status, words in said if entry["file"] == file]
        shown = [item for item in of_file if options.full or item[1] not in ("proven", "checked")]
        print(f"\n== {file}: " + counted([status for _, status, _ in of_file]) + "\n")
        for entry, _, words in shown:
            show(entry, words)
    if not options.full:
        print("What is proven or checked is only counted here; --full prints it.\n")
    for entry in counts:
        print(f"{entry['file']}: {entry['printed']}\n{entry['verdict']}\n")
    for what, statuses in (("formulas", [r.status for _, r in reports]), ("facts", [f["status"] for f in facts])):
        print(f"{len(statuses)} {what}: {counted(statuses)}")


if __name__ == "__main__":
    with any_console():
        main()
