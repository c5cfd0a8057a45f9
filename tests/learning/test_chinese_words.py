"""Words of Chinese text: found by jieba, asked for where it is missing, joined without spaces."""

import sys
import types
from pathlib import Path

import pytest

from autograd_seq import UsageError
from autograd_seq.commands import main
from autograd_seq.learning import chinese_words
from autograd_seq.learning.text import END, Vocabulary, lines, tokens

PLACES = Path(__file__).parents[2] / "examples" / "data" / "places_zh.txt"


class TwoByTwo:
    """In place of jieba: words of two characters."""

    def lcut(self, text):
        return [text[i : i + 2] for i in range(0, len(text), 2)]


@pytest.fixture
def jieba(monkeypatch):
    package = types.ModuleType("jieba")
    package.Tokenizer, package.setLogLevel = TwoByTwo, lambda level: None
    monkeypatch.setitem(sys.modules, "jieba", package)
    chinese_words._cutter.cache_clear()
    yield
    chinese_words._cutter.cache_clear()


@pytest.fixture
def no_jieba(monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    chinese_words._cutter.cache_clear()
    yield
    chinese_words._cutter.cache_clear()


def test_words_and_marks(jieba):
    assert tokens("梯度消失。Use tanh, 好吗？") == ["梯度", "消失", "。", "Use", "tanh", ",", "好吗", "？"]
    assert tokens("梯度消失。", punctuation=False) == ["梯度", "消失"]
    assert tokens("梯度", level="character") == ["梯", "度"]


def test_without_jieba_it_is_said_what_to_do(no_jieba):
    with pytest.raises(UsageError, match=r"autograd-seq\[chinese\].*--level character"):
        tokens("梯度消失")
    assert tokens("gradients vanish, naïvely") == ["gradients", "vanish", ",", "naïvely"]
    assert tokens("梯度", level="character") == ["梯", "度"]
    assert tokens("世界, 门") == ["世界", ",", "门"]  # so short, it may be a word
    assert tokens("勾配の消失 기울기") == ["勾配の消失", "기울기"]  # jieba knows no other language


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["梯度", "消失", "了", "。"], "梯度消失了。"),
        (["用", "tanh", "吧", "！"], "用 tanh 吧！"),
        (["the", "cat", ",", "too", "."], "the cat, too."),
        (["门", "，", "the", "gate"], "门，the gate"),
    ],
)
def test_running_text_has_no_spaces_between_chinese_words(words, text):
    vocabulary = Vocabulary([*words, END])
    assert vocabulary.text([*range(len(words)), len(words)]) == text


def test_what_was_cut_is_joined_again(jieba):
    text = "遗忘门决定忘记什么，输出门决定输出。"
    vocabulary = Vocabulary.build([text])
    assert vocabulary.text(vocabulary.encode(text)) == text


def test_the_commands(jieba, tmp_path, capsys):
    corpus, model = tmp_path / "文.txt", tmp_path / "m.npz"
    corpus.write_text("梯度消失了。\n" * 8, encoding="utf-8")
    given = ["train", str(corpus), "--level", "word", "--hidden", "8", "--epochs", "60", "-o", str(model)]
    assert main(given) == 0
    assert main(["sample", str(model), "--count", "1", "--temperature", "0.1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("消失了。")


def test_the_command_without_jieba(no_jieba, tmp_path, capsys):
    corpus = tmp_path / "文.txt"
    corpus.write_text("梯度消失了。\n", encoding="utf-8")
    assert main(["train", str(corpus), "--level", "word", "-o", str(tmp_path / "m.npz")]) == 2
    assert "autograd-seq[chinese]" in capsys.readouterr().err and not (tmp_path / "m.npz").exists()


def test_the_list_that_ships():
    places = list(lines(PLACES))
    assert len(places) == len(set(places)) > 250
    assert all(2 <= len(place) <= 4 and chinese_words.is_chinese(place) for place in places)
