"""Text as numbers: tokens, vocabularies, batches."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.learning.text import END, UNKNOWN, Vocabulary, batches, checked_labels, tokens

SENTENCE = "Harry Potter and Hermione Granger invented a new spell."


def test_tokens_with_and_without_punctuation():
    assert len(tokens(SENTENCE, punctuation=False)) == 9
    assert tokens(SENTENCE)[-1] == "."
    assert tokens("don't stop", lower=True) == ["don't", "stop"]
    assert tokens("你好, 世界", level="character")[:2] == ["你", "好"]


def test_size_keeps_the_most_frequent_and_unknown_takes_the_rest():
    corpus = ["a a a b b c"] * 3
    vocabulary = Vocabulary.build(corpus, size=4)
    assert set(vocabulary.words) == {"a", "b", UNKNOWN, END}
    assert vocabulary.decode(vocabulary.encode("a c")) == ["a", UNKNOWN, END]


def test_corpus_is_read_once_and_never_held():
    alive = []

    def stream():
        for i in range(1000):
            alive.append(i)
            yield f"word{i % 10} the"

    assert len(Vocabulary.build(stream(), size=5)) == 5
    assert len(alive) == 1000


def test_one_hot_and_index_lookup_agree():
    vocabulary = Vocabulary(list("abcd"))
    indices = np.array([3, 0, 0, 2])
    table = np.random.default_rng(0).standard_normal((5, 4))
    assert np.array_equal(table @ vocabulary.one_hot(indices), table[:, indices])


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=20, unique=True))
def test_encode_and_decode_undo_each_other(words):
    vocabulary = Vocabulary(words)
    assert vocabulary.decode(vocabulary.encode(words, end=False)) == words


def test_saved_and_loaded(tmp_path):
    vocabulary = Vocabulary.build([SENTENCE, "<script> \"quoted\" 世界"], lower=True)
    vocabulary.save(tmp_path / "v.json")
    loaded = Vocabulary.load(tmp_path / "v.json")
    assert loaded.words == vocabulary.words and loaded.lower and loaded.level == "word"
    assert [p.name for p in tmp_path.iterdir()] == ["v.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"words": [1]}', '{"level": "word"}', '{"words": ["a", "a"]}'])
def test_damaged_file(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_text(content)
    with pytest.raises(ValueRangeError, match=r"v\.json"):
        Vocabulary.load(path)
    assert path.read_text() == content


def test_unknown_token_without_unk_is_named():
    with pytest.raises(ValueRangeError, match="token 2, 'dog'.*unknown=True"):
        Vocabulary(["the", "cat"]).encode("the dog")


def test_empty_corpus_and_no_room():
    with pytest.raises(ValueRangeError, match="empty"):
        Vocabulary.build([])
    with pytest.raises(ValueRangeError, match="no room"):
        Vocabulary.build(["a"], size=2)


def test_file_that_is_no_text(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"\x00\xff\xfe\x80bad")
    with pytest.raises(ValueRangeError, match="UTF-8"):
        Vocabulary.from_file(path)


def test_eight_labels_for_nine_words():
    with pytest.raises(UsageError, match="8 labels for 9 tokens.*spell:?"):
        checked_labels(tokens(SENTENCE, punctuation=False), [1, 1, 0, 1, 1, 0, 0, 0])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=200), st.integers(1, 9), st.booleans())
def test_batches_hold_every_sequence_once(lengths, size, shuffled):
    sequences = ["x" * n for n in lengths]
    made = batches(sequences, size, np.random.default_rng(0) if shuffled else None, pool=3)
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in made)


def test_little_is_padded():
    generator = np.random.default_rng(0)
    sequences = ["x" * n for n in generator.integers(1, 50, size=2000)]
    made = batches(sequences, 20, generator)
    total = sum(max(len(sequences[i]) for i in b) * len(b) for b in made)
    assert total / sum(map(len, sequences)) < 1.1


def test_vocabulary_file_is_plain_json(tmp_path):
    Vocabulary(["a"]).save(tmp_path / "v.json")
    assert json.loads((tmp_path / "v.json").read_text())["words"] == ["a"]
