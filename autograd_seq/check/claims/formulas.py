"""Claims such as ``dGamma_o = da_next * tanh(c_next) * Gamma_o * (1 - Gamma_o)``, proven or refuted."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import sympy

from autograd_seq.check.claims.grammar import Interpreter, UnreadableError, names_in, parse, split_claim
from autograd_seq.check.claims.smaller import smaller
from autograd_seq.check.identity import is_zero
from autograd_seq.core.array import Array
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import Operation
from autograd_seq.core.scope import scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.rerun import bare
from autograd_seq.diagnosis.search import difference
from autograd_seq.diagnosis.truth import _Several, is_activation
from autograd_seq.readings.symbols import exact, expressions, symbols_of
from autograd_seq.writer import Called, Writer

Status = Literal["proven", "checked", "refuted", "unreadable"]
M = 2  # examples: more than one, so that a missing sum over them shows
EQUAL = 1e-9
LARGEST_PROOF = 4000  # elements of weights and inputs together: seconds
LARGEST_PRECISE = 40000  # the same, for numbers of a hundred digits
DIGITS = 100
# Small numbers: what a person can compute with.
_WHOLE = [sympy.Integer(n) for n in (1, 2, -1, 3, -2)]
_HALVES = [sympy.Rational(1, 2), sympy.Rational(1, 4), sympy.Rational(3, 4)]


@dataclass(frozen=True)
class FormulaReport:
    """What came of checking a formula.

    Attributes
    ----------
    claim : str
        The formula as it was given.
    status : str
        ``"proven"`` (exact algebra, at the shapes of the cell), ``"checked"`` (numbers agree, no proof was
        found), ``"refuted"``, or ``"unreadable"``.
    reason : str
        Why, in a sentence.
    correction : str or None
        A right formula for the same quantity, in the same language; None where the claim is right.
    proven_as : str or None
        What the right side is the adjoint of, where it is not what the left side says.
    counterexample : dict or None
        Small numbers that refute the claim: ``values`` of scalars by name, such as ``c_next_11``, the ``place`` of an
        element, and what is ``claimed`` and ``true`` there.
    before_activation : str or None
        Where the left side is the adjoint of an activation's result: the adjoint of what it was applied to, which
        is often meant.
    """

    claim: str
    status: Status
    reason: str
    correction: str | None = None
    proven_as: str | None = None
    counterexample: dict[str, Any] | None = None
    before_activation: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the claim holds."""
        return self.status in ("proven", "checked")

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "claim": self.claim, "status": self.status, "reason": self.reason, "correction": self.correction,
            "proven_as": self.proven_as, "counterexample": self.counterexample,
            "before_activation": self.before_activation,
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{self.status}: {self.claim}", f"  {self.reason}"]
        if self.correction:
            lines.append(f"  correct: {self.correction}")
        if self.before_activation:
            lines.append(f"  before the activation: {self.before_activation}")
        if e := self.counterexample:
            given = ", ".join(f"{k} = {v:g}" for k, v in e["values"].items())
            place = ", ".join(str(i + 1) for i in e["place"])
            lines.append(
                f"  for example with {given}: element ({place}) would be {e['claimed']:.6g}, but it is {e['true']:.6g}"
            )
        return "\n".join(lines)


