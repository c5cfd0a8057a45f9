"""Every operation's rule, broken in every way that applies: prove and gradcheck catch each and name the record."""

import importlib
import pkgutil

import numpy as np
import pytest
from check.mutants import mutants, planted, subtle_mutants
from check.samples import SAMPLES

import autograd_seq.operations
import autograd_seq.operations as ops
from autograd_seq import Graph, Operation, Tensor, gradcheck, prove, scope
from autograd_seq.check.bookkeeping import edges_of
from autograd_seq.check.gradcheck import check_records
from tests.sweeps import part_of, slow_but_part_of

LONG = 66  # records of each filler: two hundred and a few together, with the numbers in them
# one in so many mutants of these is tried in every run, all of them where tests marked as slow are asked for
ONE_IN = {ops.arctan2: 30, ops.cholesky: 25, ops.dyads: 8, ops.from_singular: 10}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong rules divide by zero


def operations():
    """Every differentiable operation of the package, by what is in its modules."""
    found = {}
    for module in pkgutil.iter_modules(autograd_seq.operations.__path__):
        for thing in vars(importlib.import_module(f"autograd_seq.operations.{module.name}")).values():
            own = module.name == "pairs"  # which readings make of two: their inputs depend on each other
            if isinstance(thing, Operation) and thing.differentiable and not own:
                found[id(thing)] = thing
    return sorted(found.values(), key=lambda o: o.name)


def test_every_differentiable_operation_has_a_sample():
    assert [o for o in operations() if o not in SAMPLES] == []


def leaf(array):
    return Tensor(array, requires_grad=True)


def filler(x, avoid, length):
    """A chain of records that do not use the operation under test."""
    usual = avoid not in (ops.tanh, ops.multiply)
    for k in range(length):
        with scope(time=k + 1):
            x = (ops.tanh(x) if k % 2 else x * 1.1) if usual else (ops.sin(x) if k % 2 else x + 0.1)
    return x


def inside(call, arrays, avoid, length):
    """The operation in the middle of a longer graph; the graph, and the record that the operation made."""
    leaves = [leaf(a) for a in arrays]
    y = call(*leaves).record
    while y.operation is not avoid:
        y = next(x for x in y.inputs if x.operation is not None)
    end = ops.sigmoid(y) if avoid is not ops.sigmoid else ops.tanh(y)
    tail = filler(total(end, avoid), avoid, length)
    head = filler(leaf(np.array(0.3)), avoid, length)
    join = ops.subtract if avoid is ops.add else ops.add
    return join(tail, head), y


def total(x, avoid):
    return ops.einsum("i->", ops.reshape(x, (-1,))) if avoid is ops.sum else ops.sum(x)


def all_mutants(operation, made=mutants):
    for k, (call, arrays) in enumerate(SAMPLES[operation]):
        record = call(*(leaf(a) for a in arrays)).record
        while record.operation is not operation:
            record = next(x for x in record.inputs if x.operation is not None)
        for position in edges_of(record):
            for mutant in made(record, position, operation.vjp[position]):
                yield k, mutant


def shares():
    """Every operation with how many of its mutants are tried: one in so many."""
    for operation in operations():
        yield pytest.param(operation, ONE_IN.get(operation, 1), id=operation.name)
    for operation in ONE_IN:
        yield pytest.param(operation, 1, id=f"{operation.name}, all", marks=pytest.mark.slow)


@pytest.mark.parametrize("operation, one_in", list(shares()))
def test_every_mutant_is_caught_and_its_record_named(operation, one_in):
    survived, count = [], 0
    graphs = [inside(call, arrays, operation, 3) for call, arrays in SAMPLES[operation]]
    for output, _ in graphs:
        assert prove(output).ok
        assert check_records(Graph(output))[0] == []
    for k, mutant in part_of(all_mutants(operation), one_in):
        output, record = graphs[k]
        with planted(mutant):
            proof = prove(output)
            failures, _ = check_records(Graph(output))
        count += 1
        if {id(f.record) for f in proof.failures if f.link == "rule"} != {id(record)}:
            survived.append(f"prove: {mutant}")
        if {id(f.record) for f in failures} != {id(record)}:
            survived.append(f"gradcheck: {mutant}")
    assert count, f"no way of breaking {operation.name} was tried"
    assert not survived, survived


@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.name)
def test_every_subtle_mutant_is_refuted_and_its_record_named(operation):
    survived, count = [], 0
    graphs = [inside(call, arrays, operation, 3) for call, arrays in SAMPLES[operation]]
    for k, mutant in all_mutants(operation, subtle_mutants):
        output, record = graphs[k]
        with planted(mutant):
            proof = prove(output)
        count += 1
        if proof.ok or {(f.link, f.record) for f in proof.failures} != {("rule", record)}:
            survived.append(f"{mutant}: {[(f.link, f.operation) for f in proof.failures]}")
    assert count >= 4 and not survived, survived


def test_the_count_of_subtle_mutants():
    assert sum(1 for o in operations() for _ in all_mutants(o, subtle_mutants)) >= 200


def test_the_count_of_mutants():
    counts = {operation.name: sum(1 for _ in all_mutants(operation)) for operation in operations()}
    print(f"{sum(counts.values())} mutants of {len(counts)} operations")
    assert all(counts.values())


def chosen(operation):
    """One mutant of each kind of mistake."""
    kinds = {}
    for k, mutant in all_mutants(operation):
        kinds.setdefault(mutant.words, (k, mutant))
    return list(kinds.values())


SOME = [ops.matmul, ops.tanh, ops.add, ops.softmax, ops.concatenate]


@pytest.mark.parametrize("operation", SOME, ids=lambda o: o.name)
def test_the_record_is_named_among_two_hundred(operation):
    for k, mutant in chosen(operation):
        call, arrays = SAMPLES[operation][k]
        output, record = inside(call, arrays, operation, LONG)
        graph = Graph(output)
        assert len(graph) >= 200
        with planted(mutant):
            proof = prove(output)
            failures, _ = check_records(graph)
        for found in (proof.failures, failures):
            named = [f for f in found if f.link == "rule"]
            assert {f.index for f in named} == {graph.positions[record]}, mutant
            assert {f.operation for f in named} == {operation.name}
            assert "test_mutation.py" in named[0].source or "samples.py" in named[0].source


@pytest.mark.parametrize("operation", slow_but_part_of(operations()), ids=lambda o: o.name)
def test_every_mutant_among_two_hundred(operation):
    graphs = [inside(call, arrays, operation, LONG) for call, arrays in SAMPLES[operation]]
    for k, mutant in part_of(all_mutants(operation), ONE_IN.get(operation, 1)):
        output, record = graphs[k]
        with planted(mutant):
            proof = prove(output)
            failures = check_records(Graph(output))[0]
        assert {f.record for f in proof.failures if f.link == "rule"} == {record}, mutant
        assert {f.record for f in failures} == {record}, mutant


def test_a_mistake_in_the_whole_function_is_seen_by_its_slope():
    (call, arrays), *_ = SAMPLES[ops.tanh]
    right = gradcheck(call, *arrays)
    mutant = next(m for _, m in all_mutants(ops.tanh) if m.words == "halved")
    with planted(mutant):
        wrong = gradcheck(call, *arrays, second_order=False)
    assert right.ok and right.slope == pytest.approx(2, abs=0.1)
    assert not wrong.ok and wrong.slope == pytest.approx(1, abs=0.1)
    assert np.isfinite(wrong.wholes[0].error) and wrong.wholes[0].error > 0.1
