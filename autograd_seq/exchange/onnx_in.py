"""ONNX in: a file's graph computed on given or drawn inputs and recorded, so that every reading can be made of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError, UsageError, ValueRangeError
from autograd_seq.core.graph import Graph
from autograd_seq.core.program_names import NOWHERE
from autograd_seq.core.shown import Shown
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Parameter, Tensor, name
from autograd_seq.exchange.known_cells import Found
from autograd_seq.exchange.onnx_file import Given, Net, Node, read
from autograd_seq.exchange.onnx_names import readable, weight_name
from autograd_seq.exchange.onnx_operators import is_tensor, sized
from autograd_seq.exchange.onnx_recurrent import GATES
from autograd_seq.exchange.onnx_roles import name_by_roles
from autograd_seq.exchange.onnx_running import FROM_FILE, Running, beginning, check_operators, results
from autograd_seq.exchange.onnx_steps import mark_steps
from autograd_seq.exchange.rolled import rolled
from autograd_seq.translation.reader import translated

BATCH, TIME = 2, 3  # sizes that are drawn where a file leaves them open
Loss = Callable[[dict[str, Any]], Any]


class OnnxRun(Shown):
    """What came of computing an ONNX file's graph.

    Attributes
    ----------
    path : str
        The file.
    inputs : dict of str to Tensor or ndarray
        As they were given or drawn; whole numbers and truth values are plain arrays.
    parameters : dict of str to Parameter
        The file's weights under its own names.
    outputs : dict of str to Tensor
        The results under the file's own names.
    loss : Tensor or None
        J: the output itself if it is one number, or what `loss` made of the outputs; else Σ δ ∘ output for drawn δ,
        so that the backward pass begins with any upstream gradient. None if nothing can be differentiated.
    """

    def __init__(
        self,
        path: str,
        net: Net,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Parameter],
        loss: Loss | None,
        seed: int,
    ) -> None:
        self.path = path
        self._net, self._loss, self._seed = net, loss, seed
        self.parameters = dict(parameters)
        self.inputs = {key: _leaf(key, value) for key, value in inputs.items()}
        running = Running(net, _layers(net), os.path.basename(path))
        values: dict[str, Any] = {**net.weights, **self.parameters, **self.inputs}
        values |= _copies(net, self.parameters)
        values = {key: value if key in self.inputs else beginning(value) for key, value in values.items()}
        running.run(values)
        self.values = values
        self.outputs: dict[str, Any] = results(values, net.results)
        self.cells: list[Found] = []
        if recorded := self._recorded():
            weights = [parameter.record for parameter in self.parameters.values()]
            found, self.cells = rolled(list(recorded.values()), weights)
            if mark_steps(Graph(*found), weights):
                name_by_roles(Graph(*found))
            self.outputs |= zip(recorded, found, strict=True)
            _mark_as_the_files(Graph(*found))
        self.loss: Tensor | None = self._measured()

    def __repr__(self) -> str:
        shapes = ", ".join(f"{key} {np.shape(value)}" for key, value in self.outputs.items())
        return f"<{translated(f'run of {os.path.basename(self.path)}')}: {shapes}>"

    @property
    def graph(self) -> Graph:
        """Everything recorded of the loss, where there is one, else of the outputs."""
        if self.loss is not None:
            return Graph(self.loss)
        return Graph(*self._recorded().values())

    def again(self, **inputs: Any) -> OnnxRun:
        """The same graph with the same parameters on other inputs, of other sizes too.

        Examples
        --------
        ``read_onnx("lstm.onnx").again(X=longer)``
        """
        return OnnxRun(
            self.path, self._net, _inputs(self._net, inputs, {}, self._seed), self.parameters, self._loss, self._seed
        )

    def _recorded(self) -> dict[str, Tensor]:
        return {key: value for key, value in self.outputs.items() if is_tensor(value) and value.requires_grad}

    def _measured(self) -> Tensor | None:
        recorded = self._recorded()
        if self._loss is not None:
            loss = self._loss(self.outputs)
            if not is_tensor(loss) or loss.size != 1:
                raise UsageError(f"loss must make one number of the outputs, a tensor without axes{here()}")
            return name(loss.sum() if loss.ndim else loss, "J")
        if not recorded:
            return None
        only = next(iter(recorded.values()))
        if len(recorded) == 1 and only.size == 1:
            return name(np.reshape(only, ()), "J") if only.ndim else only
        rng = np.random.default_rng(self._seed + 1)
        total: Any = None
        for key, value in recorded.items():
            called = "delta" if len(recorded) == 1 else f"delta_{weight_name(key, set())}"
            upstream = Tensor(rng.standard_normal(value.shape).astype(value.dtype), called)
            term = (upstream * value).sum()
            total = term if total is None else total + term
        return name(total, "J")


def read_onnx(
    path: str | os.PathLike[str],
    inputs: Mapping[str, Any] | None = None,
    *,
    sizes: Mapping[str, int] | None = None,
    loss: Loss | None = None,
    seed: int = 0,
    dtype: Any = None,
) -> OnnxRun:
    """Record what an ONNX file computes.

    LSTM, GRU and RNN with all their attributes, Scan, Loop, If and the plain operators of recurrent models are recorded
    step by step; of a file in which a loop stands unrolled, the steps are found again. Nothing of the file is executed
    but these operators.

    Parameters
    ----------
    path : path
        The file, with weights inside or beside it. Needs the package `onnx`: ``pip install 'autograd-seq[onnx]'``.
    inputs : dict of str to array_like, optional
        Values of inputs by name; others are drawn: floats from a normal distribution.
    sizes : dict of str to int, optional
        Sizes that the file leaves open, by the name that it gives them, as ``{"batch": 4}``. Else 3 steps and 2
        examples where the name tells (*seq*, *time*, *len*; *batch*), and otherwise 3, 2, 4, 5 … as they come.
    loss : function, optional
        ``loss(outputs)`` makes a scalar of the outputs, a dict by name.
    seed : int
        For what is drawn.
    dtype : dtype, optional
        Compute in this precision, such as float64, whatever the file holds.

    Returns
    -------
    OnnxRun
        Give it to `draw`, `derive`, `equations`, `prove`, `source`, `compile`, `contributions`; ``print(run.graph)`` is
        the table.

    Raises
    ------
    UsageError
        For operators that are not known, all at once; if the package `onnx` is not there.
    FileError
        If the file is damaged or not ONNX.
    ShapeError, ValueRangeError
        If shapes do not fit, or an input is not one of the file's.

    Examples
    --------
    ::

        run = read_onnx("lstm.onnx", sizes={"seq": 4})
        run.loss.backward()
        run.parameters["weight_ih"].grad
    """
    net = read(path)
    file = os.path.basename(os.fspath(path))
    check_operators(net, file)
    if dtype is not None:
        net = _in_precision(net, np.dtype(dtype))
    parameters = _parameters(net)
    chosen = _inputs(net, inputs or {}, sizes or {}, seed)
    return OnnxRun(os.fspath(path), net, chosen, parameters, loss, seed)


def _mark_as_the_files(graph: Graph) -> None:
    """Have no record be taken for the result of a line of the program that reads the file."""
    for record in graph:
        if record.operation is not None and record._origin is not FROM_FILE:
            record._code, record._offset, record._origin = None, 0, FROM_FILE
        elif record.operation is None and record._name is None:
            record._origin = NOWHERE


def _leaf(key: str, value: Any) -> Any:
    """An input as it is recorded: floats with a gradient, whole numbers as plain arrays."""
    if is_tensor(value):
        return value
    array = np.asarray(value)
    return Tensor(array, weight_name(key, set()), requires_grad=True) if array.dtype.kind == "f" else array


def _parameters(net: Net) -> dict[str, Parameter]:
    """Arrays of floats that the file holds; single numbers, and states that begin as zeros, are constants."""
    begins = {key for node in net.everything() if node.kind in GATES for key in node.inputs[5:7]}
    chosen = {
        key: value
        for key, value in net.weights.items()
        if value.dtype.kind == "f" and value.ndim and value.size > 1 and not (key in begins and not value.any())
        and (readable(key) or value.any()) and not _copied(value, key, net)
    }
    return {key: Parameter(value, weight_name(key, set(chosen) - {key})) for key, value in chosen.items()}


def _copies(net: Net, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Weights that an exporter has copied: once for every use, or for every example.

    They would be weights of their own otherwise: b + W a<0> for a state of zeros, computed beforehand, is b in each
    row, and the first step would have no part in the gradient of b.
    """
    copied = {key: _copied(value, key, net) for key, value in net.weights.items()}
    found: dict[str, Any] = {}
    for key, of in copied.items():
        if of is not None and of in parameters:
            shape, weight = net.weights[key].shape, parameters[of]
            found[key] = weight if weight.shape == shape else np.broadcast_to(weight, shape)
    return found


