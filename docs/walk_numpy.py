"""Ask NumPy's public functions, one by one, what they do with a tensor in each place; write the table in numpy.md.

There are three answers: it is recorded, it is refused in words, or its result is constant wherever it has a derivative,
which is tried. Whatever else happens is a fault, and a test looks for it.

Run ``python docs/walk_numpy.py`` after a change; a test compares.
"""

from __future__ import annotations

import cmath
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd_seq import AutogradError, Tensor
from autograd_seq.storage.files import write

PAGE = Path(__file__).with_name("numpy.md")
BEGIN, END = "<!-- the table: python docs/walk_numpy.py -->", "<!-- the end of the table -->"

M = np.array([[0.3, 0.9, 0.45], [0.6, 0.15, 0.72]])
P = np.array([[0.8, 0.35, 0.52], [0.25, 0.65, 0.4]])
V, W = np.array([0.3, 0.95, 0.6]), np.array([0.7, 0.2, 0.55])
Q = np.array([[1.5, 0.2, -0.3], [0.1, -1.2, 0.4], [0.3, 0.25, 1.1]])
X = np.linspace(0.1, 2.9, 24).reshape(2, 3, 4)
COUNT, MASK = np.array([0, 2, 1]), np.array([[True, False, True], [False, True, True]])

# Tried in this order, until NumPy itself takes one; those that need others come first.
USUAL = [
    (M,), (M, P), (V,), (V, W), (Q,), (M, 1), (M, (3, 2)), ([M, P],), (M, 1, 0), (M, V, W), (X,), (COUNT,), (COUNT, 1),
    (MASK,),
]  # fmt: skip
OWN: dict[str, list[Any]] = {
    "arccosh acosh": [1 + M], "searchsorted digitize": [V, np.array([0.2, 0.5])],
    "interp": [M, np.array([0.0, 0.5, 1.0]), V], "matvec": [M, V], "vecmat": [W[:2], M], "cross linalg.cross": [V, W],
    "convolve correlate": [V, W], "matmul dot linalg.matmul": [M, Q], "tensordot": [M, Q, 1],
    "linalg.tensordot": [M, P], "linalg.solve": [Q, V], "linalg.multi_dot": [[M, Q, Q]], "linalg.cholesky": [Q @ Q.T],
    "linalg.matrix_power": [Q, 3], "linalg.tensorinv": [Q, 1], "linalg.tensorsolve linalg.lstsq": [Q, V],
    "select": [[M > 0.5], [P]], "choose": [COUNT, [V, W, V]], "piecewise": [M, [M > 0.5], [lambda v: 2 * v]],
    "where": [MASK, M, P], "compress": [[True, False], M, 0], "extract": [MASK, M],
    "take_along_axis": [M, np.array([[0], [1]]), 1], "einsum": ["ij,kj->ik", M, P],
    "einsum_path": ["ij,kj->ik", M, P], "split array_split": [M, 3, 1], "hsplit": [M, 3], "vsplit": [M, 2],
    "dsplit": [X, 2], "block": [[M, P]], "percentile nanpercentile": [M, 30], "quantile nanquantile": [M, 0.3],
    "average": [M, 0, W[:2]], "clip": [M, 0.2, 0.8], "full": [(2, 3), 0.5], "full_like": [M, 0.5],
    "linspace logspace": [0.1, 2.0, 4], "geomspace": [0.1, 2.0, 4], "arange": [0.1, 2.0, 0.5], "insert": [V, 1, 0.5],
    "apply_along_axis": [np.sum, 0, M], "apply_over_axes": [np.sum, M, [0]],
    "put_along_axis": [M.copy(), np.array([[0], [1]]), 0.5, 1], "fill_diagonal": [Q.copy(), 0.5],
    "copyto": [M.copy(), P], "place putmask": [M.copy(), MASK, V], "put": [M.copy(), 0, 0.5], "swapaxes": [M, 0, 1],
    "moveaxis": [M, 0, 1], "rollaxis": [M, 1], "transpose permute_dims": [M], "tile": [M, 2], "repeat": [M, 2],
    "roll": [M, 1], "pad": [M, 1], "resize reshape": [M, (3, 2)], "broadcast_to": [V, (2, 3)], "expand_dims": [M, 0],
    "delete": [V, 1], "take": [V, 1], "partition argpartition": [V, 1], "astype": [M, "float32"],
    "bincount": [COUNT, V], "histogram": [M, 3, (0.0, 1.0), False, P], "histogram2d": [V, W], "histogramdd": [P.T],
    "polyfit": [V, W, 1], "polyval": [V, M], "polydiv polyadd polysub polymul": [V, W], "isin": [M, W],
    "setdiff1d setxor1d union1d intersect1d": [V, W], "ldexp": [M, 2], "heaviside": [V - 0.5, W], "kron": [M, P],
    "left_shift right_shift": [COUNT, 1], "gcd lcm bitwise_and bitwise_or bitwise_xor": [COUNT, COUNT],
    "append": [M, P], "concatenate concat stack vstack hstack dstack column_stack row_stack": [[M, P]], "vander": [V],
    "poly roots": [V], "diff": [M], "meshgrid": [V, W], "broadcast_arrays": [V, M],
    "ravel_multi_index": [(COUNT, COUNT), (3, 3)], "unravel_index": [COUNT, (2, 3)], "packbits": [MASK],
    "unpackbits": [COUNT.astype(np.uint8)], "spacing": [M], "nextafter": [M, P],
    "inner vecdot vdot linalg.vecdot": [M, P], "linalg.outer outer": [V, W], "atleast_3d": [M], "unstack": [M],
    "trim_zeros": [V], "can_cast": [M.dtype, float], "sort_complex": [V], "isclose allclose": [M, P],
    "array_equal array_equiv": [M, P], "ix_": [COUNT, COUNT], "lexsort": [[V, W]], "rot90": [M],
    "common_type result_type": [M, P], "linalg.norm": [V], "linalg.vector_norm": [V], "linalg.matrix_norm": [M],
    "nan_to_num": [M], "i0 sinc unwrap": [V], "asmatrix": [M], "bmat": [[M, P]], "require": [M],
    "may_share_memory shares_memory": [M, P], "cov corrcoef": [M],
}  # fmt: skip
# Functions that take no arrays of numbers to compute with, by what they are about.
OUTSIDE = {
    "shapes, places and new arrays": """
        bartlett blackman broadcast_shapes diag_indices empty empty_like eye fft.fftfreq fft.rfftfreq fromfunction
        hamming hanning identity indices ix_ kaiser mask_indices ones tri tril_indices triu_indices zeros""",
    "files and buffers": """
        from_dlpack frombuffer fromfile fromiter fromregex fromstring genfromtxt load loadtxt save savetxt savez
        savez_compressed""",
    "types and words": """
        base_repr binary_repr busday_count busday_offset can_cast datetime_as_string datetime_data
        format_float_positional format_float_scientific is_busday isdtype isfortran isnat isscalar issubdtype iterable
        min_scalar_type mintypecode promote_types typename""",
    "settings": """
        errstate fft.test frompyfunc nditer get_include get_printoptions getbufsize geterr geterrcall info linalg.test
        nested_iters printoptions set_printoptions setbufsize seterr seterrcall show_config show_runtime test""",
}
ALONE = {name for names in OUTSIDE.values() for name in names.split()}


