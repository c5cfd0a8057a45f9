"""The same edit at several places at once, and an edit in one use only of what is used several times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.adjoints import seen
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.simple import simple
from autograd_seq.diagnosis.perturb.variant import LOCAL, RARE, Edit, Variant
from autograd_seq.diagnosis.rerun import Change, evaluate
from autograd_seq.diagnosis.truth import is_activation

OF_ONE_PLACE = {"negative", "doubled", "without term", "sign of term", "only term", "without factor", "twice"}


def at_several_places(c: Context) -> Iterator[Variant]:
    """An edit wherever it can be made, or wherever it reaches the same gradients."""
    kinds: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for r in c.program.records:
        for edit in simple(c, r):
            if edit.key[0] not in OF_ONE_PLACE:
                kind = _kind(c, r, edit)
                kinds.setdefault((kind, None), []).append((r, edit))
                kinds.setdefault((kind, c.program.reach(r)), []).append((r, edit))
    for (kind, reached), found in kinds.items():
        if len({(c.role(r), e.key) for r, e in found}) > 1:
            r, edit = found[0]
            made = c.variant(("together", kind, _sorted(reached)), edit, r, LOCAL, _joined(found))
            hosts = list(dict.fromkeys(c.where(r)[0] for r, _ in found))
            yield _renamed(made, hosts)


def _kind(c: Context, r: Tensor, edit: Edit) -> Any:
    node = c.program.serves[r]
    said = tuple(k for k in edit.key if isinstance(k, (str, bool, int)))
    return said, r.operation, node.operation if is_activation(node) else None


def _sorted(reached: frozenset[str] | None) -> Any:
    return None if reached is None else tuple(sorted(reached))


def _renamed(variant: Variant, hosts: list[str]) -> Variant:
    if len(hosts) < 2:
        return variant
    several = f"{variant.words} (and the same in {', '.join(hosts[1:4])})"
    return Variant(
        variant.key,
        variant.category,
        hosts[0],
        several,
        variant.correct,
        variant.rank,
        variant.changes,
        variant.weight + 1,
    )


def _joined(found: list[tuple[Tensor, Edit]]) -> dict[Tensor, Change]:
    """Several edits; those of one record change it by the sum of what each changes."""
    by_record: dict[Tensor, list[Edit]] = {}
    for r, edit in found:
        by_record.setdefault(r, []).append(edit)
    return {r: edits[0].change if len(edits) == 1 else _added(r, edits) for r, edits in by_record.items()}


def _added(r: Tensor, edits: list[Edit]) -> Change:
    def change(v: Any) -> Any:
        whole = evaluate(r, v)
        return whole + np.sum([e.change(v) - whole for e in edits], axis=0)

    return change


def in_one_use(c: Context) -> Iterator[Variant]:
    """An edit that only one of several uses of a value sees."""
    collected: dict[Any, list[tuple[Tensor, Tensor, Edit]]] = {}
    for r in c.program.records:
        users = c.program.users.get(r, [])
        if len(users) > 1 and r in c.live:
            for edit in simple(c, r):
                for user in users:
                    if c.program.time(user) == c.program.time(r):
                        collected.setdefault((c.role(r), c.role(user), edit.key), []).append((r, user, edit))
    for key, found in collected.items():
        r, user, edit = found[-1]
        changes = {u: seen(u, x, e) for x, u, e in found}
        yield c.variant(("use", key), edit, user, RARE, changes)
