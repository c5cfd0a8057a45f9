"""Where operations are asked: ordinary numbers, special, tiny, huge, uneven and saturated ones, in every precision."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import numpy as np

NAMES = {np.float16: "float16", np.float32: "float32", np.float64: "float64", np.longdouble: "longdouble"}
DTYPES = tuple(NAMES)
KINDS = ("ordinary", "zero", "one", "ties", "tiny", "huge", "uneven", "saturated")
_POWER = {np.float16: 12, np.float32: 100, np.float64: 660, np.longdouble: 1200}  # tiny and huge: 2 to ± this
_UNEVEN = {np.float16: 7, np.float32: 18, np.float64: 30, np.longdouble: 40}  # 2 to this is the ratio of two sizes
_NEAR_ONE = {np.float16: 9, np.float32: 20, np.float64: 45, np.longdouble: 55}  # 1 less 2 to minus this
BOUND = 0.75  # where the operations that cut are asked to cut; the same in every precision

Maker = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def _real(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.2, 0.65, shape) * rng.choice([-1.0, 1.0, 2.0], shape)


def _positive(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.3, 2.5, shape)


def _probability(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.1, 0.9, shape)


def _unit(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.1, 0.8, shape) * rng.choice([-1.0, 1.0], shape)


def _above_one(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(1.2, 3.5, shape)


def _regular(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(-0.4, 0.4, shape) + np.eye(shape[-1]) * np.resize([1.5, -1.2], shape[-1])


def _definite(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    half = rng.uniform(-0.5, 0.5, shape)
    return half @ half.T + np.eye(shape[-1])


ORDINARY: dict[str, Maker] = {
    "real": _real,
    "positive": _positive,
    "probability": _probability,
    "unit": _unit,  # between -1 and 1
    "above one": _above_one,
    "regular": _regular,  # matrices of full rank
    "definite": _definite,  # symmetric matrices whose eigenvalues are above 0
}
MATRICES = ("regular", "definite")
_LEFT_OUT = {  # of the kinds of points: those that lie outside a domain, or at its end in every element
    "probability": ("huge", "uneven"),
    "unit": ("huge", "uneven"),
    "above one": ("zero", "ties", "tiny"),
    "regular": ("zero", "ties"),
    "definite": ("zero", "ties"),
}


def generator(*words: object) -> np.random.Generator:
    """Random numbers that depend on what they are for, and on nothing else."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, words)).encode()))


def kinds(domain: str) -> Iterator[str]:
    """The kinds of points that a domain has."""
    return (kind for kind in KINDS if kind not in _LEFT_OUT.get(domain, ()))


def point(kind: str, domain: str, shape: tuple[int, ...], dtype: type, rng: np.random.Generator) -> np.ndarray:
    """Numbers of one kind, rounded to the precision."""
    ordinary = ORDINARY[domain](rng, shape)
    of_kind = _matrices if domain in MATRICES else _of_kind
    with np.errstate(all="ignore"):
        return np.asarray(of_kind(kind, domain, ordinary, dtype, rng)).astype(dtype)


def _matrices(kind: str, domain: str, ordinary: np.ndarray, dtype: type, rng: np.random.Generator) -> np.ndarray:
    """Matrices of one kind: the identity, such as have no inverse, and rows and columns of very different sizes."""
    n = ordinary.shape[-1]
    two = np.longdouble(2)
    if kind == "zero":
        return np.zeros(ordinary.shape)
    if kind == "one":
        return np.eye(n)
    if kind == "ties":
        return np.full(ordinary.shape, BOUND)
    if kind in ("tiny", "huge"):  # so that products of several elements have a place, too
        return ordinary * two ** ((1 if kind == "huge" else -1) * _POWER[dtype] // 4)
    if kind == "uneven":
        sizes = np.where(np.arange(n) % 2, two ** (_UNEVEN[dtype] // 2), 1)
        return ordinary * sizes * sizes[:, None]
    if kind == "saturated":  # nearly without an inverse
        return ordinary / 8 + 1
    return ordinary


def _of_kind(kind: str, domain: str, ordinary: np.ndarray, dtype: type, rng: np.random.Generator) -> np.ndarray:
    shape = ordinary.shape
    two = np.longdouble(2)
    if kind == "zero":
        return np.zeros(shape)
    if kind == "one":
        return np.ones(shape)
    if kind == "ties":
        return np.full(shape, BOUND)
    if kind == "tiny":
        return ordinary * two ** -_POWER[dtype]
    if kind == "huge":
        return ordinary * two ** _POWER[dtype]
    if kind == "uneven":
        return ordinary * np.where(np.arange(ordinary.size).reshape(shape) % 2, two ** _UNEVEN[dtype], 1)
    if kind == "saturated":
        return _saturated(domain, ordinary, dtype, rng)
    return ordinary


def _saturated(domain: str, ordinary: np.ndarray, dtype: type, rng: np.random.Generator) -> np.ndarray:
    """Where activations are flat, or near to the end of a domain."""
    shape = ordinary.shape
    if domain in ("probability", "unit", "above one"):
        edge = np.longdouble(2) ** -_NEAR_ONE[dtype] * rng.integers(1, 4, shape)
        if domain == "above one":
            return 1 + edge
        other = edge if domain == "probability" else edge - 1
        return np.where(rng.random(shape) < 0.5, other, 1 - edge)
    top = 11 if dtype is np.float16 else 30
    far = rng.uniform(0.4 * top, top, shape)
    return far if domain == "positive" else far * np.where(np.arange(ordinary.size).reshape(shape) % 2, 1, -1)