# Classes of NumPy's that take an array of numbers.
CLASSES = "broadcast float16 float32 float64 int64 longdouble matrix ndenumerate poly1d"


class Answer(NamedTuple):
    """What a function does with a tensor in one place: ``recorded``, ``constant``, ``refused``, or something else."""

    name: str
    place: int
    kind: str
    words: str = ""


def functions(module: Any = np) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions of NumPy, of its linear algebra and of its Fourier transforms."""
    for prefix, names in (("", np.__all__), ("linalg.", np.linalg.__all__), ("fft.", np.fft.__all__)):
        space = getattr(module, prefix[:-1]) if prefix else module
        for name in sorted(names):
            function = getattr(space, name)
            wanted = callable(function) and not isinstance(function, type) and prefix + name not in ALONE
            if wanted or (not prefix and name in CLASSES.split()):
                yield prefix + name, function


# Operators, and methods whose arguments are not those of NumPy's function of that name.
OPERATORS: dict[str, Callable[..., Any]] = {
    "x + y": operator.add, "x - y": operator.sub, "x * y": operator.mul, "x / y": operator.truediv,
    "x // y": operator.floordiv, "x % y": operator.mod, "x ** y": operator.pow, "x @ y.T": lambda x, y: x @ y.T,
    "divmod(x, y)": divmod, "-x": lambda x: -x, "+x": lambda x: +x, "abs(x)": abs, "x < y": operator.lt,
    "x <= y": operator.le, "x > y": operator.gt, "x >= y": operator.ge, "x == y": operator.eq, "x != y": operator.ne,
    "~(x > 0.5)": lambda x: ~(x > 0.5), "(x > 0.5) & (y > 0.5)": lambda x, y: (x > 0.5) & (y > 0.5),
    "(x > 0.5) | (y > 0.5)": lambda x, y: (x > 0.5) | (y > 0.5),
    "(x > 0.5) ^ (y > 0.5)": lambda x, y: (x > 0.5) ^ (y > 0.5),
}  # fmt: skip
OWN |= {
    "x.astype": [M, "float32"], "x.argpartition x.partition": [V.copy(), 1], "x.choose": [COUNT, [V, W, V]],
    "x.compress": [M, [True, False], 0], "x.clip": [M, 0.2, 0.8], "x.dot": [M, Q], "x.fill": [M.copy(), 0.5],
    "x.put": [M.copy(), 0, 0.5], "x.repeat": [M, 2], "x.reshape": [M, 3, 2], "x.searchsorted": [V, 0.5],
    "x.swapaxes": [M, 0, 1], "x.take": [M, 1], "x.item x.__float__": [np.array(0.5)], "x.resize": [M.copy(), (3, 2)],
}  # fmt: skip
# Python's own functions, operators in place, and arguments that are given by name: walked over, and not in the table.
FORMS: dict[str, Callable[..., Any]] = {
    "1.4 - x": lambda x: 1.4 - x, "1.4 / x": lambda x: 1.4 / x, "1.4 // x": lambda x: 1.4 // x,
    "1.4 % x": lambda x: 1.4 % x, "1.4 ** x": lambda x: 1.4**x, "divmod(1.4, x)": lambda x: divmod(1.4, x),
    "x += y": operator.iadd, "x -= y": operator.isub, "x *= y": operator.imul, "x /= y": operator.itruediv,
    "x //= y": operator.ifloordiv, "x %= y": operator.imod, "x **= y": operator.ipow,
    "sum(x)": sum, "list(x)": list, "len(x)": len, "max(v)": max, "min(v)": min, "sorted(v)": sorted,
    "math.prod(v)": math.prod, "math.fsum(v)": math.fsum, "float(s)": float, "int(s)": int, "complex(s)": complex,
    "bool(s)": bool, "math.sin(s)": math.sin, "math.floor(s)": math.floor, "cmath.exp(s)": cmath.exp,
    "math.hypot(s, s)": lambda s: math.hypot(s, s), "x[0]": lambda x: x[0], "x[x > 0.5]": lambda x: x[x > 0.5],
    "sum(x, initial=s)": lambda x, s: np.sum(x, initial=s), "max(x, initial=s)": lambda x, s: np.max(x, initial=s),
    "sum(x, where=y > 0.5)": lambda x, y: np.sum(x, where=y > 0.5), "mean(x, where=y > 0.5)": lambda x, y: np.mean(
        x, where=y > 0.5), "var(x, mean=y)": lambda x, y: np.var(x, mean=y), "clip(x, min=y)": lambda x, y: np.clip(
        x, min=y), "nan_to_num(x, nan=s)": lambda x, s: np.nan_to_num(x, nan=s), "average(x, weights=y)": lambda x, y:
        np.average(x, weights=y), "diff(x, prepend=s)": lambda x, s: np.diff(x, prepend=s), "ediff1d(x, to_end=s)":
        lambda x, s: np.ediff1d(x, to_end=s), "gradient(v, w)": lambda v, w: np.gradient(v, np.cumsum(w)),
    "trapezoid(v, w)": lambda v, w: np.trapezoid(v, w), "trapezoid(v, dx=s)": lambda v, s: np.trapezoid(v, dx=s),
    "interp(x, [0, 1, 2], v, left=s)": lambda x, v, s: np.interp(x, [0, 1, 2], v, left=s),
    "pad(x, 1, constant_values=s)": lambda x, s: np.pad(x, 1, constant_values=s), "insert(v, 1, s)": lambda v, s:
        np.insert(v, 1, s), "unwrap(v, period=s)": lambda v, s: np.unwrap(v, period=s), "isclose(x, y, rtol=s)":
        lambda x, y, s: np.isclose(x, y, rtol=s), "histogram(v, weights=w)": lambda v, w: np.histogram(v, 3, weights=w),
    "cov(x, aweights=w)": lambda x, w: np.cov(x, aweights=w), "tanh(x, out=y)": lambda x, y: np.tanh(x, out=y),
    "add(x, y, where=y > 0.5)": lambda x, y: np.add(x, y, where=y > 0.5, out=np.zeros((2, 3))),
    "select([x > 0.5], [x], s)": lambda x, s: np.select([x > 0.5], [x], s),
    "full(3, fill_value=s)": lambda s: np.full(3, fill_value=s), "apply_along_axis(f, 0, x)": lambda x:
        np.apply_along_axis(lambda v: v * 2, 0, x), "vectorize(f)(x)": lambda x: np.vectorize(math.sin)(x),
}  # fmt: skip
_GIVEN = {"x": M, "y": P, "v": V, "w": W, "s": np.array(0.5)}
# What has to do with memory or files, and what a tensor answers in a way of its own.
UNASKED = """
    base byteswap copy ctypes data device dtype dump dumps flags getfield imag item itemset itemsize nbytes ndim
    newbyteorder ptp setfield setflags shape size strides to_device tobytes tofile tolist tostring view"""


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    """NumPy's operators, and the methods and attributes of its arrays."""
    yield from OPERATORS.items()
    yield from FORMS.items()
    for name in dir(np.ndarray):
        if not name.startswith("_") and name not in UNASKED.split():
            yield f"x.{name}", _asked(name)


