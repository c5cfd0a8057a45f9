"""Computations of other libraries, all asked alike: what they compute, their gradients, and a recording of the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.floats import epsilon_of, is_floats
from autograd_seq.core.source_line import here
from cells.exchange.convention import Array
from cells.exchange.living import as_array, comes_from
from cells.exchange.recorded_aten import run_traced, traced
from cells.exchange.recorded_jax import run_jaxpr, wide
from cells.exchange.recorded_torch import Leaves, Recorded, following


@dataclass
class Foreign:
    """One computation, at given numbers.

    Attributes
    ----------
    title : str
        What it is.
    outputs : list of ndarray
        What it computes.
    leaves : dict
        What it can be differentiated by, as leaves of the recording.
    recorded : list of Tensor
        The outputs, recorded here in float64.
    gradients : callable
        From an adjoint for each output to the gradients that the library has for the leaves, by their names.
    time : int or None
        The axis of the first output that is time.
    dtype : str
        What it computes in; float64 and the like, or bfloat16, which NumPy lacks.
    unit : float
        A unit in the last place of 1, where NumPy does not know the dtype.
    """

    title: str
    outputs: list[Array]
    leaves: dict[str, Tensor]
    recorded: list[Tensor]
    gradients: Callable[[Sequence[Array]], dict[str, Array]]
    time: int | None = None
    dtype: str = ""
    unit: float = 0.0

    def __post_init__(self) -> None:
        self.dtype = self.dtype or str(np.result_type(*self.outputs))

    @property
    def epsilon(self) -> float:
        """A unit in the last place of 1."""
        return self.unit or float(np.finfo(self.dtype).eps)


def asked(title: str, call: Callable[..., Any], *args: Any) -> Any:
    """What a library computes; what it says against its arguments is said with whose they are."""
    try:
        return call(*args)
    except AutogradError:
        raise
    except Exception as error:  # a library raises what it likes
        said = f"{type(error).__name__}: {error!s:.300}"
        raise UsageError(f"{title} does not take these inputs: {said}{here()}") from error


def finite(title: str, outputs: Sequence[Array]) -> list[Array]:
    """Outputs that a gradient can be compared of."""
    if not all(np.all(np.isfinite(y)) for y in outputs):
        raise UsageError(f"what {title} computes is not finite, so no gradient of it can be compared{here()}")
    return list(outputs)


def foreign(module: Any, inputs: Any) -> Foreign:
    """A module or function of PyTorch, JAX or Keras, at inputs."""
    if comes_from(module, "keras"):
        return _of_keras(module, inputs)
    if comes_from(module, "torch.nn.modules"):
        return _of_torch(module, inputs)
    if is_function_of_torch(module):
        return of_torch_function(module, named(inputs), "torch.autograd.Function")
    if callable(module) and "jax" in sys.modules:
        names = list(named(inputs))
        title = f"{getattr(module, '__name__', 'a function')} of JAX"
        return of_jax(module, list(named(inputs).values()), names, title)
    raise UsageError(
        "check_module() takes a module or torch.autograd.Function of PyTorch, a function of JAX, or a layer of Keras, "
        f"not {type(module).__name__}{here()}"
    )


def named(inputs: Any) -> dict[str, Any]:
    """Inputs by name: ``x`` for a single one, ``x_1``, ``x_2`` of several that have none."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    if type(inputs) in (tuple, list):
        return {f"x_{n}": x for n, x in enumerate(inputs, start=1)}
    return {"x": inputs}


def is_function_of_torch(thing: Any) -> bool:
    """Whether a thing is a class made from torch.autograd.Function."""
    return isinstance(thing, type) and any(c.__module__ == "torch.autograd.function" for c in thing.__mro__)


def flattened(answer: Any) -> list[Any]:
    """All tensors in what a module returned: alone, or in tuples, lists and dicts."""
    if isinstance(answer, Mapping):
        return [leaf for part in answer.values() for leaf in flattened(part)]
    if isinstance(answer, (tuple, list)):
        return [leaf for part in answer for leaf in flattened(part)]
    return [] if answer is None else [answer]


# -- PyTorch -----------------------------------------------------------------------------------------


def _of_torch(module: Any, inputs: Any) -> Foreign:
    torch = sys.modules["torch"]
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    given = _tensors(torch, named(inputs), next(iter(parameters.values()), None))
    batch_first = getattr(module, "batch_first", None)
    time = None if batch_first is None else int(batch_first)
    return _torch_call(torch, module, given, parameters, f"{type(module).__name__} of PyTorch", time)


def of_torch_function(function: Any, inputs: Mapping[str, Any], title: str) -> Foreign:
    """What a class made from torch.autograd.Function computes, its forward pass recorded."""
    torch = sys.modules["torch"]
    given = _tensors(torch, inputs, None)

    def call(*args: Any) -> Any:
        recorded = any(isinstance(a, Recorded) for a in args)
        return forward_of(function, args) if recorded else function.apply(*args)

    return _torch_call(torch, call, given, {}, title, None)


