"""RNN, GRU and LSTM found in a recording by their algebra: whoever wrote them, in whatever layout, under any names.

A gate is known by what it multiplies: Γ_f the memory c<t-1>, Γ_u the candidate, Γ_o tanh(c<t>), Γ_r the state before
the candidate. A recurrence is followed back from its last step, and is one if every step has the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.record import Record
from autograd_seq.core.traits import Word, algebra
from autograd_seq.exchange.affine import Affine, Reader, Weight, source

Kind = Callable[[Any, "Found | None"], "Found | None"]  # what made a record, perhaps before a known step

FAR = 40.0  # where exp(-z) is nothing beside 1
Test = Callable[[Any], bool]


@dataclass(slots=True)
class Gate:
    """One gate of a cell, or its candidate: an activation of terms.

    Attributes
    ----------
    x, a : list of (Record, Weight)
        Matrices before the inputs, and before the state.
    b : list of Weight
        Biases.
    peephole : list of Weight
        Vectors before the memory.
    inner : list of Weight
        Biases that the relevance gate multiplies together with the state's product.
    activation : Operation or None
        Its function.
    """

    x: list[tuple[Any, Weight]]
    a: list[Weight]
    b: list[Weight]
    peephole: list[Weight] = field(default_factory=list)
    inner: list[Weight] = field(default_factory=list)
    activation: Any = None

    @property
    def same_as(self) -> Hashable:
        """Equal for two steps with the same weights."""
        lists = [w for _, w in self.x], self.a, self.b, self.peephole, self.inner
        return self.activation, *(frozenset(w.same_as for w in weights) for weights in lists)


    def is_part_of(self, other: Gate) -> bool:
        """Whether nothing but what meets the state is missing here that the other has."""
        met = [(self.a, other.a), (self.peephole, other.peephole), (self.inner, other.inner)]
        whole = [([w for _, w in self.x], [w for _, w in other.x]), (self.b, other.b)]
        return (
            self.activation == other.activation
            and all({w.same_as for w in mine} <= {w.same_as for w in its} for mine, its in met)
            and all({w.same_as for w in mine} == {w.same_as for w in its} for mine, its in whole)
        )


@dataclass(slots=True)
class Step:
    """One step of a cell: its gates, the state before, and the records of the state after."""

    gates: dict[str, Gate]
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def inputs(self) -> list[Any]:
        """The records that stand for x<t>."""
        return list(dict.fromkeys(x for gate in self.gates.values() for x, _ in gate.x))


@dataclass(slots=True)
class Found:
    """A cell over all its steps.

    Attributes
    ----------
    kind : {"RNN", "GRU", "LSTM"}
        Its kind.
    steps : list of Step
        In the order in which they are computed.
    columns : bool
        Whether examples stand side by side, as in the notes, or one above another.
    keeps : bool
        Of a GRU: whether its gate keeps the old state (z) or takes the new (Γ_u).
    reset_after : bool
        Of a GRU: whether Γ_r multiplies the state's product or the state.
    sees : {None, "previous", "current"}
        Of an LSTM with peepholes: which memory the output gate sees.
    coupled : bool
        Of an LSTM: whether Γ_f = 1 − Γ_u.
    activation : Operation or None
        Of an RNN: its function.
    """

    kind: str
    steps: list[Step]
    columns: bool
    keeps: bool = False
    reset_after: bool = False
    sees: str | None = None
    coupled: bool = False
    activation: Any = None

    @property
    def n_a(self) -> int:
        """The length of a state."""
        state = next(iter(self.steps[-1].after.values()))
        return int(state.shape[0 if self.columns else -1])

    @property
    def tied(self) -> bool:
        """Whether two gates are one and the same, as in a minimal gated unit."""
        gates = [gate.same_as for gate in self.steps[-1].gates.values()]
        return len(set(gates)) < len(gates)

    def __str__(self) -> str:
        return f"{self.kind} of {len(self.steps)} steps, n_a = {self.n_a}"


def known_cells(graph: Graph, weights: Iterable[Record]) -> list[Found]:
    """The recurrent cells of a recording, each with all its steps, in the order in which they end.

    Parameters
    ----------
    graph : Graph
    weights : iterable of Record
        The leaves that are learned.

    Returns
    -------
    list of Found
        None of one step alone: that could be anything.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> W, U, a = Parameter([[0.5]], "W"), Parameter([[0.2]], "U"), np.ones((1, 1))
    >>> for x in np.ones((3, 1, 1)):
    ...     a = tanh(W @ a + U @ x)
    >>> print(*known_cells(a.graph, [W.record, U.record]))
    RNN of 3 steps, n_a = 1
    """
    found: list[Found] = []
    reader = Reader(graph, weights)
    claimed: set[Any] = set()
    for columns in (True, False):
        search = _Search(graph, reader, columns)
        for record in reversed(graph.records):
            if record not in claimed and source(record) is record and (cell := search.ending_with(record)) is not None:
                found.append(cell)
                claimed |= {state for step in cell.steps for state in step.after.values()}
    return sorted(found, key=lambda cell: max(state.index for state in cell.steps[-1].after.values()))


class _Search:
    """Looks for cells whose elements stand along one axis."""

    def __init__(self, graph: Graph, reader: Reader, columns: bool) -> None:
        self.consumers, self.reader, self.columns = graph.consumers(), reader, columns

    def ending_with(self, record: Any) -> Found | None:
        """The cell whose last step has made a record."""
        kinds: tuple[Kind, ...] = (self._lstm, self._gru, self._rnn)
        for kind in kinds:
            cell = kind(record, None)
            if cell is not None:
                self._follow(cell, kind)
                if len(cell.steps) > 1 and self._from_one_to_the_next(cell):
                    return cell
        return None

    def _follow(self, cell: Found, kind: Kind) -> None:
        """Add the steps before, as long as they have the same weights; the first may lack the state's."""
        carried = list(cell.steps[0].after)[-1]  # the memory, where there is one
        while (before := cell.steps[0].before.get(carried)) is not None:
            earlier = kind(before, cell)
            if earlier is None or not (self._same(earlier, cell) or self._lacks_the_state(earlier, cell)):
                return
            seen = cell.steps[0].before.get("a")
            if "c" in cell.steps[0].before and seen is not None and earlier.steps[0].after["a"] is not seen:
                return
            cell.steps.insert(0, earlier.steps[0])

    @staticmethod
    def _same(earlier: Found, cell: Found) -> bool:
        mine, its = earlier.steps[0].gates, cell.steps[0].gates
        return mine.keys() == its.keys() and all(mine[key].same_as == its[key].same_as for key in mine)

    @staticmethod
    def _lacks_the_state(earlier: Found, cell: Found) -> bool:
        """Whether a step is the first, whose products with a state of zeros were left out or computed beforehand."""
        mine, its = earlier.steps[0].gates, cell.steps[0].gates
        zero = all(_is_zero(state) for state in earlier.steps[0].before.values())
        lacking = its.keys() - mine.keys()
        return zero and mine.keys() <= its.keys() and lacking <= {"r"} and all(
            mine[key].is_part_of(its[key]) for key in mine
        )

    @staticmethod
    def _from_one_to_the_next(cell: Found) -> bool:
        """Whether some gate sees the state: else nothing recurs but the memory."""
        return all(len(step.inputs) <= 4 for step in cell.steps) and any(g.a for g in cell.steps[-1].gates.values())

    # -- one step of each kind ----------------------------------------------------------------

    def _gate(
        self, record: Any, state: Any, memory: Any = None, fits: Test | None = None
    ) -> Gate | None:
        """A gate that sees a state, and perhaps through peepholes the memory; None if it is anything else."""
        record = source(record)
        if not (fits or is_gate)(record):
            return None
        terms = self.reader.read(record.inputs[0], self.columns)
        return self._of_terms(terms, state, memory, record.operation)

    @staticmethod
    def _of_terms(terms: Affine, state: Any, memory: Any, activation: Any) -> Gate | None:
        constants = [r for r, _, _ in terms.rest if not _is_zero(r)]
        strange = [x for x, _ in terms.scaled if x is not memory and not _is_zero(x)]
        if constants or strange or not (terms.products or terms.biases):
            return None
        x = [(data, weight) for data, weight in terms.products if data is not state]
        along = [w for c, w in terms.scaled if c is memory or _is_zero(c)]
        return Gate(x, terms.before(state), terms.biases, along, activation=activation)

    def _lstm(self, c: Any, known: Found | None) -> Found | None:
        """Read c = Γ_f ∘ c<t-1> + Γ_u ∘ c̃, and a = Γ_o ∘ tanh(c)."""
        for kept, new in _both_orders(c, "sum"):
            for forget, before in _both_orders(kept, "product"):
                for update, candidate in _both_orders(new, "product"):
                    a, out = self._output(c)
                    if a is None or not is_candidate(candidate):
                        continue
                    found = self._lstm_of(c, a, source(before), forget, update, candidate, out, known)
                    if found is not None:
                        return found
        return None

    def _output(self, c: Any) -> tuple[Any, Any]:
        """Find a = Γ_o ∘ tanh(c), and Γ_o."""
        for squashed, _ in self.consumers[c]:
            if is_candidate(squashed):
                for a, place in self.consumers[squashed]:
                    if algebra(a) == "product" and is_gate(source(a.inputs[1 - place])):
                        return a, a.inputs[1 - place]
        return None, None

    def _lstm_of(
        self, c: Any, a: Any, before: Any, forget: Any, update: Any, candidate: Any, out: Any,
        known: Found | None,
    ) -> Found | None:
        state = self._recurrent_input(candidate, c, known)
        memory = source(before)
        coupled = _one_minus(forget) is not None and source(_one_minus(forget)) is source(update)
        gates = {
            "u": self._gate(update, state, memory),
            "c": self._gate(candidate, state, None, is_candidate),
            "o": self._gate(out, state, memory) or self._gate(out, state, c),
        }
        if not coupled:
            gates["f"] = self._gate(forget, state, memory)
        if any(gate is None for gate in gates.values()):
            return None
        gates_known = {key: gate for key, gate in gates.items() if gate is not None}
        if any(x is memory or x is c for gate in gates_known.values() for x, _ in gate.x):
            return None  # a peephole with a full matrix
        previous = self._gate(out, state, memory)
        sees = None
        if any(gate.peephole for gate in gates_known.values()):
            sees = "previous" if previous is not None and previous.peephole else "current"
        before_step = {"c": memory} | ({"a": state} if state is not None else {})
        step = Step(gates_known, before_step, {"a": a, "c": c})
        return Found("LSTM", [step], self.columns, sees=sees, coupled=coupled)

    def _recurrent_input(self, activated: Any, after: Any, known: Found | None) -> Any:
        """What of a candidate's data is the state before: that which is made as the state after is."""
        terms = self.reader.read(source(activated).inputs[0], self.columns)
        if known is not None:
            return _met_by(terms, known.steps[0].gates["c"].a)
        fitting = [x for x in terms.data() if flat(x) == flat(after)]
        made = [x for x in fitting if algebra(x) == "product"]
        leaves = [x for x in fitting if x.operation is None]
        return made[-1] if made else leaves[0] if leaves else None

    def _gru(self, h: Any, known: Found | None) -> Found | None:
        """Read h = z ∘ h<t-1> + (1 − z) ∘ h̃ in any of its forms."""
        for keeps, gate, before, new in _mixtures(h):
            state, letter = source(before), "z" if keeps else "u"
            candidate = self._candidate(source(new), state)
            if known is not None and candidate is None and _is_zero(state):
                if letter in known.steps[0].gates:
                    met = self._zeros_met(gate, known.steps[0].gates[letter].a)
                    state = state if met is None else met
                candidate = self._first_candidate(source(new), state)
            update = self._gate(gate, state)
            if candidate is None or update is None:
                continue
            gates, after = candidate
            step = Step({letter: update, **gates}, {"c": source(before)}, {"c": h})
            return Found("GRU", [step], self.columns, keeps, after)
        return None

    def _zeros_met(self, gate: Any, weights: list[Weight]) -> Any:
        """The zeros that a gate of the first step sees, which need not be those that are kept."""
        gate = source(gate)
        met = _met_by(self.reader.read(gate.inputs[0], self.columns), weights) if is_gate(gate) else None
        return met if met is not None and _is_zero(met) else None

    def _first_candidate(self, new: Any, state: Any) -> tuple[dict[str, Gate], bool] | None:
        """The same of a step whose state is zero: of Γ_r ∘ (W h + b) there is Γ_r ∘ b, Γ_r ∘ 0 or nothing."""
        if not is_candidate(new):
            return None
        terms = self.reader.read(new.inputs[0], self.columns)
        gates: dict[str, Gate] = {}
        products, inner = list[Weight](), list[Weight]()
        left = Affine(terms.products, [], terms.biases, [])
        for product, sign, cut in terms.rest:
            found = self._times_relevance(product, state) if cut is None and sign == 1 else None
            if found is None:
                left.rest.append((product, sign, cut))
            else:
                gates["r"], seen = found
                products, inner = seen.before(state), seen.biases
        for data, weight in terms.scaled:
            relevance = self._gate(data, state)
            if relevance is None:
                left.scaled.append((data, weight))
            else:
                gates["r"], inner = relevance, [weight]
        outer = self._of_terms(left, state, None, new.operation)
        if outer is None or outer.a:
            return None
        outer.a, outer.inner = products, inner
        return gates | {"c": outer}, True

    def _times_relevance(self, product: Any, state: Any) -> tuple[Gate, Affine] | None:
        """Γ_r and what it multiplies, where that is W h + b, b or 0."""
        for gate, other in _both_orders(product, "product"):
            relevance = self._gate(gate, state)
            seen = Affine() if _is_zero(other) else self.reader.read(other, self.columns)
            known = all(data is state for data, _ in seen.products) and not seen.scaled
            if relevance is not None and known and all(_is_zero(r) for r, _, _ in seen.rest):
                return relevance, seen
        return None

    def _candidate(self, new: Any, state: Any) -> tuple[dict[str, Gate], bool] | None:
        """The relevance gate and the candidate, and whether the gate multiplies the state's product."""
        if not is_candidate(new):
            return None
        terms = self.reader.read(new.inputs[0], self.columns)
        for product, sign, cut in terms.rest:  # Γ_r ∘ (W h + b)
            for gate, inner in _both_orders(product, "product") if cut is None else ():
                relevance = self._gate(gate, state)
                seen = self._of_terms(self.reader.read(inner, self.columns), state, None, None)
                if relevance is not None and seen is not None and not seen.x and seen.a and sign == 1:
                    rest = Affine(terms.products, terms.scaled, terms.biases, [])
                    outer = self._of_terms(rest, state, None, new.operation)
                    if outer is not None and not outer.a:
                        outer.a, outer.inner = seen.a, seen.b
                        return {"r": relevance, "c": outer}, True
        for data in terms.data():  # W (Γ_r ∘ h)
            for gate, other in _both_orders(data, "product"):
                relevance = self._gate(gate, state) if source(other) is state else None
                outer = self._of_terms(terms, data, None, new.operation) if relevance is not None else None
                if relevance is not None and outer is not None and all(x is not state for x, _ in outer.x):
                    return {"r": relevance, "c": outer}, False
        outer = self._of_terms(terms, state, None, new.operation)
        return ({"c": outer}, False) if outer is not None and outer.a else None

    def _rnn(self, a: Any, known: Found | None) -> Found | None:
        """Read a = tanh(W a<t-1> + U x + b)."""
        if not is_activation(a):
            return None
        terms = self.reader.read(a.inputs[0], self.columns)
        if known is not None:
            state = _met_by(terms, known.steps[0].gates["a"].a)
        else:
            fitting = [x for x in terms.data() if flat(x) == flat(a) and x.operation is a.operation]
            state = next((x for x in fitting if self._made_alike(x, a)), None)
            if state is None:
                return None
        gate = self._gate(a, state, None, is_activation)
        if gate is None:
            return None
        step = Step({"a": gate}, {} if state is None else {"a": state}, {"a": a})
        return Found("RNN", [step], self.columns, activation=a.operation)

    def _made_alike(self, x: Any, a: Any) -> bool:
        """Whether two results have a weight in common."""
        weights = [
            {w.same_as for _, w in self.reader.read(r.inputs[0], self.columns).products} if r.inputs else set()
            for r in (x, a)
        ]
        return bool(weights[0] & weights[1])


