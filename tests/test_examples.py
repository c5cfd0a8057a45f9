"""Each example runs to its end on its own, as a reader runs it, and writes into --out only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(p.name for p in EXAMPLES.glob("*.py"))
# Those that train for longer than a few seconds are run with less training; what they learn is tested elsewhere.
# Each in another encoding that lacks some of what is printed.
ENCODINGS = dict(zip(SCRIPTS, ["gbk", "cp1252", "ascii", "cp437", "latin-1"] * len(SCRIPTS)))
LESS = {"translate_dates.py": ["--epochs", "2"], "dinosaurs.py": ["--epochs", "3"], "agreement.py": ["--epochs", "1"],
        "places.py": ["--epochs", "3"]}
LONG = {"gallery.py"}  # what it draws is drawn by the tests of pictures too


@pytest.mark.parametrize("script", [pytest.param(s, marks=pytest.mark.slow) if s in LONG else s for s in SCRIPTS])
def test_runs(script, tmp_path):
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / script), "--out", str(tmp_path / "out"), *LESS.get(script, [])],
        capture_output=True, encoding=ENCODINGS[script], timeout=300, cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": ENCODINGS[script], "MPLBACKEND": "Agg"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.strip()
    assert "\\u" not in result.stdout or script in ("check_notes.py", "places.py")  # which quote Chinese
    assert "Warning" not in result.stderr
    assert [p.name for p in tmp_path.iterdir()] in ([], ["out"])


@pytest.mark.parametrize("script", [s for s in SCRIPTS if "[plot]" in (EXAMPLES / s).read_text(encoding="utf-8")])
def test_finishes_without_the_extras(script, tmp_path):
    extras = ["matplotlib", "PIL", "tqdm", "latex2mathml", "mido", "numba"]
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({extras}))\n")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / script), "--out", str(tmp_path / "out"), *LESS.get(script, [])],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert result.returncode == 0 and not result.stderr, result.stderr[-2000:]
    assert "no plot: pip install 'autograd-seq[plot]'" in result.stdout
    assert not list((tmp_path / "out").glob("*.png"))


def test_the_examples_that_plot_are_known():
    plotting = {s for s in SCRIPTS if "plot" in (EXAMPLES / s).read_text(encoding="utf-8")}
    assert {"agreement.py", "gradient_flow.py"} == plotting

def test_tour_labels_every_word(tmp_path):
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / "tour.py"), "--out", str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert result.stdout.count("right") == 9 and "WRONG" not in result.stdout
    assert (tmp_path / "tour_unrolled.svg").read_text(encoding="utf-8").count("t = ") >= 3
