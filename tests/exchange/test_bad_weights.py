"""What cannot be loaded or saved is refused in words, each thing by its name; nothing in a file is run."""

import contextlib
import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from autograd_seq import Parameter
from autograd_seq.core.errors import (
    AutogradError,
    DtypeError,
    FileError,
    GradientError,
    ShapeError,
    UsageError,
    ValueRangeError,
)
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from cells.exchange import gradients_as, load, save
from cells.exchange.keras_config import told_by

TORCH = save(LSTM(3, 4, seed=0), "torch")
KERAS = save(LSTM(3, 4, seed=0), "keras")


def without(state, *names):
    return {key: array for key, array in state.items() if key not in names}


REFUSED = {
    "nothing": (lambda: load({}), ValueRangeError, "nothing was given"),
    "a number": (lambda: load(3), UsageError, "load.. takes a module of PyTorch, Keras.*not int"),
    "a list": (lambda: load([np.ones(3)]), UsageError, "not list"),
    "text among arrays": (lambda: load({"kernel": "eye"}), DtypeError, "kernel must hold real numbers"),
    "complex": (lambda: load({"kernel": np.ones(2) * 1j}), DtypeError, "kernel must hold real numbers.*complex128"),
    "rows of several lengths": (lambda: load({"kernel": [[1.0], [1.0, 2.0]]}), AutogradError, "kernel"),
    "unknown library": (lambda: load(TORCH, "pytorch"), ValueRangeError, "no library 'pytorch'.*'torch'"),
    "unknown setting": (lambda: load(TORCH, activation="relu"), UsageError,
                        "activation: these layers have no settings"),
    "wrong setting": (lambda: load(KERAS, recurrent_activation="relu"), ValueRangeError,
                      "recurrent_activation='relu', which has no equal here.*'sigmoid', 'hard_sigmoid'"),
    "a setting that is an object": (lambda: load(KERAS, activation={"a": []}), ValueRangeError, "activation={'a'"),
    "a projection of other rows": (lambda: load(TORCH | {"weight_hr_l0": np.ones((2, 4))}), ShapeError,
                                   r"weight_hr_l0 has shape \(2, 4\)"),
    "gates": (lambda: save(LSTM(3, 4, gates="hard_sigmoid"), "torch"), UsageError, "PyTorch has no cell like this"),
    "a projection": (lambda: save(LSTM(3, 2, memory=4), "keras"), UsageError, "Keras has no cell like this LSTM"),
    "all at once": (lambda: load(TORCH | {"conv.weight": np.ones((2, 2, 2)), "norm.scale": np.ones(3)}),
                    AutogradError, "conv.weight"),
    "matrix missing": (lambda: load(without(TORCH, "weight_ih_l0")), ValueRangeError, "not understood: weight_hh_l0"),
    "a layer missing": (lambda: load({k.replace("l0", "l1"): a for k, a in TORCH.items()}), ValueRangeError,
                        "all layers from 0 on.*there are layer 1"),
    "only backwards": (lambda: load({f"{k}_reverse": a for k, a in TORCH.items()}), ValueRangeError,
                       "forward direction.*layer 0 .reverse."),
    "layers that do not fit": (lambda: load(TORCH | {k.replace("l0", "l1"): a for k, a in TORCH.items()}), ShapeError,
                               "layer 2 takes"),
    "rows": (lambda: load(TORCH | {"weight_hh_l0": np.ones((15, 4))}), ShapeError, r"weight_hh_l0 has shape \(15, 4\)"),
    "bias": (lambda: load(TORCH | {"bias_hh_l0": np.ones(12)}), ShapeError, r"bias_hh_l0 has shape \(12,\)"),
    "three axes": (lambda: load(KERAS | {"kernel": np.ones((1, 3, 16))}), ShapeError, r"kernel has shape \(1, 3, 16\)"),
    "a number for a matrix": (lambda: load(KERAS | {"kernel": 1.0}), ShapeError, r"kernel has shape \(\)"),
    "not square": (lambda: load({"kernel": np.ones((3, 4)), "recurrent_kernel": np.ones((3, 4))}), ShapeError, "units"),
    "empty": (lambda: load({"weight_ih_l0": np.ones((0, 3)), "weight_hh_l0": np.ones((0, 0))}), ShapeError, "shape"),
    "whole numbers": (lambda: load({k: a.astype(int) for k, a in TORCH.items()}), DtypeError, "floats"),
    "a minimal gated unit": (
        lambda: load({"hf": {"kernel": np.ones((4, 4))}, "hn": {"kernel": np.ones((4, 4)), "bias": np.ones(4)},
                      "if": {"kernel": np.ones((3, 4)), "bias": np.ones(4)},
                      "in": {"kernel": np.ones((3, 4)), "bias": np.ones(4)}}),
        ValueRangeError, "MGUCell of Flax linen"),
    "endless": (lambda: load(endless()), UsageError, "50 levels"),
    "save nothing": (lambda: save(None, "torch"), UsageError, "save.. takes a cell.*NoneType"),
    "save for nobody": (lambda: save(LSTM(3, 4), "mxnet"), ValueRangeError, "no library 'mxnet'"),
    "peepholes": (lambda: save(LSTM(3, 4, peephole="full"), "keras"), UsageError, "Keras has no cell like this LSTM"),
    "a simplified GRU": (lambda: save(GRU(3, 4, full=False), "haiku"), UsageError, "Haiku has no cell like this GRU"),
    "a GRU of the notes": (lambda: save(GRU(3, 4), "torch"), UsageError, "PyTorch has no cell like this GRU"),
    "sigmoid": (lambda: save(RNN(3, 4, "sigmoid"), "torch"), UsageError, "PyTorch has no cell like this RNN"),
    "tanh": (lambda: save(RNN(3, 4), "haiku"), UsageError, "Haiku has no cell like this RNN"),
    "softmax": (lambda: save(Readout(3, 4), "torch"), UsageError, "PyTorch has no cell like this Readout"),
    "no place": (lambda: save(with_bca(), "flax.nnx"), UsageError, "no place for bca, which is not zero"),
    "layers not alike": (lambda: save(Deep([LSTM(3, 4), RNN(4, 4)]), "torch"), UsageError, "alike"),
    "sizes not alike": (lambda: save(Deep([LSTM(3, 4), LSTM(4, 5)]), "torch"), UsageError, "alike"),
    "directions not alike": (lambda: save(Bidirectional(LSTM(3, 4), RNN(3, 4)), "torch"), UsageError, "alike"),
    "no gradient": (lambda: gradients_as(LSTM(3, 4), "torch"), GradientError, "Wf has no gradient yet"),
    "no gradient of a table": (lambda: gradients_as(Parameter(np.eye(3), "E"), "torch"), GradientError, "the table"),
}  # fmt: skip


