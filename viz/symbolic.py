"""One step for all: the rolled view, a cell with its loop, and the cell view, the inside of one step.

Both speak of step t. Which boxes make up a cell is read off the graph: those that reach
themselves through time. A sequence of several phases (an encoder, then a decoder) has a
step for each.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import networkx

from autograd_seq import Tensor
from viz.boxes import Box, Folded, Use
from viz.builder import LONG_FORMULA, Builder, Options
from viz.lettering import Run, name_runs, words_of_ours
from viz.scene import Column, Edge, Layout, Node
from viz.unrolled import Unrolled, step_of_boxes

Key = Hashable


@dataclass(slots=True)
class Pattern:
    """What repeats: for every key one box, its step in letters, and the edges between keys.

    Attributes
    ----------
    boxes : dict of key to Box
        The box that stands for all of its key.
    letter : dict of key to (int, str)
        The step of that box and how it is written: ``t``, or ``T`` for what only the last step has.
    phase : dict of key to int
        Which phase of the sequence a key belongs to.
    inside : dict of (key, key) to uses
        Edges within a step.
    across : dict of (key, key, steps) to uses
        Edges between steps, and how many steps further they lead.
    """

    boxes: dict[Key, Box] = field(default_factory=dict)
    letter: dict[Key, tuple[int, str]] = field(default_factory=dict)
    phase: dict[Key, int] = field(default_factory=dict)
    inside: dict[tuple[Key, Key], list[Use]] = field(default_factory=dict)
    across: dict[tuple[Key, Key, int], list[Use]] = field(default_factory=dict)


def pattern(folded: Folded) -> Pattern:
    """Read off a folded graph what repeats in its steps."""
    times = step_of_boxes(folded.boxes, list(folded.edges))
    found = Pattern()
    made = [time for box, time in times.items() if time is not None and not box.leaf]
    first, last = (max(min(made), min(1, max(made))), max(made)) if made else (1, 0)
    members: dict[Key, dict[int, Box]] = {}
    for box, time in times.items():
        if time is not None and first <= time <= last:
            members.setdefault(box.key, {})[time] = box
    phases = _phases({key: set(boxes) for key, boxes in members.items()})
    span = {p: sorted(set().union(*(members[k] for k in members if phases[k] == p))) for p in set(phases.values())}
    for key, boxes in members.items():
        steps = span[phases[key]]
        middle = steps[min(1, len(steps) - 1)]
        time = middle if middle in boxes else max(boxes)
        found.boxes[key] = boxes[time]
        alone = len(boxes) == 1 and len(steps) > 1
        found.letter[key] = (time, "T" if alone and time == steps[-1] else "1" if alone and time == steps[0] else "t")
    found.phase = phases
    for (u, v), uses in folded.edges.items():
        s, t = times[u], times[v]
        if s is None or t is None or not first <= s <= last or not first <= t <= last:
            continue
        if s == t:
            found.inside.setdefault((u.key, v.key), []).extend(uses)
        else:
            far = t - s if phases[u.key] == phases[v.key] else 0
            found.across.setdefault((u.key, v.key, far), []).extend(uses)
    return found


def _phases(steps: dict[Key, set[int]]) -> dict[Key, int]:
    """Keys whose steps overlap belong to one phase; phases are counted in the order of time."""
    runs: list[set[int]] = []
    for times in steps.values():
        touching = [run for run in runs if run & times]
        runs = [run for run in runs if not run & times] + [times.union(*touching)]
    runs.sort(key=min)
    return {key: next(i for i, run in enumerate(runs) if run & times) for key, times in steps.items()}


class _Symbolic(Builder):
    """What the rolled and the cell view share: names with ⟨t⟩ above them."""

    longest = LONG_FORMULA

    def __init__(self, folded: Folded, options: Options) -> None:
        super().__init__(folded, options)
        self.pattern = pattern(folded)
        self.times = step_of_boxes(folded.boxes, list(folded.edges))

    def speak_of(self, key: Key) -> None:
        """Write steps as this key's box sees them: t, t−1."""
        base, letter = self.pattern.letter[key]

        def step(time: int) -> str:
            if letter == "1":
                return str(time)
            far = time - base
            return letter if not far else f"{letter}{'+' if far > 0 else '−'}{abs(far)}"

        self.writer.step = step

    def speak_plainly(self) -> None:
        """Write steps as numbers."""
        self.writer.step = None

    def above(self) -> list[Box]:
        """The boxes that stand above all steps."""
        return [box for box in self.folded.boxes if self.times[box] is None]

    def state_keys(self) -> dict[Key, None]:
        """Keys that pass something to another step."""
        return dict.fromkeys(u for u, _, far in self.pattern.across if far)

    def join_above(self, of_key: dict[Key, Node]) -> None:
        """Edges to what stands above: one for all steps."""
        for (u, v), uses in self.folded.edges.items():
            if self.times[v] is None:
                source = self.node_of.get(u) if self.times[u] is None else of_key.get(u.key)
                if source is not None:
                    self.join(source, self.node_of[v], "forward", uses)


