"""The catalogues: current, compiled, with the places of the English and the terms of the field."""

import sys
from pathlib import Path

import pytest

from autograd_seq.translation.catalogue import FOLDER, messages

pytest.importorskip("babel")
sys.path.insert(0, str(Path(__file__).parents[2]))
from docs.translating.answers import filled, listed, mark  # noqa: E402
from docs.translating.catalogues import CATALOGUES, fault, gap, path_of, read, translations  # noqa: E402
from docs.translating.extract import all_messages, messages_in  # noqa: E402
from docs.translating.glossary import terms  # noqa: E402
from docs.translating.pages import messages_of_page  # noqa: E402


def test_every_message_has_a_current_translation():
    found = gap()
    for file, said in found.items():
        print(f"{file}: {len(said)}", *said, sep="\n    ")
    assert sum(map(len, found.values())) == 0


@pytest.mark.parametrize("name", CATALOGUES)
def test_what_is_translated_is_right(name):
    faults = {english: fault(english, said) for english, said in translations(read(path_of(name))).items()}
    assert {english: why for english, why in faults.items() if why} == {}


def test_what_is_compiled_is_what_the_catalogues_say():
    said = {}
    for name in CATALOGUES:
        said |= translations(read(path_of(name)))
    assert messages("zh") == said
    assert {path.stem for path in FOLDER.glob("zh/*")} == set(CATALOGUES)


@pytest.mark.parametrize(
    ("english", "said", "why"),
    [
        ("{name} is {what}", "{name}是{what}", ""),
        ("{n} record{s}", "{n} 条记录", ""),
        ("{name} is {what}", "{name}是", "lacks {what}"),
        ("{name} is", "{name}是{x}", "it has {x}"),
        ("{name} is", "{name.__class__}是", "braces"),
        ("{name} is", "{name!r}是", "braces"),
        ("{name} is", "{name}是}", "braces"),
        ("{name} is wrong", "{name}错了, 请改正", "full width"),
        ("the forget gate", "忘记门", "glossary has 遗忘门"),
        ("the forget gate", "遗忘门", ""),
        ("give gradient=...", "请给出 gradient=...", ""),
    ],
)
def test_faults_of_a_translation_are_told(english, said, why):
    assert why in fault(english, said)
    assert bool(fault(english, said)) == bool(why)


def test_answers_are_taken_or_refused_each_for_itself(tmp_path, monkeypatch):
    import docs.translating.catalogues as catalogues

    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    (tmp_path / "zh").mkdir()
    catalogue = read(path_of("errors"))
    assert path_of("errors.po") == tmp_path / "zh" / "errors.po"
    for english in ("{name} is odd", "nothing", "np.sum(x)", "left"):
        catalogues.add(catalogue, english, "", ["a.py"])
    catalogues.write(catalogue, path_of("errors"))
    assert f"{mark('nothing')}\tnothing" in listed("errors")
    answers = [
        "# a.py", f"{mark('nothing')}\t什么也没有", f"{mark('{name} is odd')}\t很奇怪", f"{mark('np.sum(x)')}\t=",
        f"{mark('left')}\tleft", "1234567\t别的", "no tab",
    ]  # fmt: skip
    told = filled("errors", answers)
    assert "lacks {name}" in told[0] and "no mark" in told[1] and "no mark" in told[2]
    assert told[-1].startswith("errors.po: 2 taken, 3 refused, 1 left")
    assert translations(read(path_of("errors"))) == {"nothing": "什么也没有", "np.sum(x)": "np.sum(x)"}
    assert filled("errors", answers[:2])[-1].startswith("errors.po: 1 taken")  # as often as one likes


def test_the_glossary_names_each_term_once():
    english = [term for term, _, _ in terms()]
    assert len(english) == len(set(english)) >= 80
    assert all(words and all(words) for _, _, words in terms())


def test_a_message_has_a_place_for_whatever_changes():
    source = '''
"""A docstring is no message."""
KEYS = {"a key": 1}
def f(x, n):
    """Neither is this one."""
    error = ValueError(f"{x.name} has {n} part{'s' * (n != 1)}, got {{'a': {x + 1}}}" " and more" + here())
    if x == "some other key":
        return f"it is {'right' if n else 'not so right'}"
    return "with {} in place of {}".format(1, 2)
'''
    assert sorted(messages_in(source)) == sorted([
        "{name} has {n} part{s}, got {{'a': {0}}} and more", "not so right", "it is {0}",
        "with {0} in place of {1}",
    ])  # fmt: skip
    assert messages_of_page("<p title='x'>Two words</p><style>p { color: red; }</style>", "a.html") == ["Two words"]


def test_every_part_of_the_program_has_messages():
    found = all_messages()
    assert set(found) == set(CATALOGUES) and all(len(messages) > 80 for messages in found.values())
    assert len({english for messages in found.values() for english in messages}) == sum(map(len, found.values()))
