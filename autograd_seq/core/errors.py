"""What can go wrong, said to a student: what was given, what was expected, where, what to write instead.

First the types of errors, then the sentences of the core, so that the code that raises them stays short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.source_line import here
from autograd_seq.translation.reader import translated


class AutogradError(Exception):
    """The base of every error that this package raises on purpose; it speaks the reader's language."""

    def __str__(self) -> str:
        return translated(super().__str__())


class ShapeError(AutogradError, ValueError):
    """Arrays whose shapes do not fit together."""


class DtypeError(AutogradError, TypeError):
    """A value of a kind that an operation cannot take."""


class ValueRangeError(AutogradError, ValueError):
    """A value outside what is allowed: NaN in a parameter, an empty sequence, an unknown choice."""


class GraphLostError(AutogradError, TypeError):
    """Code that would silently turn a recorded tensor into a plain number or array."""


class GradientError(AutogradError, RuntimeError):
    """A derivative that was asked for and does not exist or is not defined as asked."""


class UsageError(AutogradError, TypeError):
    """A call that cannot be what was meant: a thing of another kind, or a setting that an operation does not have."""


class MissingError(AutogradError, AttributeError):
    """An attribute that is not there, such as one that NumPy's arrays have and tensors do not."""


class FileError(AutogradError, OSError):
    """A file that cannot be read or written."""


class NoFileError(FileError, FileNotFoundError):
    """A file that is to be read and is not there."""


# -- declaring an operation --------------------------------------------------------------------------


def without_rules(bare: Any) -> UsageError:
    """``@operation`` without parentheses, or without `vjp`."""
    if bare is None:
        return UsageError(
            "@operation needs parentheses with a rule for each input: @operation(vjp=[lambda g, y, x: g * ...]), "
            f"or vjp=None for what has no derivative{here()}"
        )
    return UsageError(
        "@operation stands alone; it needs parentheses with a rule for each input: "
        f"@operation(vjp=[lambda g, y, x: g * ...]), or vjp=None for what has no derivative{here()}"
    )


def unknown_word(word: Any, words: Sequence[str]) -> UsageError:
    """A trait `algebra` that nobody asks for."""
    known = ", ".join(repr(w) for w in words if w)
    return UsageError(f"an operation cannot be {word!r} in algebra; it may be {known}, or nothing of these{here()}")


def wrong_longhand(longhand: Any) -> UsageError:
    """A trait `longhand` that is not a list of functions."""
    return UsageError(
        "longhand is a list of functions of the operation's own arguments, such as longhand=[lambda x: x / (1 + "
        f"abs(x))], not {longhand!r}{here()}"
    )


def wrong_rules(name: str, arity: int, variadic: bool, vjp: Any) -> UsageError:
    """Rules that are too few, too many, or no functions."""
    wanted = (
        "one rule whose first argument is the input's position"
        if variadic
        else f"a list of {arity} rule{'s' * (arity != 1)}, one for each input "
        f"(its positional-only arguments, those before the /): vjp=[{', '.join(['...'] * arity)}]"
    )
    given = f"a list of {len(vjp)}" if isinstance(vjp, (list, tuple)) else f"{vjp!r:.60}"
    return UsageError(
        f"operation {name} needs {wanted}, but vjp is {given}. A rule is a function "
        f"(g, y, *inputs, **settings), or None where there is no derivative{here()}"
    )


# -- calling one -------------------------------------------------------------------------------------


def _usage(operation: Any) -> str:
    settings = ", ".join(operation.keywords)
    if operation.variadic:
        return f"a list of arrays and {settings}" if settings else "a list of arrays"
    count, s = operation.arity, "s" * (operation.arity != 1)
    return f"{count} array{s} and {settings}" if settings else f"{count} array{s}"


def wrong_number(operation: Any, count: int) -> UsageError:
    """A call with too few arrays, or too many arguments by place."""
    return UsageError(f"{operation.name}() takes {_usage(operation)}, but got {count} arguments{here()}")


