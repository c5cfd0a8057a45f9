"""Readout: from states to predictions, ŷ<t> = g(Wya a<t> + by)."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq import Parameter, Tensor, identity, name, scope, sigmoid, softmax

from cells.initial import weights
from cells.run import Run

ACTIVATIONS = {"softmax": softmax, "sigmoid": sigmoid, "identity": identity}


class Readout:
    """The output layer, the same at every time step.

    Parameters
    ----------
    n_a, n_y : int
        Length of a state column and of an output column.
    activation : {"softmax", "sigmoid", "identity"}
        g: softmax over classes, sigmoid for yes or no.

    Examples
    --------
    >>> import numpy as np
    >>> from cells import RNN
    >>> run = Readout(4, 2, seed=1)(RNN(3, 4, seed=0).unroll(np.ones((3, 2, 5))))
    >>> run.outputs[0].shape
    (2, 2)
    """

    def __init__(
        self, n_a: int, n_y: int, activation: str = "softmax", seed: Any = None, dtype: Any = np.float64
    ) -> None:
        self.n_a, self.n_y = n_a, n_y
        self.activation = ACTIVATIONS[activation]
        rng = np.random.default_rng(seed)
        self.parameters = {
            "Wya": Parameter(weights(rng, n_y, n_a, dtype), "Wya"),
            "by": Parameter(np.zeros((n_y, 1), dtype), "by"),
        }

    def step(self, a_t: Any) -> Tensor:
        """ŷ<t> of one state a<t>."""
        logits = name(self.parameters["Wya"] @ a_t + self.parameters["by"], "z")
        return name(self.activation(logits), "y_hat")

    def __call__(self, run: Run) -> Run:
        """Apply to every state of a run; the run gets its `outputs`."""
        run.outputs = []
        for t, a_t in enumerate(run.states["a"], start=1):
            with scope(time=t, part="readout"):
                run.outputs.append(self.step(a_t))
        return run
