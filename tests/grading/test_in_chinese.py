"""Grading in the reader's language: kept in English, said to people in theirs, statuses and keys as they are."""

import csv
import io

import pytest
from speaking import chinese

import autograd_seq
from autograd_seq import check_file, check_folder
from autograd_seq.commands.console import in_language
from autograd_seq.grading.results import chart
from autograd_seq.grading.results.autograders import as_gradescope, as_prairielearn
from autograd_seq.grading.results.junit import as_junit
from autograd_seq.grading.results.letters import as_markdown
from autograd_seq.grading.results.sheets import as_csv, causes_as_csv
from autograd_seq.translation.columns import display_width

WRONG = """def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next)
    return {"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}
"""
WORDS = {
    "{mark} of {points} points": "{mark} / {points} 分", "function": "函数", "verdict": "结论", "marks": "得分",
    "Numbers were drawn with the seed {seed}.": "随机数种子为 {seed}。", "seed: {seed}": "种子：{seed}",
    "{name}: {right} of {total} gradients right": "{name}：{total} 个梯度中有 {right} 个正确",
    "it ends in SystemExit (code {0})": "它以 SystemExit 结束（代码 {0}）", "the file as a whole": "整个文件",
    "no verdict: {reason}": "没有结论：{reason}", "submissions": "提交数", "a mistake <b>": "错误 <b>",
    "out of time": "超时",
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    (folder / "a.py").write_text(WRONG, encoding="utf-8")
    (folder / "b.py").write_text("def rnn_cell_backward(da_next, cache):\n    exit()\n", encoding="utf-8")
    with autograd_seq.language("zh"):
        return check_folder(folder, seed=1, jobs=1)


def told(submission):
    """What is kept of a submission, but for how long it took."""
    data = submission.to_json() | {"seconds": None}
    return data | {"functions": {name: f | {"seconds": None} for name, f in data["functions"].items()}}


def test_what_is_kept_is_english(book, tmp_path):
    with autograd_seq.language("en"):
        english = check_folder([s.path for s in book], seed=1, jobs=1)
    assert [told(s) for s in book] == [told(s) for s in english]
    texts, wanted = ([f.text for s in these for f in s.functions.values()] for these in (book, english))
    assert texts == wanted
    assert book.causes() == english.causes()


def test_a_childs_language_is_english(tmp_path):
    (tmp_path / "a.py").write_text("import os\nprint(os.environ['AUTOGRAD_SEQ_LANG'])\n" + WRONG, encoding="utf-8")
    with autograd_seq.language("zh"):
        found = check_file(tmp_path / "a.py", seed=1)
    assert found.printed.strip() == "en" and found.verdict == "wrong"


def test_a_letter(book, monkeypatch):
    wrong, without = book.submissions
    with chinese(monkeypatch, WORDS):
        letter, other = as_markdown(wrong), as_markdown(without)
    assert letter.startswith("# a.py: wrong\n\n0.8 / 1 分\n") and "| 函数 | 结论 | 得分 |\n|---|---|---|" in letter
    assert "| rnn\\_cell\\_backward | wrong |" in letter and "5 个梯度中有 0 个正确" in letter
    assert letter.rstrip().endswith("随机数种子为 1。") and "SystemExit 结束" in other


def test_sheets_have_the_same_columns_in_every_language(book, monkeypatch):
    english = next(csv.reader(io.StringIO(as_csv(book))))
    with chinese(monkeypatch, WORDS):
        head, first, second = csv.reader(io.StringIO(as_csv(book)))
        causes = list(csv.DictReader(io.StringIO(causes_as_csv(book))))
    assert head == english and first[1] == "wrong" and second[1] == "no verdict"
    assert any("没有结论：它以 SystemExit 结束" in row["cause"] for row in causes)


def test_what_autograders_read(book, monkeypatch):
    wrong, without = book.submissions
    with chinese(monkeypatch, WORDS):
        one, two, three = as_gradescope(wrong), as_prairielearn(wrong), as_junit(book)
    test = one["tests"][0]
    assert test["status"] == "failed" and "个正确" in test["output"] and "种子：1" in one["output"]
    assert two["message"] == "wrong: 0.8 / 1 分" and two["tests"][0]["description"] == "wrong"
    assert set(one) == set(as_gradescope(wrong)) and set(two) == set(as_prairielearn(wrong))
    assert 'name="rnn_cell_backward"' in three and "SystemExit 结束" in three and "个正确" in three


def test_the_printed_table_is_aligned(book, monkeypatch):
    with chinese(monkeypatch, WORDS):
        _, *rows = str(book).splitlines()
    begin = {display_width(row[: row.index("  ", row.index("rnn"))]) for row in rows}
    assert len(begin) == 1 and any("没有结论" in row for row in rows)


@pytest.mark.parametrize("there", [True, False])
def test_the_chart(book, monkeypatch, tmp_path, there):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(chart, "CHINESE_FONTS", ("DejaVu Sans",) if there else ())
    drawn = []
    monkeypatch.setattr(chart, "_drawn", lambda *given: drawn.append(autograd_seq.translation.reader.current()))
    with chinese(monkeypatch, WORDS):
        if there:
            chart.draw_causes(book, tmp_path / "x.svg")
        else:
            with pytest.warns(UserWarning, match="no font that Matplotlib knows"):
                chart.draw_causes(book, tmp_path / "x.png")
    assert drawn == ["zh" if there else "en"]


def test_json_says_reasons_in_the_readers_language_and_nothing_else(monkeypatch):
    data = [{"status": "undecided", "verdict": "no verdict", "reason": "out of time", "name": "out of time",
             "warnings": ["out of time"], "functions": {"f": {"remark": None, "words": "out of time"}}}]  # fmt: skip
    with chinese(monkeypatch, WORDS):
        said = in_language(data)
    assert said == [{"status": "undecided", "verdict": "no verdict", "reason": "超时", "name": "out of time",
                     "warnings": ["超时"], "functions": {"f": {"remark": None, "words": "超时"}}}]  # fmt: skip
    assert in_language(data) == data