def wrong_settings(operation: Any, given: Mapping[str, Any], settings: Mapping[str, Any]) -> UsageError:
    """A call with a setting that the operation does not have, or without one that it needs."""
    for key in given:
        if key not in operation.keywords:
            return UsageError(f"{operation.name}() has no argument {key!r}; it takes {_usage(operation)}{here()}")
    missing = ", ".join(key for key in operation.keywords if key not in settings)
    return UsageError(f"{operation.name}() needs {missing}; it takes {_usage(operation)}{here()}")


def refused(operation: Any, values: Sequence[Any], settings: Mapping[str, Any], error: Exception) -> AutogradError:
    """Arrays that NumPy does not take for this operation."""
    shapes = " and ".join(str(v.shape) for v in values)
    said = "".join(f", {k}={v!r:.60}" for k, v in settings.items() if v is not operation.defaults.get(k))
    kind: type[AutogradError] = DtypeError if isinstance(error, TypeError) else ShapeError
    if any(v.dtype.kind not in "buif" for v in values):
        kind, shapes = DtypeError, " and ".join(str(v.dtype) for v in values)
    expected = f" It expects {operation.expects}." if operation.expects else ""
    return kind(f"{operation.name} cannot take {shapes}{said}.{expected} {_of_numpy(error)}{here()}")


def _of_numpy(error: Exception) -> str:
    return said[:1].upper() + said[1:] if (said := out_of_range(error)) != str(error) else f"NumPy says: {error}"


def out_of_range(error: Exception) -> str:
    """What NumPy says of an index, with what it may be; other errors in NumPy's own words."""
    found = _OUT_OF_RANGE.fullmatch(str(error))
    if found is None:
        return str(error)
    axis, size = found["axis"], int(found["size"])
    allowed = f"take 0 to {size - 1}, or -{size} to -1 from the end" if size else "there is nothing to take"
    return f"index {found['index']} is out of bounds: axis {axis} has length {size}; {allowed}"


_OUT_OF_RANGE = re.compile(r"index (?P<index>-?\d+) is out of bounds for axis (?P<axis>\d+) with size (?P<size>\d+)")


def lost_as_setting(setting: Any) -> GraphLostError:
    """A tensor with a gradient where an operation takes an index, an axis or a limit."""
    return GraphLostError(
        f"{setting.label} has a gradient, which would be lost where it is used as a setting (an index, an axis, "
        "a limit). Write .item() or .value to use its number on purpose; for limits, "
        f"np.minimum(np.maximum(x, low), high){here()}"
    )


_INSTEAD = {
    "sort": "a recorded tensor does not change: write `{0} = np.sort({0})`",
    "partition": "a recorded tensor does not change: write `{0} = np.partition({0}, k)`",
    "fill": "write `np.full({0}.shape, value)`, or assign into a copy: b = {0}.copy(); b[...] = value",
    "put": "assign into a copy: b = {0}.copy(); b[i] = value", "resize": "write `{0} = np.resize({0}, shape)`",
    "imag": "a tensor holds real numbers; write its real and imaginary part as two tensors",
}  # fmt: skip


def missing(tensor: Any, name: str) -> MissingError:
    """An attribute that NumPy's arrays have, with what to write in its place; or one that nobody has."""
    kind = type(tensor).__name__
    if not hasattr(np.ndarray, name) or name.startswith("__"):
        return MissingError(f"{kind!r} object has no attribute {name!r}")
    label = tensor.name if tensor.name and tensor.name.isidentifier() else "x"
    advice = _INSTEAD.get(name, "write `{0}.value.{1}` for that of its plain numbers").format(label, name)
    return MissingError(f"a {kind} has no .{name}: {advice}{here()}")


# -- differentiating ---------------------------------------------------------------------------------


def not_a_tensor(output: Any) -> UsageError:
    """A derivative of something that was not recorded."""
    return UsageError(
        f"only a tensor can be differentiated, not {type(output).__name__}: "
        "make the weights Parameter(...), and keep .value, .item() and what rounds or counts "
        f"(np.round, np.floor, x // b, np.argsort), which give plain numbers, out of the computation{here()}"
    )