def _copied(value: Array, key: str, net: Net) -> str | None:
    """The array of the file that one without a name of its own repeats, whole or in each row."""
    if readable(key) or value.dtype.kind != "f" or not value.ndim or np.ptp(value) == 0:
        return None
    for other, weight in net.weights.items():
        whole = weight.shape == value.shape and (readable(other) or list(net.weights).index(other) < _place(net, key))
        rows = weight.ndim == 1 < value.ndim and weight.shape == value.shape[-1:]
        if other != key and (whole or rows) and weight.dtype == value.dtype and (value == weight).all():
            return other
    return None


def _place(net: Net, key: str) -> int:
    return list(net.weights).index(key)


def _in_precision(net: Net, dtype: np.dtype[Any]) -> Net:
    """A graph whose floats have another precision."""

    def of(array: Array) -> Array:
        return array.astype(dtype) if array.dtype.kind == "f" else array

    def setting(key: str, value: Any, kind: str) -> Any:
        if isinstance(value, Net):
            return _in_precision(value, dtype)
        if isinstance(value, np.ndarray):
            return of(value)
        return _FLOATS[dtype.char] if kind == "Cast" and key == "to" and value in _FLOATS.values() else value

    nodes = [
        Node(n.kind, n.inputs, n.outputs, {k: setting(k, v, n.kind) for k, v in n.settings.items()}, n.name)
        for n in net.nodes
    ]
    given = {
        key: Given(dtype if given.dtype.kind == "f" else given.dtype, given.sizes) for key, given in net.given.items()
    }
    return Net(nodes, {key: of(value) for key, value in net.weights.items()}, given, net.results, net.opset)


