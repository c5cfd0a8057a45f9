"""Pages as programs: their blocks run in order, and what stands below each must be what it prints.

  python     runs; blocks of one page share their names. What it raises of this package's errors is printed,
             type and message. If its first line is `# file.py`, it is saved as that file and not run.
  python, with >>>: runs as doctests do.
  console    `$ command` runs, with what is printed below it; `$ pip …` and the like do not.
  text       what the block before it printed.
  toml       is saved as the file that its first line names.

A line `…` stands for any lines, and … within a line for any characters.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import io
import linecache
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from autograd_seq import AutogradError
from autograd_seq.commands import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = "example.py"
NOT_RUN = ("pip ", "python docs/build.py", "git ", "pytest")


class Found(NamedTuple):
    """What a block says that something prints, and what it printed."""

    said: str
    printed: str
    code: str


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of each block."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def alike(said: str, printed: str) -> bool:
    """Whether one is the other, but for what … stands for and spaces at line ends."""
    if not said.strip():
        return not printed.strip()
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == "…" else ".*".join(map(re.escape, line.rstrip().split("…"))) + r"\s*\n"
        for line in said.rstrip().splitlines()
    )
    return re.fullmatch(pattern, printed.rstrip() + "\n") is not None


def run(page: Path, folder: Path, before: str = "") -> Iterator[Found]:
    """Run a page in a folder that is the working directory; give what is said beside what is printed.

    What a page takes for given, such as a `run`, is made by the code `before`.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(before, namespace)
    printed, code = "", ""
    for language, text in blocks(page):
        if language in ("python", "toml") and (file := re.match(r"# (\w+\.(?:py|toml))\n", text)):
            (folder / file[1]).write_text(text, encoding="utf-8")
        elif language == "python" and text.startswith(">>>"):
            yield Found("", doctested(text, namespace), text)
        elif language == "python" and "import jax" in text and importlib.util.find_spec("jax") is None:
            continue
        elif language == "python":
            assert not printed, f"{page.name}: nothing shows what this prints: {code}"
            code, printed = text, executed(text, namespace)
        elif language == "text":
            yield Found(text, printed, code)
            printed = ""
        elif language == "console":
            yield from commands(text)
    assert not printed, f"{page.name}: nothing shows what this prints: {code}"


def executed(text: str, namespace: dict[str, object]) -> str:
    """What a block prints, as if it stood in a file of its own."""
    said = io.StringIO()
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(text, FILE, "exec"), namespace)
        except AutogradError as error:
            print(f"{type(error).__name__}: {error}")
    return said.getvalue()


def doctested(text: str, namespace: dict[str, object]) -> str:
    """What a session complains of: nothing if each answer is the one that it shows."""
    test = doctest.DocTestParser().get_doctest(text, namespace, "page", None, 0)
    said = io.StringIO()
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.write, clear_globs=False)
    namespace.update(test.globs)
    return said.getvalue()


def commands(text: str) -> Iterator[Found]:
    """What each command of a block prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, said = part.partition("\n")
        if not line.startswith(NOT_RUN):
            yield Found(said, outcome(line), line)


def outcome(line: str) -> str:
    """What a command prints; this package's own runs in this process."""
    name, *words = shlex.split(line.partition("  #")[0])
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in words]
    if name == "python":
        return subprocess.run([sys.executable, *words], capture_output=True, text=True, encoding="utf-8").stdout
    assert name == "autograd-seq", line
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main(words)
    return said.getvalue()
