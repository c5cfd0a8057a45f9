"""The page about proofs says what is so."""

import contextlib
import importlib.util
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def writer():
    spec = importlib.util.spec_from_file_location("write_proofs", ROOT / "docs" / "write_proofs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_prints_what_stands_behind_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {})
    assert f"```text\n{said.getvalue()}```" in PAGE
    assert (tmp_path / "lstm.json").exists()


def test_the_table_has_a_row_for_each_and_its_rows_are_true(writer):
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    found = dict(writer.losses())
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]] == list(found)
    for name in ("`rnn`", "`gru`", "char model"):
        assert writer.row(name, found[name]) in rows
