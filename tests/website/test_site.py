"""The site is whole: it builds without a warning, no link is dead, and the reference has every public name."""

import importlib
import importlib.util
import inspect
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from website.built import both, english
from website.pages import DOCS

import autograd_seq

MODULES = {
    "autograd_seq": sorted({*autograd_seq.__all__, *autograd_seq._PYTHON_HAS}),
    **{
        name: importlib.import_module(name).__all__
        for name in ("autograd_seq.exchange", "autograd_seq.plan", "cells", "cells.exchange", "viz")
    },
    "autograd_seq.testing": ["assert_backward", "assert_gradients", "assert_proven"],
}
AROUND = re.compile(r"<article.*?</article>|<(script|style)\b.*?</\1>", re.DOTALL)  # what is not the theme
IN_ENGLISH = r"Back to top|Skip to content|On this page|Made with|>Next<|>Previous<"
FIELD = r'<dt class="field-[^"]*">([^<]*)<'  # Sphinx's word for what a function takes, returns and so on


class Page(HTMLParser):
    """What a page links to, what it shows, and where one can link to in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.loaded = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found.get("id"), found.get("name")}
        if tag == "a":
            self.links.add(found.get("href"))
        self.loaded |= {found.get("src"), found.get("href") if tag == "link" else None}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return english(tmp_path_factory)


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in (site / "en").rglob("*.html")}


def test_every_source_is_a_page(site):
    for source in [*DOCS.glob("*.md"), *DOCS.glob("*/*.md"), *DOCS.glob("api/*.rst")]:
        if "locale" not in source.parts:
            assert (site / "en" / source.relative_to(DOCS).with_suffix(".html")).exists()


def test_no_link_is_dead(pages):
    dead = []
    for path, page in pages.items():
        for link in filter(None, page.links | page.loaded):
            if re.match(r"https?:|mailto:|data:", link) or "/zh/" in link:
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name.partition("?")[0]).resolve() if name else path
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].ids):
                dead.append((path.name, link))
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages):
    """The site is plain files: it can be read without a network."""
    assert {link for page in pages.values() for link in page.loaded if link and re.match("https?:|//", link)} == set()


def test_each_page_has_the_same_page_in_the_other_language(pages, site):
    for path in pages:
        if path.parent.name != "live":
            up = "../" * len(path.relative_to(site / "en").parts)
            assert f'href="{up}zh/{path.relative_to(site / "en").as_posix()}"' in path.read_text(encoding="utf-8"), path


def test_the_reference_speaks_chinese_throughout(tmp_path_factory):
    """Sphinx's own words too: what a function takes, returns and raises."""
    pages = both(tmp_path_factory) / "zh" / "api"
    said = {w for path in pages.glob("*.html") for w in re.findall(FIELD, path.read_text(encoding="utf-8"))}
    assert {"参数", "返回", "抛出"} <= said and not [words for words in said if words.isascii()]


def test_the_theme_around_a_page_speaks_chinese(tmp_path_factory):
    """Of its own words none is left in English: what stands outside of the article and of names."""
    for path in sorted((both(tmp_path_factory) / "zh").rglob("*.html")):
        if path.parent.name != "live":
            page = path.read_text(encoding="utf-8")
            assert re.findall(r'aria-label="([ -~]+)"', page) == [], path
            assert re.findall(IN_ENGLISH, AROUND.sub("", page)) == [], path


def test_each_language_is_built_in_a_process_of_its_own(monkeypatch, tmp_path):
    pytest.importorskip("latex2mathml", reason="the site needs the extra docs")
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec = importlib.util.spec_from_file_location("build_the_site", DOCS / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ran = []
    monkeypatch.setattr(module, "make", lambda: None)
    monkeypatch.setattr(module.subprocess, "run", lambda words, **_: ran.append(words) or SimpleNamespace(returncode=0))
    assert module.main(["--out", str(tmp_path)]) == 0
    assert [next(w for w in words if w.startswith("language=")) for words in ran] == ["language=en", "language=zh_CN"]


def thing(name):
    """What a full name means."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def listed():
    """The full names in the reference, page by page."""
    for source in sorted((DOCS / "api").glob("*.rst")):
        yield source.stem, re.findall(r"^\.\. auto\w+:: ([\w.]+)$", source.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("module", MODULES)
def test_the_reference_has_every_public_name(module):
    names = [name for _, names in listed() for name in names]
    assert len(names) == len(set(names))
    there = {id(thing(name)) for name in names}
    assert {name for name in MODULES[module] if id(thing(f"{module}.{name}")) not in there} == set()
    assert {name for name in names if name.rpartition(".")[0] == module} <= {f"{module}.{n}" for n in MODULES[module]}


def test_each_attribute_in_the_reference_stands_alone():
    """Sphinx takes the first of ``records, uses : int`` for a type."""
    for _, names in listed():
        for name in names:
            attributes = re.split(r"^(.+)\n-+$", inspect.getdoc(thing(name)) or "", flags=re.MULTILINE)
            listing = attributes[attributes.index("Attributes") + 1] if "Attributes" in attributes else ""
            assert re.findall(r"^\w+, .*$", listing, re.MULTILINE) == [], name


def test_each_name_of_the_reference_stands_on_its_page_with_what_it_does(pages):
    for stem, names in listed():
        page = next(page for path, page in pages.items() if path.parent.name == "api" and path.stem == stem)
        assert set(names) <= page.ids
        for name in names:
            assert (thing(name).__doc__ or "").strip(), name
