"""Readout: from states to predictions, ŷ<t> = g(Wya a<t> + by), perhaps through further layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq import Parameter, Tensor, name, scope, sigmoid, softmax
from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations import identity
from cells import storage
from cells.checked import choose, floats, generator, kind, numbers, sizes
from cells.initial import SCHEMES, weights
from cells.rnn import ACTIVATIONS as HIDDEN
from cells.run import Run

ACTIVATIONS = {"softmax": softmax, "sigmoid": sigmoid, "identity": identity}


class Readout:
    """The output layer, the same at every time step.

    Parameters
    ----------
    n_a, n_y : int
        Length of a state column (of both directions together above a bidirectional cell) and of an output column.
    activation : {"softmax", "sigmoid", "identity"}
        g: softmax over classes, sigmoid for yes or no.
    hidden : sequence of int
        The notes' "structure 2": sizes of further layers between state and output, without connections
        through time: h_1<t> = f(W_1 a<t> + b_1), h_2<t> = f(W_2 h_1<t> + b_2) …
    hidden_activation : {"tanh", "relu", "sigmoid"}
        f.
    seed : int or numpy.random.Generator, optional
        For the weights.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import RNN
    >>> run = Readout(4, 2, seed=1)(RNN(3, 4, seed=0).unroll(np.ones((3, 2, 5))))
    >>> run.outputs[0].shape
    (2, 2)
    >>> list(Readout(4, 2, hidden=[6, 5]).parameters)
    ['W_1', 'b_1', 'W_2', 'b_2', 'Wya', 'by']
    """

    def __init__(
        self,
        n_a: int,
        n_y: int,
        activation: str = "softmax",
        seed: Any = None,
        dtype: Any = np.float64,
        hidden: Sequence[int] = (),
        hidden_activation: str = "tanh",
        scheme: str = "xavier",
    ) -> None:
        kind(hidden, (list, tuple, range), "the sizes of a readout's hidden layers are a list")
        sizes("Readout", n_a=n_a, n_y=n_y, **{f"hidden layer {k}": n for k, n in enumerate(hidden, start=1)})
        self.n_a, self.n_y, self.hidden = n_a, n_y, tuple(hidden)
        self.activation = choose(ACTIVATIONS, activation, "activation of a readout")
        self.hidden_activation = choose(HIDDEN, hidden_activation, "activation of a hidden layer")
        choose(SCHEMES, scheme, "scheme")
        rng, dtype = generator(seed), floats(dtype)
        self.parameters: dict[str, Parameter] = {}
        widths = [n_a, *hidden, n_y]
        names = [*((f"W_{k}", f"b_{k}") for k in range(1, len(widths) - 1)), ("Wya", "by")]
        for (W, b), columns, rows in zip(names, widths, widths[1:], strict=False):
            self.parameters[W] = Parameter(weights(rng, rows, columns, dtype, scheme), W)
            self.parameters[b] = Parameter(np.zeros((rows, 1), dtype), b)

    def step(self, a_t: Any) -> Tensor:
        """ŷ<t> (n_y, m) of one state a<t> (n_a, m)."""
        a_t = numbers(a_t, "the state that a readout takes")
        if np.shape(a_t)[:1] != (self.n_a,):
            raise ShapeError(
                f"the readout takes states (n_a, m) with n_a = {self.n_a}, but this one has shape {np.shape(a_t)}; "
                f"above a bidirectional cell n_a is that of both directions together{here()}"
            )
        p, below = self.parameters, a_t
        with scope(part="readout"):
            for k in range(1, len(self.hidden) + 1):
                below = name(self.hidden_activation(p[f"W_{k}"] @ below + p[f"b_{k}"]), f"h_{k}")
            z_y = name(p["Wya"] @ below + p["by"], "z_y")
            return name(self.activation(z_y), "y_hat")

    def __call__(self, run: Run) -> Run:
        """Apply to every state of a run; the run gets its `outputs`."""
        kind(run, Run, "a readout is applied to a run, as cell.unroll(x) returns it")
        outputs = []
        for t, a_t in zip(run.times, run.states["a"], strict=True):
            with scope(time=t):
                outputs.append(self.step(a_t))
        run.read(outputs, run.times)
        return run

    def last(self, run: Run) -> Run:
        """Apply to the final state alone (many-to-one); the run gets one output."""
        kind(run, Run, "a readout is applied to a run, as cell.unroll(x) returns it")
        with scope(time=run.times[-1]):
            run.read([self.step(run.final["a"])], [run.times[-1]], at_the_end=True)
        return run

    def __repr__(self) -> str:
        return f"Readout(n_a={self.n_a}, n_y={self.n_y})"

    def save(self, path: Any) -> None:
        """Write all parameters to an ``.npz`` file; see `cells.storage`."""
        storage.save(path, self.parameters)

    def load(self, path: Any) -> None:
        """Read all parameters from an ``.npz`` file; see `cells.storage`."""
        storage.load(path, self.parameters)
