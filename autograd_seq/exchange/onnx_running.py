"""Compute the nodes of an ONNX graph one after another, bodies of loops too; what depends on weights is recorded."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core import scope as scopes
from autograd_seq.core.errors import AutogradError, UsageError, ValueRangeError
from autograd_seq.core.program_names import NOWHERE, WrittenInFile
from autograd_seq.core.scope import scope
from autograd_seq.core.source_line import code_at, here
from autograd_seq.core.tensor import Parameter, Tensor, name
from autograd_seq.exchange.onnx_file import Net, Node
from autograd_seq.exchange.onnx_names import readable
from autograd_seq.exchange.onnx_operators import OPERATORS, apply, is_tensor, whole
from autograd_seq.exchange.onnx_recurrent import GATES, recurrent

CONTROL = "Scan", "Loop", "If"
FROM_FILE = WrittenInFile()
MOST_TURNS = 100_000  # of a loop whose condition never becomes false

Values = MutableMapping[str, Any]


def check_operators(net: Net, file: str) -> None:
    """Say which operators of a file are not known, all at once.

    Raises
    ------
    UsageError
        If there is one.
    """
    known = {*OPERATORS, *GATES, *CONTROL}
    unknown = sorted({node.kind for node in net.everything()} - known)
    if unknown:
        raise UsageError(
            f"{file} uses operators that cannot be read: {', '.join(unknown)}. Known are those of recurrent models: "
            f"{', '.join(sorted(known))}{here()}"
        )


class Running:
    """One computation of a graph.

    Attributes
    ----------
    made : list of (Node, tuple)
        Each node of the outermost graph with its results, in order.
    """

    def __init__(self, net: Net, layers: Mapping[int, int] | None = None, file: str = "") -> None:
        self.net, self.file = net, file
        self.layers = layers or {}
        self._marked: set[Any] = set()
        self._of_weights: set[Any] = set()
        self._known: dict[Any, tuple[Any, ...]] = {}  # what was made of weights alone, by how
        self.made: list[tuple[Node, tuple[Any, ...]]] = []

    def run(self, values: Values) -> None:
        """Add the results of all nodes to `values`, which holds weights and inputs."""
        self._of_weights |= {value.record for value in values.values() if isinstance(value, Parameter)}
        for position, node in enumerate(self.net.nodes):
            results = self._node(node, values, self.layers.get(position))
            self.made.append((node, results))
            for result in results:
                if is_tensor(result):
                    self._mark(result, position + 1)

    def _mark(self, result: Any, number: int) -> None:
        """Have each record remember the node that made it, in place of a line of the program that reads the file."""
        stack = [result.record]
        while stack:
            record = stack.pop()
            if record not in self._marked:
                self._marked.add(record)
                if record.operation is not None:
                    record._code, record._offset = code_at(f"<{self.file}>", number), 0
                    record._origin = FROM_FILE
                    stack.extend(record.inputs)
                elif record._name is None:
                    record._origin = NOWHERE

    def _node(self, node: Node, values: Values, layer: int | None = None) -> tuple[Any, ...]:
        inputs = [_known(values, key, node) for key in node.inputs]
        try:
            results = self._results(node, inputs, values, layer)
        except AutogradError as error:
            if getattr(error, "_at_node", False):
                raise
            told = type(error)(f"{error}; in {node}")
            told._at_node = True  # type: ignore[attr-defined]
            raise told from error
        except (ValueError, TypeError, IndexError, ZeroDivisionError, KeyError, OverflowError) as error:
            shapes = ", ".join(str(np.shape(value)) for value in inputs if value is not None)
            raise ValueRangeError(
                f"{node} cannot be computed with inputs of shapes {shapes}: {error}{here()}"
            ) from error
        for key, result in zip(node.outputs, results):
            if key:
                values[key] = _called(key, beginning(result))
        return results

    def _results(self, node: Node, inputs: list[Any], values: Values, layer: int | None) -> tuple[Any, ...]:
        if node.kind in GATES:
            return recurrent(node.kind, node.settings, inputs, layer)
        if node.kind == "Scan":
            return self._scan(node, inputs, values)
        if node.kind == "Loop":
            return self._loop(node, inputs, values)
        if node.kind == "If":
            branch = node.settings["then_branch" if _true(inputs[0]) else "else_branch"]
            return self._body(branch, {}, values)
        settings = {**node.settings, "outputs": len(node.outputs), "opset": self.net.opset}
        if node.kind == "Gemm":
            inputs, settings = self._turned(inputs, settings)
        recorded = [x.record for x in inputs if is_tensor(x)]
        if not recorded or not all(x in self._of_weights for x in recorded):
            return apply(node.kind, settings, [_number(x) for x in inputs] if recorded else inputs)
        return self._made_of_weights(node.kind, settings, inputs)

    def _turned(self, inputs: list[Any], settings: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """A product of matrices whose weights are transposed once, not at every step."""
        inputs, left = list(inputs), dict(settings)
        for place, flag in ((0, "transA"), (1, "transB")):
            if left.get(flag) and is_tensor(inputs[place]) and inputs[place].record in self._of_weights:
                (inputs[place],) = self._made_of_weights("Transpose", {"perm": [1, 0]}, [inputs[place]])
                left[flag] = 0
        return inputs, left

    def _made_of_weights(self, kind: str, settings: Mapping[str, Any], inputs: list[Any]) -> tuple[Any, ...]:
        """What depends on weights alone, belongs to no step, and is the same wherever it is made again."""
        made_of = [x.record.index if is_tensor(x) else repr(x) for x in inputs]
        key = kind, repr(sorted(settings.items(), key=str)), tuple(made_of)
        if key not in self._known:
            with scope(time=None):
                self._known[key] = apply(kind, settings, inputs)
            self._of_weights |= {x.record for x in self._known[key] if is_tensor(x)}
        return self._known[key]

    def _body(self, body: Net, given: Mapping[str, Any], around: Values) -> tuple[Any, ...]:
        """The results of a body, which sees the values around it."""
        inside: Values = ChainMap({**body.weights, **given}, around)
        for node in body.nodes:
            self._node(node, inside)
        return tuple(_known(inside, key) for key in body.results)

    def _scan(self, node: Node, inputs: list[Any], values: Values) -> tuple[Any, ...]:
        """A loop over one axis of some inputs, with a state that is carried."""
        s, body = node.settings, node.settings["body"]
        count = s["num_scan_inputs"]
        carried, read = inputs[: len(inputs) - count], inputs[len(inputs) - count :]
        axes = s.get("scan_input_axes") or [0] * count
        backwards = s.get("scan_input_directions") or [0] * count
        lengths = {x.shape[axis] for x, axis in zip(read, axes, strict=True)}
        if len(lengths) != 1:
            raise ValueRangeError(f"what a Scan goes through has different lengths: {sorted(lengths)}{here()}")
        (T,) = lengths
        turned = all(backwards)
        names = list(body.given)
        gathered: list[tuple[Any, ...]] = []
        for t in range(T):
            with _step(T - t if turned else t + 1):
                parts = [
                    _called(key, _part(x, axis, T - 1 - t if back else t))
                    for key, x, axis, back in zip(names[len(carried) :], read, axes, backwards)
                ]
                found = self._body(body, dict(zip(names, [*carried, *parts], strict=True)), values)
            carried = list(found[: len(carried)])
            gathered.append(found[len(carried) :])
        outputs = len(gathered[0]) if gathered else len(node.outputs) - len(carried)
        axes = s.get("scan_output_axes") or [0] * outputs
        backwards = s.get("scan_output_directions") or [0] * outputs
        ways = zip(zip(*gathered), axes, backwards)
        return (*carried, *(np.stack(each[::-1] if back else each, axis=axis) for each, axis, back in ways))

    def _loop(self, node: Node, inputs: list[Any], values: Values) -> tuple[Any, ...]:
        """A loop so many times, or while a condition holds."""
        body = node.settings["body"]
        most, going, *carried = inputs
        turns = math.inf if most is None else whole(most, "the number of turns")[0]
        going = True if going is None else _true(going)
        names, gathered, turn = list(body.given), [], 0
        while going and turn < turns:
            if turn == MOST_TURNS:
                raise ValueRangeError(f"a Loop has not ended after {MOST_TURNS} turns{here()}")
            with _step(turn + 1):
                given = [np.array(turn), np.array(True), *carried]
                condition, *found = self._body(body, dict(zip(names, given, strict=True)), values)
            going, turn = _true(condition), turn + 1
            carried, more = found[: len(carried)], found[len(carried) :]
            gathered.append(more)
        return (*carried, *(np.stack(each) for each in zip(*gathered)))


def beginning(result: Any) -> Any:
    """A state of zeros, recorded, so that the first step is computed as the others are."""
    begins = isinstance(result, np.ndarray) and result.dtype.kind == "f" and result.ndim > 1 and not result.any()
    return Tensor(result) if begins else result


def _number(value: Any) -> Any:
    """A single float as the number that somebody wrote: 0.1, not 0.10000000149 as single precision has it."""
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind == "f":
        return float(str(value))
    return value


def _step(time: int) -> Any:
    """Mark a turn of a loop as a time step, where no loop around it has."""
    return scope(time=time if scopes.now().time is None else scopes.now().time)


def _part(x: Any, axis: int, t: int) -> Any:
    return x[(slice(None),) * (axis % x.ndim) + (t,)]


def _known(values: Mapping[str, Any], key: str, node: Node | None = None) -> Any:
    """The value of a name; None for an optional input that is left out."""
    if not key:
        return None
    if key not in values:
        raise ValueRangeError(f"{node or 'a result'} needs {key!r}, which nothing before it makes{here()}")
    return values[key]


def _true(value: Any) -> bool:
    """Whether a condition holds, which may depend on the data: then the recording is one for these data."""
    if np.size(value) != 1:
        raise UsageError(f"a condition must be one truth value, but has shape {np.shape(value)}{here()}")
    return bool(value.value.item() if is_tensor(value) else np.asarray(value).item())


def _called(key: str, value: Any) -> Any:
    """A result under the file's name for it, if that is one that somebody gave."""
    called = readable(key)
    if called is None or not is_tensor(value) or value._name is not None or value.operation is None:
        return value
    return name(value, called)


def results(values: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The outputs of a graph by name."""
    return {key: _known(values, key) for key in keys}
