"""NumPy's functions that are not recorded, each with what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.operations.decided import decided, is_learned

_DECOMPOSITION = "np.linalg.solve, inv, det, slogdet, cholesky, svdvals are recorded; of plain numbers, write x.value"
_COMPLEX = "a tensor holds real numbers; write its real and imaginary part as two tensors"
_FOURIER = "write the sum with np.cos and np.sin, such as np.cos(2 * np.pi * np.outer(k, n) / N) @ x"
_SET = "write x.value for plain numbers, which have no gradient, or pick elements by an index: x[i]"
_INTO = "write np.where(condition, new, x), or assign into a copy: b = x.copy(); b[...] = ..."
_POLYNOMIAL = "np.polyval is recorded; of plain numbers, write x.value"
_STATISTICS = "write it out: d = x - np.mean(x, axis=1, keepdims=True); d @ d.T / (d.shape[1] - 1)"

# By the advice: functions that are refused to every tensor.
_ALWAYS: dict[str, str] = {
    _DECOMPOSITION: "linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.lstsq linalg.pinv "
    "linalg.qr linalg.tensorsolve",
    _COMPLEX: "angle imag real_if_close sort_complex",
    _FOURIER: " ".join(f"fft.{name}" for name in np.fft.__all__),
    _POLYNOMIAL: "poly polyadd polyder polydiv polyfit polyint polymul polysub roots vander",
    _STATISTICS: "corrcoef cov",
    "write a loop over x, or the function on the whole array": "apply_along_axis apply_over_axes",
    _INTO: "copyto fill_diagonal place put putmask",
    "write x[i:j] with the places found on x.value": "trim_zeros",
    "write np.log(x) / np.log(2), rounded where it is wanted": "frexp",
    "write x.value, since the next number is not a function with a derivative": "nextafter",
    "write the mean over a circle, np.mean(np.exp(x[..., None] * np.cos(np.arange(99) * 2 * np.pi / 99)), axis=-1), "
    "or x.value for plain numbers": "i0",
    "write x.value: a file holds plain numbers": "save savetxt savez savez_compressed",
    "write 10 ** np.linspace(low, high, n)": "logspace",
    "write np.exp(np.linspace(np.log(start), np.log(stop), n))": "geomspace",
    "write start + step * np.arange(n)": "arange",
    "write np.full_like(x.value, ...) , or np.zeros of autograd_seq.numpy": "asarray_chkfinite asfortranarray require",
    "write @ for the product of matrices: x is an array of two axes": "asmatrix bmat",
}
# By the advice: functions that are refused where a gradient would be lost, and otherwise compute with the numbers.
_LEARNED: dict[str, str] = {
    _SET: "intersect1d setdiff1d setxor1d union1d unique_all unique_counts unique_inverse unique_values",
    "write np.histogram(x.value), or np.sum(weights * mask) for each bin": "bincount histogram2d histogram_bin_edges "
    "histogramdd",
}


def _found(names: dict[str, str]) -> Iterator[tuple[str, Any, str]]:
    for advice, listed in names.items():
        for name in listed.split():
            function: Any = np
            for part in name.split("."):
                function = getattr(function, part, None)
            if function is not None:
                yield name, function, advice


def _refusal(name: str, advice: str) -> Callable[..., Any]:
    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise UsageError(f"np.{name} has no derivative here: {advice}{here()}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def _of_numbers(name: str, function: Any, advice: str) -> Callable[..., Any]:
    refuse = _refusal(name, advice)

    def call(*arguments: Any, **keywords: Any) -> Any:
        if is_learned(arguments) or is_learned(list(keywords.values())):
            refuse()
        return function(*map(decided, arguments), **{key: decided(value) for key, value in keywords.items()})

    call.__name__ = call.__qualname__ = name
    return call


REFUSED: dict[Any, Any] = {function: _refusal(name, advice) for name, function, advice in _found(_ALWAYS)}
REFUSED |= {function: _of_numbers(name, function, advice) for name, function, advice in _found(_LEARNED)}