_FLOATS = {"f": 1, "e": 10, "d": 11}  # the numbers of ONNX's float32, float16 and float64


def _inputs(net: Net, given: Mapping[str, Any], sizes: Mapping[str, int], seed: int) -> dict[str, Any]:
    """Every input: as given, or drawn."""
    if unknown := sorted(set(given) - set(net.given)):
        raise ValueRangeError(f"the file has no input {', '.join(unknown)}; it has {', '.join(net.given)}{here()}")
    rng = np.random.default_rng(seed)
    known = dict(sizes)
    for key, value in given.items():
        _learn(key, np.shape(value), net.given[key], known)
    free = _free_sizes()
    found = {}
    for key, kind in net.given.items():
        if key in given:
            value = given[key]
            found[key] = value if is_tensor(value) else np.asarray(value, kind.dtype)
        else:
            shape = sized([_size(key, size, known, free) for size in kind.sizes], f"the input {key}")
            found[key] = _drawn(net, key, kind, shape, rng, found)
    return found


def _learn(key: str, shape: tuple[int, ...], kind: Given, known: dict[str, int]) -> None:
    """Which sizes a given array has; they must be those of the file."""
    fits = len(shape) == len(kind.sizes) and all(
        size is None or size == (known.setdefault(size, n) if isinstance(size, str) else n) or known.get(str(size)) == n
        for size, n in zip(kind.sizes, shape)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in kind.sizes)
        raise ShapeError(f"the input {key} has shape {shape}, but the file wants ({wanted}){here()}")


def _free_sizes() -> Iterator[int]:
    yield from (TIME, BATCH)
    yield from range(4, 1000)


def _size(key: str, size: int | str | None, known: dict[str, int], free: Iterator[int]) -> int:
    if isinstance(size, int):
        return size
    called = size or f"{key} {len(known)}"
    if called not in known:
        low = called.lower()
        usual = BATCH if "batch" in low else TIME if any(word in low for word in ("seq", "time", "len")) else None
        known[called] = next(free) if usual is None else usual
    return known[called]


def _drawn(
    net: Net, key: str, kind: Given, shape: tuple[int, ...], rng: np.random.Generator, found: Mapping[str, Any]
) -> Array:
    """Numbers for an input that was not given."""
    if kind.dtype.kind == "f":
        return rng.standard_normal(shape).astype(kind.dtype)
    if kind.dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    for node in net.everything():
        if node.kind in GATES and node.inputs[4:5] == (key,):
            x = found.get(node.inputs[0])
            T = TIME if x is None else np.shape(x)[1 if node.settings.get("layout", 0) else 0]
            return np.maximum(T - np.arange(*shape), 1).astype(kind.dtype)
        if node.kind == "Gather" and node.inputs[1] == key and node.inputs[0] in net.weights:
            rows = net.weights[node.inputs[0]].shape[node.settings.get("axis", 0)]
            return rng.integers(0, rows, shape).astype(kind.dtype)
    raise UsageError(
        f"the input {key} holds whole numbers, and nothing tells which: give it, as inputs={{{key!r}: …}}{here()}"
    )


def _layers(net: Net) -> dict[int, int]:
    """Which of several recurrent operators above one another each is, by its position; nothing where there is one."""
    depth: dict[str, int] = {}
    layers: dict[int, int] = {}
    for position, node in enumerate(net.nodes):
        below = max((depth.get(key, 0) for key in node.inputs), default=0)
        if node.kind in GATES:
            layers[position] = below = below + 1
        depth |= dict.fromkeys(node.outputs, below)
    return layers if len(layers) > 1 else {}


