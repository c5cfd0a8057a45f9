"""The modules that the tests of HIPS autograd import, made of this engine: reverse mode, real numbers.

``install()`` puts them in their places. What has no counterpart here answers when it is called, by skipping the test
with the reason. Checks are of the size that theirs are: a central difference along one random direction, of the first
and of the second derivative, to 1e-6.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy
import pytest

import autograd_seq.numpy as recorded
from autograd_seq import Tensor, logsumexp, sigmoid
from autograd_seq import grad as gradients_of

COMPLEX, FORWARD, SCIPY = "complex numbers", "forward mode", "functions of SciPy"
OWN_CLASSES, OWN_TOOLS = "their own classes (boxes, vector spaces, primitives)", "their own tools"
STEP, NEAR = 1e-6, 1e-6

tracing: list[None] = []  # one for each function that is being traced
done: list[str] = []  # in the present test: checks made, and why others were left out
left_out: list[str] = []


# -- structures ---------------------------------------------------------------------------


def leaves(x: Any) -> Iterator[Any]:
    """The numbers and arrays in nested lists, tuples and dicts."""
    if isinstance(x, Missing):
        x()
    elif isinstance(x, dict):
        for value in x.values():
            yield from leaves(value)
    elif isinstance(x, (list, tuple)):
        for value in x:
            yield from leaves(value)
    else:
        yield x


def mapped(function: Callable[..., Any], x: Any, *others: Any) -> Any:
    """The structure of x with what a function makes of its leaves."""
    if isinstance(x, dict):
        return {key: mapped(function, value, *(o[key] for o in others)) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        made = [mapped(function, value, *(o[i] for o in others)) for i, value in enumerate(x)]
        return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)
    return function(x, *others)


def bare(x: Any) -> Any:
    """Plain numbers in place of tensors."""
    return mapped(lambda leaf: leaf.value if isinstance(leaf, Tensor) else leaf, x)


def outside(x: Any) -> Any:
    """An answer: tensors where an outer function is traced, numbers otherwise."""
    return x if tracing else bare(x)


def is_complex(x: Any) -> bool:
    return any(numpy.iscomplexobj(leaf) for leaf in leaves(bare(x)))


def random_like(x: Any) -> Any:
    return mapped(lambda leaf: numpy.asarray(numpy.random.randn(*numpy.shape(leaf))), bare(x))


def inner(x: Any, y: Any) -> float:
    return float(sum(numpy.sum(a * b) for a, b in zip(leaves(bare(x)), leaves(bare(y)), strict=True)))


# -- derivatives --------------------------------------------------------------------------


def traced(x: Any) -> Any:
    """A leaf to differentiate by: of an outer function's tensor another name."""
    if isinstance(x, Tensor):
        return numpy.positive(x) if x.requires_grad else Tensor(x.value, requires_grad=True)
    if numpy.iscomplexobj(x):
        pytest.skip(COMPLEX)
    array = numpy.asarray(x)
    return Tensor(array if array.dtype.kind == "f" else array.astype(float), requires_grad=True)


def vjp_of(function: Callable[..., Any], x: Any) -> tuple[Callable[..., Any], Any]:
    """What takes the adjoint of the result to that of x, and the result."""
    inputs = mapped(traced, x)
    tracing.append(None)
    try:
        result = function(inputs)
    finally:
        tracing.pop()
    learned = [isinstance(leaf, Tensor) and leaf.requires_grad for leaf in leaves(result)]
    many = isinstance(result, (list, tuple, dict))

    def vjp(g: Any) -> Any:
        if not any(learned):
            return mapped(lambda leaf: numpy.zeros(numpy.shape(leaf)), inputs)
        if many:
            pairs = zip(leaves(result), leaves(g), learned, strict=True)
            total = sum(recorded.sum(y * v) for y, v, wanted in pairs if wanted)
            return outside(gradients_of(total, inputs, create_graph=True))
        g = g if isinstance(g, Tensor) else numpy.asarray(g, result.dtype)
        return outside(gradients_of(result, inputs, gradient=g, create_graph=True))

    return vjp, outside(result)


def of_one(operator: Callable[..., Any]) -> Callable[..., Any]:
    """An operator on functions of one argument, for functions of any: by a number, or a list of numbers."""

    def of_any(function: Callable[..., Any], argnum: Any = 0, *more: Any) -> Callable[..., Any]:
        def called(*arguments: Any, **settings: Any) -> Any:
            places = [argnum] if isinstance(argnum, int) else list(argnum)

            def alone(x: Any) -> Any:
                given = list(arguments)
                for place, value in zip(places, [x] if isinstance(argnum, int) else x, strict=True):
                    given[place] = value
                return function(*given, **settings)

            alone.__name__ = getattr(function, "__name__", "function")
            chosen = tuple(arguments[place] for place in places)
            return operator(alone, chosen[0] if isinstance(argnum, int) else chosen, *more)

        called.__name__ = f"{operator.__name__}_of_{getattr(function, '__name__', 'function')}_wrt_argnum_{argnum}"
        return called

    of_any.__name__ = operator.__name__
    return of_any


