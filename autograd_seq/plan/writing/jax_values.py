"""Values of a plan in JAX's words: those of every step for all steps at once, those of one step, and single ones.

Arrays of every time step have time as their first axis. Where weights stand on the left, ``W @ a``, as in the notes,
matrices of every step are stored with their rows as columns, ``a.T``: then ``a.T @ W.T`` of all steps is one product
of arrays as they lie in memory, and so is each gradient. *Stored* means this below, *natural* what a value is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count as count_from
from typing import Any

import numpy as np

from autograd_seq.core.notation import literal
from autograd_seq.core.operation import Operation
from autograd_seq.plan.anysize.counted import Counted
from autograd_seq.plan.anysize.filled_arrays import Filled
from autograd_seq.plan.anysize.ratio import Ratio
from autograd_seq.plan.anysize.stretch import count, stretch
from autograd_seq.plan.rewrites.lifting import axis_of, elementwise
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.value import (
    AFFINE,
    ALL_STEPS,
    COLUMNS,
    COLUMNS_OVER_TIME,
    CONCAT,
    LITERAL,
    MATMUL,
    ONES,
    OUTER_OVER_TIME,
    OVER_TIME,
    PRODUCT,
    ROWS,
    SCALES,
    STEPS,
    SUM,
    TRANSPOSE,
    Network,
    Use,
    Value,
)
from autograd_seq.plan.writing.jax_counted import (
    Called,
    NotInWordsError,
    added_at_once,
    read_at_once,
    step_by_step,
)
from autograd_seq.plan.writing.jax_counted import step as in_one_step
from autograd_seq.plan.writing.jax_words import expression, in_jax, inside, lacks, plain

OVER_TIME_ON_A_CPU = '''\
def over_time(D, X):
    """The sum of D[t].T @ X[t]: one product, whose narrower factor is turned in memory, since that costs less."""
    D, X = D.reshape(-1, D.shape[-1]), X.reshape(-1, X.shape[-1])
    if D.shape[1] > X.shape[1]:
        return lax.optimization_barrier(lax.optimization_barrier(X.T) @ D).T
    return lax.optimization_barrier(D.T) @ X
'''
PUT_BACK_AT_ONCE = '''\
def put_back_at_once(pieces, where, shape):
    """The pieces of all steps, added into an array of zeros where each stood."""
    result = jnp.zeros(shape, pieces.dtype).reshape(-1)
    return result.at[where.reshape(-1)].add(pieces.reshape(-1)).reshape(shape)
'''


class JaxValues:
    """The texts of values.

    Parameters
    ----------
    network : Network
    names : dict of Value to str
    dtype : str, optional
        What is computed in, if that is not what was recorded.
    laid_out : function, optional
        From the text of a matrix that is single and has its rows as columns to its name where it is laid out in memory.

    Attributes
    ----------
    rows : dict of Value to steps
        The steps at which each value is there: its own, and those beyond that are read.
    helpers : dict of str to None
        The functions that texts call.
    added : dict of Value to (index, int)
        What is nothing but a part of a sum over all steps, which is made at once: where each step's is, and which axis
        of what is there is time.
    """

    def __init__(
        self, network: Network, names: Mapping[Value, str], dtype: Any = None,
        laid_out: Callable[[str], str] | None = None,
    ) -> None:  # fmt: skip
        self.names, self.dtype, self.laid_out = names, dtype, laid_out
        self.rows: dict[Value, Any] = {}
        self.helpers: dict[str, None] = {}
        self._extents(network)
        self._weights_on_the_left = _weights_on_the_left(network)
        self._named = set(names.values())
        self.added = _added(network)

    def _extents(self, network: Network) -> None:
        for value in network.values:
            if value.times is not None:
                self.rows[value] = value.times
        for user, use in network.all_uses():
            steps = None if user is None else user.times or user.settings.get("times")
            if use.value.times is None or steps is None or use.at is not None:
                continue
            have, first, last = self.rows[use.value], steps[0] + use.shift, steps[-1] + use.shift
            self.rows[use.value] = stretch(min(have[0], first), max(have[-1], last) + 1)

    def turned(self, value: Value) -> bool:
        """Whether a value is stored with its rows as columns."""
        return self._weights_on_the_left and value.times is not None and len(value.shape) == 2

    def shape(self, value: Value) -> str:
        """The shape of a value of every step at one step, as it is stored."""
        return shape(value.shape[::-1] if self.turned(value) else value.shape)

    def dtype_of(self, dtype: Any) -> str:
        """A dtype, or what it is computed in instead."""
        changed = self.dtype is not None and np.dtype(dtype).kind == "f"
        return f"jnp.{self.dtype if changed else np.dtype(dtype).name}"

    # -- operands -------------------------------------------------------------------------------

    def single(self, use: Use) -> str:
        """An operand outside of loops, natural."""
        value = use.value
        if value.kind is LITERAL:
            return _number(value)
        if value.times is not None:
            row = f"{self.names[value]}[{use.at - self.rows[value][0]}]"
            return f"{row}.T" if self.turned(value) else row
        return self.names[value]

    def row(self, value: Value, time: int) -> str:
        """What stands at a step at which a value is not computed, as it is stored."""
        use = value.beyond.get(time)
        if use is None:
            return f"jnp.zeros({self.shape(value)}, {self.dtype_of(value.dtype)})"
        if use.value.kind is LITERAL:
            return f"jnp.full({self.shape(value)}, {_number(use.value)}, {self.dtype_of(value.dtype)})"
        return _turn(self.single(use)) if self.turned(value) else self.single(use)

    def view(self, value: Value, times: Any) -> str:
        """A value at some steps, as it is stored."""
        have = self.rows[value]
        if times == have:
            return self.names[value]
        start, stop = times[0] - have[0], times[-1] + 1 - have[0]
        return f"{self.names[value]}[{start}:{stop}]"

    def _views(self, value: Value) -> list[str]:
        """The operands of a value of every step: stored at its steps; natural, if they are single."""
        assert value.times is not None
        return [
            self.view(u.value, stretch(value.times[0] + u.shift, value.times[-1] + 1 + u.shift)) if u.value.timed
            else self.single(u) for u in value.uses
        ]  # fmt: skip

    def _broadcast(self, use: Use, text: str, value: Value, time: int) -> str:
        """An operand as it broadcasts against others; time is the number of axes before those of a step."""
        x, turned = use.value, self.turned(value)
        if x.kind is LITERAL:
            return text
        if self.turned(x) and not turned:
            text = _natural(text, time)
        missing = len(value.shape) - len(x.shape)
        if not x.timed and turned:
            return _turn(text) if len(x.shape) == 2 else f"{text}[:, None]" if x.shape else text
        if not x.timed or missing <= 0:
            return text
        if turned:  # what has fewer axes belongs to the columns, which come before the rows here
            axes = [":"] * (time + len(x.shape)) + ["None"] * missing
            return f"{text}[{', '.join(axes)}]" if time or x.shape else text
        return f"{text}[:{', None' * missing}]" if time else text

    def _turned_text(self, use: Use, text: str) -> str:
        """An operand with its rows as columns: as it is stored, if it is stored so."""
        return text if self.turned(use.value) else _turn(text)

    def _factor(self, use: Use, text: str) -> str:
        """The factor on the right of a product, with its rows as columns."""
        turned = self._turned_text(use, text)
        single = not use.value.timed and use.value.kind is not LITERAL
        return self.laid_out(turned) if self.laid_out and single and turned.endswith(".T") else turned

    # -- all steps at once ----------------------------------------------------------------------

    def whole(self, value: Value) -> str:
        """A value of every step, for all steps at once."""
        kind, turned = value.kind, self.turned(value)
        if kind is STEPS:
            name = self.names[value]
            return f"jnp.transpose({name})" if turned else f"jnp.moveaxis({name}, -1, 0)"
        if kind is ONES:
            return f"jnp.ones({self._all(value)}, {self.dtype_of(value.dtype)})"
        texts = self._views(value)
        if value.uses and not any(use.value.timed for use in value.uses) and not counts(value.settings):
            once = self.once(value, texts)
            return f"jnp.broadcast_to({_turn(f'({once})') if turned else once}, {self._all(value)})"
        if kind is ROWS:
            start, stop = value.settings["rows"]
            return f"{texts[0]}[:, :, {start}:{stop}]" if turned else f"{texts[0]}[:, {start}:{stop}]"
        if kind is MATMUL:
            return self._products(value, texts)
        if kind is CONCAT:
            parts = [self._repeated(use, text, value) for use, text in zip(value.uses, texts)]
            return f"jnp.concatenate([{', '.join(parts)}], axis={2 if turned else 1})"
        if kind is TRANSPOSE:
            return f"{texts[0]}.swapaxes(1, 2)"
        if kind in (SUM, PRODUCT) or elementwise(kind):
            texts = [self._broadcast(use, text, value, 1) for use, text in zip(value.uses, texts)]
            text = self._by_element(value, texts)
            alike = any(use.value.timed and use.value.shape == value.shape for use in value.uses)
            return text if alike else f"jnp.broadcast_to({text}, {self._all(value)})"
        assert isinstance(kind, Operation)
        if counts(value.settings):
            return self._counted(value, texts)
        return self._mapped(value, kind, texts)

    def _all(self, value: Value) -> str:
        """The shape of a value at all steps, as it is stored."""
        one = value.shape[::-1] if self.turned(value) else value.shape
        return shape((count(value.times), *one))

    def _repeated(self, use: Use, text: str, value: Value) -> str:
        """An operand of what is put together; a single one stands at every step."""
        if use.value.timed:
            return text
        one, turned = use.value.shape, self.turned(value)
        text = _turn(text) if turned else text
        return f"jnp.broadcast_to({text}, {shape((count(value.times), *(one[::-1] if turned else one)))})"

    def _products(self, value: Value, texts: Sequence[str]) -> str:
        left, right = value.uses
        if self.turned(value):
            return f"{self._turned_text(right, texts[1])} @ {self._factor(left, texts[0])}"
        if not left.value.timed and right.value.timed:
            return f'jnp.einsum("ij,tjm->tim", {texts[0]}, {texts[1]})'
        return f"{texts[0]} @ {texts[1]}"

    def _by_element(self, value: Value, texts: Sequence[str]) -> str:
        kind = value.kind
        if kind is AFFINE:
            return f"0.5 + 0.5 * {texts[0]}"
        if kind in (SUM, PRODUCT):
            return (" + " if kind is SUM else " * ").join(texts)
        assert isinstance(kind, Operation)
        return expression(kind, texts, value.settings, self.helpers)

    def _counted(self, value: Value, views: Sequence[str]) -> str:
        """What has other settings at each step, at all of them."""
        if value.uses and (read := read_at_once(value, views[0])) is not None:
            text, axis = read
            if self.turned(value):
                others = [other for other in (2, 1, 0) if other != axis]
                return f"jnp.transpose({text}{'' if axis == 2 else f', {(axis, *others)}'})"
            return f"jnp.moveaxis({text}, {axis}, 0)" if axis else text
        texts, timed = self._by_step(value, views)
        text = step_by_step(value, texts, timed, self.helpers)
        return _natural(text, 1) if self.turned(value) else text

    def _by_step(self, value: Value, views: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """Operands at one step, natural, and by the words for those of every step what they are at all steps."""
        words: dict[Any, str] = {}
        timed: dict[str, str] = {}
        for use, view in zip(value.uses, views):
            if use.value.timed and use.key not in words:
                words[use.key] = word = next(w for i in count_from(len(words)) if (w := f"x{i}") not in self._named)
                timed[word] = _natural(view, 1) if self.turned(use.value) else view
        return [words.get(use.key, view) for use, view in zip(value.uses, views)], timed

    def _mapped(self, value: Value, kind: Operation, views: Sequence[str]) -> str:
        """An operation of one step, at every step."""
        ndim = len(value.uses[0].value.shape) if value.uses else 0
        axes = axis_of(kind, value.settings, ndim)
        whole = all(len(use.value.shape) == ndim and use.value.timed for use in value.uses)
        alike = ndim == len(value.shape) or len(value.shape) != 2  # what comes out is stored as what goes in
        if axes is not None and whole and alike:
            if value.uses and self.turned(value.uses[0].value):
                axes = tuple(3 - a for a in axes) if isinstance(axes, tuple) else 3 - axes
            return expression(kind, views, {**value.settings, "axis": axes}, self.helpers)
        texts, timed = self._by_step(value, views)
        if kind.algebra == "looked up" and len(texts) == 2 and [*timed] == texts[1:]:  # one array of integers
            read = expression(kind, [texts[0], *timed.values()], value.settings, self.helpers)
            text = _steps_first(read, value.settings["at"])
        else:
            inner = expression(kind, texts, value.settings, self.helpers)
            text = f"jax.vmap(lambda {', '.join(timed)}: {inner})({', '.join(timed.values())})"
        return _natural(text, 1) if self.turned(value) else text

    # -- one step -------------------------------------------------------------------------------

    def step(self, value: Value, texts: Sequence[str], times: Any, called: Called) -> str:
        """A value at one of some steps of a loop, as it is stored; operands are stored too, single ones natural."""
        kind, uses = value.kind, value.uses
        if counts(value.settings):
            return self._counted_step(value, texts, times, called)
        if not self._weights_on_the_left:
            return self.once(value, texts)
        turned = [self._turned_text(use, text) for use, text in zip(uses, texts)] if self.turned(value) else []
        if kind in (SUM, PRODUCT) or elementwise(kind):
            texts = [self._broadcast(use, text, value, 0) for use, text in zip(uses, texts)]
            return self._by_element(value, texts)
        if kind is MATMUL and turned:
            return f"{turned[1]} @ {self._factor(uses[0], texts[0])}"
        if kind is TRANSPOSE and turned:
            return _turn(turned[0])
        if kind is CONCAT and turned:
            return f"jnp.concatenate([{', '.join(turned)}], axis={1 - _axis(value) % 2})"
        if kind in (ROWS, COLUMNS) and turned:
            return f"{turned[0]}[{':, ' * (kind is ROWS)}{_slice(value.settings[str(kind)])}]"
        axis = axis_of(kind, value.settings, 2) if isinstance(kind, Operation) else None
        if axis is not None and turned and all(self.turned(use.value) for use in uses):
            axis = tuple(2 - a for a in axis) if isinstance(axis, tuple) else 2 - axis
            return self.once(value, texts, axis)
        natural = [_natural(text, 0) if self.turned(use.value) else text for use, text in zip(uses, texts)]
        text = self.once(value, natural)
        return _natural(f"({text})", 0) if self.turned(value) else text

    def _counted_step(self, value: Value, texts: Sequence[str], times: Any, called: Called) -> str:
        """What has other settings at each step, at one of some steps of a loop."""
        natural = [_natural(text, 0) if self.turned(use.value) else text for use, text in zip(value.uses, texts)]
        try:
            text = in_one_step(value, natural, times, called, self.helpers)
        except NotInWordsError:
            raise lacks(value.kind, "its settings are others at each step") from None
        return _natural(f"({text})", 0) if self.turned(value) else text

    # -- single values --------------------------------------------------------------------------

    def once(self, value: Value, texts: Sequence[str], axis: Any = None) -> str:
        """A single value, or one at one step, natural; along another axis, if one is given."""
        kind = value.kind
        if kind in (OVER_TIME, COLUMNS_OVER_TIME, OUTER_OVER_TIME):
            return self._over_time(value)
        if value.uses and value.uses[0].value.kind is ALL_STEPS:
            return self._of_all_steps(value)
        if kind is MATMUL:
            return f"{texts[0]} @ {texts[1]}"
        if kind is TRANSPOSE:
            return f"{texts[0]}.T"
        if kind is CONCAT:
            return f"jnp.concatenate([{', '.join(texts)}], axis={_axis(value)})"
        if kind is ROWS:
            return f"{texts[0]}[{_slice(value.settings['rows'])}]"
        if kind is COLUMNS:
            return f"{texts[0]}[:, {_slice(value.settings['columns'])}]"
        if kind is SCALES:
            numbers, rows = value.settings["numbers"], value.settings["rows"]
            array = f"jnp.array({literal(numbers)}, {self.dtype_of(value.dtype)})"
            return f"jnp.repeat({array}, jnp.array({literal(rows)}), total_repeat_length={sum(rows)})[:, None]"
        if kind in (SUM, PRODUCT) or elementwise(kind):
            return self._by_element(value, texts)
        assert isinstance(kind, Operation)
        settings = value.settings if axis is None else {**value.settings, "axis": axis}
        return expression(kind, texts, settings, self.helpers)

    def constant(self, filled: Filled) -> str:
        """An array of one number, or of numbers that count with the step."""
        if isinstance(filled, Counted):
            return f"({filled.text('jnp')}).astype({self.dtype_of(filled.dtype)})"
        return f"jnp.full({shape(filled.shape)}, {literal(filled.number)}, {self.dtype_of(filled.dtype)})"

    def _of_all_steps(self, value: Value) -> str:
        texts = [
            self._all_steps(use.value) if use.value.kind is ALL_STEPS else self.single(use) for use in value.uses
        ]
        if value.is_a("stacked") and len(value.uses) == 1:
            axis = _axis(value)
            return texts[0] if axis == 0 else f"jnp.moveaxis({texts[0]}, 0, {axis})"
        if value.is_a("put back"):
            self.helpers[PUT_BACK_AT_ONCE] = None
            return f"put_back_at_once({texts[0]}, {_where(value, texts[1:])})"
        texts = [f"*{text}" if use.value.kind is ALL_STEPS else text for use, text in zip(value.uses, texts)]
        if value.kind is CONCAT:
            return f"jnp.concatenate([{', '.join(texts)}], axis={_axis(value)})"
        assert isinstance(value.kind, Operation)
        return expression(value.kind, texts, value.settings, self.helpers)

    def _all_steps(self, value: Value) -> str:
        """A value at all its steps, natural."""
        x = value.uses[0].value
        text = self.view(x, x.times)
        return _natural(text, 1) if self.turned(x) else text

    def _over_time(self, value: Value) -> str:
        """A sum over all steps."""
        first = value.uses[0]
        turned = self.turned(first.value)
        times: Any = value.settings.get("times", first.value.times)
        views = [
            self.view(use.value, stretch(times[0] + use.shift, times[-1] + 1 + use.shift)) for use in value.uses
        ]
        if first.value in self.added:
            return self._added_at_once(first.value)
        if value.kind is OVER_TIME:
            return f"{views[0]}.sum(axis=0)" + (".T" if turned else "")
        if value.kind is COLUMNS_OVER_TIME:
            axes = (0, 1) if turned else (0, 2)
            return f"{views[0]}.sum(axis={axes})" + ("[:, None]" if value.settings["keep"] else "")
        if value.settings.get("ones"):
            columns = first.value.shape[1]
            ones = shape((count(times), columns, 1) if turned else (count(times), 1, columns))
            views.append(f"jnp.ones({ones}, {self.dtype_of(value.dtype)})")
        if self.laid_out and turned and len(views) == 2:
            self.helpers[OVER_TIME_ON_A_CPU] = None
            return f"over_time({views[0]}, {views[1]})"
        along = 2 if turned else 1
        right = views[1] if len(views) == 2 else f"jnp.concatenate([{', '.join(views[1:])}], axis={along})"
        return f'jnp.einsum("{"tmi,tmj->ij" if turned else "tim,tjm->ij"}", {views[0]}, {right})'

    def _added_at_once(self, value: Value) -> str:
        """The sum over all steps of what is nothing but in one part of an array at each."""
        index, axis = self.added[value]
        text = self._views(value)[0]
        if self.turned(value.uses[0].value):
            text = f"jnp.transpose({text}, {tuple(_places(axis, (2, 1)))})"
        elif axis:
            text = f"jnp.moveaxis({text}, 0, {axis})"
        zeros = f"jnp.zeros({literal(plain(value.settings['shape'], value.kind))}, {self.dtype_of(value.dtype)})"
        return in_jax(f"{zeros}.at[{inside(index)}].add({text})")


def _added(network: Network) -> dict[Value, tuple[Any, int]]:
    """What nothing but its sum over all steps is made of, if the sum can be made at once."""
    found = {}
    for value, users in network.users().items():
        place = added_at_once(value)
        if place is not None and all(_sums_all(user, use) for user, use in users):
            found[value] = place
    return found


def _sums_all(user: Value | None, use: Use) -> bool:
    if user is None or user.kind is not OVER_TIME or not use.plain:
        return False
    return bool(user.settings.get("times", use.value.times) == use.value.times)


def _weights_on_the_left(network: Network) -> bool:
    """Whether most products of every step have what is the same at every step on the left."""
    votes = 0
    for value in network.values:
        if value.kind is MATMUL and value.timed:
            left, right = (use.value.timed for use in value.uses)
            votes += (right and not left) - (left and not right)
    return votes > 0


def _where(value: Value, integers: Sequence[str]) -> str:
    """The places of what a lookup reads at all steps, in an array laid out in one row, and the shape of that."""
    shape, at = plain(value.settings["shape"], value.kind), value.settings["at"]
    words = iter(range(len(integers)))
    index = ", ".join(f"i{next(words)}" if isinstance(part, str) else inside(part) for part in at)
    arguments = ", ".join(f"i{n}" for n in range(len(integers)))
    places = f"jnp.arange({' * '.join(map(str, shape))}).reshape({literal(shape)})"
    if len(integers) == 1:
        there = ", ".join(integers[0] if isinstance(part, str) else inside(part) for part in at)
        return in_jax(f"{_steps_first(f'{places}[{there}]', at)}, {literal(shape)}")
    return in_jax(f"jax.vmap(lambda {arguments}: {places}[{index}])({', '.join(integers)}), {literal(shape)}")


def _steps_first(read: str, at: Sequence[Any]) -> str:
    """What integers of all steps read at once, with the axis of the steps, which stands where they do, as the first."""
    axis = next(i for i, part in enumerate(at) if isinstance(part, str))
    return f"jnp.moveaxis({read}, {axis}, 0)" if axis else read


def _turn(text: str) -> str:
    """A matrix with its rows as columns."""
    return text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"


def _natural(text: str, time: int) -> str:
    """A stored array as it is naturally, and the other way round."""
    return f"{text}.swapaxes(1, 2)" if time else _turn(text)


def _number(value: Value) -> str:
    number = value.settings["number"]
    text = literal(number).replace("np.", "jnp.")
    return f"({text})" if isinstance(number, Ratio) or text.startswith("-") else text


def _axis(value: Value) -> Any:
    return plain(value.settings.get("axis", 0), value.kind)


def shape(lengths: Sequence[Any]) -> str:
    """The text of a shape."""
    return f"({', '.join(map(str, lengths))}{',' * (len(lengths) == 1)})"


def _places(axis: int, others: Sequence[int]) -> list[int]:
    """Axes with the first one put in at a place."""
    return [*others[:axis], 0, *others[axis:]]


def _slice(ends: tuple[int, int]) -> str:
    return f"{ends[0]}:{ends[1]}"
