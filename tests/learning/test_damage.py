"""Damaged and foreign files: each gives an error of ours that names the file, and nothing of it is taken over."""

import functools
import io
import json
import os
import pickle
import struct
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from damages import outcomes
from kept import BY_PEOPLE, KINDS, NPZ, Cell, Language, Training, Words, values
from learning.line import Line

from autograd_seq.commands import main
from autograd_seq.core.errors import AutogradError, FileError, ValueRangeError
from autograd_seq.learning import checkpoint
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import Vocabulary, lines
from autograd_seq.learning.training import Trainer
from autograd_seq.storage.digests import digest
from cells import LSTM

SAVED = Path(__file__).parents[1] / "data" / "saved_by_0_1_0"


class Old(Training):
    """A training that release 0.1.0 left."""

    @staticmethod
    def write(path):
        path.write_bytes((SAVED / "training_adam.npz").read_bytes())


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    contents = {}
    for name, kind in {**KINDS, "old": Old}.items():
        kind.write(folder / f"{name}.npz")
        contents[name] = (folder / f"{name}.npz").read_bytes()
    return contents


def attempt(kind, path, content):
    """None if the file was refused, as it must be refused; else what it was loaded as."""
    path.write_bytes(content)
    loading = kind()
    before = loading.state()
    try:
        loading.load(path)
    except AutogradError as error:
        assert path.name in str(error) and len(str(error)) < 1500
        assert loading.state() == before  # not a half of it
        return None
    return loading.state()


def refused(kind, path, content, match):
    with pytest.raises(AutogradError, match=match):
        path.write_bytes(content)
        kind().load(path)
    assert attempt(kind, path, content) is None


@pytest.mark.parametrize("name", KINDS)
def test_cut_off_at_every_length(name, written, tmp_path):
    content, path = written[name], tmp_path / f"{name}.npz"
    assert attempt(KINDS[name], path, content) is not None
    stride = 1 if name in ("cell", "words") else 17
    for length in [*range(0, len(content), stride), len(content) - 1]:
        assert attempt(KINDS[name], path, content[:length]) is None, length


@pytest.mark.parametrize("name", NPZ)
@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_a_byte_that_differs_is_found_or_without_effect(name, mask, written, tmp_path):
    content, path = written[name], tmp_path / f"{name}.npz"
    whole = attempt(KINDS[name], path, content)
    found = 0
    for place in range(mask % 13, len(content), 13):
        spoiled = bytearray(content)
        spoiled[place] ^= mask
        state = attempt(KINDS[name], path, bytes(spoiled))
        assert state is None or state == whole, place  # such as the date of an entry
        found += state is None
    assert found > len(content) / 13 / 2


@pytest.mark.parametrize("name", NPZ)
def test_a_piece_that_is_missing_doubled_or_zeroed(name, written, tmp_path):
    content, path = written[name], tmp_path / f"{name}.npz"
    whole = attempt(KINDS[name], path, content)
    rng = np.random.default_rng(0)
    for _ in range(40):
        start, stop = sorted(rng.integers(0, len(content), 2).tolist())
        piece = content[start:stop]
        for middle in (b"", piece + piece, bytes(len(piece))):
            state = attempt(KINDS[name], path, content[:start] + middle + content[stop:])
            assert state is None or state == whole


@pytest.mark.parametrize("name", [*KINDS, *BY_PEOPLE])
def test_damages_of_all_kinds(name, tmp_path):
    """A sixteenth of what `python benchmarks/damage.py` tries."""
    told = 0
    for seed, damage, outcome, error in outcomes({**KINDS, **BY_PEOPLE}[name], tmp_path, name, range(0, 2000, 16)):
        assert outcome != "foreign error", (seed, damage, error)
        assert outcome != "read otherwise" or name in BY_PEOPLE, (seed, damage)
        told += outcome == "told"
    assert told > 90 or name in BY_PEOPLE


