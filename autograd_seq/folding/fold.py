"""Equal time steps folded into one: the recording as loops over time, with their boundary cases.

A `Family` is one operation at all the time steps at which it happens. A family's inputs
are other families at the same step, the step before or after, or records outside of
time. What is special about the first and the last step is kept apart as an `extension`:
what stands where a neighbour's member would be, such as a<0>, or nothing, which is zero.

Nothing here is guessed: a family is made only where every member fits, and whatever does
not fit stays a record of its own. Equations, source and whatever else wants loops
instead of T copies read this one form.

Examples
--------
>>> from autograd_seq import Parameter, Tensor, name, steps, tanh
>>> W, a = Parameter([[0.5]], "W"), Tensor([[1.0]], "a0")
>>> for t in steps(4):
...     a = name(tanh(W @ a), "a")
>>> folded = fold(a.graph)
>>> [len(block.units) for block in folded.loops], folded.loops[0].times
([2], [1, 2, 3, 4])
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.families import examine, infer_times, match_families, note_nothing, part
from autograd_seq.folding.folded import Block, Folded
from autograd_seq.folding.held import hold
from autograd_seq.folding.loops import Units
from autograd_seq.folding.nodes import Nodes, join_sums, of_graph, of_recording
from autograd_seq.folding.parts_by_step import split_by_step
from autograd_seq.folding.shorter import Gap, NotAlikeError, shortened
from autograd_seq.folding.stand_ins import stand_in
from autograd_seq.folding.step_index import StepIndex
from autograd_seq.folding.steps import scopes
from autograd_seq.folding.uncollected import uncollected
from autograd_seq.folding.unit import Family, Node, Ref, Unit, Use


@uncollected()
def fold(recording: Graph | Recording, held: bool = False) -> Folded:
    """Fold equal time steps.

    Parameters
    ----------
    recording : Graph or Recording
        One pass, or a forward pass and its backward pass together.
    held : bool
        Whether what one step made and many steps use is to be a unit of its own, of no step.

    Returns
    -------
    Folded
        Loops and straight code.
    """
    if isinstance(recording, Recording):
        nodes = of_recording(recording, scopes(recording.forward))
        split_by_step(nodes)
        join_sums(nodes, recording.forward.outputs)
        roots = _roots(nodes, recording)
    else:
        nodes = of_graph(recording, scopes(recording))
        join_sums(nodes, recording.outputs)
        roots = [nodes.forward[r] for r in recording.outputs]
    alive = _reachable(roots)
    infer_times(alive)
    if held:
        alive = sorted([*alive, *hold(alive)], key=attrgetter("order"))
    return _folded(nodes, alive, roots, _seeds(recording))


@uncollected()
def fold_both(forward: Graph) -> Folded:
    """Fold the forward pass of a scalar and its backward pass, of which only as much is made as is needed for that.

    What most of many steps do alike is looked at in some of them; the backward pass has the values of no program then.
    """
    short = shortened(forward)
    if short is not None:
        try:
            return _fold_short(*short)
        except NotAlikeError:
            pass
    return fold(differentiate(forward.outputs[0]))


def _fold_short(recording: Recording, gap: Gap) -> Folded:
    nodes = of_recording(recording, gap.places)
    gap.without_absent(nodes)
    split_by_step(nodes)
    join_sums(nodes, recording.forward.outputs, gap.absent)
    roots = _roots(nodes, recording)
    alive = _reachable(roots)
    infer_times(alive)
    gap.note(alive)
    folded = _folded(nodes, alive, roots, _seeds(recording))
    stand_in(folded, gap, alive)
    return folded


def _seeds(recording: Graph | Recording) -> frozenset[Tensor]:
    """The adjoints that a backward pass starts from."""
    if not isinstance(recording, Recording):
        return frozenset()
    return frozenset(recording.adjoints[r] for r in recording.forward.outputs if r in recording.adjoints)


def _roots(nodes: Nodes, recording: Recording) -> list[Node]:
    """What the forward pass is for, and the adjoints of what is given."""
    leaves = [nodes.forward[f] for f in recording.adjoints if not any(x.requires_grad for x in f.inputs)]
    outputs = [nodes.forward[r] for r in recording.forward.outputs]
    return outputs + [nodes.adjoints[leaf] for leaf in leaves if leaf in nodes.adjoints]


def _folded(nodes: Nodes, alive: list[Node], roots: list[Node], seeds: frozenset[Tensor]) -> Folded:
    """The loops that nodes can be computed in: with fewer families until all that are left fit."""
    families = match_families(alive)
    while True:
        for family in families:
            note_nothing(family)
        for family in families:
            examine(family)
        broken = [f for f in families if f.irregular]
        if not broken:
            graph = Units([*alive, *(node for family in families for node in family.together)], families, roots)
            broken = graph.not_loops()
            if not broken:
                blocks = graph.blocks()
                return Folded(blocks, nodes, graph.inputs, seeds)
        kept = {family for family in broken if family.misfits and part(family)}
        for family in broken:
            if family not in kept:
                for node in family.members.values():
                    node.family = None
        families = [f for f in families if f in kept or not (f.irregular or f in set(broken))]
        for family in families:
            family.uses, family.extension, family.together, family.again = [], {}, [], {}
            family.irregular, family.misfits, family.nothing = False, set(), set()


def _reachable(roots: Iterable[Node]) -> list[Node]:
    seen = set(roots)
    stack = list(seen)
    while stack:
        for x in stack.pop().inputs:
            if x not in seen:
                seen.add(x)
                stack.append(x)
    return sorted(seen, key=lambda node: node.order)


__all__ = ["Block", "Family", "Folded", "Ref", "StepIndex", "Unit", "Use", "fold", "fold_both"]
