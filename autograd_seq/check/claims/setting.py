"""One recorded step, and what every name in a formula about it stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from autograd_seq.check.claims.conditions import Condition, of_activations, on_targets, symbols_under
from autograd_seq.check.claims.named_losses import LOSS_NAMES, of_prediction
from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import Operation
from autograd_seq.core.scope import scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.rerun import bare
from autograd_seq.diagnosis.truth import _Several, is_activation
from autograd_seq.readings.precise import PreciseAlgebra, evaluate
from autograd_seq.readings.symbols import exact, expressions, symbols_of

M = 2  # examples: more than one, so that a missing sum over them shows
LARGEST_PROOF = 4000  # elements of weights and inputs together: seconds
DIGITS = 100
_OPENED = ("named quantities", "pre-activations", "leaves")  # by what expressions are written, from short to long


class Setting:
    """One recorded step.

    Attributes
    ----------
    names : dict
        What each name stands for: of the forward pass, of adjoints and of sizes.
    quantities : dict
        The adjoint of each named quantity by the quantity's name.
    seeds : dict
        The adjoint that each output is given, by its name; that of a loss is 1.
    constants : dict
        The numbers that no float holds, by the tensors that stand for them.
    """

    def __init__(self, cell: Any, rng: np.random.Generator, loss: str | None = None, m: int = M) -> None:
        self.forward: dict[str, Tensor] = {}
        self.sizes: dict[str, Tensor] = {}
        self.m = m
        self.is_state = False
        self._beside: dict[str, Tensor] = {}
        self.outputs = self._recorded(cell, rng, loss)
        self.seeds = {}
        self.ones: set[Tensor] = set()
        for key, output in self.outputs.items():
            is_loss = not output.ndim or key in LOSS_NAMES
            array = np.ones(output.shape) if is_loss else rng.standard_normal(output.shape)
            seed = self.seeds[f"d{self._next(key)}"] = Tensor(array, f"d{self._next(key)}")
            if is_loss:
                self.ones.add(seed)
        given = {output: self.seeds[f"d{self._next(key)}"] for key, output in self.outputs.items()}
        self.recording = _Several(given).run()
        self.constants: dict[Tensor, Fraction] = {}
        self.size = int(np.sum([r.size for r in self.recording.forward.leaves]))
        self.large = self.size > LARGEST_PROOF
        self.targets = on_targets(self.recording.forward)
        self.normalised = of_activations(self.recording.forward)
        self._precise: dict[Tensor, Array] = {}  # what has been evaluated at the recorded leaves
        self._name_all()

    # -- recording --------------------------------------------------------------------------------

    def _recorded(self, cell: Any, rng: np.random.Generator, loss: str | None) -> dict[str, Tensor]:
        if isinstance(cell, Tensor):
            if loss is not None:
                raise UsageError("a recorded tensor is its own loss: leave out loss=, or hand over the readout")
            return self._of_tensor(cell)
        if not all(hasattr(cell, k) for k in ("step", "parameters")):
            instead = ": call it with Tensors, and hand over what it returns" if callable(cell) else ""
            raise UsageError(
                "check_formula takes a cell (with n_x, n_a, parameters and step) or a recorded tensor, "
                f"not {type(cell).__name__}{instead}"
            )
        old = {k: p.value for k, p in cell.parameters.items()}
        try:
            for p in cell.parameters.values():
                p.value = rng.standard_normal(p.shape)
            answer = self._step(cell, rng, loss)
        finally:
            for k, p in cell.parameters.items():
                p.value = old[k]
        return {k: v.record for k, v in answer.items()}

    def _step(self, cell: Any, rng: np.random.Generator, loss: str | None) -> dict[str, Any]:
        """What one step of a cell returns, or a readout's output, or its loss."""
        n_x, n_a, m = getattr(cell, "n_x", None), cell.n_a, self.m
        sizes = {"n_x": n_x, "n_a": n_a, "n_y": getattr(cell, "n_y", None), "m": m}
        self.sizes = {k: Tensor(float(v)) for k, v in sizes.items() if v is not None}
        if n_x is None:
            with scope(time=None):
                y_hat = cell.step(Tensor(rng.standard_normal((n_a, m)), "a", requires_grad=True))
                if loss is None:
                    return {"y_hat": y_hat}
                self._beside["y_hat"] = y_hat.record  # a loss from logits is not made of it
                return {"J": of_prediction(loss, y_hat, rng)}
        if loss is not None:
            raise UsageError(
                "a loss compares predictions with targets, and a cell predicts nothing: hand over the readout, "
                "or a loss that you recorded"
            )
        self.is_state = True
        x = Tensor(rng.standard_normal((n_x, m)), "x_t", requires_grad=True)
        state = {k: Tensor(rng.standard_normal((n_a, m)), f"{k}_prev", requires_grad=True) for k in cell.states}
        try:
            with scope(time=None):
                return dict(cell.step(x, state))
        except KeyError as error:
            if (key := error.args[0]) in state or key in cell.parameters:
                raise
            known = ", ".join(map(repr, state))
            raise UsageError(
                f"step() of {type(cell).__name__} reads {key!r}, but its states are {known} and its parameters "
                f"{', '.join(map(repr, cell.parameters))}: what a cell carries stands in its states"
            ) from error

    def _of_tensor(self, output: Tensor) -> dict[str, Tensor]:
        """A copy of a tensor's graph in which every named leaf has an adjoint."""
        graph = output.graph
        new = copied(graph, lambda r: Tensor(r._value, r.name, requires_grad=True) if _can_move(r) else r)
        record = new[output.record]
        for r, name in _named_by_program(graph).items():
            new[r]._name = name
        if record._name is None:
            taken = {r.name for r in graph}
            record._name = next(n for n in ("y" if record.ndim else "J", "output", "result") if n not in taken)
        self.is_state = record.ndim > 0 and record._name not in LOSS_NAMES
        self.sizes = _sizes_of(graph)
        return {str(record._name): record}

    def _next(self, key: str) -> str:
        """An output's name: a state's is told from the state that came in."""
        return f"{key}_next" if self.is_state and not key.endswith("_next") else key

    def _name_all(self) -> None:
        for r in self.recording.forward:
            if r.name:
                self.forward[r.name] = r
        self.forward = {**self._beside, **self.forward}
        for key, output in self.outputs.items():
            self.forward[self._next(key)] = output
            self.forward.setdefault(key, output)
        if "x_t" in self.forward:
            self.forward["x"] = self.forward["xt"] = self.forward["x_t"]
        adjoints = self.recording.adjoints
        self.quantities = {k: adjoints[r] for k, r in self.forward.items() if r in adjoints}
        given = {f"d{key}{end}": self.seeds[f"d{self._next(key)}"] for key in self.outputs for end in ("", "_next")}
        also = {} if self.is_state else given
        self.adjoint_names = {**also, **{f"d{k}": a for k, a in self.quantities.items()}, **self.seeds}
        self.names = {**self.sizes, **self.forward, **self.adjoint_names}

    # -- what a formula may ask --------------------------------------------------------------------

    @property
    def activations(self) -> dict[str, Operation]:
        """The activations of the recording, by name; a formula may call them."""
        return {r.operation.name: r.operation for r in self.recording.forward if is_activation(r)}

    def before_activation(self, name: str) -> str | None:
        """The name of what an activation was applied to, for the name of its result."""
        r = self.forward.get(name)
        if r is None:
            return None
        r = bare(r)
        if not is_activation(r) or r.inputs[0].name is None:
            return None
        return r.inputs[0].name

    # -- exact and precise values ------------------------------------------------------------------

    @property
    def levels(self) -> range:
        """How far expressions can be opened: to named quantities, to what no activation made, to the leaves."""
        return range(len(_OPENED))

    def stops(self, level: int) -> dict[Tensor, Array]:
        """The symbols at which expressions of a level end, beside the leaves'."""
        if level == len(_OPENED) - 1:
            return {}
        made = [r for r in self.recording.forward if r.name and r.operation is not None]
        if level:
            return {r: symbols_of(r) for r in made if not is_activation(r)}
        return {**{r: symbols_of(r) for r in made}, **symbols_under(self.normalised)}

    def known(self, conditions: tuple[Condition, ...] = ()) -> dict[Tensor, Array]:
        """The exact meaning of adjoints that are given, of numbers that no float holds, and of conditioned data."""
        leaves = {r: symbols_of(r) for r in self.seeds.values()} | {r: exact(r._value) for r in self.ones}
        for record, value in self.constants.items():
            leaves[record] = np.array(sympy.Rational(value.numerator, value.denominator), dtype=object)
        return {**leaves, **symbols_under(conditions)}

    def symbolic(self, quantity: Quantity, level: int, conditions: tuple[Condition, ...] = ()) -> Array:
        """A quantity as an array of SymPy expressions."""
        leaves = {**self.stops(level), **self.known(conditions), **quantity.known}
        if quantity.stand_ins:
            originals = expressions(Graph(*quantity.stand_ins.values()), expand=True, leaves=leaves)
            leaves |= {copy: originals[r.record] for copy, r in quantity.stand_ins.items()}
        meaning = expressions(Graph(*quantity.records), expand=True, leaves=leaves)
        return _rational(quantity.build(lambda r: meaning[r.record]))

    def precise(self, quantity: Quantity, drawn: Mapping[Tensor, Array] | None = None) -> Array:
        """A quantity to a hundred digits, at the recorded leaves, or with some of them drawn anew.

        Probabilities that were drawn add up to 1 in floats only: their last part is what the others leave.
        """
        algebra = PreciseAlgebra(DIGITS)
        context = algebra.context
        at = {r: np.array(context.mpf(v.numerator) / v.denominator, dtype=object) for r, v in self.constants.items()}
        at |= {r: algebra.array(a) for r, a in (drawn or {}).items()}
        for c in self.targets:
            if c.record in (drawn or {}):
                parts = np.moveaxis(at[c.record], c.axis, 0)
                parts[-1] = 1 - np.sum(parts[:-1], axis=0)
        before = {} if drawn else self._precise
        forward = evaluate(self.recording.forward, at={**before, **at}, algebra=algebra)
        stand_ins = {copy: forward[r.record] for copy, r in quantity.stand_ins.items()}
        values = evaluate(Graph(*quantity.records), at={**forward, **at, **stand_ins}, algebra=algebra)
        if not drawn:
            self._precise = values
        return quantity.build(lambda r: values[r.record])


