"""Write operations.md: every operation with what it is and the VJP rule that its record declares.

Run ``python docs/write_operations.py`` after a change of an operation; a test compares.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq import Operation, Tensor, differentiate, prove
from autograd_seq.folding.literal import is_literal
from autograd_seq.operations import indexing, linear
from autograd_seq.storage.files import write
from autograd_seq.writer import Writer

FAMILIES = (
    "arithmetic", "elementwise", "exponentials", "trigonometry", "comparison", "reduction", "linear", "solving",
    "singular", "shape", "indexing", "ordering", "remainders", "probability",
)  # fmt: skip
ROWS, PLACES = np.s_[:], Tensor(np.array([[2, 0, 1]] * 3), "places")
PAGE = Path(__file__).with_name("operations.md")

# Operations that need settings, a list or other shapes to be tried.
SAMPLES: dict[Operation, Callable[..., Any]] = {
    ops.accumulate: lambda a, b: ops.accumulate([a, b]),
    ops.as_float: lambda x: ops.as_float(x, dtype="float32"),
    ops.as_integer: lambda x: ops.as_integer(x, dtype="int64"),
    ops.assign: lambda x, v: ops.assign([x, v], indices=(ROWS,), visible=indexing.visibility((3, 3), (ROWS,))),
    ops.broadcast_to: lambda x: ops.broadcast_to(x, (2, 3, 3)),
    ops.clip: lambda x: ops.clip(x, 0, 1),
    ops.concatenate: lambda a, b: ops.concatenate([a, b]),
    ops.cumsum: lambda x: ops.cumsum(x, axis=0),
    ops.expand_dims: lambda x: ops.expand_dims(x, axis=0),
    ops.flip: lambda x: ops.flip(x, axis=0),
    ops.from_singular: lambda weights, x: ops.from_singular(weights[0], x),
    ops.max: lambda x: ops.max(x, axis=0, keepdims=True),
    ops.min: lambda x: ops.min(x, axis=0, keepdims=True),
    ops.moveaxis: lambda x: ops.moveaxis(x, 0, 1),
    ops.norm: lambda x: ops.norm(x, axis=0, keepdims=True),
    ops.logsumexp: lambda x: ops.logsumexp(x, axis=0, keepdims=True),
    ops.argsort: lambda x: ops.argsort(x, axis=0),
    ops.pick: lambda x: ops.pick(x, PLACES, axis=0),
    ops.spread: lambda pieces: ops.spread(pieces, PLACES, axis=0, length=3),
    ops.power: lambda a, b: ops.power(a, b),
    ops.reshape: lambda x: ops.reshape(x, (9,)),
    ops.scatter: lambda a, b: ops.scatter([a, b], indices=(np.s_[0:3], np.s_[1:4]), shape=(4, 3)),
    ops.squeeze: lambda x: ops.squeeze(x, axis=0),
    ops.stack: lambda a, b: ops.stack([a, b]),
    ops.swapaxes: lambda x: ops.swapaxes(x, 0, 1),
    ops.where: lambda c, a, b: ops.where(c > 0, a, b),
    indexing._getitem: lambda x: x[1],
    linear._einsum: lambda a, b: ops.einsum("ij,jk->ik", a, b),
}
LONGEST, TOO_LONG = 500, "too long for a line; `equations` prints it"
SHAPES = {ops.squeeze: (1, 3)}
# What is added to numbers between 0 and 1 where an operation is not meant for those, or for matrices of low rank.
MATRICES = (
    ops.adjugate, ops.cholesky, ops.det, ops.dyads, ops.inv, ops.logabsdet, ops.singular_values, ops.solve_columns,
)  # fmt: skip
ADDED = {ops.arccosh: 1.0, **dict.fromkeys(MATRICES, np.eye(3))}


# Where a function has no derivative, or several: its inputs there, in the order in which it is called.
KINKS: dict[str, tuple[Callable[..., Any], list[Any], str]] = {
    "relu(x)": (ops.relu, [[0.0]], "x = 0"),
    "abs(x)": (np.abs, [[0.0]], "x = 0"),
    "maximum(a, b)": (np.maximum, [[1.0], [1.0]], "a = b"),
    "minimum(a, b)": (np.minimum, [[1.0], [1.0]], "a = b"),
    "fmax(a, b)": (np.fmax, [[1.0], [1.0]], "a = b"),
    "fmin(a, b)": (np.fmin, [[1.0], [1.0]], "a = b"),
    "fabs(x)": (np.fabs, [[0.0]], "x = 0"),
    "max(x)": (np.max, [[2.0, 1.0, 2.0]], "x = [2, 1, 2]"),
    "min(x)": (np.min, [[2.0, 1.0, 1.0]], "x = [2, 1, 1]"),
    "max(x, initial=2)": (lambda x: np.max(x, initial=2.0), [[2.0, 1.0]], "x = [2, 1]"),
    "nanmax(x)": (np.nanmax, [[2.0, np.nan, 2.0]], "x = [2, nan, 2]"),
    "ptp(x)": (np.ptp, [[2.0, 2.0]], "x = [2, 2]"),
    "maximum.accumulate(x)": (np.maximum.accumulate, [[1.0, 1.0]], "x = [1, 1]"),
    "clip(x, -1, 1)": (lambda x: np.clip(x, -1.0, 1.0), [[-1.0, 1.0]], "x = [−1, 1]"),
    "clip(x, low, None), low learned": (lambda x, low: np.clip(x, low, None), [[1.0], [1.0]], "x = low"),
    "clip(x, None, high), high learned": (lambda x, high: np.clip(x, None, high), [[1.0], [1.0]], "x = high"),
    "where(c, a, b)": (lambda a, b: np.where([True, False], a, b), [[1.0, 1.0], [1.0, 1.0]], "anywhere, c = [1, 0]"),
    "linalg.norm(x)": (np.linalg.norm, [[0.0, 0.0]], "x = [0, 0]"),
    "linalg.norm(x, 1)": (lambda x: np.linalg.norm(x, 1), [[0.0, 2.0]], "x = [0, 2]"),
    "linalg.norm(x, inf)": (lambda x: np.linalg.norm(x, np.inf), [[2.0, -2.0]], "x = [2, −2]"),
    "linalg.norm(x, 2)": (lambda x: np.linalg.norm(x, 2), [[[2.0, 0.0], [0.0, -2.0]]], "x = [2 0; 0 −2]"),
    "linalg.norm(x, 'nuc')": (lambda x: np.linalg.norm(x, "nuc"), [[[2.0, 0.0], [0.0, 0.0]]], "x = [2 0; 0 0]"),
    "linalg.det(x)": (np.linalg.det, [[[1.0, 2.0], [2.0, 4.0]]], "x = [1 2; 2 4], smooth"),
    "std(x)": (np.std, [[2.0, 2.0]], "x = [2, 2]"),
    "hypot(a, b)": (np.hypot, [[0.0], [0.0]], "a = b = 0"),
    "arctan2(a, b)": (np.arctan2, [[0.0], [0.0]], "a = b = 0"),
    "x ** 0.0": (lambda x: x**0.0, [[0.0]], "x = 0"),
    "a ** b": (np.power, [[0.0], [2.0]], "a = 0, b = 2"),
    "prod(x)": (np.prod, [[0.0, 3.0]], "x = [0, 3]"),
    "cumprod(x)": (np.cumprod, [[0.0, 3.0]], "x = [0, 3]"),
    "sort(x)[0]": (lambda x: np.sort(x)[0], [[1.0, 1.0]], "x = [1, 1]"),
    "median(x)": (np.median, [[1.0, 1.0, 2.0]], "x = [1, 1, 2]"),
    "partition(x, 1)[1]": (lambda x: np.partition(x, 1)[1], [[1.0, 1.0, 0.0]], "x = [1, 1, 0]"),
    "quantile(x, 0.25)": (lambda x: np.quantile(x, 0.25), [[1.0, 1.0, 2.0]], "x = [1, 1, 2]"),
    "floor(x), round(x), x // 1": (lambda x: x * (np.floor(x) + np.round(x) + x // 1), [[2.0]], "x = 2, times x"),
    "sign(x)": (lambda x: np.sign(x) * (x + 1.0), [[0.0]], "x = 0, times x + 1"),
    "fmod(x, b)": (np.fmod, [[-4.0], [2.0]], "x = −4, b = 2"),
    "modf(x)[0]": (lambda x: np.modf(x)[0], [[2.0]], "x = 2"),
    "unwrap(x)": (np.unwrap, [[0.0, np.pi]], "x = [0, π]"),
    "x % b": (np.remainder, [[4.0], [2.0]], "x = 4, b = 2"),
    "interp(x, [0, 1, 2], [0, 1, 5])": (lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0]),
                                        [[1.0, 2.0, 3.0]], "x = [1, 2, 3]"),
    "copysign(a, 1)": (lambda a: np.copysign(a, 1.0), [[0.0]], "a = 0"),
    "heaviside(x, h)": (np.heaviside, [[0.0], [0.5]], "x = 0"),
    "sqrt(x)": (np.sqrt, [[0.0]], "x = 0"),
    "cbrt(x)": (np.cbrt, [[0.0]], "x = 0"),
    "x ** 0.5": (lambda x: x**0.5, [[0.0]], "x = 0"),
    "sinc(x)": (np.sinc, [[0.0]], "x = 0"),
}  # fmt: skip


def at_kink(name: str) -> tuple[list[Tensor], Tensor]:
    """The inputs of a function where it has a kink, and the sum of its result."""
    function, arrays, _ = KINKS[name]
    inputs = [Tensor(np.array(x), letter, requires_grad=True) for x, letter in zip(arrays, "abc")]
    return inputs, ops.sum(function(*inputs))


def conventions() -> Iterator[str]:
    """The table of what is taken for a derivative where there is none, as the sweep answers it."""
    yield "| function | where | derivative with respect to each input | `prove` says |\n|---|---|---|---|"
    for name, (_, _, where) in KINKS.items():
        inputs, loss = at_kink(name)
        with np.errstate(divide="ignore"):  # where it is infinite
            loss.backward()
            proof = prove(loss, wrt=[x for x in inputs if x.grad is not None])
        slopes = [np.zeros(x.shape) if x.grad is None else x.grad + 0.0 for x in inputs]
        written = [np.array2string(slope.round(12) + 0.0, separator=", ").replace("\n", "") for slope in slopes]
        said = dict.fromkeys(claim.status for claim in proof.claims.values())
        yield f"| `{name}` | {where} | {'; '.join(written)} | {', '.join(said)} |"


def described() -> Iterator[tuple[str, list[Operation]]]:
    """The families and their operations, in the order in which they are declared."""
    for family in FAMILIES:
        module = importlib.import_module(f"autograd_seq.operations.{family}")
        values = {id(v): v for v in vars(module).values() if isinstance(v, Operation)}
        yield family, [v for v in values.values() if v.__module__ == module.__name__]


def tried(operation: Operation) -> tuple[list[Tensor], Tensor]:
    """The operation on small matrices that are called what its signature calls them."""
    call = SAMPLES.get(operation, operation)
    called = list(inspect.signature(getattr(call, "__wrapped__", call)).parameters)[: operation.arity or None]
    shape = SHAPES.get(operation, (3, 3))
    arrays = [np.full(shape, 0.25 + 0.25 * i) + ADDED.get(operation, 0.0) for i in range(len(called))]
    inputs = [Tensor(array, name, requires_grad=True) for array, name in zip(arrays, called, strict=True)]
    y = call(*inputs)
    y._name = "L" if "y" in called else "y"
    return inputs, y


def called(record: Tensor, names: dict[Tensor, str]) -> str | None:
    """A name, or what is said of a leaf that is not a number: an array of ones or of truth values."""
    if record in names or record.operation is not None or is_literal(record):
        return names.get(record)
    return "mask" if record.dtype.kind == "b" else record.name or "1"


def row(operation: Operation) -> str:
    """One line of the table."""
    summary = (inspect.getdoc(getattr(ops, operation.name)) or "").splitlines()[0]
    inputs, y = tried(operation)
    rules = []
    if y.requires_grad:
        seed = Tensor(np.ones(y.shape), f"d{y.name}")
        recording = differentiate(y, gradient=seed)
        names = {record: record.name or "" for record in (y, seed, *inputs)}
        writer = Writer("text", lambda record: called(record, names))
        pairs = [(x.name, writer(recording.adjoints[x])) for x in inputs if x in recording.adjoints]
        rules = [f"`d{name} = {rule}`" if len(rule) < LONGEST else f"`d{name}`: {TOO_LONG}" for name, rule in pairs]
    cells = [f"`{operation.name}`", summary, "<br>".join(rules) or "none"]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def traits() -> Iterator[str]:
    """The table of traits, with the operations that have each."""
    everything = [operation for _, operations in described() for operation in operations]
    yield "| trait | what it says | operations |\n|---|---|---|"
    for trait, words in TRAITS.items():
        yield f"| `{trait}` | {words} | {', '.join(filter(None, (having(o, trait) for o in everything)))} |"


def having(operation: Operation, trait: str) -> str:
    """An operation with what a trait of it says; nothing if it says nothing."""
    said = getattr(operation, trait)
    if trait == "algebra" and said:
        return f"`{operation.name}`: {said}"
    return f"`{operation.name}`" if said else ""


def page() -> str:
    """The whole page."""
    parts = [HEAD, *traits(), ABOUT_KINKS, *conventions()]
    for family, operations in described():
        parts.append(f"\n## {family.capitalize()}\n\n| operation | value | VJP |\n|---|---|---|")
        parts.extend(map(row, operations))
    return "\n".join(parts) + "\n"


HEAD = """\
# Operations

