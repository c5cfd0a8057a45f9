"""The two laws: readings and operations do not know each other, and arrows point one way."""

import ast
import importlib
from pathlib import Path

import pytest

import autograd_seq
import cells
from autograd_seq import operations
from autograd_seq.core.operation import Operation

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("autograd_seq", "cells", "viz")
COMMAND_LINE = "autograd_seq.commands"  # the one room that may import everything

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}
OPERATIONS = {found.name for found in vars(operations).values() if isinstance(found, Operation)}
CELLS = {name for name, found in vars(cells).items() if isinstance(found, type) and issubclass(found, cells.Cell)}
# Where readings live: they fold over records and must do with whatever operations there are.
ROOMS_OF_READINGS = ("autograd_seq.readings.", "autograd_seq.folding.", "autograd_seq.writer.")
READINGS = [module for module in MODULES if module.startswith(ROOMS_OF_READINGS)]


def imports(module):
    """Every module that a module imports, at its top or inside a function."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".") if MODULES[module].name == "__init__.py" else module.split(".")[:-1]
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(module, package):
    return module == package or module.startswith(package + ".")


def offenders(modules, packages):
    return [
        (module, target)
        for module in modules
        if not within(module, COMMAND_LINE)
        for target in imports(module)
        if any(within(target, package) for package in packages)
    ]


def test_there_is_something_to_look_at():
    assert len(READINGS) >= 4
    assert {"matmul", "tanh", "assign"} <= OPERATIONS
    assert {"RNN", "LSTM"} <= CELLS
    assert ("autograd_seq.readings.table", "autograd_seq.core.graph") in [
        (module, target) for module in READINGS for target in imports(module)
    ]


def test_the_engine_knows_neither_cells_nor_pictures():
    assert offenders([m for m in MODULES if within(m, "autograd_seq")], ["cells", "viz"]) == []


def test_cells_know_no_pictures_and_pictures_no_cells():
    assert offenders([m for m in MODULES if within(m, "cells")], ["viz"]) == []
    assert offenders([m for m in MODULES if within(m, "viz")], ["cells"]) == []


def test_operations_know_no_reading():
    family = [m for m in MODULES if within(m, "autograd_seq.operations")] + ["autograd_seq.core.operation"]
    assert offenders(family, ["autograd_seq.readings", "autograd_seq.core.graph", "autograd_seq.core.backward"]) == []


def test_folding_stands_below_all_that_asks_it():
    """What is the same at another step is found out from the recording alone."""
    below = [m for m in MODULES if within(m, "autograd_seq.folding")]
    above = [f"autograd_seq.{room}" for room in ("readings", "writer", "plan", "check", "diagnosis", "learning")]
    assert below
    assert offenders(below, [*above, "viz", "cells"]) == []
    core = [f"autograd_seq.{m}" for m in ("scope", "tensor", "operation", "graph", "rules", "backward", "operations")]
    assert offenders([m for m in MODULES if any(within(m, c) for c in core)], ["autograd_seq.folding"]) == []


def test_the_writer_asks_folding_and_nobody_above():
    writer = [m for m in MODULES if within(m, "autograd_seq.writer")]
    above = [f"autograd_seq.{room}" for room in ("readings", "plan", "check", "diagnosis", "learning")]
    assert writer
    assert offenders(writer, [*above, "viz", "cells"]) == []


def test_there_is_one_writer():
    """Nobody else asks an operation for its forms, but for the functions that a program needs beside them."""
    own = ("autograd_seq.writer", "autograd_seq.core.operation")
    elsewhere = [m for m in MODULES if not any(within(m, room) for room in own)]
    helpers = {id(node.value.value) for m in elsewhere for node in ast.walk(TREES[m]) if is_helper_of_form(node)}
    asking = [
        (m, node.lineno)
        for m in elsewhere
        for node in ast.walk(TREES[m])
        if isinstance(node, ast.Attribute) and node.attr == "forms" and id(node) not in helpers
    ]
    assert asking == []


def is_helper_of_form(node):
    """Whether it is ``….forms["source"].helper``."""
    return isinstance(node, ast.Attribute) and node.attr == "helper" and isinstance(node.value, ast.Subscript)


def of_operations(tree):
    """The names that a module gives to the operations that it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and within(node.module or "", "autograd_seq.operations"):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.asname for alias in node.names if within(alias.name, "autograd_seq.operations"))


def names_in(node):
    return {leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name)}


@pytest.mark.parametrize("module", READINGS)
def test_readings_may_use_operations_but_not_ask_for_one(module):
    tree, names = TREES[module], set(of_operations(TREES[module]))
    asking = [node for node in ast.walk(tree) if isinstance(node, (ast.Compare, ast.Match))]
    asking += [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys if key is not None]
    assert [(ast.unparse(node), node.lineno) for node in asking if names_in(node) & names] == []


def strings_compared(tree):
    """Every text that a comparison, a match or a dictionary's key could ask for an operation by."""
    for node in ast.walk(tree):
        parts = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        for part in parts:
            for leaf in ast.walk(part):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                    yield leaf.value, node.lineno


