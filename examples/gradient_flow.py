"""Gradient flow over 100 steps, measured: what vanishes, what stays, what explodes, and what clipping does about it.

‖∂a<100>/∂a<k>‖ by how far back k lies, for a tanh RNN, a GRU and an LSTM with open gates, and an RNN with large
weights. Then the same of losses, a NaN found where it began, and the three ways of clipping.
Run it from anywhere: ``python examples/gradient_flow.py [--out DIR]``; its plots need the extra ``plot``,
and without it only the numbers are printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq import binary_cross_entropy, exp, prove, steps
from autograd_seq.commands.console import any_console
from autograd_seq.commands.screen import beside, brief
from autograd_seq.learning.clipping import clip_by_element, clip_by_global_norm, clip_by_norm, global_norm
from autograd_seq.readings.nonfinite import first_nonfinite
from cells import GRU, LSTM, RNN, Cell, Readout, Run, gradient_flow, gradient_table, state_flow
from viz import draw
from viz.plots import MissingPlotsError, gradient_flow_map, gradient_norms

T, N_X, N_A = 100, 3, 6


def cells() -> dict[str, tuple[Cell, str]]:
    """Cells and the state in which the gradient is followed."""
    gru, wild = GRU(N_X, N_A, seed=0), RNN(N_X, N_A, activation="relu", seed=0, scheme="orthogonal")
    gru.parameters["bu"].value = np.full((N_A, 1), -6.0)  # Γ_u near 0: the memory stays
    wild.parameters["Waa"].value = np.abs(wild.parameters["Waa"].value)  # all weights add up, none cancels
    return {
        "tanh RNN": (RNN(N_X, N_A, seed=0), "a"),
        "GRU, update gate at bias -6": (gru, "c"),
        "LSTM, forget gate at bias 6: c": (LSTM(N_X, N_A, forget_bias=6.0, seed=0), "c"),
        "LSTM, forget gate at bias 6: a": (LSTM(N_X, N_A, forget_bias=6.0, seed=0), "a"),
        "ReLU RNN, large weights": (wild, "a"),
    }


def measured(cell: Cell, x: np.ndarray) -> Run:
    """A run with a loss at every step: is the first input's first component positive?"""
    run = Readout(cell.n_a, 1, "sigmoid", seed=1)(cell.unroll(x))
    run.measure([np.array([[float(x[0, 0, 0] > 0)]])] * x.shape[2], binary_cross_entropy)
    return run


def heading(text: str) -> None:
    print(f"\n=== {text} ===\n")


def plot(path: Path, make: Callable[..., Any], *given: Any, **options: Any) -> None:
    """Write a plot and say where, or what is missing for it."""
    try:
        make(*given, **options).savefig(path)
    except MissingPlotsError:
        print("no plot: pip install 'autograd-seq[plot]' for matplotlib")
    else:
        print(path)


def flows(out: Path) -> None:
    """Tables of norms, as numbers and as plots."""
    x = np.random.default_rng(0).standard_normal((N_X, 1, T))
    heading(f"‖∂a<{T}>/∂a<k>‖ (or c), by distance {T} - k; 1 at distance 0")
    distances = [0, 1, 2, 5, 10, 20, 50, 99]
    print(f"{'':34s}" + "".join(f"{d:>10d}" for d in distances))
    lines = {}
    for name, (cell, wrt) in cells().items():
        row = state_flow(measured(cell, x), wrt, times=[T])[-1, ::-1]
        lines[name] = row / row[0]
        print(f"{name:34s}" + "".join(f"{lines[name][d]:10.1e}" for d in distances))
    kept = r"$\Vert\partial s^{\langle T \rangle} / \partial s^{\langle T - d \rangle}\Vert$ of state $s$, 1 at $d = 0$"
    print()
    plot(out / "gradient_norms.png", gradient_norms, lines, "What 100 steps leave of a gradient", quantity=kept)

    heading("‖∂L<t>/∂a<k>‖, every loss against every state: how much of the last loss reaches a<1>")
    for name, wrt in (("tanh RNN", "a"), ("LSTM, forget gate at bias 6: c", "c")):
        table = gradient_flow(measured(cells()[name][0], x), wrt)
        print(f"  {name:34s} {table[-1, 0]:.1e} of {table[-1, -1]:.1e}   ", end="")
        plot(out / f"gradient_flow_{wrt}.png", gradient_flow_map, table, name, state=wrt)


def ten_updates() -> None:
    """A GRU whose update gate opens at 10 of 100 steps keeps what 10 updates leave, not 100."""
    heading("100 steps, c updated 10 times")
    for often, x in (("10 times", (np.arange(1, T + 1) % 10 == 0) * 1.0), ("100 times", np.ones(T))):
        cell = GRU(1, 1, full=False, seed=0)
        cell.parameters["Wu"].value, cell.parameters["bu"].value = [[0.0, 40.0]], [[-40.0]]  # Γ_u = σ(40 x - 40)
        cell.parameters["Wc"].value = [[0.0, 0.0]]
        norm = state_flow(cell.unroll(x[None, None, :], {"a": [[1.0]]}), "c", times=[T])[-1, 0]
        print(f"  updated {often:9s} (Γ_u = 1/2): ‖∂c<100>/∂c<1>‖ = {norm:.3e}")
    print(f"  for comparison: (1/2)^10 = {0.5**10:.3e}, (1/2)^99 = {0.5**99:.3e}")


def exploding() -> None:
    """Clipping, and where infinity began."""
    heading("Exploding: the three ways of clipping, limit 1")
    cell = cells()["ReLU RNN, large weights"][0]
    run = cell.unroll(np.abs(np.random.default_rng(0).standard_normal((N_X, 1, T))))
    run.final["a"].sum().backward()
    gradients = {key: p.grad for key, p in cell.parameters.items()}
    print(f"  {'':22s} " + "".join(f"{'‖d' + key + '‖':>12s}" for key in gradients) + f"{'together':>12s}{'angle':>9s}")
    whole = np.concatenate([g.ravel() for g in gradients.values()]) / global_norm(gradients)
    for name, clip in {"as it is": dict, "by element": lambda g: clip_by_element(g, 1.0),
                       "by norm per array": lambda g: clip_by_norm(g, 1.0),
                       "by global norm": lambda g: clip_by_global_norm(g, 1.0)}.items():  # fmt: skip
        clipped = clip(gradients)
        direction = np.concatenate([g.ravel() for g in clipped.values()])
        cosine = min(direction @ whole / global_norm(clipped), 1.0)
        norms = "".join(f"{global_norm([g]):12.3e}" for g in clipped.values())
        print(f"  {name:22s} {norms}{global_norm(clipped):12.3e}{np.degrees(np.arccos(cosine)):8.2f}°")

    heading("Infinity: the first record and its time step")
    a = run.states["a"][0].sum() * 0.1
    with np.errstate(over="ignore"):
        for _ in steps(10):
            a = exp(a)
    print(f"  {first_nonfinite(a)}")


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    flows(out)
    ten_updates()
    exploding()

    heading("Four steps of the tanh RNN: what each step gave to each gradient, proven and drawn")
    short = measured(RNN(N_X, N_A, seed=0), np.random.default_rng(0).standard_normal((N_X, 1, 4)))
    print(brief(short.graph))
    print(gradient_table(short.loss, short.cell.parameters, most=beside(33, 9)))
    print(brief(prove(short.loss)))
    draw(short.loss, out / "gradient_flow.svg", view="overlay")
    print(out / "gradient_flow.svg")


if __name__ == "__main__":
    with any_console():
        arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        arguments.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (default: out)")
        arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
        main(arguments.parse_args().out)
