"""Folding: which records of a graph share a box, from names and scopes alone.

A box stands for one named record and the unnamed ones that only it uses. What many steps
share (parameters, and what was made of parameters before the first step) is no box but
a chip. No rule here knows a cell or an operation.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from autograd_seq import Graph, Tensor
from autograd_seq.core.scope import Scope
from autograd_seq.folding.literal import is_literal

Use = tuple[Tensor, Tensor, int]  # producer, consumer, position among the consumer's inputs


@dataclass(eq=False, slots=True)
class Box:
    """What is drawn as one box.

    Attributes
    ----------
    record : Tensor
        The record that it is named after; the youngest of `records`.
    records : list of Tensor
        All that it stands for, oldest first.
    scope : Scope
        Its place.
    key : hashable
        The same for equal boxes of different steps.
    parameters : list of Tensor
        The shared records that it uses.
    """

    record: Tensor
    records: list[Tensor]
    scope: Scope
    key: Hashable = None
    parameters: list[Tensor] = field(default_factory=list)

    @property
    def time(self) -> int | None:
        """Its step."""
        return self.scope.time

    @property
    def leaf(self) -> bool:
        """Whether nothing in the graph made it."""
        return self.record.operation is None


@dataclass(slots=True)
class Folded:
    """A graph as boxes.

    Attributes
    ----------
    graph : Graph
        What was folded.
    boxes : list of Box
        Oldest first.
    home : dict of Tensor to Box
        Where a record is drawn; shared records and literal numbers have none.
    edges : dict of (Box, Box) to list of Use
        Every pair of boxes of which the second uses the first, with the uses.
    shared : list of Tensor
        Parameters and the like: the rows of the table.
    shared_uses : list of Use
        Where shared records are used.
    alias : dict of Tensor to str
        For a nameless initial state, the name of the state that takes its place in later steps.
    initial : set of Tensor
        Nameless initial states.
    """

    graph: Graph
    boxes: list[Box]
    home: dict[Tensor, Box]
    edges: dict[tuple[Box, Box], list[Use]]
    shared: list[Tensor]
    shared_uses: list[Use]
    alias: dict[Tensor, str] = field(default_factory=dict)
    initial: set[Tensor] = field(default_factory=set)

    def name(self, record: Tensor) -> str | None:
        """The name of a record, its own or the one it stands for."""
        return record.name or self.alias.get(record)


def fold(graph: Graph, whole: bool = False, merge_named: bool = True) -> Folded:
    """Fold a graph to boxes.

    Parameters
    ----------
    graph : Graph
        Any recording.
    whole : bool
        A box for every record, as the view of all operations wants it.
    merge_named : bool
        Whether a named pre-activation joins the box of what it is the only input of.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, tanh
    >>> W = Parameter([[0.5]], "W")
    >>> [box.record.label for box in fold(name(tanh(W * 2 + 1), "a").graph).boxes]
    ['W', 'a']
    """
    uses = graph.consumers()
    scopes, alias = _inherited(graph, uses)
    shared = _shared(graph, uses, scopes)
    skipped = {r for r in graph if is_literal(r) and uses[r]} | set(shared)
    skipped |= _uniform(graph, uses, scopes, set(alias))
    into = {} if whole else _targets(graph, uses, scopes, skipped, merge_named)
    home: dict[Tensor, Box] = {}
    boxes: list[Box] = []
    for record in reversed(graph.records):
        if record in skipped:
            continue
        if record in into:
            home[record] = home[into[record]]
            home[record].records.append(record)
        else:
            home[record] = Box(record, [record], scopes[record])
            boxes.append(home[record])
    boxes.reverse()
    for box in boxes:
        box.records.reverse()
    _set_keys(boxes, home, alias)
    edges: dict[tuple[Box, Box], list[Use]] = {}
    shared_uses: list[Use] = []
    for record in graph:
        if record not in home:
            continue
        for i, x in enumerate(record.inputs):
            if x in shared:
                shared_uses.append((x, record, i))
                if not any(x is known for known in home[record].parameters):
                    home[record].parameters.append(x)
            elif x in home and home[x] is not home[record]:
                edges.setdefault((home[x], home[record]), []).append((x, record, i))
    names = {leaf: successor.name for leaf, successor in alias.items() if successor.name is not None}
    return Folded(graph, boxes, home, edges, list(shared), shared_uses, names, set(alias))


def _inherited(
    graph: Graph, uses: dict[Tensor, list[tuple[Tensor, int]]]
) -> tuple[dict[Tensor, Scope], dict[Tensor, Tensor]]:
    """The place of each record; an untimed leaf that only one step uses belongs to that step.

    Where in other steps the step before stands in its place, the leaf is an initial state: it
    belongs to the step before, and answers to the name of what follows it: the second answer.
    """
    scopes = dict(graph.scopes)
    alias: dict[Tensor, Tensor] = {}
    carried: dict[Hashable, Tensor] = {}
    for record in graph:
        for i, x in enumerate(record.inputs):
            here, there = scopes[record].time, scopes[x].time if x in scopes else None
            if here is not None and there is not None and there < here:
                carried[_slot(record, i)] = x
    for leaf in graph.leaves:
        if scopes[leaf].time is not None or leaf.requires_grad:
            continue
        users = uses[leaf]
        times = {scopes[user].time for user, _ in users}
        if len(times) == 1 and (time := times.pop()) is not None:
            slots = [_slot(user, i) for user, i in users]
            follows = [slot for slot in slots if slot in carried]
            scopes[leaf] = replace(scopes[users[0][0]], time=time - 1 if follows else time, part=None)
            if leaf.name is None and follows:
                alias[leaf] = carried[follows[0]]
    return scopes, alias


def _slot(user: Tensor, position: int) -> Hashable:
    """An input of an operation at a place in the program: the same in every step."""
    return user._code, user._offset, user.operation, position


def _uniform(
    graph: Graph,
    uses: dict[Tensor, list[tuple[Tensor, int]]],
    scopes: dict[Tensor, Scope],
    initial: set[Tensor],
) -> set[Tensor]:
    """Nameless constant arrays of one repeated number, which formulas write as that number.

    Only where every step has one: an input that happens to be all zeros in one step stays a box.
    """
    found: set[Tensor] = set()
    mixed: set[Hashable] = set()
    for leaf in graph.leaves:
        if leaf.name is None and not leaf.requires_grad and uses[leaf] and leaf not in initial:
            if leaf.size and (leaf._value == leaf._value.flat[0]).all():
                found.add(leaf)
            else:
                mixed |= {_slot(user, i) for user, i in uses[leaf]}
    return {leaf for leaf in found if not any(_slot(user, i) in mixed for user, i in uses[leaf])}


def _shared(
    graph: Graph, uses: dict[Tensor, list[tuple[Tensor, int]]], scopes: dict[Tensor, Scope]
) -> dict[Tensor, None]:
    """Untimed records, made of untimed ones only, that the steps share, in order; none in a graph without steps."""
    if all(scopes[record].time is None for record in graph):
        return {}
    source: set[Tensor] = set()
    for record in graph:
        if scopes[record].time is None and all(x in source for x in record.inputs):
            source.add(record)
    found: dict[Tensor, None] = {}
    outputs = set(graph.outputs)
    for record in graph:
        if record not in source or is_literal(record) or record in outputs:
            continue
        steps = {scopes[user].time for user, _ in uses[record]}
        if record.requires_grad or len(steps - {None}) > 1:
            found[record] = None
    for record in reversed(graph.records):  # what only shared records are made of is shared with them
        if record in source and uses[record] and not is_literal(record) and all(u in found for u, _ in uses[record]):
            found[record] = None
    return dict.fromkeys(sorted(found, key=lambda record: record.index))


def _targets(
    graph: Graph,
    uses: dict[Tensor, list[tuple[Tensor, int]]],
    scopes: dict[Tensor, Scope],
    skipped: set[Tensor],
    merge_named: bool,
) -> dict[Tensor, Tensor]:
    """For each record that folds, the record whose box it folds into; equal steps are folded equally."""
    sites = _sites(graph, scopes)
    kept: set[Hashable] = set()
    while True:
        into = _targets_but(graph, uses, scopes, skipped, merge_named, {r for r, site in sites.items() if site in kept})
        apart = {sites[r] for r in sites if r not in into and r not in skipped and r.name is None}
        apart &= {sites[r] for r in into if r in sites}
        if not apart:
            return into
        kept |= apart


def _sites(graph: Graph, scopes: dict[Tensor, Scope]) -> dict[Tensor, Hashable]:
    """For each timed nameless result: its place in the program, and how many of that place its step has had."""
    counts: dict[Hashable, int] = {}
    sites: dict[Tensor, Hashable] = {}
    for record in graph:
        time = scopes[record].time
        if record.operation is not None and record.name is None and time is not None:
            site = (record._code, record._offset, record.operation)
            counts[site, time] = counts.get((site, time), 0) + 1
            sites[record] = (site, counts[site, time])
    return sites


def _targets_but(
    graph: Graph,
    uses: dict[Tensor, list[tuple[Tensor, int]]],
    scopes: dict[Tensor, Scope],
    skipped: set[Tensor],
    merge_named: bool,
    kept: set[Tensor],
) -> dict[Tensor, Tensor]:
    """What folds into what, but for records of `kept`."""
    outputs = set(graph.outputs)
    kept_groups = _groups_kept(graph, uses, scopes, outputs)
    into: dict[Tensor, Tensor] = {}
    head: dict[Tensor, Tensor] = {}
    for record in reversed(graph.records):
        head[record] = record
        if record in skipped or record in outputs or record in kept or record.operation is None:
            continue
        if record.name is not None and (not merge_named or _group(record, scopes) in kept_groups):
            continue
        heads = {head[user] for user, _ in uses[record]}
        if len(heads) == 1:
            (target,) = heads
            if scopes[target].place == scopes[record].place:
                head[record] = into[record] = target
    return into


def _group(record: Tensor, scopes: dict[Tensor, Scope]) -> Hashable:
    return record.name, scopes[record].layer, scopes[record].direction


def _groups_kept(
    graph: Graph,
    uses: dict[Tensor, list[tuple[Tensor, int]]],
    scopes: dict[Tensor, Scope],
    outputs: set[Tensor],
) -> set[Hashable]:
    """Names that keep a box: all but pre-activations, which one named record uses, alone, in the same step.

    A name is decided upon once for all steps, so that equal steps are folded equally.
    """
    kept = set()
    for record in graph:
        if record.name is None or record.operation is None:
            continue
        users = {user for user, _ in uses[record]}
        user = users.pop() if len(users) == 1 else None
        if (
            user is None
            or record in outputs
            or user.name is None
            or len(user.inputs) != 1
            or user.shape != record.shape
            or scopes[user].place != scopes[record].place
        ):
            kept.add(_group(record, scopes))
    return kept


def _set_keys(boxes: list[Box], home: dict[Tensor, Box], alias: dict[Tensor, Tensor]) -> None:
    """Number boxes of one kind within their step: the k-th ``Gamma_f`` of any step is the same key.

    An initial state has the key of the state that takes its place.
    """
    counts: dict[Hashable, int] = {}
    for box in boxes:
        record = box.record
        kind = record.name or (record.operation.name if record.operation else "leaf")
        base = (box.scope.layer, box.scope.direction, bool(record.name), kind)
        place = (base, box.time)
        counts[place] = counts.get(place, 0) + 1
        box.key = (*base, counts[place]) if box.time is not None else ("untimed", len(counts), *base, counts[place])
    taken: set[Hashable] = set()
    for leaf, successor in alias.items():
        if leaf in home and successor in home and (home[leaf].time, home[successor].key) not in taken:
            home[leaf].key = home[successor].key
            taken.add((home[leaf].time, home[leaf].key))
