"""How the code is laid out: no circles of imports, rooms that only ask downwards, a core that fits an evening."""

import ast

import networkx
import pytest
from test_laws import MODULES, TREES, imports, is_docstring, within

# From the ground up; a room imports from itself and from those before it. `storage` writes files for whoever asks.
ROOMS = [
    ["autograd_seq.core", "autograd_seq.operations", "autograd_seq.translation"],
    ["autograd_seq.storage"],
    ["autograd_seq.folding"],
    ["autograd_seq.writer"],
    ["autograd_seq.readings"],
    ["autograd_seq.plan"],
    ["autograd_seq.diagnosis"],
    ["autograd_seq.learning", "autograd_seq.check"],
    ["autograd_seq.grading", "autograd_seq.exchange"],
]
TOP = {"autograd_seq", "autograd_seq.__main__", "autograd_seq.numpy", "autograd_seq.testing"}
CORE = ["record", "operation", "graph", "part", "rules", "backward"]
GROUND = [
    "errors", "source_line", "scope", "names", "notation", "algebra", "array", "traits", "bytecode", "program_names",
    "program_arguments", "shown",
]  # fmt: skip


def known(target):
    """The module that an import statement names; None for those of others."""
    while target and target not in MODULES:
        target = target.rpartition(".")[0]
    return target or None


GRAPH = {m: {t for target in imports(m) if (t := known(target)) and t != m} for m in MODULES}


def leaf_imports(module):
    """What a module imports, without the packages above it, which Python loads on the way."""
    return {t for t in GRAPH[module] if not any(other.startswith(t + ".") for other in GRAPH[module])}


def test_there_is_no_circle_of_imports():
    """At load time, inside functions and for types: all imports are looked at."""
    edges = [(m, t) for m in MODULES for t in leaf_imports(m) if t not in ("autograd_seq", "cells", "viz")]
    assert len(edges) > 500
    circles = [c for c in networkx.strongly_connected_components(networkx.DiGraph(edges)) if len(c) > 1]
    assert circles == []


def test_four_modules_stand_at_the_top():
    assert {m for m in MODULES if within(m, "autograd_seq") and m.count(".") < 2} - {
        m for m in MODULES if MODULES[m].name == "__init__.py" and m != "autograd_seq"
    } == TOP


@pytest.mark.parametrize("room", [room for level in ROOMS for room in level])
def test_a_room_asks_only_below(room):
    level = next(i for i, rooms in enumerate(ROOMS) if room in rooms)
    below = [r for rooms in ROOMS[: level + 1] for r in rooms if r == room or r not in ROOMS[level]] + (
        ROOMS[0] if level == 0 else []
    )
    face = {"autograd_seq", "autograd_seq.numpy"}
    asked = {
        (m, t)
        for m in MODULES
        if within(m, room)
        for t in leaf_imports(m)
        if t not in face and not any(within(t, r) for r in below)
    }
    assert asked == set()


@pytest.mark.parametrize("name", CORE)
def test_what_carries_belief_imports_nothing_above_it(name):
    allowed = {f"autograd_seq.core.{n}" for n in [*GROUND, *CORE[: CORE.index(name) + 1]]}
    assert {t for t in leaf_imports(f"autograd_seq.core.{name}") if t != "autograd_seq.core"} <= allowed


def test_errors_ask_for_a_translation_and_it_asks_for_nothing():
    rooms = ("reader", "catalogue", "phrases", "templates", "columns", "quotes")
    below = {f"autograd_seq.translation.{n}" for n in rooms}
    assert {t for m in below for t in leaf_imports(m)} <= below | {"autograd_seq.translation"}


def lines_of_code(module):
    """How many lines a module has without docstrings, comments and blank lines."""
    tree = TREES[module]
    nodes = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    lines = {line for node in nodes for line in (node.lineno, node.end_lineno)}
    hidden = {n for node in nodes if is_docstring(node) for n in range(node.lineno, node.end_lineno + 1)}
    return len(lines - hidden)


def test_what_carries_belief_fits_an_evening():
    assert sum(lines_of_code(f"autograd_seq.core.{name}") for name in CORE) <= 400


def test_every_file_has_a_name_of_its_own():
    names = [path.name for path in MODULES.values() if path.name not in ("__init__.py", "__main__.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
