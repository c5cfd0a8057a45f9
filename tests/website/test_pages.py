"""Pages of the site are true: their code prints what stands below it, and nothing on them is lost or left out."""

import configparser
import importlib
import importlib.util
import re

import pytest
from website.pages import DOCS, ROOT, alike, blocks, run

from autograd_seq import AutogradError
from autograd_seq.commands import main

# Pages that are run here, block by block.
RUN = [
    "bptt", "commands", "errors", "extend", "first_cell", "fonts", "formulas", "grade_a_class", "install",
    "language_models", "slides", "stepping",
]  # fmt: skip
# What pages take for given.
BEFORE = {
    "stepping": """
import numpy as np
from autograd_seq import categorical_cross_entropy
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.training import Trainer
from cells import RNN, Readout
from cells.language_model import LanguageModel

model, examples = LanguageModel(RNN(5, 4, seed=0), size=5, end=4), [[0, 1, 4], [2, 4]]
trainer = Trainer(model, Adam(0.01), seed=0)
run = Readout(4, 2, seed=1)(RNN(3, 4, seed=0).unroll(np.ones((3, 1, 4))))
loss = run.measure([np.array([[1.0], [0.0]])] * 4, categorical_cross_entropy)
"""
}
# Pages with code that a test of their own runs or reads.
ELSEWHERE = {
    "engines": "tests/test_engines_page.py",
    "cells": "tests/cells/test_docs.py",
    "from_pytorch": "tests/exchange/test_from_pytorch_page.py",
    "grading": "tests/grading/test_grading_page.py",
    "inside": "tests/test_inside_page.py",
    "notes": "tests/cells/test_notes_table.py",
    "numpy": "tests/test_numpy_page.py",
    "onnx": "tests/exchange/test_onnx_page.py",
    "operations": "tests/operations/test_operations_page.py",
    "own_code": "tests/test_own_code_page.py",
    "proofs": "tests/test_proofs_page.py",
}
# Pages that show what benchmarks printed on the machine that they name.
MEASURED = ["engines", "files", "grading", "speed", "stepping", "verdicts"]
HTML = {"a", "br", "iframe", "kbd", "sub", "sup"}
CODE = re.compile(r"^```.*?^```$|(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|\$[^$\n]+\$|<!--.*?-->", re.DOTALL | re.MULTILINE)
SOURCES = sorted({*DOCS.rglob("*.md"), *ROOT.glob("*.md")} - {*(DOCS / "made").rglob("*.md")})


@pytest.mark.parametrize("name", RUN)
def test_blocks_print_what_stands_below_them(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = list(run(DOCS / f"{name}.md", tmp_path, BEFORE.get(name, "")))
    assert found or name in BEFORE
    for said, printed, code in found:
        assert alike(said, printed), f"{code}\nprints\n{printed}\nand not\n{said}"


@pytest.mark.parametrize("name", RUN)
def test_chinese_pages_show_what_is_printed_in_chinese(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("AUTOGRAD_SEQ_LANG", "zh")
    pytest.importorskip("sphinx")
    outputs = of_the_site("site/outputs_in_chinese")
    for said, printed, code in run(DOCS / f"{name}.md", tmp_path, BEFORE.get(name, "")):
        of_a_command = re.match(r"(autograd-seq|python) ", code)
        shown = outputs.in_chinese(said.rstrip(), "" if of_a_command else code)
        assert alike(shown, printed), f"{code}\nprints\n{printed}\nand not\n{shown}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rows_of_a_table_have_as_many_cells_as_its_head(path):
    """What is too much is not shown; a sign | within code is written with a backslash before it."""
    text = re.sub(r"^(```|~~~).*?^\1$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, *rows = (len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines())
        assert set(rows) == {head}, table


def test_what_is_alike():
    assert alike("a\n…\nd … f\n", "a\nb\nc\nd e f\n") and alike("a  \n", "a\n\n")
    assert not alike("a\n", "a\nb\n") and not alike("a …\n", "b c\n") and not alike("", "a\n")


def test_every_page_with_code_is_run():
    code = {path.stem for path in DOCS.glob("*.md") if {k for k, _ in blocks(path)} & {"python", "console"}}
    assert code <= {*RUN, *ELSEWHERE, *MEASURED}
    for name, test in ELSEWHERE.items():
        assert re.search(rf'"{name}|{name}\.md', (ROOT / test).read_text(encoding="utf-8")), name


@pytest.mark.parametrize("name", MEASURED)
def test_what_was_measured_names_the_command_that_measures_it(name):
    commands = re.findall(r"python (benchmarks/\w+\.py)", (DOCS / f"{name}.md").read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        assert (ROOT / command).exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_is_taken_for_a_tag(path):
    """In Markdown a<t> is an unknown tag, and is not shown; a\\<t> is."""
    prose = CODE.sub(" ", path.read_text(encoding="utf-8"))
    assert set(re.findall(r"(?<!\\)</?([A-Za-z][\w-]*)[^>]*>", prose)) <= HTML


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", CODE.sub(" ", path.read_text(encoding="utf-8"))):
        assert (path.parent / target).exists() or "made/" in target, target


def test_every_exception_is_explained():
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    for room in ("autograd_seq", "cells", "viz"):
        for path in ROOT.glob(f"{room}/**/*.py"):
            if re.search(r"^class \w+Error\(", path.read_text(encoding="utf-8"), re.MULTILINE):
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    ours = every(AutogradError) - {"AutogradError", "OutOfWorkError"}  # the latter never gets out
    assert len(ours) > 10
    assert {name for name in ours if not re.search(rf"^## .*{name}|^\| `{name}`", page, re.MULTILINE)} == set()


def every(kind):
    """The name of a class and of all below it."""
    return {kind.__name__, *(name for below in kind.__subclasses__() for name in every(below))}


def test_formulas_of_notes_are_current():
    module = of_the_site("write_formulas")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/write_formulas.py"


def of_the_site(name):
    """A module that stands beside the pages and is installed nowhere."""
    spec = importlib.util.spec_from_file_location(name.rpartition("/")[2], DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_site_is_built_where_a_locale_is_not_installed(monkeypatch):
    pytest.importorskip("sphinx")
    build = of_the_site("build")
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    assert build.environment()["LC_ALL"] == "C"
    monkeypatch.setenv("LC_ALL", "C")
    assert build.environment()["LC_ALL"] == "C"


def test_every_command_is_on_its_page(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = set(re.findall(r"^    ([a-z]+)", capsys.readouterr().out, re.MULTILINE))
    table = (DOCS / "commands.md").read_text(encoding="utf-8").partition("## ")[0]
    first = "".join(re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", first)) == commands and len(commands) > 10


def test_the_table_of_extras_is_that_of_the_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("<!-- extras -->")[2].partition("<!-- end of extras -->")[0]
    assert re.findall(r"^\| `(\w+)` ", table, re.MULTILINE) == sorted(config["options.extras_require"], key=table.index)
    assert len(re.findall(r"^\| ", table, re.MULTILINE)) == len(config["options.extras_require"]) + 1


def test_the_version_stands_in_one_place():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    version = config["metadata"]["version"]
    files = [ROOT / "pyproject.toml", DOCS / "conf.py", *(ROOT / "autograd_seq").rglob("*.py")]
    assert [path for path in files if re.search(rf"[\"']{re.escape(version)}[\"']", path.read_text("utf-8"))] == []
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n## ")[2].startswith(version)
