"""Text as numbers: tokens, vocabularies, one-hot columns, and batches of sequences of unequal lengths."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.names import escaped
from autograd_seq.core.source_line import here
from autograd_seq.learning import chinese_words
from autograd_seq.learning.text_file import lines as lines
from autograd_seq.storage import digests, files
from autograd_seq.translation.reader import translated

UNKNOWN, END = "<UNK>", "<EOS>"
FORMAT = 1  # of the files that save() writes
_WORDS = re.compile(r"\w+(?:['’-]\w+)*")
_WORDS_AND_MARKS = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")

Indices = np.ndarray[Any, np.dtype[np.int64]]


def tokens(text: str, level: str = "word", punctuation: bool = True, lower: bool = False) -> list[str]:
    """Cut a text into tokens.

    Parameters
    ----------
    text : str
        Any text.
    level : {"word", "character"}
        Words, or single characters (spaces included). Chinese has no spaces between words: the package jieba finds
        them, ``pip install 'autograd-seq[chinese]'``.
    punctuation : bool
        Whether punctuation marks are tokens of their own; they are left out otherwise. Words only.
    lower : bool
        Whether capitals are made small.

    Raises
    ------
    ValueRangeError
        For another level.
    UsageError
        For words of Chinese text where jieba is not installed.

    Examples
    --------
    >>> tokens("Teddy bears are on sale!")
    ['Teddy', 'bears', 'are', 'on', 'sale', '!']
    >>> tokens("rex", level="character")
    ['r', 'e', 'x']
    """
    if level not in ("word", "character"):
        raise ValueRangeError(f"level is {level!r}; write 'word' or 'character'{here()}")
    if lower:
        text = text.lower()
    if level == "character":
        return list(text)
    found = (_WORDS_AND_MARKS if punctuation else _WORDS).findall(text)
    if not chinese_words.is_chinese(text):
        return found
    parts = (chinese_words.words(word) if chinese_words.is_chinese(word) else [word] for word in found)
    return list(chain.from_iterable(parts))


class Vocabulary:
    """The tokens that a model knows, each with its index.

    Parameters
    ----------
    words : iterable of str
        Tokens in the order of their indices; none twice.
    level : {"word", "character"}
        How texts are cut into tokens.
    punctuation, lower : bool
        As for `tokens`.

    Raises
    ------
    ValueRangeError
        If there is no token, or one stands twice.

    Examples
    --------
    >>> vocabulary = Vocabulary.build(["the cat was full", "the cats were full"], size=4)
    >>> vocabulary.words
    ['full', 'the', '<UNK>', '<EOS>']
    >>> vocabulary.decode(vocabulary.encode("the dog was full"))
    ['the', '<UNK>', '<UNK>', 'full', '<EOS>']
    """

    def __init__(
        self, words: Iterable[str], level: str = "word", punctuation: bool = True, lower: bool = False
    ) -> None:
        self.words = list(words)
        self.level, self.punctuation, self.lower = level, punctuation, lower
        self.index = {word: i for i, word in enumerate(self.words)}
        if not self.words:
            raise ValueRangeError(f"a vocabulary needs at least one token, but the corpus is empty{here()}")
        if len(self.index) != len(self.words):
            twice = [word for word, n in Counter(self.words).items() if n > 1]
            raise ValueRangeError(f"tokens that stand twice in the vocabulary: {twice[:5]}{here()}")
        tokens("", level)  # is the level one that there is?

    @classmethod
    def build(
        cls,
        texts: Iterable[str],
        size: int | None = None,
        level: str = "word",
        punctuation: bool = True,
        lower: bool = False,
        unknown: bool = True,
        end: bool = True,
    ) -> Vocabulary:
        """Count the tokens of a corpus and keep the most frequent ones.

        Parameters
        ----------
        texts : iterable of str
            A line or sentence each; read once, never held together in memory.
        size : int, optional
            How many tokens to keep, ``<UNK>`` and ``<EOS>`` included; all if not given.
        unknown, end : bool
            Whether ``<UNK>`` (for every other token) and ``<EOS>`` (the end of a sequence) are among them.

        Raises
        ------
        ValueRangeError
            If the corpus has no token, or `size` leaves no room for one.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(tokens(text, level, punctuation, lower))
        if not counts:
            raise ValueRangeError(f"the corpus is empty: it has no token to make a vocabulary of{here()}")
        special = [UNKNOWN] * unknown + [END] * end
        room = None if size is None else size - len(special)
        if room is not None and room < 1:
            raise ValueRangeError(f"size {size} leaves no room beside {' and '.join(special)}{here()}")
        # By frequency, and for equal frequency by alphabet, so that the same corpus gives the same indices.
        frequent = sorted(counts, key=lambda word: (-counts[word], word))[:room]
        kept = sorted(word for word in frequent if word not in special)
        return cls([*kept, *special], level, punctuation, lower)

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], size: int | None = None, encoding: str | None = None, **settings: Any
    ) -> Vocabulary:
        """Build from a text file, line by line: the file may be larger than memory.

        Parameters
        ----------
        path : path-like
            The file.
        size : int, optional
            As for `build`, and so are further settings.
        encoding : str, optional
            What the file was saved in, as for `lines`.

        Raises
        ------
        ValueRangeError
            If the file has no token, or is not text in that encoding.
        """
        return cls.build(lines(path, encoding), size, **settings)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    @property
    def end(self) -> int | None:
        """The index of ``<EOS>``; None where there is none."""
        return self.index.get(END)

    def encode(self, text: str | Sequence[str], end: bool = True) -> Indices:
        """The indices of a text's tokens, ``<EOS>`` at the end.

        Parameters
        ----------
        text : str or sequence of str
            A text to cut into tokens, or tokens.
        end : bool
            Whether to put ``<EOS>`` at the end, where the vocabulary has it.

        Returns
        -------
        ndarray of int64, (T,)

        Raises
        ------
        ValueRangeError
            For a token that is not in the vocabulary, where there is no ``<UNK>``.
        """
        words = tokens(text, self.level, self.punctuation, self.lower) if isinstance(text, str) else list(text)
        unknown = self.index.get(UNKNOWN)
        found = []
        for place, word in enumerate(words):
            i = self.index.get(word, unknown)
            if i is None:
                raise ValueRangeError(
                    f"token {place + 1}, {word!r}, is not among the {len(self)} tokens of the vocabulary, "
                    f"and it has no {UNKNOWN} for others: build it with unknown=True{here()}"
                )
            found.append(i)
        if end and self.end is not None:
            found.append(self.end)
        return np.array(found, dtype=np.int64)

    def decode(self, indices: Iterable[Any]) -> list[str]:
        """The tokens at `indices`.

        Raises
        ------
        ValueRangeError
            For an index that the vocabulary does not have.
        """
        found = []
        for i in indices:
            if not 0 <= int(i) < len(self):
                raise ValueRangeError(f"index {i} is outside the vocabulary of {len(self)} tokens{here()}")
            found.append(self.words[int(i)])
        return found

    def text(self, indices: Iterable[Any]) -> str:
        """The tokens at `indices` as running text, without ``<EOS>``."""
        words = [word for word in self.decode(indices) if word != END]
        if self.level == "character":
            return "".join(words)
        return chinese_words.joined(re.sub(r" ([.,;:!?])", r"\1", " ".join(words)))

    def one_hot(self, indices: Any, dtype: Any = np.float64) -> np.ndarray[Any, Any]:
        """Columns that are 1 at an index and 0 elsewhere.

        Parameters
        ----------
        indices : array_like of int, (T,)

        Returns
        -------
        ndarray, (len(vocabulary), T)

        Examples
        --------
        >>> Vocabulary(["a", "b", "c"]).one_hot([2, 0])
        array([[0., 1.],
               [0., 0.],
               [1., 0.]])
        """
        places = np.asarray(indices, dtype=np.int64)
        columns = np.zeros((len(self), places.size), dtype)
        columns[places.ravel(), np.arange(places.size)] = 1
        return columns

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as JSON; the file is whole or not there, as `autograd_seq.storage.files` says."""
        settings: dict[str, Any] = {
            "format": FORMAT, "words": self.words, "level": self.level, "punctuation": self.punctuation,
            "lower": self.lower,
        }  # fmt: skip
        settings[digests.DIGEST] = digests.digest(settings)
        files.write(path, escaped(json.dumps(settings, ensure_ascii=False, indent=1)))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Read what `save` wrote.

        Raises
        ------
        ValueRangeError
            If the file is damaged or holds something else.
        FileError
            If it cannot be read.
        """
        with files.opened(path) as file:
            content = file.read()
        try:
            settings = json.loads(content.decode("utf-8-sig"))
            if "format" in settings:  # release 0.1.0 wrote none, and no digest
                if settings["format"] != FORMAT:
                    raise ValueError(f"it has format {settings['format']!r:.40}, but this release reads up to {FORMAT}")
                if wrong := digests.told(settings):
                    raise ValueError(wrong)
                del settings["format"], settings[digests.DIGEST]
            words = settings.pop("words")
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise TypeError("its words are not a list of texts")
            if not all(isinstance(settings.get(key, True), bool) for key in ("punctuation", "lower")):
                raise TypeError("punctuation and lower are true or false")
            return cls(words, **settings)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueRangeError(f"{path} is not a vocabulary that save() wrote: {error!s:.300}{here()}") from error

    def __repr__(self) -> str:
        if self.level == "word":
            return f"<{translated(f'Vocabulary of {len(self)} words')}>"
        return f"<{translated(f'Vocabulary of {len(self)} characters')}>"




