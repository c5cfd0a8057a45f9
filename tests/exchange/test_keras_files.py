"""Files of Keras: written with h5py in its layout, and by Keras itself where it is installed."""

import contextlib
import io
import json
import zipfile

import numpy as np
import pytest
from exchange.runners import peer

from autograd_seq.core.errors import AutogradError, ValueRangeError
from cells import LSTM, Readout
from cells.exchange import load, save

CELL, HEAD = LSTM(3, 4, seed=0), Readout(4, 2, "softmax", seed=1)
CONFIG = {
    "class_name": "Sequential",
    "config": {"name": "sequential", "layers": [
        {"class_name": "LSTM", "config": {"name": "reader", "activation": "tanh", "recurrent_activation": "sigmoid"}},
        {"class_name": "Dense", "config": {"name": "answer", "activation": "softmax"}},
    ]},
}  # fmt: skip


def weights(change=lambda file: None):
    h5py = pytest.importorskip("h5py")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, name, thing in (("layers/dense", "answer", HEAD), ("layers/lstm/cell", "lstm_cell", CELL)):
            group = file.create_group(f"{path}/vars")
            group.attrs["name"] = name
            for n, array in enumerate(save(thing, "keras").values()):
                group[str(n)] = array
        file.create_group("layers/lstm/vars").attrs["name"] = "reader"
        change(file)
    return content.getvalue()


def packed(path, config=CONFIG, content=None):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights() if content is None else content)
    return path


def test_a_model(tmp_path):
    found = load(packed(tmp_path / "m.keras"))
    assert list(found) == ["reader", "answer"]
    assert found["answer"].activation is HEAD.activation
    for thing, again in ((CELL, found["reader"]), (HEAD, found["answer"])):
        for key, p in thing.parameters.items():
            np.testing.assert_array_equal(again.parameters[key].value, p.value)


def test_weights_alone(tmp_path):
    (tmp_path / "m.weights.h5").write_bytes(weights())
    found = load(tmp_path / "m.weights.h5")
    assert {name: type(thing) for name, thing in found.items()} == {"reader": LSTM, "answer": Readout}


def with_setting(**settings):
    config = json.loads(json.dumps(CONFIG))
    config["config"]["layers"][0]["config"] |= settings
    return config


@pytest.mark.parametrize("settings", [
    {"recurrent_activation": "elu"}, {"activation": "relu"}, {"go_backwards": True},
    {"activation": {"class_name": "function", "config": "mine"}},
])  # fmt: skip
def test_settings_without_an_equal_are_refused(tmp_path, settings):
    with pytest.raises(ValueRangeError, match=f"reader.*has {next(iter(settings))}="):
        load(packed(tmp_path / "m.keras", with_setting(**settings)))


def test_a_lambda_is_refused(tmp_path):
    config = json.loads(json.dumps(CONFIG))
    config["config"]["layers"].append({"class_name": "Lambda", "config": {"name": "code", "function": ["4wEA"]}})
    with pytest.raises(ValueRangeError, match="code is a Lambda layer"):
        load(packed(tmp_path / "m.keras", config))


def test_what_leads_out_of_the_file_is_not_followed(tmp_path):
    h5py = pytest.importorskip("h5py")
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones((3, 16))

    def link(file):
        file["layers/lstm/cell/vars/3"] = h5py.ExternalLink(str(other), "secret")

    def virtual(file):
        layout = h5py.VirtualLayout(shape=(3, 16), dtype="f8")
        layout[:] = h5py.VirtualSource(str(other), "secret", shape=(3, 16))
        file.create_virtual_dataset("layers/lstm/cell/vars/3", layout)

    def outside(file):
        file.create_dataset("layers/lstm/cell/vars/3", (3, 16), "f8", external=[(str(other), 0, 384)])

    def soft(file):
        file["layers/lstm/cell/vars/3"] = h5py.SoftLink("/layers/lstm")

    def circle(file):
        file["layers/lstm/cell/again"] = file["layers"]

    def huge(file):
        file.create_dataset("layers/lstm/cell/vars/3", (2**20, 2**20), "f8", chunks=(64, 64), compression="gzip")

    for change in (link, virtual, outside, soft, circle, huge):
        with pytest.raises(AutogradError, match="damaged or no .keras file"):
            load(packed(tmp_path / "m.keras", content=weights(change)))


def test_damage(tmp_path):
    good = packed(tmp_path / "m.keras").read_bytes()
    for content in (b"", b"PK", good[: len(good) // 2], good[:-30]):
        (tmp_path / "n.keras").write_bytes(content)
        with pytest.raises(ValueRangeError, match="n.keras is damaged or no .keras file"):
            load(tmp_path / "n.keras")
    inner = weights()
    rng = np.random.default_rng(0)
    for _ in range(20):  # bytes of HDF5 itself
        content = bytearray(inner)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        with contextlib.suppress(AutogradError):
            load(packed(tmp_path / "n.keras", content=bytes(content)))


@pytest.mark.peers
@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_as_keras_writes_them(tmp_path, ending):
    peer("torch")
    keras = peer("keras")
    pytest.importorskip("h5py")
    model = keras.Sequential([
        keras.Input((5, 3)),
        keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True), name="both"),
        keras.layers.GRU(4, return_sequences=True, name="gate"),
        keras.layers.Dense(2, activation="softmax", name="answer"),
    ])  # fmt: skip
    path = tmp_path / f"m{ending}"
    model.save_weights(path) if ending == ".weights.h5" else model.save(path)
    found = load(path)
    assert set(found) == {"both", "gate", "answer"}
    assert ending == ".weights.h5" or list(found) == ["both", "gate", "answer"]
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    run = found["gate"].unroll(found["both"].unroll(np.transpose(x, (2, 0, 1))).states["a"])
    answer = Readout(4, 2, "softmax", dtype=np.float32)
    for key, p in found["answer"].parameters.items():
        answer.parameters[key].value = p.value
    outputs = np.stack([y.value for y in answer(run).outputs], axis=2)
    np.testing.assert_allclose(np.transpose(outputs, (1, 2, 0)), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    live = load(model)
    assert {name: repr(thing) for name, thing in live.items()} == {name: repr(thing) for name, thing in found.items()}
