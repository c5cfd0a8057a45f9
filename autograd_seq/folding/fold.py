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

from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.families import examine, infer_times, match_families, note_nothing, part
from autograd_seq.folding.folded import Block, Folded
from autograd_seq.folding.loops import Units
from autograd_seq.folding.nodes import join_sums, of_graph, of_recording
from autograd_seq.folding.parts_by_step import split_by_step
from autograd_seq.folding.step_index import StepIndex
from autograd_seq.folding.steps import scopes
from autograd_seq.folding.uncollected import uncollected
from autograd_seq.folding.unit import Family, Node, Ref, Unit, Use


@uncollected()
def fold(recording: Graph | Recording) -> Folded:
    """Fold equal time steps.

    Parameters
    ----------
    recording : Graph or Recording
        One pass, or a forward pass and its backward pass together.

    Returns
    -------
    Folded
        Loops and straight code.
    """
    seeds: set[Tensor] = set()
    if isinstance(recording, Recording):
        seeds = {recording.adjoints[r] for r in recording.forward.outputs if r in recording.adjoints}
        nodes = of_recording(recording, scopes(recording.forward))
        split_by_step(nodes)
        join_sums(nodes, recording.forward.outputs)
        roots = [nodes.forward[r] for r in recording.forward.outputs]
        roots += [
            nodes.adjoints[nodes.forward[f]]
            for f in recording.adjoints
            if not any(x.requires_grad for x in f.inputs) and nodes.forward[f] in nodes.adjoints
        ]
    else:
        nodes = of_graph(recording, scopes(recording))
        join_sums(nodes, recording.outputs)
        roots = [nodes.forward[r] for r in recording.outputs]
    alive = _reachable(roots)
    infer_times(alive)
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
                return Folded(blocks, nodes, graph.inputs, frozenset(seeds))
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


__all__ = ["Block", "Family", "Folded", "Ref", "StepIndex", "Unit", "Use", "fold"]
