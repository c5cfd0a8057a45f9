"""Operation: everything there is to know of one differentiable operation, declared in one place.

Its value rule is NumPy; its VJP rules are written in the engine's own operations, so
that they run on bare arrays at full speed and on tensors as a recording. What a reading
needs, the meaning in exact scalars and the forms in each language, stands beside them, and
so do the traits, by which others know what kind of operation it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from operator import attrgetter
from sys import _getframe
from typing import Any, ClassVar, Final
from weakref import WeakSet

import numpy as np
from numpy import ndarray

from autograd_seq.core import errors, scope
from autograd_seq.core.array import computed
from autograd_seq.core.notation import Form, forms
from autograd_seq.core.program_arguments import as_leaf
from autograd_seq.core.program_names import ALL, PASSES, located, table_of
from autograd_seq.core.record import NOTHING, Record, next_index
from autograd_seq.core.traits import Traits

_new = object.__new__  # looked up once, not at every operation
_value: Final = attrgetter("_value")

# A function of NumPy's (or an operator, or a method of its arrays) to what stands for it when it meets a tensor.
BY_NUMPY: dict[Any, Any] = {}
DECLARED: WeakSet[Operation] = WeakSet()


class Operation(Traits):
    """One differentiable operation; made with the decorator `operation`, which says what the arguments are.

    Calling it on tensors records; calling it on plain arrays just computes. Its traits are attributes too.

    Attributes
    ----------
    name : str
        Its name in tables and messages.
    value : callable
        ``value(*arrays, **settings) -> array``, in NumPy.
    vjp : sequence of callables, or None
        For each input a rule ``(g, y, *inputs, **settings) -> adjoint of that input``; None where there
        is no derivative.
    meaning : callable
        ``meaning(algebra, *arrays, **settings) -> array``: the value rule over arrays of exact scalars.
    forms : dict
        `Form` by language: ``"source"``, ``"latex"``, ``"text"``, and ``"formula"``, which is what
        `check_formula` reads: as in source, unless given.
    """

    # Finds a quicker function for the most usual calls; `shortcuts` sets it, and nothing depends on it.
    shorten: ClassVar[Callable[[Operation], None]] = lambda operation: None
    way: tuple[int, Any, Any]  # back through it, for `quick_sweep`
    reads: tuple[bool, ...]  # whether its rules look at its result and at each input, likewise

    def __init__(
        self,
        value: Callable[..., Any],
        *,
        vjp: Sequence[Callable[..., Any] | None] | Callable[..., Any] | None,
        meaning: Callable[..., Any] | None = None,
        numpy: Any = (),
        source: Form | str | None = None,
        latex: Form | str | None = None,
        text: Form | str | None = None,
        formula: Form | str | None = None,
        kernel: Callable[..., Any] | None = None,
        pulled: Callable[..., Any] | None = None,
        **traits: Any,
    ) -> None:
        one_by_one = isinstance(kernel, np.ufunc) and kernel.signature is None
        super().__init__(**{"elementwise": one_by_one, **traits})
        update_wrapper(self, value)
        self.name: str = value.__name__.rstrip("_")
        signature = inspect.signature(value).parameters.values()
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in signature)
        self.arity = sum(p.kind is p.POSITIONAL_ONLY for p in signature)
        self.keywords = tuple(p.name for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        self.defaults = {p.name: p.default for p in signature if p.default is not p.empty}
        self.value = kernel or value
        self.vjp, self.pulled = self._rules(vjp), pulled
        self.partly = isinstance(vjp, (list, tuple)) and None in vjp
        self.differentiable = vjp is not None and (not self.partly or any(rule is not None for rule in self.vjp))
        self.meaning = meaning or (lambda algebra, *arrays, **settings: value(*arrays, **settings))
        self.forms = forms(self.name, self.defaults, self.variadic, source, latex, text, formula)
        self.call: Callable[..., Any] = self.general
        self.quick, self.just = self.general, -1  # what is called with just so many inputs and nothing else
        DECLARED.add(self)
        Operation.shorten(self)
        BY_NUMPY.update(dict.fromkeys(numpy if isinstance(numpy, tuple) else (numpy,), self))

    def _rules(self, vjp: Any) -> Any:
        """The rules, if there is one for each input."""
        if vjp is None or (self.variadic and isinstance(vjp, Shared)):
            return vjp
        if self.variadic and callable(vjp):
            return Shared(lambda *arguments, **settings: lambda position: vjp(position, *arguments, **settings))
        listed = isinstance(vjp, (list, tuple)) and all(rule is None or callable(rule) for rule in vjp)
        if listed and not self.variadic and len(vjp) == self.arity:
            return vjp
        raise errors.wrong_rules(self.name, self.arity, self.variadic, vjp)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        """Record the operation on tensors, or compute it on plain arrays."""
        return self.call(*inputs, **settings) if settings or len(inputs) != self.just else self.quick(*inputs)

    def general(self, *inputs: Any, **settings: Any) -> Any:
        """What a call does, whatever it is given; `call` may know a shorter way to the same record."""
        inputs, settings = self._sorted(inputs, settings)
        written = self.rearranges and isinstance(inputs[0], Record)
        if written and (seen := inputs[0].rearranged(self, settings)) is not None:
            return seen
        if (records := lift(inputs)) is None:
            return self.value(*inputs, **settings)
        values = [*map(_value, records)]
        try:
            value = self.value(*values, **settings)
        except FloatingPointError:
            value = computed(self.value, values, settings)
        except (ValueError, TypeError, IndexError) as error:
            raise errors.refused(self, values, settings, error) from error
        return self.record(value, records, settings, self._wanted(records))

    def _sorted(self, inputs: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """A call's arguments as inputs and settings, as the value rule's signature declares them."""
        count = 1 if self.variadic else self.arity
        if not count <= len(inputs) <= count + len(self.keywords):
            raise errors.wrong_number(self, len(inputs))
        settings = self.defaults | dict(zip(self.keywords, inputs[count:], strict=False)) | given
        if len(settings) != len(self.keywords) or not settings.keys() >= given.keys() <= set(self.keywords):
            raise errors.wrong_settings(self, given, settings)
        settings = {key: settled(x) if isinstance(x, Record) else x for key, x in settings.items()}
        return tuple(inputs[0]) if self.variadic else inputs[:count], settings

    def _wanted(self, records: Sequence[Record]) -> bool:
        """Whether a derivative passes through to any of the inputs."""
        return any(x.requires_grad and not (self.partly and self.vjp[i] is None) for i, x in enumerate(records))

    def record(self, value: Any, inputs: tuple[Any, ...], settings: dict[str, Any], requires_grad: bool) -> Any:
        """The record of one use: what was made, from what, where in the network and in the user's program."""
        y: Any = _new(Record.held)  # slot by slot: half the cost of an __init__, and every operation pays it
        y._kept = value if type(value) is ndarray else np.asarray(value)
        y.operation, y.inputs, y.settings = self, inputs, settings
        y.requires_grad = requires_grad and self.differentiable
        y._name = y._gradient = y._origin = None
        y.scope, y.index = (here := scope.now()), next_index()
        frame: Any = _getframe(2)
        while (returned := table_of(id(code := frame.f_code), ALL)) is PASSES:
            frame = frame.f_back
        y._code, y._offset = code, frame.f_lasti
        if y._offset in returned:
            y._code, y._offset, y._origin = located(frame)
        if not here.recording:
            unrecorded(y)
        return y

    def pull(self, node: Record, adjoint: Any) -> Sequence[Any]:
        """What the adjoint of a record gives to each of its inputs, in bare arrays; None where nothing."""
        rule_of = self.prepared(adjoint, node._value, [*map(_value, node.inputs)], node.settings)
        return [rule_of(i) if x.requires_grad else None for i, x in enumerate(node.inputs)]

    def prepared(self, g: Any, y: Any, inputs: Sequence[Any], settings: dict[str, Any]) -> Callable[[int], Any]:
        """What gives the adjoint of the input at a position; what the inputs share is done once."""
        if isinstance(self.vjp, Shared):
            return self.vjp.prepare(g, y, *inputs, **settings)
        return lambda i: None if (rule := self.vjp[i]) is None else rule(g, y, *inputs, **settings)


