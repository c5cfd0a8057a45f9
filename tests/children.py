"""What tests have another process do; a process that is spawned imports it from here."""

import numpy as np

from autograd_seq import Parameter


def same(thing):
    """The thing, as another process has it and sends it back."""
    return thing


def gradients(cell):
    """A loss over a seeded sequence, and the gradients of a cell."""
    run = cell.unroll(np.random.default_rng(0).normal(size=(cell.n_x, 2, 3)))
    loss = (run.states["a"][-1] ** 2).sum()
    loss.backward()
    return loss.item(), {key: p.grad for key, p in cell.parameters.items()}


def epoch(trainer):
    """An epoch of training; the parameters after it."""
    trainer.fit([np.array([0, 1, 4]), np.array([2, 4]), np.array([3, 1, 0, 4])], epochs=1)
    return {key: p.value for key, p in trainer.model.parameters.items()}


def applied(operation):
    """What an operation gives, and its derivative."""
    x = Parameter([0.5, -1.0], "x")
    operation(x).sum().backward()
    return x.grad
