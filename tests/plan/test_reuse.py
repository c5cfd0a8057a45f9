"""Memory that is used again: never while somebody still needs what is in it."""

from __future__ import annotations

import numpy as np

from autograd_seq.plan.memory.reuse import Block, share

F64 = np.dtype(np.float64)


def blocks(**sizes):
    return {name: Block((size,), F64) for name, size in sizes.items()}


def test_a_block_lives_where_another_has_ended():
    memory = blocks(a=6, b=6, c=6)
    assert share(memory, ["a[...] = x", "np.add(a, 1, out=b)", "np.add(b, 1, out=c)"], []) == 1
    assert memory["c"].statement("c") == "c = a"
    assert memory["b"].home is None  # while b is written, a is read


def test_the_smallest_that_fits_is_taken():
    memory = blocks(big=100, small=7, later=6)
    share(memory, ["np.add(big, 1, out=small)", "later[...] = x"], [])
    assert memory["later"].statement("later") == "later = small.reshape(-1)[:6].reshape((6,))"


def test_a_loop_counts_as_one_statement_and_reads_what_it_runs_over():
    memory = blocks(a=6, b=6, c=6)
    body = ["a[...] = x", "for a_t, b_t in steps_1:", "    np.add(a_t, b_t, out=b_t)", "c[...] = b"]
    share(memory, body, ["steps_1 = list(zip(a[0:5], b[0:5]))"])
    assert memory["b"].home is None
    assert memory["c"].home is memory["a"]


def test_what_is_seen_through_a_name_lives_as_long_as_the_name():
    memory = blocks(a=6, b=6)
    share(memory, ["a[...] = x", "view = a.T", "b[...] = x", "return view"], [])
    assert memory["b"].home is None


def test_what_keeps_something_from_call_to_call_neither_gives_nor_takes():
    memory = blocks(a=6, b=6, c=6)
    memory["a"].keeps = memory["c"].keeps = True
    assert share(memory, ["a[...] = x", "b[...] = x", "c[...] = x"], []) == 0


def test_another_dtype_takes_memory_of_its_own():
    memory = blocks(a=6, b=6)
    memory["b"].dtype = np.dtype(np.float32)
    assert share(memory, ["a[...] = x", "b[...] = x"], []) == 0
