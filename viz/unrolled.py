"""The unrolled view: a column for every time step, what is untimed above them; also without any steps."""

from __future__ import annotations

from collections.abc import Hashable

from viz.boxes import Box
from viz.builder import Builder
from viz.lettering import Run, words_of_ours
from viz.rows import SHOWN_STEPS, asked_for, elided, gaps_between, in_rows, span, stacked
from viz.scene import Column, Layout, Node

MOST_BOXES = 260  # in one column
MOST_ABOVE = 12  # above all columns, once there are more than twice as many
LEAST_STEPS = 3


class Unrolled(Builder):
    """Boxes in columns by time; a graph without time is one column."""

    def draft(self) -> Layout:
        """Everything, placed; with fewer steps where all of them would be wider than can be read."""
        self.start()
        self.times = step_of_boxes(self.folded.boxes, list(self.folded.edges))
        self.steps = sorted({time for time in self.times.values() if time is not None})
        if not self.steps:
            return self._without_steps()
        made = {time for box, time in self.times.items() if time is not None and not box.leaf} or set(self.steps)
        self.first, self.last = max(min(made), min(1, max(made))), max(made)
        self.positive = [step for step in self.steps if self.first <= step <= self.last]
        self.asked = asked_for(self.positive, self.options.steps)
        shown = elided(self.asked, self._fitting(self.asked))
        self.most_bands = len(shown)
        if self.bands > 1:
            return stacked([self._row(part, i) for i, part in enumerate(in_rows(shown, self.bands))], self.size)
        layout = self._columns(shown)
        while layout.width > self.options.widest and len(layout.columns) > LEAST_STEPS + 3:
            fitting = max(LEAST_STEPS, int(len(layout.columns) * self.options.widest / layout.width) - 2)
            layout = self._columns(elided(shown, fitting))
        return layout

    def _fitting(self, steps: list[int]) -> int | None:
        """How many steps to try: a drawing of a few tells how wide each will be."""
        if not self.options.all_steps:
            return SHOWN_STEPS
        if len(steps) <= 2 * SHOWN_STEPS:
            return None
        few = self._columns(elided(steps, SHOWN_STEPS))
        widest = max(column.right - column.left for column in few.columns) + 30.0
        fitting = int(self.options.widest / widest)
        return None if fitting >= len(steps) else max(fitting, SHOWN_STEPS + 1)

    def _columns(self, shown: list[int]) -> Layout:
        """The drawing with some steps, and one narrow column for those between."""
        return self.finish(self._filled(shown, None))

    def _row(self, shown: list[int], row: int) -> Layout:
        """One of several rows of steps; what stands above all steps stands above the first."""
        return self.placed(self._filled(shown, row))

    def _filled(self, shown: list[int], row: int | None) -> list[Column]:
        """Boxes and arrows of some steps, and the columns that they stand in."""
        self.start()
        late = self._late()
        gaps = gaps_between(self.positive, shown)
        self.gap_of = {step: i for i, gap in enumerate(gaps) for step in gap}
        early = {time for box, time in self.times.items() if time is not None and time < self.first and box not in late}
        if before := [i for i, gap in enumerate(gaps) if gap[0] < shown[0]]:
            self.gap_of |= dict.fromkeys(early, before[0])
            early = set()
        after = [i for i, gap in enumerate(gaps) if gap[0] > shown[-1]]
        self.ends = {*before, *after}
        self.late = dict.fromkeys(late, after[0] if after else None)
        columns: list[Column] = []
        place: dict[Hashable, int] = {}

        def add(key: Hashable, column: Column) -> None:
            place[key] = len(columns)
            columns.append(column)

        if self.options.parameters:
            add("parameters", Column(None, "", True))
        for step in sorted(early):
            add(step, Column(None, "", True))
        for i in before:
            add(("gap", i), Column(None, "", True))
        for step in shown:
            add(step, Column(step, f"t = {step}"))
            for i, gap in enumerate(gaps):
                if gap[0] > step and i not in after and not any(step < other < gap[0] for other in shown):
                    add(("gap", i), Column(None, f"t = {gap[0]} … {gap[-1]}", True))
        for i in after:
            add(("gap", i), Column(None, "", True))
        if late and not after:
            add("late", Column(None, "", True))
        self._say_what_is_hidden(gaps, row)
        self._fill(place, row)
        return columns

    def _say_what_is_hidden(self, gaps: list[list[int]], row: int | None) -> None:
        for i, gap in enumerate(gaps):
            if i not in self.ends:
                self.notes.append(f"steps {gap[0]} to {gap[-1]} are not drawn one by one")
        if self.options.steps is not None and not row and self.ends:
            self.notes.append(f"drawn: {span(self.asked)} of steps {span(self.positive)}")

    def _fill(self, place: dict[Hashable, int], row: int | None) -> None:
        """Boxes in their columns, and the arrows between them."""
        states = self._states()
        crowded = self._crowded()
        self.hidden = {box: self._hidden(box) for box in self.folded.boxes}
        shown = [b for b in self.folded.boxes if self.hidden[b] is None and (self.times[b] is not None or not row)]
        for box in shown:
            time = self.times[box]
            if box not in crowded:
                column = None if time is None else place["late"] if box in self.late else place[time]
                self.add(box, column, "state" if box in states else self.kind(box))
        self._fold_crowd([box for box in shown if box in crowded], place)
        self._join_all(place, row)
        if self.options.parameters:
            self.add_parameters(0)

    def _hidden(self, box: Box) -> int | None:
        """The gap that a box is in; None if it is drawn."""
        time = self.times[box]
        if box in self.late:
            return self.late[box]
        return None if time is None else self.gap_of.get(time)

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
            node = self.add_words("fold", ("crowd",), column, words_of_ours(f"{count} earlier records"), crowd)
            self.node_of |= dict.fromkeys(crowd, node)
            where = "above the steps" if column is None else "of a step"
            self.notes.append(f"{count} records {where} are folded into one box")
        self.notes[3:] = ["…"] * (len(self.notes) > 3)

    def _join_all(self, place: dict[Hashable, int], row: int | None) -> None:
        """All edges; what comes from or goes to a step that is not drawn meets a stand-in of its row."""
        self.stand_ins: dict[Hashable, Node] = {}
        self.place = place
        self.arriving: dict[tuple[int, Hashable], dict[Box, None]] = {}
        for u, v in self.folded.edges:
            if (gap := self.hidden[u]) is not None and self.hidden[v] is None:
                self.arriving.setdefault((gap, u.key), {})[u] = None
        for (u, v), uses in self.folded.edges.items():
            s, t = self.times[u], self.times[v]
            gone, going = self.hidden[u], self.hidden[v]
            if (gone is not None and (going is not None or (row is not None and t is None))) or (
                s is None and (going is not None or row)
            ):
                continue
            kind = "recurrent" if s is not None and t is not None and s != t else "forward"
            source = self.node_of[u] if gone is None else self._arrives(u, gone)
            if going is not None:
                target = self._leaves(u, v, going)
            else:
                target = self._roof(v) if row and t is None else self.node_of[v]
            self.join(source, target, kind, uses)

    def _stand_in(self, key: Hashable, column: int | None, kind: str, node_key: Hashable, words: list[Run]) -> Node:
        if key not in self.stand_ins:
            boxes = [b for b, gap in self.hidden.items() if ("gap", gap, b.key) == key] if kind == "fold" else []
            self.stand_ins[key] = self.add_words(kind, node_key, column, words, boxes)
        return self.stand_ins[key]

    def _arrives(self, box: Box, gap: int) -> Node:
        """What comes out of a gap: by its name, where the gap is at one end and it is one thing."""
        column = self.place["gap", gap]
        if gap not in self.ends or len(self.arriving[gap, box.key]) > 1:
            return self._stand_in(("gap", gap, box.key), column, "fold", box.key, [Run("⋯", dim=True)])
        return self._stand_in(("in", gap, box.key), column, "port", box.key, self.title(box))

    def _leaves(self, box: Box, user: Box, gap: int) -> Node:
        """Where something goes that a gap uses: at one end, the step that uses it."""
        column = self.place["gap", gap]
        if gap not in self.ends:
            return self._stand_in(("gap", gap, box.key), column, "fold", box.key, [Run("⋯", dim=True)])
        words = words_of_ours(f"step {self.times[user]}")
        node = self._stand_in(("out", gap, box.key), column, "port", ("out", box.key), words)
        node.beside = box.key
        return node

    def _roof(self, box: Box) -> Node:
        """What stands above the first row of steps, by its name, above another row."""
        return self._stand_in(("roof", box.key), None, "port", ("roof", box.key), self.title(box))

    def _without_steps(self) -> Layout:
        """One column; of too many boxes the oldest are folded into one."""
        boxes = self.folded.boxes
        kept = boxes[-MOST_BOXES:]
        for box in kept:
            self.add(box, 0, self.kind(box))
        if folded := boxes[: -len(kept)]:
            count = sum(len(box.records) for box in folded)
            node = self.add_words("fold", ("folded",), 0, words_of_ours(f"{count} earlier records"), folded)
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
