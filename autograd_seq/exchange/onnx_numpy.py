"""NumPy's functions as nodes of ONNX: what written programs call, an entry each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.exchange.onnx_builder import FLOAT, TRUTH, WHOLE, Builder, Written

Arguments = Sequence[Any]
Settings = Mapping[str, Any]
Function = Callable[[Builder, Arguments, Settings], Written]


def as_float(b: Builder, x: Any) -> Written:
    """A value among floats: numbers become constants, whole numbers and truth values are cast."""
    if not isinstance(x, Written):
        return b.constant(x)
    return x if x.kind == FLOAT else b.node("Cast", [x], to=b.element_type(FLOAT))


def as_truth(b: Builder, x: Any) -> Written:
    """A value among truth values: what is kept of every step is kept as floats."""
    if not isinstance(x, Written):
        return b.constant(x, TRUTH)
    return x if x.kind == TRUTH else b.node("Cast", [x], of=TRUTH, to=b.element_type(TRUTH))


def as_whole(b: Builder, x: Any) -> Written:
    """A whole number, or a row of them."""
    if isinstance(x, (list, tuple)):
        return b.node("Concat", [as_row(b, part) for part in x], of=WHOLE, axis=0) if x else b.wholes()
    return x if isinstance(x, Written) else b.constant(int(x), WHOLE)


def as_row(b: Builder, x: Any) -> Written:
    """A whole number as a row of one."""
    if not isinstance(x, Written):
        return b.wholes(int(x))
    return b.node("Reshape", [x, b.wholes(-1)], of=WHOLE)


def _same(kind: str) -> Function:
    return lambda b, x, s: b.node(kind, [as_float(b, value) for value in x])


def _compared(kind: str, negated: bool = False) -> Function:
    def of_two(b: Builder, x: Arguments, s: Settings) -> Written:
        whole = all(not isinstance(v, float) and (not isinstance(v, Written) or v.kind == WHOLE) for v in x)
        found = b.node(kind, [(as_whole if whole else as_float)(b, value) for value in x], of=TRUTH)
        return b.node("Not", [found], of=TRUTH) if negated else found

    return of_two


def _logical(kind: str) -> Function:
    return lambda b, x, s: b.node(kind, [as_truth(b, value) for value in x], of=TRUTH)


def axes_of(given: Any) -> list[int] | None:
    """Axes as a list; None for all."""
    return None if given is None else [given] if isinstance(given, int) else list(given)


def reduced(kind: str, where: str) -> Function:
    """A reduction; its axes are an input or an attribute, as the operator set has it."""

    def over(b: Builder, x: Arguments, s: Settings) -> Written:
        axes, keep = axes_of(s.get("axis", x[1] if len(x) > 1 else None)), int(bool(s.get("keepdims", False)))
        value = as_float(b, x[0])
        if axes is None:
            return b.node(kind, [value], keepdims=keep)
        if where == "input":
            return b.node(kind, [value, b.wholes(*axes)], keepdims=keep)
        return b.node(kind, [value], keepdims=keep, axes=axes)

    return over


def power(b: Builder, x: Arguments, s: Settings) -> Written:
    """A power; a square is a product, which all runtimes compute alike."""
    if x[1] == 2:
        return b.node("Mul", [as_float(b, x[0])] * 2)
    return b.node("Pow", [as_float(b, value) for value in x])


def joined(b: Builder, x: Arguments, s: Settings) -> Written:
    """Arrays one after another."""
    return b.node("Concat", [as_float(b, v) for v in x[0]], axis=s.get("axis", x[1] if len(x) > 1 else 0))


def stacked(b: Builder, x: Arguments, s: Settings) -> Written:
    """Arrays with an axis for it."""
    axis = s.get("axis", x[1] if len(x) > 1 else 0)
    wider = [b.node("Unsqueeze", [as_float(b, v), b.wholes(axis)]) for v in x[0]]
    return b.node("Concat", wider, axis=axis)


def filled_like(number: float) -> Function:
    """One number everywhere, in the shape of an array."""
    return lambda b, x, s: filled(b, b.node("Shape", [x[0]], of=WHOLE), number)


def filled(b: Builder, shape: Written, number: float) -> Written:
    """One number everywhere."""
    from onnx import numpy_helper

    value = numpy_helper.from_array(np.full(1, number, b.dtype))
    return b.node("ConstantOfShape", [shape], value=value)


def in_shape(number: float) -> Function:
    """One number everywhere, in a shape that is given."""

    def of_shape(b: Builder, x: Arguments, s: Settings) -> Written:
        shape = x[0] if isinstance(x[0], (list, tuple, Written)) else [x[0]]
        return filled(b, as_whole(b, shape), number)

    return of_shape


def reshaped(b: Builder, x: Arguments, s: Settings) -> Written:
    """Another shape."""
    shape = x[1] if len(x) == 2 else list(x[1:])
    shape = shape if isinstance(shape, (list, tuple, Written)) else [shape]
    whole = as_whole(b, shape)
    if isinstance(shape, (list, tuple)) and not shape:
        return b.node("Reshape", [as_float(b, x[0]), b.wholes()])
    return b.node("Reshape", [as_float(b, x[0]), whole])


def clipped(b: Builder, x: Arguments, s: Settings) -> Written:
    """Between two bounds, either of which may be missing."""
    value = as_float(b, x[0])
    low, high = [*x[1:], None, None][:2]
    if low is not None:
        value = b.node("Max", [value, as_float(b, low)])
    return value if high is None else b.node("Min", [value, as_float(b, high)])


def chosen(b: Builder, x: Arguments, s: Settings) -> Written:
    """One or the other, element by element."""
    return b.node("Where", [as_truth(b, x[0]), as_float(b, x[1]), as_float(b, x[2])])


def turned(b: Builder, x: Arguments, s: Settings) -> Written:
    """Axes in another order; the other way round if none is given."""
    order = s.get("axes", x[1] if len(x) > 1 else None)
    value = as_float(b, x[0])
    return b.node("Transpose", [value]) if order is None else b.node("Transpose", [value], perm=list(order))


def finite(b: Builder, x: Arguments, s: Settings) -> Written:
    """The largest numbers in the place of infinities; what is not a number stays so."""
    most = float(np.finfo(b.dtype).max)
    return clipped(b, [x[0], -most, most], {})


def log_sum_exp(b: Builder, x: Arguments, s: Settings) -> Written:
    """The logarithm of the sum of exponentials: the helper of a program, of the first axis unless it is told."""
    axis = s.get("axis", x[1] if len(x) > 1 else 0)
    return reduced("ReduceLogSumExp", "attribute")(b, x[:1], {**s, "axis": axis})


def log_add_exp(b: Builder, x: Arguments, s: Settings) -> Written:
    """log(exp a + exp b), of whose terms the greater is drawn out."""
    first, second = (as_float(b, value) for value in x)
    greater = b.node("Max", [first, second])
    apart = b.node("Abs", [b.node("Sub", [finite(b, [first], {}), finite(b, [second], {})])])
    return b.node("Add", [greater, b.node("Log", [_one_more(b, b.node("Exp", [b.node("Neg", [apart])]))])])


def _one_more(b: Builder, x: Written) -> Written:
    return b.node("Add", [b.constant(1.0), x])


def _squeezed(b: Builder, x: Arguments, s: Settings) -> Written:
    axes = axes_of(s.get("axis", x[1] if len(x) > 1 else None))
    return b.node("Squeeze", [as_float(b, x[0]), *([] if axes is None else [b.wholes(*axes)])])


def _widened(b: Builder, x: Arguments, s: Settings) -> Written:
    axes = axes_of(s.get("axis", x[1] if len(x) > 1 else None)) or [0]
    return b.node("Unsqueeze", [as_float(b, x[0]), b.wholes(*axes)])


def _broadcast(b: Builder, x: Arguments, s: Settings) -> Written:
    shape = x[1] if len(x) > 1 else s["shape"]
    return b.node("Expand", [as_float(b, x[0]), as_whole(b, list(shape) if isinstance(shape, tuple) else shape)])


def _einsum(b: Builder, x: Arguments, s: Settings) -> Written:
    return b.node("Einsum", [as_float(b, value) for value in x[1:]], equation=x[0].replace(" ", ""))


def _expm1(b: Builder, x: Arguments, s: Settings) -> Written:
    return b.node("Sub", [b.node("Exp", [as_float(b, x[0])]), b.constant(1.0)])


FUNCTIONS: dict[str, Function] = {
    "exp": _same("Exp"), "log": _same("Log"), "tanh": _same("Tanh"), "sqrt": _same("Sqrt"), "abs": _same("Abs"),
    "sign": _same("Sign"), "negative": _same("Neg"), "sin": _same("Sin"), "cos": _same("Cos"), "tan": _same("Tan"),
    "sinh": _same("Sinh"), "cosh": _same("Cosh"), "arctan": _same("Atan"), "arcsin": _same("Asin"),
    "add": _same("Add"), "subtract": _same("Sub"), "multiply": _same("Mul"), "divide": _same("Div"),
    "maximum": _same("Max"), "minimum": _same("Min"), "matmul": _same("MatMul"), "dot": _same("MatMul"),
    "power": power, "square": lambda b, x, s: power(b, [x[0], 2], s),
    "log1p": lambda b, x, s: b.node("Log", [_one_more(b, as_float(b, x[0]))]), "expm1": _expm1,
    "logaddexp": log_add_exp,
    "sum": reduced("ReduceSum", "input"), "mean": reduced("ReduceMean", "attribute"),
    "max": reduced("ReduceMax", "attribute"), "min": reduced("ReduceMin", "attribute"),
    "prod": reduced("ReduceProd", "attribute"),
    "concatenate": joined, "stack": stacked, "transpose": turned, "reshape": reshaped, "squeeze": _squeezed,
    "expand_dims": _widened, "broadcast_to": _broadcast, "einsum": _einsum,
    "zeros_like": filled_like(0.0), "ones_like": filled_like(1.0), "zeros": in_shape(0.0), "ones": in_shape(1.0),
    "where": chosen, "clip": clipped, "nan_to_num": finite,
    "size": lambda b, x, s: b.node("Size", [as_float(b, x[0])], of=WHOLE),
    "greater": _compared("Greater"), "less": _compared("Less"), "greater_equal": _compared("GreaterOrEqual"),
    "less_equal": _compared("LessOrEqual"), "equal": _compared("Equal"), "not_equal": _compared("Equal", True),
    "logical_not": _logical("Not"), "logical_and": _logical("And"), "logical_or": _logical("Or"),
}  # fmt: skip
HELPERS: dict[str, Function] = {"logsumexp": log_sum_exp}  # helpers of programs that are an operator of ONNX
