"""Plans over several devices and processes give what one device gives; the CPU stands for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from with_devices import CHILD, ROOT, ended, of_two, said, started, with_jax

import autograd_seq as ag
from autograd_seq import Parameter, compile
from autograd_seq.core.errors import UsageError
from autograd_seq.plan.anysize.axes import Axes
from autograd_seq.plan.anysize.examples_axis import examples
from autograd_seq.plan.value import Network
from autograd_seq.plan.writing import jax_run


def cases(*always: tuple[str, str]) -> list[Any]:
    """Each cell with each loss; marked as slow, but for those named."""
    every = [(cell, how) for cell in ("lstm", "gru", "own", "across") for how in ("sum", "mean")]
    return [pytest.param(*case, marks=[] if case in always else pytest.mark.slow) for case in every]


@with_jax
@pytest.mark.peers
@pytest.mark.parametrize(("cell", "how"), cases(("lstm", "mean"), ("gru", "sum"), ("own", "mean"), ("across", "sum")))
def test_two_and_four_devices_give_what_one_gives(cell: str, how: str) -> None:
    for count, found in said("gradients", cell, how, "2", "4").items():
        assert max(found["apart"]) < 1e-12
        (line,) = found["said"]
        assert line.endswith(f"split over {count} devices (cpu)")
        assert set(found["lies"]) == {int(count)}  # each has the whole of every gradient


@with_jax
@pytest.mark.peers
@pytest.mark.parametrize(("cell", "how"), cases(("lstm", "sum")))
def test_two_processes_give_what_one_gives(cell: str, how: str) -> None:
    both = [json.loads(said.splitlines()[-1])["all"] for said in of_two([CHILD, "gradients", cell, how, "all"], 2)]
    assert both[0]["text"] == both[1]["text"]  # written alike wherever values lie in memory
    for found in both:
        assert max(found["apart"]) < 1e-12
        assert found["said"][0].endswith("split over 4 devices (cpu, of 2 processes)")


@with_jax
@pytest.mark.peers
def test_each_device_computes_its_share_and_they_meet_once() -> None:
    found = said("collectives")
    assert found == {"share": True, "all-reduce": 1, "all-gather": 0, "all-to-all": 0, "collective-permute": 0}


@with_jax
@pytest.mark.peers
def test_training_has_the_same_losses(tmp_path: Path) -> None:
    found = said("training", str(tmp_path), devices=2)
    recorded = found["losses"]["recorded"]
    assert len(recorded) == 6 and recorded[0] != recorded[3]
    for how in ("one", "all"):
        assert found["losses"][how] == pytest.approx(recorded, rel=1e-12)
    assert max(found["apart"]) < 1e-11


@with_jax
@pytest.mark.peers
def test_two_processes_train_and_the_first_writes(tmp_path: Path) -> None:
    found = [json.loads(printed.splitlines()[-1]) for printed in of_two([CHILD, "training", str(tmp_path)])]
    assert found[0]["losses"] == found[1]["losses"]
    assert found[0]["losses"]["all"] == pytest.approx(found[0]["losses"]["recorded"], rel=1e-12)
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


@with_jax
@pytest.mark.peers
def test_two_processes_of_the_command_train(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("rex\nrax\nroxy\nrux\nrix\n")
    words = ["-m", "autograd_seq", "train", str(tmp_path / "names.txt"), "--hidden", "4", "--epochs", "2", "-o"]
    ended(started([*words, str(tmp_path / "one.npz")], 1))
    asked = ["--engine", "jax", "--devices", "all"]
    first, second = of_two([*words, str(tmp_path / "two.npz"), *asked])
    assert "5 sequences" in first and not second
    with np.load(tmp_path / "one.npz") as one, np.load(tmp_path / "two.npz") as two:
        learned = [key for key in one if key.startswith("parameter") or key.endswith("Wya")]
        assert learned
        for key in learned:
            assert np.allclose(one[key], two[key], rtol=0, atol=1e-11)


@with_jax
@pytest.mark.peers
def test_the_example_on_two_processes(tmp_path: Path) -> None:
    words = [str(ROOT / "examples" / "many_devices.py"), "--epochs", "0", "--out", str(tmp_path)]
    first, second = of_two(words)
    assert first.startswith("2 devices (cpu), of 2 processes\n") and not second
    alone = ended(started(words, 2))
    assert alone.startswith("2 devices (cpu), of 1 processes\n")
    assert first.splitlines()[1] == alone.splitlines()[1]
    assert float(first.splitlines()[2].split()[-1]) < 1e-11


@with_jax
@pytest.mark.peers
def test_what_cannot_be() -> None:
    found = said("refused", devices=2)
    for name in ("none", "text", "true", "half"):
        assert "devices is how many of them, from 1 on, or 'all'" in found[name]
    assert "100 devices are asked for, but JAX finds 2 (cpu)" in found["many"]
    assert "--xla_force_host_platform_device_count=100" in found["many"]
    assert "not an empty list" in found["empty"] and "such as jax.devices()[:2], not 0" in found["strange"]
    assert "each is listed once" in found["twice"] and "leave device='cpu' out" in found["both"]
    assert "devices belongs to engine='jax'" in found["numpy"]
    (warned,), loss, right = found["recording"]
    assert "each of 2 devices (cpu) computes everything" in warned and loss == pytest.approx(right, rel=1e-12)


@with_jax
@pytest.mark.peers
def test_an_operation_that_jax_lacks() -> None:
    found = said("lacking", devices=2)
    assert "no words for cubed" in found["said"] and "otherwise='numpy'" in found["said"]
    assert len(found["warned"]) == 1 and "NumPy takes the program instead" in found["warned"][0]
    assert found["apart"] < 1e-14


@with_jax
@pytest.mark.peers
def test_processes_that_do_not_do_the_same_are_told() -> None:
    for printed in of_two([CHILD, "between_processes"]):
        found = json.loads(printed.splitlines()[-1])
        assert "x is not the same in all 2 processes" in found["inputs"]
        assert "W is not the same in all 2 processes" in found["parameters"]
        assert "1 devices leave process 1 without any" in found["few"]


def test_without_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_run, "available", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'autograd-seq\[jax\]'"):
        compile(lambda x: ag.sum(x), engine="jax", devices=2)


@pytest.mark.parametrize(
    ("shapes", "size"),
    [
        ({"x": (3, 8, 5), "y": (4, 8, 5)}, 8),  # (features, examples, steps)
        ({"x": (8, 5, 3), "y": (8, 5, 4)}, 8),
        ({"x": (5, 8, 3), "y": (5, 8, 4)}, 8),
        ({"x": (3, 8, 9), "y": (4, 8, 9)}, 8),
        ({"x": (3, 5), "y": (4, 5)}, None),  # steps alone
    ],
)
def test_examples_are_told_from_steps(shapes: dict[str, tuple[int, ...]], size: int | None) -> None:
    W = {key: Parameter(0.1 * np.ones(shape), key) for key, shape in {"W": (4, 4), "U": (4, 3)}.items()}
    steps = 9 if 9 in shapes["x"] else 5
    time, features = shapes["x"].index(steps), shapes["x"].index(3)

    def loss(x: Any, y: Any) -> Any:
        h: Any = np.zeros((4, 1))
        total = []
        for t in range(x.shape[time]):
            index = tuple(t if axis == time else slice(None) for axis in range(x.ndim))
            xt, yt = x[index], y[index]
            if x.ndim == 3 and features > 1:
                xt, yt = xt.T, yt.T
            xt, yt = (xt, yt) if x.ndim == 3 else (xt.reshape(3, 1), yt.reshape(4, 1))
            h = ag.tanh(W["W"] @ h + W["U"] @ xt)
            total.append(ag.sum((h - yt) ** 2))
        return ag.accumulate(total)

    plan = compile(loss, W)
    plan(*(np.random.default_rng(0).standard_normal(shape) for shape in shapes.values()))
    (samples, _), *_ = plan._any_size._plans
    lengths = {samples.values[number].shape[axis] for number, axis in samples.shares.items()}
    assert lengths == ({size} if size else set())


def test_the_size_of_most_arguments_counts_examples() -> None:
    sizes: dict[str, Axes] = {"m": ((0, 1),), "n": ((0, 0), (1, 0))}
    assert examples(sizes, [Network({}) for _ in range(4)]) == "n"
