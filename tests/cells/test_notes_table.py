"""docs/notes.md: all 64 rows are there, and what each says to run runs and shows what it says."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.*?) \| `(.*?)` \| (.*) \|$", PAGE, re.MULTILINE)
COMMANDS = sorted(set(re.findall(r"`(autograd-seq [^`]*)`", PAGE)))
TERMINAL = ("python ", "autograd-seq ")
EXPRESSIONS = {number: (run, shown) for number, _, run, shown in ROWS if not run.startswith(TERMINAL)}


def test_every_row_of_the_notes_is_there():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 65))


def test_every_example_exists():
    """That they run is the business of the test that runs all examples."""
    named = set(re.findall(r"`python (examples/\w+\.py)`", PAGE))
    assert named and all((ROOT / path).is_file() for path in named)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, tmp_path, monkeypatch, capsys):
    from autograd_seq.commands import main

    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)[1:]
    if words == ["sample"]:
        words = ["sample", "--help"]
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    assert not code
    assert capsys.readouterr().out.strip()
    if "-o" in words:
        assert (tmp_path / words[words.index("-o") + 1]).stat().st_size > 1000


@pytest.fixture(scope="module")
def prelude():
    names = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], names)
    return names


@pytest.mark.parametrize("number", EXPRESSIONS)
def test_expressions_have_the_value_shown(number, prelude):
    run, shown = EXPRESSIONS[number]
    value = eval(run, dict(prelude))
    assert str(value) == re.match(r"`(.*?)`", shown)[1]
