"""The site in Chinese is that in English: every sentence has a current translation, with the same code and formulas."""

import importlib.util
import re
import sys

import pytest
from website.built import messages
from website.pages import DOCS, ROOT

# How many sentences may be without a current translation.
ALLOWED = 0
# How many translations may have another word for a term than the glossary; prose may go round a word.
OTHER_TERMS = 200


@pytest.fixture(scope="module")
def parity():
    pytest.importorskip("babel", reason="the site needs the extra docs")
    pytest.importorskip("markdown_it", reason="the site needs the extra docs")
    before = list(sys.path)
    sys.path[:0] = [str(DOCS / "site"), str(ROOT)]
    try:
        import parity
    finally:
        sys.path[:] = before
    return parity


def catalogues(parity):
    return {path.relative_to(parity.LOCALE): path for path in sorted(parity.LOCALE.rglob("*.po"))}


def test_every_sentence_has_a_current_translation(parity, tmp_path_factory):
    found, kept, missing = messages(tmp_path_factory), catalogues(parity), []
    for path in sorted(found.rglob("*.pot")):
        name = path.relative_to(found).with_suffix(".po")
        have = {m.id: m for m in parity.sentences(parity.load(kept[name]))} if name in kept else {}
        missing += [
            (name, message.id)
            for message in parity.sentences(parity.load(path))
            if message.id not in have or parity.is_missing(have[message.id])
        ]
    print(f"{len(missing)} sentences of the site have no current translation; python docs/catalogues.py update")
    assert len(missing) <= ALLOWED, "\n".join(f"{name}: {text:.100}" for name, text in missing[:50])


def test_what_is_not_translated_is_the_same(parity):
    for name, path in catalogues(parity).items():
        for message in parity.sentences(parity.load(path)):
            if not parity.is_missing(message):
                rst = parity.is_rst(path)
                wrong = [*parity.differences(message.id, message.string, rst), *parity.half_width(message.string, rst)]
                assert not wrong, f"{name}: {message.string:.80}: {wrong}"


def test_terms_are_those_of_the_glossary(parity):
    others = [
        f"{name}: {chinese} for {term}: {message.string:.60}"
        for name, path in catalogues(parity).items()
        for message in parity.sentences(parity.load(path))
        if not parity.is_missing(message) and message.string != message.id
        for term, chinese in parity.other_terms(message.id, message.string, parity.is_rst(path))
    ]
    assert len(others) <= OTHER_TERMS, "\n".join(others)


def test_the_page_of_words_has_the_terms_of_the_glossary(parity):
    page = (DOCS / "glossary.md").read_text(encoding="utf-8").partition("## Words")[2].partition("## Verdicts")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)[1:]
    assert len(rows) > 40
    assert {row: found for row in rows if (found := parity.other_terms(*row, rst=False))} == {}


@pytest.mark.parametrize(
    "original, translation, kinds",
    [
        ("The gate `Wf` forgets.", "门 `Wf` 遗忘。", []),
        ("The gate `Wf` forgets.", "门 `Wu` 遗忘。", ["code lost", "code added"]),
        ("It is $a^2$ here.", "这里是 $a^3$。", ["formula lost", "formula added"]),
        ("See [Cells](cells.md).", "见[循环单元](cells.md)。", []),
        ("See [Cells](cells.md).", "见[循环单元](cell.md)。", ["link lost", "link added"]),
        ("a\\<t> and a<br>b", "a\\<t> 与 a b", ["tag lost"]),
        ("This is **large**.", "这**很大**。", []),
        ("This is **large**.", "这**很大。**是", ["emphasis differs"]),
        ("`a` and `a`", "`a`", ["code lost"]),
    ],
)
def test_differences_are_found(parity, original, translation, kinds):
    found = list(parity.differences(original, translation, rst=False))
    assert len(found) == len(kinds) and all(f.startswith(k) for f, k in zip(found, kinds))


@pytest.mark.parametrize(
    "original, translation, kinds",
    [
        ("**x** (*array*) -- The ``Wf`` of it.", "**x** (*数组*) -- 它的 ``Wf``。", []),
        ("**x** (*array*) -- Its ``Wf``.", "**y** (*数组*) -- 其 ``Wf``。", ["argument lost", "argument added"]),
        ("Nothing of the kind.", "没有`x`的", ["name added"]),
        ("See `autograd_seq.prove`.", "见 `autograd_seq.grad`。", ["name lost", "name added"]),
    ],
)
def test_differences_in_the_reference_are_found(parity, original, translation, kinds):
    found = list(parity.differences(original, translation, rst=True))
    assert len(found) == len(kinds) and all(f.startswith(k) for f, k in zip(found, kinds))


def test_markup_of_the_reference_is_set_apart_from_letters(parity):
    assert parity.spaced("其值``y``是`x`，*数*。") == r"其值\ ``y``\ 是\ `x`，*数*。"
    assert parity.spaced(r"其值\ ``y``\ 是") == r"其值\ ``y``\ 是"
    assert parity.spaced("**x** (*array*) -- 见 ``y``") == "**x** (*array*) -- 见 ``y``"


def test_translations_are_taken_or_refused_each_for_itself(parity, tmp_path, capsys):
    pytest.importorskip("sphinx_intl", reason="the site needs the extra docs")
    spec = importlib.util.spec_from_file_location("catalogues", DOCS / "catalogues.py")
    catalogues = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(catalogues)
    po, answers = tmp_path / "page.po", tmp_path / "answers.txt"
    catalogue = parity.Catalog(locale="zh_CN")
    for text in ("Cells", "The gate `Wf` forgets.", "`a` and `b`", "LSTM cell", "Old"):
        catalogue.add(text)
    catalogue.get("Old").string = "旧"
    catalogue.get("Old").flags.add("fuzzy")
    parity.save(po, catalogue)
    catalogues.main(["list", str(po)])
    listed = capsys.readouterr().out
    assert f"{catalogues.mark('Cells')}\tCells\n" in listed and "# was: 旧" in listed
    marks = [catalogues.mark(t) for t in ("Cells", "The gate `Wf` forgets.", "`a` and `b`", "LSTM cell", "Old")]
    said = ["循环单元", "门 `Wu` 遗忘。", "`a` 与 `b` 同,", "=", "新"]
    answers.write_text("# a comment\n" + "".join(f"{m}\t{t}\n" for m, t in zip(marks, said)) + "zzz\t别的\n", "utf-8")
    assert catalogues.main(["put", str(po), str(answers)]) == 1
    told = capsys.readouterr().out
    assert "page.po: 3 taken, 3 refused, 2 missing" in told and "code lost: Wf" in told and "no mark" in told
    kept = {m.id: m.string for m in parity.sentences(parity.load(po)) if not parity.is_missing(m)}
    assert kept == {"Cells": "循环单元", "LSTM cell": "LSTM cell", "Old": "新"}
