"""ONNX out: a recording as a file that any runtime computes, for any number of steps; with its gradients if asked."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import is_parameter
from autograd_seq.exchange.even_steps import Even, evened, without_nothing
from autograd_seq.exchange.fixed_sizes import fixed_sizes
from autograd_seq.exchange.known_cells import known_cells
from autograd_seq.exchange.onnx_builder import FLOAT, TRUTH, WHOLE, Builder, Written
from autograd_seq.exchange.onnx_cells import CellNodes
from autograd_seq.exchange.onnx_file import parsed
from autograd_seq.exchange.onnx_in import OnnxRun
from autograd_seq.exchange.onnx_numpy import as_float, as_whole, filled
from autograd_seq.exchange.onnx_program import History, Translator, UntranslatedError
from autograd_seq.exchange.written_out import written_out
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.generality import FEWEST, goes_on
from autograd_seq.readings.module_text import module_text
from autograd_seq.readings.program import ProgramWriter
from autograd_seq.storage.files import check_output, write
from autograd_seq.writer.tree import record_of

OPSET, FORMAT = 17, 9
LENGTHS = "sequence_lens"


def write_onnx(
    thing: Any, path: str | os.PathLike[str], *, gradients: bool = False, inputs: Iterable[str] = ()
) -> Path:
    """Write a recording as an ONNX file.

    Parameters
    ----------
    thing : Tensor, Graph, Recording or run
        What was recorded. Time is free where the steps fold into loops and there are three or more, the number of
        examples where the recorded program does not depend on it; else the file says the size that it takes. Where
        examples end at different steps, their lengths are an input, ``sequence_lens``.
    path : path
        Where to. Needs the package `onnx`.
    gradients : bool
        Whether the file computes the gradients too, as outputs called ``dW``, by the backward pass of the recording:
        then a runtime without automatic differentiation returns them. Needs a scalar.
    inputs : iterable of str
        Leaves that are inputs of the file although they are the zeros that a state begins with, or tensors that require
        a gradient where nothing is a `Parameter`, by their names. Beside parameters such a tensor is an input by
        itself, with a gradient if gradients are asked for.

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
    Weights are stored under their names; whatever else was given is an input. What is an RNN, a GRU or an LSTM by its
    algebra is a node of that operator, unless its gradients are asked for or it is one that runtimes compute
    differently; all other loops over time are Scan nodes. Before anything is written, ONNX's own checker looks at the
    file, and it is read back and compared with the recording.

    Examples
    --------
    ``write_onnx(loss, "lstm.onnx", gradients=True)``
    """
    target = check_output(path, [".onnx"])
    d = Derivation(thing, short=False)
    found = evened(_outputs(d), to_the_end=gradients)
    try:
        return write(target, _file_of(d if found is None else _derived(found), gradients, set(inputs), found))
    except UntranslatedError:
        if found is None or gradients or (found := evened(_outputs(d), to_the_end=True)) is None:
            raise
        return write(target, _file_of(_derived(found), gradients, set(inputs), found))


def _file_of(d: Derivation, gradients: bool, inputs: set[str], even: Even | None) -> bytes:
    """The file of a recording; of fewer steps than show what the next would do, with these steps one by one."""
    try:
        return _Model(d, gradients, inputs, even).file()
    except UntranslatedError:
        if not d.folded.loops or ProgramWriter(d, "network").last >= FEWEST:  # then it is the steps that are not alike
            raise
        return _Model(d, gradients, inputs, even, one_by_one=True).file()


def _outputs(d: Derivation) -> list[Any]:
    return [record_of(unit) for unit in d.outputs]


def _derived(found: Even) -> Derivation:
    return Derivation(Graph(*found.outputs), short=False)


class _Model:
    """The file in the making."""

    def __init__(
        self, derivation: Derivation, gradients: bool, inputs: set[str] | None = None, even: Even | None = None,
        one_by_one: bool = False,
    ) -> None:  # fmt: skip
        self.helper, self.numpy_helper, self.checker = _library()
        self.gradients = gradients
        self.said, self.even, self.one_by_one = inputs or set(), even, one_by_one
        self.d = derivation
        self.writer = _PlainWriter(derivation, "network")
        self.text = module_text(self.writer)
        self.units = {name: unit for unit, name in self.writer.variables.items()}
        self.builder = Builder(record_of(derivation.outputs[0]).dtype)
        self.translator = Translator(self.text, self.builder)
        self.translator.ranks = {name: record_of(unit).ndim for name, unit in self.units.items()}
        self.inputs: dict[str, Array] = {}
        self.weights: dict[str, Array] = {}
        self.outputs: dict[str, Written] = {}
        self.zeros: dict[int, Written] = {}  # what states begin with, by their length
        self.leaf_of: dict[str, Unit | None] = {}  # by the name of a gradient
        self._translate()

    def _translate(self) -> None:
        if self.gradients:
            self._check_scalar()
        forward, backward = self._functions()
        if self.even is not None:
            without_nothing(forward)
            without_nothing(backward)
        masks: list[str] = []
        zeros: list[str] = []
        names = [argument.arg for argument in forward.args.args]
        optional = set(names[len(names) - len(forward.args.defaults) :]) if forward.args.defaults else set()
        for name in names:
            if name == "parameters":
                self.translator.env[name] = name
                self._take_weights(set(names))
            elif self.even is not None and self._is_mask(name):
                masks.append(name)
            elif name in optional and name not in self.said and not self._recorded(name).any():
                self.translator.env[name] = None
            elif self._begins_with_zeros(name, forward):
                zeros.append(name)
            else:
                self._take(name, self.inputs)
        for name in zeros:
            self._take_zeros(name)
        self._find_length(forward)
        ends = self._take_lengths(forward, masks)
        if not self.gradients and not self.one_by_one:  # a backward pass needs the insides
            weights = [record_of(self.units[name]) for name in self.weights]
            recording = self.d.forward if self.even is None else Graph(*self.even.bare)
            self.translator.by_nodes = CellNodes(
                self.translator, known_cells(recording, weights), self._variable_of, ends
            )
        if self.gradients:
            self.translator.kept = {str(part.value) for part in ast.walk(backward) if isinstance(part, ast.Constant)}
        returned = self.translator.run(self._statements(forward))
        self._give(returned.elts[0] if isinstance(returned, ast.Tuple) else returned)
        if self.gradients:
            found = self.translator.run(self._statements(backward))
            held = self.translator.env[found.id] if isinstance(found, ast.Name) else found
            for key, value in zip(held.keys, held.values, strict=True):
                self._output(key.value, self.translator.value(value))
                self.leaf_of[key.value] = self.units.get(ast.unparse(value).removeprefix("d"))

    def _begins_with_zeros(self, name: str, forward: ast.FunctionDef) -> bool:
        """Whether an argument is what a state was before the first step, all zeros, and nobody asked for it."""
        unit = self.units.get(name)
        if unit is None or name in self.said or record_of(unit).requires_grad or self._recorded(name).any():
            return False
        first = [s.value for s in forward.body if isinstance(s, ast.Assign) and isinstance(s.value, ast.Dict)]
        return any(ast.unparse(value) == f"{{0: {name}}}" for value in first)

    def _take_zeros(self, name: str) -> None:
        """Zeros for as many examples as an input has whose axis is time; an input of its own where there is none."""
        zeros = self._recorded(name)
        like = next((k for k, v in self.inputs.items() if v.ndim == 3 and zeros.shape[1:] == v.shape[1:2]), None)
        if like is None or zeros.ndim != 2:
            self._take(name, self.inputs)
            return
        rows, b = zeros.shape[0], self.builder
        if rows not in self.zeros:
            examples = b.node("Shape", [Written(like)], of=WHOLE, start=1, end=2)
            self.zeros[rows] = filled(b, b.node("Concat", [b.wholes(rows), examples], of=WHOLE, axis=0), 0.0)
        self.translator.env[name] = self.zeros[rows]

    def _functions(self) -> tuple[ast.FunctionDef, ast.FunctionDef]:
        found = self.translator.functions
        ends = ("_forward", "_backward")
        forward, backward = (next(f for name, f in found.items() if name.endswith(end)) for end in ends)
        return forward, backward

    def _statements(self, function: ast.FunctionDef) -> list[ast.stmt]:
        return written_out(function.body, self.writer.last) if self.one_by_one else function.body

    def _is_mask(self, name: str) -> bool:
        unit = self.units.get(name)
        return unit is not None and record_of(unit).operation is None and record_of(unit).dtype.kind == "b"

    def _take_lengths(self, forward: ast.FunctionDef, masks: list[str]) -> tuple[Written, Written] | None:
        """An input of the examples' lengths, from which the masks of all steps are made."""
        if self.even is None:
            return None
        count = next(
            (s.value for s in forward.body if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == "T"), None
        )
        if count is None or isinstance(count, ast.Constant):
            raise UntranslatedError(f"sequences of different lengths need an input whose axis is time{here()}")
        b, called = self.builder, self.builder.fresh(LENGTHS)
        self.inputs[called] = self.even.lengths.astype(np.int32)
        lengths, T = Written(called, WHOLE), as_whole(b, self.translator.value(count))
        whole = b.node("Cast", [lengths], of=WHOLE, to=b.element_type(WHOLE))
        one, more = b.constant(1, WHOLE), b.node("Add", [T, b.constant(1, WHOLE)], of=WHOLE)
        times = b.node("Unsqueeze", [b.node("Range", [one, more, one], of=WHOLE), b.wholes(0, 1)], of=WHOLE)
        column = b.node("Unsqueeze", [whole, b.wholes(0, 2)], of=WHOLE)
        running = b.node("LessOrEqual", [times, column], masks[0] if masks else None, of=TRUTH)
        self.translator.env |= dict.fromkeys(masks, running)
        return lengths, running

    def _variable_of(self, record: Any) -> str | None:
        if self.even is not None:
            record = self.even.stands_for.get(record, record)
        node = self.d.folded.nodes.forward.get(record)
        return None if node is None else self.writer.variables.get(self.d.unit_of(node))

    def _find_length(self, forward: ast.FunctionDef) -> None:
        """Where the program holds T for a number, take it from an input whose axis the loops go along."""
        fixed = [
            statement for statement in forward.body
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "T"
            and isinstance(statement.value, ast.Constant)
        ]  # fmt: skip
        for node in ast.walk(forward) if fixed else ():
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in self.inputs:
                parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                axis = next((k for k, part in enumerate(parts) if ast.unparse(part) == "t - 1"), None)
                shape = self.inputs[node.value.id].shape
                if axis is not None and shape[axis] == fixed[0].value.value:  # type: ignore[attr-defined]
                    fixed[0].value = ast.parse(f"{node.value.id}.shape[{axis}]", mode="eval").body
                    return

    def _take_weights(self, arguments: set[str]) -> None:
        counted = self._counted()
        learned = any(is_parameter(record_of(unit)) for unit in self.units.values() if isinstance(unit, Node))
        for name, unit in self.units.items():
            if name in arguments or not isinstance(unit, Node):
                continue
            if unit.record.operation is None and unit.record.requires_grad:
                data = name in counted or name in self.said or unit.record._name in self.said
                data |= learned and not is_parameter(unit.record)
                self._take(name, self.inputs if data else self.weights)

    def _counted(self) -> set[str]:
        """What the program takes the elements of step by step: data, also where a gradient by them is asked for."""
        parts = [node for node in ast.walk(self._functions()[0]) if isinstance(node, ast.Subscript)]
        return {
            part.value.id
            for part in parts
            if isinstance(part.value, ast.Name)
            and any(isinstance(node, ast.Name) and node.id == "t" for node in ast.walk(part.slice))
        }

    def _take(self, name: str, among: dict[str, Array]) -> None:
        recorded = self._recorded(name)
        mask = recorded.dtype.kind == "b"
        among[name] = recorded if mask else recorded.astype(self.builder.dtype)
        self.builder.fresh(name)
        self.translator.env[name] = Written(name, TRUTH if mask else FLOAT)

    def _recorded(self, name: str) -> Array:
        """What an argument was when it was recorded; of all steps, along its last axis."""
        if name not in self.units:
            raise UsageError(f"the argument {name!r} of this program cannot be written as ONNX{here()}")
        unit: Unit = self.units[name]
        if isinstance(unit, Family):
            return self._stacked(unit)
        return np.asarray(unit.record._value)

    def _give(self, returned: Any) -> None:
        parts = returned.elts if isinstance(returned, ast.Tuple) else [returned]
        for number, part in enumerate(parts):
            known = [node.id for node in ast.walk(part) if isinstance(node, ast.Name) and node.id in self.units]
            name = known[0] if len(set(known)) == 1 else f"output_{number + 1}"
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

    def file(self) -> bytes:
        """The file: read back, compared with what was recorded, and looked at by ONNX's own checker."""
        found = OnnxRun("the file", parsed(self._file({}), "the file"), self.inputs, {}, None, 0).outputs
        values = {key: np.asarray(v._value if hasattr(v, "record") else v) for key, v in found.items()}
        for name, written in self.outputs.items():
            self._compare(name, values[written.name])
        data = self._file({key: value.ndim for key, value in values.items()})
        self.checker.check_model(data, full_check=True)
        return data

    def _file(self, ranks: dict[str, int]) -> bytes:
        helper, kind = self.helper, self.builder.element_type("float")
        described = helper.make_tensor_value_info
        shapes = {name: a.shape for name, a in self.inputs.items()}
        sizes = fixed_sizes(self._functions()[0], shapes, not goes_on(self.writer, self.gradients))
        nodes = _needed(self.builder.nodes, {value.name for value in self.outputs.values()})
        used = _used(nodes)
        graph = helper.make_graph(
            nodes, "network",
            [described(name, self._kind_of(a), sizes.get(name, [None] * a.ndim)) for name, a in self.inputs.items()],
            [described(v.name, kind, [None] * ranks.get(v.name, 0)) for v in self.outputs.values()],
            [self.numpy_helper.from_array(array, name) for name, array in self.weights.items() if name in used],
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FORMAT)
        model.producer_name = "autograd_seq"
        return bytes(model.SerializeToString())

    def _kind_of(self, array: Array) -> int:
        """ONNX's number for the elements of an input: floats, or the lengths of sequences."""
        if array.dtype.kind == "f":
            return self.builder.element_type(FLOAT)
        return int(self.helper.np_dtype_to_tensor_dtype(array.dtype))

    def _compare(self, name: str, got: Array) -> None:
        """Say so where the file computes something else than was recorded."""
        wanted = self._wanted(name, got.ndim)
        if wanted is None:
            return
        precision = float(np.finfo(wanted.dtype).eps) ** 0.5
        if got.shape != wanted.shape or not np.allclose(got, wanted, precision, precision, equal_nan=True):
            raise UsageError(f"the file computes another {name} than was recorded, so it was not written{here()}")

    def _wanted(self, name: str, ndim: int) -> Array | None:
        """What was recorded of an output; of all steps, along the first axis or the last."""
        unit = self.units.get(name)
        if isinstance(unit, Node):
            return unit.record._value
        if isinstance(unit, Family):
            return None if ndim == record_of(unit).ndim else self._stacked(unit)
        leaf = self.leaf_of.get(name)
        return self.d.recording.adjoints[leaf.record]._value if isinstance(leaf, Node) else None

    def _stacked(self, unit: Family) -> Array:
        return np.stack([unit.members[t].record._value for t in unit.times], axis=-1)


def _needed(nodes: list[Any], outputs: set[str]) -> list[Any]:
    """The nodes that the outputs depend on, in order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted |= _used([node])
            kept.append(node)
    return kept[::-1]


def _used(nodes: Any) -> set[str]:
    """The names that nodes read, and those in their bodies."""
    found = {name for node in nodes for name in node.input}
    for node in nodes:
        for attribute in node.attribute:
            found |= _used(attribute.g.node) if attribute.HasField("g") else set()
    return found


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

