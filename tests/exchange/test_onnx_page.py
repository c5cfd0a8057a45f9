"""The page about files of other frameworks is true: its program runs, and prints what stands below it."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="reading ONNX files needs the package onnx")
HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "onnx.md").read_text(encoding="utf-8")


def test_the_program_prints_what_stands_below_it(tmp_path, monkeypatch):
    shutil.copy(HERE / "exports" / "lstm_script.onnx", tmp_path / "lstm.onnx")
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (said,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "<onnx.md>", "exec"), {})
    assert [line.rstrip() for line in printed.getvalue().strip().splitlines()] == said.strip().splitlines()