def check_formula(
    text: str, cell: Any, reading: Literal["adjoint", "jacobian"] = "adjoint", seed: int = 0
) -> FormulaReport:
    """Prove or refute a claim about one step of a cell.

    Parameters
    ----------
    text : str
        An equation: ``dWf = dgamma_f @ [a_prev; x_t].T``. ``*`` is element-wise, ``@`` the matrix product;
        there are ``.T``, slices with numbers and ``n_a``, ``sum(…, axis=1, keepdims=True)``, ``tanh``,
        ``sigmoid`` and so on. What equations print is read too: ``γ_f = Wf [a<t-1>; x<t>] + bf``, where neighbours
        are a matrix product and ∘ is element-wise. On the left stands a quantity of the forward pass, or ``d``
        and its name for its adjoint; with ``reading="jacobian"`` a quotient, ``da_next/dWax``.
    cell : Cell or Tensor
        Any object with ``n_x``, ``n_a``, ``parameters``, ``states`` and ``step(x, state)``; or a recorded
        tensor, whose graph then gives the names.
    reading : {"adjoint", "jacobian"}
        Whether ``dX`` is the adjoint of X, given ``da_next`` (and ``dc_next``); or whether a derivative
        of the new state is meant, without anything from above: its product with an adjoint of ones.
    seed : int
        For the numbers.

    Returns
    -------
    FormulaReport
        ``.status``, ``.correction``, ``.counterexample``; it prints.

    Raises
    ------
    UsageError
        If `cell` has no step, or `reading` is neither.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, check_formula, name, tanh
    >>> a = name(tanh(Parameter([[0.5, 1.0]], "W") @ Tensor([[1.0, 2.0], [0.5, 1.0]], "x")), "a")
    >>> check_formula("dW = (da_next * (1 - a ** 2)) @ x.T", a).status
    'proven'
    >>> report = check_formula("dW = (da_next * (1 - a)) @ x.T", a)
    >>> report.status, report.correction
    ('refuted', 'dW = da_next * (1 - a_next * a_next) @ x.T')
    """
    if reading not in ("adjoint", "jacobian"):
        raise UsageError(f"reading is {reading!r}; write 'adjoint' or 'jacobian'")
    try:
        left, right = split_claim(text)
        own = Setting(cell, np.random.default_rng(seed), reading)
        claim = _Claim(text, left, parse(right), own)
        small = smaller(cell)
        if small is None:
            return claim.report()
        if not claim.holds_numerically():
            report = _at_small_size(claim, small, seed)
            return claim.report() if report is None or report.ok else report
        report = _at_small_size(claim, small, seed)
        if report is None or report.status != "proven":  # numbers in the formula that belong to the cell's own size
            return claim.report()
        return replace(report, reason=f"{report.reason}; checked with numbers at the cell's own size")
    except UnreadableError as error:
        return FormulaReport(text, "unreadable", str(error))
    except ArithmeticError as error:
        return FormulaReport(text, "unreadable", f"it cannot be computed: {error}")


def _at_small_size(claim: _Claim, small: Any, seed: int) -> FormulaReport | None:
    """The report on the same claim about a smaller cell of the kind; None if that cell makes no step."""
    try:
        setting = Setting(small, np.random.default_rng(seed), claim.setting.reading)
        return _Claim(claim.text, claim.left_text, claim.right, setting).report()
    except AutogradError:
        return None


