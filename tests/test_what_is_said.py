"""What messages say, in both languages: the very words, so that no piece of one language is left in the other."""

import numpy as np
import pytest

import autograd_seq
import autograd_seq.numpy as teaching
from autograd_seq import Parameter, prove
from autograd_seq.__main__ import main
from autograd_seq.commands.things import example_run
from autograd_seq.core.errors import AutogradError
from autograd_seq.translation.reader import translated
from cells import GRU, LSTM, RNN
from viz import draw


def lost():
    W, h = Parameter(np.ones((2, 2)), "W"), np.zeros((2, 1))
    h[:] = W @ np.ones((2, 1))


def written(array, place):
    array[place] = 3.0


def step():
    total, W = 0.0, Parameter([[0.5]], "W")
    a = np.ones((1, 1))
    for _ in autograd_seq.steps(3):
        a = np.tanh(W @ a)
        total = total + a.sum()
    return autograd_seq.name(total, "J")


W = Parameter(np.ones((2, 2)), "权重")
SAID = {
    "an index": (
        lambda: teaching.zeros((2, 2))[0, 7], "index 7 is out of bounds: axis 1 has length 2; take 0 to 1",
        "形状为 (2, 2) 的数组没有这一部分：下标 7 超出范围：轴 1 的长度是 2；可用 0 到 1，或从末尾数的 -2 到 -1",
    ),
    "an index that is written to": (
        lambda: written(teaching.zeros((2, 2)), (5, 0)), "index 5 is out of bounds: axis 0 has length 2",
        "下标 5 超出范围：轴 0 的长度是 2；可用 0 到 1",
    ),
    "a parameter": (
        lambda: written(W, (0, 0)), "'权重' is a parameter and cannot be written into. To give it a new value, write",
        "'权重' 是参数，不能就地写入。要更新它的值，请写 `权重.value = 权重.value - 0.1 * 权重.grad`",
    ),
    "what has no method": (
        lambda: W.sort(), "write `权重 = np.sort(权重)`", "已记录的张量不能原地修改：请写 `权重 = np.sort(权重)`"
    ),
    "what is lost in its line": (
        lost, "the recorded tensor 'W @ np.ones((2, 1))' into", "已记录的张量 'W @ np.ones((2, 1))' 变成"
    ),
    "an axis": (
        lambda: W.sum(axis=5), "It expects axes that the array has.",
        "要求：axis 必须是数组已有的轴。NumPy 的说明：axis 5 is out",
    ),
    "an activation": (
        lambda: RNN(3, 4, activation="tahn"), "there is no activation 'tahn': choose one of",
        "没有激活函数 'tahn'：请从 'tanh', 'relu', 'sigmoid' 中选一个",
    ),
    "a plan": (
        lambda: autograd_seq.compile(W @ W), "a plan is compiled from a loss",
        "compile() 的参数应是损失（一个已记录的数），或返回损失的函数",
    ),
    "steps that are not there": (
        lambda: draw(step(), steps=(2, 9)), "asks for steps 2 to 9, but there are steps 1 to 3",
        "而现有的是第 1 至 3 步",
    ),
    "steps in the wrong order": (
        lambda: draw(step(), steps=(5, 2)), "the first step comes after the last; write (2, 5)",
        "起点大于终点；请写 (2, 5)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SAID)
def test_errors_say_it_in_both_languages(what):
    fail, english, said = SAID[what]
    with pytest.raises(AutogradError) as caught:
        fail()
    assert english in str(caught.value)
    with autograd_seq.language("zh"):
        assert said in str(caught.value)


COMMANDS = {
    "train records": ("there is no file 'records'", "没有文件 'records'"),
    "draw lstm -o a.jpg": (
        "must end in .svg, .png, .pdf, .dot, .html or .gif, or have no ending",
        "后缀必须是 .svg、.png、.pdf、.dot、.html 或 .gif，也可以不写后缀",
    ),
    "derive lstm -o a.jpg": ("must end in .html, .md or .tex", "后缀必须是 .html、.md 或 .tex"),
    "prove lstm -o a.jpg": ("must end in .json or .v", "后缀必须是 .json 或 .v"),
    "check q3.py --hints 9": ("--hints must be 1 to 4 or rising, not '9'", "--hints 应为 1 到 4 或 rising，而不是 '9'"),
    "draw lstm --only 5-2": ("such as 2-4, and '5-2' begins after its end", "例如 2-4，而 '5-2' 的起点大于终点"),
    "draw lstm --only a-b": ("a range of steps such as 2-4, not 'a-b'", "应为时间步的范围，例如 2-4，而不是 'a-b'"),
    "print lstmm": ("Did you mean 'lstm'?", "是不是指 'lstm'？"),
    "pint lstm": ("Did you mean 'print'?", "是不是指 'print'？"),
    "sample x.npz --temprature 1": ("Did you mean '--temperature'?", "是不是指 '--temperature'？"),
    "sample x.npz --temperature -1": ("--temperature -1 is not a number from 0 on", "--temperature 为 -1，应不小于 0"),
}


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_say_it_in_both_languages(line, capsys):
    for language, said in zip(("en", "zh"), COMMANDS[line], strict=True):
        try:
            code = main([*line.split(), "--lang", language])
        except SystemExit as error:
            code = error.code
        assert code == 2 and said in " ".join(capsys.readouterr().err.split())


def test_a_file_without_its_function_is_told_which_it_has(tmp_path, capsys):
    path = tmp_path / "m.py"
    path.write_text("def f(): pass\ndef g(): pass\n")
    assert main(["print", str(path)]) == 2
    assert f"write {path}:FUNCTION, with a function of '{path}'; it has 'f', 'g'" in capsys.readouterr().err


def test_two_kinds_of_a_cell_are_told_apart(capsys):
    assert repr(GRU(1, 2)) == "GRU(n_x=1, n_a=2)"
    assert repr(GRU(1, 2, reset_after=True)) == "GRU(n_x=1, n_a=2, reset_after=True)"
    assert repr(LSTM(1, 2, "diagonal")) == "LSTM(n_x=1, n_a=2, peephole='diagonal')"
    assert main(["same", "gru", "gru-reset-after", "--lang", "zh"]) == 1
    said = capsys.readouterr().out
    assert "gru 与 gru-reset-after：不相同" in said and "门所乘的内容：前者是权重之前的数据，后者是加权和" in said
    assert main(["same", "gru", "gru-reset-after"]) == 1
    said = capsys.readouterr().out
    assert "gates multiply the data before its weights in the first, the weighted sum in the second" in said


def test_a_proof_of_all_lengths_says_what_it_is_by():
    certificate = str(prove(example_run("rnn", 3).loss, all_lengths=True)).split("\n")[0]
    assert certificate == "Derivative of J by 5 parameters, 1 state and 2 inputs; 60 scalars in a step"
    with autograd_seq.language("zh"):
        assert translated(certificate) == "J 的导数，对 5 个参数、1 个状态和 2 个输入（一步共 60 个标量）"


@pytest.mark.parametrize(("x", "others"), [([0.0], False), ([0.0, 1.0], True)])
def test_a_kink_speaks_of_others_only_where_there_are_some(x, others):
    proof = str(prove(np.maximum(Parameter(x, "w"), 0.0).sum()))
    assert "lie on a kink" in proof and ("the others are proven" in proof) is others


def test_what_an_engine_needs_is_said_in_chinese():
    with autograd_seq.language("zh"):
        said = translated("the engine 'jax' needs JAX: pip install 'autograd-seq[jax]'")
        assert said == "引擎 'jax' 需要 JAX：pip install 'autograd-seq[jax]'"
        said = translated("compiled loops need Numba and SciPy: pip install 'autograd-seq[fast]'")
        assert said == "用 Numba 执行循环需要 Numba 和 SciPy：pip install 'autograd-seq[fast]'"


def test_a_training_that_goes_on_with_another_cell_says_with_which_it_began(tmp_path, capsys):
    corpus, model = tmp_path / "names.txt", tmp_path / "m.npz"
    corpus.write_text("ab\nba\n")
    begun = ["train", str(corpus), "--epochs", "1", "--hidden", "3", "-o", str(model)]
    assert main([*begun, "--cell", "gru"]) == 0
    words = {"en": "it was begun with cell 'gru', not 'lstm'", "zh": "开始时的 cell 是 'gru'，而不是 'lstm'"}
    for language, said in words.items():
        assert main([*begun, "--cell", "lstm", "--resume", "--lang", language]) == 2
        assert said in " ".join(capsys.readouterr().err.split())