Every differentiable operation is one record in `autograd_seq/operations/`: its value rule in NumPy, its
VJP rule in the package's own operations, its meaning over exact scalars, and how it is written in NumPy
source, in LaTeX and in text. The rules below are not typed by hand: each is the recorded backward pass of
the operation, printed. `dy` is the adjoint of the result `y` (`dL` of a loss `L`); an input that was
broadcast gets the sum of its uses, which the sweep adds once for all operations. A product ∘ is
element by element; `mask` is an array of truth values that the operation's settings fix.

## Your own operation

```python
import numpy as np
from autograd_seq import Tensor, each, operation, sigmoid

@operation(
    vjp=[lambda g, y, x: g * (y + sigmoid(x) * (1 - y))],
    meaning=lambda algebra, x: x * each(algebra.sigmoid, x),
    activation=True,
    elementwise=True,
    longhand=[lambda x: x * sigmoid(x)],
)
def swish(x, /):
    return x / (1 + np.exp(-x))
```

The inputs are the positional-only arguments (or `*arrays`); everything else is a setting, fixed when the
operation is recorded. `meaning` is needed where the value rule uses more than arithmetic and
rearrangement; it is what SymPy and many-digit numbers read. From here on Swish records,
back-propagates, prints, and can be proved and checked like any other operation. The last three lines are
traits: `compile` computes it with its neighbours, and a check of a backward pass that was written by hand
knows what it means to forget `swish'`.

