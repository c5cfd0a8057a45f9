"""How exact the gradients of recurrent layers are: PyTorch, JAX and Keras against this engine in more digits.

``python benchmarks/exactness.py [--device gpu] [--steps 16 128] [--json PATH]``: a minute or two. Every layer computes
the same case, whose numbers have eight binary digits, which each dtype holds exactly; the loss is Σ output × given
numbers. The true gradients of the small layers are this engine's recording evaluated in 60 digits; those of the large
ones are its own in NumPy's longdouble (18 digits on x86-64). Three tables: ‖g − g64‖ / ‖g64‖ of ∂J/∂W_hh, the same of
the outputs, and the worst element of all weights' gradients in units of rounding (how far one unit in the last place of
every step moves that element, as in `check_module`). Rows for a GPU run where one is there; what is not there is listed
as open, and a library that raises says so in its row.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from exactness_ways import Array, Case, Way, jax_ways, keras_ways, torch_ways

from autograd_seq import Tensor, differentiate
from autograd_seq.diagnosis.in_digits import exact
from autograd_seq.diagnosis.truth import Truth
from autograd_seq.diagnosis.unit_errors import rounding
from cells import GRU, LSTM, RNN
from cells.exchange import gradients_as, load, save

LIBRARIES = ("torch", "keras")
RECURRENT = {"torch": "weight_hh_l0", "keras": "recurrent_kernel"}
UNIT = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
FLOAT64 = UNIT["float64"]
PACKAGES = ("numpy", "torch", "jax", "jaxlib", "keras")
SMALL, LARGE = (3, 4, 2), (64, 128, 8)  # n_x, n_a, m


@dataclass
class Known:
    """A case and its true gradients.

    Attributes
    ----------
    outputs : ndarray (T, m, n_a)
    gradients, units : dict
        From a library to its arrays: the true gradients, and how far a unit of float64 moves each element.
    digits : int
        How many the true gradients have.
    """

    case: Case
    outputs: Array
    gradients: dict[str, dict[str, Array]]
    units: dict[str, dict[str, Array]]
    digits: int


def short(rng: np.random.Generator, *shape: int) -> Array:
    """Normal numbers of eight binary digits, none of them small: float16 and bfloat16 have them exactly."""
    mantissa, exponent = np.frexp(rng.standard_normal(shape))
    return np.where(exponent < -8, 0.0, np.ldexp(np.round(mantissa * 256) / 256, exponent))


def known(kind: str, sizes: tuple[int, int, int], steps: int) -> Known:
    """A case with its truth: weights are normal, scaled by a power of two near 1/√n_a."""
    n_x, n_a, m = sizes
    rng = np.random.default_rng([steps, n_a, len(kind), ord(kind[0])])
    cell = {"LSTM": LSTM, "RNN": RNN, "GRU": lambda n_x, n_a: GRU(n_x, n_a, reset_after=True)}[kind](n_x, n_a)
    scale = 2.0 ** -round(np.log2(n_a) / 2)
    drawn = {key: short(rng, *w.shape) * scale for key, w in save(cell, "torch").items()}
    if kind != "GRU":  # Keras has one bias, the sum of the two
        drawn["bias_hh_l0"] = np.zeros_like(drawn["bias_hh_l0"])
    x, delta = short(rng, steps, m, n_x), short(rng, steps, m, n_a)
    cell = load(drawn, "torch", kinds={"": kind})
    case = Case(kind, x, delta, {library: save(cell, library) for library in LIBRARIES})
    in_float64 = recorded(cell, case)
    outputs = np.stack([a.value.T for a in in_float64.outputs.values()])
    precise = exact(Truth(in_float64.inputs, {}, {}, in_float64.recording))
    digits = 60
    if precise is None:
        wide = load({key: w.astype(np.longdouble) for key, w in drawn.items()}, "torch", kinds={"": kind})
        truth, digits = recorded(wide, case, np.longdouble), int(np.finfo(np.longdouble).precision)
        outputs, precise = np.stack([a.value.T for a in truth.outputs.values()]), truth.gradients
    return Known(case, outputs, named(cell, precise), named(cell, rounding(in_float64)), digits)


def recorded(cell: Any, case: Case, dtype: Any = np.float64) -> Truth:
    """The case recorded here: the leaves are the cell's parameters."""
    run = cell.unroll(np.transpose(case.x, (2, 1, 0)).astype(dtype))
    states = run.states["a"]
    loss = sum(((a * Tensor(d.T.astype(dtype))).sum() for a, d in zip(states, case.delta, strict=True)), start=0.0)
    outputs = {f"a{t}": a.record for t, a in enumerate(states)}
    return Truth({key: p.record for key, p in cell.parameters.items()}, outputs, {}, differentiate(loss))