def _asked(name: str) -> Callable[..., Any]:
    def ask(x: Any, *arguments: Any) -> Any:
        found = getattr(x, name)
        result = found(*arguments) if callable(found) else found
        return np.array(result) if isinstance(result, np.flatiter) else result

    return ask


METHODS_OF_UFUNCS = ("reduce", "accumulate", "outer", "reduceat", "at")


def methods_of_ufuncs(module: Any = np) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The methods of NumPy's ufuncs, each with the name of its ufunc before it."""
    for name in sorted(np.__all__):
        ufunc: Any = getattr(np, name)
        if isinstance(ufunc, np.ufunc) and ufunc.nout == 1 and ufunc.signature is None and ufunc.__name__ == name:
            for method in METHODS_OF_UFUNCS if ufunc.nin == 2 else ("at",):
                found = getattr(getattr(module, name), method)
                yield f"{name}.{method}", _at(found) if method == "at" else found


def _at(found: Callable[..., Any]) -> Callable[..., Any]:
    def written(a: Any, *arguments: Any) -> Any:
        found(a, *arguments)
        return a

    return written


def arguments_of(name: str, function: Callable[..., Any]) -> list[Any] | None:
    """Arguments that NumPy takes."""
    for names, own in OWN.items():
        if name in names.split():
            return own
    if name in OPERATORS or name in FORMS:
        return [_GIVEN[letter] for letter in dict.fromkeys(re.findall(r"\b[xyvws]\b", name))]
    if name.endswith((".at", ".reduceat")):
        binary = getattr(np, name.split(".")[0]).nin == 2
        return [M, [0, 1]] if name.endswith(".reduceat") else [M.copy(), 0, 0.5] if binary else [M.copy(), 0]
    for usual in USUAL:
        try:
            with quiet():
                function(*usual)
        except Exception:
            continue
        return list(usual)
    return None