@pytest.mark.parametrize("name", NPZ)
def test_arrays_that_changed_places_are_told(name, written, tmp_path):
    """Each entry is whole, and so is the archive: only the digest knows better."""
    arrays, about = taken_apart(written[name])
    pairs = [(a, b) for a in arrays for b in arrays if a < b and arrays[a].shape == arrays[b].shape]
    assert pairs or name == "cell"
    for a, b in pairs:
        exchanged = zipped([("settings.json.npy", npy(np.frombuffer(json.dumps(about).encode(), np.uint8))),
                            *((f"{key}.npy", npy(arrays[{a: b, b: a}.get(key, key)])) for key in arrays)])  # fmt: skip
        refused(KINDS[name], tmp_path / f"{name}.npz", exchanged, "its digest differs")


def test_a_digest_that_is_lost(written, tmp_path):
    for name in NPZ:
        arrays, about = taken_apart(written[name])
        del about["digest"]
        content = zipped([("settings.json.npy", npy(np.frombuffer(json.dumps(about).encode(), np.uint8))),
                          *((f"{key}.npy", npy(array)) for key, array in arrays.items())])  # fmt: skip
        refused(KINDS[name], tmp_path / f"{name}.npz", content, "it has lost its digest")
    for spoiled, said in ((written["words"].replace(b"cat", b"rat"), "its digest differs"),
                          (written["words"].replace(b'"lower": true', b'"lower": false'), "its digest differs"),
                          (b'{"format": 1, "words": ["a"]}', "it has lost its digest")):  # fmt: skip
        refused(Words, tmp_path / "words.npz", spoiled, said)


# -- foreign files ---------------------------------------------------------------------------------------


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def header(words, data=bytes(16), version=(1, 0)):
    """A .npy file with these words for its header."""
    text = words.encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text + data


def zipped(entries, **settings):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **settings) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice is meant
        for name, data in entries:
            archive.writestr(name, data)
    return stream.getvalue()