def endless():
    level = {}
    level["again"] = level
    return level


def with_bca():
    cell = GRU(3, 4, reset_after=True, seed=0)
    cell.parameters["bca"].value = np.ones((4, 1))
    return cell


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_words(name):
    call, error, words = REFUSED[name]
    with pytest.raises(error, match=words) as raised:
        call()
    assert isinstance(raised.value, AutogradError)


# -- files -------------------------------------------------------------------------------------------


def safetensors(arrays, **changes):
    """The bytes of such a file, written after its specification."""
    kinds = {"float64": "F64", "float32": "F32", "float16": "F16"}
    table, data = {}, b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        table[name] = {"dtype": kinds[array.dtype.name], "shape": list(array.shape),
                       "data_offsets": [len(data), len(data) + len(raw)]}  # fmt: skip
        data += raw
    header = json.dumps({**table, **changes}).encode()
    return len(header).to_bytes(8, "little") + header + data


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_safetensors(tmp_path, dtype):
    cell = LSTM(3, 4, seed=0, dtype=dtype)
    back = load(written(tmp_path / "w.safetensors", safetensors(save(cell, "torch"), __metadata__={"format": "pt"})))
    assert back.dtype == dtype
    for key, p in cell.parameters.items():
        np.testing.assert_array_equal(back.parameters[key].value, p.value)


def test_bfloat16_of_safetensors(tmp_path):
    table = {"weight_ih": {"dtype": "BF16", "shape": [1, 1], "data_offsets": [0, 2]},
             "weight_hh": {"dtype": "BF16", "shape": [1, 1], "data_offsets": [2, 4]}}  # fmt: skip
    header = json.dumps(table).encode()
    data = np.array([0x3FC0, 0xC000], "<u2").tobytes()  # 1.5 and -2
    back = load(written(tmp_path / "w.safetensors", len(header).to_bytes(8, "little") + header + data))
    assert [back.parameters[k].value.item() for k in ("Wax", "Waa")] == [1.5, -2.0]


def test_npz(tmp_path):
    np.savez(tmp_path / "w.npz", **KERAS)
    assert repr(load(tmp_path / "w.npz")) == "LSTM(n_x=3, n_a=4)"


