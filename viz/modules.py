"""The module view: a box for a cell or a layer at each step, made from scopes and what reaches itself through time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import networkx

from viz.boxes import Box, Folded, Use
from viz.builder import Options
from viz.directions import place_in_words
from viz.lettering import Line, Run, name_runs, words_of_ours, wrapped
from viz.scene import Column, Layout, Node, Row
from viz.symbolic import OneStep, pattern
from viz.unrolled import Unrolled

Key = Hashable


def modules_of(folded: Folded) -> dict[Box, Key]:
    """The module of each box: its layer and direction; without a layer, what reaches itself through time with it.

    Leaves, and what no scope and no loop puts together, are modules of their own and are not in the answer.
    """
    found = pattern(folded)
    web = networkx.DiGraph()
    web.add_nodes_from(found.boxes)
    web.add_edges_from(found.inside)
    web.add_edges_from((a, b) for a, b, far in found.across if far)
    loops: dict[Key, Key] = {}
    order = {key: i for i, key in enumerate(found.boxes)}
    for group in networkx.strongly_connected_components(web):
        if len(group) > 1:
            loops |= dict.fromkeys(group, ("loop", min(order[key] for key in group)))
    answer: dict[Box, Key] = {}
    for box in folded.boxes:
        if box.leaf:
            continue
        if box.scope.layer is not None:
            answer[box] = ("layer", box.scope.layer, box.scope.direction or "")
        elif box.key in loops:
            answer[box] = loops[box.key]
        elif box.scope.part is not None:
            answer[box] = ("part", box.scope.part, box.scope.direction or "")
    return answer


def together(folded: Folded) -> tuple[Folded, dict[Box, list[Box]]]:
    """A folded graph with one box for each module at each step, and the boxes that stand in it."""
    module = modules_of(folded)
    inner: dict[tuple[Hashable, ...], list[Box]] = {}
    for box in folded.boxes:
        place: tuple[Hashable, ...] = (module[box], box.time) if box in module else ("alone", box)
        inner.setdefault(place, []).append(box)
    boxes: list[Box] = []
    home: dict[Box, Box] = {}
    members: dict[Box, list[Box]] = {}
    for place, group in inner.items():
        whole = group[0]
        if len(group) > 1:
            records = sorted((r for box in group for r in box.records), key=lambda record: record.index)
            scope = replace(group[-1].scope, part=None)
            parameters = list(dict.fromkeys(p for box in group for p in box.parameters))
            whole = Box(group[-1].record, records, scope, ("module", place[0]), parameters)
            members[whole] = group
        home |= dict.fromkeys(group, whole)
        boxes.append(whole)
    boxes.sort(key=lambda box: box.record.index)
    edges: dict[tuple[Box, Box], list[Use]] = {}
    for (u, v), uses in folded.edges.items():
        if home[u] is not home[v]:
            edges.setdefault((home[u], home[v]), []).extend(uses)
    at = {record: home[box] for record, box in folded.home.items()}
    return replace(folded, boxes=boxes, home=at, edges=edges), members


class Modules(Unrolled):
    """The unrolled view with one box for each module."""

    def __init__(self, folded: Folded, options: Options) -> None:
        whole, self.members = together(folded)
        self.leaving = {u.key for (u, v) in folded.edges if _module(whole, u) is not _module(whole, v)}
        self.beside = {b.key: box.key for box, group in self.members.items() for b in group}
        super().__init__(whole, options)

    def add(self, box: Box, column: int | None, kind: str) -> Node:
        """A node; an initial state stands beside the module that it goes into."""
        node = super().add(box, column, "module" if box in self.members else kind)
        if box.leaf and column is not None:
            node.beside = self.beside.get(box.key)
        return node

    def lines(self, box: Box) -> list[Line]:
        """What leaves a module, which one it is, what has a name in it, its parameters."""
        if box not in self.members:
            return super().lines(box)
        leaving = [b for b in self.members[box] if b.key in self.leaving] or self.members[box][-1:]
        title: list[Run] = []
        for b in leaving:
            title += [Run(", ")] * bool(title) + self.writer.title(b)
        lines = [self.line(title, self.size.name)]
        if words := place_in_words(box.scope.layer, box.scope.direction):
            lines.append(self.line([Run(words, dim=True, in_words=True)], self.size.nameless))
        names: list[Run] = []
        for b in self.members[box]:
            if b.record.name is not None and b not in leaving:
                names += [Run("  ")] * bool(names) + [replace(run, dim=True) for run in name_runs(b.record.name)]
        if names and self.with_formulas:
            lines += [self.line(row, self.size.formula) for row in wrapped(names, 24.0)]
        return lines + self.chips(box) + self.facts(box.record)

    def chips(self, box: Box) -> list[Line]:
        """The parameters of a module, four beside each other."""
        lines = []
        for row in range(0, len(box.parameters), 4):
            runs: list[Run] = []
            for record in box.parameters[row : row + 4]:
                runs += [Run(" ")] * bool(runs) + self.writer.name(record)
            lines.append(self.line(runs, self.size.nameless))
        return lines


def _module(whole: Folded, box: Box) -> Box:
    return whole.home[box.record]


class Inside(OneStep):
    """The inside of one module at one step: what comes into it on the left, what goes out of it on the right.

    Parameters
    ----------
    folded : Folded
        The whole graph.
    options : Options
        What to show.
    keys : set of hashable
        The keys of the boxes in the module.
    """

    def __init__(self, folded: Folded, options: Options, keys: set[Key]) -> None:
        super().__init__(folded, options)
        self.keys = keys

    def draft(self) -> Layout:
        """Everything, placed."""
        self.start()
        columns = [Column(None, "", i != 1) for i in range(3)]
        columns[1].label = "step t" if any(self.times[b] is not None for b in self.times if b.key in self.keys) else ""
        of_key: dict[Key, Node] = {}
        states = self.state_keys()
        for key, box in self.pattern.boxes.items():
            if key in self.keys:
                self.speak_of(key)
                of_key[key] = self.add(box, 1, "state" if key in states else self.kind(box))
        self.ports: dict[Key, Node] = {}
        self.going: dict[Key, list[tuple[list[Run], list[Use]]]] = {}
        for (a, b), uses in self.pattern.inside.items():
            if a in of_key and b in of_key:
                self.join(of_key[a], of_key[b], "forward", uses)
            else:
                self._way(of_key, a, b, 0, uses)
        for (a, b, far), uses in self.pattern.across.items():
            self._way(of_key, a, b, far, uses)
        for (u, v), uses in self.folded.edges.items():
            if u.key in of_key and self.times[v] is None:
                self.going.setdefault(u.key, []).append((self.writer.title(v), uses))
        for key, ways in self.going.items():
            self._out(of_key[key], ways)
        return self.finish(columns)

    def table(self) -> list[Row]:
        """Only the parameters of the module."""
        used = {p for box in self.folded.boxes if box.key in self.keys for p in box.parameters}
        return [row for row in super().table() if row.record in used]

    def _way(self, of_key: dict[Key, Node], a: Key, b: Key, far: int, uses: list[Use]) -> None:
        """A way in from the outside or from another step, and a way out."""
        if b in of_key:
            self.speak_of(b)
            step = self.writer.step(self.pattern.letter[b][0] - far) if self.writer.step else None
            if ("in", a, far) not in self.ports:
                words = self._named(uses[0][0], step)
                self.ports["in", a, far] = self.add_words("port", ("in", a, far), 0, words, [])
                self.ports["in", a, far].beside = a if a in of_key else None
            self.join(self.ports["in", a, far], of_key[b], "recurrent" if far else "forward", uses)
        if a in of_key:
            self.speak_of(a)
            other = self.pattern.boxes[b]
            step = f"step t{'+' if far > 0 else '−'}{abs(far)}"
            words = words_of_ours(step) if far else self.writer.title(other)
            self.going.setdefault(a, []).append((words, uses))

    def _out(self, node: Node, ways: list[tuple[list[Run], list[Use]]]) -> None:
        """One way out of a box, with the names of all that use it."""
        words: list[Run] = []
        for name in {"".join(run.text for run in runs): runs for runs, _ in ways}.values():
            words += [Run(", ")] * bool(words) + name
        port = self.add_words("port", ("out", node.key), 2, words, [])
        port.beside = node.key
        self.join(node, port, "recurrent", [use for _, uses in ways for use in uses])


def inside_of_each(layout_nodes: list[Node], folded: Folded, options: Options) -> dict[Key, Layout]:
    """The inside of each module that a drawing shows."""
    modules = modules_of(folded)
    keys: dict[Key, set[Key]] = {}
    for box, module in modules.items():
        keys.setdefault(("module", module), set()).add(box.key)
    shown = {node.box.key for node in layout_nodes if node.box is not None and node.kind == "module"}
    known = set(pattern(folded).boxes)
    return {key: Inside(folded, options, keys[key]).build() for key in keys if key in shown and keys[key] & known}
