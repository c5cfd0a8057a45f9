"""Optimisers: how a parameter moves, given its gradient. Formulas as in the course."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import GradientError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter

Schedule = Callable[[int], float]


class Optimiser:
    """What all optimisers share: a learning rate, a count of updates, and arrays that they remember.

    Parameters
    ----------
    rate : float or callable
        The learning rate α, or a schedule from the number of the update (0, 1, …) to it.

    Attributes
    ----------
    updates : int
        How many updates were made.
    memory : dict
        By parameter and name, the running averages; saved in checkpoints.
    """

    keeps: tuple[str, ...] = ()

    def __init__(self, rate: float | Schedule) -> None:
        self.rate = rate
        self.updates = 0
        self.memory: dict[str, Array] = {}
        if not callable(rate) and not rate > 0:
            raise ValueRangeError(f"the learning rate is {rate}; it must be positive{here()}")

    @np.errstate(under="ignore")  # what is too small for its dtype is 0
    def update(self, parameters: Mapping[str, Parameter], gradients: Mapping[str, Array] | None = None) -> None:
        """Move every parameter once.

        Parameters
        ----------
        parameters : dict of str to Parameter
        gradients : dict of str to ndarray, optional
            By the same names; each parameter's ``.grad`` if not given.

        Raises
        ------
        GradientError
            If a parameter has no gradient.
        """
        rate = self.rate(self.updates) if callable(self.rate) else self.rate
        self.updates += 1
        for key, parameter in parameters.items():
            gradient = parameter.grad if gradients is None else gradients.get(key)
            if gradient is None:
                raise GradientError(f"{key} has no gradient: call loss.backward() before update(){here()}")
            kept = [self.memory.setdefault(f"{key}.{what}", np.zeros_like(gradient)) for what in self.keeps]
            parameter.value = parameter.value - rate * self.direction(gradient, *kept)

    def direction(self, gradient: Array, *kept: Array) -> Array:
        """What is subtracted, before the learning rate; updates the arrays that are kept, in place."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """The number of updates and the remembered arrays, for a checkpoint."""
        return {"updates": self.updates, "memory": {key: array.copy() for key, array in self.memory.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises
        ------
        UsageError
            If it is the state of another kind of optimiser.
        """
        kinds = {key.rpartition(".")[2] for key in state["memory"]}
        if kinds - set(self.keeps):
            raise UsageError(f"this state keeps {sorted(kinds)}, but {type(self).__name__} keeps {list(self.keeps)}")
        self.updates = int(state["updates"])
        self.memory = {key: np.array(array) for key, array in state["memory"].items()}


class SGD(Optimiser):
    """Gradient descent: W := W - α dW.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W = Parameter([2.0], "W")
    >>> (W * W).sum().backward()
    >>> SGD(0.1).update({"W": W})
    >>> W.value
    array([1.6])
    """

    def direction(self, gradient: Array, *kept: Array) -> Array:
        """Return dW."""
        return gradient


class Momentum(Optimiser):
    """Momentum: v := β v + (1 - β) dW; W := W - α v.

    Parameters
    ----------
    rate : float or callable
        α.
    beta : float
        β.
    """

    keeps = ("v",)

    def __init__(self, rate: float | Schedule, beta: float = 0.9) -> None:
        super().__init__(rate)
        self.beta = beta

    def direction(self, gradient: Array, *kept: Array) -> Array:
        """Return v."""
        (v,) = kept
        v[...] = self.beta * v + (1 - self.beta) * gradient
        return v


class RMSProp(Optimiser):
    """RMSProp: s := β s + (1 - β) dW²; W := W - α dW / (√s + ε).

    Parameters
    ----------
    rate : float or callable
        α.
    beta, epsilon : float
        β and ε.
    """

    keeps = ("s",)

    def __init__(self, rate: float | Schedule, beta: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(rate)
        self.beta, self.epsilon = beta, epsilon

    def direction(self, gradient: Array, *kept: Array) -> Array:
        """Return dW / (√s + ε)."""
        (s,) = kept
        s[...] = self.beta * s + (1 - self.beta) * gradient * gradient
        return gradient / (np.sqrt(s) + self.epsilon)


class Adam(Optimiser):
    """Adam: both averages, each divided by 1 - βᵗ while they are young.

    Parameters
    ----------
    rate : float or callable
        α.
    beta1, beta2, epsilon : float
        β₁ of the gradient's average, β₂ of its square's, and ε.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W = Parameter([2.0], "W")
    >>> (W * W).sum().backward()
    >>> Adam(0.1).update({"W": W})
    >>> W.value.round(6)
    array([1.9])
    """

    keeps = ("v", "s")

    def __init__(
        self, rate: float | Schedule = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        super().__init__(rate)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def direction(self, gradient: Array, *kept: Array) -> Array:
        """Return v̂ / (√ŝ + ε)."""
        v, s = kept
        v *= self.beta1
        v += (1 - self.beta1) * gradient
        s *= self.beta2
        s += (1 - self.beta2) * gradient * gradient
        root = np.sqrt(s / (1 - self.beta2**self.updates))
        root += self.epsilon
        return np.asarray(v / (1 - self.beta1**self.updates) / root)


def step_decay(rate: float, factor: float, every: int) -> Schedule:
    """A learning rate that is multiplied by `factor` after every `every` updates.

    Examples
    --------
    >>> schedule = step_decay(0.1, 0.5, every=100)
    >>> schedule(0), schedule(99), schedule(100)
    (0.1, 0.1, 0.05)
    """
    return partial(_stepwise, rate, factor, every)  # which another process can be sent, unlike a lambda


def _stepwise(rate: float, factor: float, every: int, update: int) -> float:
    return rate * factor ** (update // every)
