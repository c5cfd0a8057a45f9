"""One equation in one setting: what it is about, both its sides, and the report on it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from autograd_seq.check.claims.comparing import EQUAL, Comparison, compare
from autograd_seq.check.claims.correcting import correction, left_of
from autograd_seq.check.claims.counterexample import counterexample
from autograd_seq.check.claims.explaining import Explainer
from autograd_seq.check.claims.formula_report import FormulaReport, Status
from autograd_seq.check.claims.grammar import Interpreter, UnreadableError, names_in, parse, written
from autograd_seq.check.claims.setting import Quantity, Setting
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.finding import difference
from autograd_seq.translation.reader import in_english

# What the names of other notations and of the course's assignments are called here.
_ELSEWHERE = {
    "i_t": "Gamma_u", "it": "Gamma_u", "f_t": "Gamma_f", "ft": "Gamma_f", "o_t": "Gamma_o", "ot": "Gamma_o",
    "cct": "c_tilde", "yt_pred": "y_hat", "dit": "dgamma_u", "dft": "dgamma_f", "dot": "dgamma_o",
}  # fmt: skip


class Claim:
    """One equation in one setting, read as adjoints.

    Parameters
    ----------
    text : str
        As it was given.
    left : str
        Its left side, in the characters of the grammar.
    right : expr
        Its right side, parsed.
    setting : Setting
        What it is about.
    """

    def __init__(self, text: str, left: str, right: ast.expr, setting: Setting) -> None:
        self.text, self.right, self.setting = text, right, setting
        self.left_text, self.left = left, parse(left)
        self.target = self._target(self.left)

    def _target(self, tree: ast.expr) -> str | None:
        """What the claim is about: a forward quantity, or ``d`` and a name; None for any other expression."""
        if isinstance(tree, ast.Name):
            return tree.id
        found = quotient(tree)
        if found is None:
            return None
        above, below = found
        if self.setting.seeds.get(f"d{above}") in self.setting.ones or self._names_loss(above):
            return f"d{below}"
        raise UnreadableError(
            f"{written(tree)} is a derivative without an adjoint from above: say reading='jacobian'"
        )

    def _names_loss(self, name: str) -> bool:
        seed = self.setting.adjoint_names.get(f"d{name}")
        return seed is not None and seed in self.setting.ones

    def true(self) -> Tensor:
        """The record of what is true."""
        s, target = self.setting, self.target
        if target is None:
            return self.evaluated(s.names, tree=self.left)
        if target in s.forward and not (target.startswith("d") and target[1:] in s.quantities):
            return s.forward[target]
        name = target[1:] if target.startswith("d") else ""
        if name in s.quantities:
            return s.quantities[name]
        raise UnreadableError(
            f"{target} is not defined here{near(target, [*s.forward, *(f'd{k}' for k in s.quantities)])}"
        )

    def report(self) -> FormulaReport:
        """The verdict, with what is right in its place."""
        s = self.setting
        if self.target is None:
            self._all_known(self.left)
            self._all_known(self.right)
        try:
            true = self.true()
        except UnreadableError:
            raise
        except AutogradError as error:
            return self._result("refuted", f"a shape that cannot work: {first(error)}", None)
        if unknown := self.unknown(self.right):
            names = ", ".join(unknown)
            verb = "is" if len(unknown) == 1 else "are"
            hint = near(unknown[0], list(s.names))
            return self._result("unreadable", f"{names} {verb} not defined here{hint}{self._unnamed()}", true)
        try:
            claimed = self.evaluated(s.names)
        except UnreadableError:
            raise
        except AutogradError as error:
            return self._shapeless(first(error), true)
        if claimed.shape != true.shape and claimed.ndim:
            found = f"the right side has shape {claimed.shape}, {self.target} has {true.shape}"
            return self._shapeless(found + _kept(claimed.shape, true.shape), true)
        return self._judged(claimed, true)

    def _judged(self, claimed: Tensor, true: Tensor) -> FormulaReport:
        quantity = stretched(claimed, true.shape)
        found = compare(self.setting, quantity, Quantity.of(true))
        if found.status == "undecided":
            return self._result("undecided", found.reason, true)
        if found.status != "refuted":
            return FormulaReport(self.text, found.status, self._why(found, quantity, true), found.condition)
        return self._refuted(quantity, true)

    def holds_numerically(self) -> bool:
        """Whether both sides have the same shape and numbers; nothing is proven by that."""
        try:
            claimed, true = self.evaluated(self.setting.names), self.true()
        except AutogradError:
            return False
        return difference(stretched(claimed, true.shape).values, true._value) <= EQUAL

    def evaluated(self, names: Mapping[str, Tensor], matrix_stars: bool = False, tree: Any = None) -> Tensor:
        """The record that a side of the claim becomes."""
        reader = Interpreter(names, matrix_stars, self.setting.constants, self.setting.activations)
        with np.errstate(all="ignore"):
            value = reader.tensor(reader.run(self.right if tree is None else tree))
        if isinstance(value, list):
            raise UnreadableError("the right side is a list, not a formula")
        if not np.all(np.isfinite(value._value)):
            side = written(self.right if tree is None else tree)
            raise UnreadableError(
                f"{side:.80} is not a number: it divides by zero, overflows, or leaves a logarithm's domain"
            )
        return value.record

    def unknown(self, tree: ast.AST) -> list[str]:
        """The names in a side that stand for nothing here."""
        return [n for n in names_in(tree) if n not in self.setting.names]

    def _all_known(self, tree: ast.AST) -> None:
        for unknown in self.unknown(tree):
            raise UnreadableError(
                f"{unknown} is not defined here{near(unknown, list(self.setting.names))}{self._unnamed()}"
            )

    def _unnamed(self) -> str:
        """That an array of the recording has no name by which a formula could call it."""
        for r in self.setting.recording.forward.leaves:
            if r.name is None and r.ndim:
                return f"; an array of shape {r.shape} has no name: Tensor(…, 'y') gives it one"
        return ""

    # -- words ------------------------------------------------------------------------------------

    def _why(self, found: Comparison, claimed: Quantity, true: Tensor) -> str:
        sizes = self.setting.sizes
        if found.status == "proven":
            given = f", under {found.condition}" if found.condition else ""
            equal = "n_x" in sizes and "n_a" in sizes and sizes["n_x"]._value == sizes["n_a"]._value
            hidden = (
                "; n_x = n_a here, so a wrong transpose could hide: take a cell with n_x different" if equal else ""
            )
            return f"equal, element by element, by exact algebra at shape {true.shape}{given}{hidden}"
        digits = -np.log10(max(difference(claimed.values, true._value), 1e-17))
        why = "too large for a proof" if self.setting.large else "no algebraic proof was found"
        return f"the numbers agree to {digits:.0f} digits; {why}"

    def _before(self) -> dict[str, Any]:
        """The adjoint before the activation, if the left side is one behind it."""
        s = self.setting
        before = s.before_activation((self.target or "")[1:])
        if before not in s.quantities or before is None or (self.target or "")[1:] not in s.quantities:
            return {}
        right = Claim(f"d{before} = 0", f"d{before}", parse("0"), s)._right(s.quantities[before])
        return {} if right is None else {"before_activation": f"d{before} = {right}"}

    def _result(self, status: Status, reason: str, true: Tensor | None, **more: Any) -> FormulaReport:
        right = None if true is None else self._right(true)
        if right is not None:
            more = {"correction": f"{left_of(self.text)} = {right}", **self._before(), **more}
        return FormulaReport(self.text, status, reason, **more)

    def _right(self, true: Tensor) -> str | None:
        """A right formula: the error ŷ - y that the course knows, if it is that, else what was recorded."""
        s = self.setting
        name = (self.target or "")[1:]
        for prediction, r in s.forward.items() if s.ones and s.quantities.get(name) is true else ():
            if s.before_activation(prediction) != name or r.shape != true.shape:
                continue
            for c in s.recording.forward.leaves:
                for text in (f"{prediction} - {c.name}", f"({prediction} - {c.name}) / m"):
                    if c.name and c.shape == true.shape and self._is(text, true):
                        return text
        return correction(s, true)

    def _is(self, text: str, true: Tensor) -> bool:
        """Whether a formula is proven to be what is true."""
        if self.unknown(parse(text)):
            return False
        made = Quantity.of(self.evaluated(self.setting.names, tree=parse(text)))
        return compare(self.setting, made, Quantity.of(true)).status == "proven"

    def _refuted(self, claimed: Quantity, true: Tensor) -> FormulaReport:
        forward = any(true is r for r in self.setting.forward.values())
        example = counterexample(self.setting, claimed, Quantity.of(true), by_names=not forward)
        found = Explainer(self).of_values(claimed, true)
        reason, proven_as = found or (f"the two sides differ at shape {true.shape}", None)
        return self._result("refuted", reason, true, proven_as=proven_as, counterexample=example)

    def _shapeless(self, message: str, true: Tensor) -> FormulaReport:
        """A product or a sum that cannot be formed, or one of the wrong shape."""
        hint, proven_as = Explainer(self).of_shapes(true) or ("", None)
        reason = f"a shape that cannot work: {message}{hint and '; '}{hint}"
        return self._result("refuted", reason, true, proven_as=proven_as)


def stretched(claimed: Tensor, shape: tuple[int, ...]) -> Quantity:
    """One side, to the shape of the other if it is one number for every element."""
    if claimed.ndim:
        return Quantity.of(claimed)
    return Quantity([claimed], lambda array_of: np.broadcast_to(array_of(claimed), shape))


def quotient(tree: ast.expr) -> tuple[str, str] | None:
    """What stands above and below in da_next/dWax, without the d; None for anything else."""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and _is_adjoint(tree.left)):
        return None
    above, below = tree.left, tree.right
    if not _is_adjoint(below):
        raise UnreadableError(f"the left side {written(tree)!r} should be a quotient such as da_next/dWax")
    assert isinstance(above, ast.Name) and isinstance(below, ast.Name)
    return above.id[1:], below.id[1:]


def _is_adjoint(tree: ast.AST) -> bool:
    return isinstance(tree, ast.Name) and tree.id.startswith("d")


_MOST_LISTED = 30  # names of what is known


def near(name: str, known: list[str]) -> str:
    """What may be meant by a name that is not known: of its own time step first."""
    stem, _, end = name.rpartition("_")
    alike = [k for k in known if stem and k.endswith(f"_{end}") and k[0] == name[0] and len(k) < len(name)]
    close = [_ELSEWHERE[name]] if _ELSEWHERE.get(name) in known else []
    close += get_close_matches(name, alike, n=1, cutoff=0.5) or get_close_matches(name, known, n=1, cutoff=0.7)
    if close:
        return f"; is {close[0]} meant?"
    more = ", …" if len(known) > _MOST_LISTED else ""
    return f"; known are {', '.join(known[:_MOST_LISTED])}{more}"


def first(error: Exception) -> str:
    """The first sentence of a message, without what NumPy adds."""
    return in_english(error).splitlines()[0].split(" NumPy says")[0].split(". It expects")[0]


def _kept(claimed: tuple[int, ...], true: tuple[int, ...]) -> str:
    """A hint at an axis that a sum lost."""
    lost = len(claimed) < len(true) and claimed == tuple(n for n in true if n != 1)
    return "; keepdims=True keeps the axis that is summed over" if lost else ""