class Setting:
    """One recorded step, and what every name stands for.

    Attributes
    ----------
    names : dict
        Of the forward pass, of adjoints and of sizes.
    quantities : dict
        The adjoint of each named quantity by the quantity's name.
    """

    def __init__(self, cell: Any, rng: np.random.Generator, reading: str) -> None:
        self.reading = reading
        self.forward: dict[str, Tensor] = {}
        self.sizes: dict[str, Tensor] = {}
        outputs = self._recorded(cell, rng)
        self.seeds = {}
        for key, output in outputs.items():
            array = np.ones(output.shape) if reading == "jacobian" else rng.standard_normal(output.shape)
            self.seeds[f"d{key}_next"] = Tensor(array, f"d{key}_next")
        given = {output: self.seeds[f"d{key}_next"] for key, output in outputs.items()}
        self.recording = _Several(given).run()
        self.outputs = outputs
        self.constants: dict[Tensor, Fraction] = {}
        self.size = int(np.sum([r.size for r in self.recording.forward.leaves]))
        self.large = self.size > LARGEST_PROOF
        self._name_all(outputs)

    def _recorded(self, cell: Any, rng: np.random.Generator) -> dict[str, Tensor]:
        if isinstance(cell, Tensor):
            return self._of_tensor(cell)
        if not all(hasattr(cell, k) for k in ("step", "parameters")):
            raise UsageError(
                "check_formula takes a cell (with n_x, n_a, parameters and step) or a recorded tensor, "
                f"not {type(cell).__name__}"
            )
        n_x, n_a = getattr(cell, "n_x", None), cell.n_a
        old = {k: p.value for k, p in cell.parameters.items()}
        try:
            for p in cell.parameters.values():
                p.value = rng.standard_normal(p.shape)
            if n_x is None:  # a readout: from a state to an output
                a = Tensor(rng.standard_normal((n_a, M)), "a", requires_grad=True)
                answer = {"y_hat": cell.step(a)}
            else:
                x = Tensor(rng.standard_normal((n_x, M)), "x_t", requires_grad=True)
                state = {k: Tensor(rng.standard_normal((n_a, M)), f"{k}_prev", requires_grad=True) for k in cell.states}
                with scope(time=None):
                    answer = cell.step(x, state)
        finally:
            for k, p in cell.parameters.items():
                p.value = old[k]
        self.sizes = {k: Tensor(float(v)) for k, v in (("n_x", n_x), ("n_a", n_a), ("m", M)) if v is not None}
        return {k: v.record for k, v in answer.items()}

    def _of_tensor(self, output: Tensor) -> dict[str, Tensor]:
        """A copy of a tensor's graph in which every named leaf has an adjoint."""
        new: dict[Tensor, Tensor] = {}
        for r in output.graph:
            if r.operation is None:
                wanted = r.name is not None and r.dtype.kind == "f"
                new[r] = Tensor(r._value, r.name, requires_grad=True) if wanted else r
            else:
                inputs = tuple(new[x] for x in r.inputs)
                made = r.operation.record(r._value, inputs, r.settings, any(x.requires_grad for x in inputs))
                made._name = r._name
                new[r] = made
        record = new[output.record]
        record._name = record._name or "y"
        return {str(record._name): record}

    def _name_all(self, outputs: Mapping[str, Tensor]) -> None:
        for r in self.recording.forward:
            if r.name:
                self.forward[r.name] = r
        for key, output in outputs.items():
            self.forward[f"{key}_next"] = output
            self.forward.setdefault(key, output)
        if "x_t" in self.forward:
            self.forward["x"] = self.forward["xt"] = self.forward["x_t"]
        adjoints = self.recording.adjoints
        self.quantities = {k: adjoints[r] for k, r in self.forward.items() if r in adjoints}
        self.names = {
            **self.sizes, **self.forward, **{f"d{k}": adjoint for k, adjoint in self.quantities.items()}, **self.seeds
        }  # fmt: skip

    @property
    def activations(self) -> dict[str, Operation]:
        """The activations of the recording, by name; a formula may call them."""
        return {r.operation.name: r.operation for r in self.recording.forward if is_activation(r)}

    def before_activation(self, name: str) -> str | None:
        """The name of what an activation was applied to, for the name of its result."""
        r = self.forward.get(name)
        if r is None or not is_activation(r) or r.inputs[0].name is None:
            return None
        return r.inputs[0].name

    def symbolic(self, *records: Tensor, opaque: bool) -> list[Array]:
        """Records as arrays of SymPy expressions: by the named quantities, or by the leaves alone."""
        leaves = self._known()
        if opaque:
            leaves |= {r: symbols_of(r) for r in self.recording.forward if r.name and r.operation is not None}
        meaning = expressions(Graph(*records), expand=True, leaves=leaves)
        return [_rational(meaning[r.record]) for r in records]

    def _known(self) -> dict[Tensor, Array]:
        """The exact meaning of adjoints that are given, and of numbers that no float holds."""
        ones = self.reading == "jacobian"
        leaves = {r: exact(r._value) if ones else symbols_of(r) for r in self.seeds.values()}
        for record, value in self.constants.items():
            leaves[record] = np.array(sympy.Rational(value.numerator, value.denominator), dtype=object)
        return leaves

    def precise(self, *records: Tensor) -> list[Array]:
        """The values of records to a hundred digits, at the recorded leaves."""
        graph = Graph(*records)
        leaves = {r: self._long(r._value) for r in graph.leaves if r.ndim or r.name}
        leaves |= {r: v for r, v in self._known().items() if r in self.constants}
        meaning = expressions(graph, expand=True, leaves=leaves)
        return [meaning[r.record] for r in records]

    @staticmethod
    def _long(value: Array) -> Array:
        result = np.empty(value.shape, dtype=object)
        for place in np.ndindex(value.shape):
            result[place] = sympy.Float(value[place].item(), DIGITS)
        return result