def ones_like(y: Any) -> Any:
    return mapped(lambda leaf: numpy.ones(numpy.shape(leaf)), bare(y))


def _value_and_grad(function: Callable[..., Any], x: Any) -> tuple[Any, Any]:
    vjp, y = vjp_of(function, x)
    if sum(numpy.size(leaf) for leaf in leaves(bare(y))) != 1 or is_complex(y) or numpy.asarray(bare(y)).dtype == bool:
        raise TypeError("the gradient is of a function with one real number for its value")
    return y, vjp(ones_like(y))


def _grad(function: Callable[..., Any], x: Any) -> Any:
    return _value_and_grad(function, x)[1]


def _elementwise_grad(function: Callable[..., Any], x: Any) -> Any:
    vjp, y = vjp_of(function, x)
    return vjp(ones_like(y))


def _jacobian(function: Callable[..., Any], x: Any) -> Any:
    vjp, y = vjp_of(function, x)
    shape = numpy.shape(bare(y))
    units = numpy.eye(int(numpy.prod(shape))).reshape(-1, *shape)
    return recorded.reshape(recorded.stack([vjp(unit) for unit in units]), shape + numpy.shape(bare(x)))


def _hessian(function: Callable[..., Any], x: Any) -> Any:
    return jacobian(jacobian(function))(x)


def _hessian_by_vectors(function: Callable[..., Any], x: Any) -> Any:
    return vjp_of(grad(function), x)


def _grad_and_aux(function: Callable[..., Any], x: Any) -> Any:
    vjp, (y, beside) = vjp_of(lambda x: tuple(function(x)), x)
    return vjp((ones_like(y), mapped(lambda leaf: 0.0 * leaf, bare(beside)))), beside


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    function.__name__ = name
    return of_one(function)


grad, value_and_grad = named(_grad, "grad"), named(_value_and_grad, "value_and_grad")
elementwise_grad, make_vjp = named(_elementwise_grad, "elementwise_grad"), of_one(vjp_of)
jacobian, hessian = named(_jacobian, "jacobian"), named(_hessian, "hessian")
make_hvp, grad_and_aux = of_one(_hessian_by_vectors), of_one(_grad_and_aux)


