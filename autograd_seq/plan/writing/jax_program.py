"""Writes the values of a plan as a JAX program: scans for what depends on the step before, all steps at once else.

Arrays of every time step have time as their first axis. The program needs nothing but JAX, takes the sizes from its
arguments' shapes, and is traced once for each.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.plan.anysize.filled_arrays import Filled
from autograd_seq.plan.anysize.stretch import stretch
from autograd_seq.plan.memory.room import within_step
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.value import ALL_STEPS, GIVEN, LITERAL, ROWS, STEPS, Network, Use, Value, carried
from autograd_seq.plan.writing.jax_values import JaxValues
from autograd_seq.plan.writing.jax_words import helpers_of
from autograd_seq.plan.writing.segments import Segment, parts

INDENT = "    "
_RESERVED = {"jax", "jnp", "lax", "run", "step", "carry", "now", "t", "UNROLL", "PRECISION", "over_time"}
_RESERVED |= set(keyword.kwlist)


class JaxProgram:
    """The JAX program of a network.

    Parameters
    ----------
    network : Network
        What to compute.
    sizes : dict of str to (Value, int, str)
        By its name, the argument that has a length, and along which axis.
    filled : dict of Value to Filled
        Arrays of one number, which are made by the program and not given.
    dtype : dtype, optional
        What it computes in, if that is not what was recorded.
    precision : str
        Of products, in JAX's words.
    unroll : int
        How many steps of a scan are written out.
    laid_out : bool
        Whether the factors of products are laid out in memory, rows in one piece, as a CPU multiplies them fastest.

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
        sizes: Mapping[str, tuple[Value, int, str]],
        filled: Mapping[Value, Filled],
        dtype: Any = None,
        precision: str = "highest",
        unroll: int = 8,
        laid_out: bool = False,
    ) -> None:
        self.network, self.sizes, self.filled = network, sizes, filled
        self.dtype, self.precision, self.unroll = dtype, precision, unroll
        self.values = network.values
        self.given = [v for v in self.values if v.kind in (GIVEN, STEPS) and v not in filled]
        self.taken = _RESERVED | set(sizes) | helpers_of(self.values)
        self.names: dict[Value, str] = {}
        for value in [*self.given, *self.values]:
            if value.kind is not LITERAL and value not in self.names:
                self.names[value] = self._fresh(value.name)
        self.users = network.users()
        self.body: list[str] = []
        self.laid: dict[str, str] = {}
        self.texts = JaxValues(network, self.names, dtype, self._laid_out if laid_out else None)
        self.rows = self.texts.rows
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

    def _laid_out(self, text: str) -> str:
        """The name of a matrix with its rows as columns, laid out once; XLA would read it across its rows each time."""
        if text not in self.laid:
            self.laid[text] = name = self._fresh(f"{text.removesuffix('.T')}_turned")
            self.body.append(f"{name} = lax.optimization_barrier({text})")
        return self.laid[text]

    # -- statements -----------------------------------------------------------------------------

    def _component(self, component: list[Value]) -> None:
        value = component[0]
        if value in self.filled:
            self.body.append(f"{self.names[value]} = {self.texts.constant(self.filled[value])}")
        if carried(component):
            self._loop(component)
        elif value in self.texts.added:
            pass
        elif value.times is not None:
            self.body.append(f"{self.names[value]} = {self.texts.whole(value)}")
            self._ends(value)
        elif value not in self.filled and value.kind not in (LITERAL, GIVEN, ALL_STEPS):
            texts = ["" if u.value.timed and u.at is None else self.texts.single(u) for u in value.uses]
            self.body.append(f"{self.names[value]} = {self.texts.once(value, texts)}")

    def _ends(self, value: Value) -> None:
        """Put what stands beyond its steps before and after a value."""
        rows, times, name = self.rows[value], value.times, self.names[value]
        if times is None or rows == times:
            return
        before = [f"{self.texts.row(value, rows[0] + i)}[None]" for i in range(times[0] - rows[0])]
        after = [f"{self.texts.row(value, times[-1] + 1 + i)}[None]" for i in range(rows[-1] - times[-1])]
        self.body.append(f"{name} = jnp.concatenate([{', '.join([*before, name, *after])}])")

    # -- loops ----------------------------------------------------------------------------------

    def _loop(self, component: list[Value]) -> None:
        inside = set(component)
        shifts = dict.fromkeys((u.value, u.shift) for v in component for u in v.uses if u.value in inside and u.shift)
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
                self.body.append(f"{self.names[value]} = {self.texts.whole(value)}")
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
            if unseen and there and value not in kept and not counts(value.settings):
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
            times = stretch(part.start, part.stop)
            text = self.texts.step(value, texts, times, lambda text, word: self._at_step(text, word, now))
            lines.append(f"{self.names[value]}_t = {text}")
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
        steps = {(v, j): part.stop - 1 + j if part.backward else part.start - j for v, j in slots}
        start = [before[v, j] if (v, j) in before and t in self.times[v] else self.texts.row(v, t)
                 for (v, j), t in steps.items()]  # fmt: skip
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
        return last

    def _one_piece(self, value: Value, part: Segment) -> bool:
        times = value.times
        return times is not None and (times[0], times[-1] + 1) == (part.start, part.stop)

    def _at_step(self, text: str, word: str, now: dict[str, str]) -> str:
        """What is called at one step what is something at each step."""
        if text not in now:
            now[text] = word if word == "t" else self._fresh(word)
        return now[text]

    def _in_step(
        self, use: Use, part: Segment, carry: Mapping[tuple[Value, int], str], now: dict[str, str],
        active: set[Value], inside: set[Value],
    ) -> str:  # fmt: skip
        x = use.value
        if x.times is None:
            return self.texts.single(use)
        if x in inside and use.shift:
            return carry[x, abs(use.shift)]
        if x in active and not use.shift:
            return f"{self.names[x]}_t"
        if x in inside:
            return f"jnp.zeros({self.texts.shape(x)}, {self.texts.dtype_of(x.dtype)})"
        view = self.texts.view(x, stretch(part.start + use.shift, part.stop + use.shift))
        if view not in now:
            word = {0: "now", -1: "just_before", 1: "just_after"}.get(use.shift, f"shifted_{len(now)}")
            now[view] = f"{self.names[x]}_{word}"
        return now[view]

    # -- the module -----------------------------------------------------------------------------

    def _module(self) -> str:
        results = []
        for key, use in self.network.outputs.items():
            text, value = self.texts.single(use), use.value
            wanted = np.dtype(self.network.dtypes.get(key, value.dtype))
            name = "float32" if self.dtype == "bfloat16" else self.dtype or wanted.name
            cast = wanted != value.dtype or (self.dtype is not None and wanted.kind == "f")
            results.append(f"{text}.astype(jnp.{name})" if cast else text)
        arguments = [self.names[v] for v in self.given]
        sizes = [
            f"{name} = {told.format(f'{self.names[value]}.shape[{axis}]')}"
            for name, (value, axis, told) in self.sizes.items()
        ]
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
            *(line for helper in self.texts.helpers for line in ["", *helper.rstrip().splitlines(), ""]),
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
    network: Network, engine: Any, sizes: Mapping[str, tuple[Value, int, str]], filled: Mapping[Value, Filled]
) -> JaxProgram:
    """The program of a rewritten network, as an engine asks for it."""
    if not engine.on_one_cpu:
        network.tied.clear()  # what need not be in a scan is computed for all steps at once
    return JaxProgram(network, sizes, filled, engine.dtype, engine.precision, engine.unroll, engine.on_one_cpu)


def _tuple(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' * (len(texts) == 1)})"