class Rolled(_Symbolic):
    """The cell with its loop: boxes that reach themselves through time are drawn as one."""

    def draft(self) -> Layout:
        """Everything, placed; a graph without steps has nothing to roll up and is drawn as it is."""
        self.start()
        if not self.pattern.boxes:
            layout = Unrolled(self.folded, self.options).build()
            layout.notes.append("nothing repeats: there are no time steps to roll up")
            return layout
        of_key = self._nodes()
        for box in self.above():
            self.speak_plainly()
            self.add(box, None, self.kind(box))
        for (a, b), uses in self.pattern.inside.items():
            self.join(of_key[a], of_key[b], "forward", uses)
        loops: dict[Node, dict[tuple[Key, int], None]] = {}
        for (a, b, far), uses in self.pattern.across.items():
            source, target = of_key[a], of_key[b]
            if source is target:
                loops.setdefault(source, {})[a, far] = None
            else:
                self.join(source, target, "recurrent", uses)
        for node, states in loops.items():
            edge = self.loop(node, states)
            edge.uses = [
                use
                for (a, b, _), uses in self.pattern.across.items()
                if of_key[a] is node and of_key[b] is node
                for use in uses
            ]
        self.join_above(of_key)
        phases = max(self.pattern.phase.values()) + 1
        return self.finish([Column(None, self._label(p)) for p in range(phases)])

    def _label(self, phase: int) -> str:
        boxes = [box for box in self.times if self.pattern.phase.get(box.key) == phase]
        made = [box for box in boxes if not box.leaf] or boxes
        times = {time for box in made if (time := self.times[box]) is not None}
        first, last = min(times), max(times)
        return f"t = {first} … {last}" if last > first else f"t = {first}"

    def _nodes(self) -> dict[Key, Node]:
        """A node for every cell and for every box outside one."""
        web = networkx.DiGraph()
        web.add_nodes_from(self.pattern.boxes)
        web.add_edges_from(self.pattern.inside)
        web.add_edges_from((a, b) for a, b, far in self.pattern.across if far)
        order = {key: i for i, key in enumerate(self.pattern.boxes)}
        groups = [sorted(group, key=order.__getitem__) for group in networkx.strongly_connected_components(web)]
        of_key: dict[Key, Node] = {}
        for group in sorted(groups, key=lambda g: order[g[0]]):
            key = group[-1] if len(group) > 1 else group[0]
            self.speak_of(key)
            box = self.pattern.boxes[key]
            repeats = len(group) > 1 or any(a == key == b for a, b, _ in self.pattern.across)
            node = self.add(box, self.pattern.phase[key], "state" if repeats else self.kind(box))
            if len(group) > 1:
                self._as_cell(node, group)
            node.records = tuple(
                record for box, time in self.times.items()
                if box.key in set(group) and time is not None and time > 0 for record in box.records
            )  # fmt: skip
            of_key |= dict.fromkeys(group, node)
        return of_key

    def _as_cell(self, node: Node, group: list[Key]) -> None:
        """A cell's box: its states, what else has a name in it, its parameters."""
        states = [key for key in self.state_keys() if key in group]
        title: list[Run] = []
        for key in states:
            title += [Run(", ")] * bool(title) + self.writer.title(self.pattern.boxes[key])
        inner = [self.pattern.boxes[key] for key in group if key not in states]
        names: list[Run] = []
        for box in inner:
            if box.record.name is not None:
                names += [Run("  ")] * bool(names) + name_runs(box.record.name)
        chips: dict[Tensor, None] = {}
        for key in group:
            chips |= dict.fromkeys(self.pattern.boxes[key].parameters)
        node.lines = [self.line(title, self.size.cell)]
        if names:
            dim = [Run(r.text, r.script, r.bold, True) for r in names]
            node.lines.append(self.line(dim, self.size.nameless if self.size.width else 9.0))
        colored = list(chips)
        for row in range(0, len(colored), 4):
            runs: list[Run] = []
            for record in colored[row : row + 4]:
                runs += [Run("  ")] * bool(runs) + self.writer.name(record)
            node.lines.append(self.line(runs, self.size.nameless))
        self.measure(node)
        node.width, node.height = max(node.width, 120.0), node.height + 14.0

    def loop(self, node: Node, states: dict[tuple[Key, int], None]) -> Edge:
        """The arrow from a cell back to itself, with the states that it carries."""
        words = []
        for key, far in states:
            base = self.pattern.letter[key][0]
            self.speak_of(key)
            step = self.writer.step(base - far) if self.writer.step else ""
            record = self.pattern.boxes[key].record
            runs = name_runs(record.name, self.pattern.boxes[key].scope, step) if record.name else [Run(f"⟨{step}⟩")]
            words.append("".join(run.text if run.script >= 0 else "_" + run.text for run in runs))
        edge = Edge(f"e{len(self.edges)}", node, node, "recurrent", width=1.8, label=", ".join(words))
        edge.label_width = self.line((Run(edge.label),), self.size.label).width
        self.edges[node, node] = edge
        return edge


