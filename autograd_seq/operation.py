"""Operation: everything there is to know of one differentiable operation, declared in one place.

Its value rule is NumPy; its VJP rules are written in the engine's own operations, so
that they run on bare arrays at full speed and on tensors as a recording. What a reading
needs, the meaning in exact scalars and the forms in each language, stands beside them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial, update_wrapper
from operator import attrgetter
from sys import _getframe
from typing import Any, Final

import numpy as np
from numpy import ndarray

from autograd_seq import protocols
from autograd_seq.errors import AutogradError, DtypeError, GraphLostError, ShapeError, UsageError
from autograd_seq.notation import Form, call
from autograd_seq.scope import present
from autograd_seq.source_line import ENGINE_FILES, here
from autograd_seq.tensor import NOTHING, Array, Tensor, next_index

Rule = Callable[..., Any]
_new: Final = object.__new__
_present: Final = present.get
_bare: Final = frozenset((ndarray, int, tuple))
_value: Final = attrgetter("_value")
_requires_grad: Final = attrgetter("requires_grad")


class Operation:
    """One differentiable operation; made with the decorator `operation`.

    Calling it on tensors records; calling it on plain arrays just computes.

    Attributes
    ----------
    name : str
        Its name in tables and messages.
    value : callable
        ``value(*arrays, **parameters) -> array``, in NumPy.
    vjp : sequence of callables, or None
        For each input a rule ``(g, y, *inputs, **parameters) -> adjoint of that input``; None where there
        is no derivative.
    meaning : callable
        ``meaning(algebra, *arrays, **parameters) -> array``: the value rule over arrays of exact scalars.
    forms : dict
        `Form` by language: ``"source"``, ``"latex"``, ``"text"``.
    expects : str
        What it demands of its inputs, said to a student.
    adds : bool
        Whether the result is the sum of the inputs, so that a reading may take the sum apart, as in Σ over time.
    """

    def __init__(
        self,
        value: Callable[..., Any],
        vjp: Sequence[Rule | None] | Rule | None,
        meaning: Callable[..., Any] | None = None,
        numpy: Any = (),
        source: Form | str | None = None,
        latex: Form | str | None = None,
        text: Form | str | None = None,
        expects: str = "",
        kernel: Callable[..., Any] | None = None,
        adds: bool = False,
        cuts: bool = False,
    ) -> None:
        update_wrapper(self, value)
        self.name: str = value.__name__.rstrip("_")
        signature = inspect.signature(value).parameters.values()
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in signature)
        self.arity = sum(p.kind is p.POSITIONAL_ONLY for p in signature)
        self.keywords = tuple(p.name for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        self._known = frozenset(self.keywords)
        self.defaults = {p.name: p.default for p in signature if p.default is not p.empty}
        self.least = 1 if self.variadic else self.arity  # arguments that a call must have
        self.optional = len(self.defaults) == len(self.keywords)  # whether it need not have more
        self.simple = self.arity in (1, 2) and not self.keywords  # whether it never has more
        # How many arguments by place can be a whole call, of an operation of one array: that array and settings.
        needed = 1 + len(self.keywords) - len(self.defaults)
        self._whole = range(needed, 2 + len(self.keywords)) if self.arity == 1 else range(0)
        self.value = kernel or value
        self.vjp = self._rules(vjp)
        self.partly = not callable(vjp) and vjp is not None and None in tuple(vjp)
        self.differentiable = vjp is not None and (not self.partly or any(rule is not None for rule in self.vjp))
        self.meaning = meaning or (lambda algebra, *arrays, **parameters: value(*arrays, **parameters))
        self.expects = expects
        self.adds = adds
        # Of what only rearranges: gives a view of an array that can be written into; `assignment` sets it.
        self.view: Callable[[Operation, Any, dict[str, Any]], Any] | None = None
        self.cuts = cuts
        self.forms = {
            "source": self._form(source, f"np.{self.name}"),
            "latex": self._form(latex, rf"\operatorname{{{self.name}}}".replace("_", r"\_")),
            "text": self._form(text, self.name),
        }
        self.call = self.direct(lambda *inputs, **parameters: self._general(inputs, parameters))
        for function in numpy if isinstance(numpy, tuple) else (numpy,):
            protocols.OPERATIONS[function] = self
            protocols.CALLS[function] = self.call

    def _rules(self, vjp: Any) -> Any:
        """The rules, if there is one for each input."""
        if vjp is None:
            return None
        if callable(vjp) and self.variadic:
            return _ByPosition(vjp)
        listed = isinstance(vjp, (list, tuple)) and all(rule is None or callable(rule) for rule in vjp)
        if listed and not self.variadic and len(vjp) == self.arity:
            return vjp
        wanted = (
            "one rule whose first argument is the input's position"
            if self.variadic
            else f"a list of {self.arity} rule{'s' * (self.arity != 1)}, one for each input "
            f"(its positional-only arguments, those before the /): vjp=[{', '.join(['...'] * self.arity)}]"
        )
        given = f"a list of {len(vjp)}" if isinstance(vjp, (list, tuple)) else f"{vjp!r:.60}"
        raise UsageError(
            f"operation {self.name} needs {wanted}, but vjp is {given}. A rule is a function "
            f"(g, y, *inputs, **parameters), or None where there is no derivative{here()}"
        )

    def _form(self, given: Form | str | None, function: str) -> Form:
        if given is None or isinstance(given, str):
            return call(given or function, self.defaults, listed=self.variadic)
        return given

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __call__(self, *inputs: Any, **parameters: Any) -> Any:
        """Record the operation on tensors, or compute it on plain arrays."""
        if self.simple and len(inputs) == self.arity and not parameters:
            return self.call(*inputs)
        return self._general(inputs, parameters)

    def direct(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """A quicker function for the most usual calls, which leaves all others to `otherwise`; here there is none."""
        return otherwise

    def _general(self, inputs: tuple[Any, ...], given: dict[str, Any]) -> Any:
        if not given and len(inputs) in self._whole and _bare.issuperset(map(type, inputs)):
            return self.value(*inputs)  # what rules mostly ask for: a bare array, with axes or a shape
        if given or not self.optional or len(inputs) != self.least:
            inputs, parameters = self._bind(inputs, given)
        else:
            parameters = self.defaults.copy()
        if self.variadic:
            inputs = tuple(inputs[0])
        if self.view is not None and (seen := self.view(self, inputs[0], parameters)) is not None:
            return seen
        if (records := lift(inputs)) is None:
            return self.value(*inputs, **parameters)
        values = [*map(_value, records)]
        try:
            value = self.value(*values, **parameters)
        except (ValueError, TypeError, IndexError) as error:
            raise self._refusal(values, parameters, error) from error
        return self.record(value, records, parameters, self._wanted(records))

    def _wanted(self, records: Sequence[Tensor]) -> bool:
        """Whether a derivative passes through to any of the inputs."""
        if not self.partly:
            return True in map(_requires_grad, records)
        return any(x.requires_grad and rule is not None for x, rule in zip(records, self.vjp, strict=True))

    def record(self, value: Any, inputs: tuple[Tensor, ...], parameters: dict[str, Any], requires_grad: bool) -> Tensor:
        """The record of one use: what was made, from what, where in the network and in the user's program."""
        # Slot by slot: half the cost of __init__, and every operation pays it.
        y: Tensor = _new(Tensor)
        y._value = value if type(value) is ndarray else np.asarray(value)
        y.operation = self
        y.inputs = inputs
        y.parameters = parameters
        y._name = None
        y.scope = scope = _present()
        y.index = next_index()
        y.requires_grad = requires_grad and self.differentiable
        y._gradient = None
        frame: Any = _getframe(2)
        while (code := frame.f_code).co_filename in ENGINE_FILES:
            if frame.f_back is None:
                break
            frame = frame.f_back
        y._code = code
        y._offset = frame.f_lasti
        if not scope.recording:
            for x in inputs:
                protocols.note_read(x)
            y.operation, y.inputs, y.parameters, y.requires_grad, y._gradient = None, (), NOTHING, False, [None]
        return y

    def pull(self, node: Tensor, adjoint: Array) -> Sequence[Any]:
        """What the adjoint of a record gives to each of its inputs, in bare arrays; None where nothing."""
        rules: Any = self.vjp
        values = [*map(_value, node.inputs)]
        return [
            rule(adjoint, node._value, *values, **node.parameters)
            if x.requires_grad and (rule := rules[i]) is not None
            else None
            for i, x in enumerate(node.inputs)
        ]

    def _bind(self, inputs: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort a call's arguments into inputs and parameters, as the value rule's signature declares them."""
        count = self.least
        if len(inputs) < count or len(inputs) > count + len(self.keywords):
            raise UsageError(f"{self.name}() takes {self._usage()}, but got {len(inputs)} arguments{here()}")
        by_place = dict(zip(self.keywords, inputs[count:], strict=False)) if len(inputs) > count else {}
        parameters = self.defaults | by_place | given
        if len(parameters) != len(self.keywords) or not self._known.issuperset(given):
            raise self._misused(given, parameters)
        for key, setting in parameters.items():
            if isinstance(setting, Tensor):
                parameters[key] = settled(setting)
        return inputs[:count], parameters

    def _misused(self, given: Mapping[str, Any], parameters: Mapping[str, Any]) -> UsageError:
        for key in given:
            if key not in self.keywords:
                return UsageError(f"{self.name}() has no argument {key!r}; it takes {self._usage()}{here()}")
        missing = ", ".join(key for key in self.keywords if key not in parameters)
        return UsageError(f"{self.name}() needs {missing}; it takes {self._usage()}{here()}")

    def _usage(self) -> str:
        inputs = "a list of arrays" if self.variadic else f"{self.arity} array{'s' * (self.arity != 1)}"
        return inputs + (f" and {', '.join(self.keywords)}" if self.keywords else "")

    def _refusal(self, values: Sequence[Array], parameters: Mapping[str, Any], error: Exception) -> AutogradError:
        shapes = " and ".join(str(v.shape) for v in values)
        said = "".join(f", {k}={v!r:.60}" for k, v in parameters.items() if v is not self.defaults.get(k))
        kind = DtypeError if isinstance(error, TypeError) else ShapeError
        if any(v.dtype.kind not in "buif" for v in values):
            kind, shapes = DtypeError, " and ".join(str(v.dtype) for v in values)
        expected = f" It expects {self.expects}." if self.expects else ""
        return kind(f"{self.name} cannot take {shapes}{said}.{expected} NumPy says: {error}{here()}")


class Unary(Operation):
    """An operation of one array: the same, without loops, and without sorting arguments where there are no others."""

    def direct(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """A function that records a call on one tensor at once, and leaves every other call to `otherwise`."""
        if not self.simple:
            return otherwise
        kernel, record = self.value, self.record

        def call(x: Any, /, *more: Any, **keywords: Any) -> Any:
            if type(x) is not Tensor or more or keywords:
                if more or keywords or not isinstance(x, Tensor):
                    bare = type(x) is ndarray and not more and not keywords
                    return kernel(x) if bare else otherwise(x, *more, **keywords)
                x = x.record
            try:
                value = kernel(x._value)
            except (ValueError, TypeError) as error:
                raise self._refusal([x._value], NOTHING, error) from error
            return record(value, (x,), NOTHING, x.requires_grad)

        return call

    def pull(self, node: Tensor, adjoint: Array) -> Sequence[Any]:
        """As of every operation, without loops."""
        rule, (x,) = self.vjp[0], node.inputs
        if self.simple:
            return (rule(adjoint, node._value, x._value),)
        return (rule(adjoint, node._value, x._value, **node.parameters),)


class Binary(Operation):
    """An operation of two arrays."""

    def direct(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """A function that records a call on two tensors at once, and leaves every other call to `otherwise`."""
        if self.partly or not self.simple:
            return otherwise
        kernel, record = self.value, self.record

        def call(a: Any, b: Any, /, *more: Any, **keywords: Any) -> Any:
            if type(a) is not Tensor or type(b) is not Tensor or more or keywords:
                if more or keywords or not isinstance(a, Tensor) or not isinstance(b, Tensor):
                    return otherwise(a, b, *more, **keywords)
                a, b = a.record, b.record
            try:
                value = kernel(a._value, b._value)
            except (ValueError, TypeError) as error:
                raise self._refusal([a._value, b._value], NOTHING, error) from error
            return record(value, (a, b), NOTHING, a.requires_grad or b.requires_grad)

        return call

    def pull(self, node: Tensor, adjoint: Array) -> Sequence[Any]:
        """As of every operation, without loops."""
        (a, b), (left, right) = node.inputs, self.vjp
        y, u, v = node._value, a._value, b._value
        if self.simple:
            return (
                left(adjoint, y, u, v) if a.requires_grad and left else None,
                right(adjoint, y, u, v) if b.requires_grad and right else None,
            )
        return (
            left(adjoint, y, u, v, **node.parameters) if a.requires_grad and left else None,
            right(adjoint, y, u, v, **node.parameters) if b.requires_grad and right else None,
        )


class _ByPosition:
    """The rules of an operation with any number of inputs: one function that is told which input is meant."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, position: int) -> Rule:
        return partial(self.rule, position)


def operation(
    bare: Any = None,
    /,
    *,
    vjp: Sequence[Rule | None] | Rule | None = (),
    meaning: Callable[..., Any] | None = None,
    numpy: Any = (),
    source: Form | str | None = None,
    latex: Form | str | None = None,
    text: Form | str | None = None,
    expects: str = "",
    kernel: Callable[..., Any] | None = None,
    adds: bool = False,
    cuts: bool = False,
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare a differentiable operation: the decorated function is its value rule, in NumPy.

    Inputs are the function's positional-only arguments (or ``*arrays``); the others are
    parameters, fixed when it is recorded.

    Parameters
    ----------
    vjp : sequence of callables, or callable, or None
        For each input, ``(g, y, *inputs, **parameters)`` to the adjoint of that input, given the
        adjoint `g` of the result `y`; written with operators and this package's operations. None for an
        input (or for all) without derivative. With ``*arrays``, one function whose first argument is the
        input's position. Broadcasting need not be undone: the sweep does it.
    meaning : callable, optional
        ``(algebra, *arrays, **parameters)`` to the value over arrays of exact scalars, with the
        algebra's functions (``algebra.exp`` …, see `autograd_seq.algebra.each`). The value rule itself if
        not given, which does for everything made of + - * / and rearrangement.
    numpy : function or tuple of functions
        NumPy's functions that record this operation when they meet a tensor.
    source, latex, text : Form or str
        How it is written; a string names a function. ``np.NAME(...)``, ``NAME(...)`` if not given.
    expects : str
        What it demands of its inputs, for error messages.
    kernel : callable, optional
        A faster function with the same values as the decorated one, such as the ufunc itself.
    adds : bool
        Whether the result is the sum of the inputs; readings may then take the sum apart.
    cuts : bool
        Whether the result counts as a constant on purpose, although it changes with the inputs;
        only without `vjp`. What has no `vjp` otherwise must be constant wherever it has a derivative.

    Returns
    -------
    callable
        A decorator that makes an `Operation` of the value rule.

    Raises
    ------
    UsageError
        Without `vjp`, or as ``@operation`` without parentheses.

    Examples
    --------
    A user's own operation, Swish, differentiable, provable and printable from here on:

    >>> import numpy as np
    >>> from autograd_seq import Tensor, each, operation, sigmoid
    >>> @operation(vjp=[lambda g, y, x: g * (y + sigmoid(x) * (1 - y))],
    ...            meaning=lambda algebra, x: x * each(algebra.sigmoid, x))
    ... def swish(x, /):
    ...     return x / (1 + np.exp(-x))
    >>> x = Tensor([0.0, 1.0], requires_grad=True)
    >>> swish(x).sum().backward()
    >>> x.grad.round(4)
    array([0.5   , 0.9277])
    """
    if bare is not None or vjp == ():
        what = "@operation needs" if bare is None else "@operation stands alone; it needs"
        raise UsageError(
            f"{what} parentheses with a rule for each input: @operation(vjp=[lambda g, y, x: g * ...]), or vjp=None "
            f"for what has no derivative{here()}"
        )

    def declare(value: Callable[..., Any]) -> Operation:
        kinds = [p.kind for p in inspect.signature(value).parameters.values()]
        several = inspect.Parameter.VAR_POSITIONAL in kinds
        inputs = kinds.count(inspect.Parameter.POSITIONAL_ONLY)
        made = Operation if several else {1: Unary, 2: Binary}.get(inputs, Operation)
        return made(value, vjp, meaning, numpy, source, latex, text, expects, kernel, adds, cuts)

    return declare


def lift(inputs: Sequence[Any]) -> tuple[Tensor, ...] | None:
    """The records of an operation's inputs; None if there is no tensor among them."""
    for x in inputs:
        if type(x) is not Tensor:
            break
    else:
        return tuple(inputs) or None
    records: list[Any] = []
    tensors: list[Tensor] = []
    for x in inputs:
        if isinstance(x, Tensor):
            x = x.record
            tensors.append(x)
        records.append(x)
    if not tensors:
        return None
    for i, x in enumerate(records):
        if type(x) is not Tensor:
            records[i] = _constant(x, tensors)
            tensors.append(records[i])
    return tuple(records)


def _constant(value: Any, tensors: list[Tensor]) -> Tensor:
    """A leaf for what met `tensors`; Python numbers, and lists of them, take the dtype of the floats there."""
    if isinstance(value, (np.ndarray, np.generic)):
        return Tensor(value)
    first = tensors[0].dtype
    if len(tensors) > 1 or first.kind != "f":
        first = np.result_type(*(x._value for x in tensors), *((value,) if type(value) in (int, float, bool) else ()))
    return Tensor(value, dtype=first if first.kind == "f" or type(value) in (int, float, bool) else None)


def settled(setting: Tensor) -> Any:
    """A tensor used as a setting (an index, a limit): its value, noted as a decision on data."""
    if setting.requires_grad:
        raise GraphLostError(
            f"{setting.label} has a gradient, which would be lost where it is used as a setting (an index, an axis, "
            "a limit). Write .item() or .value to use its number on purpose; for limits, "
            f"np.minimum(np.maximum(x, low), high){here()}"
        )
    protocols.note_branch(setting)
    return setting._value.item() if not setting.ndim else setting._value
