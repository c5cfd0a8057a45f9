"""Run the tour's notebook and keep small outputs in it, so that it can be read where nobody runs it.

Run ``python docs/write_tour.py`` after a change of ``examples/tour.ipynb``. Of each output the smallest form stays that
a code host shows: formulas as Markdown or LaTeX, pictures as PNG in few colours, the rest as text. Pages, which no code
host runs, stay as their text.
"""

from __future__ import annotations

import base64
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from PIL import Image

from autograd_seq.storage.files import write

ROOT = Path(__file__).resolve().parents[1]
TOUR = ROOT / "examples" / "tour.ipynb"
ACROSS = 1400  # pixels of a picture, at most
COLOURS = 128
FORMULAS = ("text/markdown", "text/latex")
MOST_TEXT = 20_000  # characters of an output that is kept


def small(data: dict[str, Any]) -> dict[str, Any]:
    """What stays of an output: its text, and a picture or formulas where it has some."""
    kept = {"text/plain": data.get("text/plain", "")}
    if "image/png" in data:
        return {**kept, "image/png": few_colours(data["image/png"])}
    formulas = [kind for kind in FORMULAS if kind in data and len(data[kind]) <= MOST_TEXT]
    return {**kept, formulas[0]: data[formulas[0]]} if formulas else kept


def few_colours(encoded: str) -> str:
    """A picture no wider than a column of text, in few colours."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    if picture.width > ACROSS:
        picture = picture.resize((ACROSS, round(picture.height * ACROSS / picture.width)), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.quantize(COLOURS).save(data, format="png", optimize=True)
    return base64.b64encode(data.getvalue()).decode()


def run(notebook: Any) -> Any:
    """The notebook with all its outputs."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
        return client.execute(env=env)


def main() -> None:
    """Run it, and keep what is small."""
    notebook = run(nbformat.read(TOUR, as_version=4))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data = nbformat.from_dict(small(output.data))
                output.metadata = nbformat.from_dict({})
    notebook.metadata.pop("widgets", None)
    write(TOUR, nbformat.writes(notebook) + "\n")
    print(f"{TOUR}: {TOUR.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
