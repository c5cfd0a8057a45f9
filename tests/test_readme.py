"""The README is true: its Python runs, what it links to is there, what it prints is what is printed."""

import re
from pathlib import Path

import pytest

from autograd_seq.commands import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MY_RNN = """
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * (1 - a_next)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
"""


def blocks(language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for kind, text in found if kind == language]


def lines_of(text):
    return [line.rstrip() for line in text.splitlines() if line.strip() and not re.search("…|^[$]", line)]


def test_python_runs(tmp_path, capsys):
    for i, block in enumerate(blocks("python")):
        path = tmp_path / f"block{i}.py"
        path.write_text(block, encoding="utf-8")
        exec(compile(block, str(path), "exec"), {})
    printed = capsys.readouterr().out
    assert "a<3>" in printed and "(None, None, 3)" in printed


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "words, sign",
    [(["derive", "lstm"], "(t < T)"), (["prove", "lstm"], "rests on"), (["check", "my_rnn.py"], "of 5 gradients")],
)
def test_what_it_shows_is_what_is_printed(words, sign, tmp_path, monkeypatch, capsys):
    (tmp_path / "my_rnn.py").write_text(MY_RNN)
    monkeypatch.chdir(tmp_path)
    main(words)
    printed = lines_of(capsys.readouterr().out)
    (shown,) = (block for block in blocks("") if sign in block)
    for line in lines_of(shown):
        assert line in printed, line
    if "…" not in shown:
        assert lines_of(shown) == printed


@pytest.mark.parametrize("script", sorted(set(re.findall(r"`(\w+\.(?:py|ipynb))`", README.split("| example |")[1]))))
def test_examples_it_names_are_there(script):
    assert (ROOT / "examples" / script).exists()


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`autograd-seq ([a-z]+)", README))))
def test_commands_it_names_are_there(line, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([line, "--help"])
    assert stopped.value.code == 0 and "usage" in capsys.readouterr().out