def named(cell: Any, arrays: dict[str, Array]) -> dict[str, dict[str, Array]]:
    """What belongs to a cell's parameters, by the libraries' names."""
    for key, parameter in cell.parameters.items():
        parameter.grad = arrays[f"d{key}"]
    return {library: gradients_as(cell, library) for library in LIBRARIES}


def off(found: Array, true: Array) -> float:
    """‖found − true‖ / ‖true‖."""
    return float(np.linalg.norm((found - true).astype(float)) / np.linalg.norm(true.astype(float)))


def measured(way: Way, truth: Known) -> dict[str, Any]:
    """How far a way is from the truth, or why it gave no numbers."""
    try:
        outputs, gradients = way.run(truth.case)
    except Exception as error:  # a row says what its library raised, and the others stand
        return {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    true, units = truth.gradients[way.library], truth.units[way.library]
    scale = UNIT[way.dtype] / FLOAT64
    worst = 0.0
    for key, g in gradients.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            away = np.abs((g - true[key]).astype(float)) / (np.abs(units[key]) * scale)
        worst = max(worst, float(np.nanmax(away)))
    key = RECURRENT[way.library]
    return {"gradient": off(gradients[key], true[key]), "outputs": off(outputs, truth.outputs), "units": worst}


def all_measured(rows: list[Way], truth: Known) -> dict[str, dict[str, Any]]:
    """Every way beside the truth; those that compile for long at the same time."""
    with ThreadPoolExecutor() as pool:
        begun = {way.name: pool.submit(measured, way, truth) for way in rows if way.by_thread}
        one_by_one = {way.name: measured(way, truth) for way in rows if not way.by_thread}
        found = one_by_one | {name: future.result() for name, future in begun.items()}
    return {way.name: found[way.name] for way in rows}


def surroundings() -> dict[str, str]:
    """What the numbers were measured with."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if "torch" in sys.modules and (cuda := sys.modules["torch"].cuda).is_available():
        found["card"] = cuda.get_device_name()
        found["cudnn"] = str(sys.modules["torch"].backends.cudnn.version())
    elif "jax" in sys.modules:
        found["card"] = ", ".join({d.device_kind for d in sys.modules["jax"].devices() if d.platform == "gpu"})
    return {key: value for key, value in found.items() if value}


def ways(left_open: list[str]) -> list[Way]:
    """Every way that can run here."""
    found = [*torch_ways(left_open), *jax_ways(left_open)]
    devices = {(way.layer.split()[0].split(".")[0], way.device) for way in found}
    return [*found, *keras_ways(devices, left_open)]


def table(title: str, key: str, cases: dict[str, dict[str, dict[str, Any]]]) -> str:
    rows = list(dict.fromkeys(row for found in cases.values() for row in found))
    lines = [f"\n{title}\n", f"| way | {' | '.join(cases)} |", f"|{'---|' * (len(cases) + 1)}"]
    for row in rows:
        cells = [found[row] for found in cases.values()]
        lines.append(f"| {row} | {' | '.join('failed' if 'failed' in c else f'{c[key]:.2g}' for c in cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="*", default=[16, 128], help="T of the large LSTM; 1024 takes long")
    parser.add_argument("--device", choices=["cpu", "gpu"], help="only the ways on this one")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the numbers to this file as well")
    options = parser.parse_args()
    begun = time.perf_counter()
    wanted = [(kind, SMALL, 5) for kind in ("LSTM", "GRU", "RNN")]
    wanted += [("LSTM", LARGE, steps) for steps in options.steps]
    wanted += [(kind, LARGE, max(options.steps)) for kind in ("GRU", "RNN") if options.steps]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        truths = dict(zip([f"{kind} n_a {n_a}, T {steps}" for kind, (_, n_a, _), steps in wanted],
                          pool.map(known, *zip(*wanted, strict=True)), strict=True))  # fmt: skip
    left_open: list[str] = []
    rows = [way for way in ways(left_open) if options.device in (None, way.device)]
    cases = {title: all_measured(rows, truth) for title, truth in truths.items()}
    digits = {title: truth.digits for title, truth in truths.items()}
    found = {"format": 1, "date": time.strftime("%Y-%m-%d"), "with": surroundings(), "digits": digits, "cases": cases,
             "open": left_open}  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    said = ", ".join(f"{key} {value}" for key, value in found["with"].items())
    if not rows:
        print("nothing of this can run here", file=sys.stderr)
    print(f"{found['date']}: {said}; {time.perf_counter() - begun:.0f} s")
    print(table("‖g − g64‖ / ‖g64‖ of ∂J/∂W_hh", "gradient", cases))
    print(table("The same of the outputs", "outputs", cases))
    print(table("The worst element of all weights' gradients, in units of rounding", "units", cases))
    for line in left_open:
        print(f"open: {line}")
    failed = {f"{row}: {c['failed']}" for case in cases.values() for row, c in case.items() if "failed" in c}
    for line in sorted(failed):
        print(f"failed: {line}")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