def forward_of(function: Any, args: Sequence[Any]) -> Any:
    """The forward pass of such a class alone, in either of the two ways in which it can be written."""
    apart = any("setup_context" in vars(c) for c in function.__mro__ if not c.__module__.startswith("torch."))
    return function.forward(*args) if apart else function.forward(_Context(), *args)


class _Context:
    """What a forward pass is given to keep things in."""

    def __init__(self) -> None:
        self.needs_input_grad = _Always()
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors."""
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Nothing: what has no gradient is not asked for one."""

    def set_materialize_grads(self, value: bool) -> None:
        """Nothing: there is no backward pass here."""


class _Always(tuple[bool, ...]):
    """Every input needs its gradient."""

    def __getitem__(self, index: Any) -> Any:
        return True


def _tensors(torch: Any, inputs: Mapping[str, Any], like: Any) -> dict[str, Any]:
    """Inputs as tensors that can have gradients, of the parameters' dtype and device unless they are tensors."""
    return {name: _tensor(torch, name, value, like) for name, value in inputs.items()}


def _tensor(torch: Any, name: str, value: Any, like: Any) -> Any:
    """One input; a tuple, such as (h, c), is one of tensors."""
    if isinstance(value, (tuple, list)) and any(isinstance(part, torch.Tensor) for part in value):
        if type(value) not in (tuple, list):
            kind = type(value).__name__
            raise UsageError(f"a {kind} is not recorded here: give {name} as a tensor (T, m, n_x){here()}")
        return tuple(_tensor(torch, f"{name}.{n}", part, like) for n, part in enumerate(value, start=1))
    if isinstance(value, torch.Tensor):
        made = value.detach().clone()
    else:
        made = torch.as_tensor(as_array(value, name).copy())
        if like is not None:
            made = made.to(device=like.device, dtype=like.dtype if made.is_floating_point() else None)
    return made.requires_grad_(made.is_floating_point())


def _leaves_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """All tensors among inputs, those of a tuple numbered."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, tuple):
            found |= _leaves_of({f"{name}.{n}": part for n, part in enumerate(value, start=1)})
        else:
            found[name] = value
    return found


def _torch_call(
    torch: Any, call: Any, given: Mapping[str, Any], parameters: Mapping[str, Any], title: str, time: int | None
) -> Foreign:
    differentiable = {name: x for name, x in _leaves_of(given).items() if x.requires_grad}
    theirs = {**differentiable, **parameters}
    answer = asked(title, call, *given.values())
    outputs = [y for y in flattened(answer) if isinstance(y, torch.Tensor) and y.requires_grad]
    if not outputs:
        raise UsageError(f"nothing that {title} returns has a gradient{here()}")
    values = finite(title, [as_array(y, "an output") for y in outputs])
    leaves = Leaves({id(x): name for name, x in theirs.items()})

    def fed(x: Any) -> Any:
        return tuple(map(fed, x)) if isinstance(x, tuple) else Recorded(leaves.of(x), leaves, x)

    with following(torch, leaves):
        found = flattened(asked(title, call, *map(fed, given.values())))
    recorded = [r.tensor for r in found if isinstance(r, Recorded) and isinstance(r.tensor, Tensor)]

    made = {t.name or "": t for _, t in leaves.met.values()}
    return Foreign(title, values, made, recorded, _torch_gradients(torch, outputs, theirs), time,
                   *_coarsest_of_torch(torch, outputs))  # fmt: skip


def _torch_gradients(
    torch: Any, outputs: Sequence[Any], theirs: Mapping[str, Any]
) -> Callable[[Sequence[Array]], dict[str, Array]]:
    """From adjoints of outputs to the gradients of PyTorch, by name."""

    def gradients(seeds: Sequence[Array]) -> dict[str, Array]:
        weighted = [torch.as_tensor(s).to(y) for s, y in zip(seeds, outputs, strict=True)]
        got = torch.autograd.grad(outputs, list(theirs.values()), weighted, allow_unused=True, retain_graph=True)
        return {name: as_array(g, name) for name, g in zip(theirs, got, strict=True) if g is not None}

    return gradients


def _coarsest_of_torch(torch: Any, outputs: Sequence[Any]) -> tuple[str, float]:
    """The dtype of the fewest digits, and its unit in the last place of 1."""
    coarsest = max((y.dtype for y in outputs), key=lambda dtype: torch.finfo(dtype).eps)
    return str(coarsest).removeprefix("torch."), float(torch.finfo(coarsest).eps)


def recorded_on(function: Any, tensors: Mapping[str, Any]) -> list[Any]:
    """What a function that has a backward pass of its own computes on tensors of this package, recorded."""
    values = {k: t.value if isinstance(t, Tensor) else np.asarray(t) for k, t in tensors.items()}
    if is_function_of_torch(function):
        torch, leaves = sys.modules["torch"], Leaves({})
        fed = [Recorded(t, leaves, torch.as_tensor(values[k].copy())) for k, t in tensors.items()]
        with following(torch, leaves):
            answer = flattened(forward_of(function, fed))
        return [r.tensor for r in answer if isinstance(r, Recorded)]
    jax = sys.modules["jax"]
    closed = jax.make_jaxpr(function)(*(jax.numpy.asarray(v) for v in values.values()))
    return run_jaxpr(closed.jaxpr, [np.asarray(c) for c in closed.consts], list(tensors.values()))


# -- JAX and Keras -----------------------------------------------------------------------------------


def of_jax(function: Any, inputs: Sequence[Any], names: Sequence[str], title: str, time: int | None = None) -> Foreign:
    """A function of JAX at trees of arrays; the leaves are called by their paths within each."""
    jax = sys.modules["jax"]
    paths, tree = jax.tree_util.tree_flatten_with_path(tuple(inputs))
    flat = [jax.numpy.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf for _, leaf in paths]
    places = [n for n, leaf in enumerate(flat) if hasattr(leaf, "dtype") and is_floats(np.dtype(leaf.dtype))]
    called = [_spoken(names[path[0].idx], path[1:]) for path, _ in paths]

    def of_floats(*floats: Any) -> Any:
        whole = list(flat)
        for n, value in zip(places, floats, strict=True):
            whole[n] = value
        answer = jax.tree_util.tree_leaves(function(*jax.tree_util.tree_unflatten(tree, whole)))
        return [y for y in answer if is_floats(np.dtype(y.dtype))]

    given = [flat[n] for n in places]
    leaves = {called[n]: Tensor(wide(np.asarray(flat[n])), called[n], requires_grad=True) for n in places}
    closed = asked(title, jax.make_jaxpr(of_floats), *given)
    constants = [wide(np.asarray(c)) for c in closed.consts]
    outputs, pull = jax.vjp(of_floats, *given)
    values = finite(title, [as_array(y, "an output") for y in outputs])
    coarsest = max((np.dtype(y.dtype) for y in outputs), key=epsilon_of, default=np.dtype(np.float64))
    recorded = run_jaxpr(closed.jaxpr, constants, list(leaves.values()))

    def gradients(seeds: Sequence[Array]) -> dict[str, Array]:
        weighted = [jax.numpy.asarray(s, y.dtype) for s, y in zip(seeds, outputs, strict=True)]
        return {name: as_array(g, name) for name, g in zip(leaves, pull(weighted), strict=True)}

    return Foreign(title, values, leaves, recorded, gradients, time, coarsest.name, epsilon_of(coarsest))


def _spoken(name: str, path: Sequence[Any]) -> str:
    """A leaf's name: that of its input, and its path within it."""
    parts = [str(getattr(p, "key", getattr(p, "name", getattr(p, "idx", p)))) for p in path]
    return "/".join([name, *parts])