class quiet:  # noqa: N801
    """No warnings and nothing printed."""

    def __enter__(self) -> None:
        self._printed, self._warned = redirect_stdout(StringIO()), warnings.catch_warnings()
        self._printed.__enter__()
        self._warned.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, *how: Any) -> None:
        self._warned.__exit__(*how)
        self._printed.__exit__(*how)


def places_in(arguments: list[Any]) -> Iterator[tuple[int, Any]]:
    """Where a number or an array of floats stands, and all arguments with it made by a function."""
    for i, argument in enumerate(arguments):
        inner = argument if isinstance(argument, list) and argument and isinstance(argument[0], np.ndarray) else None
        if isinstance(argument, float) or (isinstance(argument, np.ndarray) and argument.dtype.kind == "f"):
            yield i, lambda make, i=i: [make(x) if k == i else _copied(x) for k, x in enumerate(arguments)]
        elif inner is not None and inner[0].dtype.kind == "f":
            yield i, lambda make, i=i, inner=inner: [
                [make(inner[0]), *inner[1:]] if k == i else _copied(x) for k, x in enumerate(arguments)
            ]


def _copied(x: Any) -> Any:
    """An argument that may be written into."""
    return x.copy() if isinstance(x, np.ndarray) else x


def walk(module: Any = np) -> Iterator[Answer]:
    """What every function does with a tensor in every place."""
    plain = {**dict(functions()), **dict(methods()), **dict(methods_of_ufuncs())}
    for name, function in [*functions(module), *methods(), *methods_of_ufuncs(module)]:
        arguments = arguments_of(name, plain[name])
        if arguments is None:
            if name in plain and "." in name and name.split(".")[-1] in METHODS_OF_UFUNCS:
                continue  # NumPy has no such method of this ufunc for numbers
            yield Answer(name, 0, "no arguments were found that NumPy takes")
            continue
        for place, replaced in places_in(arguments):
            yield Answer(name, place, *answer(function, plain[name], replaced))