def unrecorded(y: Any) -> None:
    """Make a constant of a record that was made inside `no_grad`."""
    for x in y.inputs:
        scope.note_read(x)
    y.operation, y.inputs, y.settings, y.requires_grad, y._gradient = None, (), NOTHING, False, [None]


class Shared:
    """Rules for any number of inputs that share their work: ``(g, y, *inputs) -> (position -> adjoint)``.

    A rule that is told its position is handed all inputs for each of them, which is n² for n; this one once.
    """

    def __init__(self, prepare: Callable[..., Callable[[int], Any]]) -> None:
        self.prepare = prepare

    def __getitem__(self, position: int) -> Callable[..., Any]:
        return lambda *arguments, **settings: self.prepare(*arguments, **settings)(position)


def operation(bare: Any = None, /, **declaration: Any) -> Callable[[Callable[..., Any]], Operation]:
    """Declare a differentiable operation: the decorated function is its value rule, in NumPy.

    Inputs are the function's positional-only arguments (or ``*arrays``); the others are
    settings, fixed when it is recorded.

    Parameters
    ----------
    vjp : sequence of callables, or callable, or None
        For each input, ``(g, y, *inputs, **settings)`` to the adjoint of that input, given the
        adjoint `g` of the result `y`; written with operators and this package's operations. None for an
        input (or for all) without derivative. With ``*arrays``, one function whose first argument is the
        input's position; or `Shared`, for as many inputs as there may be. Broadcasting need not be undone:
        the sweep does it.
    meaning : callable, optional
        ``(algebra, *arrays, **settings)`` to the value over arrays of exact scalars, with the
        algebra's functions (``algebra.exp`` …, see `autograd_seq.each`). The value rule itself if
        not given, which does for everything made of + - * / and rearrangement.
    numpy : function or tuple of functions
        NumPy's functions that record this operation when they meet a tensor.
    source, latex, text : Form or str
        How it is written; a string names a function. ``np.NAME(...)``, ``NAME(...)`` if not given.
    expects : str
        What it demands of its inputs, for error messages.
    kernel : callable, optional
        A faster function with the same values as the decorated one, such as the ufunc itself.
    pulled : callable, optional
        The same of the rule of an operation with one input: ``(g, y, x)`` to its adjoint, in bare arrays.
    adds : bool
        Whether the result is the sum of the inputs; readings may then take the sum apart.
    cuts : bool
        Whether the result counts as a constant on purpose, although it changes with the inputs;
        only without `vjp`. What has no `vjp` otherwise must be constant wherever it has a derivative.
    rearranges : bool
        Whether the result shows the input's own elements in other places, as a transpose does: of an array that
        is written into, it is then a view.
    elementwise : bool
        Whether each element of the result depends only on the elements at the same place, broadcasting
        aside: it can be computed for many steps at once. A `kernel` that is a ufunc says so itself.
    along : bool
        Whether it works along the axes that its setting ``axis`` names, at each place beside them alone.
    reduces : numpy.ufunc
        Of what reduces axes, the ufunc of two elements that it repeats: ``np.add`` of a sum.
    averages : bool
        Whether it is the sum over axes, divided by how many elements were added.
    activation : bool
        Whether it is a function of one array that a layer applies to what it has added up. In a backward
        pass that was written by hand, its derivative may be forgotten, or taken at another place.
    positive : bool
        Whether it is meant for numbers above 0 only, and its value elsewhere is not part of its meaning.
    algebra : str
        What it is in algebra, so that others can calculate with it and know its mistakes: ``"sum"``,
        ``"difference"``, ``"negative"``, ``"product"``, ``"quotient"``, ``"exponential"``, ``"matrix product"``,
        ``"transpose"``, ``"part"``, ``"joined"``, ``"stacked"``.
    element : str
        How one element is written where a loop over elements is compiled, such as ``"np.abs({0})"``:
        `{0}` … are numbers, settings stand there by name.
    longhand : sequence of callables
        How a program writes it that does not have it: functions of the same arguments, in NumPy's functions
        or this package's operations. The first is what a plan takes apart, where the whole cannot be
        compiled or its parts are better placed; by each of them a written out activation is recognised.

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
    A user's own operation, Swish, from here on differentiable, provable, printable, and as fast and as well
    diagnosed as any other:

    >>> import numpy as np
    >>> from autograd_seq import Tensor, each, operation, sigmoid
    >>> @operation(vjp=[lambda g, y, x: g * (y + sigmoid(x) * (1 - y))],
    ...            meaning=lambda algebra, x: x * each(algebra.sigmoid, x),
    ...            activation=True, elementwise=True, longhand=[lambda x: x * sigmoid(x)])
    ... def swish(x, /):
    ...     return x / (1 + np.exp(-x))
    >>> x = Tensor([0.0, 1.0], requires_grad=True)
    >>> swish(x).sum().backward()
    >>> x.grad.round(4)
    array([0.5   , 0.9277])
    """
    if bare is not None or declaration.get("vjp", ()) == ():
        raise errors.without_rules(bare)
    return lambda value: Operation(value, **declaration)


def lift(inputs: Sequence[Any]) -> tuple[Any, ...] | None:
    """The records of an operation's inputs; None if there is no tensor among them."""
    records = [x.record if isinstance(x, Record) else x for x in inputs]
    tensors = [x for x in records if isinstance(x, Record)]
    if not tensors:
        return None
    for i, x in enumerate(records):
        if not isinstance(x, Record):
            records[i] = as_leaf(Record.held, x, tensors, i, len(records))
            tensors.append(records[i])
    return tuple(records)


def settled(setting: Record) -> Any:
    """A tensor used as a setting (an index, a limit): its value, noted as a decision on data."""
    if setting.requires_grad:
        raise errors.lost_as_setting(setting)
    scope.note_branch(setting)
    return setting._value.item() if not setting.ndim else setting._value
