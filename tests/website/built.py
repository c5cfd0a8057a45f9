"""The site built once for a run of tests, whichever process asks first; the others wait for it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from website.pages import DOCS, ROOT

NEEDED = ("sphinx", "myst_parser", "furo", "sphinx_intl")
LONGEST = 600  # seconds


def folder_of(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a run of tests share."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


def built(factory: pytest.TempPathFactory, what: str, *command: str) -> Path:
    """The folder that a command of `docs/` filled; it fails with what the command said."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        pytest.skip("the site needs the extra docs")
    out = folder_of(factory) / f"site-{what}"
    said = out.with_suffix(".said")
    try:
        out.mkdir()
    except FileExistsError:
        wait_for(said)
    else:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run([sys.executable, *(part.replace("OUT", str(out)) for part in command)], cwd=ROOT, env=env,
                             capture_output=True, text=True, encoding="utf-8", timeout=LONGEST)  # fmt: skip
        partial = said.with_suffix(".part")
        partial.write_text(f"{ran.returncode}\n{ran.stdout[-5000:]}{ran.stderr[-5000:]}", encoding="utf-8")
        partial.rename(said)
    code, _, words = said.read_text(encoding="utf-8").partition("\n")
    assert code == "0", words
    return out


def wait_for(path: Path) -> None:
    """Wait until it is there."""
    end = time.monotonic() + LONGEST
    while not path.exists():
        assert time.monotonic() < end, f"{path} was never made"
        time.sleep(0.2)


def english(factory: pytest.TempPathFactory) -> Path:
    """The pages in English; every warning is an error."""
    return built(factory, "en", str(DOCS / "build.py"), "--language", "en", "--out", "OUT")


def both(factory: pytest.TempPathFactory) -> Path:
    """The pages in both languages, with the page in front of them."""
    english(factory)  # first, so that it is made once
    out = folder_of(factory) / "site-en"
    built(factory, "zh", str(DOCS / "build.py"), "--language", "zh_CN", "--out", str(out))
    return out


def messages(factory: pytest.TempPathFactory) -> Path:
    """The sentences of all pages as they are today."""
    return built(factory, "messages", str(DOCS / "catalogues.py"), "extract", "OUT")
