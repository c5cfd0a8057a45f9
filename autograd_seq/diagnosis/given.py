"""The inputs of a check as they were given: read as numbers of full precision, or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError

Inputs = dict[str, Array]
Run = Callable[[Mapping[str, Array]], Mapping[str, Array]]


def real(value: Any, what: str) -> Array:
    """An array of real numbers.

    Parameters
    ----------
    value : array-like
        Numbers.
    what : str
        What it is, for the message.

    Raises
    ------
    UsageError
        If it holds complex numbers, text or anything else.

    Examples
    --------
    >>> real([1, 2], "x")
    array([1., 2.])
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c" and np.any(array.imag):
            raise UsageError(f"{what} is complex, and must be real: a part of it is {array.imag.flat[0]:.3g}j")
        if array.dtype.kind in "USmMV":
            raise UsageError(f"{what} is not an array of numbers: {value!r:.60}")
        return np.asarray(array.real if array.dtype.kind == "c" else array, dtype=float)
    except (TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{what} is not an array of numbers: {value!r:.60} ({error})") from None


def two_draws(run: Run, first: Inputs, again: Inputs, given: list[str], seed: int) -> tuple[list[Inputs], list[str]]:
    """Inputs for two runs, and which whole numbers must stay whole.

    Parameters
    ----------
    run : callable
        From inputs to outputs.
    first, again : dict
        Two draws; what was given is the same in both.
    given : list of str
        The names of what was given, and not drawn. Whole numbers become floats, so that they have
        gradients, unless `run` fails with that or rounds them; floats are changed a little for the second run. What was
        whole, 0 or 1, one-hot or adds up to 1 stays so, since a program may rely on it.
    seed : int
        For the changes.

    Raises
    ------
    UsageError
        If an input is complex, empty, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> x, n = np.array([1, 2]), np.array(3)
    >>> draws, whole = two_draws(lambda a: {"y": a["x"] * range(a["n"])[1]}, {"x": x, "n": n}, {}, ["x", "n"], 0)
    >>> draws[0]["x"].dtype.kind, whole
    ('f', ['n'])
    """
    rng = np.random.default_rng(seed)
    exact = {k: _checked(k, v) for k, v in first.items()}
    candidates = [k for k in given if exact[k].dtype.kind in "iu"]
    now = {**exact, **{k: exact[k].astype(float) for k in candidates}}
    whole: list[str] = []
    if candidates and not _smooth(run, now, candidates):
        now = dict(exact)
        for key in candidates:  # which of them does it fail with?
            trial = {**now, key: exact[key].astype(float)}
            if _smooth(run, trial, [key]):
                now = trial
            else:
                whole.append(key)
    for key in [k for k in candidates if k not in whole and _is_rounded(run, now, k)]:
        now[key] = exact[key]
        whole.append(key)
    second = {k: now[k] if k in given else again[k] for k in now}
    floats = {k: k in candidates for k in given if second[k].dtype.kind == "f"}
    for relative in (False, True):
        moved = second | {k: moved_like(second[k], rng, counts, relative) for k, counts in floats.items()}
        if _shapes(run, moved) is not None:
            return [now, moved], whole
    return [now, second], whole


def _checked(name: str, array: Array) -> Array:
    if array.dtype.kind == "c":
        raise UsageError(f"{name} is complex; give real numbers")
    if array.dtype.kind != "f":
        return array
    if not np.all(np.isfinite(array)):
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise UsageError(f"{name} is {array[place]} at {list(place)}: no gradient can be checked there; give numbers")
    return array.astype(float)


def moved_like(value: Array, rng: np.random.Generator, whole: bool = False, relative: bool = False) -> Array:
    """Other numbers of the same kind: one-hot, of zeros and ones, adding up to 1, whole, or any.

    Parameters
    ----------
    value : ndarray
        Numbers that somebody gave.
    rng : Generator
        For the changes.
    whole : bool
        Whether they were given as whole numbers, and may be labels or counts.
    relative : bool
        Change them by their size, so that no sign changes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> moved_like(np.array([[0.2, 0.5], [0.8, 0.5]]), rng).sum(axis=0)
    array([1., 1.])
    >>> moved_like(np.array([0.0, 0.0, 1.0]), rng)
    array([1., 0., 0.])
    """
    axis = sums_to_one(value)
    if set(value.ravel().tolist()) == {0.0, 1.0}:
        return _zeros_and_ones(value, axis, rng)
    if whole:
        return _whole(value, rng)
    noise = rng.standard_normal(value.shape) * 0.3
    if axis is not None:
        weights = value * np.exp(noise)
        return np.asarray(weights / np.sum(weights, axis=axis, keepdims=True))
    return np.asarray(value * (1 + 0.3 * np.tanh(noise)) if relative else value + noise)


def sums_to_one(value: Array) -> tuple[int, ...] | None:
    """The axes along which numbers are probabilities; None if they are none.

    Examples
    --------
    >>> sums_to_one(np.array([[0.2, 0.5, 1.0], [0.8, 0.5, 0.0]]))
    (0,)
    """
    if not value.size or np.any(value < 0):
        return None
    single = [(k,) for k in range(value.ndim) if value.shape[k] > 1]
    for axes in [*single, tuple(range(value.ndim))] if value.size > 1 else []:
        if np.allclose(np.sum(value, axis=axes), 1, rtol=0, atol=1e-6):
            return axes
    return None


def adding_up(value: Array, axis: int) -> Array:
    """Positive numbers that add up to 1 along an axis, made from any."""
    weights = np.exp(value - np.max(value, axis=axis, keepdims=True))
    return np.asarray(weights / np.sum(weights, axis=axis, keepdims=True))


def _zeros_and_ones(value: Array, axes: tuple[int, ...] | None, rng: np.random.Generator) -> Array:
    """Other zeros and ones: one-hot along the same axis, or as many of each."""
    if axes is None or len(axes) > 1:
        return np.asarray(rng.permutation(value.ravel()).reshape(value.shape))
    lanes = np.moveaxis(value, axes[0], -1)
    shift = rng.integers(1, lanes.shape[-1], lanes.shape[:-1])  # every lane gets another class
    classes = (np.argmax(lanes, axis=-1) + shift) % lanes.shape[-1]
    return np.asarray(np.moveaxis(np.eye(lanes.shape[-1])[classes], -1, axes[0]))


def _whole(value: Array, rng: np.random.Generator) -> Array:
    """Other whole numbers that are labels and counts where these are: the same in another order, or the one below."""
    if value.size and np.any(value != value.flat[0]):
        return np.asarray(rng.permutation(value.ravel()).reshape(value.shape))
    return np.where(value >= 2, value - 1, np.where(value == 1, 0, value + 1)) * 1.0


def _shapes(run: Run, inputs: Inputs) -> dict[str, tuple[int, ...]] | None:
    """The shapes of the outputs; None if the forward pass fails, or answers what is not a number."""
    try:
        with np.errstate(all="ignore"):
            outputs = run(inputs)
    except Exception:  # whatever somebody's program raises
        return None
    return {k: v.shape for k, v in outputs.items()} if all(np.all(np.isfinite(v)) for v in outputs.values()) else None


def _smooth(run: Run, inputs: Inputs, names: list[str]) -> bool:
    """Whether the forward pass can be run at both sides of some inputs, with outputs of the same shapes."""
    sides = [{k: v + step if k in names else v for k, v in inputs.items()} for step in (0.0, 0.1, -0.1)]
    here, above, below = (_shapes(run, side) for side in sides)
    return here is not None and here == above == below


def _is_rounded(run: Run, inputs: Inputs, name: str) -> bool:
    """Whether the outputs stay as they are where a whole number grows a little, and change where it grows by one."""

    def answer(step: float) -> Any:
        try:
            with np.errstate(all="ignore"):
                return {k: np.array(v) for k, v in run(inputs | {name: inputs[name] + step}).items()}
        except Exception:  # whatever somebody's program raises: one class more than there are, say
            return None

    here, little = answer(0.0), answer(0.25)
    if here is None or little is None or not all(np.array_equal(here[k], little.get(k), equal_nan=True) for k in here):
        return False
    others = [answer(1.0), answer(-1.0)]
    return any(other is None or any(not np.array_equal(here[k], other.get(k)) for k in here) for other in others)


def why_none(inputs: Mapping[str, Array], whole: list[str]) -> str:
    """Why no input can have a gradient."""
    reasons = []
    for k, v in inputs.items():
        if k in whole:
            reasons.append(f"{k} is used as a whole number (forward fails with {k} as a float, or rounds it)")
        else:
            kind = "True or False" if v.dtype.kind == "b" else f"of type {v.dtype}"
            reasons.append(f"{k} is {kind}")
    said = "; ".join(reasons) or "there are no inputs"
    return f"no gradient can be checked: {said}. Give at least one input as an array of numbers or a shape in letters"