class _Claim:
    """One equation in one setting."""

    def __init__(self, text: str, left: str, right: ast.expr, setting: Setting) -> None:
        self.text, self.right, self.setting = text, right, setting
        self.left_text, self.left = left, parse(left)
        self.target = self._target(self.left)

    def _target(self, tree: ast.expr) -> str | None:
        """What the claim is about: a forward quantity, or ``d`` and a name; None for any other expression."""
        if isinstance(tree, ast.Name):
            return tree.id
        if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and _is_adjoint(tree.left)):
            return None
        above, below = tree.left, tree.right
        if not _is_adjoint(below):
            raise UnreadableError(f"the left side {ast.unparse(tree)!r} should be a quotient such as da_next/dWax")
        if self.setting.reading != "jacobian":
            raise UnreadableError(
                f"{ast.unparse(tree)} is a derivative without an adjoint from above: say reading='jacobian'"
            )
        known = {f"d{k}{end}" for k in self.setting.outputs for end in ("", "_next")}
        if above.id not in known:  # type: ignore[attr-defined]
            raise UnreadableError(
                f"{ast.unparse(above)} is not what the step returns: that is {', '.join(sorted(known))}"
            )
        return below.id  # type: ignore[attr-defined]

    def true(self, target: str | None) -> Tensor:
        """The record of what is true."""
        s = self.setting
        if target is None:
            return self._evaluated(s.names, tree=self.left)
        if target in s.forward and not (target.startswith("d") and target[1:] in s.quantities):
            return s.forward[target]
        name = target[1:] if target.startswith("d") else ""
        if name in s.quantities:
            return s.quantities[name]
        raise UnreadableError(
            f"{target} is not defined here{_near(target, [*s.forward, *(f'd{k}' for k in s.quantities)])}"
        )

    def report(self) -> FormulaReport:
        s = self.setting
        unknown = [n for tree in (self.right, self.left) for n in names_in(tree) if n not in s.names]
        if self.target is not None:
            unknown = [n for n in unknown if n in names_in(self.right)]
        elif unknown:
            return self._result(
                "unreadable", f"{unknown[0]} is not defined here{_near(unknown[0], list(s.names))}", None
            )
        try:
            true = self.true(self.target)
        except UnreadableError:
            raise
        except AutogradError as error:
            return self._result("refuted", f"a shape that cannot work: {_first(error)}", None)
        if unknown:
            near = _near(unknown[0], list(s.names))
            names = ", ".join(unknown)
            return self._result(
                "unreadable", f"{names} {'is' if len(unknown) == 1 else 'are'} not defined here{near}", true
            )
        try:
            claimed = self._evaluated(s.names)
        except UnreadableError:
            raise
        except AutogradError as error:
            return self._impossible(_first(error), true)
        if claimed.shape != true.shape:
            return self._misshapen(claimed, true)
        status = self._compare(claimed, true)
        if status != "refuted":
            return self._result(status, self._why(status, claimed, true), None)
        return self._refuted(claimed, true)

    def holds_numerically(self) -> bool:
        """Whether both sides have the same shape and numbers; nothing is proven by that."""
        try:
            claimed, true = self._evaluated(self.setting.names), self.true(self.target)
        except AutogradError:
            return False
        return difference(claimed._value, true._value) <= EQUAL

    def _evaluated(self, names: Mapping[str, Tensor], matrix_stars: bool = False, tree: Any = None) -> Tensor:
        reader = Interpreter(names, matrix_stars, self.setting.constants, self.setting.activations)
        with np.errstate(all="ignore"):
            value = reader.tensor(reader.run(self.right if tree is None else tree))
        if isinstance(value, list):
            raise UnreadableError("the right side is a list, not a formula")
        if not np.all(np.isfinite(value._value)):
            side = ast.unparse(self.right if tree is None else tree)
            raise UnreadableError(
                f"{side:.80} is not a number: it divides by zero, overflows, or leaves a logarithm's domain"
            )
        return value.record

    def _compare(self, claimed: Tensor, true: Tensor) -> Status:
        """Numbers first, because they refute; then algebra, which alone proves."""
        if difference(claimed._value, true._value) > EQUAL:
            return "refuted"
        if self.setting.large:
            return self._compare_large(claimed, true)
        for opaque in (True, False):
            a, b = self.setting.symbolic(claimed, true, opaque=opaque)
            if all(is_zero(p - q) for p, q in zip(a.flat, b.flat, strict=True)):
                return "proven"
        # the numbers of a recording may agree by chance: others decide
        return "refuted" if _differ(a, b) else "checked"

    def _compare_large(self, claimed: Tensor, true: Tensor) -> Status:
        """Without algebra: by numbers of a hundred digits, or by all the digits that floats have."""
        if self.setting.size > LARGEST_PRECISE:
            return "refuted" if difference(claimed._value, true._value) > 1e-13 else "checked"
        a, b = self.setting.precise(claimed, true)
        gap = max((abs(sympy.N(p - q, DIGITS)) for p, q in zip(a.flat, b.flat, strict=True)), default=0)
        largest = 1 + int(np.max(np.abs(true._value), initial=0))
        return "refuted" if gap > sympy.Rational(largest, 10 ** (DIGITS - 10)) else "checked"

    def _why(self, status: Status, claimed: Tensor, true: Tensor) -> str:
        if status == "proven":
            about = " for an adjoint of ones: multiply with da_next first" if self.setting.reading == "jacobian" else ""
            sizes = self.setting.sizes
            equal = "n_x" in sizes and sizes["n_x"]._value == sizes["n_a"]._value
            hidden = (
                "; n_x = n_a here, so a wrong transpose could hide: take a cell with n_x different" if equal else ""
            )
            return f"equal, element by element, by exact algebra at shape {true.shape}{about}{hidden}"
        digits = -np.log10(max(difference(claimed._value, true._value), 1e-17))
        why = "too large for a proof" if self.setting.large else "no algebraic proof was found"
        return f"the numbers agree to {digits:.0f} digits; {why}"

    # -- what is wrong --------------------------------------------------------------------------------

    def _result(self, status: Status, reason: str, true: Tensor | None, **more: Any) -> FormulaReport:
        correction = None if true is None else f"{self._left()} = {self._written(true)}"
        before = self.setting.before_activation((self.target or "")[1:])
        if true is not None and before in self.setting.quantities and self.setting.reading == "adjoint":
            more["before_activation"] = f"d{before} = {self._written(self.setting.quantities[before])}"
        return FormulaReport(self.text, status, reason, **{"correction": correction, **more})

    def _left(self) -> str:
        return self.text.split("=")[0].strip()

    def _refuted(self, claimed: Tensor, true: Tensor) -> FormulaReport:
        example = self._example(claimed, true)
        found = self._as_another_quantity(claimed)
        if found:
            name, what = found
            return self._result(
                "refuted",
                f"this is {name}, {what}, and not {self.target}",
                true,
                proven_as=name,
                counterexample=example,
            )
        found_before = self._with_adjoints_before_activations(true)
        if found_before:
            reason, names = found_before
            return self._result("refuted", reason, true, proven_as=names, counterexample=example)
        if regrouped := self._regrouped(true):
            reason, meant = regrouped
            return self._result("refuted", reason, true, proven_as=meant, counterexample=example)
        return self._result("refuted", f"the two sides differ at shape {true.shape}", true, counterexample=example)

    def _regrouped(self, true: Tensor) -> tuple[str, str | None] | None:
        """Parentheses misplaced: A + B * f may be meant as (A + B) * f."""
        s = self.setting
        before = s.before_activation((self.target or "")[1:])
        wanted = [(None, true)] + ([(f"d{before}", s.quantities[before])] if before in s.quantities else [])
        for tree in _regroupings(self.right):
            for name, record in wanted:
                try:
                    value = self._evaluated(s.names, tree=tree)
                except AutogradError:
                    continue
                if value.shape == record.shape and self._compare(value, record) == "proven":
                    what = f"{name}, the adjoint before the activation," if name else self.target
                    return f"parentheses misplaced: {what} is {ast.unparse(tree)}", name
        return None

    def _as_another_quantity(self, claimed: Tensor) -> tuple[str, str] | None:
        """The right side may be right, for something else than the left side says."""
        s = self.setting
        for name, adjoint in s.quantities.items():
            if (
                f"d{name}" != self.target
                and adjoint.shape == claimed.shape
                and self._compare(claimed, adjoint) == "proven"
            ):
                gate = next((k for k in s.forward if s.before_activation(k) == name), None)
                what = f"the adjoint of {gate}'s pre-activation {name}" if gate else f"the adjoint of {name}"
                if name not in ((self.target or "")[1:], f"{(self.target or '')[1:]}_next"):
                    return f"d{name}", what
        return None

    def _with_adjoints_before_activations(self, true: Tensor) -> tuple[str, str] | None:
        """dGamma_f is often written for the adjoint of what Gamma_f is the sigmoid of."""
        s = self.setting
        swapped = dict(s.names)
        changed = []
        for name in names_in(self.right):
            before = s.before_activation(name[1:]) if name.startswith("d") else None
            if before and before in s.quantities:
                swapped[name] = s.quantities[before]
                changed.append((name, f"d{before}"))
        if not changed:
            return None
        said = ", ".join(f"{old} is read as {new}, the adjoint before the activation" for old, new in changed)
        for matrix_stars in (False, True):
            try:
                claimed = self._evaluated(swapped, matrix_stars)
            except AutogradError:
                continue
            if claimed.shape == true.shape and self._compare(claimed, true) == "proven":
                stars = " and * as the matrix product @" if matrix_stars else ""
                return f"right only if {said}{stars}", ", ".join(new for _, new in changed)
        return None

    def _impossible(self, message: str, true: Tensor) -> FormulaReport:
        """A product or a sum that cannot be formed."""
        found = self._with_adjoints_before_activations(true)
        if found:
            return self._result("refuted", f"a shape that cannot work: {message}; {found[0]}", true, proven_as=found[1])
        hint = ""
        try:
            claimed = self._evaluated(self.setting.names, matrix_stars=True)
            if claimed.shape == true.shape and self._compare(claimed, true) == "proven":
                hint = "; right if * is the matrix product @"
        except AutogradError:
            pass
        return self._result("refuted", f"a shape that cannot work: {message}{hint}", true)

    def _misshapen(self, claimed: Tensor, true: Tensor) -> FormulaReport:
        found = self._with_adjoints_before_activations(true)
        hint = f"; {found[0]}" if found else ""
        reason = (
            f"a shape that cannot work: the right side has shape {claimed.shape}, {self.target} has {true.shape}{hint}"
        )
        return self._result("refuted", reason, true, proven_as=found[1] if found else None)

    def _example(self, claimed: Tensor, true: Tensor) -> dict[str, Any] | None:
        """Small numbers for the quantities in the formula, at an element where the two sides differ."""
        if self.setting.large:
            return None
        gap = np.abs(claimed._value - true._value)
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.nan_to_num(gap, nan=np.inf))), gap.shape))
        forward = any(true is r for r in self.setting.forward.values())
        sides = [side[place] for side in self.setting.symbolic(claimed, true, opaque=not forward)]
        symbols = sorted({s for side in sides for s in getattr(side, "free_symbols", ())}, key=str)
        bounded = {
            str(e) for r in self.setting.recording.forward if r.name and is_activation(r) for e in symbols_of(r).flat
        }
        for attempt in range(20):
            values = {}
            for i, symbol in enumerate(symbols):
                choices = (_HALVES if str(symbol) in bounded else _WHOLE)[: 1 + attempt]
                values[symbol] = choices[(i + attempt) % len(choices)]
            numbers = [float(sympy.N(sympy.sympify(side, strict=True).subs(values))) for side in sides]
            if all(map(np.isfinite, numbers)) and abs(numbers[0] - numbers[1]) > EQUAL:
                said = {str(k): float(v) for k, v in values.items()}
                return {"values": said, "place": place, "claimed": numbers[0], "true": numbers[1]}
        return None

    # -- the right formula --------------------------------------------------------------------------------

    def _written(self, r: Tensor) -> str:
        """A record in the language of formulas: by forward quantities, given adjoints and those before activations."""
        s = self.setting
        ones, seeds = s.reading == "jacobian", set(s.seeds.values())
        stops = {}
        if not ones:
            stops = {a: f"d{n}" for n, a in s.quantities.items() if any(s.before_activation(k) == n for k in s.forward)}
        stops |= {seed: name for name, seed in s.seeds.items()}
        forward = any(r is x for x in s.forward.values())
        for name, record in s.forward.items():
            inner = forward and any(s.before_activation(k) == name for k in s.forward)  # the notes have no name for it
            if not inner and (record not in stops or name.endswith("_next")):
                stops[record] = name

        def refer(x: Tensor) -> Called:
            if ones and bare(x) in seeds:
                return "1"
            if ones and algebra(x) == "product" and any(bare(y) in seeds for y in x.inputs):
                return writer.write(next(y for y in x.inputs if bare(y) not in seeds))
            if x is r and r.operation is not None:
                return None  # what is sought is written out, though it has a name
            return stops.get(x) or (x.name if x.operation is None else None)

        writer = Writer("formula", refer)
        return writer(r).replace("np.", "")