def _of_keras(layer: Any, inputs: Any) -> Foreign:
    trained = list(layer.trainable_variables)
    weights, rest = [w.value for w in trained], [w.value for w in layer.non_trainable_variables]
    told = {"training": False} if getattr(layer, "_call_has_training_arg", False) else {}

    def call(x: Any, *values: Any) -> Any:
        return layer.stateless_call(list(values), rest, x, **told)[0]

    names = [next(iter(named(inputs))), *(w.path for w in trained)]
    x, title = next(iter(named(inputs).values())), f"{type(layer).__name__} of Keras"
    time = 1 if getattr(layer, "return_sequences", False) else None
    if weights and all(comes_from(w, "torch") for w in weights):
        return _traced_torch(call, dict(zip(names, [x, *weights], strict=True)), title, time)
    if "jax" in sys.modules and weights and all(comes_from(w, "jax") or comes_from(w, "jaxlib") for w in weights):
        return of_jax(call, [x, *weights], names, title, time)
    raise UsageError(
        "check_module() follows Keras on its JAX and PyTorch backends, and layers that have been built: set the "
        "environment variable KERAS_BACKEND to jax or torch before Keras is imported, and call the layer or its "
        f"build() first{here()}"
    )


def _traced_torch(call: Any, inputs: Mapping[str, Any], title: str, time: int | None) -> Foreign:
    """A function of tensors of PyTorch that is traced, since it takes no others."""
    torch = sys.modules["torch"]
    like = next((x for x in reversed(list(inputs.values())) if isinstance(x, torch.Tensor)), None)
    given = _tensors(torch, inputs, like)
    theirs = {name: x for name, x in given.items() if x.requires_grad}
    outputs = [y for y in flattened(asked(title, call, *given.values())) if y.requires_grad]
    if not outputs:
        raise UsageError(f"nothing that {title} returns has a gradient{here()}")
    values = finite(title, [as_array(y, "an output") for y in outputs])
    arrays = {name: wide(as_array(x, name)) for name, x in given.items()}
    leaves = {name: Tensor(arrays[name], name, requires_grad=True) for name in theirs}
    module = asked(title, traced, torch, call, list(given.values()))
    found = run_traced(module, [leaves.get(name, array) for name, array in arrays.items()])
    recorded = [y for y in found if isinstance(y, Tensor)]
    return Foreign(title, values, leaves, recorded, _torch_gradients(torch, outputs, theirs), time,
                   *_coarsest_of_torch(torch, outputs))  # fmt: skip
