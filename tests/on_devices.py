"""What tests have a process do that has several devices, or is one of several processes; it prints JSON.

``python on_devices.py WHAT WORD … [--join HOST:PORT PROCESSES NUMBER]``
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import jax
import numpy as np

import autograd_seq.numpy as anp
from autograd_seq import (
    Parameter,
    Tensor,
    accumulate,
    categorical_cross_entropy,
    compile,
    mean,
    operation,
    sigmoid,
    softmax,
    sqrt,
    sum,
    tanh,
)
from autograd_seq.core.errors import UsageError
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.training import Trainer
from cells import GRU, LSTM, Readout
from cells.language_model import LanguageModel

SIZES = ((8, 5), (3, 4))  # numbers of examples that devices divide and that they do not


def of_cell(kind: Any) -> tuple[Any, dict[str, Parameter]]:
    cell, readout = kind(4, 5, seed=0), Readout(5, 3, seed=1)

    def total(x: Any, y: Any) -> Any:
        outputs = readout(cell.unroll(x)).outputs
        return accumulate([categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(outputs)])

    return total, {**cell.parameters, **readout.parameters}


def own_cell() -> tuple[Any, dict[str, Parameter]]:
    """A memory that leaks at a rate of its own for each example, and what it holds at the end as the answer."""
    rng = np.random.default_rng(2)
    shapes = {"W": (3, 3), "U": (3, 4), "R": (3, 4), "b": (3, 1)}
    p = {key: Parameter(0.5 * rng.standard_normal(shape), key) for key, shape in shapes.items()}

    def total(x: Any, y: Any) -> Any:
        h = anp.zeros((3, x.shape[1]))
        for t in range(x.shape[2]):
            rate = sigmoid(p["R"] @ x[:, :, t])
            h = rate * h + (1 - rate) * tanh(p["W"] @ h + p["U"] @ x[:, :, t] + p["b"])
        return sum((h - y[:, :, -1]) ** 2)

    return total, p


def across_examples() -> tuple[Any, dict[str, Parameter]]:
    """States that are normalised over the examples, and a softmax over them."""
    rng = np.random.default_rng(5)
    p = {key: Parameter(0.5 * rng.standard_normal(shape), key) for key, shape in {"W": (3, 3), "U": (3, 4)}.items()}

    def total(x: Any, y: Any) -> Any:
        h, losses = anp.zeros((3, x.shape[1])), []
        for t in range(x.shape[2]):
            z = p["W"] @ h + p["U"] @ x[:, :, t]
            z = z - mean(z, axis=1, keepdims=True)
            h = tanh(z / sqrt(mean(z * z, axis=1, keepdims=True) + 0.1))
            losses.append(sum(softmax(h, axis=1) * y[:, :, t]))
        return accumulate(losses)

    return total, p


CELLS = {"lstm": lambda: of_cell(LSTM), "gru": lambda: of_cell(GRU), "own": own_cell, "across": across_examples}


def data(m: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(m)
    return rng.standard_normal((4, m, T)), np.eye(3)[:, rng.integers(3, size=(m, T))]


def apart(one: Any, other: Any) -> float:
    """How far loss and gradients are from each other, as a part of the greatest of each."""
    pairs = [(one[0], other[0]), *((one[1][key], other[1][key]) for key in one[1])]
    arrays = [(np.asarray(a), np.asarray(b)) for a, b in pairs]
    return max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-300)) for a, b in arrays)


def gradients(name: str, how: str, *counts: str) -> Any:
    """Differences from one device and from the recording, for so many devices."""
    total, parameters = CELLS[name]()

    def loss(x: Any, y: Any) -> Any:
        return total(x, y) / (x.shape[1] if how == "mean" else 1)

    found: dict[str, Any] = {}
    one = compile(loss, parameters, engine="jax")
    for count in counts:
        many = compile(loss, parameters, engine="jax", devices=count if count == "all" else int(count))
        found[count] = {"apart": []}
        for m, T in SIZES:
            result, alone = many(*data(m, T)), one(*data(m, T))
            loss(*map(Tensor, data(m, T))).backward()
            recorded = alone[0], {key: p.grad for key, p in parameters.items()}
            found[count]["apart"] += [apart(alone, result), apart(recorded, result)]
        found[count]["said"] = [line for line in many.explain().splitlines() if "device" in line]
        found[count]["text"] = many.source
        found[count]["lies"] = [len(g.sharding.device_set) for g in result[1].values() if g.is_fully_replicated]
    return found


def collectives() -> Any:
    """What the devices tell each other in a call; how much one of them computes, and one alone."""
    total, parameters = of_cell(LSTM)
    plan = compile(lambda x, y: mean(total(x, y)), parameters, engine="jax", devices="all")
    plan(*data(8, 5))
    program: dict[str, Any] = {}
    exec(plan.source, program)  # as anybody can who has copied it
    arguments = plan._latest.arguments(list(data(8, 5)), {})
    text = program["over"](jax.devices()).lower(*arguments).compile().as_text()
    words = ("all-gather", "all-to-all", "collective-permute", "all-reduce")
    return {"share": "f64[5,2]" in text and "f64[5,8]" not in text, **{word: text.count(f" {word}(") for word in words}}


def training(folder: str) -> Any:
    """Losses of two epochs and what was learned: recorded, on one device, and on all, where it is stopped between."""
    rng = np.random.default_rng(3)
    examples = [rng.integers(5, size=n) for n in (3, 5, 4, 2, 6, 4, 3, 5, 2, 4, 5, 3, 4)]  # the last batch has one
    path, losses, learned = Path(folder) / "model.npz", {}, {}
    for how, asked in {"recorded": {}, "one": {"engine": "jax"}, "all": {"engine": "jax", "devices": "all"}}.items():
        for epochs in (1, 2):
            model = LanguageModel(LSTM(5, 4, seed=0), 5, seed=1)
            saved = path if how == "all" else None
            if how == "all" or epochs == 2:
                trainer = Trainer(model, Adam(0.05), batch_size=6, seed=4, save_to=saved, **asked)
                trainer.fit(examples, epochs=epochs)
        losses[how] = trainer.history.losses
        learned[how] = 0.0, {key: p.value for key, p in model.parameters.items()}
    return {"losses": losses, "apart": [apart(learned["recorded"], learned[how]) for how in ("one", "all")]}


def refused() -> Any:
    """What is said of what cannot be."""
    total, parameters = own_cell()
    first, said = jax.devices()[0], {}
    bad = {
        "none": 0, "text": "both", "true": True, "half": 1.5, "many": 100,
        "empty": [], "strange": [0], "twice": [first, first],
    }  # fmt: skip
    for name, asked in bad.items():
        said[name] = _said(lambda: compile(total, parameters, engine="jax", devices=asked))
    total = of_cell(LSTM)[0]
    x, y = data(4, 3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plan = compile(total(Tensor(x), Tensor(y)), engine="jax", devices="all")
        said["recording"] = [str(warning.message) for warning in caught], float(plan()[0]), total(x, y).item()
    said["both"] = _said(lambda: compile(total, parameters, engine="jax", devices=[first], device="cpu"))
    said["numpy"] = _said(lambda: compile(total, parameters, devices=2))
    return said


def lacking() -> Any:
    """What is said of an operation without words in JAX, and what NumPy makes of it where it may."""

    @operation(vjp=[lambda g, y, x: g * 3 * x * x])
    def cubed(x: Any, /) -> Any:
        return x**3

    U = Parameter([[0.5, -1.0, 0.2, 0.1]], "U")

    def loss(x: Any) -> Any:
        return sum(cubed(U @ x))

    x = np.arange(12.0).reshape(4, 3)
    said = _said(lambda: compile(loss, {"U": U}, engine="jax", devices="all")(x))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = compile(loss, {"U": U}, engine="jax", devices="all", otherwise="numpy")(x)
    loss(Tensor(x)).backward()
    right = result[0], {"U": U.grad}
    return {"said": said, "warned": [str(w.message) for w in caught], "apart": apart(result, right)}


def page(path: str) -> Any:
    """The blocks of a page about engines, one after the other; what the last plan says, and what its step gives."""
    rng = np.random.default_rng(0)
    W, U = Parameter(rng.standard_normal((2, 2)) / 2, "W"), Parameter(rng.standard_normal((2, 1)) / 2, "U")

    def loss(x: Any) -> Any:
        h = np.zeros((2, x.shape[1]))
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t])
        return sum(h * h)

    space = {"compile": compile, "np": np, "loss": loss, "W": W, "U": U}
    space["parameters"] = {"W": W.value.astype("float32"), "U": U.value.astype("float32")}
    blocks = re.findall(r"^```python\n(.*?)^```$", Path(path).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    blocks = [block for block in blocks if ">>>" not in block and "distributed" not in block]
    for block in blocks:
        exec(block, space)
    x = np.asarray(space["x"], float)
    loss(Tensor(x)).backward()
    moved = {"W": W.value - 0.01 * W.grad, "U": U.value - 0.01 * U.grad}
    return {
        "blocks": len(blocks), "lies": len(space["x"].sharding.device_set),
        "split": "m is split" in space["plan"].explain(),
        "apart": apart((1.0, moved), (1.0, space["parameters"])), "loss": abs(float(space["J"]) - loss(x).item()),
    }  # fmt: skip


def between_processes() -> Any:
    """What is said if processes do not do the same, and what works nevertheless."""
    total, parameters = own_cell()
    plan, x, y = compile(total, parameters, engine="jax", devices="all"), *data(8, 5)
    said = {"inputs": _said(lambda: plan(x + jax.process_index(), y)), "few": _said(
        lambda: compile(total, parameters, engine="jax", devices=1))}  # fmt: skip
    parameters["W"].value = parameters["W"].value + jax.process_index()
    said["parameters"] = _said(lambda: compile(total, parameters, engine="jax", devices="all")(x, y))
    return said


def _said(call: Any) -> str:
    try:
        call()
    except UsageError as error:
        return str(error)
    return "nothing"


def main(what: str, *words: str) -> None:
    if "--join" in words:
        jax.distributed.initialize(words[-3], int(words[-2]), int(words[-1]))
        words = words[:-4]
    print(json.dumps(globals()[what](*words)))


if __name__ == "__main__":
    main(*sys.argv[1:])
