"""The command line: what it prints, and its exit codes."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import autograd_seq
from autograd_seq.commands import cells_by_name, example_run, main
from autograd_seq.commands.things import NAMES

USER_FILE = """
import numpy as np
from autograd_seq import Parameter
W = Parameter([[0.5, 0.1]], "W")
def loss():
    return np.sum(np.tanh(W) ** 2)
def broken():
    return 1 + None
def number():
    return 3
def leaves():
    raise SystemExit(3)
"""


@pytest.fixture
def user_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(USER_FILE)
    return path


@pytest.mark.parametrize("cell", cells_by_name())
def test_print_shows_every_step(cell, capsys):
    assert main(["print", cell, "--steps", "2"]) == 0
    text = capsys.readouterr().out
    assert "x<1>" in text and "x<2>" in text and "x<3>" not in text


def test_print_json(capsys):
    assert main(["print", "rnn", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["records"]
    assert any(row["name"] == "a<3>" and row["operation"] == "tanh" for row in rows)
    assert all(i is None or i < row["index"] for row in rows for i in row["inputs"])


def test_print_of_a_users_function(user_file, capsys):
    assert main(["print", f"{user_file}:loss"]) == 0
    assert "mine.py:6" in capsys.readouterr().out


def test_print_backward(user_file, capsys):
    assert main(["print", f"{user_file}:loss", "--backward"]) == 0
    assert "dW" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, said",
    [
        (["print", "no_such_cell"], "neither a cell"),
        (["print", "no_such_file.py:f"], "no file"),
        (["print", "{file}:nothing"], "it has"),
        (["print", "{file}:number"], "returned int"),
        (["draw", "{file}:number"], "returned int"),
        (["check", "lstm"], "--formula"),
        (["check", "no_such_file.py"], "no file"),
    ],
)
def test_bad_use_exits_with_2(words, said, user_file, capsys):
    assert main([word.replace("{file}", str(user_file)) for word in words]) == 2
    assert said in capsys.readouterr().err


def test_no_words_at_all_print_the_help_and_exit_as_argparse_does(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["autograd-seq"])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert ended.value.code == 2 and printed.out == ""
    assert "A microscope for backpropagation" in printed.err and "print the recorded graph" in printed.err


THING_COMMANDS = ["print", "prove", "derive", "source", "compile", "flow", "draw"]


@pytest.mark.parametrize("command", THING_COMMANDS)
def test_a_users_file_that_fails_or_leaves_exits_with_3(command, user_file, capsys):
    for function, said in (("broken", "TypeError"), ("leaves", "SystemExit: 3")):
        assert main([command, f"{user_file}:{function}"]) == 3
        out, err = capsys.readouterr()
        line = {"broken": 'mine.py:8: return 1 + None', "leaves": "mine.py:12: raise SystemExit(3)"}[function]
        assert not out and said in err and line in err and "Traceback" not in err


LATE = """
import sys
from autograd_seq import Parameter, operation
print("loading")
@operation(vjp=[lambda g, y, x: {rule}])
def thrice(x, /):
    return x * 3.0
def loss():
    print("running")
    return thrice(Parameter([1.0, 2.0], "W")).sum()
