"""What other programs read is read back as they read it: by their schemas, and by readers that are not ours."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest

from autograd_seq import check_file
from autograd_seq.commands import main
from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.results.autograders import MOST_BYTES, as_gradescope, as_prairielearn
from autograd_seq.grading.results.junit import as_junit
from autograd_seq.grading.results.letters import as_markdown, write_letters
from autograd_seq.grading.results.sheets import as_csv, causes_as_csv
from autograd_seq.grading.submission import Cause, FunctionVerdict, Submission

WRONG = """import time
def rnn_cell_backward(da_next, cache):
    time.sleep(0.2)
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
TEXTS = [
    "=1+2", "@SUM(A1)", "+1", "-1", "\t=1", "\r=1", "a\nb", "a\r\nb", 'say "yes"', "a,b;c\td", "<b>&amp;</b>", "]]>",
    "<!-- -->", "<?php ?>", "\x00\x01\x07\x1b[31m\x9b2J", "\u2028\u2029\u202e\ufeff\ufffe\uffff", "\ud800 \udfff", "",
    " ", "`", "```", "~~~", "# a", "> a", "- a", "1. a", "| a |", "[a](javascript:alert(1))", "![a](b)", "<http://a.b>",
    "$x$", "\\", "{{7*7}}", "中文，名", "e\u0301", "😀", "x" * 5000, "a\n" * 5000, "../../etc/passwd", "CON", "%00",
    "&#x1b;",
]  # fmt: skip


def book_of(text):
    """A class of one, in which everything that a stranger can choose is one text."""
    report = {"wrong": [text], "missing": [text + "2"], "errors": {text: 1.0}, "failure": text}
    cause = (Cause(text, text, text),)
    functions = {
        text: FunctionVerdict(text, "wrong", None, report, text, 0.25, 1.0, 1, 2, False, cause, (), 0.5),
        "f": FunctionVerdict("f", "no verdict", text, seconds=1.25),
        "g": FunctionVerdict("g", "right", None, {"errors": {"dW": 0.0}}, "g: right", 2.0, 2.0, seconds=1000.1),
    }
    return Gradebook(text, [Submission(text, functions, text, 1, text, text, ["no network"], 3, 1234.5)])


def harmless(text):
    """Whether a text holds nothing that steers a terminal, turns the writing or is no character."""
    signs = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
    return not re.search(signs, text)


# -- JUnit: the schema that Jenkins and pytest keep to -----------------------------------------------------------

_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
_SCHEMA = {  # of each element: the attributes that it must have, those that it may have, and what may stand in it
    "testsuites": ((), ("name", "time", "tests", "failures", "errors"), ("testsuite",)),
    "testsuite": (("name", "tests", "failures", "errors"), ("time", "skipped", "timestamp", "hostname"), ("testcase",)),
    "testcase": (("name",), ("time", "classname"), ("failure", "error", "skipped")),
    "failure": ((), ("type", "message"), ()),
    "error": ((), ("type", "message"), ()),
}


def against_the_schema(node):
    """What in a document its schema does not allow."""
    must, may, inside = _SCHEMA[node.tag]
    wrong = [f"{node.tag} has no {key}" for key in must if key not in node.attrib]
    wrong += [f"{node.tag} has {key}" for key in node.attrib if key not in (*must, *may)]
    if "time" in node.attrib and not _TIME.fullmatch(node.get("time")):
        wrong.append(f"time is {node.get('time')}")
    wrong += [f"{key} is no number" for key in ("tests", "failures", "errors") if not node.get(key, "0").isdigit()]
    for child in node:
        wrong += against_the_schema(child) if child.tag in inside else [f"{child.tag} in {node.tag}"]
    return wrong


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_junit(text):
    tree = ElementTree.fromstring(as_junit(book_of(text)).encode())
    assert against_the_schema(tree) == []
    assert [case.get("time") for case in tree.iter("testcase")] == ["0.500", "1.250", "1000.100", "232.650"]
    assert tree.get("time") == tree.find("testsuite").get("time") == "1234.500"
    assert (tree.get("tests"), tree.get("failures"), tree.get("errors")) == ("4", "1", "2")
    assert all(harmless(word) for node in tree.iter() for word in (node.text or "", *node.attrib.values()))


# -- tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_tables(text):
    for table in (as_csv(book_of(text)), causes_as_csv(book_of(text))):
        rows = list(csv.reader(io.StringIO(table, newline=""), strict=True))
        assert len({len(row) for row in rows}) == 1 and len(table.splitlines()) == len(rows)
        assert not any(re.match(r"[\s]*[=+@]|[\s]*-(?![\d.]+$)", part) for row in rows for part in row)
        assert harmless(table)
    row = next(csv.DictReader(io.StringIO(as_csv(book_of(text)))))
    assert row["seconds"] == "1234.5" and row["g: verdict"] == "right"


# -- Gradescope and PrairieLearn, by the fields that they document --------------------------------------------------

