"""A proof as a certificate that stands alone: what was recorded and what it means, as data that others can verify.

What is written is what `check_certificate.py` beside this file reads, and it is verified by it before it is written:
a certificate never claims more than that small program, which imports nothing of this package, finds true.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from autograd_seq.check import check_certificate
from autograd_seq.check.application import UNREADABLE, branch_of, freeze
from autograd_seq.check.examples import claimed_for_any_number
from autograd_seq.check.one_step import OneStep
from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.recording import Recording
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.symbols import as_expression, exact, on_branch, sigma

LARGEST = 2_000  # scalars of one operation that are written out as terms
_FUNCTIONS = {
    sympy.exp: "exp", sympy.log: "log", sympy.tanh: "tanh", sigma: "sigmoid", sympy.sin: "sin", sympy.cos: "cos",
    sympy.atan: "arctan",
}  # fmt: skip


class _Unsaid(Exception):  # noqa: N818  (it says what to do next; nobody sees it)
    """A meaning that the certificate has no words for."""


def certificate_of(
    recording: Recording, statuses: Mapping[Tensor, tuple[str, str]], step: OneStep | None = None
) -> dict[str, Any]:
    """The certificate of a recording, for what is claimed of some leaves.

    Parameters
    ----------
    recording : Recording
        Both passes.
    statuses : mapping of Tensor to (str, str)
        Name and status of each leaf that something is claimed of.
    step : OneStep, optional
        If the recording is one step, and the claim is about any number of them: what it is given of its neighbours,
        and what it hands on.

    Returns
    -------
    dict
        Plain data, for JSON.
    """
    return _Writer(recording, statuses, step).verified()


def certificate_text(
    recording: Recording, statuses: Mapping[Tensor, tuple[str, str]], step: OneStep | None = None
) -> str:
    """The same as JSON, a record a line."""
    data = certificate_of(recording, statuses, step)
    lines = []
    for key, content in data.items():
        if isinstance(content, list) and content and isinstance(content[0], dict):
            body = ",\n".join(json.dumps(entry, ensure_ascii=True, allow_nan=False) for entry in content)
            lines.append(f'"{key}": [\n{body}\n]')
        else:
            lines.append(f'"{key}": {json.dumps(content, ensure_ascii=True, allow_nan=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


class _Writer:
    def __init__(
        self, recording: Recording, statuses: Mapping[Tensor, tuple[str, str]], step: OneStep | None
    ) -> None:
        self.recording, self.statuses, self.step = recording, statuses, step
        self.forward: list[Tensor] = list(recording.forward)
        self.places: dict[Tensor, int] = {}
        self.records: list[dict[str, Any]] = []
        self.operations: list[dict[str, Any]] = []
        self._known: dict[Any, int] = {}
        for record in self.forward:
            self._add(record)
        self._add_all(recording.adjoints.values())
        self.checked: dict[int, str] = {}

    # -- records ------------------------------------------------------------------------------------------------

    def _add_all(self, ends: Iterable[Tensor]) -> None:
        """The records of the backward pass, oldest first."""
        found, stack = set(), [x for x in ends if x not in self.places]
        while stack:
            record = stack.pop()
            if record not in found:
                found.add(record)
                stack.extend(x for x in record.inputs if x not in self.places)
        for record in sorted(found, key=lambda record: record.index):
            self._add(record)

    def _add(self, record: Tensor) -> None:
        if not np.isfinite(record._value).all():
            raise UsageError(f"{record.label} holds NaN or an infinity: there is nothing to certify{here()}")
        self.places[record] = len(self.records)
        entry: dict[str, Any] = {}
        if record.operation is not None:
            entry = {"op": self._operation(record), "in": [self.places[x] for x in record.inputs]}
        elif is_literal(record) or record.dtype.kind != "f":
            entry = {"exact": [_rational(x) for x in exact(record._value).flat]}
        if record.name:
            entry["name"] = record.label
        self.records.append(entry | {"shape": list(record.shape), "value": [float(x) for x in record._value.flat]})

    def _operation(self, record: Tensor) -> int:
        """The place of what a record's operation means, with these settings, shapes and decisions."""
        operation = record.operation
        decided = branch_of(record)
        told = not operation.differentiable and record.dtype.kind in "biu"
        numbers = tuple(x._value.tobytes() for x in (*record.inputs, *[record] * told) if x.dtype.kind != "f")
        key = (operation, freeze(record.settings), tuple(x.shape for x in record.inputs), decided, numbers)
        if key not in self._known:
            self._known[key] = len(self.operations)
            entry: dict[str, Any] = {"name": operation.name, "sizes": [x.size for x in record.inputs]}
            self.operations.append(entry | {"branch": list(decided), "elements": elements_of(record)})
        return self._known[key]

    # -- the whole ----------------------------------------------------------------------------------------------

    def verified(self) -> dict[str, Any]:
        """The certificate, with as much claimed as its checker finds true."""
        data = self._data("checked")
        certificate = check_certificate.Certificate(data)
        for i, record in enumerate(self.forward):
            if record in self.recording.adjoints:
                try:
                    certificate.check_adjoint(i)
                except (check_certificate.Fails, ArithmeticError) as error:
                    self.checked[i] = str(error)
        passed = set().union(*(certificate.path(self.places[x]) for x in self.statuses))
        ends = {i: "no adjoint passes through it" for i in sorted(passed) if i not in certificate.adjoints}
        self.checked.update(ends)
        found, _ = check_certificate.Certificate(self._data("checked")).check()
        proven = self._data("proven", found)
        parameters = [x for x in self.forward if x.requires_grad and not x.inputs]
        shared = self.step.parameters if self.step is not None else parameters
        axes, reason = claimed_for_any_number(proven, {self.places[x] for x in shared})
        return {**proven, "examples": axes, "why one number of examples": reason}

    def _data(self, status: str, found: Mapping[str, str] | None = None) -> dict[str, Any]:
        def claimed(name: str, said: str) -> str:
            return said if said != "proven" or found is None or found[name] == "proven" else "checked"

        parameters = [
            {"name": name, "record": self.places[x], "status": "checked" if found is None else claimed(name, said)}
            for x, (name, said) in self.statuses.items()
        ]
        state, backwards = (self.step.state, self.step.backwards) if self.step is not None else ([], frozenset())
        return {
            "format": 1,
            "laws": check_certificate.LAWS,
            "precision": _precision(self.forward),
            "forward": len(self.forward),
            "output": self.places[self.recording.forward.outputs[0]],
            "seed": self.places[self._seed()],
            "parameters": parameters,
            "adjoints": {str(self.places[x]): self.places[a] for x, a in self.recording.adjoints.items()},
            "checked": {str(i): why for i, why in self.checked.items()},
            "state": [[self.places[given], self.places[handed_on]] for given, handed_on in state],
            "backwards": sorted(self.places[given] for given, _ in state if given in backwards),
            "examples": {},
            "why one number of examples": "",
            "operations": self.operations,
            "records": self.records,
        }

    def _seed(self) -> Tensor:
        """Where the backward pass starts."""
        start = self.recording.adjoints[self.recording.forward.outputs[0]]
        while start.operation is not None:  # the output's own name for it
            start = start.inputs[0]
        return start


