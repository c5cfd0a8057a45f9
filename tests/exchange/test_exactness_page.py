"""docs/exactness.md says what benchmarks/exactness.py measures: the rows of small layers are measured again."""

import sys
from pathlib import Path

import numpy as np
import pytest
from exchange.runners import peer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exactness.md").read_text(encoding="utf-8")
KINDS = ("LSTM", "GRU", "RNN")
WORST = 10  # times what stands in the page: rounding differs from one processor to the next


def rows(title):
    """The numbers of the table after some words, by row."""
    lines = PAGE[PAGE.index(title) :].splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("|"))
    found = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            return found
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        found[name] = cells
    raise AssertionError("a table ends")


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import exactness

        return exactness
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_in_60_digits_is_that_of_longdouble(benchmark, kind, monkeypatch):
    precise = benchmark.known(kind, benchmark.SMALL, 5)
    assert precise.digits == 60
    monkeypatch.setattr(benchmark, "exact", lambda truth: None)
    wide = benchmark.known(kind, benchmark.SMALL, 5)
    assert wide.digits == np.finfo(np.longdouble).precision
    for library, gradients in precise.gradients.items():
        for key, g in gradients.items():
            np.testing.assert_allclose(wide.gradients[library][key].astype(float), g, rtol=1e-15, atol=1e-16)


def test_what_is_off_by_an_ulp_and_by_more_is_told(benchmark):
    truth = benchmark.known("LSTM", benchmark.SMALL, 5)
    right = {key: g.astype(np.float32) for key, g in truth.gradients["torch"].items()}
    wrong = right | {"weight_hh_l0": right["weight_hh_l0"] * 1.001}
    found = {}
    for name, gradients in (("right", right), ("wrong", wrong)):
        way = benchmark.Way("cpu", name, "float32", "", "torch", lambda case, g=gradients: (truth.outputs, g))
        found[name] = benchmark.measured(way, truth)
    assert found["right"]["gradient"] < 1e-7 and found["right"]["units"] < 2
    assert found["wrong"]["gradient"] == pytest.approx(1e-3, rel=1e-3) and found["wrong"]["units"] > 100


def test_a_way_that_fails_is_a_row_that_says_so(benchmark):
    def fails(case):
        raise RuntimeError("no such kernel\nand more")

    way = benchmark.Way("gpu", "broken", "float32", "", "torch", fails)
    assert benchmark.measured(way, benchmark.known("RNN", benchmark.SMALL, 5)) == {
        "failed": "RuntimeError: no such kernel"
    }


@pytest.mark.peers
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_small_layers_are_as_exact_as_the_page_says(benchmark, library):
    peer(library)
    ways = {"torch": benchmark.torch_ways, "jax": benchmark.jax_ways}[library]([])
    ways = [way for way in ways if way.device == "cpu"]
    assert ways
    for place, kind in enumerate(KINDS):
        truth = benchmark.known(kind, benchmark.SMALL, 5)
        for way in ways:
            found, name = benchmark.measured(way, truth), way.name.removeprefix("cpu, ")
            for title, key in (("∂J/∂W_hh, where", "gradient"), ("in units of rounding: how", "units")):
                assert 0 < found[key] < WORST * float(rows(title)[name][place]), (kind, name, key)


def test_the_rows_of_a_gpu_have_their_date_card_and_versions():
    part = PAGE[PAGE.index("## On a GPU") :]
    for words in ("2026-11-27", "NVIDIA H200", "torch 2.11.0+cu130", "cuDNN 9.19.0", "jax 0.11.2", "not run again"):
        assert words in part
    assert rows("## On a GPU, by size")["torch.nn, cuDNN disabled"][1] == "2.9e-7"
    assert rows("## On a GPU")["torch.nn, float32, cuDNN off"][4] == "2.6e-07"