_VISIBLE = ("hidden", "after_due_date", "after_published", "visible")
_FORMS = ("text", "html", "simple_format", "md", "ansi")
_OF_GRADESCOPE = {
    "score": float, "execution_time": float, "output": str, "output_format": _FORMS, "test_output_format": _FORMS,
    "test_name_format": _FORMS, "visibility": _VISIBLE, "stdout_visibility": _VISIBLE, "extra_data": dict,
    "tests": list,
}  # fmt: skip
_OF_GRADESCOPE_TEST = {
    "score": float, "max_score": float, "status": ("passed", "failed"), "name": str, "name_format": _FORMS,
    "number": str, "output": str, "output_format": _FORMS, "tags": list, "visibility": _VISIBLE, "extra_data": dict,
}  # fmt: skip
_OF_PRAIRIELEARN = {
    "gradable": bool, "score": float, "message": str, "output": str, "images": list, "format_errors": list,
    "tests": list,
}  # fmt: skip
_OF_PRAIRIELEARN_TEST = {
    "name": str, "description": str, "points": float, "max_points": float, "message": str, "output": str,
    "images": list,
}  # fmt: skip


def unlike(data, kinds):
    """The entries that are not documented, or of another kind."""
    wrong = [key for key in data if key not in kinds]
    for key, value in data.items():
        kind = kinds.get(key)
        if isinstance(kind, tuple):
            wrong += [] if value in kind else [key]
        elif kind is float:
            wrong += [] if type(value) in (int, float) and 0 <= value < 1e9 else [key]
        elif kind is not None:
            wrong += [] if type(value) is kind else [key]
    return wrong


def as_read(data):
    """What a program finds in the file that is written of it."""
    return json.loads(json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8"))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_gradescope(text):
    found = as_read(as_gradescope(book_of(text).submissions[0]))
    assert unlike(found, _OF_GRADESCOPE) == [] and found["execution_time"] == 1234.5
    assert [unlike(test, _OF_GRADESCOPE_TEST) for test in found["tests"]] == [[], [], []]
    assert all(test["score"] <= test["max_score"] for test in found["tests"])
    assert harmless(json.dumps(found, ensure_ascii=False))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_prairielearn(text):
    found = as_read(as_prairielearn(book_of(text).submissions[0]))
    assert unlike(found, _OF_PRAIRIELEARN) == [] and 0 <= found["score"] <= 1
    assert [unlike(test, _OF_PRAIRIELEARN_TEST) for test in found["tests"]] == [[], [], []]
    assert all(test["points"] <= test["max_points"] for test in found["tests"])
    assert harmless(json.dumps(found, ensure_ascii=False))


def test_what_prairielearn_takes_is_at_most_a_megabyte():
    long = "\n".join(["x" * 299] * 60)
    functions = {f"f{i}": FunctionVerdict(f"f{i}", "wrong", None, {}, long) for i in range(100)}
    found = as_prairielearn(Submission("a.py", functions, None, None, "", long))
    assert len(json.dumps(found, indent=2).encode()) < MOST_BYTES == 1_000_000 and len(found["tests"]) == 100


# -- letters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_letters(text, tmp_path):
    page = as_markdown(book_of(text).submissions[0])
    outside, fence = [], ""
    for line in page.splitlines():
        marks = re.match("`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif marks:
            fence = marks[0]
        else:
            outside.append(line)
    assert not fence and harmless(page)
    assert not any(re.search(r"<|(?<!\\)[\[$~`]", line) for line in outside)
    assert all(len(re.findall(r"(?<!\\)\|", line)) in (0, 4) for line in outside)
    assert sum(line.startswith("#") for line in outside) == 3
    (written,) = write_letters(book_of(text), tmp_path / "letters")
    assert written.parent == tmp_path / "letters" and len(written.name) <= 255


def test_two_students_of_one_name_have_two_letters(tmp_path):
    names = ("a b/c.py", "a_b/c.py", "a/b_c.py", "A_b/c.py", "a_b__c.py")
    book = Gradebook("t", [Submission(str(tmp_path / name), {}, "nothing") for name in names])
    written = write_letters(book, tmp_path / "letters")
    assert len({path.name.lower() for path in written}) == len(names)


# -- how long it took ------------------------------------------------------------------------------------------------


def test_how_long_it_took_is_said_everywhere(tmp_path, capsys):
    path = tmp_path / "a.py"
    path.write_text(WRONG)
    found = check_file(path)
    assert 0.2 < found["rnn_cell_backward"].seconds < found.seconds
    outputs = {"junit": "o.xml", "csv": "o.csv", "gradescope": "g.json"}
    words = [word for option, name in outputs.items() for word in (f"--{option}", str(tmp_path / name))]
    assert main(["check", str(path), "--json", *words]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert told["seconds"] > told["functions"]["rnn_cell_backward"]["seconds"] > 0.2
    case = ElementTree.parse(tmp_path / "o.xml").find("testsuite/testcase")
    assert float(case.get("time")) == told["functions"]["rnn_cell_backward"]["seconds"]
    assert json.loads((tmp_path / "g.json").read_text())["execution_time"] == told["seconds"]