"""


@pytest.mark.parametrize("rule, said", [("sys.exit(0)", "SystemExit: 0"), ("1 / 0", "ZeroDivisionError")])
def test_a_rule_that_fails_only_when_it_is_used_exits_with_3(rule, said, tmp_path, capsys):
    path = tmp_path / "late.py"
    path.write_text(LATE.format(rule=rule))
    assert main(["source", f"{path}:loss"]) == 3
    err = capsys.readouterr().err
    assert said in err and "late.py:5" in err and "Traceback" not in err


@pytest.mark.parametrize("command", ["print", "prove", "flow"])
def test_json_is_all_that_stands_on_standard_output(command, user_file, tmp_path, capsys):
    prints = tmp_path / "prints.py"
    prints.write_text(LATE.format(rule="g * 3.0"))
    for thing in ("rnn", f"{prints}:loss", f"{user_file}:leaves", f"{user_file}:nothing", "no_such_cell"):
        code = main([command, thing, "--json"])
        out, err = capsys.readouterr()
        found = json.loads(out)
        assert code == 0 or (code in (2, 3) and found["verdict"] == "no verdict" and found["reason"] in err)
        assert ("running" in err) == ("prints.py" in thing)
    with pytest.raises(SystemExit):
        main([command, "rnn", "--json", "--no-such-option"])
    assert json.loads(capsys.readouterr().out)["verdict"] == "no verdict"


@pytest.mark.parametrize(
    "words, said",
    [
        (["print", "rnn", "--steps", "0"], "--steps: a whole number from 1 on, not '0'"),
        (["draw", "rnn", "--steps", "1000000000000"], "--steps: a whole number"),
        (["train", "some.txt", "--epochs", "0"], "--epochs: a whole number from 1 on"),
        (["train", "some.txt", "--hidden", "2.5"], "--hidden: a whole number from 1 on"),
        (["train", "some.txt", "--devices", "0"], "--devices: a whole number from 1 on"),
        (["train", "some.txt", "--threads", "none"], "--threads: a whole number from 1 on"),
        (["train", "some.txt", "--engine", "torch"], "invalid choice: 'torch'"),
        (["sample", "m.npz", "--seed", "-1"], "--seed: a whole number from 0 on, not '-1'"),
        (["sample", "m.npz", "--count", "0"], "--count"),
        (["check", "my_rnn.py", "--seed", "-1"], "--seed"),
    ],
)
def test_numbers_that_cannot_be_meant_exit_with_2(words, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize("module", ["autograd_seq", "autograd_seq.commands"])
def test_unknown_command_exits_with_2(module):
    result = subprocess.run([sys.executable, "-m", module, "fly"], capture_output=True, text=True)
    assert result.returncode == 2


@pytest.mark.parametrize("cell", ["rnn", "bidirectional", "deep-lstm"])
def test_flow_is_a_lower_triangle(cell, capsys):
    assert main(["flow", cell, "--steps", "4", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)["flow"]
    assert len(table) == 4
    if cell != "bidirectional":  # where later inputs reach earlier outputs
        assert all(table[t][k] == 0 for t in range(4) for k in range(t + 1, 4))
    assert all(table[t][t] > 0 for t in range(4))
    assert main(["flow", cell]) == 0 and "‖∂L<t>/∂a<k>‖" in capsys.readouterr().out


def test_training_through_a_plan_learns_the_same(tmp_path, capsys):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("rex\nrax\nroxy\n" * 3, encoding="utf-8")
    said = []
    for more in ([], ["--engine", "numpy"]):
        words = ["train", str(corpus), "--hidden", "4", "--epochs", "2", "-o", str(tmp_path / f"m{len(more)}.npz")]
        assert main([*words, *more]) == 0
        said.append(capsys.readouterr().out.splitlines()[0])
    assert said[0] == said[1] and "9 sequences" in said[0]
    with np.load(tmp_path / "m0.npz") as recorded, np.load(tmp_path / "m2.npz") as compiled:
        for key in recorded:
            if recorded[key].dtype.kind == "f":
                assert np.allclose(recorded[key], compiled[key], rtol=0, atol=1e-11), key


def test_train_then_sample(tmp_path, capsys):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("rex\nrax\nrox\n" * 10, encoding="utf-8")
    model = str(tmp_path / "m.npz")
    assert main(["train", str(corpus), "--cell", "gru", "--hidden", "8", "--epochs", "3", "-o", model]) == 0
    assert "30 sequences" in capsys.readouterr().out
    assert main(["sample", model, "--count", "3", "--seed", "1"]) == 0
    first = capsys.readouterr().out
    assert len(first.splitlines()) == 3
    main(["sample", model, "--count", "3", "--seed", "1"])
    assert capsys.readouterr().out == first
    assert main(["sample", model, "--temperature", "nan"]) == 2
    assert "temperature nan" in capsys.readouterr().err


TOGETHER = ["--engine", "jax", "--devices", "all", "--join"]


@pytest.mark.parametrize(
    "words, said",
    [
        (["train", "{dir}/nothing.txt"], "nothing.txt"),
        (["train", "{dir}/empty.txt"], "empty"),
        (["train", "{dir}/some.txt", "--cell", "bidirectional"], "from its end"),
        (["train", "{dir}/some.txt", "--cell", "fly"], "no cell 'fly'"),
        (["train", "{dir}/some.txt", "--devices", "2"], "devices belongs to engine='jax'"),
        (["train", "{dir}/some.txt", "--join"], "--engine jax --devices all --join"),
        (["train", "{dir}/some.txt", *TOGETHER, "localhost", "2", "0"], "write --join HOST:PORT PROCESSES NUMBER"),
        (["train", "{dir}/some.txt", *TOGETHER, "localhost:99", "2"], "write --join HOST:PORT PROCESSES NUMBER"),
        (["train", "{dir}/some.txt", *TOGETHER, "localhost:99", "2", "one"], "a whole number from 0 on, not 'one'"),
        (["train", "{dir}/some.txt", *TOGETHER, "localhost:99", "2", "2"], "from 0 to 1; there is no number 2"),
        (["sample", "{dir}/some.txt"], "not a checkpoint"),
        (["sample", "{dir}/missing.npz"], "missing.npz"),
    ],
)
def test_training_badly_used(words, said, tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "some.txt").write_text("abc\n")
    assert main([word.replace("{dir}", str(tmp_path)) for word in words]) == 2
    assert said in capsys.readouterr().err


def test_prove_says_proven_and_a_wrong_rule_exits_with_1(capsys, tmp_path):
    assert main(["prove", "rnn"]) == 0
    assert "proven" in capsys.readouterr().out
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import numpy as np\n"
        "from autograd_seq import Parameter, operation\n"
        "@operation(vjp=[lambda g, y, x: g * 2])\n"
        "def double_wrong(x, /):\n    return x * 3.0\n"
        "def loss():\n    return double_wrong(Parameter([1.0, 2.0], 'W')).sum()\n"
    )
    assert main(["prove", f"{wrong}:loss"]) == 1
    said = capsys.readouterr().out
    assert "double_wrong" in said and "wrong.py:7" in said
    assert main(["prove", "rnn", "--json"]) == 0 and json.loads(capsys.readouterr().out)


RIGHT = """
import numpy as np
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""


