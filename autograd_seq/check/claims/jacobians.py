"""Claims about the derivative of one quantity by another: ``dc_next/dc_prev = Gamma_f``.

For one example, a column, that is a matrix: the change of each element above with each element below. Where it
is zero outside its diagonal, the diagonal is what people write, for any number of examples. The course's
derivatives often keep the other named quantities fixed (the direct path); the verdict says which is meant.
What the notes print without an adjoint, ``(1 - a**2) @ x.T``, is neither that matrix nor a gradient.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograd_seq.check.claims.comparing import compare
from autograd_seq.check.claims.correcting import correction, left_of
from autograd_seq.check.claims.counterexample import counterexample
from autograd_seq.check.claims.formula_report import FormulaReport
from autograd_seq.check.claims.grammar import UnreadableError
from autograd_seq.check.claims.one_claim import Claim, first, near, quotient, stretched
from autograd_seq.check.claims.partials import Partials, matrix_record
from autograd_seq.check.claims.setting import Quantity, Setting
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.tensor import Tensor


@dataclass(frozen=True)
class Meant:
    """One thing that a claim may mean.

    Attributes
    ----------
    words : str
        What it is.
    is_diagonal : bool
        Whether it is the diagonal alone.
    is_direct : bool
        Whether other named quantities are held fixed.
    truth : Quantity
        What is true of it.
    """

    words: str
    is_diagonal: bool
    is_direct: bool
    truth: Quantity


class JacobianClaim:
    """One equation read as a derivative of one quantity by another.

    Parameters
    ----------
    text, left, right
        As for a `Claim`.
    setting : Setting
        Of several examples.
    single : Setting
        Of one example; of a recorded tensor, the same.
    """

    def __init__(self, text: str, left: str, right: ast.expr, setting: Setting, single: Setting) -> None:
        self.text, self.left, self.right = text, left, right
        self.setting, self.single = setting, single
        self.above, self.below = self._asked(ast.parse(left.strip(), mode="eval").body)
        for s in (setting, single):
            s.names = {**s.sizes, **s.forward}  # adjoints come from above, where nothing is
        self.claims = {s: Claim(text, self.below, right, s) for s in (setting, single)}

    def _asked(self, tree: ast.expr) -> tuple[str, str]:
        """The names of what stands above and below."""
        found = quotient(tree)
        if found is None:
            name = tree.id if isinstance(tree, ast.Name) else ""
            ends = list(dict.fromkeys(self.setting._next(key) for key in self.setting.outputs))
            if not name.startswith("d") or len(ends) > 1:
                way = f"da_next/{name}" if name.startswith("d") else "da_next/da_prev"
                raise UnreadableError(f"a derivative is of one quantity by another: write {way} on the left")
            found = ends[0], name[1:]
        for name in found:
            if name not in self.setting.forward:
                raise UnreadableError(f"{name} is not defined here{near(name, list(self.setting.forward))}")
        return found

    def holds_numerically(self) -> bool:
        """Whether the claim, multiplied by a random adjoint, gives what the sweep does; nothing is proven by that."""
        s = self.single
        claimed = self._claimed(s)
        if claimed is None:
            return False
        above, below = s.forward[self.above], s.forward[self.below]
        return any(Partials(s, above, below, is_direct).agree(claimed.values) for is_direct in (False, True))

    def report(self) -> FormulaReport:
        """The verdict, with what is right in its place."""
        if not self.setting.forward[self.above].ndim:  # the derivative of a loss is a gradient
            return Claim(self.text, f"d{self.below}", self.right, self.setting).report()
        claim = self.claims[self.single]
        if unknown := claim.unknown(self.right):
            hint = near(unknown[0], list(self.single.names))
            return FormulaReport(self.text, "unreadable", f"{unknown[0]} is not defined here{hint}")
        verdicts = list(self._verdicts())
        for verdict in verdicts:
            if verdict.ok:
                return verdict
        along = self._along()
        if along is not None:
            return along
        return next((v for v in verdicts if v.status == "undecided"), None) or self._refuted()

    def _verdicts(self) -> Iterator[FormulaReport]:
        """How the claim compares with each thing that it may mean."""
        for s in dict.fromkeys((self.single, self.setting)):
            claimed = self._claimed(s)
            for meant in self._meanings(s):
                if claimed is None or claimed.shape != meant.truth.shape:
                    continue
                found = compare(s, claimed, meant.truth)
                if found.status in ("proven", "checked") and (meant.is_diagonal is False or self._for_all(meant)):
                    how = "by exact algebra" if found.status == "proven" else "in all digits that were compared"
                    yield FormulaReport(
                        self.text, found.status, f"{meant.words}: equal, element by element, {how}", found.condition
                    )
                elif found.status == "undecided":
                    yield FormulaReport(self.text, "undecided", found.reason)

    def _for_all(self, meant: Meant) -> bool:
        """Whether a diagonal is one for several examples too: a sum over them is not."""
        claimed = self._claimed(self.setting)
        if claimed is None:
            return False
        for other in self._meanings(self.setting):
            if (other.is_diagonal, other.is_direct) == (True, meant.is_direct) and claimed.shape == other.truth.shape:
                return compare(self.setting, claimed, other.truth).ok
        return False

    def _claimed(self, s: Setting) -> Quantity | None:
        """The right side; None where it cannot be formed for so many examples."""
        try:
            made = self.claims[s].evaluated(s.names)
        except UnreadableError:
            raise
        except AutogradError:
            return None
        return stretched(made, s.forward[self.above].shape)

    def _meanings(self, s: Setting) -> Iterator[Meant]:
        """The whole derivative and the one along the direct path, each as a matrix and by its diagonal."""
        above, below = s.forward[self.above], s.forward[self.below]
        for is_direct in (False, True):
            partials = Partials(s, above, below, is_direct)
            if is_direct and not partials.fixed:
                continue
            path = f" along the direct path, with {', '.join(partials.fixed)} held fixed" if is_direct else ""
            whole = partials.matrix()
            if whole is not None:
                yield Meant(f"the Jacobian{path}, for one example", False, is_direct, whole)
            diagonal = partials.diagonal()
            if diagonal is not None:
                said = f"the diagonal of the Jacobian{path}, which is zero elsewhere"
                yield Meant(said, True, is_direct, diagonal)

    def _along(self) -> FormulaReport | None:
        """The derivative with an adjoint of ones, as the notes print it."""
        s = self.setting
        claimed = self._claimed(s)
        partials = Partials(s, s.forward[self.above], s.forward[self.below], False)
        ones = partials.ones()
        if claimed is None or claimed.shape != ones.shape or not compare(s, claimed, Quantity.of(ones)).ok:
            return None
        upstream = f"d{self.above}"
        reason = f"the derivative along the diagonal, not yet a gradient: multiply {upstream} in"
        quantity = s.quantities.get(self.below)
        example = None if quantity is None else counterexample(s, claimed, Quantity.of(quantity), by_names=True)
        return FormulaReport(
            self.text, "refuted", reason, correction=self._gradient(), counterexample=example,
            proven_as="the derivative along the diagonal",
        )  # fmt: skip

    def _gradient(self) -> str | None:
        """The gradient by the quantity below, with the adjoint from above: to be read as adjoints."""
        s = self.setting
        if self.below not in s.quantities:
            return None
        s.names = {**s.names, **s.adjoint_names}
        written = correction(s, s.quantities[self.below], in_full=True)
        s.names = {**s.sizes, **s.forward}
        return None if written is None else f"d{self.below} = {written}"

    def _refuted(self) -> FormulaReport:
        s = self.single
        claimed = self._claimed(s)
        for meant in self._meanings(s):
            if claimed is not None and claimed.shape == meant.truth.shape:
                example = counterexample(s, claimed, meant.truth, by_names=True)
                return self._corrected(f"the two sides differ: this is not {meant.words}", counterexample=example)
        return self._corrected(f"a shape that cannot work: {self._shape(claimed)}")

    def _shape(self, claimed: Quantity | None) -> str:
        """What is wrong with the shape."""
        shapes = [m.truth.shape for m in self._meanings(self.single)]
        wanted = " or ".join(dict.fromkeys(str(shape) for shape in shapes)) or "none that a formula has"
        if claimed is not None:
            return f"the right side has shape {claimed.shape}, d{self.above}/d{self.below} has {wanted} for one example"
        try:
            self.claims[self.single].evaluated(self.single.names)
        except AutogradError as error:
            return first(error)
        return "the sides do not fit"

    def _corrected(self, reason: str, **more: Any) -> FormulaReport:
        """A refutation with a right formula: of the Jacobian if it can be written, else of the gradient."""
        right = next(self._written(), None)
        written = f"{left_of(self.text)} = {right}" if right else self._gradient()
        return FormulaReport(self.text, "refuted", reason, correction=written, **more)

    def _written(self) -> Iterator[str]:
        """The Jacobian in the language of formulas, in each way that it has."""
        s = self.single
        above, below = s.forward[self.above], s.forward[self.below]
        for is_direct in (False, True):
            partials = Partials(s, above, below, is_direct)
            ones = partials.ones()
            made: list[Tensor | None] = []
            if partials.diagonal() is not None:
                made.append(ones)
            elif partials.matrix() is not None:
                made.append(matrix_record(ones, s.ones))
            for r in made:
                text = None if r is None else correction(s, r)
                if text:
                    yield text