def shaped(shape, descr="<f8", data=bytes(16)):
    return zipped([("Wf.npy", header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}", data))])


def lying():
    """An entry that claims to be of 8 GB."""
    content = bytearray(zipped([("Wf.npy", npy(np.eye(2)))]))
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", 2**32 - 2)
    return bytes(content)


def encrypted():
    content = bytearray(zipped([("Wf.npy", npy(np.eye(2)))]))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@functools.cache
def filling():
    """Little that unpacks to more than a gigabyte; made when it is needed, as that takes seconds."""
    entries = [("Wf.npy", bytes(2**27)) for _ in range(9)]
    return zipped(entries, compression=zipfile.ZIP_DEFLATED, compresslevel=1)


class Running:
    """What pickle would run."""

    def __reduce__(self):
        return (pytest.fail, ("a file made something run",))


PICKLED = np.empty(2, object)
PICKLED[:] = [Running(), 1]
FOREIGN = {
    "nothing": b"",
    "text": b"the cat sat on the mat\n" * 50,
    "json": b'{"words": 3}',
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(300),
    "a bare array": npy(np.eye(3)),
    "a pickle": pickle.dumps(Running()),
    "a zip of texts": zipped([("readme.txt", "hello"), ("a/b.txt", "x")]),
    "an empty zip": zipped([]),
    "a zip in a zip": zipped([("Wf.npy", zipped([("Wf.npy", npy(np.eye(2)))]))]),
    "objects": zipped([("Wf.npy", npy(PICKLED))]),
    "texts": zipped([("Wf.npy", npy(np.array(["a", "b"])))]),
    "dates": zipped([("Wf.npy", npy(np.array(["2020-01-01"], "datetime64[D]")))]),
    "records": zipped([("Wf.npy", npy(np.zeros(2, [("a", "f8"), ("b", "i4")])))]),
    "an entry twice": zipped([("Wf.npy", npy(np.eye(2))), ("Wf.npy", npy(np.eye(2)))]),
    "an array that is cut off": zipped([("Wf.npy", npy(np.eye(9))[:-8])]),
    "an array with more behind": zipped([("Wf.npy", npy(np.eye(9)) + b"more")]),
    "a huge shape": shaped("(1000000000000,)"),
    "a shape beyond all numbers": shaped("(10000000000, 10000000000, 10000000000)"),
    "a shape of nothing beyond all numbers": shaped("(0, 99999999999999999999)", data=b""),
    "a negative shape": shaped("(-1, -2)"),
    "a shape of words": shaped("('a',)"),
    "a shape that is none": shaped("None"),
    "a shape that is run": shaped("(__import__('os').abort(),)"),
    "an unknown dtype": shaped("(2,)", "<q9"),
    "a dtype of objects": shaped("(2,)", "|O"),
    "a dtype without size": shaped("(2,)", "|V0"),
    "no header": zipped([("Wf.npy", b"\x93NUMPY")]),
    "an empty array file": zipped([("Wf.npy", b"")]),
    "a header without end": zipped([("Wf.npy", header("{'descr': '<f8', 'shape': (2,"))]),
    "a header of brackets": zipped([("Wf.npy", header("(" * 5000))]),
    "a header too long": zipped([("Wf.npy", header("{'descr': '<f8', " + " " * 50000 + "}"))]),
    "a header of bad letters": zipped([("Wf.npy", b"\x93NUMPY\x01\x00\x04\x00\xff\xfe\xfd\xfc")]),
    "an old header's numbers": shaped("(2L,)"),
    "a header of a later version": zipped([("Wf.npy", header("{}", version=(3, 0)))]),
    "a header of no version": zipped([("Wf.npy", header("{}", version=(9, 9)))]),
    "a size that lies": lying(),
    "encrypted": encrypted(),
    "what fills the memory": filling,
    "settings alone": zipped([("settings.json.npy", npy(np.frombuffer(b'{"format": 1}', np.uint8)))]),
    "settings of numbers": zipped([("settings.json.npy", npy(np.eye(2)))]),
    "settings in a list": zipped([("settings.json.npy", npy(np.frombuffer(b"[1]", np.uint8)))]),
    "settings of brackets": zipped([("settings.json.npy", npy(np.frombuffer(b"[" * 99999, np.uint8)))]),
    "settings of no text": zipped([("settings.json.npy", npy(np.frombuffer(b"\xff\xfe{", np.uint8)))]),
}


def foreign(what):
    return FOREIGN[what]() if callable(FOREIGN[what]) else FOREIGN[what]


@pytest.mark.filterwarnings("ignore:Reading .*Python 2")
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("what", FOREIGN)
def test_foreign(name, what, tmp_path):
    assert attempt(KINDS[name], tmp_path / f"{name}.npz", foreign(what)) is None


def test_the_message_says_what_is_wrong(tmp_path):
    for what, match in {
        "text": "no archive of arrays",
        "a zip of texts": "'readme.txt', which is not an array",
        "objects": "Wf is an array of object, not of numbers",
        "an entry twice": "holds Wf twice",
        "a huge shape": r"Wf is to be float64 \(1000000000000,\), but holds 16 bytes",
        "what fills the memory": "claim to unpack to more than 100 times as many",
    }.items():
        refused(Cell, tmp_path / "cell.npz", foreign(what), rf"cell\.npz is damaged or no \.npz file.*{match}")
        refused(Training, tmp_path / "run.npz", foreign(what), rf"run\.npz is not a checkpoint.*{match}")


def test_a_folder_and_a_file_that_is_not_there_are_said_too(tmp_path):
    for path, kind, said in ((tmp_path, OSError, "cannot be read: it is a folder"),
                             (tmp_path / "nothing.npz", FileNotFoundError, "there is no file"),
                             (tmp_path / "a\0b", OSError, "cannot be read: .*null")):  # fmt: skip
        for load in (lambda: LSTM(2, 3).load(path), lambda: checkpoint.load(path), lambda: Vocabulary.load(path),
                     lambda: list(lines(path))):  # fmt: skip
            with pytest.raises(FileError, match=said) as caught:
                load()
            assert isinstance(caught.value, kind) and tmp_path.name in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "lstm.npz"
    LSTM(2, 3).save(path)
    path.chmod(0)
    with pytest.raises(FileError, match=r"lstm\.npz cannot be read: (?i:permission denied)"):
        LSTM(2, 3).load(path)


def test_arrays_of_other_programs_load_if_they_fit(tmp_path):
    """Compressed, in Fortran's order, or written by NumPy alone: they are the same numbers."""
    cell = LSTM(2, 3, seed=1)
    arrays = {key: np.asfortranarray(p.value) for key, p in cell.parameters.items()}
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "cell.npz", **arrays)
        other = LSTM(2, 3, seed=2)
        other.load(tmp_path / "cell.npz")
        assert values(other.parameters) == values(cell.parameters)
    cell.save(tmp_path / "cell.npz")
    with np.load(tmp_path / "cell.npz") as found:
        about = json.loads(found["settings.json"].tobytes())
        assert {key: found[key].tobytes() for key in arrays} == values(cell.parameters)
    assert about.pop("digest") == digest(about, arrays)
    assert about == {"format": 1, "arrays": list(arrays), "settings": {}}


# -- checkpoints with something missing or changed -------------------------------------------------------


def taken_apart(content):
    with np.load(io.BytesIO(content)) as found:
        arrays = {key: found[key] for key in found.files}
    return arrays, json.loads(arrays.pop("settings.json").tobytes())


def put_together(arrays, about):
    """A file whose digest is right, so that what it holds is looked at."""
    about = {**about, "digest": digest(about, arrays)} if "format" in about else about
    stream = io.BytesIO()
    np.savez(stream, **{"settings.json": np.frombuffer(json.dumps(about).encode(), np.uint8)}, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize("name", NPZ)
def test_any_array_that_is_lost_or_added_or_of_another_kind(name, written, tmp_path):
    arrays, about = taken_apart(written[name])
    path = tmp_path / f"{name}.npz"
    assert attempt(KINDS[name], path, put_together(arrays, about)) is not None
    refused(KINDS[name], path, put_together({**arrays, "more": np.eye(2)}, about), "it also has more")
    for key, array in arrays.items():
        rest = {other: found for other, found in arrays.items() if other != key}
        refused(KINDS[name], path, put_together(rest, about), f"it has lost {key}")
        if name == "language" and not key.startswith("parameter/"):
            continue  # of the training: sampling does not need it
        listed = {**about, "arrays": list(rest)}
        if not key.startswith(("best/", "batch/")):
            assert attempt(KINDS[name], path, put_together(rest, listed)) is None, key
        for other in (
            array[..., None], array.astype(complex), np.zeros(0), np.full(array.shape, np.nan), array.astype(">f4"),
            np.full(array.shape, -1, np.int8), np.concatenate([array, array]),
        ):  # fmt: skip
            if key.startswith("memory/") and other.dtype == ">f4":
                continue  # an optimiser may remember in fewer digits
            changed = put_together({**arrays, key: other}, about)
            assert attempt(KINDS[name], path, changed) is None, (key, other.dtype, other.shape)


def test_batches_that_are_not_places_of_examples(written, tmp_path):
    arrays, about = taken_apart(written["training"])
    for batch in (np.array([0, 11]), np.array([-1, 2]), np.array([], int), np.array([0.5]), np.array([[1]])):
        changed = put_together({**arrays, "batch/000000": batch}, about)
        refused(Training, tmp_path / "run.npz", changed, r"run\.npz is damaged: its batch 000000")


def test_what_an_old_checkpoint_has_lost(written, tmp_path):
    """It lists nothing; but each parameter has its memory, and batches are numbered."""
    arrays, settings = taken_apart(written["old"])
    for key in arrays:
        rest = {other: found for other, found in arrays.items() if other != key}
        state = attempt(Old, tmp_path / "old.npz", put_together(rest, settings))
        assert (state is None) == (key != "batch/000003"), key
    memory = {key: array for key, array in arrays.items() if not key.startswith("memory/")}
    refused(Old, tmp_path / "old.npz", put_together(memory, settings), "its optimiser remembered, W.v is missing")


WRONG = [None, "3", -1, 0.5, True, [], {}, [None], {"a": 1}, 2**80, "NaN"]


@pytest.mark.parametrize("name", ["training", "old"])
def test_settings_of_a_training_that_are_missing_or_of_another_kind(name, written, tmp_path):
    arrays, about = taken_apart(written[name])
    settings = about.get("settings", about)
    kind, path = {**KINDS, "old": Old}[name], tmp_path / "run.npz"
    for key in settings:
        if key in ("about", "underway", "examples", "summed"):
            continue  # which need not be there
        rest = {other: value for other, value in settings.items() if other != key}
        inside = {**about, "settings": rest} if "settings" in about else rest
        assert attempt(kind, path, put_together(arrays, inside)) is None, key
    for key, value in settings.items():
        for wrong in WRONG:
            if wrong == value or (key == "examples" and wrong in (None, 2**80)) or key == "about":
                continue
            changed = {**settings, key: wrong}
            inside = {**about, "settings": changed} if "settings" in about else changed
            assert attempt(kind, path, put_together(arrays, inside)) is None, (key, wrong)


@pytest.mark.parametrize("key", ["cell", "hidden", "words", "level"])
def test_settings_of_a_language_model_that_are_missing_or_of_another_kind(key, written, tmp_path):
    arrays, about = taken_apart(written["language"])
    made_from = about["settings"]["about"]
    path = tmp_path / "language.npz"
    wrong = [*WRONG, 10**9, "lstm", "bidirectional", ["a", "a"], made_from["words"][::-1] + ["b"]]
    without = {other: value for other, value in made_from.items() if other != key}
    for changed in [without, *({**made_from, key: value} for value in wrong)]:
        inside = {**about, "settings": {**about["settings"], "about": changed}}
        assert attempt(Language, path, put_together(arrays, inside)) is None, changed


def test_a_later_format_is_said(written, tmp_path):
    for name in NPZ:
        arrays, about = taken_apart(written[name])
        for later in (2, 0, "1", None):
            refused(KINDS[name], tmp_path / f"{name}.npz", put_together(arrays, {**about, "format": later}),
                    "has format .*this release reads up to 1")  # fmt: skip
    refused(Words, tmp_path / "v.json", b'{"format": 2, "words": ["a"]}', "has format 2, but")


@pytest.mark.parametrize(
    "content",
    [
        b'{"words": "abc"}', b'{"words": ["a"], "lower": 1}', b'{"words": ["a"], "size": 3}', b"[" * 99999, b"3",
        b'{"words": ["a"], "level": []}', b'{"words": {"a": 1}}', b'{"words": ["a"], "level": "letter"}', b"null",
    ],
)  # fmt: skip
def test_a_vocabulary_of_another_kind(content, tmp_path):
    refused(Words, tmp_path / "v.json", content, r"v\.json is not a vocabulary")


def test_sample_says_it_in_words(written, tmp_path, capsys):
    foreign = "not a model that train wrote"
    for content, said in ((written["language"][:-9], "damaged"), (written["training"], foreign),
                          (written["cell"], foreign), (b"text", "not a checkpoint")):  # fmt: skip
        (tmp_path / "m.npz").write_bytes(content)
        assert main(["sample", str(tmp_path / "m.npz")]) == 2
        assert said in capsys.readouterr().err


def test_a_file_that_does_not_fit_stays_as_it_is(written, tmp_path):
    path = tmp_path / "run.npz"
    for content in (b"", b"text", written["cell"], written["language"], written["training"][:-1]):
        path.write_bytes(content)
        with pytest.raises(ValueRangeError, match=r"run\.npz"):
            Trainer(Line(), Adam(0.05), save_to=path)
        assert path.read_bytes() == content and len(list(tmp_path.iterdir())) == 1
