"""What the benchmarks measure computes the same gradients, in every package, and the benchmarks run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import contenders
import peers

BENCHMARKS = Path(contenders.__file__).parent
PACKAGES = {"pytorch_loop": "torch", "jax_scan": "jax", "hips": "autograd", "mygrad": "mygrad"}


def small(kind, dtype, monkeypatch):
    monkeypatch.setitem(contenders.SIZES, "small", (3, 5, 4, 6))
    return contenders.case(kind, "small", dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", contenders.CELLS)
def test_own_contenders_agree(kind, dtype, monkeypatch):
    case = small(kind, dtype, monkeypatch)
    J = contenders.course(case)()[0]
    for name in (contenders.BEST, "autograd_seq, recorded", "autograd_seq, PyTorch's loop", "autograd_seq, compiled"):
        assert np.isclose(contenders.agreeing(name, case)()[0], J, rtol=1e-6)


@pytest.mark.peers
@pytest.mark.parametrize("peer", PACKAGES)
@pytest.mark.parametrize("kind", contenders.CELLS)
def test_peers_agree(kind, peer, monkeypatch):
    pytest.importorskip(PACKAGES[peer])
    case = small(kind, "float64", monkeypatch)
    expected_J, expected = contenders.course(case)()
    step = getattr(peers, peer)(kind, case.p, case.x, case.y)
    for _ in range(2):
        J, gradients = step()
        assert abs(J - expected_J) < 1e-12 * abs(J) and sorted(gradients) == sorted(expected)
        for key, gradient in expected.items():
            assert np.abs(np.asarray(gradients[key]) - gradient).max() < 1e-11 * np.abs(gradient).max()


def test_a_wrong_gradient_is_named(monkeypatch):
    case = small("RNN", "float64", monkeypatch)
    J, gradients = contenders.course(case)()
    gradients = gradients | {"ba": gradients["ba"] * 2}
    monkeypatch.setitem(contenders.CONTENDERS, "wrong", lambda case: lambda: (J, gradients))
    with pytest.raises(SystemExit, match="wrong: dba is off"):
        contenders.agreeing("wrong", case)


@pytest.mark.slow
def test_the_benchmark_runs():
    command = [sys.executable, "bptt.py", "--cells", "RNN", "--sizes", "S1", "--dtypes", "float64", "--seconds", "0"]
    ran = subprocess.run([*command, "--only", "autograd_seq, compiled", "--json"], cwd=BENCHMARKS, capture_output=True,
                         text=True, check=True, timeout=100)  # fmt: skip
    rows = json.loads(ran.stdout)["RNN S1 float64"]
    assert list(rows) == [contenders.BEST, "autograd_seq, compiled"]
    assert rows[contenders.BEST]["ratio"] == 1 and all(row["ms"] > 0 for row in rows.values())
