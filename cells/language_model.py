"""A language model over any cell that looks only backward: the probability of a sentence, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq import Parameter, Tensor, categorical_cross_entropy, name, no_grad, scope, take
from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from cells.cell import Cell
from cells.checked import flags, generator, kind, numbers, sizes, whole
from cells.initial import weights
from cells.readout import Readout
from cells.run import Run
from cells.truncated import cut

Indices = Any  # integers, (T,)


class LanguageModel:
    """x<1> = 0, a<0> = 0, x<t> = y<t-1>; ŷ<t> = softmax(Wya a<t> + by); J = Σ of categorical cross-entropies.

    Parameters
    ----------
    cell : Cell
        Any cell or composition that looks only backward, with n_x the size of the vocabulary, or of the
        embedding.
    size : int
        Number of tokens in the vocabulary.
    embedding : bool
        Whether a token is looked up in a learned matrix ``E`` (n_x, size), recorded as a look-up of one
        column; it is a one-hot column otherwise.
    end : int, optional
        The index of ``<EOS>``, where sampling stops.
    seed : int or numpy.random.Generator, optional
        For the readout and the embedding.

    Raises
    ------
    UsageError
        For a cell that reads the sequence from its end: it would see the token that it is to predict.
    ValueRangeError
        If the cell's n_x is not the size of its input.

    Examples
    --------
    >>> from cells import RNN
    >>> model = LanguageModel(RNN(5, 4, seed=0), size=5, end=4)
    >>> model.loss([[0, 1, 4], [2, 4]]).shape
    ()
    >>> model.sample(3, length=6).size <= 6
    True
    """

    def __init__(
        self, cell: Any, size: int, embedding: bool = False, end: int | None = None, seed: Any = None
    ) -> None:
        kind(cell, Cell, "a language model needs a cell")
        sizes("LanguageModel", size=size)
        flags("LanguageModel", embedding=embedding)
        if end is not None and not 0 <= self._token(end) < size:
            raise ValueRangeError(f"end is the index of <EOS>, from 0 to {size - 1}, not {end}{here()}")
        if cell.looks_ahead:
            raise UsageError(
                f"a language model predicts the next token from those before, but a {type(cell).__name__} cell "
                "also reads the sequence from its end, where that token stands; use a cell that looks only "
                f"backward{here()}"
            )
        if not embedding and cell.n_x != size:
            raise ValueRangeError(f"a token is a one-hot column of {size}, but the cell takes n_x = {cell.n_x}{here()}")
        random = generator(seed)
        self.cell, self.size, self.end = cell, size, end
        self.readout = Readout(cell.n_a, size, "softmax", seed=random)
        self.parameters: dict[str, Parameter] = {**cell.parameters, **self.readout.parameters}
        if embedding:
            self.parameters["E"] = Parameter(weights(random, cell.n_x, size), "E")

    # -- training: teacher forcing ------------------------------------------------------------

    def run(self, sequences: Sequence[Indices], state: Mapping[str, Any] | None = None) -> Run:
        """Unroll over given sequences, each input the token before: teacher forcing.

        Parameters
        ----------
        sequences : sequence of integer arrays
            m sequences of their own lengths T(i); shorter ones are filled up at their end, where
            nothing before can see it.

        Returns
        -------
        Run
            ``outputs[t - 1]`` is ŷ<t>, (size, m): the probability of each token at place t.
        """
        given = [self._checked(sequence) for sequence in self._listed(sequences)]
        longest = max((len(sequence) for sequence in given), default=0)
        padded = np.zeros((longest, len(given)), dtype=np.int64)
        for i, sequence in enumerate(given):
            padded[: len(sequence), i] = sequence
        return self._unroll(padded, None, state, 1)

    @staticmethod
    def _listed(sequences: Any, least: int = 1) -> Any:
        """Sequences, if it is a list of them."""
        kind(sequences, (list, tuple, np.ndarray), "a batch is a list of sequences, [[0, 1, 2], …]")
        if (isinstance(sequences, np.ndarray) and not sequences.ndim) or len(sequences) < least:
            raise ValueRangeError(f"there are no sequences: give a list of them, [[0, 1, 2], …]{here()}")
        return sequences

    def _unroll(self, tokens: Any, before: Any, state: Mapping[str, Any] | None, start: int) -> Run:
        """Steps whose inputs are the token before each; `before` is what stands before the first, None for nothing."""
        inputs = []
        for t in range(len(tokens)):
            with scope(time=start + t):
                inputs.append(self._input(tokens[t - 1] if t else before, tokens.shape[1]))
        return self.readout(self.cell.unroll(inputs, state, start=start))

    @staticmethod
    def _token(index: Any) -> int:
        whole("a token", index=index)
        return int(index)

    def _checked(self, sequence: Indices) -> np.ndarray[Any, Any]:
        indices = numbers(sequence, "a sequence of tokens")
        indices = indices.value if isinstance(indices, Tensor) else indices
        if indices.ndim != 1 or not indices.size:
            raise ValueRangeError(
                f"a sequence is a list of the indices of its tokens, not of shape {indices.shape}: "
                f"give a list of sequences, [[0, 1, 2], …]{here()}"
            )
        if indices.dtype.kind not in "iu" or indices.min() < 0 or indices.max() >= self.size:
            raise ValueRangeError(
                f"tokens are integers from 0 to {self.size - 1}, but here is {sequence!r:.60}{here()}"
            )
        return indices

    def _input(self, tokens: np.ndarray[Any, Any] | None, m: int) -> Tensor:
        """x<t> for one token of each example; zeros before the first."""
        dtype = next(iter(self.parameters.values())).dtype
        if tokens is None:
            return Tensor(np.zeros((self.cell.n_x, m), dtype), "x")
        if "E" in self.parameters:
            return name(take(self.parameters["E"], tokens, axis=1), "x")
        columns = np.zeros((self.size, m), dtype)
        columns[tokens, np.arange(m)] = 1
        return Tensor(columns, "x")

    def loss(self, sequences: Sequence[Indices]) -> Tensor:
        """The sum over time and examples of -log of the probability that each token got.

        Parameters
        ----------
        sequences : sequence of integer arrays
            Each with its ``<EOS>``, where there is one.

        Raises
        ------
        ValueRangeError
            For an empty sequence, or a token that the vocabulary does not have.
        """
        sequences = self._listed(sequences)
        run = self.run(sequences)
        return self._measured(run, [[sequence[t] if t < len(sequence) else None for sequence in sequences]
                                    for t in range(len(run))])  # fmt: skip

    def _measured(self, run: Run, targets: Sequence[Sequence[Any]]) -> Tensor:
        """The loss of a run, for each step the token of each example; None, where it has ended, costs nothing."""
        return run.measure([self._columns(tokens) for tokens in targets], categorical_cross_entropy)

    def _columns(self, tokens: Sequence[Any]) -> np.ndarray[Any, Any]:
        """A one-hot column for each example's token, zeros where it is None."""
        columns = np.zeros((self.size, len(tokens)), self.readout.parameters["by"].dtype)
        for i, token in enumerate(tokens):
            if token is not None:
                columns[int(token), i] = 1
        return columns

    # The same loss as a function of arrays, for training through a compiled replay.

    def arrays(self, sequences: Sequence[Indices]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The inputs x and targets y of a batch, both (size, m, T), for `loss_of`.

        T is rounded up to a multiple of 8, so that few shapes are compiled; what has ended has no target.
        """
        lengths = [len(self._checked(sequence)) for sequence in self._listed(sequences)]
        T = -(-max(lengths) // 8) * 8
        y = np.zeros((self.size, len(lengths), T), self.readout.parameters["by"].dtype)
        times = np.concatenate([np.arange(length) for length in lengths])
        y[self._checked(np.concatenate(sequences)), np.repeat(np.arange(len(lengths)), lengths), times] = 1
        x = np.zeros_like(y)
        x[:, :, 1:] = y[:, :, :-1]
        return x, y

    def loss_of(self, x: Any, y: Any) -> Tensor:
        """The loss of the arrays that `arrays` gives, one-hot; equal to `loss` to rounding."""
        if "E" in self.parameters:
            raise UsageError(f"an embedding looks tokens up by index: train it without the compiled replay{here()}")
        run = self.readout(self.cell.unroll(x))
        return run.measure(y, categorical_cross_entropy)

    def windows(self, text: Indices, k: int, m: int = 1) -> Iterator[Tensor]:
        """The losses of a long text, k steps at a time: truncated BPTT with the state carried on.

        Take the gradient of each before asking for the next; a derivative stops at the window's beginning,
        where the carried state is a cut edge, and memory is that of one window.

        Parameters
        ----------
        text : integer array, (T,)
        k : int
            Steps in a window.
        m : int
            Parts of the text that are read side by side; what does not divide is left out at the end.

        Yields
        ------
        Tensor
            The loss of one window, a scalar.

        Examples
        --------
        >>> from cells import GRU
        >>> model = LanguageModel(GRU(3, 4, seed=0), size=3)
        >>> len(list(model.windows([0, 1, 2, 1, 0, 2, 2, 1], k=2, m=2)))
        2
        """
        indices = self._checked(text)
        sizes("windows", k=k, m=m)
        if len(indices) < m:
            raise ValueRangeError(f"{len(indices)} tokens cannot be read {m} at a time in windows of {k} steps{here()}")
        streams = indices[: len(indices) // m * m].reshape(m, -1).T
        state, before = None, None
        for first in range(0, len(streams), k):
            tokens = streams[first : first + k]
            run = self._unroll(tokens, before, state, first + 1)
            yield self._measured(run, tokens.tolist())
            state, before = cut(run.final, forget=True), tokens[-1]

    # -- probabilities ---------------------------------------------------------------------------

    def token_probabilities(self, sequence: Indices) -> np.ndarray[Any, Any]:
        """P(y<t> | y<1> … y<t-1>) for each t, (T,)."""
        with no_grad():
            outputs = self.run([sequence]).outputs
        return np.array([output.value[int(token), 0] for output, token in zip(outputs, sequence, strict=True)])

    def log_probability(self, sequence: Indices) -> float:
        """The logarithm of a sentence's probability: the sum of its conditionals' logarithms."""
        return float(np.log(self.token_probabilities(sequence)).sum())

    def probability(self, sequence: Indices) -> float:
        """P(y<1>, …, y<T>) = Π P(y<t> | y<1> … y<t-1>)."""
        with np.errstate(under="ignore"):  # a long sentence's may be too small for any number
            return float(np.exp(self.log_probability(sequence)))

    def perplexity(self, sequences: Sequence[Indices], batch_size: int = 32) -> float:
        """How many equally likely tokens the model hesitates between: exp of the mean of -log P."""
        sizes("perplexity", batch_size=batch_size)
        count = sum(np.size(np.asarray(sequence, object)) for sequence in self._listed(sequences, least=0))
        if not count:
            raise ValueRangeError(f"there are no sequences to measure the perplexity of{here()}")
        with no_grad():
            total = sum(
                self.loss(sequences[i : i + batch_size]).item() for i in range(0, len(sequences), batch_size)
            )
        return float(np.exp(total / count))

    # -- sampling: free running ---------------------------------------------------------------------

    def free_run(
        self,
        seed: Any = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        start: Sequence[int] = (),
    ) -> Iterator[int]:
        """Tokens without end, each drawn from ŷ<t> and fed back as x<t+1>.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Where chance comes from.
        temperature : float
            ŷ to the power 1 / temperature: below 1 keeps to the likely, above 1 dares more; 0 takes the most likely.
        top_k : int, optional
            Draw from the k most likely tokens only.
        start : sequence of int
            Tokens that are given; they are not among the answer.
        """
        kind(temperature, (int, float, np.number), "temperature is a number")
        if top_k is not None:
            whole("sampling", top_k=top_k)
        if not 0 <= temperature < np.inf:
            raise ValueRangeError(f"temperature {temperature} is not a number from 0 on{here()}")
        if top_k is not None and top_k < 1:
            raise ValueRangeError(f"top_k must be at least 1, not {top_k}{here()}")
        random = generator(seed)
        state, last, given = None, None, self._checked(start).tolist() if len(self._listed(start, 0)) else []
        while True:
            with no_grad():
                run = self.readout(self.cell.unroll([self._input(last, 1)], state))
            state = run.final
            if given:
                token = given.pop(0)
            else:
                token = int(random.choice(self.size, p=_sharpened(run.outputs[0].value[:, 0], temperature, top_k)))
                yield token
            last = np.array([token])

    def sample(self, seed: Any = None, length: int = 50, **settings: Any) -> np.ndarray[Any, Any]:
        """A new sequence, until ``<EOS>`` (which is part of it) or `length` tokens; see `free_run`.

        Returns
        -------
        ndarray of int64
        """
        sizes("sample", length=length)
        drawn: list[int] = []
        for token in self.free_run(seed, **settings):
            drawn.append(token)
            if token == self.end or len(drawn) == length:
                break
        return np.array(drawn, dtype=np.int64)


def _sharpened(p: np.ndarray[Any, Any], temperature: float, top_k: int | None) -> np.ndarray[Any, Any]:
    """The distribution that a token is drawn from."""
    if temperature == 0:
        return np.asarray(np.arange(p.size) == np.argmax(p), dtype=float)
    with np.errstate(divide="ignore"):
        z = np.log(p.astype(float))
    if top_k is not None and top_k < p.size:
        z[np.argsort(-z, kind="stable")[top_k:]] = -np.inf
    with np.errstate(over="ignore", under="ignore"):
        e = np.exp((z - z.max()) / temperature)  # in this order the likeliest stays at 0 however small the temperature
        return np.asarray(e / e.sum())