def test_check_a_students_file(tmp_path, capsys):
    path = tmp_path / "my_rnn.py"
    path.write_text(RIGHT)
    assert main(["check", str(path)]) == 0
    path.write_text(RIGHT.replace("a_next ** 2", "a_next"))
    assert main(["check", str(path)]) == 1
    assert "1 − a" in capsys.readouterr().out
    assert main(["check", str(path), "--hints"]) == 1
    assert "correct:" not in capsys.readouterr().out
    path.write_text("x = 1")
    assert main(["check", str(path)]) == 3
    assert "defines none of" in capsys.readouterr().out


CHECKED = [
    ("print('hello')\n" + RIGHT, 0, "right"),
    (RIGHT.replace("a_next ** 2", "a_next") + "def rnn_backward(da, caches):\n    exit()\n", 1, "wrong"),
    (RIGHT + "def rnn_backward(da, caches):\n    print('\\x1b[2J')\n    exit()\n", 3, "no verdict"),
    ("print('hello')\nimport os\nos._exit(0)\n", 3, "no verdict"),
    ("def f(:\n", 3, "no verdict"),
]


@pytest.mark.parametrize("text, code, verdict", CHECKED)
def test_check_says_its_verdict_in_its_exit_code_and_in_json(text, code, verdict, tmp_path, capsys):
    path = tmp_path / "my_rnn.py"
    path.write_text(text)
    assert main(["check", str(path), "--timeout", "50"]) == code
    out, err = capsys.readouterr()
    assert f"{path}: {verdict}" in out and "hello" not in out and "\x1b" not in err
    assert main(["check", str(path), "--json"]) == code
    out, err = capsys.readouterr()
    (found,) = json.loads(out)
    assert (found["format"], found["verdict"], found["ok"], found["path"]) == (1, verdict, code == 0, str(path))
    assert ("  | hello" in err) == text.startswith("print")
    if "rnn_backward" in text:
        assert found["functions"]["rnn_backward"]["verdict"] == "no verdict"
        assert found["functions"]["rnn_cell_backward"]["verdict"] == ("wrong" if code == 1 else "right")
    if verdict == "no verdict" and "rnn_cell" not in text:
        assert found["reason"] and found["line"] == (1 if "def f(" in text else None)


