"""The tests of HIPS autograd on this engine: how many pass, and why others do not.

    python benchmarks/hips_tests.py
    python benchmarks/hips_tests.py --files linalg systematic --verbose
    python benchmarks/hips_tests.py --from DIR             # the unpacked source distribution, where there is no network

Its source distribution is fetched with pip into a temporary folder; nothing of it is kept. The tests run as they are,
with the modules that they import made of this engine (`hips_shim.py`): reverse mode, real numbers. A check in forward
mode or of complex numbers is left out; a test in which nothing else is checked counts as such. What is refused here in
words is counted by what it is about; whatever else fails counts against the engine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import hips_shim

PACKAGE = "autograd==1.9.1"
WANTED = 0.95  # of the tests that concern what is offered here
# What a refusal is about, by the words of its message.
REFUSED = {
    "a tensor holds real numbers": hips_shim.COMPLEX,
    "complex": hips_shim.COMPLEX,
    "np.fft.": "Fourier transforms",
    "has no derivative here with its vectors": "other decompositions",
    "are recorded; of plain numbers, write x.value": "other decompositions",
    "has no attribute 'make_diagonal'": hips_shim.OWN_TOOLS,
}
# Tests of something of theirs: a `where` that takes keywords and gives Python's own numbers, which NumPy's does not,
# and the name and the docstring of their `grad`.
THEIRS = ("::test_custom_where", "::test_wrapped_name_and_docs")


def fetched(folder: Path) -> Path:
    """The unpacked source distribution."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", str(folder)]
    subprocess.run([*command, PACKAGE], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as packed:
        packed.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


class Counting:
    """What became of each test: ``passed``, ``failed``, or why it does not concern this engine."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.words: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> Iterator[None]:
        hips_shim.done.clear()
        hips_shim.left_out.clear()
        result = yield
        if hips_shim.left_out and not hips_shim.done:
            pytest.skip(hips_shim.left_out[0])
        return result

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        if report.skipped:
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            self.answers[report.nodeid] = "other packages" if "required" in reason else reason
        elif report.failed:
            self.words[report.nodeid] = text = str(report.longrepr)
            self.answers[report.nodeid] = why_not(report.nodeid, text)
        else:
            self.answers.setdefault(report.nodeid, "passed")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.answers[report.nodeid], self.words[report.nodeid] = "failed", str(report.longrepr)


def why_not(test: str, text: str) -> str:
    """Why a test that failed does not concern this engine, or ``failed``."""
    if any(name in test for name in THEIRS):
        return hips_shim.OWN_TOOLS
    message = "\n".join(line for line in text.splitlines() if line.startswith("E  "))
    return next((why for words, why in REFUSED.items() if words in message), "failed")


def ran(tests: Path, files: list[str]) -> Counting:
    """Run the tests, without the settings of either project."""
    hips_shim.install()
    counting = Counting()
    chosen = [str(tests / f"test_{name}.py") for name in files] or [str(tests)]
    pytest.main(
        [*chosen, "-q", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", "/dev/null",
         "--rootdir", str(tests), "-W", "ignore", "--tb=short"],
        plugins=[counting],
    )  # fmt: skip
    return counting


def table(answers: dict[str, str]) -> str:
    """The counts."""
    counts = Counter(answers.values())
    passed, failed = counts.pop("passed", 0), counts.pop("failed", 0)
    share = passed / max(passed + failed, 1)
    lines = [f"tests of {PACKAGE}: {len(answers)}", f"concern what is offered here: {passed + failed}",
             f"  passed {passed} ({share:.1%})", f"  failed {failed}", f"others: {sum(counts.values())}"]  # fmt: skip
    return "\n".join([*lines, *(f"  {number:4d} {reason}" for reason, number in counts.most_common())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, help="the unpacked source distribution")
    parser.add_argument("--files", nargs="*", default=[], help="test files, such as linalg")
    parser.add_argument("--verbose", action="store_true", help="print why tests failed, and all others by reason")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.source or fetched(Path(folder))
        counting = ran(source / "tests", arguments.files)
    for test, answer in counting.answers.items():
        if answer == "failed" or (arguments.verbose and answer != "passed"):
            print(f"{answer}: {test}")
            if arguments.verbose:
                print(counting.words.get(test, ""))
    print(json.dumps(counting.answers) if arguments.json else table(counting.answers))
    counts = Counter(counting.answers.values())
    return int(counts["passed"] < WANTED * (counts["passed"] + counts["failed"]))


if __name__ == "__main__":
    sys.exit(main())
