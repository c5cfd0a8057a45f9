"""check_file: whatever a student's file does, its verdict is right, wrong or none, and none never looks like right."""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograd_seq import UsageError, ValueRangeError, check_file

RIGHT = """
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
WRONG = RIGHT.replace("a_next ** 2", "a_next")
IMPORTS = "import atexit, os, signal, sys, threading, unittest\n"

# What a file does on its third line, and what is said of it; a right function follows.
ENDINGS = [
    ("exit()", "SystemExit"),
    ("quit()", "SystemExit"),
    ("sys.exit(0)", "SystemExit (code 0)"),
    ("raise SystemExit", "SystemExit"),
    ("unittest.main(argv=['x'])", "SystemExit"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("f = lambda: f(); f()", "RecursionError"),
    ("1 / 0", "ZeroDivisionError"),
    ("def f(:", "SyntaxError"),
    ("os._exit(0)", "exit code 0"),
    ("atexit.register(os._exit, 0)", "exit code 0"),
    ("atexit.register(sys.exit, 0)", "at the end of the process"),
    ("t = threading.Thread(target=sys.exit); t.start()", "exit in a thread"),
    ("sys.stdout.close()", "closes standard output"),
    ("os.dup2(os.open(os.devnull, os.O_WRONLY), 1)", "in the place of standard output"),
    ("os.closerange(3, 99)", "ended the process"),
    *([] if sys.platform == "win32" else [("os.abort()", "SIGABRT"), ("os.kill(os.getpid(), 9)", "SIGKILL")]),
]
RAISED = ("SystemExit", "KeyboardInterrupt", "RecursionError", "ZeroDivisionError", "SyntaxError")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The verdict on each of them; two at a time."""
    folder = tmp_path_factory.mktemp("ended")
    paths = [
        write(folder / f"ends_{i}.py", f"{IMPORTS}\n{line}\n{RIGHT}") for i, (line, _) in enumerate(ENDINGS)
    ]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip((line for line, _ in ENDINGS), pool.map(check_file, paths)))


@pytest.mark.parametrize("line, said", ENDINGS)
def test_no_way_to_end_the_process_counts_as_right(line, said, ended):
    found = ended[line]
    assert found.verdict == "no verdict" and not found.ok
    assert said in found.reason and found.reason in str(found)
    data = json.loads(json.dumps(found.to_json()))
    assert data["format"] == 1 and data["verdict"] == "no verdict" and data["ok"] is False
    if said.startswith(RAISED):
        assert data["line"] == 3 and f".py:3: {line}" in data["reason"]