## Traits

What an operation says of itself, so that nobody else has to know it by name. None has to be declared: without
them an operation is computed more slowly and diagnosed less well, and just as right.
"""

ABOUT_KINKS = """
## At kinks and ties

Where a function has no derivative, or more than one would do, one is taken, the same in `backward`, `grad`, `compile`
and the program that `source` writes; `prove` reads that same backward pass, and says *excluded* where a record meets
such a place exactly. Where something is decided on the numbers before it is recorded (`partition`, `interp`, `modf`),
the record is smooth, and proven. The largest of several equal elements share the adjoint equally; at a kink that is
alone, the derivative is 0; what is cut at a limit keeps its derivative on the limit; sorting hands on to the element
that NumPy puts there. What changes in steps (`sign`, `floor`, `round`, `x // b`) has the derivative 0 everywhere.
`sqrt` and `cbrt` have an infinite one at 0.
"""

TRAITS = {
    "positive": "meant for numbers above 0 only; its value elsewhere is not part of its meaning",
    "activation": "a function of one array that a layer applies to what it has added up",
    "elementwise": "each element of the result depends only on the elements at the same place",
    "along": "works along the axes that its setting `axis` names, at each place beside them alone",
    "reduces": "the ufunc of two elements that it repeats over axes",
    "algebra": "what it is in algebra",
    "adds": "the result is the sum of the inputs",
    "rearranges": "the result shows the input's own elements in other places",
    "cuts": "a constant on purpose, although it changes with its inputs",
    "element": "how one element is written in a compiled loop",
    "longhand": "how a program writes it that does not have it; plans take it apart so",
}


if __name__ == "__main__":
    write(PAGE, page())
    print(f"{PAGE}: {sum(len(operations) for _, operations in described())} operations")
