"""Forward passes of random programs, recorded: their gradients are right, at ordinary and at extreme weights."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from check.verdicts.case import Answer, Case, of_report
from check.verdicts.points import DTYPES, NAMES
from check.verdicts.programs import trial
from check.verdicts.programs.writing import Program, write

import autograd_seq.operations as ops
from autograd_seq import Tensor, gradcheck, prove

COUNT = 80
WEIGHTS = {"ordinary": 1.0, "zero": 0.0, "tiny": 2.0**-14, "large": 8.0, "saturated": 24.0}


@functools.cache
def recordable(seed: int) -> Callable[..., Any]:
    """The forward pass with the arrays of this package, so that it can be recorded; a scalar of what it gives."""
    program = write(seed)
    source = program.source.replace("import numpy as np", "import autograd_seq.numpy as np").replace(', dtype="f"', "")
    module = types.ModuleType("program")
    vars(module).update(trial.drawn(program, seed)[1])
    exec(compile(source, f"program_{seed}.py", "exec"), vars(module))

    def function(**inputs: Any) -> Any:
        outputs = module.forward(**inputs)[0]
        weighted = [v * np.resize([1.0, -0.5, 2.0], v.shape).astype(v.dtype) for v in outputs.values()]
        return ops.accumulate([ops.sum(v) for v in weighted])

    return function


def numbers(program: Program, seed: int, kind: str, dtype: type) -> dict[str, np.ndarray]:
    """The inputs in a precision, the weights scaled."""
    inputs, _ = trial.drawn(program, seed)
    return {
        k: a.astype(dtype) * dtype(WEIGHTS[kind] if k[0] in "WVb" else 1) if a.dtype.kind == "f" else a
        for k, a in inputs.items()
    }


def cases() -> Iterator[Case]:
    """Every program at one kind of weights in one precision, where all numbers on the way are numbers of it."""
    for k in range(COUNT):
        seed, kind, dtype = 1000 + k, list(WEIGHTS)[k % len(WEIGHTS)], DTYPES[k // len(WEIGHTS) % len(DTYPES)]
        program = write(seed)
        if not stays_finite(program, seed, kind, dtype):
            continue
        name = f"program {seed}: {kind} weights, {NAMES[dtype]}"
        for asked, ask in (("gradcheck", _gradcheck), ("prove", _prove)):
            question = functools.partial(ask, program, seed, kind, dtype)
            marked = open_because(program, kind, dtype)
            yield Case(f"recorded programs, {asked}", name, "right", question, marked)


def stays_finite(program: Program, seed: int, kind: str, dtype: type) -> bool:
    """Whether no number on the way is infinite or none; a naive softmax overflows, its logarithm meets 0."""
    module = trial.module_of(program.source, trial.drawn(program, seed)[1])
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            module.forward(**numbers(program, seed, kind, dtype))
    except FloatingPointError:
        return False
    return True


def open_because(program: Program, kind: str, dtype: type) -> str:
    """Why no verdict need be given; empty where one must be."""
    if dtype is np.float16:
        return "float16 keeps three digits of one number, and fewer of a sum"
    if kind == "zero" and any(word in program.source for word in ("np.maximum", "np.where", "np.max(")):
        return "a branch is decided at a tie"
    return ""


def _gradcheck(program: Program, seed: int, kind: str, dtype: type) -> Answer:
    inputs = numbers(program, seed, kind, dtype)
    function = recordable(seed)
    return of_report(gradcheck(lambda *values: function(**dict(zip(inputs, values, strict=True))), *inputs.values()))


def _prove(program: Program, seed: int, kind: str, dtype: type) -> Answer:
    inputs = {
        k: Tensor(a, name=k, requires_grad=True) if a.dtype.kind == "f" else a
        for k, a in numbers(program, seed, kind, dtype).items()
    }
    output = recordable(seed)(**inputs)
    return of_report(prove(output, [x for x in inputs.values() if isinstance(x, Tensor)]))
