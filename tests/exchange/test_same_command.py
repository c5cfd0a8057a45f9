"""The command that compares cells, by name, of libraries and in files."""

import json
from pathlib import Path

import numpy as np
import pytest

from autograd_seq.commands import main

HERE = Path(__file__).parent / "exports"


def test_two_grus_of_libraries_are_the_same_up_to_a_sign(capsys):
    assert main(["same", "keras:gru", "torch:gru"]) == 0
    assert "the same, proven" in capsys.readouterr().out


def test_the_place_of_the_reset_gate_is_told(capsys):
    assert main(["same", "gru", "torch:gru"]) == 1
    assert "not the same" in capsys.readouterr().out


def test_json(capsys):
    assert main(["same", "lstm", "torch:lstm", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == 1 and found["ok"] and found["status"] == "proven" and found["apart"] is None


def test_an_unknown_name(capsys):
    assert main(["same", "lstm", "nobody:lstm"]) == 2
    assert "nobody:lstm" in capsys.readouterr().err


class TestFiles:
    pytest.importorskip("onnx", reason="reading ONNX files needs the package onnx")

    def test_the_exports_of_two_exporters(self, capsys):
        assert main(["same", str(HERE / "lstm_script.onnx"), str(HERE / "lstm_dynamo.onnx")]) == 0
        said = capsys.readouterr().out
        assert "the same, proven" in said and "outputs agree to" in said

    def test_the_same_formula_with_other_weights(self, capsys, tmp_path):
        import onnx

        model = onnx.load(HERE / "lstm_script.onnx")
        for weight in model.graph.initializer:
            if weight.name == "cell.bias_ih":
                changed = onnx.numpy_helper.to_array(weight) + np.float32(0.5)
                weight.CopyFrom(onnx.numpy_helper.from_array(changed, weight.name))
        onnx.save(model, tmp_path / "other.onnx")
        assert main(["same", str(HERE / "lstm_script.onnx"), str(tmp_path / "other.onnx")]) == 1
        said = capsys.readouterr().out
        assert "the same, proven" in said and "outputs differ by" in said

    @pytest.mark.parametrize(("file", "cell", "code"), [
        ("lstm_script", "torch:lstm", 0), ("lstm_jax", "lstm", 0), ("gru_script", "torch:gru", 0),
        ("gru_script", "gru", 1),
        ("peephole_script", "peephole-current", 0), ("peephole_script", "peephole", 1), ("minimal_script", "gru", 1),
    ])  # fmt: skip
    def test_a_file_and_a_cell(self, file, cell, code, capsys):
        assert main(["same", str(HERE / f"{file}.onnx"), cell]) == code, capsys.readouterr().out

    def test_a_file_without_a_known_cell(self, capsys):
        assert main(["same", str(HERE / "leaky_script.onnx"), "lstm"]) == 2
        assert "there are: none" in capsys.readouterr().err

    def test_commands_take_a_file_for_a_thing(self, capsys, tmp_path):
        file = str(HERE / "gru_script.onnx")
        assert main(["print", file]) == 0
        assert "W_ra" in capsys.readouterr().out
        assert main(["derive", file]) == 0
        assert "c<t> = (1 − z<t>) ∘ c̃<t> + z<t> ∘ c<t-1>" in capsys.readouterr().out
        assert main(["draw", file, "-o", str(tmp_path / "gru.svg")]) == 0
        assert "<svg" in (tmp_path / "gru.svg").read_text()
