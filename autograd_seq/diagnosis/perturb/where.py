"""Where somebody gets a line wrong: the list of places that every edit of a line is tried at.

Each place is a function from what is edited, a rule that makes edits of one record, to the variants of the whole
backward pass: the same edit at the records of all time steps that do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.context import Context, What, terms_of
from autograd_seq.diagnosis.perturb.variant import Edit, Variant, reading
from autograd_seq.diagnosis.rerun import Change, along, bare, evaluate
from autograd_seq.diagnosis.truth import is_activation

Where = Callable[[Context, What, int], Iterator[Variant]]
Found = Iterable[tuple[Any, Tensor, Edit]]  # a place, a line there, and its edit

MOST_PLACES = 2  # lines of one reach that are tried at the root


def any_of(*rules: What) -> What:
    """The edits of several rules."""
    return lambda c, r: (edit for rule in rules for edit in rule(c, r))


def collected(c: Context, key: Any, found: Found, rank: int) -> Iterator[Variant]:
    """One variant for each edit of a place, made in all time steps and told of the first that comes."""
    groups: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for place, r, edit in found:
        groups.setdefault((place, edit.key), []).append((r, edit))
    for (place, _), edits in groups.items():
        r, edit = edits[0]
        yield c.variant((key, place), edit, r, rank, {r: e.change for r, e in edits})


def everywhere(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """In every time step, for all that uses the line."""
    for role, records in c.groups.items():
        if all(map(c.open, records)):
            yield from collected(c, "everywhere", ((role, r, e) for r in records for e in c.edits(what, r)), rank)


def in_all_its_parts(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """Wherever parts of one array are read."""
    parts = ((x.name, r, e) for r in c.program.records for x in r.inputs[:1] for e in c.edits(what, r))
    return collected(c, "parts", parts, rank)


def in_the_whole(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """In what is returned: one gradient, all that have the edit, those of biases, those of weights."""
    results = {key: r for key, r in c.program.results.items() if c.open(r)}
    edits = {key: {e.key: e for e in c.edits(what, r)} for key, r in results.items()}
    for edit_key in dict.fromkeys(k for found in edits.values() for k in found):
        having = [k for k, found in edits.items() if edit_key in found]
        biases = [k for k in having if c.program.results[k].shape[-1:] == (1,)]
        several = [having, biases, [k for k in having if k not in biases]]
        for keys in dict.fromkeys(tuple(s) for s in [*([k] for k in having), *several] if s):
            changes = {c.program.results[k]: edits[k][edit_key].change for k in keys}
            yield c.listed(("whole", *keys), edits[keys[0]][edit_key], list(keys), rank, changes)


def in_one_gradient(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """In one of the gradients that are returned."""
    for key, r in c.program.results.items():
        for edit in c.edits(what, r) if c.open(r) else ():
            yield c.listed(("one", key), edit, [key], rank, {r: edit.change})


def in_one_quantity(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """In the adjoint of one quantity at every time step, whether it has one term there or several."""
    for role, found in c.quantities.items():
        inside = [(n, a) for n, a in found if n.operation is not None]
        for key, states in (("with the first", found), ("alone", inside)):
            if len(states) > 1 and all(c.open(a) for _, a in states) and (key == "alone" or len(inside) < len(found)):
                adjoints = sorted((a for _, a in states), key=lambda a: -len(terms_of(a)))
                edited = ((role, a, e) for a in adjoints for e in c.edits(what, a))
                yield from collected(c, ("quantity", key), edited, rank)


def at_the_root(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """Near where everything begins: what reads a given adjoint, and the adjoints of quantities with a name."""
    named = {a for node in c.marked if (a := c.adjoints.get(node)) is not None}
    seeds = set(c.program.truth.seeds.values())
    tried: dict[Any, int] = {}
    for role, records in c.groups.items():
        first = records[0]
        begins = first in named or c.is_result(first) or any(bare(x) in seeds for x in first.inputs)
        if bare(first) in seeds or first not in c.live or not begins:
            continue
        reach = frozenset().union(*(c.program.reach(r) for r in records))
        tried[reach] = tried.get(reach, 0) + 1
        if reach and reach <= c.wrong and tried[reach] <= MOST_PLACES:
            yield from collected(c, "root", ((role, r, e) for r in records for e in c.edits(what, r)), rank)


def in_one_formula(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """Where the edit reaches one formula only: a line that somebody wrote out several times."""
    ends = [role for role, rs in c.groups.items() if rs[0].name or c.is_result(rs[0])]
    for end_role in ends:
        if not all(map(c.open, c.groups[end_role])):
            continue
        if end_role not in c.ways:  # which are the same whatever is edited
            c.ways[end_role] = _ways(c, c.groups[end_role])
        for start_role, ways in c.ways[end_role].items():
            found = (
                ((end_role, start_role), end, edit.becoming(along(edit.change, start, path)))
                for start, end, path in ways
                for edit in c.edits(what, start)
            )
            start, end, _ = ways[0]
            within, formula = c.where(start)
            beside = within != c.where(end)[0] and start in c.live
            for made in collected(c, "local", found, rank):
                yield replace(made, correct=f"{made.correct}; {formula}") if beside else made


def _ways(c: Context, ends: list[Tensor]) -> dict[Any, list[tuple[Tensor, Tensor, list[Tensor]]]]:
    """The lines of the same time step that lead to some ends and elsewhere too, with the ways between, by role."""
    ways: dict[Any, list[tuple[Tensor, Tensor, list[Tensor]]]] = {}
    for end in ends:
        for start in c.program.records:
            if start.index >= end.index:
                break
            if c.program.time(start) != c.program.time(end) or not c.program.users.get(start):
                continue
            if c.program.reach(start) == c.program.reach(end) and start in c.live:
                continue
            if path := c.program.between(start, end):
                ways.setdefault(c.role(start), []).append((start, end, path))
    return ways


def in_one_use(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """Where only one of several uses of a value sees the edit."""

    def found() -> Found:
        for r in c.program.records:
            users = c.program.users.get(r, [])
            if len(users) > 1 and r in c.live and any(map(c.open, users)):
                for edit in c.edits(what, r):
                    for user in filter(c.open, users):
                        seen = edit.becoming(reading(user, {r: edit.change}))
                        yield (c.quantity(r), c.role(user)), user, seen

    return collected(c, "use", found(), rank)


def at_one_end(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """In the last time step only, or in the first: what comes before or after the loop."""
    for role, records in c.groups.items():
        timed = sorted(((t, r.index, r) for r in records if (t := c.program.time(r)) is not None), reverse=True)
        if len(timed) < 2:
            continue
        last = ("last", "in the last time step only", timed[0][2])
        first = ("first", "in the first time step only", timed[-1][2])
        for place, when, r in (last, first):
            for edit in c.edits(what, r) if c.open(r) else ():
                yield c.variant((place, role), edit, r, rank, {r: edit.change}, f", {when}")


def at_several_places(c: Context, what: What, rank: int) -> Iterator[Variant]:
    """Wherever the edit can be made, or wherever it reaches the same gradients."""
    kinds: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for r in filter(c.open, c.program.records):
        for edit in c.edits(what, r):
            kind = _kind(c, r, edit)
            kinds.setdefault((kind, None), []).append((r, edit))
            kinds.setdefault((kind, tuple(sorted(c.program.reach(r)))), []).append((r, edit))
    for kind, found in kinds.items():
        if len({(c.role(r), e.key) for r, e in found}) > 1:
            r, edit = found[0]
            quantities = {c.quantity(c.hosts.get(r, r)): c.where(r)[0] for r, _ in reversed(found)}
            hosts = list(dict.fromkeys([c.where(r)[0], *reversed(quantities.values())]))
            also = f" (and the same in {', '.join(hosts[1:4])})" if len(hosts) > 1 else ""
            weighed = replace(edit, weight=edit.weight + 1) if also else edit
            yield c.variant(("together", kind), weighed, r, rank, _joined(found), also)


def _kind(c: Context, r: Tensor, edit: Edit) -> Any:
    node = c.program.serves[r]
    said = tuple(k for k in edit.key if isinstance(k, (str, bool, int)))
    return said, r.operation, node.operation if is_activation(node) else None


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
