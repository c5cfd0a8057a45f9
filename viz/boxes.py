"""Folding: which records of a graph share a box, from names and scopes alone.

A box stands for one named record and the unnamed ones that only it uses. What many steps
share (parameters, and what was made of parameters before the first step) is not a box but
a chip. No rule here knows a cell or an operation.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from autograd_seq import Graph, Tensor
from autograd_seq.core.scope import Scope
from autograd_seq.folding.alike import Alike, alike
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.unit import Role

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
    placeless : set of Tensor
        Initial states with a name of their own, such as a0, that says of itself where they stand.
    numbered : dict of Tensor to str
        For what the program calls as it calls something else of the same step, its name with a number: h_2.
    """

    graph: Graph
    boxes: list[Box]
    home: dict[Tensor, Box]
    edges: dict[tuple[Box, Box], list[Use]]
    shared: list[Tensor]
    shared_uses: list[Use]
    alias: dict[Tensor, str] = field(default_factory=dict)
    initial: set[Tensor] = field(default_factory=set)
    placeless: set[Tensor] = field(default_factory=set)
    numbered: dict[Tensor, str] = field(default_factory=dict)

    def name(self, record: Tensor) -> str | None:
        """The name of a record, its own or the one it stands for."""
        return self.numbered.get(record) or record.name or self.alias.get(record)


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
    found = alike(graph)
    scopes, roles = found.places, found.roles
    initial = {x: y for x, y in found.initial.items() if scopes[x].time is not None}
    alias = {x: y for x, y in initial.items() if x.name is None}
    shared = _shared(graph, uses, scopes)
    skipped = {r for r in graph if is_literal(r) and uses[r]} | set(shared)
    skipped |= _uniform(graph, uses, roles, set(alias))
    into = {} if whole else _targets(graph, uses, found, skipped, merge_named) | found.again
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
    _set_keys(boxes, home, found)
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
    numbered = _numbered(boxes)
    names = {leaf: numbered.get(state, state.name) for leaf, state in alias.items() if state.name is not None}
    placeless = {x for x, y in initial.items() if x.name not in (None, y.name) and x.scope.time is None}
    return Folded(graph, boxes, home, edges, list(shared), shared_uses, names, set(alias), placeless, numbered)


def _numbered(boxes: list[Box]) -> dict[Tensor, str]:
    """Numbers for different things of one step that the program gives one name, as equations have them."""
    keys: dict[Hashable, list[Hashable]] = {}
    found: dict[Tensor, str] = {}
    for box in boxes:
        called = box.record.name
        if called is None or box.leaf or box.record._name is not None or box.time is None:
            continue
        known = keys.setdefault((called, box.scope.layer, box.scope.direction), [])
        if box.key not in known:
            known.append(box.key)
        if (number := known.index(box.key) + 1) > 1:
            found[box.record] = f"{called}_{number}"
    return found


def _uniform(
    graph: Graph, uses: dict[Tensor, list[tuple[Tensor, int]]], roles: dict[Tensor, Role], initial: set[Tensor]
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
                mixed |= {(roles[user], i) for user, i in uses[leaf]}
    return {leaf for leaf in found if not any((roles[user], i) in mixed for user, i in uses[leaf])}


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
    found: Alike,
    skipped: set[Tensor],
    merge_named: bool,
) -> dict[Tensor, Tensor]:
    """For each record that folds, the record whose box it folds into; equal steps are folded equally."""
    roles = {r: role for r, role in found.roles.items() if r.operation is not None and r.name is None}
    kept: set[Role] = set()
    while True:
        into = _targets_but(graph, uses, found, skipped, merge_named, {r for r, role in roles.items() if role in kept})
        apart = {roles[r] for r in roles if r not in into and r not in skipped} & {roles[r] for r in into if r in roles}
        if not apart:
            return into
        kept |= apart


def _targets_but(
    graph: Graph,
    uses: dict[Tensor, list[tuple[Tensor, int]]],
    found: Alike,
    skipped: set[Tensor],
    merge_named: bool,
    kept: set[Tensor],
) -> dict[Tensor, Tensor]:
    """What folds into what, but for records of `kept`."""
    outputs, scopes = set(graph.outputs), found.places
    with_box = _named_with_box(graph, uses, found, outputs)
    into: dict[Tensor, Tensor] = {}
    head: dict[Tensor, Tensor] = {}
    for record in reversed(graph.records):
        head[record] = record
        if record in skipped or record in outputs or record in kept or record.operation is None:
            continue
        if record.name is not None and (not merge_named or found.roles[record] in with_box):
            continue
        heads = {head[user] for user, _ in uses[record]}
        if len(heads) == 1:
            (target,) = heads
            if scopes[target].place == scopes[record].place:
                head[record] = into[record] = target
    return into


def _named_with_box(
    graph: Graph, uses: dict[Tensor, list[tuple[Tensor, int]]], found: Alike, outputs: set[Tensor]
) -> set[Role]:
    """What keeps a box of all that has a name: all but pre-activations, which one named record uses, in the same step.

    It is decided upon once for all steps, so that equal steps are folded equally.
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
            or found.places[user].place != found.places[record].place
        ):
            kept.add(found.roles[record])
    return kept


def _set_keys(boxes: list[Box], home: dict[Tensor, Box], found: Alike) -> None:
    """Give equal boxes of different steps the same key: what the record that they are named after does.

    An initial state has the key of the state that takes its place; of several in one place, the first has it.
    """
    taken: set[Hashable] = set()
    for box in sorted(boxes, key=lambda box: box.record in found.initial):
        role = found.roles[box.record]
        alone = box.time is None or (box.time, role) in taken
        box.key = ("alone", box.record.index) if alone else role
        taken.add((box.time, role))
