"""Tables whose headings are Chinese: what stands in a column begins, or ends, where the heading does."""

import re

import numpy as np
import pytest
from speaking import chinese

import autograd_seq
from autograd_seq import Parameter, contributions, name, steps, tanh
from autograd_seq.translation.columns import display_width, padded, shortened
from cells import RNN
from cells.gradient_report import gradient_table
from viz import draw, step_through

WORDS = {
    "name": "名称", "operation": "运算", "shape": "形状", "value": "值", "time": "时间步", "line": "行",
    "parameter": "参数", "scalar": "标量", "{span}: the same {last} records a step": "{span}：每步相同的 {last} 条记录",
}  # fmt: skip


def recorded(count=3, parameter="W"):
    W, a = Parameter(np.eye(2), parameter), np.ones((2, 1))
    for _ in steps(count):
        a = name(tanh(W @ a), "状态")
    return W, a.sum()


def places(line, words):
    return [display_width(line[: line.index(word)]) for word in words]


def test_the_printed_table(monkeypatch):
    _, loss = recorded()
    with chinese(monkeypatch, WORDS):
        head, first, *_, last = str(loss.graph).split("\n")
    at = places(head, ["名称", "运算", "形状", "值", "时间步"])
    assert places(first, ["W", "2×2"]) == [at[0], at[2]]
    assert places(last, ["Σ", "标量"]) == [at[1], at[2]]


def test_folded_steps_are_said(monkeypatch):
    _, loss = recorded(60)
    with chinese(monkeypatch, WORDS):
        assert "：每步相同的 2 条记录" in str(loss.graph)


@pytest.mark.parametrize("parameter", ["W", "权重矩阵与其他"])
def test_the_table_of_gradients(monkeypatch, parameter):
    W, loss = recorded(parameter=parameter)
    with chinese(monkeypatch, WORDS):
        head, row = gradient_table(loss, {parameter: W}).split("\n")
    assert head.startswith("参数") and display_width(head) == display_width(row)
    assert places(head, ["形状"]) == places(row, ["2×2"])
    assert len(contributions(loss, W)) == 3


def test_english_tables_are_as_they_were():
    W, loss = recorded()
    with autograd_seq.language("en"):
        assert str(loss.graph).split("\n")[0].split() == ["%", "name", "operation", "shape", "value", "time", "line"]
        assert gradient_table(loss, {"W": W}).startswith("parameter  shape     ‖dJ/d·‖")


@pytest.mark.parametrize("width", range(2, 9))
def test_cut_and_padded_by_what_is_seen(width):
    for text in ("遗忘门与更新门", "forget gate", "a遗b忘c", "é" * 9):
        assert display_width(padded(shortened(text, width), width)) == width
        assert shortened(text, width) == text or shortened(text, width).endswith("…")


def test_it_is_said_that_the_last_step_s_named_records_follow_the_folded_ones():
    _, loss = recorded(60)
    with autograd_seq.language("en"):
        lines = str(loss.graph).split("\n")
    at = next(i for i, line in enumerate(lines) if "⋮" in line)
    assert lines[at].endswith("t = 3 … 60: the same 2 records a step; those of t = 60 with a name:")
    assert lines[at + 1].split()[1] == "状态<60>"


def test_a_drawing_says_what_it_is_in_chinese():
    _, loss = recorded()
    with autograd_seq.language("zh"):
        assert re.fullmatch("<图：\\d+ 个框，\\d+ 个箭头>", repr(draw(loss)))


def test_runs_and_pages_say_what_they_are_in_chinese():
    run = RNN(2, 3, seed=0).unroll(np.ones((2, 1, 4)))
    page = step_through(run)
    with autograd_seq.language("zh"):
        assert repr(run) == "<RNN(n_x=2, n_a=3) 的运行结果，共 4 步>"
        assert re.fullmatch(r"<页面：\d+ kB>", repr(page))
    assert repr(run) == "<run of RNN(n_x=2, n_a=3) over 4 steps>"
