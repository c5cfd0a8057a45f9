"""Files that are damaged, foreign, or ask for what there is not: the package's own errors, and nothing else."""

from contextlib import suppress

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="reading ONNX files needs the package onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from autograd_seq.core.errors import (  # noqa: E402
    AutogradError,
    FileError,
    NoFileError,
    ShapeError,
    UsageError,
    ValueRangeError,
)
from autograd_seq.exchange import read_onnx  # noqa: E402


def saved(path, nodes, given, results, weights=None, opset=17, domains=()):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value(key, kind, shape) for key, (kind, shape) in given.items()],
        [value(key, TensorProto.FLOAT, None) for key in results],
        [numpy_helper.from_array(array, key) for key, array in (weights or {}).items()],
    )  # fmt: skip
    sets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=9), path)
    return path


X = {"x": (TensorProto.FLOAT, [2, 3])}
W = np.ones((3, 2), "f")


def product(path, weight="W", value=W):
    return saved(path, [helper.make_node("MatMul", ["x", weight], ["y"], name="product")], X, ["y"], {weight: value})


def test_no_file(tmp_path):
    with pytest.raises(NoFileError, match=r"there is no file .*nothing\.onnx"):
        read_onnx(tmp_path / "nothing.onnx")


@pytest.mark.parametrize("content", [b"", b"not onnx at all", b"\x80\x04\x95", b"PK\x03\x04" + b"\0" * 40, b"{}"])
def test_what_is_not_onnx(content, tmp_path):
    (tmp_path / "one.onnx").write_bytes(content)
    with pytest.raises(FileError, match="one.onnx cannot be read as an ONNX file"):
        read_onnx(tmp_path / "one.onnx")


def test_damaged_anywhere_is_an_error_of_ours_or_still_a_file(tmp_path):
    path = product(tmp_path / "one.onnx")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for cut in range(0, len(whole), 7):
        (tmp_path / "cut.onnx").write_bytes(whole[:cut])
        with pytest.raises(AutogradError):
            read_onnx(tmp_path / "cut.onnx")
    for _ in range(150):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        (tmp_path / "changed.onnx").write_bytes(bytes(changed))
        with suppress(AutogradError):
            read_onnx(tmp_path / "changed.onnx")


def test_unknown_operators_are_named_all_at_once(tmp_path):
    nodes = [
        helper.make_node("NonMaxSuppression", ["x", "x"], ["a"]),
        helper.make_node("Attention", ["x"], ["b"], domain="com.microsoft"),
        helper.make_node("Tanh", ["x"], ["y"]),
    ]
    path = saved(tmp_path / "one.onnx", nodes, X, ["y"], domains=["com.microsoft"])
    with pytest.raises(UsageError, match="operators that cannot be read: NonMaxSuppression, com.microsoft::Attention"):
        read_onnx(path)


def test_unknown_operators_in_bodies_too(tmp_path):
    body = helper.make_graph(
        [helper.make_node("Hardmax", ["s"], ["t"])], "body",
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, [3])],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, [3])],
    )  # fmt: skip
    node = helper.make_node("Scan", ["x"], ["y"], body=body, num_scan_inputs=1)
    with pytest.raises(UsageError, match="cannot be read: Hardmax"):
        read_onnx(saved(tmp_path / "one.onnx", [node], X, ["y"]))


def test_old_operator_sets_are_refused(tmp_path):
    path = saved(tmp_path / "one.onnx", [helper.make_node("Tanh", ["x"], ["y"])], X, ["y"], opset=6)
    with pytest.raises(ValueRangeError, match="operator set 6 of ONNX; from 7 on"):
        read_onnx(path)


def test_weights_that_do_not_fit_name_the_node(tmp_path):
    path = product(tmp_path / "one.onnx", value=np.ones((4, 2), "f"))
    with pytest.raises(AutogradError, match="MatMul .product."):
        read_onnx(path)


def test_weights_of_a_recurrent_operator_that_do_not_fit(tmp_path):
    weights = {"W": np.ones((1, 16, 3), "f"), "R": np.ones((1, 12, 4), "f")}
    node = helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=4)
    path = saved(tmp_path / "one.onnx", [node], {"x": (TensorProto.FLOAT, [5, 2, 3])}, ["y"], weights)
    with pytest.raises(ShapeError, match=r"R of this LSTM has shape \(1, 12, 4\).*needs \(1, 16, 4\)"):
        read_onnx(path)


