"""Saving and loading: exact, and a file that does not fit changes nothing."""

import numpy as np
import pytest

from autograd_seq.core.errors import FileError, ShapeError, ValueRangeError
from cells import GRU, LSTM, Bidirectional, Deep, Readout
from cells.initial import orthogonal, weights


def nested(seed, dtype=np.float64):
    return Deep([Bidirectional(LSTM(3, 4, seed=seed, dtype=dtype), GRU(3, 2, seed=seed, dtype=dtype)),
                 LSTM(6, 4, peephole="diagonal", seed=seed, dtype=dtype)])  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back(tmp_path, dtype):
    one, other = nested(1, dtype), nested(2, dtype)
    one.save(tmp_path / "cell.npz")
    other.load(tmp_path / "cell.npz")
    for key, p in one.parameters.items():
        np.testing.assert_array_equal(p.value, other.parameters[key].value)
        assert other.parameters[key].dtype == dtype


def refused(tmp_path, write, error, match):
    cell = LSTM(3, 4, seed=1)
    before = {key: p.value for key, p in cell.parameters.items()}
    path = tmp_path / "file.npz"
    write(path)
    with pytest.raises(error, match=match):
        cell.load(path)
    for key, p in cell.parameters.items():
        np.testing.assert_array_equal(p.value, before[key])


def arrays(**changed):
    values = {key: p.value + 1 for key, p in LSTM(3, 4, seed=1).parameters.items()} | changed
    return lambda path: np.savez(path, **{key: value for key, value in values.items() if value is not None})


def test_files_that_do_not_fit(tmp_path):
    refused(tmp_path, arrays(bo=None), ValueRangeError, "lacks bo")
    refused(tmp_path, arrays(Wx=np.ones(3)), ValueRangeError, "also has Wx")
    refused(tmp_path, arrays(bo=np.ones((5, 1))), ShapeError, r"bo is float64 \(5, 1\).*float64 \(4, 1\)")
    refused(tmp_path, arrays(bo=np.ones((4, 1), np.float32)), ShapeError, "bo is float32")
    refused(tmp_path, arrays(bo=np.full((4, 1), np.nan)), ValueRangeError, "bo holds NaN")
    refused(tmp_path, arrays(bo=np.array([[{}]] * 4)), ValueRangeError, "damaged or no .npz")
    refused(tmp_path, lambda path: path.write_bytes(b"not at all"), ValueRangeError, "damaged or no .npz")
    refused(tmp_path, lambda path: path.write_bytes(b""), ValueRangeError, "damaged or no .npz")

    def cut_short(path):
        arrays()(path)
        path.write_bytes(path.read_bytes()[:700])

    def spoiled(path):
        arrays()(path)
        content = bytearray(path.read_bytes())
        content[200] ^= 0xFF
        path.write_bytes(bytes(content))

    def bare(path):
        with open(path, "wb") as file:
            np.save(file, np.ones(3))

    for write in (cut_short, spoiled, bare):
        refused(tmp_path, write, ValueRangeError, "damaged or no .npz")
    with pytest.raises(FileNotFoundError):
        LSTM(3, 4).load(tmp_path / "nowhere.npz")


def test_seeds_and_schemes():
    for make in (lambda seed: LSTM(3, 4, seed=seed), lambda seed: Readout(4, 3, seed=seed, hidden=[5])):
        first, same, other = make(1).parameters, make(1).parameters, make(2).parameters
        assert all((first[key].value == same[key].value).all() for key in first)
        assert any((first[key].value != other[key].value).any() for key in first)
    rng = np.random.default_rng(0)
    assert weights(rng, 300, 200).std() == pytest.approx(np.sqrt(2 / 500), rel=0.02)
    for rows, columns in ((5, 3), (3, 5), (4, 4)):
        Q = orthogonal(rng, rows, columns)
        small = Q.T @ Q if rows > columns else Q @ Q.T
        np.testing.assert_allclose(small, np.eye(min(rows, columns)), atol=1e-12)
    W = GRU(3, 4, seed=0, scheme="orthogonal").parameters["Wu"].value
    np.testing.assert_allclose(W[:, :4] @ W[:, :4].T, np.eye(4), atol=1e-12)
    assert (LSTM(3, 4).parameters["bf"].value == 1).all() and not LSTM(3, 4).parameters["bu"].value.any()
    with pytest.raises(ValueRangeError, match="'xavier', 'orthogonal'"):
        GRU(3, 4, scheme="best")


@pytest.mark.parametrize("content", ["def f():\n    return 1\n", "\x00" * 40])
def test_what_is_no_file_of_parameters_is_not_written_over(tmp_path, content):
    program = tmp_path / "f.py"
    program.write_text(content, encoding="utf-8")
    with pytest.raises(FileError, match=r"f\.py is there already.*lost.*another name"):
        LSTM(2, 3).save(program)
    assert program.read_text(encoding="utf-8") == content


def test_a_file_of_parameters_and_an_empty_one_are_written_over(tmp_path):
    path = tmp_path / "lstm.npz"
    path.touch()
    for seed in (1, 2):
        LSTM(2, 3, seed=seed).save(path)
    cell = LSTM(2, 3, seed=3)
    cell.load(path)
    np.testing.assert_array_equal(cell.parameters["Wf"].value, LSTM(2, 3, seed=2).parameters["Wf"].value)