def flat(record: Any) -> tuple[int, ...]:
    """A shape without the axis of length 1 that some programs put first."""
    return record.shape[1:] if record.ndim == 3 and record.shape[0] == 1 else record.shape


def _met_by(terms: Affine, weights: list[Weight]) -> Any:
    """The data that meet the same matrices in another step; None if nothing does."""
    wanted = {weight.same_as for weight in weights}
    return next((x for x, weight in terms.products if weight.same_as in wanted), None)


def _is_zero(record: Any) -> bool:
    """Whether a record is a constant of zeros, or a part of one, as a state before the first step often is."""
    while record.operation is not None and record.operation.rearranges:
        record = record.inputs[0]
    return record.operation is None and not record.requires_grad and not record._value.any()


def is_activation(record: Any) -> bool:
    """Whether a record is a function of one other, element by element, such as tanh."""
    operation = record.operation
    return operation is not None and operation.activation and operation.elementwise and len(record.inputs) == 1


def is_gate(record: Any) -> bool:
    """Whether a record is an activation between 0 and 1, such as σ."""
    return is_activation(record) and _opens(record.operation)


def is_candidate(record: Any) -> bool:
    """Whether a record is any other activation, such as tanh."""
    return is_activation(record) and not _opens(record.operation)


@lru_cache(maxsize=256)
def _opens(activation: Any) -> bool:
    """Whether an activation goes from 0 to 1."""
    return bool(np.allclose(activation(np.array([-FAR, FAR])), [0, 1]))


