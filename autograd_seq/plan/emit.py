"""Writes the values of a plan as a NumPy program: memory set aside once, loops only where steps hang on each other.

Arrays of every time step are kept as one block, steps first; of a matrix the transpose is kept,
so that an example is a row and all steps together are one tall matrix.
"""

from __future__ import annotations

import keyword
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.operation import Operation
from autograd_seq.plan.lifting import axis_of, elementwise
from autograd_seq.plan.memory import Memory, view
from autograd_seq.plan.value import (
    AFFINE,
    COLUMNS,
    COLUMNS_OVER_TIME,
    CONCAT,
    GIVEN,
    LITERAL,
    MATMUL,
    OUTER_OVER_TIME,
    OVER_TIME,
    PRODUCT,
    ROWS,
    STEPS,
    SUM,
    TRANSPOSE,
    Network,
    Use,
    Value,
    carried,
)  # fmt: skip
from autograd_seq.readings.step_index import StepIndex, at_step

INDENT = "    "
RESERVED = {"np", "run", "zip", "range", "list", "add", "multiply", "matmul", "t"} | set(keyword.kwlist)


class Program:
    """The program of a network.

    Parameters
    ----------
    network : Network
        What to compute.

    Attributes
    ----------
    text : str
        A module with a function ``run``.
    namespace : dict
        What the module refers to beside NumPy: operations' value rules, and constants.
    given : list of Value
        The arguments of ``run``, in order.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.namespace: dict[str, Any] = {"np": np}
        self.taken = set(RESERVED)
        self.names: dict[Value, str] = {}
        self.values = network.values
        self.given = [v for v in self.values if v.kind in (GIVEN, STEPS)]
        for value in self.given:
            self._name(value)
        for value in self.values:
            if value.kind != LITERAL:
                self._name(value)
        self.rows: dict[Value, range] = {}
        self._extents()
        self.homes = Memory(network, self.rows)
        self.memory: dict[str, str] = {}  # from a block's name to the statement that makes it
        self.loops: list[str] = []
        self.turned: dict[str, str] = {}
        self.constant: set[Value] = set()
        self.body: list[str] = []
        self._memory()
        self.fixed = self._fixed()
        for component in network.components():
            self._write(component)
        self.text = self._module()

    # -- names and memory -----------------------------------------------------------------------

    def _name(self, value: Value) -> None:
        if value in self.names:
            return
        word = value.name if value.name not in self.taken else f"{value.name}_2"
        number = 2
        while word in self.taken:
            number += 1
            word = f"{value.name}_{number}"
        self.taken.add(word)
        self.names[value] = word

    def _bind(self, word: str, thing: Any) -> str:
        """A name in the program for a function or a constant."""
        candidate, number = word, 2
        while candidate in self.taken and self.namespace.get(candidate) is not thing:
            candidate, number = f"{word}_{number}", number + 1
        self.taken.add(candidate)
        self.namespace[candidate] = thing
        return candidate

    def _extents(self) -> None:
        """Which rows each block has: its steps, and those beyond that others read."""
        for value in self.values:
            if value.times is not None:
                self.rows[value] = value.times
        for user, use in self.network.all_uses():
            times = self.rows.get(use.value)
            steps = None if user is None else user.times or user.settings.get("times")
            if times is None or steps is None or use.at is not None:
                continue
            first, last = steps[0] + use.shift, steps[-1] + use.shift
            self.rows[use.value] = range(min(times[0], first), max(times[-1], last) + 1)
        for value in reversed(self.values):
            if view(value) and value.times is not None:
                base, rows = value.uses[0].value, self.rows[value]
                have = self.rows[base]
                self.rows[base] = range(min(have[0], rows[0]), max(have[-1], rows[-1]) + 1)

    def _memory(self) -> None:
        for value in self.values:
            if value.times is None or view(value) or value in self.homes.home or value in self.homes.place:
                continue
            rows = self.rows[value]
            steps = () if value in self.homes.brief else (len(rows),)
            shape = (*steps, *_stored(value.shape))
            make = "empty" if rows == value.times else "zeros"
            dtype = "" if value.dtype == np.float64 else f", np.{np.dtype(value.dtype).name}"
            self.memory[self.names[value]] = f"{self.names[value]} = np.{make}({shape!r}{dtype})"

    # -- how values are referred to -------------------------------------------------------------

    def _part(self, value: Value) -> tuple[Value, int, int] | None:
        """The block whose columns a value takes, and which; None if it has a block of its own."""
        start, stop = 0, value.shape[0] if value.shape else 0
        sliced = False
        while True:
            if value.kind == ROWS:
                low = value.settings["rows"][0]
                start, stop, sliced = low + start, low + stop, True
                value = value.uses[0].value
            elif view(value):
                value = value.uses[0].value
            else:
                value = self.homes.block(value)
                if value not in self.homes.place:
                    return (value, start, stop) if sliced else None
                value, low, _ = self.homes.place[value]
                start, stop, sliced = low + start, low + stop, True

    def _view(self, value: Value, rows: range | None) -> str:
        """The block of a value, at some rows; all of them if None."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        have = self.rows[base]
        low = have[0]
        index = ":"
        if rows is not None and rows != have:
            start, stop = rows[0] - low, rows[-1] + 1 - low
            index = f"{start or ''}:{stop if stop != len(have) else ''}"
        if part:
            return f"{self.names[base]}[{index}, :, {part[1]}:{part[2]}]"
        return self.names[base] if index == ":" else f"{self.names[base]}[{index}]"

    def _at(self, value: Value, time: int) -> str:
        """One step of a block, as recorded."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        index = f"{time - self.rows[base][0]}" + (f", :, {part[1]}:{part[2]}" if part else "")
        return f"{self.names[base]}[{index}]" + (".T" if len(value.shape) == 2 else "")

    def _single(self, use: Use) -> str:
        """An operand outside of loops, as recorded."""
        value = use.value
        if value.kind == LITERAL:
            return repr(value.settings["number"])
        if value.times is not None:
            return self._at(value, use.at)  # type: ignore[arg-type]
        if value.kind == ROWS:
            start, stop = value.settings["rows"]
            return f"{self._single(value.uses[0])}[{start}:{stop}]"
        if value.kind == COLUMNS:
            start, stop = value.settings["columns"]
            return f"{self._single(value.uses[0])}[:, {start}:{stop}]"
        if value.kind == TRANSPOSE:
            return f"{self._single(value.uses[0])}.T"
        return self.names[value]

    def _flipped(self, use: Use) -> str:
        """A single operand as it meets blocks."""
        text = self._single(use)
        if len(use.value.shape) != 2:
            return text
        return text[:-2] if text.endswith(".T") else f"{text}.T"

    # -- statements -----------------------------------------------------------------------------

    def _write(self, component: list[Value]) -> None:
        value = component[0]
        if carried(component):
            self._loop(component)
        elif value.times is not None:
            self._whole(value)
            self._beyond(value)
        elif value.kind not in (LITERAL, GIVEN):
            constant = all(use.value.kind == LITERAL or use.value in self.constant for use in value.uses)
            if constant:
                self.constant.add(value)
            if value.kind not in (ROWS, COLUMNS, TRANSPOSE):
                (self.loops if constant else self.body).append(f"{self.names[value]} = {self._once(value)}")

    def _beyond(self, value: Value) -> None:
        for time, use in value.beyond.items():
            if time in self.rows[value]:
                base = self.homes.block(value)
                row = time - self.rows[base][0]
                self.body.append(f"{self.names[base]}[{row}] = {self._flipped(use)}")

    def _once(self, value: Value) -> str:
        """A single value."""
        texts = [self._single(use) for use in value.uses if use.value.times is None or use.at is not None]
        kind = value.kind
        if kind == OVER_TIME:
            use = value.uses[0]
            times = use.value.times
            block = self._view(use.value, times)
            return f"{block}.sum(axis=0)" + (".T" if len(value.shape) == 2 else "")
        if kind == OUTER_OVER_TIME:
            left, right = (self._tall(use, value) for use in value.uses)
            return f"{left}.T @ {right}"
        if kind == COLUMNS_OVER_TIME:
            axis = value.settings["keep"]
            text = f"{self._tall(value.uses[0], value)}.sum(axis=0)"
            return f"{text}[:, None]" if axis else text
        if kind == SUM:
            return " + ".join(_close(text) for text in texts)
        if kind == PRODUCT:
            return " * ".join(_close(text) for text in texts)
        if kind == MATMUL:
            return f"{texts[0]} @ {texts[1]}"
        if kind == CONCAT:
            return f"np.concatenate([{', '.join(texts)}], axis={value.settings.get('axis', 0)})"
        assert isinstance(kind, Operation)
        return self._called(kind, texts, value.settings)

    def _tall(self, use: Use, user: Value) -> str:
        """All steps of a block as one tall matrix."""
        times: range = user.settings["times"]
        rows = range(times[0] + use.shift, times[-1] + 1 + use.shift)
        columns = use.value.shape[0]
        return f"{self._view(use.value, rows)}.reshape(-1, {columns})"

    def _called(self, operation: Operation, texts: list[str], settings: dict[str, Any]) -> str:
        if isinstance(operation.value, np.ufunc):
            return f"np.{operation.value.__name__}({', '.join(texts)})"
        function = self._bind(operation.name, operation.value)
        return f"{function}({', '.join([*texts, *self._settings(settings)])})"

    def _settings(self, settings: dict[str, Any]) -> list[str]:
        result = []
        for key, setting in settings.items():
            simple = setting is None or type(setting) in (int, float, bool, str)
            simple = simple or (type(setting) is tuple and all(type(n) is int for n in setting))
            result.append(f"{key}={setting!r}" if simple else f"{key}={self._bind(key, setting)}")
        return result

    # -- all steps at once ----------------------------------------------------------------------

    def _whole(self, value: Value) -> None:
        """A value of every step, for all steps at once."""
        if value.kind in (ROWS,):
            return
        target = self._view(value, value.times)
        if value.kind == STEPS:
            self.body.append(f"{target}[...] = {self._stepped(value)}")
        elif (statement := self._lifted(value, target)) is not None:
            self.body += statement
        else:
            self._one_by_one(value, target)

    def _stepped(self, value: Value) -> str:
        """What is given with time as its last axis, with time first."""
        return f"{self.names[value]}_given.transpose({', '.join(str(i) for i in range(len(value.shape), -1, -1))})"

    def _operand(self, use: Use, value: Value) -> str | None:
        """An operand of all steps, as it broadcasts against blocks; None if it would not."""
        x = use.value
        assert value.times is not None
        if x.times is None:
            return _aligned(self._flipped(use), x, value, "")
        text = self._view(x, range(value.times[0] + use.shift, value.times[-1] + 1 + use.shift))
        return _aligned(text, x, value, ":, ")

    def _lifted(self, value: Value, target: str) -> list[str] | None:
        kind = value.kind
        if kind in (SUM, PRODUCT) or elementwise(kind):
            texts = [self._operand(use, value) for use in value.uses]
            return None if None in texts else self._elementwise(value, texts, target)  # type: ignore[arg-type]
        if kind == MATMUL:
            return [self._products(value, target)]
        if kind == CONCAT and value.settings.get("placed"):
            return []
        if kind == CONCAT:
            texts = [self._operand(use, value) for use in value.uses]
            return None if None in texts else self._side_by_side(value, target, texts)  # type: ignore[arg-type]
        if kind == TRANSPOSE:
            text = self._operand(value.uses[0], value)
            timed = value.uses[0].value.timed
            return [f"{target}[...] = {text}{'.swapaxes(1, 2)' if timed else '.T'}"]
        if isinstance(kind, Operation):
            return self._along_axis(value, target) or self._unstacked(value, target)
        return None

    def _elementwise(self, value: Value, texts: list[str], target: str) -> list[str]:
        kind = value.kind
        if kind == AFFINE:
            return [f"np.multiply({texts[0]}, 0.5, out={target})", f"np.add({target}, 0.5, out={target})"]
        if kind in (SUM, PRODUCT):
            name = "add" if kind == SUM else "multiply"
            if len(texts) == 1:
                return [f"{target}[...] = {texts[0]}"]
            return [
                f"np.{name}({texts[0]}, {texts[1]}, out={target})",
                *(f"np.{name}({target}, {text}, out={target})" for text in texts[2:]),
            ]
        assert isinstance(kind, Operation)
        if isinstance(kind.value, np.ufunc):
            return [f"np.{kind.value.__name__}({', '.join(texts)}, out={target})"]
        return [self._assigned(value, target, self._called(kind, texts, value.settings))]

    def _assigned(self, value: Value, target: str, text: str) -> str:
        """A result that comes in memory of its own stays there, if no loop and no other value needs it elsewhere."""
        if value in self.fixed or self.rows[value] != value.times:
            return f"{target}[...] = {text}"
        self.memory.pop(self.names[value], None)
        return f"{self.names[value]} = {text}"

    def _fixed(self) -> set[Value]:
        """Blocks that loops run over, or that hold several values."""
        found = set(self.homes.home) | set(self.homes.home.values()) | set(self.homes.place)
        for component in self.network.components():
            if carried(component):
                found.update(component)
                for value in component:
                    for use in value.uses:
                        part = self._part(use.value)
                        found.add(part[0] if part else use.value)
        return found

    def _products(self, value: Value, target: str) -> str:
        left, right = value.uses
        a, b = (self._operand(use, value) for use in value.uses)
        if left.value.times is None and right.value.times is not None:
            n, k = value.shape[0], right.value.shape[0]
            return f"np.matmul({b}.reshape(-1, {k}), {a}, out={target}.reshape(-1, {n}))"
        return f"np.matmul({b}, {a}, out={target})"

    def _side_by_side(self, value: Value, target: str, texts: list[str]) -> list[str]:
        statements, start = [], 0
        for use, text in zip(value.uses, texts, strict=True):
            stop = start + use.value.shape[0]
            statements.append(f"{target}[:, :, {start}:{stop}] = {text}")
            start = stop
        return statements

    def _along_axis(self, value: Value, target: str) -> list[str] | None:
        """An operation along axes of one step, along the same axes of the block."""
        kind = value.kind
        assert isinstance(kind, Operation)
        ndim = len(value.uses[0].value.shape) if value.uses else 0
        axes = axis_of(kind, value.settings, ndim)
        if axes is None or any(len(use.value.shape) != ndim or not use.value.timed for use in value.uses):
            return None
        texts = [self._operand_alone(use, value) for use in value.uses]
        settings = {**value.settings, "axis": axes}
        call = self._called(kind, texts, settings)
        if kind is ops.sum and value.uses[0].value.shape:
            more = ", keepdims=True" if settings.get("keepdims") else ""
            return [f"np.sum({texts[0]}, axis={axes}{more}, out={target})"]
        return [self._assigned(value, target, call)]

    def _operand_alone(self, use: Use, value: Value) -> str:
        assert value.times is not None
        return self._view(use.value, range(value.times[0] + use.shift, value.times[-1] + 1 + use.shift))

    def _unstacked(self, value: Value, target: str) -> list[str] | None:
        """x[:, :, t] at every t: x with time first."""
        index = value.settings.get("index")
        x = value.uses[0]
        if not isinstance(index, tuple) or x.value.timed or len(index) != len(x.value.shape):
            return None
        *others, last = index
        if not isinstance(last, StepIndex) or any(part != slice(None) for part in others):
            return None
        assert value.times is not None
        order = ", ".join(str(i) for i in range(len(index) - 1, -1, -1))
        start, stop = last.at(value.times[0]), last.at(value.times[-1]) + 1
        if start < 0:
            return None
        part = "" if (start, stop) == (0, x.value.shape[-1]) else f"[{start}:{stop}]"
        return [f"{target}[...] = {self._single(x)}.transpose({order}){part}"]

    def _one_by_one(self, value: Value, target: str) -> None:
        """What has no rule for all steps at once, step after step."""
        assert value.times is not None
        for i, t in enumerate(value.times):
            texts = [
                self._single(use) if use.value.times is None else self._at(use.value, t + use.shift)
                for use in value.uses
            ]
            call = self._plain(value, texts, {key: at_step(setting, t) for key, setting in value.settings.items()})
            self.body.append(f"{target}[{i}] = {call}")

    def _plain(self, value: Value, texts: list[str], settings: dict[str, Any]) -> str:
        """One step, from operands as recorded."""
        if value.kind in (SUM, PRODUCT):
            call = f" {'+' if value.kind == SUM else '*'} ".join(_close(text) for text in texts)
        else:
            assert isinstance(value.kind, Operation), value
            call = self._called(value.kind, texts, settings)
        return f"({call}).T" if len(value.shape) == 2 else call

    # -- loops ----------------------------------------------------------------------------------

    def _loop(self, component: list[Value]) -> None:
        inside = set(component)
        for value in component:
            self._beyond(value)
        shifts = {u.shift for v in component for u in v.uses if u.value in inside and u.shift}
        backward = max(shifts) > 0
        order = self.homes.order[component[0]]
        self.body += [f"{self.names[value]}[...] = 0.0" for value in order if value in self.homes.reset]
        steps = sorted({t for v in component for t in v.times or ()}, reverse=backward)
        segments: list[list[int]] = []
        for t in steps:
            active = [t in (v.times or ()) for v in order]
            if segments and active == [segments[-1][0] in (v.times or ()) for v in order]:
                segments[-1].append(t)
            else:
                segments.append([t])
        for segment in segments:
            self._segment([v for v in order if segment[0] in (v.times or ())], segment)

    def _segment(self, values: list[Value], steps: list[int]) -> None:
        """Some steps of a loop, at which the same values are computed."""
        variables: dict[str, str] = {}
        statements: list[str] = []
        for value in values:
            statements += self._step(value, steps, variables)
        number = sum(line.startswith("steps_") for line in self.loops) + 1
        name = f"steps_{number}"
        if not variables:
            return
        self.loops.append(f"{name} = list(zip({', '.join(variables)}))")
        head = ", ".join(variables.values())
        self.body.append(f"for {head}{',' * (len(variables) == 1)} in {name}:")
        self.body += [INDENT + line for line in statements]

    def _variable(self, value: Value, steps: list[int], shift: int, variables: dict[str, str]) -> str:
        """A loop's variable that runs over the steps of a block."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        low = self.rows[base][0]
        rows = [t + shift - low for t in steps]
        name = self.names[base]
        if base in self.homes.brief:
            return name
        columns = f", :, {part[1]}:{part[2]}" if part else ""
        if len(value.shape) == 0:
            index = f"[{name}[i, ...] for i in {rows!r}]"
        elif len(rows) == 1:
            index = f"{name}[{rows[0]}:{rows[0] + 1}{columns}]"
        elif rows[1] > rows[0]:
            index = f"{name}[{rows[0]}:{rows[-1] + 1}{columns}]"
        else:
            stop = rows[-1] - 1
            index = f"{name}[{rows[0]}:{stop if stop >= 0 else ''}:-1{columns}]"
        if index not in variables:
            when = {0: "t", -1: "before", 1: "after"}.get(shift, f"{abs(shift)}_{'before' if shift < 0 else 'after'}")
            word = f"{self.names[value if part else base]}_{when}"
            while word in self.taken or word in variables.values():
                word += "_"
            variables[index] = word
        return variables[index]

    def _turned(self, use: Use) -> str:
        """A single operand of a loop, turned once before the loop."""
        text = self._flipped(use)
        if text.isidentifier() or use.value.kind == LITERAL or len(use.value.shape) != 2:
            return text
        if text not in self.turned:
            word = f"{use.value.name}_turned"
            while word in self.taken:
                word += "_"
            self.taken.add(word)
            self.turned[text] = word
            self.body.append(f"{word} = np.ascontiguousarray({text})")
        return self.turned[text]

    def _step(self, value: Value, steps: list[int], variables: dict[str, str]) -> list[str]:
        """One value at one step of a loop."""
        if value.kind == ROWS:
            return []
        target = self._variable(value, steps, 0, variables)
        texts: list[str] = []
        logical: list[str] = []
        same = True
        for use in value.uses:
            x = use.value
            if x.times is None:
                texts.append(self._turned(use))
                logical.append(self._single(use))
            else:
                word = self._variable(x, steps, use.shift, variables)
                texts.append(word)
                logical.append(f"{word}.T" if len(x.shape) == 2 else word)
            if len(x.shape) == 1 and len(value.shape) == 2:
                texts[-1] += "[:, None]"
            same = same and (len(x.shape) < 2 <= len(value.shape) < 3 or len(x.shape) in (0, len(value.shape)))
        kind = value.kind
        if (kind in (SUM, PRODUCT) or elementwise(kind)) and same:
            return self._elementwise(value, texts, target)
        if kind == MATMUL:
            return [f"np.matmul({texts[1]}, {texts[0]}, out={target})"]
        if kind == CONCAT and value.settings.get("placed"):
            return []
        if kind == CONCAT:
            return [f"np.concatenate(({', '.join(texts)}), axis=1, out={target})"]
        if kind == TRANSPOSE:
            return [f"{target}[...] = {texts[0]}.T"]
        if any(_counts(s) for s in value.settings.values()):
            assert isinstance(kind, Operation)
            chosen = [{k: at_step(s, t) for k, s in value.settings.items()} for t in steps]
            bound = self._bind("settings", chosen)
            variables[bound] = word = f"{bound}_t"
            call = f"{self._bind(kind.name, kind.value)}({', '.join(logical)}, **{word})"
            return [f"{target}[...] = {f'({call}).T' if len(value.shape) == 2 else call}"]
        return [f"{target}[...] = {self._plain(value, logical, value.settings)}"]

    # -- the module -----------------------------------------------------------------------------

    def _module(self) -> str:
        arguments = [self.names[v] + ("_given" if v.kind == STEPS else "") for v in self.given]
        results = []
        for use in self.network.outputs.values():
            text = self._single(use)
            lasting = use.value.times is not None or use.value.kind == GIVEN or use.value in self.constant
            results.append(f"np.array({text})" if lasting else text)
        body = [*self.body, f"return {', '.join(results)}"]
        lines = [
            '"""The compiled replay of a recording: loss and gradients."""',
            "",
            "import numpy as np",
            "",
            "# Memory, set aside once. Time is the first axis of a block, then come the examples.",
            *self.memory.values(),
            "",
            "# Constants, and what the loops run over, step by step.",
            *self.loops,
            "",
            "",
            f"def run({', '.join(arguments)}):",
            *(INDENT + line for line in body),
        ]
        return "\n".join(lines) + "\n"


def _stored(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[::-1] if len(shape) == 2 else shape


def _aligned(text: str, x: Value, value: Value, steps: str) -> str | None:
    """An operand as it broadcasts against a block whose matrices are transposed; None if it cannot."""
    if len(x.shape) == len(value.shape):
        return text
    if not x.shape:
        return f"{text}[{steps}{', '.join(['None'] * len(value.shape))}]" if steps else text
    if len(x.shape) == 1 and len(value.shape) == 2:
        return f"{text}[{steps}:, None]"
    return None


def _close(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def _counts(setting: Any) -> bool:
    if isinstance(setting, tuple):
        return any(_counts(part) for part in setting)
    if isinstance(setting, slice):
        return any(_counts(part) for part in (setting.start, setting.stop, setting.step))
    return isinstance(setting, StepIndex)
