"""The true pass as it is written by hand where a loss is of probabilities: not through 1 / ŷ, but ŷ − Y at once.

With ŷ = softmax(z) and a cross-entropy, as with ŷ = σ(z) and a binary one, the adjoint of z is ŷ − Y times a number.
Nobody who writes that has a line for the adjoint of ŷ, so neither may what is said of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.truth import Truth, _Several
from autograd_seq.operations.pairs import PAIRS

PROBABILITIES = {inner for _, inner in PAIRS}  # the functions of scores that losses are taken of
NEAR = 1e-9  # relative to the largest
MOST_COUNT = 1_000_000  # that a mean could divide by
MOST_KEPT = 24  # true passes

_known: OrderedDict[int, tuple[Truth, ByScores | None]] = OrderedDict()


@dataclass(frozen=True)
class ByScores:
    """A true pass in the short form.

    Attributes
    ----------
    truth : Truth
        The same gradients, computed in another way.
    left_out : list of (str, ndarray)
        The adjoints of the probabilities, which this way does without, and what they are called.
    made : frozenset of str
        The names of targets for which the program has an index only: 1 at the right class, and 0 elsewhere.
    """

    truth: Truth
    left_out: list[tuple[str, Array]]
    made: frozenset[str]


def by_scores(truth: Truth) -> ByScores | None:
    """A true pass in the short form; None where it has no loss of probabilities."""
    if id(truth) not in _known:
        _known[id(truth)] = truth, _made(truth)  # which keeps the recording, so that no other gets its number
    _known.move_to_end(id(truth))
    while len(_known) > MOST_KEPT:
        _known.popitem(last=False)
    return _known[id(truth)][1]


@dataclass(frozen=True)
class _Loss:
    """A loss of probabilities: these, where what is made of nothing else ends, the targets, and the factor of ŷ − Y."""

    probabilities: Tensor
    end: Tensor
    targets: Tensor
    factor: float
    axis: int


def _made(truth: Truth) -> ByScores | None:
    losses = {loss.probabilities: loss for loss in _losses(truth)}
    if not losses:
        return None
    recording = _Short(truth, losses).run()
    adjoints = truth.recording.adjoints
    left_out = [(adjoints[p].name or "", adjoints[p]._value) for p in losses]
    known = {*truth.recording.forward}
    made = frozenset(loss.targets.name or "" for loss in losses.values() if loss.targets not in known)
    return ByScores(Truth(truth.inputs, truth.outputs, truth.seeds, _needed(recording, truth)), left_out, made)


def _needed(recording: Recording, truth: Truth) -> Recording:
    """A recording without the adjoints that nothing is computed from."""
    made = {*recording.backward, *truth.seeds.values()}
    leaves = set(truth.inputs.values())
    adjoints = {n: a for n, a in recording.adjoints.items() if a in made or n in leaves}
    emitted = {n: [r for r in found if r in made] for n, found in recording.emitted.items()}
    return Recording(recording.forward, recording.backward, adjoints, emitted, recording.pieces)


class _Short(_Several):
    """The reverse sweep in which the adjoint of scores is made from that of the loss."""

    def __init__(self, truth: Truth, losses: dict[Tensor, _Loss]) -> None:
        super().__init__({truth.outputs[key]: seed for key, seed in truth.seeds.items()})
        self._losses = losses

    def _step(self, node: Any, pieces: dict[Any, list[Any]]) -> None:
        super()._step(node, pieces)
        loss = self._losses.get(node)
        if loss is None:
            return
        given, sign = self.adjoints[loss.end], 1.0
        if algebra(given) == "negative":
            given, sign = given.inputs[0], -1.0
        piece, made = _short(loss, given, sign * loss.factor)
        pieces[node.inputs[0]] = [piece]
        self.pieces[node, 0] = piece
        self.emitted[node] = []
        self.emitted[loss.end] = [*self.emitted[loss.end], *made]


def _short(loss: _Loss, given: Any, factor: float) -> tuple[Any, list[Any]]:
    """(ŷ − Y) times what the loss is given, and the records that this takes."""
    p, y = loss.probabilities, loss.targets
    made = [p - y if factor > 0 else y - p]
    if given.ndim == p.ndim - 1 and given.ndim:
        given = np.expand_dims(given, loss.axis)
        made.append(given)
    made.append(made[0] * given)
    size = abs(factor)
    count = round(1 / size)
    if abs(size - 1) > NEAR:
        whole = 1 < count < MOST_COUNT and abs(count * size - 1) < NEAR
        made.append(made[-1] / float(count) if whole else made[-1] * size)
    return made[-1], made


# -- which losses are of probabilities ---------------------------------------------------------------------------


def _losses(truth: Truth) -> Iterator[_Loss]:
    forward, adjoints = truth.recording.forward, truth.recording.adjoints
    users: dict[Any, list[Any]] = {}
    sources: dict[Any, frozenset[Any]] = {}
    for r in forward:
        own = {r} if r.operation is None and r.requires_grad else set()
        sources[r] = frozenset(own).union(*(sources[x] for x in r.inputs))
        for x in r.inputs:
            users.setdefault(x, []).append(r)
    names = {r.name for r in forward} | set(truth.inputs)
    for p in forward:
        if p.operation not in PROBABILITIES or p not in adjoints or p.inputs[0] not in adjoints:
            continue
        inside, end = _inside(p, forward, sources, set(truth.outputs.values()))
        if end is None or end not in adjoints or users[p.inputs[0]] != [p]:
            continue
        for y in _targets(p, inside, "Y" if "Y" not in names else "one_hot"):
            factor = _factor(p, y, adjoints[end]._value, adjoints[p.inputs[0]]._value)
            if factor:
                yield _Loss(p, end, y, factor, p.settings.get("axis", 0))
                break


def _inside(p: Any, forward: Graph, sources: Any, outputs: set[Any]) -> tuple[set[Any], Any]:
    """What is made of probabilities and of nothing else that has to do with their scores, and where that ends."""
    inside: set[Any] = {p}
    ends: set[Any] = set()
    for r in forward:
        if inside.isdisjoint(r.inputs) or r is p:
            continue
        others = [x for x in r.inputs if x not in inside]
        if any(sources[x] & sources[p] for x in others):
            ends.update(x for x in r.inputs if x in inside)
        else:
            inside.add(r)
    ends.update(inside & outputs)
    return inside, ends.pop() if len(ends) == 1 and p not in ends else None


def _targets(p: Any, inside: set[Any], name: str) -> Iterator[Tensor]:
    """What could be the targets: an array of this shape that the loss is made with, or the classes that it picks."""
    for r in inside:
        for x in r.inputs:
            if x not in inside and x.shape == p.shape:
                yield x
        if algebra(r) == "part" and r.inputs[0] is p:
            chosen = np.zeros(p.shape)
            np.add.at(chosen, r.settings["index"], 1.0)
            targets = Tensor(chosen, name)
            targets.scope = p.scope
            yield targets


def _factor(p: Tensor, y: Tensor, given: Array, adjoint: Array) -> float:
    """The number that the adjoint of the scores is of ŷ − Y times what the loss is given; 0 if it is none."""
    away = p._value - y._value
    if given.ndim == p.ndim - 1 and given.ndim:
        given = np.expand_dims(given, p.settings.get("axis", 0))
    try:
        whole = np.broadcast_to(away * given, adjoint.shape)
    except ValueError:  # the loss is taken of other axes
        return 0.0
    size = float(np.sum(whole * whole))
    factor = float(np.sum(adjoint * whole)) / size if size else 0.0
    return factor if np.max(np.abs(adjoint - factor * whole)) < NEAR * np.max(np.abs(adjoint)) else 0.0
