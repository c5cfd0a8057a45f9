"""ONNX out: a recording as a file that any runtime computes, for any number of steps; with its gradients if asked."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.exchange.onnx_builder import Builder, Written
from autograd_seq.exchange.onnx_file import parsed
from autograd_seq.exchange.onnx_in import OnnxRun
from autograd_seq.exchange.onnx_numpy import as_float
from autograd_seq.exchange.onnx_program import History, Translator
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.module_text import module_text
from autograd_seq.readings.program import ProgramWriter
from autograd_seq.storage.files import check_output, write
from autograd_seq.writer.tree import record_of

OPSET, FORMAT = 17, 9


def write_onnx(thing: Any, path: str | os.PathLike[str], *, gradients: bool = False) -> Path:
    """Write a recording as an ONNX file.

    Parameters
    ----------
    thing : Tensor, Graph, Recording or run
        What was recorded. Time is free where the steps fold into loops, the number of examples where the
        recorded program does not depend on it.
    path : path
        Where to. Needs the package `onnx`.
    gradients : bool
        Whether the file computes the gradients too, as outputs called ``dW``, by the backward pass of the recording:
        then a runtime without automatic differentiation returns them. Needs a scalar.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    UsageError
        If the package `onnx` is not there, or a part of the program has no translation; it is named.
    FileError
        If the file cannot be written.

    Notes
    -----
    Weights are stored under their names; whatever else was given is an input. Loops over time are Scan nodes. Before
    anything is written, ONNX's own checker looks at the file, and it is read back and compared with the recording.

    Examples
    --------
    ``write_onnx(loss, "lstm.onnx", gradients=True)``
    """
    target = check_output(path, [".onnx"])
    model = _Model(Derivation(thing, short=False), gradients)
    data = model.bytes()
    model.compare(data)
    return write(target, data)


class _Model:
    """The file in the making."""

    def __init__(self, derivation: Derivation, gradients: bool) -> None:
        self.helper, self.numpy_helper, self.checker = _library()
        self.gradients = gradients
        self.d = derivation
        self.writer = _PlainWriter(derivation, "network")
        self.text = module_text(self.writer)
        self.units = {name: unit for unit, name in self.writer.variables.items()}
        self.builder = Builder(record_of(derivation.outputs[0]).dtype)
        self.translator = Translator(self.text, self.builder)
        self.inputs: dict[str, Array] = {}
        self.weights: dict[str, Array] = {}
        self.outputs: dict[str, Written] = {}
        self._translate()

    def _translate(self) -> None:
        forward, backward = self._functions()
        names = [argument.arg for argument in forward.args.args]
        optional = set(names[len(names) - len(forward.args.defaults) :]) if forward.args.defaults else set()
        for name in names:
            if name == "parameters":
                self.translator.env[name] = name
                self._take_weights()
            elif name in optional and not self._recorded(name).any():
                self.translator.env[name] = None
            else:
                self._take(name, self.inputs)
        if self.gradients:
            self.translator.kept = {part.value for part in ast.walk(backward) if isinstance(part, ast.Constant)} - {None}
        returned = self.translator.run(forward.body)
        self._give(returned.elts[0] if isinstance(returned, ast.Tuple) else returned)
        if self.gradients:
            self._check_scalar()
            found = self.translator.run(backward.body)
            held = self.translator.env[found.id] if isinstance(found, ast.Name) else found
            for key, value in zip(held.keys, held.values, strict=True):
                self._output(key.value, self.translator.value(value))

    def _functions(self) -> tuple[ast.FunctionDef, ast.FunctionDef]:
        found = self.translator.functions
        ends = ("_forward", "_backward")
        forward, backward = (next(f for name, f in found.items() if name.endswith(end)) for end in ends)
        return forward, backward

    def _take_weights(self) -> None:
        for name, unit in self.units.items():
            record = (unit.any if isinstance(unit, Family) else unit).record
            if record.operation is None and record.requires_grad and not isinstance(unit, Family):
                self._take(name, self.weights)

    def _take(self, name: str, among: dict[str, Array]) -> None:
        among[name] = self._recorded(name)
        self.builder.fresh(name)
        self.translator.env[name] = Written(name)

    def _recorded(self, name: str) -> Array:
        """What an argument was when it was recorded; of all steps, along its last axis."""
        if name not in self.units:
            raise UsageError(f"the argument {name!r} of this program cannot be written as ONNX{here()}")
        unit: Unit = self.units[name]
        if isinstance(unit, Family):
            return np.stack([unit.members[t].record._value for t in unit.times], axis=-1)
        return np.asarray(unit.record._value)

    def _give(self, returned: Any) -> None:
        parts = returned.elts if isinstance(returned, ast.Tuple) else [returned]
        for number, part in enumerate(parts):
            name = part.id if isinstance(part, ast.Name) else f"output_{number + 1}"
            self._output(name, self.translator.value(part))

    def _output(self, name: str, value: Any) -> None:
        found = value.stacked if isinstance(value, History) else as_float(self.builder, value)
        if found is None:
            raise UsageError(f"the output {name!r} of this program cannot be written as ONNX{here()}")
        self.outputs[name] = self.builder.node("Identity", [found], name)

    def _check_scalar(self) -> None:
        shapes = [record_of(unit).shape for unit in self.d.outputs]
        if shapes != [()]:
            raise UsageError(f"gradients are those of a scalar: give the loss, not outputs of shapes {shapes}{here()}")

    def bytes(self) -> bytes:
        """The file, looked at by ONNX's own checker."""
        helper, kind = self.helper, self.builder.element_type("float")
        described = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.builder.nodes, "network",
            [described(name, kind, [None] * array.ndim) for name, array in self.inputs.items()],
            [described(self.outputs[name].name, kind, [None] * array.ndim) for name, array in self._wanted().items()],
            [self.numpy_helper.from_array(array, name) for name, array in self.weights.items()],
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FORMAT)
        model.producer_name = "autograd_seq"
        self.checker.check_model(model)
        return bytes(model.SerializeToString())

    def compare(self, data: bytes) -> None:
        """Read the file back, and compare what it computes with what was recorded."""
        found = OnnxRun("the file", parsed(data, "the file"), self.inputs, {}, None, 0).outputs
        for name, wanted in self._wanted().items():
            value = found[self.outputs[name].name]
            got = np.asarray(value._value if hasattr(value, "record") else value)
            precision = float(np.finfo(wanted.dtype).eps) ** 0.5
            if got.shape != wanted.shape or not np.allclose(got, wanted, precision, precision, equal_nan=True):
                raise UsageError(f"the file computes another {name} than was recorded, so it was not written{here()}")

    def _wanted(self) -> dict[str, Array]:
        """What was recorded of the outputs."""
        wanted = {}
        for name in self.outputs:
            unit = self.units.get(name)
            if isinstance(unit, Node):
                wanted[name] = unit.record._value
            elif isinstance(unit, Family):
                wanted[name] = np.stack([unit.members[t].record._value for t in unit.times])
            leaf = self.units.get(name.removeprefix("d")) if self.gradients else None
            if unit is None and isinstance(leaf, Node):
                wanted[name] = self.d.recording.adjoints[leaf.record]._value
        return wanted


class _PlainWriter(ProgramWriter):
    """Writes a program whose arguments are arrays, whatever the author's own function takes."""

    def _own_function(self) -> None:
        return None


def _library() -> tuple[Any, Any, Any]:
    try:
        import onnx
    except ImportError as error:
        raise UsageError(f"ONNX files need the package onnx: pip install 'autograd-seq[onnx]'{here()}") from error
    return onnx.helper, onnx.numpy_helper, onnx.checker

