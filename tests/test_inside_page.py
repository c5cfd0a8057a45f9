"""The page for whoever comes next is true: its examples run, its files exist."""

import doctest
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "inside.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_examples_run():
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 10 and not result.failed


def test_a_reading_takes_at_most_ten_lines():
    block = next(b for b in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "def work" in b)
    body = re.search(r">>> def work.*?(?=>>> W)", block, re.DOTALL).group()
    assert len(body.splitlines()) <= 10


def test_every_file_that_it_names_exists():
    for folder in re.findall(r"^  (\w+)/  ", TEXT, re.MULTILINE):
        assert (ROOT / "autograd_seq" / folder).is_dir(), folder
    named = re.findall(r"`((?:core|autograd_seq|tests)/[\w/]*(?:\.py)?)`", TEXT)
    assert len(named) > 10
    for path in named:
        assert (ROOT / path).exists() or (ROOT / "autograd_seq" / path).exists(), path