def hessian_tensor_product(function: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    slope = grad(function, argnum)
    return grad(lambda *xv, **settings: recorded.tensordot(slope(*xv[:-1], **settings), xv[-1], numpy.ndim(xv[-1])),
                argnum)  # fmt: skip


def tensor_jacobian_product(function: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    return jacobian(lambda *xv, **settings: recorded.tensordot(xv[-1], function(*xv[:-1], **settings),
                                                               axes=numpy.ndim(xv[-1])), argnum)  # fmt: skip


# -- checks -------------------------------------------------------------------------------


def scalar_close(a: float, b: float) -> bool:
    return bool(abs(a - b) < NEAR or abs(a - b) / abs(a + b) < NEAR)


def check_equivalent(x: Any, y: Any) -> None:
    assert [numpy.shape(leaf) for leaf in leaves(bare(x))] == [numpy.shape(leaf) for leaf in leaves(bare(y))]
    v = random_like(x)
    assert scalar_close(inner(x, v), inner(y, v)), f"{x} and {y} differ"


def _moved(x: Any, v: Any, by: float) -> Any:
    return mapped(lambda a, b: a + by * b, bare(x), v)


def _check(function: Callable[..., Any], x: Any, order: int) -> None:
    """The VJP of a function against a difference, and its own VJP likewise."""
    vjp, y = vjp_of(function, x)
    along, g = random_like(x), random_like(y)
    slopes = vjp(g)
    assert [numpy.shape(a) for a in leaves(bare(slopes))] == [numpy.shape(a) for a in leaves(bare(x))]
    difference = inner(function(_moved(x, along, STEP / 2)), g) - inner(function(_moved(x, along, -STEP / 2)), g)
    assert scalar_close(inner(slopes, along), difference / STEP), f"{inner(slopes, along)}, {difference / STEP}"
    if order > 1:
        _check(lambda both: vjp_of(function, both[0])[0](both[1]), (x, random_like(y)), order - 1)


def check_grads(function: Callable[..., Any], argnum: Any = 0, modes: Any = ("fwd", "rev"), order: int = 2) -> Any:
    """Check the derivatives in reverse mode where all numbers are real."""

    def check(alone: Callable[..., Any], x: Any) -> None:
        if "rev" not in modes:
            left_out.append(FORWARD)
        elif is_complex(x):
            left_out.append(COMPLEX)
        else:
            _check(alone, x, order)
            done.append("checked")

    return of_one(check)(function, argnum)


def combo_check(function: Callable[..., Any], argnums: Any = (0,), **how: Any) -> Callable[..., None]:
    """Check a function with all combinations of arguments and settings."""
    argnums = tuple(argnums)

    def check(*lists: Any, **settings: Any) -> None:
        kept = [[(key, value) for value in values] for key, values in settings.items()]
        for arguments in product(*lists):
            for chosen in product(*kept):
                if is_complex(list(arguments)):
                    left_out.append(COMPLEX)
                else:
                    check_grads(function, argnums, **how)(*arguments, **dict(chosen))

    return check


# -- modules ------------------------------------------------------------------------------


class Missing:
    """Something of theirs that has no counterpart here: a test that calls it is skipped, with the reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        if "PYTEST_CURRENT_TEST" in os.environ:  # else a test file that is being loaded
            pytest.skip(self.reason)
        return self

    def __array__(self, *arguments: Any, **settings: Any) -> Any:
        return self()

    def __getitem__(self, index: Any) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return self if not name.startswith("__") else object.__getattribute__(self, name)


def _special_logsumexp(x: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    if b is not None:
        pytest.skip(SCIPY)
    return logsumexp(x, axis=axis, keepdims=keepdims)


def is_instance(x: Any, kind: Any) -> bool:
    """Whether something is of a kind; a tensor is an array."""
    return isinstance(x.value if isinstance(x, Tensor) else x, kind)


def is_traced(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


DIFFERENTIATING = {
    "elementwise_grad": elementwise_grad, "grad": grad, "grad_and_aux": grad_and_aux, "hessian": hessian,
    "hessian_tensor_product": hessian_tensor_product, "jacobian": jacobian, "make_hvp": make_hvp, "make_vjp": make_vjp,
    "tensor_jacobian_product": tensor_jacobian_product, "value_and_grad": value_and_grad,
    "deriv": Missing(FORWARD), "holomorphic_grad": Missing(COMPLEX), "checkpoint": Missing(OWN_TOOLS),
    "make_ggnvp": Missing(FORWARD), "make_jvp": Missing(FORWARD),
}  # fmt: skip
CONTAINERS = {"dict": dict, "isinstance": is_instance, "list": list, "tuple": tuple, "type": type}
CHECKS = {"check_equivalent": check_equivalent, "check_grads": check_grads, "combo_check": combo_check,
          "scalar_close": scalar_close}  # fmt: skip
NOT_HERE = {
    "scipy": SCIPY, "scipy.integrate": SCIPY, "scipy.linalg": SCIPY, "scipy.signal": SCIPY, "scipy.stats": SCIPY,
    "scipy.stats.multivariate_normal": SCIPY, "extend": OWN_CLASSES, "misc": OWN_TOOLS, "util": OWN_TOOLS,
}  # fmt: skip


def _module(name: str, reason: str, known: dict[str, Any]) -> types.ModuleType:
    """A module that knows some names, and answers others with what skips a test."""
    module = types.ModuleType(name)
    module.__path__ = []  # type: ignore[attr-defined]

    def find(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Missing(reason)

    vars(module).update(known, __getattr__=find)
    return module


def install() -> None:
    """Let ``import autograd`` and its like find the modules of this file."""
    found = {
        "": _module("autograd", OWN_TOOLS, {**DIFFERENTIATING, **CONTAINERS, "numpy": recorded}),
        ".builtins": _module("autograd.builtins", OWN_CLASSES, CONTAINERS),
        ".core": _module("autograd.core", OWN_CLASSES, {"make_vjp": vjp_of}),
        ".numpy": recorded,
        ".numpy.random": recorded.random,
        ".scipy.special": _module("special", SCIPY, {"logsumexp": _special_logsumexp, "expit": sigmoid}),
        ".test_util": _module("autograd.test_util", OWN_TOOLS, CHECKS),
        ".tracer": _module("autograd.tracer", OWN_CLASSES, {"isbox": is_traced}),
        ".wrap_util": _module("autograd.wrap_util", OWN_TOOLS, {"unary_to_nary": of_one}),
        **{f".{name}": _module(f"autograd.{name}", reason, {}) for name, reason in NOT_HERE.items()},
    }
    for name, module in found.items():
        sys.modules[f"autograd{name}"] = module
    for name, module in found.items():
        parent, _, last = f"autograd{name}".rpartition(".")
        if parent and parent != "autograd.numpy":
            setattr(sys.modules[parent], last, module)
