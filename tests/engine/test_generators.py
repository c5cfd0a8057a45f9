"""What a generator marks holds while it runs, whoever asks it for values, and whatever is marked out there."""

import asyncio
import contextlib
import gc
import itertools
import threading

import numpy as np
import pytest

from autograd_seq import Parameter, UsageError, differentiate, no_grad, scope, steps
from autograd_seq.core import scope as marks
from autograd_seq.core.scope import Marked, Scope

W = Parameter([[1.0]], "W")


def seen():
    """Where a record that is made now belongs, and whether it is one."""
    y = W * 2
    return y.scope.time, y.scope.layer, y.scope.part, y.requires_grad


NOWHERE = (None, None, None, True)


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    gc.collect()
    assert not marks._kept and seen() == NOWHERE


def unrecorded(count=3):
    with no_grad():
        for i in range(count):
            assert not seen()[3]
            with scope(layer=i + 1):
                assert seen() == (None, i + 1, None, False)
            assert called("inside") == (None, None, "inside", False)
            yield i
            assert seen() == (None, None, None, False)


def quiet():
    with no_grad():
        while True:
            yield seen()[3]


def called(part):
    with scope(part=part):
        return seen()


def test_no_grad_of_a_generator_that_stands_still():
    values = unrecorded()
    for _ in range(2):
        next(values)
        assert seen() == NOWHERE and called("out") == (None, None, "out", True)
    with scope(time=7):
        next(values)
        assert seen() == (7, None, None, True)
        with scope(layer=2):
            assert list(values) == [] and seen() == (7, 2, None, True)
    assert seen() == NOWHERE


def test_no_grad_out_there_does_not_end_with_the_generator():
    with no_grad():
        values = unrecorded()
        next(values)
        assert not seen()[3]
    assert seen() == NOWHERE
    next(values)
    with no_grad():
        values.close()
        assert not seen()[3]


def test_scopes_and_steps_of_two_generators_that_take_turns():
    def walk(layer):
        with scope(layer=layer):
            for t in steps(3):
                assert seen() == (t + 1, layer, None, True)
                yield t
                assert seen() == (t + 1, layer, None, True)

    for one, other in itertools.zip_longest(walk(1), walk(2)):
        assert one == other and seen() == NOWHERE


def test_steps_are_marked_for_who_wrote_them():
    for t in (i for i in steps(3)):  # a wrapper that passes on, as a progress bar is
        assert seen()[0] == t + 1
    for t, (i, _) in zip((i for i in steps(3)), zip(range(3), quiet())):
        assert t == i and seen() == (t + 1, None, None, True)
    assert [seen()[0] for _ in steps(3)] == [1, 2, 3] and [t for t in steps(3, reverse=True)] == [2, 1, 0]

    def first(count):
        for _ in steps(count):
            return seen()[0]

    assert first(4) == 1 and seen() == NOWHERE
    with pytest.raises(UsageError, match="takes the number of steps"):
        steps("three")


def test_a_generator_that_is_given_up():
    values = unrecorded()
    next(values)
    assert marks._kept
    del values
    gc.collect()
    assert not marks._kept

    def broken():
        for t in steps(3):
            yield t
            raise ValueError

    with pytest.raises(ValueError):
        list(broken())

    def turns():
        for t in steps(3):
            yield t * t

    values = turns()
    next(values)
    del values


def test_a_generator_that_is_a_context_manager_marks_the_block():
    @contextlib.contextmanager
    def apart():
        with no_grad(), scope(layer=5):
            yield

    with apart():
        assert seen() == (None, 5, None, False) and called("x") == (None, 5, "x", False)
    with apart(), apart(), contextlib.ExitStack() as stack:
        stack.enter_context(scope(time=2))
        assert seen() == (2, 5, None, False)

    def within():
        with apart():
            assert not seen()[3]
            yield 1
            assert not seen()[3]

    for _ in within():
        assert seen() == NOWHERE


def test_a_generator_inside_a_generator():
    def outer():
        with scope(layer=1):
            yield from inner()
            assert seen() == (None, 1, None, True)
            for recorded in itertools.islice(quiet(), 2):
                assert seen() == (None, 1, None, True)
                yield recorded

    def inner():
        with scope(part="deep"):
            assert seen() == (None, 1, "deep", True)
            yield seen()

    assert list(outer()) == [(None, 1, "deep", True), False, False]


def test_a_backward_pass_inside_a_generator_has_the_places_of_the_forward_pass():
    def places():
        return [r.scope for r in differentiate((W * 2).sum()).backward if r.operation]

    def in_turn():
        with scope(layer=3):
            for _ in steps(2):
                yield places()

    with scope(layer=3):
        expected = [places() for _ in steps(2)]
    assert list(in_turn()) == expected and {place.time for place in expected[1]} == {2, None}


def test_decorated():
    @no_grad()
    def plain():
        return seen()

    @no_grad()
    def values():
        got = yield seen()
        assert got == "sent"
        yield seen()

    assert not plain()[3]
    found = values()
    assert not next(found)[3] and seen() == NOWHERE and not found.send("sent")[3]


def test_coroutines_and_asynchronous_generators():
    async def produced():
        with no_grad():
            for i in range(3):
                await asyncio.sleep(0)
                assert not seen()[3]
                yield i

    async def task(layer):
        with scope(layer=layer):
            async for _ in produced():
                assert seen() == (None, layer, None, True)
                await asyncio.sleep(0)

    async def both():
        await asyncio.gather(task(1), task(2))

    asyncio.run(both())


def test_threads_do_not_see_each_other():
    wrong = []

    def work(layer):
        for _ in range(30):
            for i in unrecorded():
                with scope(layer=layer):
                    if seen() != (None, layer, None, True):
                        wrong.append((layer, i))

    threads = [threading.Thread(target=work, args=(layer,)) for layer in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("seed", range(30))
def test_any_weaving_is_as_if_each_had_its_own(seed):
    """Generators that mark, advanced at random from within the scopes of others: each sees its own scopes alone."""
    rng = np.random.default_rng(seed)

    def worker(layer):
        with scope(layer=layer, part="own"):
            for t in range(6):
                with scope(time=t), no_grad() if t % 2 else Marked(Scope(t, layer, None, "own")):
                    assert seen() == (t, layer, "own", t % 2 == 0)
                    yield
                    assert seen() == (t, layer, "own", t % 2 == 0)
                    advance(rng.integers(0, len(waiting)) if waiting else None)
                    assert seen() == (t, layer, "own", t % 2 == 0)

    def advance(i):
        if i is None or waiting[i].gi_running:
            return
        try:
            with scope(part=f"asked {i}"):
                next(waiting[i])
                assert seen()[2] == f"asked {i}"
        except StopIteration:
            pass

    waiting = [worker(layer) for layer in range(1, 5)]
    for _ in range(60):
        advance(rng.integers(0, len(waiting)))
    waiting.clear()
