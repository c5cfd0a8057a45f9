"""The plans for any sizes of one function: found when arguments of a new kind come, and used for all that are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_seq.core.errors import AutogradError
from autograd_seq.core.tensor import Parameter
from autograd_seq.folding.uncollected import uncollected
from autograd_seq.plan.anysize.axes import SMALL, Axes, equal_by_chance, length, resized
from autograd_seq.plan.anysize.how_many_steps import Rounds
from autograd_seq.plan.anysize.samples import Record, Samples, Trials
from autograd_seq.plan.anysize.size import NotGeneralError
from autograd_seq.plan.anysize.sized_plan import SizedPlan, SizedReplay
from autograd_seq.plan.anysize.splitting import ONE
from autograd_seq.plan.arguments import Given, signature
from autograd_seq.plan.bound import Bound
from autograd_seq.plan.engine import Engine
from autograd_seq.plan.guards import holding
from autograd_seq.plan.writing.jax_words import LacksError

Kind = tuple[Any, ...]
KEPT = 16  # sets of recordings
BY_CHANCE = (
    "axes of one argument are equally long, so nobody can tell which of them the other arguments share: called with "
    "other lengths, the plan finds out"
)
UNKNOWN = "what the function's steps have in common was not found"
ENOUGH = 9  # steps or examples, so that a first and a last few are not all
TOO_FEW = "with so few steps or examples the function is another program than with more"


class ForAnySize:
    """The plans for any sizes of a function.

    Parameters
    ----------
    record : function
        From arguments to a recording of it.
    parameters : dict of str to Parameter
    engine : Engine
        What writes the programs.
    """

    def __init__(self, record: Record, parameters: Mapping[str, Parameter], engine: Engine) -> None:
        self._record, self._parameters, self._engine = record, parameters, engine
        self._plans: list[tuple[Samples, list[SizedPlan]]] = []
        self._trials: dict[Kind, Trials] = {}
        self._rounds: dict[Kind, tuple[Axes, Rounds]] = {}  # where steps are taken in rounds
        self._why_not: dict[Kind, str] = {}

    def why_not(self, values: Sequence[Given]) -> str | None:
        """Why there is no plan for any sizes of such arguments."""
        kind = _kind(values)
        return self._why_not.get(kind) or self._why_not.get((kind, signature(list(values))))

    def shares(self, values: Sequence[Given]) -> dict[int, int]:
        """Of each argument that has examples, by its number, which axis counts them; known once `bound` was asked."""
        return next((samples.shares for samples, _ in self._plans if samples.sizes(values) is not None), {})

    @uncollected()
    def bound(self, values: Sequence[Given]) -> Bound | None:
        """A program for any sizes, ready for those of some arguments; None if there cannot be one."""
        kind = _kind(values)
        if kind in self._why_not or (kind, signature(list(values))) in self._why_not:
            return None
        try:
            return self._fitting(values, self._rounds.get(kind))
        except LacksError:
            raise
        except Exception as error:  # whatever it is: the recording of one size can be compiled as it is
            samples, plans = self._known(values) or (None, [])
            if samples is not None and self._there_is_one(samples, plans, samples.sizes(values) or {}):
                self._too_few(values)
            elif kind not in self._rounds and self._in_rounds(values):
                return self._fitting(values, self._rounds[kind])
            elif samples is None and equal_by_chance(values):
                self._why_not[kind, signature(list(values))] = BY_CHANCE
            else:
                self._why_not[kind] = _said(error) or (samples is not None and samples.unlike()) or UNKNOWN
            return None

    def _fitting(self, values: Sequence[Given], in_rounds: tuple[Axes, Rounds] | None) -> Bound | None:
        """A program ready for the sizes of some arguments; None if they are too short for one."""
        samples, plans = self._samples(values, in_rounds)
        sizes = samples.sizes(values)
        plan = self._plan(samples, plans, sizes) if sizes is not None else None
        if plan is not None and sizes is not None:
            self._reach(plan, plans, sizes)
        if plan is None or sizes is None or samples.sizes(values) is None:
            self._too_few(values)
            return None
        return self._at(plan, sizes)

    @staticmethod
    def _reach(plan: SizedPlan, plans: list[SizedPlan], sizes: Mapping[str, int]) -> None:
        """Compare a plan at more steps than before; it is one no more, if the function does something else there."""
        try:
            plan.reach(sizes)
        except Exception:
            plans.remove(plan)
            raise

    def _in_rounds(self, values: Sequence[Given]) -> bool:
        """Whether there is a program for such arguments whose steps are taken in rounds; it is kept."""
        kind, before = _kind(values), self._plans
        for found in self._trials[kind].rounds() if kind in self._trials else ():
            self._rounds[kind] = found
            self._plans = [(samples, plans) for samples, plans in before if plans and samples.rounds]
            try:
                self._fitting(values, found)
            except LacksError:
                raise
            except Exception:  # it is told why there is none of single steps
                self._plans = before
                del self._rounds[kind]
            else:
                return True
        return False

    def _there_is_one(self, samples: Samples, plans: list[SizedPlan], sizes: Mapping[str, int]) -> bool:
        """Whether there is a plan for larger sizes than some that there is none for."""
        larger = {name: max(n, ENOUGH) for name, n in sizes.items()}
        try:
            if larger == sizes:
                return False
            self._reach(self._plan(samples, plans, larger), plans, larger)
            return True
        except Exception:  # as for those that were asked for
            return False

    def _too_few(self, values: Sequence[Given]) -> None:
        """Remember that there may be a plan for longer arguments."""
        kind = _kind(values)
        _, rounds = self._rounds.get(kind, ((), None))
        said = _few_rounds(rounds) if rounds is not None and rounds.steps > 1 else TOO_FEW
        self._why_not[kind, signature(list(values))] = said

    def _plan(self, samples: Samples, plans: list[SizedPlan], sizes: Mapping[str, int]) -> SizedPlan:
        """A plan for some sizes, of those that there are, or another one."""
        split = samples.split() if self._engine.threads > 1 else ONE
        part = split.part(sizes, self._engine.threads)
        plan = next((plan for plan in plans if plan.split is split and plan.asked.holds(part)), None)
        if plan is None:
            try:
                plan = SizedPlan(samples, part, self._engine, split)
            except NotGeneralError as error:
                if not split.name:
                    raise
                samples.together(str(error))
                return self._plan(samples, plans, sizes)
            plans.append(plan)
        return plan

    def shorter(self, bound: Bound, values: Sequence[Given]) -> tuple[Bound, list[Given]] | None:
        """The same program for a shorter call, and its arguments: what it gives there is soon compared."""
        if not isinstance(bound.replay, SizedReplay):
            return None
        plan = bound.replay.plan
        least = plan.samples.least
        sizes = {name: min(n, max(SMALL, least.get(name, 0))) for name, n in bound.replay.sizes.items()}
        return self._at(plan, sizes), resized(values, plan.samples.at(sizes))

    def _known(self, values: Sequence[Given]) -> tuple[Samples, list[SizedPlan]] | None:
        """What was found out about such arguments, if anything was."""
        alike = (
            (samples, plans) for samples, plans in self._plans
            if samples.sizes(values) is not None and holding(samples.networks[0].checks, values)
        )  # fmt: skip
        return next(alike, None)

    def _samples(
        self, values: Sequence[Given], in_rounds: tuple[Axes, Rounds] | None
    ) -> tuple[Samples, list[SizedPlan]]:
        if (known := self._known(values)) is not None:
            return known
        fixed = [n for parameter in self._parameters.values() for n in parameter.shape]
        trials = self._trials[_kind(values)] = Trials(values, self._record, fixed)
        if in_rounds is not None:
            axes, rounds = in_rounds
            in_rounds = axes, replace(rounds, rest=length(axes, values) % rounds.steps)
        found: tuple[Samples, list[SizedPlan]] = Samples(trials, in_rounds), []
        self._plans = [found, *self._plans][:KEPT]
        return found

    def _at(self, plan: SizedPlan, sizes: Mapping[str, int]) -> Bound:
        first = plan.samples.networks[0]
        return Bound(SizedReplay(plan, sizes), self._parameters, first.inputs, first.checks, plan.trust)


def _few_rounds(rounds: Rounds) -> str:
    """Why there is no plan for less than a few rounds."""
    return (
        f"its steps are of several kinds in turn, {rounds.steps} in a round, and there is a program for any number of "
        f"rounds from {rounds.least} on"
    )


def _said(error: Exception) -> str:
    """Why there is no plan, if that is said in words for a student."""
    return str(error) if isinstance(error, (NotGeneralError, AutogradError)) else ""


def _kind(values: Sequence[Given]) -> Kind:
    """What arguments have in common for which a plan for any sizes is found, or is not."""
    return tuple(
        (x.dtype, tuple(n > 1 for n in x.shape)) if isinstance(x, np.ndarray) else x for x in values
    )