def checked_labels(sentence: Sequence[Any], labels: Sequence[Any]) -> Sequence[Any]:
    """The labels, if there is one for each token of the sentence.

    Raises
    ------
    UsageError
        If there are more or fewer; the message shows which token has which.

    Examples
    --------
    >>> checked_labels("Harry Potter sang".split(), [1, 1, 0])
    [1, 1, 0]
    """
    if len(sentence) != len(labels):
        pairs = ", ".join(f"{w}:{y}" for w, y in zip(sentence, [*labels, *"?" * len(sentence)], strict=False))
        raise UsageError(
            f"{len(labels)} labels for {len(sentence)} tokens; one label for each is needed: {pairs}{here()}"
        )
    return labels


def batches(
    sequences: Sequence[Any], size: int, generator: np.random.Generator | None = None, pool: int = 50
) -> list[Indices]:
    """Group sequences of unequal lengths so that little is padded.

    Parameters
    ----------
    sequences : sequence
        Anything; what has no length counts as one.
    size : int
        Sequences in a batch; the last may have fewer.
    generator : numpy.random.Generator, optional
        Shuffles: sequences are drawn at random, sorted by length within a pool of `pool` batches only, and
        the batches are shuffled again. Without it, all are sorted by length.

    Returns
    -------
    list of ndarray of int64
        The places in `sequences` of each batch; every sequence is in one.

    Raises
    ------
    ValueRangeError
        If there are no sequences or `size` is less than 1.

    Examples
    --------
    >>> [batch.tolist() for batch in batches(["aaaa", "b", "ccc", "dd"], size=2)]
    [[1, 3], [2, 0]]
    """
    if not len(sequences) or size < 1:
        raise ValueRangeError(f"cannot make batches of {size} from {len(sequences)} sequences{here()}")
    order = np.arange(len(sequences)) if generator is None else generator.permutation(len(sequences))
    span = len(order) if generator is None else size * pool
    lengths = np.array([len(s) if hasattr(s, "__len__") else 1 for s in sequences])
    sorted_pools = (
        part[np.argsort(lengths[part], kind="stable")]
        for part in (order[i : i + span] for i in range(0, len(order), span))
    )
    made = list(chain.from_iterable(np.split(part, range(size, len(part), size)) for part in sorted_pools))
    if generator is not None:
        made = [made[i] for i in generator.permutation(len(made))]
    return made
