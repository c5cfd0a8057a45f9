"""The notes' architectures by input and output: one or many, and an encoder with a decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq import Parameter, Tensor, scope
from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.source_line import here
from cells.cell import Cell
from cells.checked import kind, numbers, sizes, whole
from cells.deep import Deep
from cells.padding import columns, presence
from cells.place import place
from cells.readout import Readout
from cells.run import Run, by_step


def _parts(cell: Any, readout: Any, what: str = "the first argument") -> None:
    kind(cell, Cell, f"{what} must be a cell")
    kind(readout, Readout, "the readout must be a Readout")


def one_to_one(cell: Cell, readout: Readout, x: Any) -> Run:
    """One input (n_x, m), one output: a standard network, one step of the cell from a<0> = 0.

    Examples
    --------
    >>> from cells import RNN
    >>> one_to_one(RNN(3, 4, seed=0), Readout(4, 2, seed=1), np.ones((3, 5))).outputs[0].shape
    (2, 5)
    """
    _parts(cell, readout)
    return readout(cell.unroll([x]))


def many_to_one(cell: Cell, readout: Readout, x: Any, lengths: Sequence[int] | None = None) -> Run:
    """A sequence, one output after its end (sentiment); with lengths, after each example's own end.

    Examples
    --------
    >>> from cells import GRU
    >>> run = many_to_one(GRU(3, 4, seed=0), Readout(4, 2, seed=1), np.ones((3, 5, 6)), lengths=[6, 2, 1, 3, 6])
    >>> len(run.outputs)
    1
    """
    _parts(cell, readout)
    return readout.last(cell.unroll(x, lengths=lengths))


def many_to_many(cell: Cell, readout: Readout, x: Any, lengths: Sequence[int] | None = None) -> Run:
    """An output for each input, T_x = T_y (names in a sentence).

    Examples
    --------
    >>> from cells import LSTM
    >>> len(many_to_many(LSTM(3, 4, seed=0), Readout(4, 2, seed=1), np.ones((3, 5, 6))).outputs)
    6
    """
    _parts(cell, readout)
    return readout(cell.unroll(x, lengths=lengths))


def most_likely(y_hat: Any) -> Tensor:
    """The most probable class as a one-hot constant: choosing has no derivative.

    Examples
    --------
    >>> most_likely(Tensor([[0.2], [0.8]])).value.ravel()
    array([0., 1.])
    """
    kind(y_hat, Tensor, "most_likely() needs an output of a readout, a tensor")
    values = y_hat.value
    return Tensor(np.arange(len(values))[:, None] == values.argmax(axis=0), "x", dtype=values.dtype)


def as_it_is(y_hat: Any) -> Tensor:
    """The output itself, through which the derivative passes on."""
    return y_hat


def one_to_many(
    cell: Cell,
    readout: Readout,
    x: Any,
    T: int,
    feed: Callable[[Tensor], Tensor] = as_it_is,
    state: Mapping[str, Any] | None = None,
    start: int = 1,
) -> Run:
    """One input, a sequence of outputs, each fed back as the next input (music): x<t+1> = ŷ<t>.

    Parameters
    ----------
    cell, readout : Cell, Readout
        With n_y = n_x.
    x : array_like
        x<1>, (n_x, m).
    T : int
        How many outputs.
    feed : callable
        From ŷ<t> to x<t+1>: `as_it_is`, or `most_likely`.
    state : dict, optional
        The state to begin with.
    start : int
        The time of the first step.

    Examples
    --------
    >>> from cells import RNN
    >>> run = one_to_many(RNN(3, 4, seed=0), Readout(4, 3, seed=1), np.ones((3, 2)), T=5)
    >>> len(run.outputs), run.inputs[1] is run.outputs[0]
    (5, True)
    """
    _parts(cell, readout)
    sizes("one_to_many", T=T)
    whole("one_to_many", start=start)
    kind(feed, Callable, "feed is a function from an output to the next input")  # type: ignore[arg-type]
    if state is not None:
        kind(state, Mapping, f"the state of {type(cell).__name__} is a dict")
    if cell.looks_ahead:
        raise UsageError(f"outputs are fed back one by one, so the cell cannot be bidirectional{here()}")
    n_y = readout.parameters["by"].shape[0]
    if n_y != cell.n_x:
        raise ShapeError(f"an output (n_y, m) with n_y = {n_y} cannot be fed back as x with n_x = {cell.n_x}{here()}")
    x_t = columns([x], cell.n_x, cell.dtype, start=start)[0]
    m = x_t.shape[1]
    current = cell.initial_state(m, start - 1) if state is None else dict(state)
    run = Run(cell, [], current, [None] * T, start)
    outputs: list[Tensor] = []
    for t in range(T):
        with scope(time=start + t):
            x_t = feed(outputs[-1]) if outputs else x_t
            run.inputs.append(x_t)
            current = cell.step(x_t, current)
            run.append(current)
            outputs.append(readout.step(current["a"]))
    run.read(outputs, run.times)
    return run


class EncoderDecoder:
    """A sequence to a sequence of another length (translation): an encoder's last state begins a decoder.

    The decoder's steps follow the encoder's in time, so that ŷ<1> carries the time T_x + 1; encoder layers come first,
    decoder layers are numbered on: ``a[1]<t>`` and ``a[2]<t>``.

    Parameters
    ----------
    encoder : Cell
        Any cell, deep or bidirectional.
    decoder : Cell
        Any cell but a bidirectional one; n_a as the encoder's, n_x = n_y.
    readout : Readout
        Above the decoder.

    Examples
    --------
    >>> from autograd_seq import categorical_cross_entropy
    >>> from cells import GRU
    >>> translate = EncoderDecoder(GRU(3, 4, seed=0), GRU(5, 4, seed=1), Readout(4, 5, seed=2))
    >>> y = np.eye(5)[:, [[1, 2, 0]]]
    >>> run = translate.unroll(np.ones((3, 1, 6)), targets=y)
    >>> len(run.outputs), run.encoder.states["a"][5].label, run.states["a"][0].label
    (3, 'a[1]<6>', 'a[2]<7>')
    >>> round(run.measure(y, categorical_cross_entropy).item(), 4)
    5.2572
    """

    def __init__(self, encoder: Cell, decoder: Cell, readout: Readout) -> None:
        kind(encoder, Cell, "the encoder must be a cell")
        _parts(decoder, readout, "the decoder")
        n_y = readout.parameters["by"].shape[0]
        if decoder.looks_ahead:
            raise UsageError(
                "a decoder makes its outputs one by one, so it cannot be bidirectional; an encoder "
                f"can{here()}"
            )
        first = decoder.layers[0] if isinstance(decoder, Deep) else decoder
        if encoder.n_a != first.n_a:
            raise ShapeError(
                f"the encoder ends with a state (n_a, m) with n_a = {encoder.n_a}, but the decoder begins with "
                f"n_a = {first.n_a}{here()}"
            )
        if (decoder.n_x, decoder.n_a) != (n_y, readout.n_a):
            raise ShapeError(
                f"the decoder reads its own outputs (n_y, m) with n_y = {n_y} and gives states to a readout with "
                f"n_a = {readout.n_a}, but its n_x = {decoder.n_x} and n_a = {decoder.n_a}{here()}"
            )
        self.encoder, self.decoder, self.readout, self.n_y = encoder, decoder, readout, n_y
        self.depth = len(encoder.layers) if isinstance(encoder, Deep) else 1
        self.parameters: dict[str, Parameter] = {}
        for cell, below in ((encoder, 0), (decoder, self.depth)):
            for n, layer in enumerate(getattr(cell, "layers", [cell]), start=below + 1):
                place(layer.parameters, layer=n)
                self.parameters |= {f"{key}[{n}]": p for key, p in layer.parameters.items()}
        self.parameters |= readout.parameters

    def unroll(
        self,
        x: Any,
        targets: Any = None,
        T_y: int | None = None,
        lengths: Sequence[int] | None = None,
        target_lengths: Sequence[int] | None = None,
        feed: Callable[[Tensor], Tensor] = most_likely,
    ) -> Run:
        """Read a sequence, write another.

        Parameters
        ----------
        x : array_like
            (n_x, m, T_x), or a list of T_x arrays (n_x, m).
        targets : array_like, optional
            (n_y, m, T_y): teacher forcing, the decoder's input at each step is the target of the step before.
        T_y : int, optional
            In place of targets: free running over T_y steps, the decoder's input is its own output.
        lengths, target_lengths : sequence of int, optional
            T_x(i), T_y(i), where they differ.
        feed : callable
            For free running, from ŷ<t> to the next input: `most_likely`, or `as_it_is`.

        Returns
        -------
        Run
            The decoder's, with the encoder's as ``.encoder``.
        """
        if (targets is None) == (T_y is None):
            raise UsageError(f"give either targets=…, for teacher forcing, or T_y=…, for free running{here()}")
        encoder_layer, decoder_layer = self._layers()
        columns_read = columns(x, self.encoder.n_x, self.encoder.dtype, lengths)
        with scope(**encoder_layer):
            read = self.encoder.unroll(columns_read, lengths=lengths)
        start, m = len(read) + 1, read.inputs[0].shape[1]
        with scope(**decoder_layer):
            state = self.decoder.adopt(read.final, m, start - 1)
        nothing = np.zeros((self.n_y, m), self.decoder.dtype)
        if targets is None:
            with scope(**decoder_layer):
                run = one_to_many(self.decoder, self.readout, nothing, 0 if T_y is None else T_y, feed, state, start)
        else:
            listed = targets if isinstance(targets, (list, tuple)) else by_step(numbers(targets, "targets"))
            if not len(listed):
                raise ShapeError(f"targets are empty: give (n_y, m, T_y) with T_y > 0{here()}")
            inputs = columns([nothing, *listed[:-1]], self.n_y, self.decoder.dtype, start=start)
            presence(target_lengths, m, len(inputs))
            ends = None if target_lengths is None else [T + start - 1 for T in target_lengths]
            with scope(**decoder_layer):
                run = self.decoder.unroll(inputs, state, ends, start=start)
            self.readout(run)
        run.encoder = read
        return run

    def _layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The layer in which each half is recorded; a deep one counts on from it by itself."""
        above = self.depth + (0 if isinstance(self.decoder, Deep) else 1)
        return {"layer": 0 if isinstance(self.encoder, Deep) else 1}, {"layer": above}
