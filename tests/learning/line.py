"""A model small enough to be trained a thousand times in a test, and what it learns from."""

import numpy as np

from autograd_seq import Parameter


class Line:
    """y = W x + b, learned from pairs."""

    def __init__(self):
        self.parameters = {"W": Parameter([[0.3, -0.2]], "W"), "b": Parameter([[0.1]], "b")}
        self.fail_after = None

    def loss(self, examples):
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                raise KeyboardInterrupt
        x = np.stack([e[:2] for e in examples], axis=1)
        y = np.stack([e[2:] for e in examples], axis=1)
        return ((self.parameters["W"] @ x + self.parameters["b"] - y) ** 2).sum()


def examples(count=23):
    x = np.random.default_rng(1).standard_normal((count, 2))
    return [np.array([a, b, 2 * a - b + 0.5]) for a, b in x]
