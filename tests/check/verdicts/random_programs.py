"""Random recurrent programs with hand-written backward passes: each right, and each with one mistake."""

from __future__ import annotations

import functools
import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from check.verdicts.case import Answer, Case
from check.verdicts.programs import trial
from check.verdicts.programs.spoiling import spoil
from check.verdicts.programs.writing import Program, write
from check.verdicts.wrong_passes import written

from autograd_seq import check_backward

COUNT = 300


def imported(name: str, source: str, constants: dict[str, Any]) -> Any:
    """The program as a module of its own, imported from its file as a test would."""
    path = written(name, source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    vars(module).update(constants)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def ask(program: Program, seed: int, source: str, name: str, wrong: tuple[str, ...] = ()) -> Answer:
    """The answer to a program: half of them get arrays, the others shapes in letters."""
    inputs, constants = trial.drawn(program, seed)
    module = imported(name, source, constants)
    rng = random.Random(seed)
    given: dict[str, Any] = dict(inputs)
    if rng.random() < 0.5 and not constants and not program.whole and not program.one_hot:
        given = dict(program.inputs)
    forward, backward = module.forward, module.backward
    if rng.random() < 0.3:  # the functions stand in another file than those that are handed on
        forward, backward = _from_elsewhere(module)
    report = check_backward(forward, backward, given, seed=seed)
    if report.wrong or report.missing or report.failure:
        named = sorted(report.wrong) == sorted(wrong) if not report.failure else None  # other sizes may not fit
        return Answer("wrong", _said(report), named)
    if getattr(report, "undecided", None):
        return Answer("open", f"undecided: {report.undecided}")
    return Answer("right") if report.ok else Answer("open", _said(report))


def _from_elsewhere(module: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(**inputs: np.ndarray) -> Any:
        return module.forward(**inputs)

    def backward(upstream: dict[str, Any], cache: Any) -> Any:
        return module.backward(upstream, cache)

    return forward, backward


def _said(report: Any) -> str:
    return " | ".join(line.strip() for line in str(report).splitlines()[:8])[:600]


def cases() -> Iterator[Case]:
    """Every program as it is, and with a mistake."""
    for seed in range(COUNT):
        program = write(seed)
        right = functools.partial(ask, program, seed, program.source, f"program_{seed}")
        yield Case("programs, right", program.name, "right", right)
        wrong = functools.partial(ask_spoiled, program, seed)
        yield Case("programs, wrong", f"{program.name}; with a mistake", "wrong", wrong)


def ask_spoiled(program: Program, seed: int) -> Answer:
    """The answer to a program with a mistake, which the reason says first."""
    spoiled = spoil(program, seed)
    answer = ask(program, seed, spoiled.source, f"spoiled_{seed}", spoiled.wrong)
    return replace(answer, reason=f"{spoiled.kind} | {answer.reason}")
