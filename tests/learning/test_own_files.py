"""The examples on a reader's own file, and on files that do not fit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
OWN = {
    "names.py": ("*Ada* wrote notes\n*Emmy* *Noether* proved it\nnotes are long\n" * 4, ["--epochs", "1"]),
    "dinosaurs.py": ("Wolf\nFox\nBär\n龙\n" * 5, ["--epochs", "5"]),
    "sentence_probability.py": ("the cat sat\nthe dog ran\na cat ran\n" * 5, ["--epochs", "1", "--size", "6"]),
    "sentiment.py": ("+ very good\n- very bad\n+ not bad\n- not good\n" * 3, ["--epochs", "1"]),
    "translate_dates.py": ("one two\t12\nthree four\t34\nfive one\t51\n" * 6, ["--epochs", "4"]),
    "melody.py": ("E4:1 D4:0.5 C4:1.5\nE4:1 E4:1 R:1 G#4:2\n", ["--epochs", "2"]),
}


def run(script, corpus, tmp_path, *more, encoding="utf-8"):
    path = tmp_path / "own.txt"
    path.write_text(corpus, encoding=encoding)
    return subprocess.run(
        [sys.executable, str(EXAMPLES / script), "--corpus", str(path), "--out", str(tmp_path / "out"), *more],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


@pytest.mark.parametrize("script", OWN)
def test_own_file(script, tmp_path):
    corpus, more = OWN[script]
    result = run(script, corpus, tmp_path, *more)
    assert result.returncode == 0, result.stderr[-1500:]
    assert any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("script", OWN)
def test_own_file_in_an_encoding_of_its_own(script, tmp_path):
    corpus, more = OWN[script]
    corpus = corpus.replace("ä", "熊")  # GBK has no such letter
    result = run(script, corpus, tmp_path, *more, "--encoding", "gbk", encoding="gbk")
    assert result.returncode == 0, result.stderr[-1500:]
    marked = run(script, corpus, tmp_path, *more, encoding="utf-16")
    assert marked.returncode == 0 and marked.stdout == result.stdout, marked.stderr[-1500:]


@pytest.mark.parametrize(
    "script, corpus, said",
    [
        ("dinosaurs.py", "", "empty"),
        ("names.py", "\n\n", "empty"),
        ("sentence_probability.py", "", "empty"),
        ("translate_dates.py", "no tab here\n", "not a pair"),
        ("melody.py", "C4:1 H9:1\n", "'H9:1' is not a note"),
    ],
)
def test_file_that_does_not_fit(script, corpus, said, tmp_path):
    result = run(script, corpus, tmp_path)
    assert result.returncode != 0 and said in result.stderr, result.stderr[-800:]