def test_unknown_activation(tmp_path):
    weights = {"W": np.ones((1, 4, 3), "f"), "R": np.ones((1, 4, 4), "f")}
    node = helper.make_node("RNN", ["x", "W", "R"], ["y"], hidden_size=4, activations=["Swish"])
    path = saved(tmp_path / "one.onnx", [node], {"x": (TensorProto.FLOAT, [5, 2, 3])}, ["y"], weights)
    with pytest.raises(UsageError, match="activation 'Swish'; known are Tanh"):
        read_onnx(path)


def test_inputs_of_another_name_or_shape(tmp_path):
    path = saved(tmp_path / "one.onnx", [helper.make_node("Tanh", ["x"], ["y"])], X, ["y"])
    with pytest.raises(ValueRangeError, match="no input z; it has x"):
        read_onnx(path, {"z": np.ones((2, 3))})
    with pytest.raises(ShapeError, match=r"the input x has shape \(3, 2\), but the file wants \(2, 3\)"):
        read_onnx(path, {"x": np.ones((3, 2))})


def test_whole_numbers_that_nothing_tells(tmp_path):
    given = {"n": (TensorProto.INT64, [2])}
    path = saved(tmp_path / "one.onnx", [helper.make_node("Cast", ["n"], ["y"], to=1)], given, ["y"])
    with pytest.raises(UsageError, match="the input n holds whole numbers"):
        read_onnx(path)
    assert read_onnx(path, {"n": [3, 4]}).loss is None


def test_tokens_are_drawn_from_their_table(tmp_path):
    given, table = {"n": (TensorProto.INT64, ["batch", 5])}, {"E": np.arange(6, dtype="f").reshape(3, 2)}
    path = saved(tmp_path / "one.onnx", [helper.make_node("Gather", ["E", "n"], ["y"])], given, ["y"], table)
    run = read_onnx(path)
    assert run.inputs["n"].shape == (2, 5) and run.inputs["n"].max() < 3
    run.loss.backward()
    assert run.parameters["E"].grad.shape == (3, 2)


def test_a_loss_that_is_no_number(tmp_path):
    path = saved(tmp_path / "one.onnx", [helper.make_node("Tanh", ["x"], ["y"])], X, ["y"])
    with pytest.raises(UsageError, match="one number"):
        read_onnx(path, loss=lambda y: y["y"])


def test_a_loop_without_end_ends(tmp_path, monkeypatch):
    from autograd_seq.exchange import onnx_running

    monkeypatch.setattr(onnx_running, "MOST_TURNS", 50)
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Tanh", ["s"], ["t"])], "body",
        [value("i", TensorProto.INT64, []), value("c", TensorProto.BOOL, []), value("s", TensorProto.FLOAT, [2, 3])],
        [value("d", TensorProto.BOOL, []), value("t", TensorProto.FLOAT, [2, 3])],
    )  # fmt: skip
    path = saved(tmp_path / "one.onnx", [helper.make_node("Loop", ["", "", "x"], ["y"], body=body)], X, ["y"])
    with pytest.raises(ValueRangeError, match="has not ended after 50 turns"):
        read_onnx(path)


def test_a_shape_that_depends_on_the_data(tmp_path):
    nodes = [helper.make_node("Reshape", ["x", "x"], ["y"])]
    with pytest.raises(UsageError, match="the shape is computed from the data"):
        read_onnx(saved(tmp_path / "one.onnx", nodes, X, ["y"]))


def test_names_of_a_file_are_words_and_not_code(tmp_path):
    """Names go into pictures, equations and programs; there they are escaped, or turned into identifiers."""
    from autograd_seq import compile as planned
    from autograd_seq import derive, source

    bad = "W'); __import__('os')._exit(1) #\n<script>alert(1)</script>"
    path = product(tmp_path / "one.onnx", bad)
    run = read_onnx(path)
    assert "<script>" not in derive(run)._repr_html_()
    compile(str(source(run.loss)), "<source>", "exec")
    assert "__import__('os')" not in str(source(run.loss)).replace('"', "")
    loss, _ = planned(run.loss)()  # whose text is run
    assert loss == run.loss.value


def test_without_the_package(monkeypatch, tmp_path):
    import builtins

    real = builtins.__import__

    def missing(name, *rest, **more):
        if name.split(".")[0] == "onnx":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    (tmp_path / "one.onnx").write_bytes(b"")
    with pytest.raises(UsageError, match=r"pip install 'autograd-seq\[onnx\]'"):
        read_onnx(tmp_path / "one.onnx")
