"""The page about grading is true: its assignment can be read, and its options are those of the command."""

import re
import tomllib
from pathlib import Path

import pytest

from autograd_seq.commands import main
from autograd_seq.grading.asked_for import load_assignment

PAGE = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
BLOCKS = {kind: re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for kind in ("toml", "python")}


def test_the_assignment_can_be_read(tmp_path):
    (text,) = BLOCKS["toml"]
    tomllib.loads(text)
    (tmp_path / "asked.toml").write_text(text, encoding="utf-8")
    (tmp_path / "reference.py").write_text("def cell_forward(xt, a_prev, parameters):\n    return a_prev, None\n")
    asked = load_assignment(tmp_path / "asked.toml")
    assert asked.hints == "rising" and asked.limits.seconds == 30 and asked.tasks["cell_forward"].points == 4
    assert asked.tasks["cell_backward"].kind == "backward" and asked.tasks["lstm_cell_backward"].kind == "course"
    assert asked.tasks["count"].optional


def test_its_python_is_python():
    assert len(BLOCKS["python"]) == 3
    for block in BLOCKS["python"]:
        compile(block, "page", "exec")


def test_its_options_are_those_of_the_command(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    known = set(re.findall(r"--[a-z]+", capsys.readouterr().out))
    mentioned = set(re.findall(r"`(--[a-z]+)", PAGE)) | set(re.findall(r"autograd-seq check [^`]*?(--[a-z]+)", PAGE))
    assert mentioned >= {"--for", "--csv", "--junit", "--gradescope", "--prairielearn", "--markdown", "--causes"}
    assert mentioned <= known