@dataclass(frozen=True)
class Quantity:
    """An array made of records: one of them, or several put together, as the rows of a Jacobian are.

    Attributes
    ----------
    records : list of Tensor
        What it is made of.
    build : callable
        The array, from a function that gives the array of each record.
    known : mapping
        Exact expressions for some records.
    stand_ins : mapping
        Records that stand for others of the forward pass, as constants of the same numbers.
    """

    records: list[Tensor]
    build: Callable[[Callable[[Tensor], Array]], Array]
    known: Mapping[Tensor, Array] = field(default_factory=dict)
    stand_ins: Mapping[Tensor, Tensor] = field(default_factory=dict)

    @staticmethod
    def of(record: Tensor) -> Quantity:
        """A record by itself."""
        return Quantity([record], lambda array_of: array_of(record))

    @property
    def values(self) -> Array:
        """The recorded numbers."""
        return np.asarray(self.build(lambda r: r._value), dtype=float)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its array."""
        return self.values.shape


def copied(graph: Graph, leaf: Callable[[Tensor], Tensor]) -> dict[Tensor, Tensor]:
    """A copy of a recording with other leaves, and everything made from them; from each record to its copy."""
    new: dict[Tensor, Tensor] = {}
    for r in graph:
        if r in new:
            continue
        if r.operation is None:
            new[r] = leaf(r)
        else:
            inputs = tuple(new[x] for x in r.inputs)
            made = r.operation.record(r._value, inputs, r.settings, any(x.requires_grad for x in inputs))
            made._name, made._code = r._name, None  # no line of this file names it
            new[r] = made
    return new


def _named_by_program(graph: Graph) -> dict[Tensor, str]:
    """What a program calls its values, where it calls one so: the same name at another time step tells of neither."""
    names = Counter(r.name for r in graph if r.name)
    return {r: r.name for r in graph if r._name is None and r.name and names[r.name] == 1 and r.name.isidentifier()}


def _can_move(r: Tensor) -> bool:
    return r.name is not None and r.dtype.kind == "f"


def _sizes_of(graph: Graph) -> dict[str, Tensor]:
    """What n_x, n_a, n_y and m are, where the notes' names say it."""
    rows = {"n_x": ("x", "x_t", "X"), "n_a": ("a", "a_prev", "a_next"), "n_y": ("y", "Y", "y_hat", "z_y")}
    named = {r.name: r for r in graph if r.name and r.ndim == 2}
    found = {size: named[n].shape[0] for size, names in rows.items() for n in names if n in named}
    columns = [named[n].shape[1] for names in (rows["n_y"], rows["n_x"], rows["n_a"]) for n in names if n in named]
    data = {r.shape[1] for r in graph.leaves if r.name and r.ndim == 2 and not r.requires_grad}
    if columns or len(data) == 1:
        found["m"] = columns[0] if columns else data.pop()
    return {k: Tensor(float(v)) for k, v in found.items() if k not in {r.name for r in graph}}


def _rational(array: Array) -> Array:
    """Expressions with exact numbers in place of floats."""
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        e: Any = array[place]
        floats = e.atoms(sympy.Float) if isinstance(e, sympy.Basic) else ()
        result[place] = e.xreplace({f: sympy.Rational(f) for f in floats}) if floats else e
    return result
