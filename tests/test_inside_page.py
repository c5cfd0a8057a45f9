"""The page for whoever comes next is true: its examples run, its files exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "inside.md"
TEXT = PAGE.read_text(encoding="utf-8")


RUN = """
import doctest, json, sys
result = doctest.testfile(sys.argv[1], module_relative=False, encoding="utf-8")
print(json.dumps([result.attempted, result.failed]))
"""


def test_its_examples_run():
    """In a process of their own: they declare an operation and a rewrite, which other tests are not to know."""
    ran = subprocess.run([sys.executable, "-c", RUN, str(PAGE)], capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert ran.returncode == 0, ran.stderr
    attempted, failed = json.loads(ran.stdout.splitlines()[-1])
    assert attempted > 10 and not failed, ran.stdout


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
