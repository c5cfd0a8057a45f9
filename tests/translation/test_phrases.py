"""A text in the reader's language: what is known of it is translated, all else stays, however hostile it is."""

import html
import re

import pytest

import autograd_seq
from autograd_seq import ShapeError, UsageError
from autograd_seq.translation import reader
from autograd_seq.translation.columns import display_width
from autograd_seq.translation.phrases import MOST_TRIED, Phrases
from autograd_seq.translation.templates import Template

KNOWN = Phrases({
    "{name} must have shape {shape}, got {0}": "{name} 的形状应为 {shape}，而不是 {0}",
    "{0} record{s} named {named}": "名为 {named} 的记录有 {0} 条",
    "the gradient of {label}": "{label} 的梯度",
    "{what} is not finite": "{what} 不是有限数",
    "no gradient": "没有梯度",
    "note: {said}": "注意：{said}",
    "relative error": "相对误差",
    "{before}, which is too large": "{before}，太大了",
    "{before} It expects {expects}.": "{before}它需要{expects}。",
    "write {{'a': {value}}}": "请写 {{'a': {value}}}",
    "two matrices": "两个矩阵",
    "read it as {path}": "请按 {path} 读取",
    "one": "一", "a & b are equal": "a 与 b 相等",
})  # fmt: skip


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("Waa must have shape (5, 5), got (3,)", "Waa 的形状应为 (5, 5)，而不是 (3,)"),
        ("1 record named 'a'", "名为 'a' 的记录有 1 条"),
        ("3 records named 'a'", "名为 'a' 的记录有 3 条"),
        ("the gradient of W is not finite", "W 的梯度 不是有限数"),
        ("  no gradient\n\n    no gradient.", "  没有梯度\n\n    没有梯度。"),
        ("note: no gradient; the gradient of b", "注意：没有梯度；b 的梯度"),
        ("no gradient. nobody translated this.", "没有梯度。nobody translated this."),
        ("the gradient of b, which is too large", "b 的梯度，太大了"),
        ("It expects two matrices.", "它需要两个矩阵。"),
        ("write {'a': 3}", "请写 {'a': 3}"),
        ("read it as one", "请按 one 读取"),  # a file may be called as it likes
        ("- no gradient", "- 没有梯度"),
        ("(no gradient)", "（没有梯度）"),
        ("gradients are what nobody translated", "gradients are what nobody translated"),
        ("  at a.py:3: no gradient", "  at a.py:3: no gradient"),  # a line of a program
        ("", ""),
    ],
)
def test_what_is_known_is_said_in_the_other_language(english, said):
    assert KNOWN.text(english) == said
    assert KNOWN.text(said) == said


def test_columns_stand_where_they_stood():
    table = "dWaa   relative error   1e-3\ndba    one              2e-3"
    rows = KNOWN.text(table).split("\n")
    assert rows[0].split() == ["dWaa", "相对误差", "1e-3"]
    assert "one" in rows[1]  # a word alone may be a name
    assert len({display_width(row[: row.index("e-3")]) for row in rows}) == 1


HOSTILE = [
    "(a+)+$", "{name}", "{0.__class__}", "%s %(x)s", "\\1 \\g<0>", "[", "{", "}}", "a\nb", "got , got , got ",
    " must have shape ", "\0", "$(rm)", "梯度", "is not finite", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_what_stands_in_a_place_is_kept_as_it_is(value):
    said = KNOWN.text(f"x must have shape y, got {value}")
    first, *rest = value.split("\n")
    assert said.startswith("x 的形状应为 y，而不是 ") or "got" in value
    assert said.replace(" ", "").endswith("\n".join([KNOWN.text(first), *rest]).replace(" ", "")) or "got" in value
    assert Template("<{name}>", "[{name}]").filled({"name": value}) == f"[{value}]"


@pytest.mark.parametrize(
    "text",
    [
        "no gradient, " * 100_000, "a" * 1_000_000, " must have shape , got " * 50_000, "is not finite " * 400,
        "note: " * 1_000, "the gradient of " * 600, ", which is too large" * 400, "(" * 9_000, "one; " * 1_500,
    ],
)  # fmt: skip
def test_no_text_takes_for_ever(text):
    KNOWN.text(text)
    assert KNOWN._left >= -10 * MOST_TRIED


def test_a_place_that_is_named_twice_holds_the_same():
    twice = Template("write {0} = np.sort({0})", "请写 {0} = np.sort({0})")
    assert twice.filled(twice.match("write W = np.sort(W)")) == "请写 W = np.sort(W)"
    assert twice.match("write W = np.sort(V)") is None


def test_markup_is_escaped_after_it_was_translated():
    known = Phrases({"see {what}": "见 <{what}> & 其他", "a & b are equal": "a 与 b 相等"})
    assert known.markup("<p class='see x'>see 1 &lt; 2</p>") == "<p class='see x'>见 &lt;1 &lt; 2&gt; &amp; 其他</p>"
    assert known.markup("<b>a &amp; b are equal</b>") == "<b>a 与 b 相等</b>"
    assert known.markup("<script>'see x'</script>") == "<script>'see x'</script>"
    said = known.markup('<i title="see &quot;&gt;&lt;script&gt;">x</i>')
    assert "<script" not in said and re.search(r'title="[^"<>]*">x</i>$', said)
    assert html.unescape(said) == '<i title="见 <"><script>> & 其他">x</i>'


def test_the_language_is_chosen_by_the_program_then_by_the_environment(monkeypatch):
    for key in ("LC_ALL", "LC_MESSAGES", "LANG", reader.VARIABLE):
        monkeypatch.delenv(key, raising=False)
    assert reader.current() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert reader.current() == "zh"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert reader.current() == "en"
    monkeypatch.setenv(reader.VARIABLE, "zh")
    assert reader.current() == "zh"
    monkeypatch.setenv(reader.VARIABLE, "xx")
    assert reader.current() == "en"
    with autograd_seq.language("zh"):
        assert reader.current() == "zh"
        with autograd_seq.language("en"):
            assert reader.current() == "en"
        assert reader.current() == "zh"
    assert reader.current() == "en"


def test_an_unknown_language_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="'fr'; there are 'en', 'zh'"):
        autograd_seq.language("fr")
    assert reader.chosen.name is None


def test_errors_speak_the_readers_language():
    error = autograd_seq.GradientError("no derivative passes through W\n  at a.py:3: no gradient")
    assert str(error) == "no derivative passes through W\n  at a.py:3: no gradient"
    with autograd_seq.language("zh"):
        assert str(error) == "没有导数经过 W\n  at a.py:3: no gradient"
        assert str(ShapeError("nobody knows this")) == "nobody knows this"
        assert reader.in_english(error).startswith("no derivative")
