"""What a user wrote is in a message as it was written, in whatever language the message is."""

import re

import numpy as np
import pytest

import autograd_seq
from autograd_seq import Parameter, Tensor
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.wording import one_of, perhaps
from autograd_seq.storage.files import check_suffix, opened
from autograd_seq.translation.catalogue import messages
from autograd_seq.translation.phrases import Phrases
from autograd_seq.translation.quotes import hidden, shown
from autograd_seq.translation.templates import parts

KNOWN = messages("zh")
OPEN = sorted(said for said in KNOWN if any(name for _, name in parts(said)))
SHORT = sorted(said for said in {*KNOWN} - {*OPEN} if len(said) <= 24 and "'" not in said)


def no_file(word):
    opened(f"{word}/")


def not_finite(word):
    Parameter([np.nan], word)


def written_into(word):
    Parameter([1.0], word)[0] = 2.0


def other_shape(word):
    Parameter([1.0], word).value = np.ones(2)


@pytest.mark.parametrize("fail", [no_file, not_finite, written_into, other_shape])
def test_a_user_may_call_things_by_any_word_of_ours(fail):
    assert len(SHORT) > 250 and {"none", "the loss", "scalar"} <= set(SHORT)
    for word in SHORT:
        with pytest.raises(AutogradError) as caught:
            fail(word)
        given = repr(f"{word}/") if fail is no_file else repr(word)
        with autograd_seq.language("zh"):
            said = str(caught.value)
        assert given in said and re.search("[\u4e00-\u9fff]", said.replace(given, "").split("\n")[0]), said


@pytest.mark.parametrize("word", ["none", "the loss", "a step; the gradient", "shape: scalar. Step", "say \"no\""])
def test_every_message_keeps_what_stands_in_quotation_marks(word):
    known, given = Phrases(KNOWN), repr(word)
    for template in OPEN:
        text = "".join(fixed + _filling(name, given) for fixed, name in parts(template))
        assert known.text(text).count(given) >= bool(text.count(f" {given}")), text


def _filling(name, given):
    if name is None or re.fullmatch(r"(s|es|ies|verb|here|article)\d*", name):
        return ""
    return "3" if re.fullmatch(r"(line|step|time|times|number)\d*", name) else given


@pytest.mark.parametrize("word", ["none", "loss", "scalar", "nothing", "sum"])
def test_a_word_alone_is_a_name_where_names_are(word):
    known = Phrases(KNOWN)
    for template in ("the gradient of {name} is not finite", "no derivative passes through {label}"):
        if template in KNOWN:
            assert word in known.text(template.format(name=word, label=word))
    with autograd_seq.language("zh"), pytest.raises(AutogradError) as caught:
        Tensor(2.0, word).__len__()
    with autograd_seq.language("zh"):
        assert word in str(caught.value)


def test_apostrophes_are_no_quotation_marks():
    for text in ("the students' files and the teacher's", "NumPy's functions in place of math's", "d'x' y"):
        assert hidden(text) == text
    assert shown(hidden("it is 'a' and \"b c\", not 'it\\'s'")) == "it is 'a' and \"b c\", not 'it\\'s'"


def test_choices_are_listed_as_a_sentence_lists_them():
    assert one_of(["a"]) == "a" and one_of(["a", "b", "c"]) == "a, b or c"
    assert perhaps("lstmm", ["gru", "lstm"]) == ". Did you mean 'lstm'?" and perhaps("zzz", ["gru"]) == ""
    with pytest.raises(AutogradError) as caught:
        check_suffix("a.jpg", [".svg", ".png", ""])
    assert str(caught.value).startswith("a.jpg cannot be written: its name must end in .svg or .png, or have no ending")
    with autograd_seq.language("zh"):
        assert str(caught.value).startswith("a.jpg 无法写入：后缀必须是 .svg 或 .png，也可以不写后缀")