CHANGES = [
    "np.abs = lambda x: 0 * x",
    "np.max = lambda *a, **k: 0.0",
    "np.asarray = lambda x, *a: np.zeros(np.shape(x))",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_file_that_changes_numpy_never_counts_as_right(change, tmp_path):
    at_once = write(tmp_path / "at_once.py", f"import numpy as np\n{change}\n{WRONG}")
    inside = WRONG.replace("    dz =", f"    {change}\n    dz =")
    within = write(tmp_path / "within.py", "import numpy as np\n" + inside)
    for path in (at_once, within):
        found = check_file(path)
        assert found.verdict == "no verdict" and not found.ok
        assert f"in the place of numpy.{change[3:].split(' ')[0]}" in found["rnn_cell_backward"].reason


def test_new_names_in_numpy_do_no_harm(tmp_path):
    assert check_file(write(tmp_path / "old.py", "import numpy as np\nnp.of_old = float\n" + RIGHT)).ok


def test_a_right_file_and_what_it_prints(tmp_path):
    path = write(tmp_path / "mine.py", "print('ready: ŷ')\n" + RIGHT.replace("    dz", "    print(1)\n    dz"))
    found = check_file(path)
    assert found.verdict == "right" and found.ok and found.reason is None
    assert found.printed.startswith("ready: ŷ\n1\n") and "ready" not in str(found)
    assert str(found).endswith(f"{path}: right") and "all 5 gradients right" in str(found)
    assert found["rnn_cell_backward"].report["status"] == "checked"


def test_a_function_without_a_verdict_takes_nothing_from_the_others(tmp_path):
    text = IMPORTS + WRONG + """
def lstm_cell_backward(da_next, dc_next, cache):
    os._exit(0)
def rnn_backward(da, caches):
    return None
def lstm_backward(da, caches):
    sys.exit("done")
"""
    found = check_file(write(tmp_path / "mine.py", text))
    assert {name: f.verdict for name, f in found.functions.items()} == {
        "rnn_cell_backward": "wrong", "lstm_cell_backward": "no verdict", "rnn_backward": "no verdict",
        "lstm_backward": "no verdict",
    }  # fmt: skip
    assert found.verdict == "wrong" and found.reason is None
    assert "the square is missing" in found["rnn_cell_backward"].text
    assert "exit code 0" in found["lstm_cell_backward"].reason
    assert "not NoneType" in found["rnn_backward"].reason
    assert "code 'done'" in found["lstm_backward"].reason and "mine.py:14" in found["lstm_backward"].reason
    said = found.to_json()["functions"]
    assert [said[name]["status"] for name in said] == ["refuted", "undecided", "undecided", "undecided"]


def test_limits_of_the_machine_are_no_verdict_and_errors_are_wrong(tmp_path):
    text = """
def rnn_cell_backward(da_next, cache):
    return rnn_cell_backward(da_next, cache)
def lstm_cell_backward(da_next, dc_next, cache):
    return undefined
"""
    found = check_file(write(tmp_path / "mine.py", text))
    assert found["rnn_cell_backward"].verdict == "no verdict" and "Recursion" in found["rnn_cell_backward"].reason
    assert found["lstm_cell_backward"].verdict == "wrong" and "NameError" in str(found["lstm_cell_backward"])


def test_forward_and_backward_say_what_is_missing(tmp_path):
    both = "def forward(x):\n    return {'y': 2 * x}, None\ndef backward(up, cache):\n    return {'dx': 2 * up['y']}\n"
    found = check_file(write(tmp_path / "mine.py", RIGHT + both))
    assert found["rnn_cell_backward"].ok and "INPUTS" in found["backward"].reason and found.verdict == "no verdict"
    assert check_file(write(tmp_path / "mine.py", both + "INPUTS = {'x': ('n', 'm')}")).ok
    found = check_file(write(tmp_path / "mine.py", "def forward(x):\n    return x\n"))
    assert found.verdict == "no verdict" and "defines none of" in found.reason and "forward alone" in found.reason


@pytest.mark.parametrize("where", ["file", "function", "thread"])
def test_what_does_not_end_has_no_verdict_and_says_where_it_was(where, tmp_path):
    loop = "while True: pass"
    text = {
        "file": f"{loop}\n{RIGHT}",
        "function": f"{RIGHT}def rnn_backward(da, caches):\n    {loop}\ndef lstm_backward(da, caches):\n    pass\n",
        "thread": f"import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n{RIGHT}",
    }[where]
    begun = time.monotonic()
    found = check_file(write(tmp_path / "mine.py", text), timeout=1)
    assert time.monotonic() - begun < 60
    assert found.verdict == "no verdict"
    if where == "function":
        assert found["rnn_cell_backward"].ok and f"mine.py:8: {loop}" in found["rnn_backward"].reason
        assert "before its turn" in found["lstm_backward"].reason
    else:
        assert "within 1 seconds" in found.reason
        assert where != "file" or f"mine.py:1: {loop}" in found.reason


def test_the_channel_is_private_and_what_a_fork_says_is_not_heard(tmp_path):
    forged = """
import json, os, sys
for channel in range(1, 12):
    try:
        os.write(channel, json.dumps({"word": "", "event": "report", "name": "rnn_backward", "ok": True}).encode())
        os.write(channel, b"\\n[1, 2\\n\\xff\\n" + b"[" * 100_000 + b"\\n")
    except OSError:
        pass
if hasattr(os, "fork"):
    os.fork()
"""
    found = check_file(write(tmp_path / "mine.py", forged + RIGHT))
    assert set(found.functions) == {"rnn_cell_backward"} and found.ok
    assert not check_file(write(tmp_path / "mine.py", forged + WRONG)).ok


def test_much_that_is_printed_and_files_of_that_name_do_no_harm(tmp_path, monkeypatch):
    for name in ("json.py", "numpy.py", "threading.py"):
        write(tmp_path / name, "raise SystemExit('not this one')\n")
    monkeypatch.chdir(tmp_path)
    found = check_file(write(tmp_path / "mine.py", "print('x' * 10**6)\nprint('\\033[2J\\ud800')\n" + RIGHT))
    assert found.ok and len(found.printed) < 30_000 and "bytes more" in found.printed
    assert not [path for path in os.listdir(tmp_path) if path.startswith("core")]


def test_processes_that_a_file_leaves_behind_hold_nobody_up(tmp_path):
    text = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    begun = time.monotonic()
    assert check_file(write(tmp_path / "mine.py", text + RIGHT)).ok
    assert time.monotonic() - begun < 60
    assert not [t for t in threading.enumerate() if t.name.endswith("(_read_answers)") and t.is_alive()]


@pytest.mark.parametrize(
    "call, error, said",
    [
        (lambda folder: check_file(folder / "absent.py"), UsageError, "there is no file"),
        (lambda folder: check_file(folder), UsageError, "not a Python file"),
        (lambda folder: check_file(write(folder / "a.txt", "")), UsageError, "must end in .py"),
        (lambda folder: check_file(write(folder / "a.py", ""), timeout=0), ValueRangeError, "timeout .* not 0"),
        (lambda folder: check_file(write(folder / "a.py", ""), timeout=float("nan")), ValueRangeError, "not nan"),
        (lambda folder: check_file(write(folder / "a.py", ""), seed=-1), ValueRangeError, "seed .* not -1"),
    ],
)
def test_bad_use_is_an_error_of_the_caller(call, error, said, tmp_path):
    with pytest.raises(error, match=said):
        call(tmp_path)


CELL = RIGHT.replace('p["Wax"].T @ dz', 'dz @ p["Wax"]').replace('p["Waa"].T @ dz', 'dz @ p["Waa"]')
BATCH_FIRST = CELL.replace("dz @ xt.T", "dz.T @ xt").replace("dz @ a_prev.T", "dz.T @ a_prev").replace("1, k", "0, k")
OF_ROWS = BATCH_FIRST.replace('dz @ p["Wax"]', 'dz @ p["Wax"].T').replace('dz @ p["Waa"]', 'dz @ p["Waa"].T')
OF_ROWS = OF_ROWS.replace("dz.T @ xt", "xt.T @ dz").replace("dz.T @ a_prev", "a_prev.T @ dz")
OTHERS = [
    (BATCH_FIRST, "it takes the batch first"), (OF_ROWS, "it takes the batch first"),
    (RIGHT.replace("(da_next, cache)", "(da_next, x, cache)"), "it takes other arguments"),
    ("def rnn_cell_forward(x, h):\n    return x\n" + RIGHT.replace(", p = ", ", p, q = "), "its cache is not that"),
]  # fmt: skip


@pytest.mark.parametrize("text, said", OTHERS, ids=range(len(OTHERS)))
def test_a_function_that_takes_something_else_is_told_what_to_write(text, said, tmp_path):
    found = check_file(write(tmp_path / "mine.py", "import numpy as np\n" + text))
    reason = found["rnn_cell_backward"].reason
    assert found.verdict == "no verdict" and said in reason and 'INPUTS = {"x": ("m", "n_x")' in reason
    asked = write(tmp_path / "asked.toml", "format = 1\n[functions.rnn_cell_backward]\npoints = 1\n")
    assert check_file(tmp_path / "mine.py", assignment=asked).verdict == "wrong"  # of an assignment it is asked


@pytest.mark.parametrize("mistake", [CELL, RIGHT.replace("dz @ xt.T", "dz.T @ xt"), RIGHT.replace(", p = ", " = ")])
def test_a_function_that_fails_for_a_mistake_is_wrong(mistake, tmp_path):
    found = check_file(write(tmp_path / "mine.py", "import numpy as np\n" + mistake))
    assert found.verdict == "wrong" and "it failed: ValueError" in str(found)
