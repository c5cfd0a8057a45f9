"""What a wrong formula may have been meant for: another quantity, other adjoints, other parentheses."""

from __future__ import annotations

import ast
from typing import Any

from autograd_seq.check.claims.comparing import compare
from autograd_seq.check.claims.correcting import regroupings
from autograd_seq.check.claims.grammar import names_in
from autograd_seq.check.claims.setting import Quantity
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.finding import EQUAL, difference

Found = tuple[str, str | None]  # a reason, and what the right side is the adjoint of


class Explainer:
    """Looks for what a refuted claim is right for.

    Parameters
    ----------
    claim : Claim
        With its setting, its target, its right side, and how it is evaluated.
    """

    def __init__(self, claim: Any) -> None:
        self.claim, self.setting, self.target = claim, claim.setting, claim.target or ""

    def of_values(self, claimed: Quantity, true: Tensor) -> Found | None:
        """Why a claim of the right shape is wrong."""
        return self._another(claimed) or self._before_activations(true) or self._regrouped(true)

    def of_shapes(self, true: Tensor) -> Found | None:
        """What would give a claim the right shape, and make it right."""
        found = self._before_activations(true)
        if found:
            return found
        stars = self._evaluated(self.setting.names, matrix_stars=True)
        return ("right if * is the matrix product @", None) if stars is not None and self._same(stars, true) else None

    def _evaluated(self, names: Any, matrix_stars: bool = False, tree: Any = None) -> Tensor | None:
        try:
            made: Tensor = self.claim.evaluated(names, matrix_stars, tree)
        except AutogradError:
            return None
        return made

    def _same(self, claimed: Tensor, true: Tensor) -> bool:
        if difference(claimed._value, true._value) > EQUAL:
            return False
        return compare(self.setting, Quantity.of(claimed), Quantity.of(true)).status == "proven"

    def _another(self, claimed: Quantity) -> Found | None:
        """The right side may be right, for something else than the left side says."""
        s, own = self.setting, self.target[1:]
        for name, adjoint in s.quantities.items():
            if name in (own, f"{own}_next") or difference(claimed.values, adjoint._value) > EQUAL:
                continue
            if compare(s, claimed, Quantity.of(adjoint)).status == "proven":
                gate = next((k for k in s.forward if s.before_activation(k) == name), None)
                what = f"the adjoint of {gate}'s pre-activation {name}" if gate else f"the adjoint of {name}"
                return f"this is d{name}, {what}, and not {self.target}", f"d{name}"
        return None

    def _before_activations(self, true: Tensor) -> Found | None:
        """dGamma_f is often written for the adjoint of what Gamma_f is the sigmoid of."""
        s = self.setting
        swapped, changed = dict(s.names), []
        for name in names_in(self.claim.right):
            before = s.before_activation(name[1:]) if name.startswith("d") else None
            if before and before in s.quantities:
                swapped[name] = s.quantities[before]
                changed.append((name, f"d{before}"))
        if not changed:
            return None
        said = _read_as(changed)
        for matrix_stars in (False, True):
            claimed = self._evaluated(swapped, matrix_stars)
            if claimed is not None and self._same(claimed, true):
                why = f"right only if {said} and * as the matrix product @" if matrix_stars else f"right only if {said}"
                return why, ", ".join(new for _, new in changed)
        return None

    def _regrouped(self, true: Tensor) -> Found | None:
        """Parentheses misplaced: A + B * f may be meant as (A + B) * f."""
        s = self.setting
        before = s.before_activation(self.target[1:])
        wanted = [(None, true)] + ([(f"d{before}", s.quantities[before])] if before in s.quantities else [])
        for tree in regroupings(self.claim.right):
            for name, record in wanted:
                value = self._evaluated(s.names, tree=tree)
                if value is not None and self._same(value, record):
                    what = f"{name}, the adjoint before the activation," if name else self.target
                    return f"parentheses misplaced: {what} is {ast.unparse(tree)}", name
        return None


def _read_as(changed: list[tuple[str, str]]) -> str:
    """Which adjoints are meant as others, in words."""
    first, *rest = [f"{old} is read as {new}, the adjoint before the activation" for old, new in changed]
    for words in rest:
        first = f"{first}, {words}"
    return first