def _regroupings(tree: ast.expr) -> list[ast.expr]:
    """(A + B) * f for each way to split the product in A + B * f."""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub))):
        return []
    factors: list[ast.expr] = []
    rest = tree.right
    while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Mult):
        factors.insert(0, rest.right)
        rest = rest.left
    found = []
    for k in range(len(factors)):
        inner: ast.expr = rest
        for f in factors[:k]:
            inner = ast.BinOp(inner, ast.Mult(), f)
        whole: ast.expr = ast.BinOp(tree.left, tree.op, inner)
        for f in factors[k:]:
            whole = ast.BinOp(whole, ast.Mult(), f)
        found.append(ast.fix_missing_locations(ast.copy_location(whole, tree)))
    return found


def _differ(a: Array, b: Array) -> bool:
    """Whether expressions differ at some random values of their symbols: exact ones, so any difference counts."""
    rng = np.random.default_rng(0)
    for p, q in zip(a.flat, b.flat, strict=True):
        gap = sympy.sympify(p - q, strict=True)
        for _ in range(3):
            values = {x: sympy.Rational(int(rng.integers(100, 900)), 1000) for x in sorted(gap.free_symbols, key=str)}
            found = sympy.N(gap.subs(values), DIGITS)
            if found.is_number and found.is_real and abs(found) > sympy.Rational(1, 10 ** (DIGITS - 10)):
                return True
    return False


def _rational(array: Array) -> Array:
    """Expressions with exact numbers in place of floats."""
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        e: Any = array[place]
        floats = e.atoms(sympy.Float) if isinstance(e, sympy.Basic) else ()
        result[place] = e.xreplace({f: sympy.Rational(f) for f in floats}) if floats else e
    return result


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; is {close[0]} meant?" if close else f"; known are {', '.join(known[:30])}"


def _is_adjoint(tree: ast.AST) -> bool:
    return isinstance(tree, ast.Name) and tree.id.startswith("d")


def _first(error: Exception) -> str:
    """The first sentence of a message, without what NumPy adds."""
    return str(error).splitlines()[0].split(" NumPy says")[0].split(". It expects")[0]
