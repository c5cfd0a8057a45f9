"""Results in the forms that other programs read: complete, and with every text of a stranger escaped."""

import csv
import io
import json
from xml.etree import ElementTree

import pytest

from autograd_seq import UsageError, check_folder
from autograd_seq.commands import main
from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.marks import count
from autograd_seq.grading.results.autograders import as_gradescope, as_prairielearn, only
from autograd_seq.grading.results.chart import _label, draw_causes
from autograd_seq.grading.results.junit import as_junit
from autograd_seq.grading.results.letters import as_markdown, write_letters
from autograd_seq.grading.results.sheets import as_csv, causes_as_csv, cell
from autograd_seq.grading.submission import Cause, FunctionVerdict, Submission

RIGHT = """def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
WRONG = RIGHT.replace("a_next ** 2", "a_next")
EVIL = "=1+2<script>&\"'|`#\x1b[2J\u202e]]>\ud800"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    texts = {"a.py": RIGHT, "b.py": WRONG, "c.py": WRONG, "d.py": "exit()", "e.py": RIGHT.replace("dz @ xt.T", "xt")}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return check_folder(folder, seed=1)


@pytest.fixture
def evil():
    """A submission whose every text tries to be something else."""
    report = {"wrong": [EVIL], "missing": [], "errors": {EVIL: 1.0}, "failure": None}
    cause = (Cause(EVIL, "", ""),)
    function = FunctionVerdict(EVIL, "wrong", None, report, f"```\n{EVIL}", 0.0, 1.0, 1, 0, False, cause)
    broken = FunctionVerdict("f", "no verdict", EVIL)
    return Gradebook(EVIL, [Submission(EVIL, {EVIL: function, "f": broken}, EVIL, 1, EVIL, EVIL, [], 3)])


def test_the_class_as_a_table(book):
    assert str(book).splitlines()[0] == "check: 5 submissions: 1 right, 3 wrong, 1 without a verdict"
    first = book.causes()[0]
    assert len(first.paths) == 2 and "the square is missing" in first.cause
    assert book.verdict == "wrong" and not book.ok and len(list(book)) == 5
    with pytest.raises(UsageError, match="there is no submission 'z.py'"):
        book["z.py"]


def test_csv_has_a_column_for_each_gradient(book):
    rows = list(csv.DictReader(io.StringIO(as_csv(book))))
    assert [row["verdict"] for row in rows] == ["right", "wrong", "wrong", "no verdict", "wrong"]
    assert rows[1]["rnn_cell_backward: dWax"] == "wrong" and rows[4]["rnn_cell_backward: dWaa"] == "right"
    assert rows[3]["rnn_cell_backward: dWax"] == "" and "SystemExit" in rows[3]["reason"]
    assert float(rows[1]["mark"]) == 0.8 and rows[1]["rnn_cell_backward: mistakes"] == "1"
    causes = list(csv.DictReader(io.StringIO(causes_as_csv(book))))
    assert causes[0]["submissions"] == "2" and causes[0]["which"].count("b.py") == 1


@pytest.mark.parametrize("text", ["=1+2", "+1", "-1", "@f", "\t=1", " =1", "=1\n=2"])
def test_no_cell_is_a_formula(text):
    assert cell(text).startswith("'") and "\n" not in cell(text)


def test_texts_of_strangers_are_escaped_everywhere(evil, tmp_path):
    for text in (as_csv(evil), causes_as_csv(evil), as_junit(evil), as_markdown(evil.submissions[0]), str(evil)):
        assert "\x1b" not in text and "\u202e" not in text and "\ud800" not in text or text == str(evil)
    tree = ElementTree.fromstring(as_junit(evil).encode())
    assert len(tree.findall("testsuite/testcase")) == 3 and tree.get("errors") == "2"
    page = as_markdown(evil.submissions[0])
    assert "<script>" not in "\n".join(line for line in page.splitlines() if line.startswith(("#", "|")))
    assert "````text" in page
    assert all(not row[0].startswith("=") for row in csv.reader(io.StringIO(as_csv(evil))))
    (written,) = write_letters(evil, tmp_path / "letters")
    assert written.parent == tmp_path / "letters" and written.suffix == ".md"
    for made in (as_gradescope, as_prairielearn):
        json.dumps(made(evil.submissions[0])).encode("utf-8")


def test_junit_counts_wrong_as_failures_and_no_verdict_as_errors(book):
    tree = ElementTree.fromstring(as_junit(book).encode())
    assert (tree.get("tests"), tree.get("failures"), tree.get("errors")) == ("5", "3", "1")
    failure = tree.find("testsuite/testcase/failure")
    assert failure.get("message") == "0.8 of 1 point: 1 mistake, 4 gradients follow from it"


def test_gradescope_and_prairielearn(book):
    found = as_gradescope(book["b.py"])
    assert found["score"] == 0.8 and found["tests"][0]["max_score"] == 1 and found["tests"][0]["status"] == "failed"
    assert as_gradescope(book["a.py"])["tests"][0]["status"] == "passed"
    found = as_prairielearn(book["b.py"])
    assert found["gradable"] and found["score"] == 0.8 and found["tests"][0]["points"] == 0.8
    assert not as_prairielearn(book["d.py"])["gradable"]
    with pytest.raises(UsageError, match="one submission"):
        only(book, "Gradescope")


def test_the_picture(book, tmp_path):
    pytest.importorskip("matplotlib")
    assert draw_causes(book, tmp_path / "causes.svg").read_text().startswith("<?xml")
    with pytest.raises(UsageError, match="must end in"):
        draw_causes(book, tmp_path / "causes.bmp")


def test_a_mistake_counts_once():
    class Report:
        wrong, missing = ["da", "db", "dc", "dd"], []
        look_at, together = None, []
        causes = [type("C", (), {"explains": ("da", "db", "dc")})]

    assert count(Report) == (2, 4)
    Report.look_at, Report.wrong = "line 7", ["da", "db", "dc", "dd", "de"]
    assert count(Report) == (3, 5)  # that a line is named makes them no single mistake
    Report.together = [("dd", "de")]
    assert count(Report) == (2, 5)  # the cause, and the line that dd and de follow from


def test_the_command_writes_all_of_them(tmp_path, capsys):
    (tmp_path / "a.py").write_text("print('hello')\n" + WRONG)
    words = ["check", str(tmp_path / "a.py"), "--json"]
    outputs = {"junit": "o.xml", "csv": "o.csv", "gradescope": "g.json", "prairielearn": "p.json", "causes": "c.csv"}
    for option, name in outputs.items():
        words += [f"--{option}", str(tmp_path / name)]
    assert main([*words, "--markdown", str(tmp_path / "letters")]) == 1
    out, err = capsys.readouterr()
    (found,) = json.loads(out)
    assert found["format"] == 1 and found["functions"]["rnn_cell_backward"]["mistakes"] == 1 and "| hello" in err
    assert all((tmp_path / name).stat().st_size > 50 for name in outputs.values())
    assert "rnn" in (tmp_path / "letters" / "a.py.md").read_text()


def test_exit_codes_of_several_and_bad_use(tmp_path, capsys):
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "none.py").write_text("exit()")
    right, wrong, none = (str(tmp_path / name) for name in ("right.py", "wrong.py", "none.py"))
    assert main(["check", right]) == 0
    assert main(["check", right, none]) == 3
    assert main(["check", right, none, wrong]) == 1
    assert main(["check", str(tmp_path)]) == 1
    assert "3 submissions: 1 right, 1 wrong, 1 without a verdict" in capsys.readouterr().out
    for words in (
        ["check"], ["check", right, "--for", "none.toml"], ["check", right, wrong, "--gradescope", right + ".json"],
        ["check", right, "--csv", right], ["check", right, "--csv", str(tmp_path / "no" / "o.csv")],
        ["check", str(tmp_path / "*.r")], ["check", right, "--causes", "c.bmp"],
    ):  # fmt: skip
        assert main(words) == 2, words


def test_of_many_only_the_verdicts_are_printed_and_how_to_see_the_reasons_is_said(tmp_path, capsys):
    for name in "abcdef":
        (tmp_path / f"{name}.py").write_text(WRONG if name == "f" else RIGHT)
    assert main(["check", str(tmp_path), "--seed", "1"]) == 1
    brief = capsys.readouterr().out
    assert "the square is missing" not in brief.partition("6 submissions")[0]
    assert brief.splitlines()[-1].startswith("--verbose prints what is wrong with each of them")
    assert main(["check", str(tmp_path), "--seed", "1", "--verbose"]) == 1
    full = capsys.readouterr().out
    assert "the square is missing" in full.partition("6 submissions")[0] and "--verbose" not in full
    (tmp_path / "f.py").write_text(RIGHT)
    assert main(["check", str(tmp_path), "--seed", "1"]) == 0
    assert "--verbose" not in capsys.readouterr().out


ASKED = """format = 1
reference = "right.py"
[functions.cell_backward]
kind = "backward"
forward = "cell"
inputs = { x = ["n", "m"], W = ["n", "n"] }
[functions.backward]
kind = "backward"
inputs = { x = ["n", "m"], W = ["n", "n"] }
[functions.clip]
inputs = { g = { dW = ["n"] }, most = 0.3 }
"""
OF_THREE = """import numpy as np
def cell(x, W):
    a = np.tanh(W @ x)
    return {"a": a}, (x, W, a)
