"""Files exported by PyTorch and JAX from loops: their libraries' values and gradients, folded as in the textbook."""

from pathlib import Path

import numpy as np
import pytest

from autograd_seq import derive, differentiate, equations, gradcheck, prove

pytest.importorskip("onnx", reason="reading ONNX files needs the package onnx")
from autograd_seq.exchange import read_onnx  # noqa: E402

EXPORTS = Path(__file__).parent / "exports"
FILES = sorted(path.stem for path in EXPORTS.glob("*.onnx"))
KINDS = {"lstm": "LSTM", "gru": "GRU", "minimal": "GRU", "peephole": "LSTM", "both": "RNN", "scan": "LSTM"}
KINDS |= {"two": "RNN", "fresh": "GRU", "unbiased": "GRU"}
CELLS = {name: [f"{kind} of 4 steps, n_a = 4"] * (2 if name in ("both", "two") else 1) for name, kind in KINDS.items()}


def opened(name, dtype=None):
    kept = dict(np.load(EXPORTS / f"{name}.npz"))
    names = {"in_x": "x", "in_h": "h"} if not name.endswith("jax") else {"in_x": "in_0"}
    inputs = {names[key]: value for key, value in kept.items() if key in names}
    run = read_onnx(
        EXPORTS / f"{name}.onnx", inputs, loss=lambda y: (next(iter(y.values())) * kept["delta"]).sum(), dtype=dtype
    )
    return run, kept


@pytest.mark.parametrize("name", FILES)
def test_values_and_gradients_are_those_of_the_library(name):
    run, kept = opened(name)
    (y,) = run.outputs.values()
    np.testing.assert_allclose(y.value, kept["y"], rtol=1e-5, atol=1e-6)
    run.loss.backward()
    compared = 0
    for key, wanted in kept.items():
        # What an exporter has transposed is another array of the file, without the name of the parameter.
        if key.startswith("grad_") and (p := run.parameters.get(key.removeprefix("grad_"))) is not None:
            np.testing.assert_allclose(p.grad, wanted, rtol=1e-4, atol=1e-5, err_msg=key)
            compared += 1
    if "grad_in" in kept:
        np.testing.assert_allclose(run.inputs["in_0"].grad, kept["grad_in"], rtol=1e-4, atol=1e-5)
    assert compared or "jax" in name or name in ("two_script", "unbiased_script")


@pytest.mark.parametrize("name", FILES)
def test_the_steps_are_found_again(name):
    run, _ = opened(name)
    assert [str(cell) for cell in run.cells] == CELLS.get(name.split("_")[0], [])
    if name.startswith("leaky"):  # whose first step lacks what 0.9 times a state of zeros would be
        memory = "c<t> = c<t-1> ∘ 0.9 + tanh([a<t-1>, x[t - 1]] inside.weightᵀ + inside.bias) ∘ 0.1"
        assert memory in str(equations(run.graph))
        return
    text = str(derive(run))
    assert "<2>" not in text and "<T-1>" not in text, text
    assert "index" not in text


@pytest.mark.parametrize("name", ["lstm_dynamo", "lstm_script", "lstm_jax", "scan_jax"])
def test_an_unrolled_lstm_prints_as_the_textbook_has_it(name):
    lines = {line.strip() for line in str(equations(opened(name)[0].graph)).splitlines()}
    for line in (
        "γ_f<t> = W_fx x<t> + W_fa a<t-1> + b_f", "γ_u<t> = W_ux x<t> + W_ua a<t-1> + b_u", "Γ_f<t> = σ(γ_f<t>)",
        "γ_o<t> = W_ox x<t> + W_oa a<t-1> + b_o", "z_c<t> = W_cx x<t> + W_ca a<t-1> + b_c", "c̃<t> = tanh(z_c<t>)",
        "c<t> = Γ_f<t> ∘ c<t-1> + Γ_u<t> ∘ c̃<t>", "a<t> = Γ_o<t> ∘ tanh(c<t>)",
    ):  # fmt: skip
        assert line in lines, (line, lines)


@pytest.mark.parametrize("name", ["gru_dynamo", "gru_script", "gru_jax", "fresh_dynamo", "fresh_script"])
def test_an_unrolled_gru_prints_as_the_textbook_has_it(name):
    lines = {line.strip() for line in str(equations(opened(name)[0].graph)).splitlines()}
    inside = "W_ca c<t-1>" if name == "gru_jax" else "(W_ca c<t-1> + b_ca)"
    for line in (
        "z<t> = σ(W_zx x<t> + W_za c<t-1> + b_z)", "Γ_r<t> = σ(W_rx x<t> + W_ra c<t-1> + b_r)",
        f"z_c<t> = W_cx x<t> + Γ_r<t> ∘ {inside} + b_c", "c<t> = (1 − z<t>) ∘ c̃<t> + z<t> ∘ c<t-1>",
    ):  # fmt: skip
        assert line in lines, (line, lines)


@pytest.mark.parametrize("name", ["minimal_dynamo", "both_script", "leaky_script"])
def test_the_gradients_of_a_file_are_proven(name):
    run, _ = opened(name, dtype=np.float64)
    proof = prove(run.loss)
    assert proof.ok
    assert {proof[key].status for key in proof.claims} == {"proven"}


def test_what_an_exporter_computed_beforehand_is_the_bias_again():
    """The first step's product with a state of zeros is left out, and its bias stands in the file as another array."""
    run, kept = opened("lstm_dynamo")
    run.loss.backward()
    assert not any("linear" in key for key in run.parameters)
    np.testing.assert_allclose(run.parameters["cell.bias_hh"].grad, kept["grad_cell.bias_hh"], rtol=1e-4, atol=1e-5)


def test_the_first_step_of_a_backward_pass_is_the_last():
    run, _ = opened("both_script")
    backward = [record for record in run.graph if record.name == "a" and record.scope.direction == "backward"]
    assert [record.scope.time for record in backward] == [5, 4, 3, 2, 1]


def test_differentiated_once_more():
    run, _ = opened("gru_script", dtype=np.float64)
    recording = differentiate(run.loss)
    assert "dc̃" in str(equations(recording.backward))
    report = gradcheck(lambda x: (run.again(x=x, h=run.inputs["h"]).outputs["y"] ** 2).sum(), run.inputs["x"].value)
    assert report.ok, str(report)