def _precision(records: Iterable[Tensor]) -> float:
    """To what part recorded numbers agree with exact ones: half the digits of the coarsest dtype."""
    return max(float(np.finfo(r.dtype).eps) ** 0.5 for r in records if r.dtype.kind == "f")


# -- terms ------------------------------------------------------------------------------------------------------


def elements_of(record: Tensor) -> list[Any] | None:
    """A term for each element of a record, by those of its inputs; None where there are no words for it."""
    if record.size + sum(x.size for x in record.inputs) > LARGEST:
        return None
    try:
        symbols = [_symbols(i, x) for i, x in enumerate(record.inputs)]
        return [_term(as_expression(e)) for e in on_branch(record, symbols).flat]
    except (_Unsaid, *UNREADABLE):
        return None


def _symbols(i: int, x: Tensor) -> Array:
    """The elements of an input; what decides or counts, as the numbers that it is."""
    if x.dtype.kind != "f":
        return exact(x._value)
    result = np.empty(x.shape, dtype=object)
    for k, place in enumerate(np.ndindex(x.shape)):
        result[place] = sympy.Symbol(f"x{i}.{k}")
    return result


def _rational(e: Any) -> Any:
    number = Fraction(int(e.p), int(e.q))
    return int(number) if number.denominator == 1 else str(number)


def _term(e: Any) -> Any:
    if isinstance(e, sympy.Rational):
        return _rational(e)
    if isinstance(e, sympy.Float):
        return str(Fraction(float(e)))
    if isinstance(e, sympy.Symbol) and e.name.startswith("x"):
        i, k = e.name[1:].split(".")
        return ["x", int(i), int(k)]
    if e is sympy.S.Exp1:
        return ["exp", 1]
    if isinstance(e, sympy.Add | sympy.Mul):
        return ["+" if isinstance(e, sympy.Add) else "*", *map(_term, e.args)]
    if isinstance(e, sympy.Pow) and e.base is not sympy.S.Exp1:
        return ["^", *map(_term, e.args)]
    if isinstance(e, sympy.exp | sympy.Pow):
        return ["exp", _term(e.exp)]
    if e.func in _FUNCTIONS:
        return [_FUNCTIONS[e.func], _term(e.args[0])]
    raise _Unsaid
