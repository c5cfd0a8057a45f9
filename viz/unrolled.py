"""The unrolled view: a column for every time step, what is untimed above them; also without any steps."""

from __future__ import annotations

from collections.abc import Hashable

from viz.boxes import Box
from viz.builder import SHOWN_STEPS, Builder
from viz.lettering import Run
from viz.scene import Column, Layout, Node

MOST_BOXES = 260  # in one column
MOST_ABOVE = 12  # above all columns, once there are more than twice as many
LEAST_STEPS = 3


class Unrolled(Builder):
    """Boxes in columns by time; a graph without time is one column."""

    def build(self) -> Layout:
        """Everything, placed; with fewer steps where all of them would be wider than can be read."""
        self.times = step_of_boxes(self.folded.boxes, list(self.folded.edges))
        self.steps = sorted({time for time in self.times.values() if time is not None})
        if not self.steps:
            return self._without_steps()
        made = {time for box, time in self.times.items() if time is not None and not box.leaf} or set(self.steps)
        self.first, self.last = max(min(made), min(1, max(made))), max(made)
        positive = [step for step in self.steps if self.first <= step <= self.last]
        layout = self._columns(*_elide(positive, self._fitting(positive)))
        while layout.width > self.options.widest and len(layout.columns) > LEAST_STEPS + 3:
            fitting = max(LEAST_STEPS, int(len(layout.columns) * self.options.widest / layout.width) - 2)
            layout = self._columns(*_elide(positive, fitting))
        return layout

    def _fitting(self, steps: list[int]) -> int | None:
        """How many steps to try: a drawing of a few tells how wide each will be."""
        if not self.options.all_steps:
            return SHOWN_STEPS
        if len(steps) <= 2 * SHOWN_STEPS:
            return None
        few = self._columns(*_elide(steps, SHOWN_STEPS))
        widest = max(column.right - column.left for column in few.columns) + 30.0
        fitting = int(self.options.widest / widest)
        return None if fitting >= len(steps) else max(fitting, SHOWN_STEPS + 1)

    def _columns(self, head: list[int], elided: list[int], tail: list[int]) -> Layout:
        """The drawing with the steps of `head` and `tail`, and one narrow column for those between."""
        self.nodes, self.node_of, self.edges, self.notes = [], {}, {}, []
        late = self._late()
        order: list[Hashable] = ["parameters"] * self.options.parameters
        early = {time for box, time in self.times.items() if time is not None and time < self.first and box not in late}
        order += sorted(early)
        order += [*head, *(["elided"] if elided else []), *tail]
        order += ["late"] * bool(late)
        place = {name: i for i, name in enumerate(order)}
        columns = [Column(None, "", True) for _ in order]
        for step in (*head, *tail):
            columns[place[step]] = Column(step, f"t = {step}")
        if elided:
            columns[place["elided"]].label = f"t = {elided[0]} … {elided[-1]}"
            self.notes.append(f"steps {elided[0]} to {elided[-1]} are not drawn one by one")
        hidden = set(elided)
        states = self._states()
        crowded = self._crowded()
        for box in self.folded.boxes:
            time = self.times[box]
            if time not in hidden and box not in crowded:
                column = None if time is None else place["late"] if box in late else place[time]
                self.add(box, column, "state" if box in states else self.kind(box))
        self._fold_crowd([box for box in self.folded.boxes if box in crowded and self.times[box] not in hidden], place)
        self._join_all(hidden, place.get("elided", 0))
        if self.options.parameters:
            self.add_parameters(0)
        return self.finish(columns)

    def _late(self) -> set[Box]:
        """Initial states of what runs from the last step to the first: they stand on the right."""
        after = {box for box, time in self.times.items() if time is not None and time > self.last}
        candidates = {
            box
            for box, time in self.times.items()
            if time is not None and time < self.first < self.last and box.scope.direction == "backward"
        }
        for u, v in self.folded.edges:
            if u in candidates and self.times[v] != self.last:
                candidates.discard(u)
        return candidates | after

    def _states(self) -> set[Box]:
        """Boxes of the keys that pass something from step to step."""
        keys = {
            u.key
            for u, v in self.folded.edges
            if (s := self.times[u]) is not None and (t := self.times[v]) is not None and s != t
        }
        return {box for box in self.folded.boxes if box.key in keys}

    def _crowded(self) -> set[Box]:
        """The oldest boxes of what is more than can be read: above all steps, and inside each."""
        above = [box for box, time in self.times.items() if time is None]
        crowded = set(above[:-MOST_ABOVE]) if len(above) > 2 * MOST_ABOVE else set()
        keys = list(dict.fromkeys(box.key for box, time in self.times.items() if time is not None))
        if len(keys) > MOST_BOXES:
            counts: dict[int | None, int] = {}
            for box in reversed(self.folded.boxes):
                time = self.times[box]
                counts[time] = counts.get(time, 0) + 1
                if time is not None and counts[time] > MOST_BOXES:
                    crowded.add(box)
        return crowded

    def _fold_crowd(self, boxes: list[Box], place: dict[Hashable, int]) -> None:
        """One box for the crowd of each column."""
        crowds: dict[int | None, list[Box]] = {}
        for box in boxes:
            time = self.times[box]
            crowds.setdefault(None if time is None else place[time], []).append(box)
        for column, crowd in crowds.items():
            count = sum(len(box.records) for box in crowd)
            node = self.add_words("fold", ("crowd",), column, [Run(f"{count} earlier records", dim=True)], crowd)
            self.node_of |= dict.fromkeys(crowd, node)
            where = "above the steps" if column is None else "of a step"
            self.notes.append(f"{count} records {where} are folded into one box")
        self.notes[3:] = ["…"] * (len(self.notes) > 3)

    def _join_all(self, hidden: set[int], column: int) -> None:
        """All edges; what comes from or goes to a step that is not drawn meets a stand-in of its row."""
        stand_ins: dict[Hashable, Node] = {}
        hidden_boxes: dict[Hashable, list[Box]] = {}
        for box, time in self.times.items():
            if time in hidden:
                hidden_boxes.setdefault(box.key, []).append(box)

        def stand_in(box: Box) -> Node:
            if box.key not in stand_ins:
                boxes = hidden_boxes.get(box.key, [])
                stand_ins[box.key] = self.add_words("fold", box.key, column, [Run("⋯", dim=True)], boxes)
            return stand_ins[box.key]

        for (u, v), uses in self.folded.edges.items():
            s, t = self.times[u], self.times[v]
            from_hidden, to_hidden = s in hidden, t in hidden
            if (from_hidden and to_hidden) or (s is None and to_hidden):
                continue
            kind = "recurrent" if s is not None and t is not None and s != t else "forward"
            source = stand_in(u) if from_hidden else self.node_of[u]
            target = stand_in(u) if to_hidden else self.node_of[v]
            self.join(source, target, kind, uses)

    def _without_steps(self) -> Layout:
        """One column; of too many boxes the oldest are folded into one."""
        boxes = self.folded.boxes
        kept = boxes[-MOST_BOXES:]
        for box in kept:
            self.add(box, 0, self.kind(box))
        if folded := boxes[: -len(kept)]:
            count = sum(len(box.records) for box in folded)
            node = self.add_words("fold", ("folded",), 0, [Run(f"{count} earlier records", dim=True)], folded)
            self.node_of |= dict.fromkeys(folded, node)
            self.notes.append(f"the {count} oldest of {len(self.folded.graph)} records are folded into one box")
        for (u, v), uses in self.folded.edges.items():
            self.join(self.node_of[u], self.node_of[v], "forward", uses)
        return self.finish([Column(None, "")])


