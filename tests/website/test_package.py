"""What goes to an index is whole: it builds, says what it needs, and has the files of the packages and no others."""

import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from website.pages import ROOT

PACKAGES = ("autograd_seq", "cells", "viz")
NEEDED = ("build", "twine", "setuptools")
PICTURE = re.compile(r"!\[|<img\b")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
COMMAND = r"autograd-seq \w+ "
SECRETS = re.compile(b"|".join([rb"BEGIN [A-Z ]*PRIVATE KEY", rb"/home/\w", re.escape(str(ROOT).encode())]))


def ours():
    """Every file of the packages."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of the source distribution and the wheel that was built from it."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        pytest.skip("building needs build, twine and setuptools")
    out = tmp_path_factory.mktemp("dist")
    ran = subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
                         capture_output=True, text=True, timeout=300)  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return out


@pytest.fixture(scope="module")
def wheel(made):
    return next(made.glob("*.whl"))


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode("utf-8"))


def test_an_index_would_take_it(made):
    files = [str(path) for path in made.iterdir()]
    assert len(files) == 2
    ran = subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_wheel_has_every_file_of_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in names if ".dist-info/" not in name} == set(ours())


def test_the_source_distribution_is_enough_for_the_first_command(made):
    with tarfile.open(next(made.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(ours()) <= names
    examples = {p.relative_to(ROOT).as_posix() for p in (ROOT / "examples").glob("*.py")}
    around = {"README.md", "README.zh-CN.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "setup.cfg", "docs/build.py"}
    assert examples | around <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", ".", "build/"))]


def test_an_index_shows_no_broken_picture_and_no_dead_link(made, wheel):
    """An index shows a description where it has none of the files beside it."""
    page = metadata(wheel).get_payload()
    assert page.startswith("# autograd_seq\n") and len(page) > 1000
    assert PICTURE.findall(page) == [] and LINK.findall(page) == []
    with tarfile.open(next(made.glob("*.tar.gz"))) as archive:
        told = next(name for name in archive.getnames() if name.count("/") == 1 and name.endswith("/PKG-INFO"))
        assert Parser().parsestr(archive.extractfile(told).read().decode("utf-8")).get_payload() == page


def test_what_an_index_shows_is_true():
    """Its program is that of the README, which is run; its commands are known; its extras are there."""
    page, readme = ((ROOT / name).read_text(encoding="utf-8") for name in ("DESCRIPTION.md", "README.md"))
    assert re.search(r"^```python\n.*?^```$", page, re.MULTILINE | re.DOTALL)[0] in readme
    assert page.partition("\n\n")[2].partition("\"Sequence Models\"")[0] in readme
    commands = re.findall(r"^autograd-seq (\w+)", page, re.MULTILINE)
    assert len(commands) > 5 and {f"autograd-seq {name} " for name in commands} <= set(re.findall(COMMAND, readme))
    extras = re.search(r"autograd-seq\[([\w,]+)\]", page)[1].split(",")
    assert all(f"\n| `{name}` |" in readme for name in extras)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_what_the_readme_links_to_is_in_the_source_distribution(made, page):
    with tarfile.open(next(made.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    linked = {link for link in LINK.findall((ROOT / page).read_text(encoding="utf-8")) if "://" not in link}
    assert len(linked) > 10 and linked - names == set()


def test_nothing_in_it_is_of_the_machine_that_built_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if SECRETS.search(archive.read(name))] == []


def test_it_says_what_it_is_and_needs(wheel):
    said = metadata(wheel)
    assert said["Name"] == "autograd-seq" and said["Requires-Python"] == ">=3.11" and said["License"] == "MIT"
    assert said["Description-Content-Type"] == "text/markdown"
    core = [need for need in said.get_all("Requires-Dist") if "extra ==" not in need]
    assert [re.match(r"[\w-]+", need)[0] for need in core] == ["numpy", "sympy", "networkx", "graphviz", "pygraphviz"]
    assert said["Version"] == re.search(r"^version = (\S+)", (ROOT / "setup.cfg").read_text(), re.MULTILINE)[1]


@pytest.mark.slow
def test_it_works_where_nothing_else_is_installed(wheel, tmp_path):
    venv.create(tmp_path / "bare", with_pip=True)
    scripts = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin")
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    install = [scripts / "python", "-m", "pip", "install", "-q", wheel]
    ran = subprocess.run(install, capture_output=True, text=True, env=env)
    if "No matching distribution" in ran.stderr or "Connection" in ran.stderr:
        pytest.skip("no index can be reached")
    assert ran.returncode == 0, ran.stderr
    for words in (["prove", "rnn"], ["draw", "lstm", "-o", "lstm.svg"], ["draw", "rnn", "--live", "-o", "rnn.html"],
                  ["derive", "gru", "-o", "gru.tex"], ["print", "lstm"]):  # fmt: skip
        done = subprocess.run([scripts / "autograd-seq", *words], cwd=tmp_path, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
    assert {"lstm.svg", "rnn.html", "gru.tex"} <= {path.name for path in Path(tmp_path).iterdir()}