def _both_orders(record: Any, word: Word) -> Iterator[tuple[Any, Any]]:
    """The two operands of an operation of two inputs that may be swapped."""
    record = source(record)
    if algebra(record) == word:
        yield record.inputs[0], record.inputs[1]
        yield record.inputs[1], record.inputs[0]


def _one_minus(record: Any) -> Any:
    """Find x of 1 − x."""
    record = source(record)
    if algebra(record) == "difference" and record.inputs[0].operation is None and np.all(record.inputs[0]._value == 1):
        return record.inputs[1]
    return None


def _mixtures(h: Any) -> Iterator[tuple[bool, Any, Any, Any]]:
    """All readings of a state as a mixture: (whether the gate keeps, the gate, the state before, the candidate)."""
    for first, second in _both_orders(h, "sum"):
        for gate, one in _both_orders(first, "product"):
            for other, two in _both_orders(second, "product"):
                if (inner := _one_minus(other)) is not None and source(inner) is source(gate):
                    yield True, gate, one, two  # z ∘ h + (1 − z) ∘ n
                    yield False, gate, two, one
            difference = source(one)
            if algebra(difference) == "difference" and source(difference.inputs[1]) is source(second):
                yield True, gate, difference.inputs[0], second  # z ∘ (h − n) + n
                yield False, gate, second, difference.inputs[0]  # u ∘ (n − h) + h
