"""What people hand in is read as it is: files, notebooks with what only notebooks have, folders and patterns."""

import json
import os
import subprocess
import sys

import pytest

from autograd_seq import UsageError, check_file, check_folder
from autograd_seq.grading.handed_in import HandedIn, gathered, read

RIGHT = """def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
WRONG = RIGHT.replace("a_next ** 2", "a_next")


def notebook(*cells):
    return json.dumps({"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]})


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_what_only_a_notebook_understands_does_nothing(tmp_path):
    text = notebook(
        "%matplotlib inline\n!pip install numpy\nimport numpy as np\nget_ipython().magic('time')\nnp.tanh?",
        "%%bash\nls",
        "%%time\nif True:\n    %timeit f()\n    files = !ls\n" + RIGHT,
    )
    source = read(write(tmp_path / "mine.ipynb", text), "all").source
    compile(source, "mine", "exec")
    assert "import numpy" in source and "pip" not in source and "bash" not in source and "get_ipython" not in source
    assert check_file(tmp_path / "mine.ipynb").ok


def test_only_cells_that_define_something_are_run_unless_all_are_wanted(tmp_path):
    text = notebook("import numpy as np\nsize = 3\nraise ValueError('a cell that fails')", RIGHT, "1 / 0")
    path = write(tmp_path / "mine.ipynb", text)
    assert check_file(path).verdict == "right" and check_file(path).remark is None
    assert check_file(path).line is None
    found = check_file(path, cells="all")
    assert found.verdict == "right" and "a cell that fails" in found.remark and "cell 1, line 3" in found.remark


def test_a_cell_that_is_not_python_is_left_out_and_said(tmp_path):
    found = check_file(write(tmp_path / "mine.ipynb", notebook("x = 1", "def broken(:\n    pass", RIGHT)))
    assert found.verdict == "right" and "cell 2 is not Python" in found.remark and found.line == 2


def test_the_lines_of_a_notebook_are_said_by_cell(tmp_path):
    failing = "import numpy as np\ndef rnn_cell_backward(da_next, cache):\n    return undefined\n"
    found = check_file(write(tmp_path / "mine.ipynb", notebook("x = 1\ny = 2", failing)))
    assert "mine.ipynb, cell 2, line 3" in found["rnn_cell_backward"].text


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": [1]}', "[" * 100_000, "\ud800"])
def test_what_is_no_notebook_has_no_verdict(text, tmp_path):
    (tmp_path / "mine.ipynb").write_bytes(text.encode("utf-8", "surrogatepass"))
    found = check_file(tmp_path / "mine.ipynb")
    assert found.verdict == "no verdict" and "it is not a" in found.reason


def test_other_encodings_and_line_ends(tmp_path):
    latin = ("# -*- coding: latin-1 -*-\nname = 'café'\n" + RIGHT).replace("\n", "\r\n")
    (tmp_path / "latin.py").write_bytes(latin.encode("latin-1"))
    (tmp_path / "mark.py").write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'\n" + RIGHT.encode())
    book = check_folder(tmp_path, jobs=1)
    assert book["latin.py"].ok and book["mark.py"].ok
    assert book["bytes.py"].verdict == "no verdict" and "not a text" in book["bytes.py"].reason


def test_folders_and_patterns(tmp_path, monkeypatch):
    for name in ("b.py", "a.ipynb", "sub/c.py", ".ipynb_checkpoints/a.ipynb", "__pycache__/d.py", "_e.py", "f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, "")
    monkeypatch.chdir(tmp_path)
    assert gathered(["."]) == [os.path.join(".", name) for name in ("a.ipynb", "b.py", os.path.join("sub", "c.py"))]
    assert gathered(["*.py", "b.py", "**/*.py"])[:2] == ["_e.py", "b.py"]
    for absent in ("none.py", "*.r", ".ipynb_checkpoints/none"):
        with pytest.raises(UsageError, match="there is no"):
            gathered([absent])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no Python file and no notebook"):
        gathered(["empty"])


def test_a_file_that_fails_half_way_is_judged_on_what_it_defined(tmp_path):
    late = WRONG + "\ndef lstm_backward(da, caches):\n    return {}\nassert 1 == 2, 'the last cell'\nnever = 1\n"
    found = check_file(write(tmp_path / "mine.py", late))
    assert found.verdict == "wrong" and found.reason is None and list(found.functions) == [
        "rnn_cell_backward", "lstm_backward",
    ]  # fmt: skip
    assert "AssertionError: the last cell" in found.remark and "mine.py:9" in found.remark and found.line == 9
    assert "judged is what it defines all the same" in str(found)
    assert check_file(write(tmp_path / "mine.py", RIGHT + "import sys\nsys.exit()\n")).verdict == "right"


def test_an_import_that_fails_is_said_and_what_needs_it_not_is_judged(tmp_path):
    text = "from __future__ import annotations\nimport no_such_module\nimport numpy as np\nx: nothing = 1\n" + RIGHT
    for name, content in (("mine.py", text), ("mine.ipynb", notebook(text))):
        found = check_file(write(tmp_path / name, content))
        assert found.verdict == "right" and "No module named 'no_such_module'" in found.remark and found.line == 2


def test_modules_beside_a_submission_come_before_the_course_s_own(tmp_path):
    write(tmp_path / "rnn_utils.py", "def squared(x):\n    return x ** 2\n")
    uses = "from rnn_utils import squared\n" + RIGHT.replace("a_next ** 2", "squared(a_next)")
    assert check_file(write(tmp_path / "mine.py", uses)).ok
    (tmp_path / "rnn_utils.py").unlink()
    lent = "from rnn_utils import *\nfrom utils import smooth\nsigmoid(np.zeros(2)), softmax(np.zeros(2))\n"
    assert check_file(write(tmp_path / "mine.py", lent + RIGHT)).remark is None


def test_a_file_may_use_data_that_lie_beside_it_and_record_with_this_package(tmp_path):
    write(tmp_path / "data.txt", "2")
    text = "import autograd_seq.numpy as np\npower = int(open('data.txt').read())\n"
    assert check_file(write(tmp_path / "mine.py", text + RIGHT.replace("** 2", "** power"))).ok


def test_a_script_without_a_guard_has_its_class_judged_all_the_same(tmp_path):
    folder = tmp_path / "hand_in"
    folder.mkdir()
    for name, text in (("a.py", RIGHT), ("b.py", WRONG)):
        write(folder / name, text)
    text = f"from autograd_seq import check_folder\nprint(check_folder({str(folder)!r}, jobs=2))\n"
    script = write(tmp_path / "grade.py", text)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0 and "2 submissions: 1 right, 1 wrong" in ran.stdout


def test_a_line_of_a_report_is_said_by_the_cell_of_a_notebook():
    notebook = HandedIn("a.ipynb", "", (0, 10, 40))
    assert notebook.placed("dW is wrong in line 58; db follows") == "dW is wrong in cell 3, line 18; db follows"
    assert notebook.placed("第 12 行：dW = x") == "第 2 个单元格第 2 行：dW = x"
    assert notebook.placed("look at a.ipynb:58: dW") == "look at a.ipynb, cell 3, line 18: dW"
    assert HandedIn("a.py", "").placed("in line 58: x") == "in line 58: x"
