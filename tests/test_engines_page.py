"""The page about engines is true: its blocks run, and its commands are understood."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from with_devices import said, with_jax

from autograd_seq.commands.line import parser

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "engines.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line.partition("#")[0]) for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines() if not line.startswith("#")
]  # fmt: skip


def test_its_examples_run() -> None:
    ran = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert ran.attempted > 8 and not ran.failed


@with_jax
@pytest.mark.peers
def test_its_programs_run_on_two_devices() -> None:
    found = said("page", str(PAGE), devices=2)
    assert found["blocks"] == 3 and found["lies"] == 2 and found["split"]
    assert found["apart"] < 1e-6 and found["loss"] < 1e-6


@pytest.mark.parametrize("words", [words for words in COMMANDS if "autograd-seq" in words])
def test_its_commands_are_understood(words: list[str]) -> None:
    words = words[words.index("autograd-seq") + 1 :]
    assert parser(words[0]).parse_args(words).devices == "all"


@pytest.mark.parametrize("words", [words for words in COMMANDS if "python" in words])
def test_its_programs_are_there(words: list[str]) -> None:
    assert (ROOT / words[words.index("python") + 1]).is_file()
