"""Writes the values of a plan as a JAX program: scans for what depends on the step before, all steps at once else.

Arrays of every time step have time as their first axis. The program needs nothing but JAX, takes the sizes from its
arguments' shapes, and is traced once for each.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.notation import literal
from autograd_seq.core.operation import Operation
from autograd_seq.folding.step_index import StepIndex
from autograd_seq.plan.anysize.ratio import Ratio
from autograd_seq.plan.anysize.stretch import count, stretch
from autograd_seq.plan.anysize.unify import Filled
from autograd_seq.plan.memory.room import within_step
from autograd_seq.plan.rewrites.lifting import axis_of, elementwise
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.translate import is_all
from autograd_seq.plan.value import (
    AFFINE,
    ALL_STEPS,
    COLUMNS,
    COLUMNS_OVER_TIME,
    CONCAT,
    GIVEN,
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
    carried,
)  # fmt: skip
from autograd_seq.plan.writing.jax_words import expression, lacks, plain
from autograd_seq.plan.writing.segments import Segment, parts

INDENT = "    "
_RESERVED = {"jax", "jnp", "lax", "run", "step", "carry", "now", "t", "UNROLL", "PRECISION"} | set(keyword.kwlist)


class JaxProgram:
    """The JAX program of a network.

    Parameters
    ----------
    network : Network
        What to compute.
    sizes : dict of str to (Value, int)
        By its name, the argument that has a length, and along which axis.
    filled : dict of Value to Filled
        Arrays of one number, which are made by the program and not given.
    dtype : dtype, optional
        What it computes in, if that is not what was recorded.
    precision : str
        Of products, in JAX's words.
    unroll : int
        How many steps of a scan are written out.

    Attributes
    ----------
    text : str
        A module with a function ``run``.
    given : list of Value
        The arguments of ``run``, in order.
    """

    def __init__(
        self,
        network: Network,
        sizes: Mapping[str, tuple[Value, int]],
        filled: Mapping[Value, Filled],
        dtype: Any = None,
        precision: str = "highest",
        unroll: int = 8,
    ) -> None:
        self.network, self.sizes, self.filled = network, sizes, filled
        self.dtype, self.precision, self.unroll = dtype, precision, unroll
        self.values = network.values
        self.given = [v for v in self.values if v.kind in (GIVEN, STEPS) and v not in filled]
        self.taken = _RESERVED | set(sizes)
        self.names: dict[Value, str] = {}
        for value in [*self.given, *self.values]:
            if value.kind is not LITERAL and value not in self.names:
                self.names[value] = self._fresh(value.name)
        self.users = network.users()
        self.rows: dict[Value, Any] = {}
        self._extents()
        self.helpers: dict[str, None] = {}
        self.body: list[str] = []
        for component in network.components():
            self._component(component)
        self.text = self._module()

    @property
    def soon(self) -> str:
        """The same program, compiled soon and run slowly: it is compared with recordings."""
        fast = "@jax.jit\n"
        slow = '@functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": "0"})\n'
        text = self.text.replace(f"UNROLL = {self.unroll} ", "UNROLL = 1 ").replace(fast, slow)
        return text.replace("import jax\n", "import functools\n\nimport jax\n", 1)

    def _fresh(self, word: str) -> str:
        candidate, number = word, 2
        while candidate in self.taken:
            candidate, number = f"{word}_{number}", number + 1
        self.taken.add(candidate)
        return candidate

    def _extents(self) -> None:
        """The steps at which each value is read: its own, and those beyond."""
        for value in self.values:
            if value.times is not None:
                self.rows[value] = value.times
        for user, use in self.network.all_uses():
            steps = None if user is None else user.times or user.settings.get("times")
            if use.value.times is None or steps is None or use.at is not None:
                continue
            have, first, last = self.rows[use.value], steps[0] + use.shift, steps[-1] + use.shift
            self.rows[use.value] = stretch(min(have[0], first), max(have[-1], last) + 1)

    # -- statements -----------------------------------------------------------------------------

    def _component(self, component: list[Value]) -> None:
        value = component[0]
        if carried(component):
            self._loop(component)
        elif value.times is not None:
            self.body.append(f"{self.names[value]} = {self._whole(value)}")
            self._ends(value)
        elif value in self.filled:
            self.body.append(f"{self.names[value]} = {self._constant(self.filled[value])}")
        elif value.kind not in (LITERAL, GIVEN, ALL_STEPS):
            texts = ["" if u.value.timed and u.at is None else self._single(u) for u in value.uses]
            self.body.append(f"{self.names[value]} = {self._once(value, texts)}")

    def _constant(self, filled: Filled) -> str:
        return f"jnp.full({_shape(filled.shape)}, {literal(filled.number)}, {self._dtype(filled.dtype)})"

    def _dtype(self, dtype: Any) -> str:
        changed = self.dtype is not None and np.dtype(dtype).kind == "f"
        return f"jnp.{self.dtype if changed else np.dtype(dtype).name}"

    def _ends(self, value: Value) -> None:
        """Put what stands beyond its steps before and after a value."""
        rows, times, name = self.rows[value], value.times, self.names[value]
        if times is None or rows == times:
            return
        before = [f"{self._row(value, rows[0] + i)}[None]" for i in range(times[0] - rows[0])]
        after = [f"{self._row(value, times[-1] + 1 + i)}[None]" for i in range(rows[-1] - times[-1])]
        self.body.append(f"{name} = jnp.concatenate([{', '.join([*before, name, *after])}])")

    def _row(self, value: Value, time: int) -> str:
        """What stands at a step at which a value is not computed."""
        use = value.beyond.get(time)
        return self._single(use) if use is not None else f"jnp.zeros({_shape(value.shape)}, {self._dtype(value.dtype)})"

    # -- operands -------------------------------------------------------------------------------

    def _number(self, value: Value) -> str:
        number = value.settings["number"]
        text = literal(number).replace("np.", "jnp.")
        return f"({text})" if isinstance(number, Ratio) or text.startswith("-") else text

    def _single(self, use: Use) -> str:
        """An operand outside of loops."""
        value = use.value
        if value.kind is LITERAL:
            return self._number(value)
        if value.times is not None:
            return f"{self.names[value]}[{use.at - self.rows[value][0]}]"
        return self.names[value]

    def _view(self, value: Value, times: Any) -> str:
        """A value at some steps."""
        have = self.rows[value]
        if times == have:
            return self.names[value]
        start, stop = times[0] - have[0], times[-1] + 1 - have[0]
        return f"{self.names[value]}[{start}:{stop}]"

    def _at_all(self, use: Use, value: Value) -> str:
        """An operand of all steps, as it broadcasts against others."""
        x = use.value
        if x.times is None:
            return self._single(use)
        assert value.times is not None
        text = self._view(x, stretch(value.times[0] + use.shift, value.times[-1] + 1 + use.shift))
        missing = len(value.shape) - len(x.shape)
        return f"{text}[:{', None' * missing}]" if missing > 0 else text

    # -- all steps at once ----------------------------------------------------------------------

    def _whole(self, value: Value) -> str:
        """A value of every step, for all steps at once."""
        kind, times = value.kind, value.times
        if kind is STEPS:
            return f"jnp.moveaxis({self.names[value]}, -1, 0)"
        if kind is ONES:
            return f"jnp.ones({_shape((count(times), *value.shape))}, {self._dtype(value.dtype)})"
        texts = [self._at_all(use, value) for use in value.uses]
        if kind is ROWS:
            start, stop = value.settings["rows"]
            return f"{texts[0]}[:, {start}:{stop}]"
        if kind is MATMUL:
            return self._products(value, texts)
        if kind is CONCAT:
            parts = [self._repeated(use, text, value) for use, text in zip(value.uses, texts)]
            return f"jnp.concatenate([{', '.join(parts)}], axis=1)"
        if kind is TRANSPOSE:
            return f"{texts[0]}.swapaxes(1, 2)" if value.uses[0].value.timed else f"{texts[0]}.T"
        if kind in (SUM, PRODUCT) or elementwise(kind):
            text = self._by_element(value, texts)
            alike = any(use.value.timed and use.value.shape == value.shape for use in value.uses)
            return text if alike else f"jnp.broadcast_to({text}, {_shape((count(times), *value.shape))})"
        assert isinstance(kind, Operation)
        if (parts_of_one := self._unstacked(value)) is not None:
            return parts_of_one
        if any(counts(setting) for setting in value.settings.values()):
            raise lacks(kind, "its settings are others at each step")
        return self._mapped(value, kind)

    def _repeated(self, use: Use, text: str, value: Value) -> str:
        """An operand of what is put together; a single one stands at every step."""
        shape = (count(value.times), *use.value.shape)
        return text if use.value.timed else f"jnp.broadcast_to({text}, {_shape(shape)})"

    def _products(self, value: Value, texts: Sequence[str]) -> str:
        left, right = (use.value.timed for use in value.uses)
        if left:
            return f"{texts[0]} @ {texts[1]}"
        return f'jnp.einsum("ij,tjm->tim", {texts[0]}, {texts[1]})' if right else f"{texts[0]} @ {texts[1]}"

    def _by_element(self, value: Value, texts: Sequence[str]) -> str:
        kind = value.kind
        if kind is AFFINE:
            return f"0.5 + 0.5 * {texts[0]}"
        if kind in (SUM, PRODUCT):
            return (" + " if kind is SUM else " * ").join(texts)
        assert isinstance(kind, Operation)
        return expression(kind, texts, value.settings, self.helpers)

    def _unstacked(self, value: Value) -> str | None:
        """x[:, :, t] at every t: x with time first."""
        index = value.settings.get("index")
        x = value.uses[0]
        if not value.is_a("part") or x.value.timed or value.times is None:
            return None
        index = index if isinstance(index, tuple) else (index,)
        places = [i for i, part in enumerate(index) if isinstance(part, StepIndex)]
        if len(places) != 1 or not all(is_all(part) for part in index if not isinstance(part, StepIndex)):
            return None
        start, stop = index[places[0]].at(value.times[0]), index[places[0]].at(value.times[-1]) + 1
        text = self._single(x) if not places[0] else f"jnp.moveaxis({self._single(x)}, {places[0]}, 0)"
        return text if (start, stop) == (0, x.value.shape[places[0]]) else f"{text}[{start}:{stop}]"

    def _mapped(self, value: Value, kind: Operation) -> str:
        """An operation of one step, at every step."""
        ndim = len(value.uses[0].value.shape) if value.uses else 0
        axes = axis_of(kind, value.settings, ndim)
        whole = all(len(use.value.shape) == ndim and use.value.timed for use in value.uses)
        if axes is not None and whole:
            texts = [self._at_all(use, value) for use in value.uses]
            return expression(kind, texts, {**value.settings, "axis": axes}, self.helpers)
        timed = [use for use in value.uses if use.value.timed]
        words = {use.key: f"x{i}" for i, use in enumerate(timed)}
        texts = [words[use.key] if use.value.timed else self._single(use) for use in value.uses]
        assert value.times is not None
        views = [
            self._view(u.value, stretch(value.times[0] + u.shift, value.times[-1] + 1 + u.shift)) for u in timed
        ]
        inner = expression(kind, texts, value.settings, self.helpers)
        return f"jax.vmap(lambda {', '.join(words.values())}: {inner})({', '.join(dict.fromkeys(views))})"

    # -- single values --------------------------------------------------------------------------

    def _once(self, value: Value, texts: Sequence[str]) -> str:
        """A single value, or one at one step."""
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
            array = f"jnp.array({literal(numbers)}, {self._dtype(value.dtype)})"
            return f"jnp.repeat({array}, jnp.array({literal(rows)}), total_repeat_length={sum(rows)})[:, None]"
        if kind in (SUM, PRODUCT) or elementwise(kind):
            return self._by_element(value, texts)
        assert isinstance(kind, Operation)
        return expression(kind, texts, value.settings, self.helpers)

    def _of_all_steps(self, value: Value) -> str:
        x = value.uses[0].value.uses[0].value
        text = self._view(x, x.times)
        if value.is_a("stacked") and len(value.uses) == 1:
            axis = _axis(value)
            return text if axis == 0 else f"jnp.moveaxis({text}, 0, {axis})"
        texts = [f"*{text}" if use.value.kind is ALL_STEPS else self._single(use) for use in value.uses]
        if value.kind is CONCAT:
            return f"jnp.concatenate([{', '.join(texts)}], axis={_axis(value)})"
        assert isinstance(value.kind, Operation)
        return expression(value.kind, texts, value.settings, self.helpers)

    def _over_time(self, value: Value) -> str:
        """A sum over all steps."""
        first = value.uses[0]
        times: Any = value.settings.get("times", first.value.times)
        views = [
            self._view(use.value, stretch(times[0] + use.shift, times[-1] + 1 + use.shift)) for use in value.uses
        ]
        if value.kind is OVER_TIME:
            return f"{views[0]}.sum(axis=0)"
        if value.kind is COLUMNS_OVER_TIME:
            return f"{views[0]}.sum(axis=(0, 2))" + ("[:, None]" if value.settings["keep"] else "")
        if value.settings.get("ones"):
            ones = _shape((count(times), 1, first.value.shape[1]))
            views.append(f"jnp.ones({ones}, {self._dtype(value.dtype)})")
        right = views[1] if len(views) == 2 else f"jnp.concatenate([{', '.join(views[1:])}], axis=1)"
        return f'jnp.einsum("tim,tjm->ij", {views[0]}, {right})'

    # -- loops ----------------------------------------------------------------------------------

    def _loop(self, component: list[Value]) -> None:
        inside = set(component)
        shifts = {(u.value, u.shift) for v in component for u in v.uses if u.value in inside and u.shift}
        backward = max(shift for _, shift in shifts) > 0
        depth = {v: max(abs(s) for other, s in shifts if other is v) for v, _ in shifts}
        order = within_step(component)
        kept = [v for v in order if v.kind is not ROWS and self._lasts(v, inside)]
        self.times = self._longer(component, kept)
        pieces: dict[Value, list[str]] = {v: [] for v in kept}
        before: dict[tuple[Value, int], str] = {}
        for part in parts(list(self.times.values()), backward):
            before = self._scan([v for v in order if part.start in self.times[v]], part, depth, pieces, inside, before)
        for value in kept:
            if len(pieces[value]) > 1:
                ordered = pieces[value][::-1] if backward else pieces[value]
                self.body.append(f"{self.names[value]} = jnp.concatenate([{', '.join(ordered)}])")
            self._ends(value)
        for value in order:
            if value.kind is ROWS and any(user not in inside for user, _ in self.users[value]):
                self.body.append(f"{self.names[value]} = {self._whole(value)}")
                self._ends(value)

    def _longer(self, component: list[Value], kept: list[Value]) -> dict[Value, Any]:
        """The steps at which a scan computes its values: where nobody sees it, at some more, so that one scan will do.

        The first step back has no adjoint to hand on, so what would make one is left out there; it may as well be made.
        """
        inside = set(component)
        times: dict[Value, Any] = {v: v.times for v in component}
        whole = parts(list(times.values()), False)
        first, stop = whole[0].start, whole[-1].stop
        for value in component:
            have, read = times[value], self.rows[value]
            unseen = (have[0] == first or read[0] == have[0]) and (have[-1] + 1 == stop or read[-1] == have[-1])
            there = all(
                use.value.times is None or use.value in inside
                or (self.rows[use.value][0] <= first + use.shift and stop - 1 + use.shift <= self.rows[use.value][-1])
                for use in value.uses
            )  # fmt: skip
            if unseen and there and value not in kept:
                times[value] = stretch(first, stop)
        return times

    def _lasts(self, value: Value, inside: set[Value]) -> bool:
        """Whether a value is needed after the scan."""
        return any(
            user not in inside or (user.kind is ROWS and self._lasts(user, inside)) for user, _ in self.users[value]
        )

    def _scan(
        self, values: list[Value], part: Segment, depth: Mapping[Value, int], pieces: dict[Value, list[str]],
        inside: set[Value], before: Mapping[tuple[Value, int], str],
    ) -> dict[tuple[Value, int], str]:  # fmt: skip
        """Some steps of a loop, at which the same values are computed; gives what the last of them hands on."""
        word = "after" if part.backward else "before"
        slots = [(v, j) for v in depth for j in range(1, depth[v] + 1)]
        carry = {(v, j): f"{self.names[v]}_{word}" + (f"_{j}" if j > 1 else "") for v, j in slots}
        now: dict[str, str] = {}
        active = set(values)
        lines = []
        for value in values:
            texts = [self._in_step(use, part, carry, now, active, inside) for use in value.uses]
            if any(counts(setting) for setting in value.settings.values()):
                raise lacks(value.kind, "its settings are others at each step")
            lines.append(f"{self.names[value]}_t = {self._once(value, texts)}")
        kept = [v for v in pieces if v in active]
        after = [
            (f"{self.names[v]}_t" if v in active else f"jnp.zeros_like({carry[v, 1]})") if j == 1 else carry[v, j - 1]
            for v, j in slots
        ]
        step = self._fresh("step")
        results = [self.names[v] if self._one_piece(v, part) else self._fresh(f"{self.names[v]}_part") for v in kept]
        self.body += [
            f"def {step}(carry, now):",
            f"{INDENT}{_tuple(list(carry.values()))} = carry",
            *([f"{INDENT}{_tuple(list(now.values()))} = now"] if now else []),
            *(INDENT + line for line in lines),
            f"{INDENT}return {_tuple(after)}, {_tuple([f'{self.names[v]}_t' for v in kept])}",
            "",
        ]
        start = [before.get((v, j)) or self._row(v, part.stop - 1 + j if part.backward else part.start - j)
                 for v, j in slots]  # fmt: skip
        end = ", reverse=True" if part.backward else ""
        given = _tuple(list(now)) if now else f"None, length={part.stop - part.start}"
        last = {slot: self._fresh(f"{self.names[slot[0]]}_last") for slot in slots}
        self.body += [
            f"{_tuple(list(last.values()))}, {_tuple(results)} = lax.scan(",
            f"{INDENT}{step}, {_tuple(start)},",
            f"{INDENT}{given}{end}, unroll=UNROLL,",
            ")",
        ]
        for value, name in zip(kept, results):
            pieces[value].append(name)
        return {(v, j): name for (v, j), name in last.items() if v in active}

    def _one_piece(self, value: Value, part: Segment) -> bool:
        times = value.times
        return times is not None and (times[0], times[-1] + 1) == (part.start, part.stop)

    def _in_step(
        self, use: Use, part: Segment, carry: Mapping[tuple[Value, int], str], now: dict[str, str],
        active: set[Value], inside: set[Value],
    ) -> str:  # fmt: skip
        x = use.value
        if x.times is None:
            return self._single(use)
        if x in inside and use.shift:
            return carry[x, abs(use.shift)]
        if x in active and not use.shift:
            return f"{self.names[x]}_t"
        if x in inside:
            return f"jnp.zeros({_shape(x.shape)}, {self._dtype(x.dtype)})"
        view = self._view(x, stretch(part.start + use.shift, part.stop + use.shift))
        if view not in now:
            word = {0: "now", -1: "just_before", 1: "just_after"}.get(use.shift, f"shifted_{len(now)}")
            now[view] = f"{self.names[x]}_{word}"
        return now[view]

    # -- the module -----------------------------------------------------------------------------

    def _module(self) -> str:
        results = []
        for key, use in self.network.outputs.items():
            text, value = self._single(use), use.value
            wanted = np.dtype(self.network.dtypes.get(key, value.dtype))
            name = "float32" if self.dtype == "bfloat16" else self.dtype or wanted.name
            cast = wanted != value.dtype or (self.dtype is not None and wanted.kind == "f")
            results.append(f"{text}.astype(jnp.{name})" if cast else text)
        arguments = [self.names[v] for v in self.given]
        sizes = [f"{name} = {self.names[value]}.shape[{axis}]" for name, (value, axis) in self.sizes.items()]
        casts = [
            f"{self.names[v]} = {self.names[v]}.astype(jnp.{self.dtype})"
            for v in self.given if self.dtype is not None and np.dtype(v.dtype).kind == "f"
        ]  # fmt: skip
        recorded = any(np.dtype(v.dtype) == np.float64 for v in self.values)
        double = self.dtype == "float64" or (recorded and self.dtype is None)
        for_any = f", for any {' and '.join(self.sizes)}" if self.sizes else ""
        keys = ", ".join(key.removeprefix("d") for key in list(self.network.outputs)[1:])
        body = [*casts, *self.body, f"return {', '.join(results)}"]
        lines = [
            f'"""A recording as a JAX program{for_any}: loss and gradients."""',
            "",
            "import jax",
            "import jax.numpy as jnp",
            "from jax import lax",
            "",
            *(['jax.config.update("jax_enable_x64", True)  # it computes in float64', ""] if double else []),
            f"UNROLL = {self.unroll}  # steps of a scan that are written out",
            f'PRECISION = "{self.precision}"  # of products',
            "",
            *(line for helper in self.helpers for line in ["", *helper.rstrip().splitlines(), ""]),
            "",
            "@jax.jit",
            f"def run({', '.join(arguments)}):",
            f'{INDENT}"""The loss, and the gradients of {keys or "nothing"}."""',
            *(INDENT + line for line in sizes),
            f"{INDENT}with jax.default_matmul_precision(PRECISION):",
            *(2 * INDENT + line if line else "" for line in body),
        ]
        return "\n".join(lines) + "\n"


def jax_program(
    network: Network, engine: Any, sizes: Mapping[str, tuple[Value, int]], filled: Mapping[Value, Filled]
) -> JaxProgram:
    """The program of a rewritten network, as an engine asks for it."""
    network.tied.clear()  # what need not be in a scan is computed for all steps at once
    return JaxProgram(network, sizes, filled, engine.dtype, engine.precision, engine.unroll)


def _axis(value: Value) -> Any:
    return plain(value.settings.get("axis", 0), value.kind)


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def _tuple(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' * (len(texts) == 1)})"


def _slice(ends: tuple[int, int]) -> str:
    return f"{ends[0]}:{ends[1]}"
