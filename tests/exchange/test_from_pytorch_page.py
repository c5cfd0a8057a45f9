"""docs/from_pytorch.md is short and true: its code runs, and prints what stands below it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from exchange.runners import peer

PAGE = (Path(__file__).parents[2] / "docs" / "from_pytorch.md").read_text(encoding="utf-8")


def test_it_is_short():
    assert len(PAGE.splitlines()) < 60


@pytest.mark.peers
def test_the_code_prints_what_the_page_shows(tmp_path):
    peer("torch")
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    shown = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))
    path = tmp_path / "page.py"
    path.write_text(code, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, encoding="utf-8", timeout=300,
                         cwd=tmp_path)  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout == shown
    assert (tmp_path / "lstm.svg").exists()