def no_gradient(output: Any) -> GradientError:
    """An output that nothing learned has a part in, or only through what no derivative passes through."""
    if (ended := _where_derivatives_end(output)) is not None:
        node, leaf = ended
        line = node.source
        known = line is not None and line.expression and line.expression != line.text
        through = f"{line.expression} ({line})" if known else f"{node.operation.name}{f' ({line})' if line else ''}"
        return GradientError(
            f"{output.label} depends on {leaf.label} by way of {through}, and that passes no derivative on. "
            "What a network learns from must change smoothly with its weights, as a cross-entropy does, and not in "
            f"steps, as a sign, a comparison or a count of right answers does{here()}"
        )
    return GradientError(
        f"nothing that {output.label} was made from requires a gradient: "
        f"make the weights Parameter(...) or Tensor(..., requires_grad=True){here()}"
    )


def _where_derivatives_end(output: Any) -> tuple[Any, Any] | None:
    """The youngest record without a derivative that was made from something that has one, and a leaf behind that."""
    waiting, met = [output.record], {output.record}
    ends = []
    while waiting:
        node = waiting.pop()
        ends += [(node, x) for x in node.inputs if x.requires_grad]
        further = {x.record for x in node.inputs if not x.requires_grad} - met
        met |= further
        waiting += further
    if not ends:
        return None
    node, x = max(ends, key=lambda end: end[0].index)
    while x.inputs:
        x = next(further for further in x.inputs if further.requires_grad)
    return node, x


def no_seed(output: Any) -> GradientError:
    """An array to differentiate, and no adjoint to start from."""
    return GradientError(
        f"{output.label} has shape {output.shape}: a derivative needs a scalar, or an adjoint of that shape. "
        f"Write {_sum_of(output)} first, or give gradient=...{here()}"
    )


def _sum_of(record: Any) -> str:
    """The sum of a record as the user would write it: of a variable, or else of the expression that made it."""
    name, line = record.name, record.source
    assigned = line is None or re.match(rf"{re.escape(name or '')}\s*=(?!=)", line.text) is not None
    if name is not None and name.isidentifier() and assigned:
        return f"{name}.sum()"
    known = line is not None and line.expression and line.expression != line.text
    return f"np.sum({line.expression})" if known else "np.sum(...)"


def wrong_seed(output: Any, seed: Any) -> ShapeError:
    """An adjoint to start from that has another shape than the output."""
    return ShapeError(f"the adjoint of {output.label} must have its shape {output.shape}, not {seed.shape}{here()}")


def no_derivative(tensor: Any) -> GradientError:
    """The adjoint of a record that the sweep did not come to."""
    return GradientError(f"no derivative passes through {tensor.label}{here()}")


def wrong_answer(node: Any, shape: tuple[int, ...], piece: Any) -> GradientError:
    """What a VJP rule must not answer: nothing, not an array, or a shape that no broadcasting explains."""
    if isinstance(piece, (np.ndarray, np.generic)) or hasattr(piece, "shape"):
        answer = f"an array of shape {piece.shape}"
    else:
        answer = f"{type(piece).__name__} {piece!r:.40}" if piece is not None else "None (is its return missing?)"
    line = node.source
    return GradientError(
        f"the VJP rule of {node.operation.name if node.operation else node.label} gave {answer} "
        f"for an input of shape {shape}. "
        f"A rule gives an adjoint of the input's shape, or of the one that it was broadcast to"
        + (f"\n  recorded at {line}: {line.text}" if line else "")
    )


def not_a_graph(output: Any) -> UsageError:
    """A graph of something that was not recorded."""
    return UsageError(f"Graph() takes tensors, but got {type(output).__name__}{here()}")


def not_found(named: str, where: Mapping[str, Any], found: Sequence[Any], records: Sequence[Any]) -> UsageError:
    """No record of a name, or more than one."""
    there = ", ".join(r.label for r in (found or records) if r.name)
    return UsageError(
        f"{len(found)} records named {named!r} with {where}: the graph has {there:.400}{here()}"
        if found
        else f"no records named {named!r} with {where}: the graph has {there:.400}{here()}"
    )
