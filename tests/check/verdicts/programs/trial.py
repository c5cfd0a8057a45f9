"""Running a program: its gradients, and the true ones by the complex step through its forward pass."""

from __future__ import annotations

import re
import types
from typing import Any

import numpy as np
from check.verdicts.programs.writing import Program

STEP = 1e-30


def module_of(source: str, constants: dict[str, Any]) -> types.ModuleType:
    """The program as a module, on plain NumPy."""
    module = types.ModuleType("program")
    vars(module).update(constants)
    source = source.replace("import autograd_seq.numpy as np", "import numpy as np")
    exec(compile(source, "program.py", "exec"), vars(module))
    return module


def drawn(program: Program, seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Inputs and constants of a program."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for name, shape in program.inputs.items():
        size = [_number(n, program.sizes) for n in shape]
        if name in program.whole:
            inputs[name] = rng.integers(program.sizes[program.whole[name]], size=size)
        elif name in program.one_hot:
            inputs[name] = _one_hot(rng, size, program.one_hot[name])
        else:
            inputs[name] = rng.standard_normal(size) * (0.7 if name[0] in "WV" else 1.0)
    return inputs, {name: _one_hot(rng, *_target_shape(program)) for name in program.constants}


def _number(n: object, sizes: dict[str, int]) -> int:
    return n if isinstance(n, int) else sum(sizes[w.strip()] for w in str(n).split("+"))


def _target_shape(program: Program) -> tuple[list[int], int]:
    letters = ["n_y" if n == "n_x" else n for n in program.inputs["x"]]
    return [_number(n, program.sizes) for n in letters], letters.index("n_y")


def _one_hot(rng: np.random.Generator, size: list[int], axis: int) -> np.ndarray:
    moved = [n for i, n in enumerate(size) if i != axis]
    return np.moveaxis(np.eye(size[axis])[rng.integers(size[axis], size=moved)], -1, axis)


def gradients(source: str, program: Program, seed: int) -> dict[str, np.ndarray]:
    """What the backward pass gives."""
    inputs, constants = drawn(program, seed)
    module = module_of(source, constants)
    outputs, cache = module.forward(**{k: v.copy() for k, v in inputs.items()})
    return module.backward(upstream_of(outputs, seed), cache)


def upstream_of(outputs: dict[str, Any], seed: int) -> dict[str, Any]:
    """Adjoints of the outputs."""
    rng = np.random.default_rng(seed + 1)
    return {k: rng.standard_normal(np.shape(v)) for k, v in outputs.items()}


def truth(program: Program, seed: int) -> dict[str, np.ndarray]:
    """The gradients by the complex step; arrays that a program makes become complex."""
    inputs, constants = drawn(program, seed)
    module = module_of(_complex(program.source), constants)
    plain = {k: v.astype(complex) if v.dtype.kind == "f" else v for k, v in inputs.items()}
    upstream = upstream_of(module.forward(**plain)[0], seed)
    found = {}
    for key in (k for k in inputs if k not in program.whole):
        slope = np.zeros(inputs[key].shape)
        for place in np.ndindex(slope.shape):
            moved = {k: v.copy() for k, v in plain.items()}
            moved[key][place] += 1j * STEP
            outputs = module.forward(**moved)[0]
            slope[place] = sum(np.sum(np.imag(v) * upstream[k]) for k, v in outputs.items()) / STEP
        found[f"d{key}"] = slope
    return found


def _complex(source: str) -> str:
    source = source.replace(', dtype="f"', "")
    return re.sub(r"np\.zeros\((\(.*\))\)$", r"np.zeros(\1, complex)", source, flags=re.MULTILINE)
