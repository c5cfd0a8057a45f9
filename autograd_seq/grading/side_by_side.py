"""Several submissions at a time, in processes of this package's own: none waits for another, or ends with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

Found = TypeVar("Found")


def side_by_side(
    judge: Callable[[str], Found], names: list[str], jobs: int
) -> Iterator[tuple[str, Found | None]]:
    """Judge in processes of this package's own, each with one submission at a time; each as it is done.

    A script that calls this without ``if __name__ == "__main__":`` would call it again in each of these processes,
    which Python refuses; its submissions are judged here, one after another.

    Parameters
    ----------
    judge : callable
        Judges the submission of a name; a function of a module, or one with arguments filled in.
    names : list of str
        The submissions.
    jobs : int
        How many are judged at a time.

    Yields
    ------
    tuple
        A name, and what came of it; None where the process that judged it was ended.
    """
    left = list(names)
    if not _processes_start():
        yield from ((name, judge(name)) for name in left)
        return
    while left:
        for name, found in _until_broken(judge, list(left), jobs):
            left.remove(name)
            yield name, found
        if left and jobs == 1:
            yield left.pop(0), None
        jobs = 1  # which of several it was cannot be told; from here on it can


def _processes_start() -> bool:
    """Whether another process of this package's own can be started."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return bool(pool.submit(os.getpid).result())
        except BrokenProcessPool:
            return False


def _until_broken(judge: Callable[[str], Found], names: list[str], jobs: int) -> Iterator[tuple[str, Found]]:
    """What is judged until all is, or until one of the processes that judge is ended, which ends the others."""
    # Not forked: a copy of this process would hold its files and locks.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=200)
    try:
        judged = {pool.submit(judge, name): name for name in names}
        running = set(judged)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield judged[future], future.result()
    except BrokenProcessPool:
        return
    finally:
        pool.shutdown(cancel_futures=True)  # whoever stops here does not wait for the rest of the class
