"""Whatever lies in a folder, all of it is graded: no file stops that, leads out of it or steers what reads of it."""

import json
import os
import sys
from pathlib import Path

import pytest

from autograd_seq import UsageError, check_file, check_folder
from autograd_seq.commands import main
from autograd_seq.grading.handed_in import gathered, links_out, read
from autograd_seq.grading.loading import load
from autograd_seq.storage import files

RIGHT = """def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
PAIR = """def forward(x):
    return {"y": 2 * x}, None
def backward(up, cache):
    return {"dx": 2 * up["y"]}
"""
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


# -- what is no file to read ------------------------------------------------------------------------------------------


@on_posix
def test_pipes_devices_and_links_to_nothing_hold_nobody_up(tmp_path):
    write(tmp_path / "right.py", RIGHT)
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "nowhere.py").symlink_to("nothing.py")
    (tmp_path / "circle.py").symlink_to("circle.py")
    book = check_folder(tmp_path, jobs=1)
    assert book["right.py"].ok and [s.verdict for s in book].count("no verdict") == 4
    assert "a pipe or a device" in book["pipe.py"].reason and "a pipe or a device" in book["pipe.ipynb"].reason
    assert "a link that leads to no file" in book["nowhere.py"].reason
    assert "a link that leads to no file" in book["circle.py"].reason
    assert str(book).count("no verdict: it could not be judged: it is a link that leads to no file") == 1
    with pytest.raises(UsageError, match="a pipe or a device"):
        check_file(tmp_path / "pipe.py")


@on_posix
def test_a_link_out_of_the_folder_is_not_read(tmp_path, capsys):
    secret = write(tmp_path / "solution" / "reference.py", RIGHT)
    folder = tmp_path / "hand_in"
    folder.mkdir()
    (folder / "mine.py").symlink_to(secret)
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "passwd.py").symlink_to("/etc/passwd")
    write(folder / "own.py", RIGHT)
    (folder / "inside.py").symlink_to("own.py")
    for what in (folder, f"{folder}/*.py", f"{tmp_path}/hand_in/**"):
        book = check_folder(what, jobs=1)
        assert {s.path.rpartition(os.sep)[2]: s.verdict for s in book} == {
            "mine.py": "no verdict", "zero.py": "no verdict", "passwd.py": "no verdict", "own.py": "right",
            "inside.py": "right",
        }  # fmt: skip
        assert "outside of the folder" in book["mine.py"].reason and "root" not in str(book)
    assert main(["check", str(folder)]) == 3
    assert "mine.py: no verdict\n  it is a link to a file outside of the folder" in capsys.readouterr().out
    assert check_folder(folder / "mine.py")["mine.py"].ok and not links_out([folder / "mine.py"])  # named, so wanted


@on_posix
def test_links_between_folders_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a" / "mine.py", RIGHT)
    for name in ("one", "two", "three"):  # through which there are endlessly many ways
        (tmp_path / "a" / name).symlink_to(".")
        (tmp_path / name).symlink_to("..")
    mine = os.path.join("a", "mine.py")
    for what in ("a", "**/*.py", "**", os.path.join("a", "**", "*.py"), "*"):
        assert [os.path.normpath(name) for name in gathered([what])] == [mine], what
    assert gathered(["a", os.path.join("a", "mine.py"), str(tmp_path / "a")]) == [mine]


def test_a_folder_that_is_called_like_a_file_is_a_folder(tmp_path):
    write(tmp_path / "mine.py" / "cell.py", RIGHT)
    assert check_folder(tmp_path / "mine.py", jobs=1)["cell.py"].ok
    with pytest.raises(UsageError, match="a folder, a pipe or a device"):
        check_file(tmp_path / "mine.py")


def test_a_file_that_may_not_be_read_has_no_verdict(tmp_path, monkeypatch):
    write(tmp_path / "mine.py", RIGHT)
    write(tmp_path / "yours.py", RIGHT)
    real = open

    def forbidden(path, *more, **others):
        if str(path).endswith("mine.py"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **others)

    monkeypatch.setattr(files, "open", forbidden, raising=False)
    book = check_folder(tmp_path, jobs=1)
    assert book["yours.py"].ok and book["mine.py"].verdict == "no verdict"
    assert "ermission" in book["mine.py"].reason


# -- names ------------------------------------------------------------------------------------------------------------

NAMES = ["new\nline.py", "esc\x1b[31mred\x07.py", "\u202egnp.py", "<b>&amp;.py", "-rf.py", "[x].py", "a*b?.py",
         "名字.py", "x" * 240 + ".py", "=1+2.py", "a b.py", "`id`.py", "$HOME.py", "UPPER.PY"]  # fmt: skip


@on_posix
def test_names_of_files(tmp_path, capsys):
    folder = tmp_path / "hand_in"
    for name in NAMES:
        write(folder / name, RIGHT)
    write(folder / os.fsdecode(b"\xff\xfe.py"), "1 / 0\n")
    write(folder / "bad\nname.py", "def rnn_cell_backward(da_next, cache):\n    return nothing\n")
    many, pages = len(NAMES) + 2, tmp_path / "pages"
    outputs = {"csv": "o.csv", "junit": "o.xml", "causes": "c.csv"}
    words = [word for option, name in outputs.items() for word in (f"--{option}", str(tmp_path / name))]
    assert main(["check", str(folder), "--verbose", "--jobs", "1", *words, "--markdown", str(pages)]) == 1
    out = capsys.readouterr().out
    assert not any(sign in out for sign in "\x1b\x07\u202e\udcff") and out.count(": right\n") == len(NAMES)
    assert "new�line.py: right" in out and "bad�name.py:2: return nothing" in out
    assert len(list(pages.iterdir())) == many
    assert (tmp_path / "o.csv").read_text(encoding="utf-8").count("\n") == many + 1
    assert main(["check", str(folder / NAMES[1]), str(folder / NAMES[2]), "--json", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert [os.path.basename(found["path"]) for found in json.loads(out)] == NAMES[1:3]
    assert not any(sign in out for sign in "\x1b\u202e")


# -- contents ---------------------------------------------------------------------------------------------------------


def test_a_notebook_full_of_pictures_is_read(tmp_path):
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 50_000_000}}
    cell = {"cell_type": "code", "source": RIGHT, "outputs": [picture]}
    path = write(tmp_path / "mine.ipynb", json.dumps({"cells": [cell], "nbformat": 4}))
    assert check_file(path).ok


def test_what_is_too_long_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("autograd_seq.grading.handed_in.MOST_BYTES", 1000)
    monkeypatch.setattr("autograd_seq.grading.handed_in.MOST_OF_NOTEBOOK", 3000)
    long = "x = 1\n" * 200
    assert "longer than 1,000 bytes" in read(write(tmp_path / "a.py", long)).remark
    cells = {"cells": [{"cell_type": "code", "source": long}]}
    assert "its code is longer than 1,000 bytes" in read(write(tmp_path / "a.ipynb", json.dumps(cells))).remark
    assert "longer than 3,000 bytes" in read(write(tmp_path / "b.ipynb", json.dumps(cells) + " " * 3000)).remark


@pytest.mark.parametrize("content", [
    bytes(range(256)) * 20, b"\x89PNG\r\n\x1a\n" + bytes(500), b"PK\x03\x04" + bytes(100), RIGHT.encode("utf-16"),
    b"\xff", RIGHT.encode() + b"\0",
])  # fmt: skip
def test_what_is_no_text_has_no_verdict(content, tmp_path):
    book = check_folder([write(tmp_path / "a.py", content), write(tmp_path / "a.ipynb", content)], jobs=1)
    assert [s.verdict for s in book] == ["no verdict", "no verdict"]
    said = [s.reason.splitlines()[0] for s in book]
    assert all("UTF-8" in text or "not Python" in text or "not a notebook" in text for text in said)


DEEP = ["x = " + "(" * 5000, "x = " + "-" * 100_000 + "1", "x = a" + ".b" * 100_000, "[" * 9000]


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_what_is_nested_without_end_has_no_verdict(text, tmp_path):
    cells = {"cells": [{"cell_type": "code", "source": text}, {"cell_type": "code", "source": RIGHT}]}
    book = check_folder([
        write(tmp_path / "a.py", text + "\n" + RIGHT), write(tmp_path / "a.ipynb", json.dumps(cells)),
    ])  # fmt: skip
    assert book["a.py"].verdict == "no verdict" and book["a.ipynb"].verdict in ("right", "no verdict")


def test_a_cell_of_nothing_but_magics_takes_no_time(tmp_path):
    cells = {"cells": [{"cell_type": "code", "source": "%time x\n" * 100_000}, {"cell_type": "code", "source": RIGHT}]}
    assert check_file(write(tmp_path / "mine.ipynb", json.dumps(cells))).ok


# -- INPUTS -----------------------------------------------------------------------------------------------------------

INPUTS = [
    ("{'x': (10**6, 10**6)}", "at most 10,000,000 are drawn"), ("{'x': ('n',) * 40}", "at most 10,000,000 are drawn"),
    ("{'x': ('n',) * 8}", "what forward returns is larger than 8 MB"), ("{'x': (0,)}", "no output"),
    ("{'x': (10**30,)}", "must be an array or a shape"), ("{'x': (-1,)}", "the size -1"), ("{'x': 'n'}", "not str"),
    ("{}", "missing 1 required"),
    ("{1: (2,)}", "names of forward's arguments"), ("[1]", "say the shapes"), ("{'x': ('n', None)}", "not tuple"),
    ("{f'x{i}': (2,) for i in range(20000)}", "unexpected keyword"), ("{'x' * 5000: (2,)}", "unexpected keyword"),
    ("{'x': np.ones((3000, 3000))}", "say the shapes"), ("{'x': np.array(['a'])}", "must be an array"),
    ("{'x': np.array([np.nan])}", "x is nan"), ("{'x': (True,)}", "no gradient can be checked"),
    ("{'x': {'y': (2,)}}", "forward fails"), ("{'a\\n\\x1b': (2,)}", "unexpected keyword"),
]  # fmt: skip


@pytest.fixture(scope="module")
def on_inputs(tmp_path_factory):
    """The verdict on a pair with each of them."""
    folder = tmp_path_factory.mktemp("inputs")
    for number, (inputs, _) in enumerate(INPUTS):
        write(folder / f"{number:02}.py", f"import numpy as np\n{PAIR}INPUTS = {inputs}\n")
    return check_folder(folder, jobs=2).submissions


@pytest.mark.parametrize("number", range(len(INPUTS)), ids=[inputs for inputs, _ in INPUTS])
def test_inputs_that_make_no_sense_have_no_verdict_and_are_told(number, on_inputs):
    found = on_inputs[number]
    assert found.verdict == "no verdict" and INPUTS[number][1] in found["backward"].reason
    assert "/autograd_seq/" not in str(found) and len(str(found)) < 2000 and "\x1b" not in str(found)
    if "3000" in INPUTS[number][0]:
        assert "INPUTS is larger than 8 MB" in found.remark


def test_a_notebook_may_ask_for_its_shell(tmp_path):
    text = "shell = str(get_ipython())\nget_ipython().run_line_magic('matplotlib', 'inline')\nx = 1\n"
    found = load(str(tmp_path / "mine.ipynb"), text, (0,))
    assert found.error is None and found.names["x"] == 1


@on_posix
def test_links_to_folders_are_not_followed_and_that_is_said(tmp_path):
    folder, elsewhere, links = tmp_path / "class", tmp_path / "elsewhere", tmp_path / "links"
    for made in (folder / "ada", elsewhere, links):
        made.mkdir(parents=True)
    for name in (folder / "a.py", folder / "ada" / "b.py", elsewhere / "c.py"):
        name.write_text("def rnn_cell_backward(da_next, cache):\n    return {}\n")
    (folder / "linked").symlink_to(elsewhere)
    (folder / "ada" / "up").symlink_to("..")
    (folder / ".hidden").symlink_to(elsewhere)
    (links / "there").symlink_to(elsewhere)
    book = check_folder(folder, jobs=1)
    assert [Path(name).name for name in book.not_followed] == ["up", "linked"] and len(book) == 2
    assert f"{folder / 'linked'} is a link to a folder, and was not followed" in str(book)
    assert check_folder(elsewhere, jobs=1).not_followed == []
    assert check_folder(str(folder / "*"), jobs=1).not_followed == book.not_followed
    with pytest.raises(UsageError, match="holds links to folders only"):
        check_folder(links, jobs=1)
