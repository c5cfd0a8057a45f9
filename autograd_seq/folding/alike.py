"""Which records of a recording do the same at different steps, and to which step belongs what was given.

Tables, pictures and diagnosis ask this: they want every record, also of steps that are not alike enough for a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal, may_be_one
from autograd_seq.folding.nodes import of_graph, of_recording
from autograd_seq.folding.roles import give_roles
from autograd_seq.folding.steps import Uses, scopes
from autograd_seq.folding.uncollected import uncollected
from autograd_seq.folding.unit import Role


@dataclass(slots=True)
class Alike:
    """The records of a recording, told apart by what they do in their steps.

    Attributes
    ----------
    places : dict of Tensor to Scope
        As `scopes`; an input that one step alone uses belongs to that step, an initial state to the step before.
    roles : dict of Tensor to Role
        The same for records of different steps that do the same, and for the initial state that stands in for one.
    initial : dict of Tensor to Tensor
        From what is given in place of a record of the step before to a record that stands there at another step.
    again : dict of Tensor to Tensor
        From a plain array that is an initial state to where it was recorded last, if that was not here.
    """

    places: dict[Tensor, Scope]
    roles: dict[Tensor, Role] = field(default_factory=dict)
    initial: dict[Tensor, Tensor] = field(default_factory=dict)
    again: dict[Tensor, Tensor] = field(default_factory=dict)


@uncollected()
def alike(recording: Graph | Recording, places: Mapping[Tensor, Scope] | None = None) -> Alike:
    """Tell the records of one or both passes apart by what they do in their steps.

    Parameters
    ----------
    recording : Graph or Recording
        One pass, or a forward pass and its backward pass together.
    places : mapping of Tensor to Scope, optional
        Where the records of the forward pass are; as `scopes` finds if not given.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, tanh
    >>> W, a = Parameter([[0.5]], "W"), Tensor([[1.0]])
    >>> for _ in range(3):
    ...     a = tanh(W @ a)
    >>> found = alike(a.graph)
    >>> first, second = a.inputs[0].inputs[1].inputs[0].inputs[1], a
    >>> found.roles[first] == found.roles[second], found.places[first].time, found.places[second].time
    (True, 1, 3)
    """
    forward = recording.forward if isinstance(recording, Recording) else recording
    found = Alike(dict(scopes(forward) if places is None else places))
    if isinstance(recording, Recording):
        nodes = of_recording(recording, found.places)
    else:
        nodes = of_graph(recording, found.places)
    uses = forward.consumers()
    for leaf in forward.leaves:
        if found.places[leaf].time is None and not leaf.requires_grad:
            found.places[leaf] = _place_of_users(leaf, uses, found)
            nodes.forward[leaf].time = None if nodes.forward[leaf].literal else found.places[leaf].time
    give_roles(nodes.every)
    for record, node in (nodes.forward | nodes.backward).items():
        assert node.role is not None
        found.roles[record] = node.role
    _initial_states(forward, uses, found)
    return found


def _place_of_users(leaf: Tensor, uses: Uses, found: Alike) -> Scope:
    """Where the first record is that uses something given, if all that do belong to one step; else its own place."""
    users = [user for user, _ in uses[leaf]]
    times = {found.places[user].time for user in users}
    return replace(found.places[users[0]], part=None) if len(times) == 1 and None not in times else leaf.scope


def _initial_states(graph: Graph, uses: Uses, found: Alike) -> None:
    """Find what is given where, at other steps, something that a neighbouring step made is used."""
    places, roles = found.places, found.roles
    made = {(roles[record], places[record].time) for record in graph if record.operation is not None}
    carried: dict[tuple[Role, int], tuple[Tensor, int]] = {}  # by input: what is used there, and how much later it is
    for record in graph:
        here = places[record].time
        for i, x in enumerate(record.inputs):
            there = places[x].time if x in places and x.operation is not None else None
            if here is not None and there is not None and there != here:
                carried[roles[record], i] = x, there - here
    for leaf in graph.leaves:
        for user, i in uses[leaf]:
            state, shift = carried.get((roles[user], i), (None, 0))
            here = places[user].time
            if state is None or here is None or (roles[state], here + shift) in made or is_literal(leaf):
                continue
            found.initial[leaf], roles[leaf] = state, roles[state]
            if places[leaf] is not leaf.scope:
                places[leaf] = replace(places[leaf], time=here + shift)
            break
    _find_again(found)


def _find_again(found: Alike) -> None:
    """Find which initial states are one plain array of the user's, recorded at each of its uses."""
    known: dict[tuple[Role, Scope], list[Tensor]] = {}
    for leaf in reversed(found.initial):
        others = known.setdefault((found.roles[leaf], found.places[leaf]), [])
        same = next((other for other in others if may_be_one(leaf, other)), None)
        if same is None:
            others.append(leaf)
        else:
            found.again[leaf] = same