GOOD = safetensors({"weight_ih": np.ones((4, 3)), "weight_hh": np.ones((4, 4))})


def changed(**about):
    table = {"weight_ih": {"dtype": "F64", "shape": [1, 1], "data_offsets": [0, 8]},
             "weight_hh": {"dtype": "F64", "shape": [1, 1], "data_offsets": [8, 16]}}  # fmt: skip
    table["weight_hh"] |= about
    header = json.dumps(table).encode()
    return len(header).to_bytes(8, "little") + header + bytes(16)


def headed(header):
    return len(header).to_bytes(8, "little") + header


DAMAGED = {
    "empty": b"",
    "short": b"abc",
    "cut": GOOD[:-9],
    "too long": GOOD + b"x",
    "a huge header": (2**60).to_bytes(8, "little") + b"{}",
    "no JSON": (4).to_bytes(8, "little") + b"\xff{}}",
    "a list": (2).to_bytes(8, "little") + b"[]",
    "nested": (200000).to_bytes(8, "little") + b"[" * 200000,
    "twice": headed(b'{"w":%s,"w":%s}' % ((b'{"dtype":"F64","shape":[],"data_offsets":[0,8]}',) * 2)) + bytes(8),
    "negative": changed(shape=[-1, -1]),
    "too large": changed(shape=[2**40, 2**40]),
    "outside": changed(data_offsets=[8, 24]),
    "backwards": changed(data_offsets=[16, 8]),
    "overlapping": changed(data_offsets=[0, 8]),
    "text for a number": changed(shape=["1", 1]),
    "true for a number": changed(shape=[True, 1]),
    "no offsets": changed(data_offsets=None),
    "unknown dtype": changed(dtype="F8_E4M3"),
    "pickled": pickle.dumps({"weight": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_safetensors(tmp_path, name):
    with pytest.raises(AutogradError, match=r"w\.safetensors is damaged or no \.safetensors file"):
        load(written(tmp_path / "w.safetensors", DAMAGED[name]))


def test_every_byte_of_a_header_damaged(tmp_path):
    for place in range(0, len(GOOD) - 28 * 8, 3):
        content = bytearray(GOOD)
        content[place] ^= 0x55
        path = written(tmp_path / "w.safetensors", bytes(content))
        with contextlib.suppress(AutogradError):
            load(path)


class Boom:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".pkl", ".ckpt", ".PT"])
def test_pickles_are_refused(tmp_path, ending):
    with pytest.raises(ValueRangeError, match="pickles.*safetensors"):
        load(written(tmp_path / f"w{ending}", pickle.dumps(Boom())))


@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".keras", ".h5"])
def test_pickles_under_other_names_are_not_run(tmp_path, ending):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Boom()))
    for content in (pickle.dumps(Boom()), zipped.getvalue()):
        with pytest.raises(AutogradError):
            load(written(tmp_path / f"w{ending}", content))


def test_an_array_of_objects_is_not_run(tmp_path):
    np.savez(tmp_path / "w.npz", kernel=np.array([Boom()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueRangeError, match="object|pickle"):
        load(tmp_path / "w.npz")


def test_other_paths(tmp_path):
    with pytest.raises(FileError, match="there is no file"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(ValueRangeError, match="not a file that load.. knows.*safetensors"):
        load(tmp_path / "weights.tflite")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(FileError, match="folder"):
        load(tmp_path / "folder.h5")


def test_configurations_hold_no_code():
    lambda_layer = {"class_name": "Lambda", "config": {"name": "mine", "function": "..."}}
    with pytest.raises(ValueRangeError, match="mine is a Lambda layer"):
        told_by({"class_name": "Sequential", "config": {"name": "s", "layers": [lambda_layer]}})
    deep = {"class_name": "A", "config": {"name": "a"}}
    for _ in range(200):
        deep = {"class_name": "Sequential", "config": {"name": "s", "layers": [deep]}}
    with pytest.raises(ValueRangeError, match="nested"):
        told_by(deep)
    for odd in (None, 3, "text", [], {"config": 3}, {"config": {"layers": 3}}):
        told_by(odd)


def bomb(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 2**26)
        archive.writestr("model.weights.h5", b"\0" * 2**28)
    return tmp_path / "w.keras"


def test_a_bomb_is_not_unpacked(tmp_path):
    with pytest.raises(ValueRangeError, match="claim to unpack"):
        load(bomb(tmp_path))
