"""One edit in every time step, everywhere or in one formula only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.brackets import misplaced
from autograd_seq.diagnosis.perturb.context import Context, product
from autograd_seq.diagnosis.perturb.gradients import scaled_by
from autograd_seq.diagnosis.perturb.simple import simple
from autograd_seq.diagnosis.perturb.swaps import swaps
from autograd_seq.diagnosis.perturb.variant import LIKELY, LOCAL, RARE, SWAP, Edit, Variant
from autograd_seq.diagnosis.rerun import Change, along, bare


def everywhere(c: Context) -> Iterator[Variant]:
    """One edit, in every time step, for all that uses the line."""
    for role, records in c.groups.items():
        for variant in _grouped(c, ("line", role), records, simple, LIKELY):
            yield variant
            if alone := _only_term(c, variant, records[0]):
                yield replace(variant, key=(*variant.key, "alone"), changes={**variant.changes, **alone})


def at_one_end(c: Context) -> Iterator[Variant]:
    """One edit in the last time step only, or in the first: what comes before or after the loop."""
    for role, records in c.groups.items():
        timed = [r for r in records if c.program.time(r) is not None]
        if len(timed) < 2:
            continue
        ordered = sorted(timed, key=lambda r: c.program.time(r) or 0)
        for place, r in (("last", ordered[-1]), ("first", ordered[0])):
            for edit in simple(c, r):
                words = f"{edit.words}, in the {place} time step only"
                yield c.variant((place, role), replace(edit, words=words), r, RARE, {r: edit.change})


def _only_term(c: Context, variant: Variant, total: Tensor) -> dict[Tensor, Change]:
    """Where a forgotten term is all there is, as in the last time step, nothing is left."""
    edit = variant.key[1]
    if edit[0] != "without term":
        return {}
    wanted = c.role(c.program.serves[total])
    found: dict[Tensor, Change] = {}
    for node, adjoint in c.adjoints.items():
        part = bare(adjoint)
        if c.role(node) != wanted or part.operation is None or algebra(part) == "sum of uses":
            continue
        role = ("from above",) if c.from_above(part) else c.role(part)
        if role == edit[1]:
            found[adjoint] = scaled_by(adjoint, 0.0)
    return found


def exchanged(c: Context) -> Iterator[Variant]:
    """Both adjoints of a product, each with the factor that the other should have."""
    groups: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for node in c.program.truth.recording.forward:
        made = c.program.truth.recording.emitted.get(node, [])
        g = c.adjoints.get(node)
        pieces = [r for r in made if algebra(r) == "product"]
        if algebra(node) != "product" or len(pieces) != 2 or g is None:
            continue
        u, v = node.inputs
        if u.shape == v.shape == node.shape:
            both = f"{c.called(u)} and {c.called(v)}"
            words = f"with {both} exchanged: each gets the factor that the other should have"
            for r, factor in zip(pieces, (u, v), strict=True):
                edit = Edit(("exchanged",), "wrong value", words, product(g, factor))
                groups.setdefault(c.role(node), []).append((r, edit))
    for role, found in groups.items():
        r, edit = found[0]
        yield c.variant(("exchanged", role), edit, r, LIKELY, {r: e.change for r, e in found})


def swapped(c: Context) -> Iterator[Variant]:
    """One value in place of another, in every time step."""
    restacked = [(r, e) for r in c.program.records for e in swaps(c, r) if e.key[0] == "restacked"]
    if restacked:
        r, edit = restacked[0]
        yield c.variant(("restacked everywhere",), edit, r, SWAP, {r: e.change for r, e in restacked})
    for role, records in c.groups.items():
        yield from _grouped(c, ("swap", role), records, swaps, SWAP)


def _grouped(c: Context, key: Any, records: list[Tensor], edits: Any, rank: int) -> Iterator[Variant]:
    collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for r in records:
        for edit in edits(c, r):
            collected.setdefault(edit.key, []).append((r, edit))
    for found in collected.values():
        r, edit = found[0]
        yield c.variant(key, edit, r, rank, {r: e.change for r, e in found})


def in_one_formula(c: Context) -> Iterator[Variant]:
    """One edit that reaches one formula only: a line that somebody wrote out several times."""
    yield from _local(c, simple, LOCAL)


def swapped_in_one_formula(c: Context) -> Iterator[Variant]:
    """One value in place of another, in one formula only."""
    yield from _local(c, swaps, RARE)


def brackets_in_one_formula(c: Context) -> Iterator[Variant]:
    """Misplaced parentheses in one formula only."""
    yield from _local(c, misplaced, RARE)


def _local(c: Context, edits: Any, rank: int) -> Iterator[Variant]:
    ends = [role for role, rs in c.groups.items() if rs[0].name or c.is_result(rs[0])]
    for end_role in ends:
        ways: dict[Any, list[tuple[Tensor, Tensor, list[Tensor]]]] = {}
        for end in c.groups[end_role]:
            for start in c.program.records:
                if start.index >= end.index:
                    break
                if c.program.time(start) != c.program.time(end) or len(c.program.users.get(start, ())) < 1:
                    continue
                if c.program.reach(start) == c.program.reach(end) and start in c.live:
                    continue
                if path := c.program.between(start, end):
                    ways.setdefault(c.role(start), []).append((start, end, path))
        for start_role, found in ways.items():
            collected: dict[Any, list[tuple[Tensor, Edit, Change]]] = {}
            for start, end, path in found:
                for edit in edits(c, start):
                    collected.setdefault(edit.key, []).append((end, edit, along(edit.change, start, path)))
            for entries in collected.values():
                end, edit, _ = entries[0]
                changes = {e: c for e, _, c in entries}
                made = c.variant(("local", end_role, start_role), edit, end, rank, changes)
                within, formula_within = c.where(found[0][0])
                if within != made.where and found[0][0] in c.live:
                    made = replace(made, correct=f"{made.correct}; {formula_within}")
                yield made