def asks_operation_name(node):
    """Whether ``….operation.name`` is looked at."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "name"
        and (
            (isinstance(node.value, ast.Attribute) and node.value.attr == "operation")
            or (isinstance(node.value, ast.Name) and node.value.id == "operation")
        )
    )


@pytest.mark.parametrize("module", READINGS)
def test_no_reading_asks_for_an_operation_or_a_cell_by_name(module):
    tree = TREES[module]
    compared = [
        (ast.unparse(node), node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.Match)) and any(asks_operation_name(part) for part in ast.walk(node))
    ]
    assert compared == []
    named = {name for name in CELLS if len(name) > 1}
    assert [(text, line) for text, line in strings_compared(tree) if text in named] == []
    assert [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in named] == []


# Where an operation is named without being called, each with the reason; whoever else wants to know something of an
# operation asks for a trait of it, so that a new one needs an entry nowhere.
ASKED_FOR = {
    "functions that the language of formulas has": {
        "autograd_seq.check.claims.grammar": "concatenate exp log mean relu sigmoid softmax sqrt sum tanh transpose",
    },
    "choices that a network offers by name": {
        "autograd_seq.learning.losses": "binary_cross_entropy binary_cross_entropy_from_logits "
        "categorical_cross_entropy categorical_cross_entropy_from_logits",
        "cells.gate_functions": "sigmoid",
        "cells.readout": "identity sigmoid softmax",
        "cells.rnn": "relu sigmoid tanh",
    },
    "losses that are handed over to be called": {
        "autograd_seq.commands.cells_made": "categorical_cross_entropy",
        "cells.language_model": "categorical_cross_entropy categorical_cross_entropy",
    },
    "algebra that a rewrite recognises or writes": {
        "autograd_seq.plan.rewrites.gates": "sigmoid tanh",  # σ(z) = ½ + ½ tanh(z/2)
        "autograd_seq.plan.rewrites.cancel": "above_zero softmax",
        "autograd_seq.plan.rewrites.lower": "categorical_cross_entropy",
        "autograd_seq.plan.written_into": "stack",  # of all steps, however many there are
        "autograd_seq.readings.textbook.filled": "assign",  # an array filled through masks
        "autograd_seq.readings.textbook.recognition": "assign",
        "autograd_seq.writer.gathered": "concatenate",  # parts that make up an array
    },
    "what students take for each other, and a derivative with mistakes of its own": {
        "autograd_seq.diagnosis.perturb.cached": "relu sigmoid tanh",
        "autograd_seq.diagnosis.perturb.derivatives": "softmax",
    },
}
FACE = ("autograd_seq", "autograd_seq.numpy", "autograd_seq.core.methods")  # what gives operations to users
OUTSIDE = [m for m in MODULES if not within(m, "autograd_seq.operations") and m not in FACE]


def named(module):
    """The operations that a module names without calling them, once for each place."""
    tree = TREES[module]
    rooms, direct = set(), {}  # what stands there for all operations, and for one
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            rooms |= {alias.asname for alias in node.names if alias.asname and alias.name.endswith(".operations")}
        elif isinstance(node, ast.ImportFrom) and within(node.module or "", "autograd_seq"):
            for alias in node.names:
                found = getattr(importlib.import_module(node.module), alias.name, None)
                if isinstance(found, Operation):
                    direct[alias.asname or alias.name] = found
                elif alias.name == "operations":
                    rooms.add(alias.asname or alias.name)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        found = None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms:
            found = getattr(operations, node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found = direct.get(node.id)
        if isinstance(found, Operation) and id(node) not in called:
            yield found.name


def test_adding_an_operation_touches_nothing_else():
    found = {module: sorted(named(module)) for module in OUTSIDE}
    asked = {module: names.split() for kind in ASKED_FOR.values() for module, names in kind.items()}
    assert {module: names for module, names in found.items() if names} == asked
    assert sum(map(len, asked.values())) < 40


@pytest.mark.parametrize("module", OUTSIDE)
def test_nobody_asks_for_an_operation_by_its_name(module):
    asking = [node for node in ast.walk(TREES[module]) if isinstance(node, (ast.Compare, ast.Match))]
    assert [ast.unparse(node) for node in asking if any(map(asks_operation_name, ast.walk(node)))] == []


@pytest.mark.parametrize("module", [m for m in MODULES if within(m, "viz")])
def test_no_picture_knows_a_cell_class(module):
    tree = TREES[module]
    assert [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in CELLS] == []
    assert [(text, line) for text, line in strings_compared(tree) if text in CELLS] == []


def test_every_operation_has_what_every_reading_asks_for():
    for name in operations.__all__:
        found = getattr(operations, name)
        if isinstance(found, Operation):
            assert set(found.forms) >= {"source", "latex", "text"}, name
            assert callable(found.meaning), name


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_no_code_of_the_engine_asks_for_a_cell():
    assert autograd_seq.__name__ == "autograd_seq"
    for module in MODULES:
        if within(module, "autograd_seq") and not within(module, COMMAND_LINE):
            assert [text for text, _ in strings_compared(TREES[module]) if text in CELLS] == [], module
