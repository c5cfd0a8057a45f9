"""Writes the values of a plan as a NumPy program: memory set aside once, loops only where steps depend on each other.

Arrays of every time step are kept as one block, steps first. Each step stands in one piece, and so does each gate of
a step whose gates are stacked.
"""

from __future__ import annotations

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.plan.memory.ahead import views_ahead
from autograd_seq.plan.memory.places import INDENT
from autograd_seq.plan.memory.reuse import WORD, share
from autograd_seq.plan.rewrites.lifting import elementwise
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.value import (
    ALL_STEPS,
    COLUMNS,
    CONCAT,
    GIVEN,
    LITERAL,
    MATMUL,
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
from autograd_seq.plan.writing.segments import Segment, segments
from autograd_seq.plan.writing.whole import Whole


class Program(Whole):
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

    def __init__(self, network: Network, sizes: tuple[str, ...] = ()) -> None:
        super().__init__(network, sizes)
        self.views: list[str] = []  # other names of blocks
        self.functions: list[str] = []
        self.turned: dict[str, str] = {}
        self._write_all(network.components())
        self.text = self._module()

    def _write_all(self, components: list[list[Value]]) -> None:
        for component in components:
            self._write(component)

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
            if value.kind not in (ROWS, COLUMNS, TRANSPOSE, ALL_STEPS):
                name, text = self.names[value], self._once(value)
                if text != name:
                    (self.constants if constant else self.body).append(f"{name} = {text}")

    # -- loops ----------------------------------------------------------------------------------

    def _loop(self, component: list[Value]) -> None:
        inside = set(component)
        for value in component:
            self._beyond(value)
        shifts = {u.shift for v in component for u in v.uses if u.value in inside and u.shift}
        backward = max(shifts) > 0
        order = self.homes.order[component[0]]
        self.body += [f"{self.names[value]}[...] = 0.0" for value in order if value in self.homes.reset]
        for segment in segments(component, backward):
            self._segment([v for v in order if v.times is not None and segment.start in v.times], segment)

    def _segment(self, values: list[Value], steps: Segment) -> None:
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

    def _variable(self, value: Value, steps: Segment, shift: int, variables: dict[str, str]) -> str:
        """A loop's variable that runs over the steps of a block."""
        part = self._part(value)
        base = part[0] if part else self.homes.block(value)
        low = self.rows[base][0]
        first, stop = steps.start + shift - low, steps.stop + shift - low
        name = self.names[base]
        if base in self.homes.brief:
            return f"{name}[{part[1]}:{part[2]}]" if part else name
        columns = f", {part[1]}:{part[2]}" if part else ""
        if len(value.shape) == 0:
            rows = f"range({first}, {stop})"
            index = f"[{name}[i, ...] for i in {f'reversed({rows})' if steps.backward else rows}]"
        elif stop == first + 1 or not steps.backward:
            index = f"{name}[{first}:{stop}{columns}]"
        else:
            index = f"{name}[{stop - 1}:{first - 1 if first > 0 else ''}:-1{columns}]"
        if index not in variables:
            when = {0: "t", -1: "before", 1: "after"}.get(shift, f"{abs(shift)}_{'before' if shift < 0 else 'after'}")
            word = f"{self.names[value if part else base]}_{when}"
            while word in self.taken or word in variables.values():
                word += "_"
            variables[index] = word
        return variables[index]

    def _turned(self, use: Use) -> str:
        """A single operand of a loop, turned once before the loop."""
        text = self._single(use)
        if text.isidentifier() or use.value.kind == LITERAL or len(use.value.shape) != 2:
            return text
        if text not in self.turned:
            self.turned[text] = word = self._fresh(f"{use.value.name}_turned")
            self.body.append(f"{word} = np.ascontiguousarray({text})")
        return self.turned[text]

    def _step(self, value: Value, steps: Segment, variables: dict[str, str]) -> list[str]:
        """One value at one step of a loop."""
        if value.kind == ROWS:
            return []
        target = self._variable(value, steps, 0, variables)
        texts = [
            self._variable(use.value, steps, use.shift, variables) if use.value.timed
            else self._number(use.value.settings["number"], value.dtype) if use.value.kind == LITERAL
            else self._turned(use)
            for use in value.uses
        ]  # fmt: skip
        kind = value.kind
        if kind in (SUM, PRODUCT) or elementwise(kind):
            return self._elementwise(value, texts, target)
        if kind == MATMUL:
            return [f"{self._function('dot')}({texts[0]}, {texts[1]}, out={target})"]
        if kind == CONCAT and value.settings.get("placed"):
            return []
        if kind == CONCAT:
            return [f"np.concatenate(({', '.join(texts)}), axis=0, out={target})"]
        if kind == TRANSPOSE:
            return [f"{target}[...] = {texts[0]}.T"]
        if any(counts(s) for s in value.settings.values()):
            assert isinstance(kind, Operation)
            bound = self._settings_of(value, steps.text)
            variables[bound] = word = f"{bound}_t"
            call = f"{self._bind(kind.name, kind.value)}({', '.join(texts)}, **{word})"
            return [f"{target}[...] = {call}"]
        return [f"{target}[...] = {self._plain(value, texts, value.settings)}"]

    # -- the module -----------------------------------------------------------------------------

    def _module(self) -> str:
        arguments = [self.names[v] + ("_given" if v.kind == STEPS else "") for v in self.given]
        results = []
        for key, use in self.network.outputs.items():
            text, value = self._single(use), use.value
            lasting = value.times is not None or value.kind == GIVEN or value in self.constant
            wanted = np.dtype(self.network.dtypes.get(key, value.dtype))
            if lasting or (key in self.network.dtypes and (wanted != value.dtype or not value.shape)):
                text = f"np.array({text}{'' if wanted == value.dtype else f', np.{wanted.name}'})"
            results.append(text)
        body = [*self.body, f"return {', '.join(results)}"]
        body, views = views_ahead(body, self.memory, self._fresh, self.sizes)
        self.views += views
        words = set(WORD.findall("\n".join([*body, *self.views, *self.loops])))
        blocks = {name: block for name, block in self.memory.items() if name in words}
        self.blocks = blocks
        if shared := share(blocks, body, [*self.views, *self.loops]):
            self.network.notes.append(f"{shared} blocks: in the memory of blocks that are done with")
        for_any = f", for any {' and '.join(self.sizes)}" if self.sizes else ""
        head = [
            f'"""The compiled replay of a recording{for_any}: loss and gradients."""',
            "",
            "import numpy as np",
            *([f"from numpy import {', '.join(sorted(self.imported))}"] if self.imported else []),
            "",
        ]
        ahead = [
            *self.chosen,
            "# Memory, set aside once. Time is the first axis of a block.",
            *(block.statement(name) for name, block in blocks.items() if block.home is None),
            *(block.statement(name) for name, block in blocks.items() if block.home is not None),
            *self.views,
            "",
            "# Constants, and what the loops run over, step by step.",
            *(f"{word} = np.array({text}, np.{np.dtype(dtype).name})" for (text, dtype), word in self.numbers.items()),
            *self.constants,
            *self.loops,
            "",
        ]
        run = [f"def run({', '.join(arguments)}):", *(INDENT + line for line in body)]
        if not self.sizes:
            return "\n".join([*head, *ahead, "", *self.functions, *run]) + "\n"
        inside = [
            f'"""What computes loss and gradients for {" and ".join(self.sizes)}."""', *ahead, *run, "", "return run"
        ]
        program = [f"def program({', '.join(self.sizes)}):", *(INDENT + line if line else "" for line in inside)]
        return "\n".join([*head, "", *self.functions, *program]) + "\n"