def cell_backward(up, cache):
    x, W, a = cache
    dz = up["a"] * (1 - a ** 2)
    return {"dx": W.T @ dz, "dW": dz @ x.T}
def forward(x, W):
    first, one = cell(x, W)
    second, two = cell(first["a"], W)
    return {"loss": np.sum(second["a"] ** 2)}, (one, two, second["a"])
def backward(up, cache):
    one, two, a = cache
    second = cell_backward({"a": up["loss"] * 2 * a}, two)
    first = cell_backward({"a": second["dx"]}, one)
    return {"dx": first["dx"], "dW": first["dW"] + second["dW"]}
def clip(g, most):
    return {k: np.clip(v, -most, most) for k, v in g.items()}
"""


def test_hints_name_no_line_that_is_right(tmp_path, capsys):
    (tmp_path / "right.py").write_text(OF_THREE)
    (tmp_path / "asked.toml").write_text(ASKED)
    (tmp_path / "mine.py").write_text(OF_THREE.replace("1 - a ** 2", "1 - a").replace("-most", "0"))
    words = ["check", str(tmp_path / "mine.py"), "--for", str(tmp_path / "asked.toml"), "--hints"]
    assert main([*words, "2"]) == 1
    out = capsys.readouterr().out
    assert [line.rpartition("mine.py:")[2] for line in out.splitlines() if "look at" in line] == [
        '7: dz = up["a"] * (1 - a)', "19: return {k: np.clip(v, 0, most) for k, v in g.items()}",
    ]  # fmt: skip
    for level in "1234":
        assert main([*words, level]) == 1
        assert "all of it follows from cell_backward" in capsys.readouterr().out


def test_labels_of_a_picture_are_whole():
    text = "cell_backward: activation derivative: with 1 − a in place of 1 − a²: the square is missing"
    assert _label(text).replace("\n", " ") == text and max(map(len, _label(text).splitlines())) <= 66
    assert len(_label("词" * 90).splitlines()) == 3 and _label("x" * 900).endswith("…")


def test_hints_in_levels(tmp_path, capsys):
    path = tmp_path / "a.py"
    path.write_text(WRONG)

    def said(*words):
        assert main(["check", *words]) == 1
        return capsys.readouterr().out

    one, two, three, four = (said(str(path), f"--hints={level}") for level in "1234")
    assert "wrong: dxt, da_prev" in one and "look at" not in one and "kind of mistake" not in one
    assert "a.py:3: dz = da_next" in two and "activation" not in two
    assert "kind of mistake: activation derivative" in three and "correct" not in three
    assert "correct: " in four
    assert said("--hints", str(path)) == said(str(path), "--hints") == three
    assert [said(str(path), "--hints", "rising", "--attempt", n) for n in "1239"] == [one, two, three, four]