def test_check_stops_what_does_not_end(tmp_path, capsys):
    path = tmp_path / "my_rnn.py"
    path.write_text("while True:\n    pass\n")
    assert main(["check", str(path), "--timeout", "0.5"]) == 3
    assert "within 0.5 seconds" in capsys.readouterr().out
    for wrong in ("0", "-1", "nan", "inf", "soon"):
        with pytest.raises(SystemExit) as stopped:
            main(["check", str(path), "--timeout", wrong])
        assert stopped.value.code == 2 and f"not '{wrong}'" in capsys.readouterr().err


def test_check_a_formula(capsys):
    assert main(["check", "lstm", "--formula", "dc_tilde = dc * Gamma_u"]) in (0, 1)
    assert main(["check", "lstm", "--formula", "dGamma_o = da_next * tanh(c_next) * Gamma_o"]) == 1
    assert "refuted" in capsys.readouterr().out
    assert main(["check", "lstm", "--formula", "dc_prev = dc *"]) == 3
    assert "unreadable" in capsys.readouterr().out
    assert main(["check", "lstm", "--formula", "dc_prev = dc_next *", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["status"] == "unreadable"


@pytest.mark.parametrize("suffix", ["html", "md", "tex"])
def test_derive_and_source(suffix, tmp_path, capsys):
    assert main(["derive", "gru", "--steps", "4"]) == 0
    assert "∂J/∂W_u = Σ_t" in capsys.readouterr().out
    path = tmp_path / f"gru.{suffix}"
    assert main(["derive", "gru", "--steps", "4", "-o", str(path)]) == 0
    assert path.stat().st_size > 2000
    assert main(["source", "gru"]) == 0
    assert "def gru_backward(" in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["rnn", "gru", "deep-bidirectional"])
def test_compile_prints_the_program_that_runs(cell, tmp_path, capsys):
    assert main(["compile", cell, "--steps", "4"]) == 0
    printed = capsys.readouterr().out
    plan = autograd_seq.compile(example_run(cell, 4).loss)
    assert printed.strip() == plan.source.strip() and "def run(" in printed
    path = tmp_path / "fast.py"
    assert main(["compile", cell, "--steps", "4", "--explain", "-o", str(path)]) == 0
    explained = capsys.readouterr().out
    assert explained.strip() == plan.explain().strip() and "weight gradients" in explained
    assert path.read_text(encoding="utf-8") == plan.source


@pytest.mark.slow
def test_compile_through_numba(capsys):
    pytest.importorskip("numba")
    assert main(["compile", "gru", "--fast"]) == 0
    printed = capsys.readouterr().out
    assert printed.strip() == autograd_seq.compile(example_run("gru", 3).loss, fast=True).source.strip()
    assert main(["compile", "gru"]) == 0
    assert capsys.readouterr().out != printed


def test_compile_of_a_users_function(user_file, capsys):
    assert main(["compile", f"{user_file}:loss"]) == 0
    assert "tanh" in capsys.readouterr().out
    assert main(["compile", f"{user_file}:broken"]) == 3
    user_file.write_text("from cells import RNN\ndef cell():\n    return RNN(2, 3)\n")
    assert main(["compile", f"{user_file}:cell"]) == 2
    assert "from a loss" in capsys.readouterr().err


def test_draw_pictures_and_pages(tmp_path, capsys):
    for name, begin in (("a.svg", b"<svg"), ("a.png", b"\x89PNG"), ("a.html", b"<!DOCTYPE")):
        path = tmp_path / name
        assert main(["draw", "rnn", "-o", str(path)]) == 0
        assert path.read_bytes().startswith(begin)
    assert main(["draw", "rnn", "--view", "nothing", "-o", str(tmp_path / "b.svg")]) == 2
    assert main(["draw", "rnn", "-o", str(tmp_path / "b.xyz")]) == 2
    assert not (tmp_path / "b.svg").exists() and not (tmp_path / "b.xyz").exists()


def test_derive_says_how_formulas_read_better_where_they_are_text(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("autograd_seq.commands.texts.find_spec", lambda name: None)
    assert main(["derive", "rnn", "-o", str(tmp_path / "rnn.html")]) == 0
    assert "pip install 'autograd-seq[page]'" in capsys.readouterr().err
    assert main(["derive", "rnn", "-o", str(tmp_path / "rnn.tex")]) == 0
    assert "pip install" not in capsys.readouterr().err


WHAT_IS_LOADED = """
import json, os, sys, tempfile
from autograd_seq.commands import main
path = os.path.join(tempfile.mkdtemp(), "mine.py")
with open(path, "w", encoding="utf-8") as file:
    file.write("def rnn_cell_backward(da_next, cache):\\n    return {}\\n")
code = main(["check", path])
print(json.dumps([code, sorted(sys.modules)]))
"""


def test_checking_a_file_loads_no_library_that_it_has_no_use_for():
    """SymPy and the like take longer to load than most files to check."""
    ran = subprocess.run([sys.executable, "-c", WHAT_IS_LOADED], capture_output=True, text=True, timeout=300)
    code, loaded = json.loads(ran.stdout.splitlines()[-1])
    assert code == 1
    heavy = {"sympy", "mpmath", "networkx", "onnx", "matplotlib", "tomllib", "multiprocessing", "asyncio", "numpy.ma"}
    theirs = {"cells", "viz", "xml.etree.ElementTree", "csv", "zipfile"}  # of cells, pictures and results in files
    in_the_cage = {"autograd_seq.diagnosis.mend", "autograd_seq.diagnosis.own_lines", "autograd_seq.diagnosis.in_order"}
    assert not (heavy | theirs | in_the_cage) & set(loaded)


WRONG_AND_WHAT_IT_SEES = """
import atexit, sys
import numpy as np
INPUTS = {"W": (2, 3), "x": (3, 1)}

def forward(W, x):
    a = np.tanh(W @ x)
    return {"a": a}, (W, x, a)

def backward(upstream, cache):
    W, x, a = cache
    dz = upstream["a"] * (1 - a)
    return {"dW": dz @ x.T, "dx": W.T @ dz}

atexit.register(lambda: print(*sorted(name for name in sys.modules if name.startswith("autograd_seq."))))
"""


def test_a_cage_loads_what_looks_at_lines_and_nothing_of_what_judges(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(WRONG_AND_WHAT_IT_SEES, encoding="utf-8")
    found = autograd_seq.check_file(path)
    loaded = set(found.printed.split())
    assert "in line 12" in found["backward"].text and "autograd_seq.diagnosis.mend" in loaded
    for name in ("perturb", "search", "compare", "report", "settle", "told_by_value", "handwritten"):
        assert f"autograd_seq.diagnosis.{name}" not in loaded
    assert not {"autograd_seq.grading.judging", "autograd_seq.grading.own_process"} & loaded


def test_who_imports_the_package_keeps_threads_and_the_search_for_garbage_as_they_were():
    own = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    program = "import gc, os, autograd_seq; print(gc.isenabled(), sum(k.endswith('_NUM_THREADS') for k in os.environ))"
    for words in ([], ["check", "mine.py"]):
        call = [sys.executable, "-c", program, *words]
        ran = subprocess.run(call, capture_output=True, text=True, timeout=300, env=own)
        assert ran.stdout.strip() == "True 0"


def test_the_names_of_cells_are_known_without_making_any():
    assert tuple(cells_by_name()) == NAMES