class OneStep(_Symbolic):
    """The inside of one step: what comes from the step before on its left, what it passes on to its right."""

    def draft(self) -> Layout:
        """Everything, placed; a graph without steps is drawn as it is."""
        self.start()
        if not self.pattern.boxes:
            return Unrolled(self.folded, self.options).build()
        phases = sorted(set(self.pattern.phase.values()))
        columns = [Column(None, "", i % 3 != 1) for i in range(3 * len(phases))]
        of_key: dict[Key, Node] = {}
        states = self.state_keys()
        for key, box in self.pattern.boxes.items():
            self.speak_of(key)
            column = 3 * self.pattern.phase[key] + 1
            columns[column].label = "step t"
            of_key[key] = self.add(box, column, "state" if key in states else self.kind(box))
        for (a, b), uses in self.pattern.inside.items():
            if self.pattern.phase[a] == self.pattern.phase[b]:
                self.join(of_key[a], of_key[b], "forward", uses)
        self._part_ways(of_key)
        self._ports(of_key)
        return self.finish(columns)

    def _part_ways(self, of_key: dict[Key, Node]) -> None:
        """What goes back through the steps stands above what goes forth: each has its own line for what it is given."""
        ways: dict[Key, set[bool]] = {}
        for a, b, far in self.pattern.across:
            if far and self.pattern.phase[a] == self.pattern.phase[b]:
                ways.setdefault(a, set()).add(far > 0)
        web = networkx.DiGraph(list(self.pattern.inside))
        web.add_nodes_from(self.pattern.boxes)
        for back in (key for key, way in ways.items() if way == {False}):
            phase, linked = self.pattern.phase[back], networkx.ancestors(web, back) | networkx.descendants(web, back)
            forth = [key for key, way in ways.items() if way == {True} and self.pattern.phase[key] == phase]
            of_key[back].over = next((key for key in forth if key not in linked), None)

    def _ports(self, of_key: dict[Key, Node]) -> None:
        """What arrives from other steps and leaves for them, as names at the side."""
        ports: dict[Key, Node] = {}
        for (a, b, far), uses in self.pattern.across.items():
            forward = far >= 0
            self.speak_of(b)
            base = self.pattern.letter[b][0]
            arriving = 3 * self.pattern.phase[b] + (0 if forward else 2)
            record = uses[0][0]
            step = self.writer.step(base - far) if self.writer.step and far else None
            words = self._named(record, step)
            key = ("in", a, far, arriving)
            if key not in ports:
                ports[key] = self.add_words("port", a, arriving, words, [self.pattern.boxes[a]] if not far else [])
            self.join(ports[key], of_key[b], "recurrent", uses)
            if not far:
                continue
            leaving = 3 * self.pattern.phase[a] + (2 if forward else 0)
            way_out = ("out", a, leaving)
            if way_out not in ports:
                words = words_of_ours("step t" + ("+1" if forward else "−1"))
                ports[way_out] = self.add_words("port", ("out", a), leaving, words, [])
                ports[way_out].beside = a
            self.join(of_key[a], ports[way_out], "recurrent", uses)

    def _named(self, record: Tensor, step: str | None) -> list[Run]:
        """What passes between steps; without a letter for its step, with its number; never after an operation."""
        box = self.folded.home[record]
        if record.name is None:
            return [Run("·"), Run(f"⟨{step or box.time}⟩", 1)]  # as in formulas
        return name_runs(self.folded.name(record) or record.name, box.scope, step, bold=True)