def answer(function: Callable[..., Any], plain: Callable[..., Any], replaced: Any) -> tuple[str, str]:
    """The kind of the answer, and the words of a refusal."""

    def fresh(x: Any) -> Any:
        return np.array(x)

    try:
        with quiet():
            result = function(*replaced(lambda x: Tensor(x, "x", requires_grad=True)))
    except AutogradError as error:
        said = str(error)
        return "refused" if re.search(r"\n\s+at .", said) else "refused without a line", said
    except Exception as error:
        if isinstance(error.__cause__, AutogradError):  # NumPy's message, with ours above it
            return "refused", str(error.__cause__)
        return f"{type(error).__name__}: {error}"[:150], ""
    with quiet():
        expected, beside = plain(*replaced(fresh)), plain(*replaced(lambda x: np.array(x) * (1 + 1e-9) + 1e-10))
    if not same(numbers(result), expected, 1e-12):
        return "another value", ""
    if learned(result):
        return "recorded", ""
    return ("constant" if same(expected, beside, 0) else "lost"), ""


def learned(result: Any) -> bool:
    """Whether a derivative passes through a result, or a part of one."""
    if isinstance(result, (list, tuple)):
        return any(map(learned, result))
    return isinstance(result, Tensor) and result.requires_grad


def numbers(result: Any) -> Any:
    """A result with plain numbers in place of tensors."""
    if isinstance(result, (list, tuple)):
        return [numbers(part) for part in result]
    return result.value if isinstance(result, Tensor) else result


def same(a: Any, b: Any, rtol: float) -> bool:
    """Whether two results are equal, word for word or to rounding."""
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y, rtol) for x, y in zip(a, b))
    if a is None or b is None or isinstance(b, (str, type, np.dtype)):
        return a is b or (a is not None and (rtol > 0 or bool(a == b)))
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind in "OUS" or b.dtype.kind in "OUS":
        return True
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=rtol, atol=rtol, equal_nan=True))


def kinds() -> dict[str, str]:
    """The one kind of each function: recorded, if it is in any place."""
    found: dict[str, set[str]] = {}
    for one in walk():
        if one.name not in FORMS and (not one.place or not one.name.startswith("x.")):
            found.setdefault(one.name, set()).add(one.kind)
    order = ("recorded", "refused", "constant")
    return {name: next(kind for kind in (*order, *kinds) if kind in kinds) for name, kinds in found.items()}


HEADS = {
    "recorded": "Recorded, with a derivative",
    "constant": "Constant wherever they have a derivative: NumPy's answer",
    "refused": "Refused, with what to write instead",
}


def table() -> str:
    """The table for the page."""
    found = kinds()
    rows = [f"| in NumPy {'.'.join(np.__version__.split('.')[:2])} | functions |", "|---|---|"]
    for kind, head in HEADS.items():
        names = [f"`{name}`" for name in found if found[name] == kind and not _of_ufunc(name)]
        names = [name.replace("|", r"\|") for name in names]  # it would end the cell
        rows.append(f"| {head} ({len(names)}) | {', '.join(names)} |")
    methods = [f"`{method}` of {_ufuncs(found, method)}" for method in ("reduce", "accumulate", "outer")]
    rows.append(f"| Recorded methods of ufuncs; the others are constant or refused | {'; '.join(methods)} |")
    return "\n".join(rows)


def _of_ufunc(name: str) -> bool:
    head, _, method = name.partition(".")
    return method in METHODS_OF_UFUNCS and isinstance(getattr(np, head), np.ufunc)


def _ufuncs(found: dict[str, str], method: str) -> str:
    return ", ".join(f"`{name.partition('.')[0]}`" for name in found if _of_ufunc(name)
                     and name.endswith(f".{method}") and found[name] == "recorded")  # fmt: skip


def page() -> str:
    """The page with the table in its place."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    for one in walk():
        if one.kind not in HEADS:
            print(f"np.{one.name}, argument {one.place + 1}: {one.kind}")
    write(PAGE, page())
