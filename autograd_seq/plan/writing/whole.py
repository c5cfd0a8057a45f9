"""Statements outside of loops: single values, and values of every step for all steps at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.notation import literal
from autograd_seq.core.operation import Operation
from autograd_seq.folding.step_index import StepIndex, at_step
from autograd_seq.plan.anysize.at_run import settings_at
from autograd_seq.plan.anysize.size import Size
from autograd_seq.plan.anysize.stretch import Stretch, count, stretch
from autograd_seq.plan.memory.places import INDENT
from autograd_seq.plan.memory.reuse import Block
from autograd_seq.plan.rewrites.lifting import axis_of, elementwise
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.translate import is_all
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
    carried,
)  # fmt: skip
from autograd_seq.plan.writing.outer import Outer


class Whole(Outer):
    """Places, and the statements that need no loop."""

    def __init__(self, network: Network, sizes: tuple[str, ...] = ()) -> None:
        super().__init__(network, sizes)
        self.constants: list[str] = []
        self.constant: set[Value] = set()
        self.fixed = self._fixed()
        self.returned = self._returned()

    # -- statements -----------------------------------------------------------------------------

    def _beyond(self, value: Value) -> None:
        for time, use in value.beyond.items():
            if time in self.rows[value]:
                base = self.homes.block(value)
                row = time - self.rows[base][0]
                self.body.append(f"{self.names[base]}[{row}] = {self._single(use)}")

    def _once(self, value: Value) -> str:
        """A single value."""
        texts = [self._alone(use, value) for use in value.uses if use.value.times is None or use.at is not None]
        kind = value.kind
        if kind == OVER_TIME:
            use = value.uses[0]
            times = use.value.times
            block = self._view(use.value, times)
            return f"{block}.sum(axis=0)"
        if kind == OUTER_OVER_TIME:
            return self._outer(value)
        if kind == COLUMNS_OVER_TIME:
            keep = ", keepdims=True" if value.settings["keep"] else ""
            use, steps = value.uses[0], value.settings["times"]
            view = self._view(use.value, stretch(steps[0] + use.shift, steps[-1] + 1 + use.shift))
            return f"{view}.sum(axis=0).sum(axis=1{keep})"
        if kind == SUM:
            wanted, given = np.dtype(value.dtype), np.result_type(*(use.value.dtype for use in value.uses))
            total = " + ".join(_close(text) for text in texts)
            # what made it float64 may have been a 0 that is gone
            return total if given == wanted else f"({total}).astype(np.{wanted.name})"
        if kind == PRODUCT:
            return " * ".join(_close(text) for text in texts)
        if kind == MATMUL:
            return f"{texts[0]} @ {texts[1]}"
        if kind == CONCAT:
            return self._joined(value, f"[{', '.join(texts)}], axis={value.settings.get('axis', 0)}")
        if kind == SCALES:
            numbers, rows = value.settings["numbers"], value.settings["rows"]
            return f"np.repeat(np.array({literal(numbers)}, np.{np.dtype(value.dtype).name}), {rows})[:, None]"
        assert isinstance(kind, Operation)
        return self._called(kind, texts, value.settings)

    def _joined(self, value: Value, what: str) -> str:
        """Arrays beside each other: in memory that is there already, if they are not among the results."""
        alike = all(use.value.dtype == value.dtype for use in value.uses)
        if value in self.returned or value in self.constant or not alike:
            return f"np.concatenate({what})"
        name = self.names[value]
        self.memory[name] = Block(value.shape, value.dtype)
        self.body.append(f"np.concatenate({what}, out={name})")
        return name

    def _returned(self) -> set[Value]:
        """What results are, or are parts of."""
        found = set()
        for use in self.network.outputs.values():
            value = use.value
            while value.kind in (ROWS, COLUMNS, TRANSPOSE) and not value.timed:
                value = value.uses[0].value
            found.add(value)
        return found

    def _alone(self, use: Use, user: Value) -> str:
        """An operand outside of loops; a number is Python's own where the result has its recorded dtype with it."""
        x = use.value
        if x.kind == ALL_STEPS:
            return f"*{self._view(x.uses[0].value, x.uses[0].value.times)}"
        if x.kind != LITERAL:
            return self._single(use)
        number = x.settings["number"]
        others = [other.value.dtype for other in user.uses if other.value.kind != LITERAL]
        simple = user.kind in (SUM, PRODUCT) or (
            isinstance(user.kind, Operation) and isinstance(user.kind.value, np.ufunc)
        )
        if simple and others and np.result_type(*others, number) == np.result_type(*others, x.dtype):
            return literal(number)
        return self._array(number, x.dtype)

    def _called(self, operation: Operation, texts: list[str], settings: dict[str, Any]) -> str:
        if isinstance(operation.value, np.ufunc):
            return f"{self._function(operation.value.__name__)}({', '.join(texts)})"
        function = self._bind(operation.name, operation.value)
        return f"{function}({', '.join([*texts, *self._settings(settings)])})"

    def _settings(self, settings: dict[str, Any]) -> list[str]:
        result = []
        for key, setting in settings.items():
            simple = setting is None or type(setting) in (int, float, bool, str, Size)
            simple = simple or (type(setting) is tuple and all(type(n) in (int, Size) for n in setting))
            simple = simple or sized_index(setting)
            result.append(f"{key}={literal(setting)}" if simple else f"{key}={self._bind(key, setting)}")
        return result

    # -- all steps at once ----------------------------------------------------------------------

    def _whole(self, value: Value) -> None:
        """A value of every step, for all steps at once."""
        if value.kind in (ROWS,):
            return
        target = self._view(value, value.times)
        if value.kind == STEPS:
            self.body.append(f"{target}[...] = {self._stepped(value)}")
        elif value.kind == ONES:
            self.body.append(f"{target}[...] = 1.0")
        elif (statement := self._lifted(value, target)) is not None:
            self.body += statement
        else:
            self._one_by_one(value, target)

    def _stepped(self, value: Value) -> str:
        """What is given with time as its last axis, with time first."""
        return f"{self.names[value]}_given.transpose({_time_first(len(value.shape))})"

    def _operand(self, use: Use, value: Value) -> str:
        """An operand of all steps, as it broadcasts against blocks."""
        x = use.value
        assert value.times is not None
        if x.kind == LITERAL:
            return self._number(x.settings["number"], value.dtype)
        if x.times is None:
            return self._single(use)
        text = self._view(x, stretch(value.times[0] + use.shift, value.times[-1] + 1 + use.shift))
        missing = len(value.shape) - len(x.shape)  # axes that broadcasting adds, after that of the steps
        return f"{text}[:{', None' * missing}]" if missing else text

    def _lifted(self, value: Value, target: str) -> list[str] | None:
        kind = value.kind
        if kind in (SUM, PRODUCT) or elementwise(kind):
            texts = [self._operand(use, value) for use in value.uses]
            return self._elementwise(value, texts, target)
        if kind == MATMUL:
            return [self._products(value, target)]
        if kind == CONCAT and value.settings.get("placed"):
            return []
        if kind == CONCAT:
            texts = [self._operand(use, value) for use in value.uses]
            return self._side_by_side(value, target, texts)
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
            half, multiply, add = self._number(0.5, value.dtype), self._function("multiply"), self._function("add")
            return [f"{multiply}({texts[0]}, {half}, out={target})", f"{add}({target}, {half}, out={target})"]
        if kind in (SUM, PRODUCT):
            name = self._function("add" if kind == SUM else "multiply")
            if len(texts) == 1:
                return [f"{target}[...] = {texts[0]}"]
            return [
                f"{name}({texts[0]}, {texts[1]}, out={target})",
                *(f"{name}({target}, {text}, out={target})" for text in texts[2:]),
            ]
        assert isinstance(kind, Operation)
        if isinstance(kind.value, np.ufunc):
            return [f"{self._function(kind.value.__name__)}({', '.join(texts)}, out={target})"]
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
        left, right = (use.value for use in value.uses)
        a, b = (self._operand(use, value) for use in value.uses)
        n, p = value.shape
        matmul = self._function("matmul")
        k = left.shape[1]
        if not left.timed and not right.timed:
            return f"{target}[...] = {a} @ {b}"
        if not left.timed and p == 1:  # one column a step: the columns of all steps are the rows of one matrix
            return f"{matmul}({b}.reshape(-1, {k}), {_transposed(a)}, out={target}.reshape(-1, {n}))"
        if not right.timed:
            return f"{matmul}({a}.reshape(-1, {k}), {b}, out={target}.reshape(-1, {p}))"
        return f"{matmul}({a}, {b}, out={target})"

    def _side_by_side(self, value: Value, target: str, texts: list[str]) -> list[str]:
        statements, start = [], 0
        for use, text in zip(value.uses, texts, strict=True):
            stop = start + use.value.shape[0]
            statements.append(f"{target}[:, {start}:{stop}] = {text}")
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
        if kind.reduces is not None and value.uses[0].value.shape:
            more = ", keepdims=True" if settings.get("keepdims") else ""
            return [f"{self._function(kind.reduces.__name__)}.reduce({texts[0]}, axis={axes}{more}, out={target})"]
        return [self._assigned(value, target, call)]

    def _operand_alone(self, use: Use, value: Value) -> str:
        assert value.times is not None
        return self._view(use.value, stretch(value.times[0] + use.shift, value.times[-1] + 1 + use.shift))

    def _unstacked(self, value: Value, target: str) -> list[str] | None:
        """x[:, :, t] at every t: x with time first."""
        index = value.settings.get("index")
        x = value.uses[0]
        if x.value.timed or index is None:
            return None
        index = index if isinstance(index, tuple) else (index,)
        places = [i for i, part in enumerate(index) if isinstance(part, StepIndex)]
        if len(places) != 1 or not all(is_all(part) for part in index if not isinstance(part, StepIndex)):
            return None
        assert value.times is not None
        (axis,), last = places, index[places[0]]
        start, stop = last.at(value.times[0]), last.at(value.times[-1]) + 1
        if start < 0:
            return None
        part = "" if (start, stop) == (0, x.value.shape[axis]) else f"[{start}:{stop}]"
        axes = (axis, *(a for a in range(len(x.value.shape)) if a != axis))
        turned = f".transpose({', '.join(map(str, axes))})" if axis else ""
        return [f"{target}[...] = {self._single(x)}{turned}{part}"]

    def _one_by_one(self, value: Value, target: str) -> None:
        """What has no rule for all steps at once, step after step."""
        assert value.times is not None
        if isinstance(value.times, Stretch):
            self._in_a_loop(value, target)
            return
        for i, t in enumerate(value.times):
            texts = [
                self._alone(use, value) if use.value.times is None else self._at(use.value, t + use.shift)
                for use in value.uses
            ]
            call = self._plain(value, texts, {key: at_step(setting, t) for key, setting in value.settings.items()})
            self.body.append(f"{target}[{i}] = {call}")

    def _in_a_loop(self, value: Value, target: str) -> None:
        """The same when it is not known how many steps there are."""
        times: Any = value.times
        steps = count(times)
        assert isinstance(steps, Size)
        i = steps.asked.called("i", 0, 0)
        texts = [
            self._alone(use, value) if use.value.times is None else self._at(use.value, times[0] + i + use.shift)
            for use in value.uses
        ]
        if any(counts(s) for s in value.settings.values()):
            assert isinstance(value.kind, Operation)
            bound = self._settings_of(value, str(times))
            call = f"{self._bind(value.kind.name, value.kind.value)}({', '.join(texts)}, **{bound}[i])"
        else:
            call = self._plain(value, texts, value.settings)
        self.body += [f"for i in range({steps}):", f"{INDENT}{target}[i] = {call}"]

    def _settings_of(self, value: Value, steps: str) -> str:
        """A name for the list of an operation's settings at some steps."""
        template = self._bind("template", dict(value.settings))
        self.namespace["settings_at"] = settings_at
        word = self._fresh("settings")
        self.loops.append(f"{word} = settings_at({', '.join([template, steps, *(f'{s}={s}' for s in self.sizes)])})")
        return word

    def _plain(self, value: Value, texts: list[str], settings: dict[str, Any]) -> str:
        """One step, from operands as recorded."""
        if value.kind in (SUM, PRODUCT):
            call = f" {'+' if value.kind == SUM else '*'} ".join(_close(text) for text in texts)
        else:
            assert isinstance(value.kind, Operation), value
            call = self._called(value.kind, texts, settings)
        return call


def sized_index(setting: Any) -> bool:
    """Whether an index has a length with a name in it, and is written out so that it has one."""
    parts = setting if isinstance(setting, tuple) else (setting,)
    ends = [end for part in parts for end in ((part.start, part.stop) if isinstance(part, slice) else (part,))]
    known = all(end is None or end is Ellipsis or type(end) in (int, Size) for end in ends)
    return known and any(isinstance(end, Size) for end in ends)


def _time_first(ndim: int) -> str:
    """The order of axes that brings the last one to the front."""
    return ", ".join(str(axis) for axis in (ndim, *range(ndim)))


def _transposed(text: str) -> str:
    return text[:-2] if text.endswith(".T") else f"{text}.T"


def _close(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
