"""What the site shows and nobody writes twice.

Pages of the tour's notebook, of the README's table of readings and of the list of changes; live pages to be embedded;
the pictures in Chinese.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any
from unittest import mock

from language_switch import LANGUAGES

DOCS = Path(__file__).resolve().parents[1]
MADE = DOCS / "made"
ROOT = DOCS.parent
ROOMS = ("autograd_seq", "cells", "viz")
TOUR = ROOT / "examples" / "tour.ipynb"
ROW = re.compile(r"^\| ([^|\n]+) \|((?: \[[^|\n]+\]\([^|\n]+\) \|)+)$", re.MULTILINE)
FROM = """
The same cells are a notebook, `examples/tour.ipynb`; `python docs/write_tour.py` ran them and kept what they gave.
"""


def make() -> None:
    """Make what is missing or older than what it is made of."""
    MADE.mkdir(exist_ok=True)
    tour()
    live()
    pictures()
    pictures_in_chinese()
    write(MADE / "changelog.md", from_the_root((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## The readings\n") : readme.index("### Pictures\n")].partition("\n")[2]
    write(MADE / "readings.md", f"# Readings: one recording, many forms\n{from_the_root(table)}")


def helps(language: str) -> str:
    """The help of every command in one language."""
    commands = re.findall(r"^    ([a-z]+)", helped("--help", "--lang", language), re.MULTILINE)
    parts = [f"## `{name}`\n\n{fenced(helped(name, '--help', '--lang', language))}" for name in commands]
    return "\n\n" + "\n\n".join(parts) + "\n"


def helped(*words: str) -> str:
    """What a command prints, in lines that fit a page."""
    from autograd_seq.commands import main

    said = io.StringIO()
    with mock.patch.dict(os.environ, {"COLUMNS": "84"}), redirect_stdout(said), suppress(SystemExit):
        main(list(words))
    return said.getvalue()


def pictures() -> None:
    """The gallery's pictures, where its page links to them."""
    (MADE / "extra" / "gallery").mkdir(parents=True, exist_ok=True)
    for path in (DOCS / "gallery").glob("*.svg"):
        copy = MADE / "extra" / "gallery" / path.name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


def pictures_in_chinese() -> None:
    """The same, and those of the derivations, with the words in them in Chinese; pages in Chinese show these."""
    from autograd_seq import language
    from viz import draw

    folder = MADE / "zh" / "gallery"
    last = folder / "rnn.svg"
    if last.exists() and last.stat().st_mtime >= newest():
        return
    folder.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "AUTOGRAD_SEQ_LANG": "zh"}
    subprocess.run([sys.executable, str(ROOT / "examples" / "gallery.py"), "--out", str(folder)], env=env, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    (folder / "README.md").unlink()
    spec = importlib.util.spec_from_file_location("make_derivations", DOCS / "derivations" / "make.py")
    assert spec is not None and spec.loader is not None
    derivations = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(derivations)
    with language("zh"):
        for name, (_, cell) in reversed(derivations.CELLS.items()):
            draw(cell(), folder / f"{name}.svg")


def newest() -> float:
    """When a file of the packages was changed last."""
    return max(path.stat().st_mtime for room in ROOMS for path in (ROOT / room).rglob("*.*"))


def gallery(text: str) -> str:
    """The gallery's page with pictures in it: of each row of its table the first, and links to the others."""
    rows = ROW.findall(text)
    parts = [text[: text.index("| |")].rstrip()]
    for name, links in rows:
        (_, first), *others = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", links)
        parts.append(f"## {name}\n\n![{name}]({first})")
        parts.append(" · ".join(opened(view, path) for view, path in others))
    rest = text[[match.end() for match in ROW.finditer(text)][-1] :].partition("\n![")[0]
    parts.append("## For slides\n" + re.sub(r"\[([^\]]+)\]\(([^)]+)\)", lambda match: opened(*match.groups()), rest))
    return "\n\n".join(parts) + "\n"


def opened(words: str, path: str) -> str:
    """A link to a picture that a browser shows; Sphinx would have it downloaded."""
    return f'<a href="{path}">`{words}`</a>'


def from_the_root(text: str) -> str:
    """A text of the repository's root with links as they are from here."""
    return re.sub(r"\]\(docs/", "](../", text)


def live() -> None:
    """Pages that compute, as `autograd-seq draw … --live` writes them, in each language."""
    from autograd_seq.commands import main

    changed = newest()
    for language, _ in LANGUAGES.values():
        for cell in ("rnn", "lstm"):
            path = MADE / language / "live" / f"{cell}.html"
            if not path.exists() or path.stat().st_mtime < changed:
                path.parent.mkdir(parents=True, exist_ok=True)
                main(["draw", cell, "--steps", "3", "--live", "--lang", language, "-o", str(path)])


def tour() -> None:
    """The notebook as a page."""
    cells = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    parts: list[str] = []
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source + (FROM if number == 0 else ""))
        else:
            parts.append(f"```python\n{source}\n```")
            parts.extend(shown(output, f"tour-{number}") for output in cell["outputs"])
    write(MADE / "tour.md", "\n\n".join(filter(None, parts)) + "\n")


def shown(output: dict[str, Any], name: str) -> str:
    """What a cell gave, as the notebook keeps it: formulas, a picture or text."""
    if output["output_type"] == "stream":
        return fenced("".join(output["text"]))
    data = {kind: "".join(text) for kind, text in output["data"].items()}
    if "image/png" in data:
        (MADE / f"{name}.png").write_bytes(base64.b64decode(data["image/png"]))
        said = data["text/plain"].strip("<>")
        return f"![{'a plot' if said.startswith('NotebookFigure') else said}]({name}.png)"
    if "text/markdown" in data:
        return data["text/markdown"]
    if "text/latex" in data:
        return data["text/latex"]
    return fenced(data["text/plain"])


def fenced(text: str) -> str:
    """Text as it was printed."""
    return f"```text\n{text.rstrip()}\n```"


def write(path: Path, text: str) -> None:
    """Write it only where it is new, so that Sphinx reads again what has changed alone."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
