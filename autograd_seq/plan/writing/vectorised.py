"""tanh, σ and exp for Numba, written so that a loop that calls them becomes vector instructions.

Numba takes these functions from the C library, one number at a time. Here they are additions, multiplications, one
division and selections without branches, tables or calls, of which LLVM computes as many at once as the processor is
wide. Numba is imported only when the functions are asked for.

All three rest on exp(y) = 2ⁿ exp(r) with n = round(y / ln 2) and |r| ≤ ½ ln 2. n ln 2 is subtracted in two parts, the
first so short that its product with n is exact. exp(r) - 1 = r + r² P(r), where P interpolates (exp(r) - 1 - r) / r²
at the Chebyshev points of that interval, computed with 60 digits (mpmath.chebyfit) and then rounded; the relative error
is below 1e-18 (float64) and 3e-8 (float32). Without the 1, nothing cancels: tanh is as accurate near 0 as elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from autograd_seq.core.errors import DtypeError
from autograd_seq.core.source_line import here

Scalar = Callable[[Any], Any]
EXACT = {"contract"}
"""Products may be fused with sums; nothing that forgets NaN, infinities or the order of operations."""


class Functions(NamedTuple):
    """Functions of one number, compiled into whatever Numba function calls them."""

    tanh: Scalar
    sigmoid: Scalar
    exp: Scalar


class _Format(NamedTuple):
    """What the format of a number decides."""

    to_integer: float
    """Added to a small number, it leaves its nearest integer in the last bits: 1.5 · 2^(digits - 1)."""
    bias: int
    """What is added to an exponent before it is stored."""
    log2_e: float
    ln2: float
    """ln 2 to as many bits as leave its product with n exact."""
    ln2_rest: float
    least: float
    """exp of less is 0."""
    least_normal: float
    """exp of less has lost digits, and σ gives 0."""
    greatest: float
    """exp of more is infinite."""
    saturated: float
    """1 - tanh of half as much is lost in rounding."""


_LOG2_E = 1.4426950408889634
_FORMATS = {
    "float64": _Format(
        1.5 * 2.0**52, 1023, _LOG2_E, 0.6931467056274414, 4.7493250390316726e-07, -746.0, -708.0, 710.0, -80.0
    ),
    "float32": _Format(1.5 * 2.0**23, 127, _LOG2_E, 0.69140625, 0.0017409306019544601, -104.0, -87.0, 89.0, -40.0),
}


@cache
def functions(dtype: Any) -> Functions:
    """The functions for numbers of one kind; needs Numba.

    Parameters
    ----------
    dtype : dtype
        float64 or float32: what the functions take and give.

    Returns
    -------
    Functions
        ``tanh``, ``sigmoid`` and ``exp``. Each takes and gives one number, and is right at ±0, ±∞ and NaN. Errors are
        at most 2.5 units in the last place, but that ``sigmoid`` is 0 where it would lie below the normal numbers.

    Raises
    ------
    DtypeError
        For any other dtype.
    ImportError
        Without Numba (``pip install autograd-seq[fast]``).

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq.plan.writing.vectorised import functions
    >>> tanh = functions(np.float64).tanh  # doctest: +SKIP
    >>> tanh(0.5)  # doctest: +SKIP
    0.46211715726000973
    """
    name = np.dtype(dtype).name
    if name not in _FORMATS:
        raise DtypeError(f"there are tanh, σ and exp for float64 and float32, not for {name}{here()}")
    import numba

    kind: Any = np.dtype(dtype).type
    return _compiled(kind, _FORMATS[name], (_rest_64 if kind is np.float64 else _rest_32)(numba.njit))


def _compiled(kind: Any, given: _Format, rest: Scalar) -> Functions:
    import numba

    compiled = numba.njit(fastmath=EXACT, error_model="numpy", boundscheck=False)
    power_of_two, with_sign_of = _on_bits()
    # Every number must be of the kind: beside a Python float, float32 would become float64.
    zero, half, one, two = kind(0), kind(0.5), kind(1), kind(2)
    log2_e, ln2, ln2_rest = kind(given.log2_e), kind(given.ln2), kind(given.ln2_rest)
    to_integer, to_exponent = kind(given.to_integer), kind(given.to_integer + given.bias)
    least, least_normal, greatest = kind(given.least), kind(given.least_normal), kind(given.greatest)
    saturated = kind(given.saturated)

    def exp(x: Any) -> Any:
        y = least if x < least else x  # NaN is not less than anything, and stays
        y = greatest if y > greatest else y
        n = (y * log2_e + to_integer) - to_integer
        r = (y - n * ln2) - n * ln2_rest
        # 2ⁿ in two factors, since n may lie beyond the exponents on both sides.
        stored = n * half + to_exponent
        return ((one + rest(r)) * power_of_two(stored)) * power_of_two((n - (stored - to_exponent)) + to_exponent)

    def sigmoid(x: Any) -> Any:
        y = -abs(x)  # exp(y) ≤ 1: no overflow
        lost = y < least_normal
        y = least_normal if lost else y
        stored = y * log2_e + to_exponent
        n = stored - to_exponent
        r = (y - n * ln2) - n * ln2_rest
        e = (one + rest(r)) * power_of_two(stored)
        e = zero if lost else e
        return (e if x < zero else one) / (one + e)

    def tanh(x: Any) -> Any:
        y = abs(x) * -two
        y = saturated if y < saturated else y
        stored = y * log2_e + to_exponent
        n = stored - to_exponent
        r = (y - n * ln2) - n * ln2_rest
        scale = power_of_two(stored)
        less_one = scale * rest(r) + (scale - one)  # exp(-2|x|) - 1
        return with_sign_of(abs(less_one) / (less_one + two), x)

    return Functions(compiled(tanh), compiled(sigmoid), compiled(exp))


def _rest_64(njit: Callable[..., Any]) -> Scalar:
    """exp(r) - 1 for |r| ≤ ½ ln 2 in float64."""

    def rest(r: Any) -> Any:
        p = 2.0914686968086876e-09
        p = p * r + 2.5105217004720745e-08
        p = p * r + 2.75572736431103e-07
        p = p * r + 2.7557255400206422e-06
        p = p * r + 2.4801587325547743e-05
        p = p * r + 0.00019841269874820627
        p = p * r + 0.0013888888888883748
        p = p * r + 0.008333333333326136
        p = p * r + 0.04166666666666667
        p = p * r + 0.1666666666666667
        p = p * r + 0.5
        return (p * r) * r + r

    return njit(fastmath=EXACT, error_model="numpy", boundscheck=False)(rest)


def _rest_32(njit: Callable[..., Any]) -> Scalar:
    """exp(r) - 1 for |r| ≤ ½ ln 2 in float32."""
    c2, c3, c4, c5, c6 = np.array(
        [0.5, 0.16666576989698775, 0.041666554617204574, 0.008363179052722578, 0.0013926183587713494], np.float32
    )

    def rest(r: Any) -> Any:
        p = c6 * r + c5
        p = p * r + c4
        p = p * r + c3
        p = p * r + c2
        return (p * r) * r + r

    return njit(fastmath=EXACT, error_model="numpy", boundscheck=False)(rest)


@cache
def _on_bits() -> tuple[Any, Any]:
    """What arithmetic does not say: 2ⁿ by moving n into the exponent, and the sign of one number for another."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    def power_of_two(typing: Any, stored: Any) -> Any:
        width, digits = (64, 52) if stored is types.float64 else (32, 23)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            integer = ir.IntType(width)
            moved = builder.shl(builder.bitcast(arguments[0], integer), ir.Constant(integer, digits))
            return builder.bitcast(moved, arguments[0].type)

        return stored(stored), generate

    def with_sign_of(typing: Any, size: Any, sign: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = arguments[0].type
            function = builder.module.declare_intrinsic("llvm.copysign", [kind], ir.FunctionType(kind, [kind, kind]))
            return builder.call(function, arguments)

        return size(size, sign), generate

    return intrinsic(power_of_two), intrinsic(with_sign_of)
