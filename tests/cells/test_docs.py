"""docs/cells.md says what is so: its code runs, and prints what stands below it."""

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_code_prints_what_the_page_shows(tmp_path):
    page = (DOCS / "cells.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    shown = "".join(re.findall(r"```text\n(.*?)```", page, re.DOTALL))
    path = tmp_path / "page.py"
    path.write_text(code, encoding="utf-8")
    result = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == shown


def test_every_cell_and_its_parameters_are_in_the_table():
    import cells

    page = (DOCS / "cells.md").read_text(encoding="utf-8")
    for thing in ("RNN", "GRU", "LSTM", "Bidirectional", "Deep", "Readout"):
        assert f"`{thing}(" in page
    for cell in (cells.RNN(2, 2), cells.RNN(2, 2, stacked=True), cells.GRU(2, 2, reset_after=True),
                 cells.GRU(2, 2), cells.LSTM(2, 2, peephole="diagonal"), cells.Readout(2, 2)):  # fmt: skip
        for key in cell.parameters:
            assert re.search(rf"\b{key}\b", page)
