"""An ONNX file as plain lists and arrays: what the rest of this room reads, so that one file alone imports `onnx`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import AutogradError, FileError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.storage.files import opened

OLDEST = 7  # operator set since which all operators broadcast as NumPy does


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of a file.

    Attributes
    ----------
    kind : str
        The operator, such as ``LSTM``; of another domain than ONNX's own, ``domain::operator``.
    inputs, outputs : tuple of str
        Names of values; an optional one that is left out is empty.
    settings : dict
        The attributes: numbers, texts, lists of them, arrays, or a `Net` for a body.
    name : str
        What the file calls the node, often nothing.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: Mapping[str, Any]
    name: str = ""

    @property
    def bodies(self) -> list[Net]:
        """The graphs among its attributes."""
        return [value for value in self.settings.values() if isinstance(value, Net)]

    def __str__(self) -> str:
        return f"{self.kind} ({self.name or ', '.join(self.outputs)})"


@dataclass(frozen=True, slots=True)
class Given:
    """An input of a file: its type and its sizes, each a number, a name such as ``batch``, or None."""

    dtype: np.dtype[Any]
    sizes: tuple[int | str | None, ...]


@dataclass(frozen=True, slots=True)
class Net:
    """A graph of a file.

    Attributes
    ----------
    nodes : list of Node
        In an order in which they can be computed.
    weights : dict of str to ndarray
        Arrays that the file holds.
    given : dict of str to Given
        Inputs, without those that have a weight of that name.
    results : list of str
        Outputs.
    opset : int
        The version of ONNX's own operators.
    """

    nodes: list[Node]
    weights: dict[str, Array]
    given: dict[str, Given]
    results: list[str]
    opset: int = field(default=OLDEST)

    def everything(self) -> Iterator[Node]:
        """All nodes, those of bodies too."""
        for node in self.nodes:
            yield node
            for body in node.bodies:
                yield from body.everything()


def read(path: str | os.PathLike[str]) -> Net:
    """The graph of an ONNX file, checked; nothing in it is executed.

    Raises
    ------
    UsageError
        If the package `onnx` is not installed.
    FileError
        If there is no such file, or it is damaged or not ONNX.
    ValueRangeError
        If it is ONNX, but older than operator set 7, or with sparse weights.
    """
    with opened(path) as file:
        data = file.read()
    where = os.path.abspath(os.fspath(path))
    return parsed(data, os.path.basename(where), os.path.dirname(where))


def parsed(data: bytes, name: str, folder: str | None = None) -> Net:
    """The graph of the bytes of an ONNX file; weights may lie in other files of a folder.

    Raises
    ------
    UsageError, FileError, ValueRangeError
        As `read`.
    """
    onnx = _library()
    try:
        model = onnx.load_model_from_string(data)
        if not model.graph.node or not model.opset_import:
            raise ValueError("it has no graph")
        if folder is not None:
            onnx.external_data_helper.load_external_data_for_model(model, folder)
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
    except Exception as error:  # protobuf, onnx and NumPy each raise types of their own
        raise FileError(f"{name} cannot be read as an ONNX file: {_first_line(error)}{here()}") from error
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if opset < OLDEST:
        raise ValueRangeError(
            f"{name} uses operator set {opset} of ONNX; from {OLDEST} on it can be read: export it again, or convert "
            f"it with onnx.version_converter{here()}"
        )
    try:
        return _net(model.graph, opset, name)
    except AutogradError:
        raise
    except Exception as error:  # what is damaged inside: numbers of types that there are not, and the like
        told = f"{type(error).__name__}: {_first_line(error)}"
        raise FileError(f"{name} is damaged: {told}{here()}") from error


def _library() -> Any:
    try:
        import onnx
        import onnx.external_data_helper
        import onnx.inliner
    except ImportError as error:
        raise UsageError(f"ONNX files need the package onnx: pip install 'autograd-seq[onnx]'{here()}") from error
    return onnx


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _net(graph: Any, opset: int, file: str) -> Net:
    import onnx

    if graph.sparse_initializer:
        names = ", ".join(sorted(s.values.name for s in graph.sparse_initializer))
        raise ValueRangeError(f"{file} holds sparse weights, which are not read: {names}{here()}")
    weights = {_text(weight.name): _array(weight, file) for weight in graph.initializer}
    given = {
        _text(value.name): Given(*_type(value, file, onnx))
        for value in graph.input
        if _text(value.name) not in weights
    }
    nodes = [_node(node, opset, file) for node in graph.node]
    return Net(nodes, weights, given, [_text(value.name) for value in graph.output], opset)


def _node(node: Any, opset: int, file: str) -> Node:
    import onnx

    domain, kind = _text(node.domain), _text(node.op_type)
    kind = kind if domain in ("", "ai.onnx") else f"{domain}::{kind}"
    settings: dict[str, Any] = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if attribute.type == onnx.AttributeProto.GRAPH:
            value = _net(value, opset, file)
        elif attribute.type == onnx.AttributeProto.TENSOR:
            value = _array(value, file)
        elif isinstance(value, bytes):
            value = _text(value)
        elif attribute.type == onnx.AttributeProto.STRINGS:
            value = [_text(text) for text in value]
        elif attribute.type == onnx.AttributeProto.FLOAT:
            value = _meant(value)
        elif attribute.type == onnx.AttributeProto.FLOATS:
            value = [_meant(number) for number in value]
        elif attribute.type == onnx.AttributeProto.INTS:
            value = list(value)
        settings[_text(attribute.name)] = value
    return Node(kind, tuple(map(_text, node.input)), tuple(map(_text, node.output)), settings, _text(node.name))


def _text(words: str | bytes) -> str:
    """Words of a file, which are bytes where they are no UTF-8."""
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _meant(number: float) -> float:
    """The number that somebody wrote: a file holds 0.01 in single precision, which is 0.009999999776."""
    return float(str(np.float32(number)))


def _array(tensor: Any, file: str) -> Array:
    import onnx

    try:
        array = np.asarray(onnx.numpy_helper.to_array(tensor))
    except Exception as error:
        raise FileError(f"{file}: the array {tensor.name!r} is damaged: {_first_line(error)}{here()}") from error
    if array.dtype.kind not in "fiub":
        raise ValueRangeError(f"{file}: the array {tensor.name!r} holds {array.dtype}, not numbers{here()}")
    return array


def _type(value: Any, file: str, onnx: Any) -> tuple[np.dtype[Any], tuple[int | str | None, ...]]:
    if not value.type.HasField("tensor_type"):
        if not value.type.WhichOneof("value"):
            return np.dtype(np.float32), ()  # inputs of a body need no type
        raise ValueRangeError(f"{file}: the input {value.name!r} is not an array{here()}")
    kind = value.type.tensor_type
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type or onnx.TensorProto.FLOAT))
    sizes = tuple(
        size.dim_value if size.HasField("dim_value") else (_text(size.dim_param) or None) for size in kind.shape.dim
    )
    return dtype, sizes