def step_of_boxes(boxes: list[Box], edges: list[tuple[Box, Box]]) -> dict[Box, int | None]:
    """The step of each box: what is untimed but used by a step joins the latest step that it uses itself."""
    times: dict[Box, int | None] = {box: box.time for box in boxes}
    timed = [time for time in times.values() if time is not None]
    if not timed:
        return times
    before: dict[Box, list[Box]] = {}
    after: dict[Box, list[Box]] = {}
    for u, v in edges:
        before.setdefault(v, []).append(u)
        after.setdefault(u, []).append(v)
    leads: set[Box] = set()
    for box in reversed(boxes):
        if times[box] is None and any(times[v] is not None or v in leads for v in after.get(box, ())):
            leads.add(box)
    for box in boxes:
        if box in leads:
            known = [time for u in before.get(box, ()) if (time := times[u]) is not None]
            times[box] = max(known, default=min(min(timed), 0))
    return times


def _elide(steps: list[int], limit: int | None) -> tuple[list[int], list[int], list[int]]:
    """The steps before the gap, inside it and after it."""
    if limit is None or len(steps) <= limit:
        return steps, [], []
    if limit <= SHOWN_STEPS:
        return steps[:2], steps[2:-1], steps[-1:]
    half = limit // 2
    return steps[:half], steps[half:-half], steps[-half:]
