"""Members of families at the steps that a short recording leaves out; all others get the step that they really have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.folded import Folded
from autograd_seq.folding.shorter import Gap, NotAlikeError
from autograd_seq.folding.step_index import at_step
from autograd_seq.folding.unit import Family, Node, Ref, Use

INDICES = {"index", "indices"}
BEFORE = 2  # steps between the gap and the node that stands for what was left out, so that it uses nothing behind it


def stand_in(folded: Folded, gap: Gap, alive: Iterable[Node]) -> None:
    """Turn the folding of a short recording into that of the whole one.

    What data give for a step that was left out gets a node of its own; for all else, that of another step stands there.

    Raises
    ------
    NotAlikeError
        If something at the edge of the gap was not folded with the same at other steps.
    """
    for node in alive:
        alone = node.family is None and node in folded.inputs
        if node.time == gap.last and (alone or (node.family and gap.last + 1 not in node.family.members)):
            raise NotAlikeError
    families = [unit for unit in folded.inputs if isinstance(unit, Family)]
    _count_in_whole(folded, families, gap)
    for family in sorted(families, key=lambda family: (family.any.owner is not None, family.order)):
        if family.times[0] <= gap.last < family.times[-1]:
            _fill(family, gap)
    for record, (time, _) in gap.turns.slots.items():
        if gap.is_left_out(time) and record.operation is not None:
            folded.left_out[record] = time
    for record, node in list(folded.nodes.forward.items()):
        if node.time == gap.last - BEFORE and record.operation is not None:
            slot = gap.turns.slots[record][1]
            for time in range(gap.last + 1, gap.last + gap.length + 1):
                folded.nodes.forward[gap.turns.steps[time][slot]] = node
    folded.turns = gap.length


def _count_in_whole(folded: Folded, families: list[Family], gap: Gap) -> None:
    """Give nodes the steps and the records that they have in the whole recording."""
    forward = {}
    for record, node in folded.nodes.forward.items():
        if record in gap.absent:
            continue
        forward[gap.whole[record]] = node
        if node.record is record:
            node.record = gap.whole[record]
    folded.nodes.forward = forward
    for node in [*folded.nodes.every, *(node for family in families for node in family.together)]:
        if node.time is not None:
            node.time = gap.real(node.time)
        node.left_out = 0
    for family in families:
        family.members = {gap.real(t): node for t, node in family.members.items()}
        family._times = []
        family.extension = {gap.real(t): _ref(ref, gap) for t, ref in family.extension.items()}
    for unit, uses in folded.inputs.items():
        folded.inputs[unit] = [Use(_ref(use.ref, gap), {gap.real(t) for t in use.times}) for use in uses]
        if isinstance(unit, Family):
            unit.uses = folded.inputs[unit]


def _ref(ref: Ref, gap: Gap) -> Ref:
    return ref if ref.at is None or ref.at <= gap.last else replace(ref, at=gap.real(ref.at))


def _fill(family: Family, gap: Gap) -> None:
    """Give a family members at the steps that were left out."""
    model = family.members[gap.last - BEFORE]
    times = range(gap.last + 1, gap.last + gap.length + 1)
    if model.owner is None and not model.total and (model.leaf or "index" in model.settings):
        own = {time: _of_record(model, time, gap) for time in times}
        for time in (*range(gap.last - BEFORE + 1, times[0]), *range(times[-1] + 1, times[-1] + 1 + BEFORE)):
            family.members[time].record = _record(model, time, gap)  # of data that two steps use, one may stand here
    elif model.picked:
        own = _picking(family, model, times)
    else:
        own = dict.fromkeys(times, model)
    family.members |= own


def _of_record(model: Node, time: int, gap: Gap) -> Node:
    """The node of what the forward pass has at a step in place of the model's record."""
    record, later = _record(model, time, gap), time - (model.time or 0)
    node = Node(record, model.operation, False, model.inputs, model.name, time, order=model.order, role=model.role)
    node.family, node.picked = model.family, tuple(_picked_at(x, later) for x in model.picked)
    return node


def _record(model: Node, time: int, gap: Gap) -> Tensor:
    """What the forward pass has at a step in place of the model's record."""
    if model.record not in gap.turns.slots or model.time is None:
        raise NotAlikeError
    there, place = gap.turns.slots[model.record]
    known: Any = gap.turns.given if isinstance(place, tuple) else gap.turns.steps
    try:
        record: Tensor = known[there + time - model.time][place]
    except (KeyError, IndexError):
        raise NotAlikeError from None
    return record


def _picking(family: Family, model: Node, times: range) -> dict[int, Node]:
    """Nodes of a backward pass that have the indices by which the forward pass picked."""
    settings, own = family.settings, {}
    for time in times:
        picked = tuple(_picked_at(x, time - model.time) for x in model.picked)  # type: ignore[operator]
        told = {key: at_step(value, time) if key not in INDICES else value for key, value in settings.items()}
        for key in INDICES & told.keys():
            parts = told[key] if key == "indices" else (told[key],)
            made = tuple(
                at_step(part, time) if x is None or x.family is None else x.settings["index"]
                for x, part in zip(picked, parts, strict=True)
            )
            told[key] = made if key == "indices" else made[0]
        own[time] = replace(model, time=time, told=told, picked=picked)
        own[time].family = family
    return own


def _picked_at(picked: Node | None, later: int) -> Node | None:
    """The forward node that does at a later step what another one does."""
    if picked is None or picked.family is None or picked.time is None:
        return picked
    return picked.family.members[picked.time + later]
