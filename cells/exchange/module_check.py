"""Gradients of other libraries against this engine's, evaluated in 60 digits: by parameter and by time step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq import Tensor, differentiate
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.diagnosis.handwritten import check_backward
from autograd_seq.diagnosis.in_digits import exact
from autograd_seq.diagnosis.report import BackwardReport
from autograd_seq.diagnosis.truth import Truth
from autograd_seq.diagnosis.unit_errors import rounding
from autograd_seq.readings.precise import derivatives
from autograd_seq.translation.reader import translated
from cells.exchange import foreign
from cells.exchange.convention import Array
from cells.exchange.foreign import Foreign
from cells.exchange.living import as_array, comes_from

RIGHT = 100.0  # times what rounding explains: it is rounding
WRONG = 1000.0  # it is not
FINE = 2.0**-23  # how rounding moves a gradient is measured at most so coarsely: what is not linear is small there


@dataclass
class Compared:
    """One gradient: how far it is from the true one, in units of what the dtype's rounding explains.

    Attributes
    ----------
    units : float
        Of the whole loss, the worst of all elements.
    by_time : dict of int to float
        The same of the loss of each time step alone.
    status : str
        ``"checked"``, ``"refuted"``, ``"undecided"`` or ``"excluded"`` (another derivative at a kink met exactly).
    where : tuple of int
        The element that is farthest off.
    theirs, true : float
        Its value there, and the true one.
    """

    units: float
    by_time: dict[int, float]
    status: str
    where: tuple[int, ...]
    theirs: float
    true: float


@dataclass
class ModuleReport:
    """What came of `check_module`; it prints as a table.

    Attributes
    ----------
    title : str
        What was checked.
    dtype : str
        What it computed in.
    gradients : dict of str to Compared
        By the library's own names.
    digits : int
        How many the true gradients were evaluated in.
    backward : BackwardReport or None
        The diagnosis of a backward pass that was written by hand.
    """

    title: str
    dtype: str
    gradients: dict[str, Compared]
    digits: int
    backward: BackwardReport | None = None
    notes: list[str] = field(default_factory=list)

    def _with(self, status: str) -> list[str]:
        return [name for name, found in self.gradients.items() if found.status == status]

    @property
    def failures(self) -> list[str]:
        """The gradients that are wrong."""
        return self._with("refuted")

    @property
    def undecided(self) -> list[str]:
        """Those that the numbers cannot tell of, with the reasons."""
        return [f"{name}: more than rounding explains, and not enough to be sure" for name in self._with("undecided")]

    @property
    def excluded(self) -> list[str]:
        """Those that are another derivative at a kink which is met exactly."""
        return self._with("excluded")

    @property
    def ok(self) -> bool:
        """Whether every gradient is right, up to rounding."""
        return bool(self.gradients) and not self.failures and not self.undecided

    def __str__(self) -> str:
        times = sorted({t for found in self.gradients.values() for t in found.by_time})
        width = max(map(len, [*self.gradients, "gradient of"]))
        lines = [
            f"{self.title}, {self.dtype}: gradients against {self.digits} digits, in units of rounding",
            " ".join([f"{'gradient of':{width}}", f"{'all':>9}", *(f"{f'L<{t}>':>9}" for t in times)]),
        ]
        for name, found in self.gradients.items():
            numbers = [found.units, *(found.by_time.get(t, 0.0) for t in times)]
            said = "" if found.status == "checked" else f"  {found.status}"
            lines.append(" ".join([f"{name:{width}}", *(f"{n:9.3g}" for n in numbers)]) + said)
        for name in self.failures:
            found = self.gradients[name]
            at = f"[{', '.join(map(str, found.where))}]" if found.where else ""
            lines.append(f"{name}{at} is {found.theirs:.9g}, and the derivative is {found.true:.9g}")
        backward = [str(self.backward)] if self.backward is not None else []
        return translated("\n".join([*lines, *self.notes, *backward]))

    def __repr__(self) -> str:
        return str(self)


def check_module(module: Any, inputs: Any, time: int | None = None, seed: int = 0) -> ModuleReport:
    """Compare the gradients that a library computes with the true ones.

    The computation is recorded here as the library says it itself (PyTorch hands over every call, JAX its list of
    primitives), differentiated here, and evaluated in 60 digits.

    Parameters
    ----------
    module : module or function
        Of PyTorch: a module, or a class made from ``torch.autograd.Function``, whose backward pass is diagnosed as any
        other that was written by hand. Of JAX: a function, also one with ``jax.custom_vjp``, likewise diagnosed; the
        parameters are among its inputs. Of Keras, on its JAX or PyTorch backend: a layer or model that has been built.
    inputs : array, tuple or mapping of str to array
        What it is called with, in the library's own layout; of JAX also trees of arrays.
    time : int, optional
        The axis of the first output that is time: then the loss of each time step is compared by itself too. Recurrent
        layers say it themselves.
    seed : int
        For the adjoints of the outputs, which are drawn.

    Returns
    -------
    ModuleReport
        ``.ok``, ``.failures``, ``.undecided``, ``.excluded``, ``.gradients["weight_ih_l0"].units``; it prints. A unit
        is how far one unit in the last place of every step moves that element.

    Raises
    ------
    UsageError
        If the computation uses what is not recorded here, which is named; if the recording computes something else; or
        if the library does not take the inputs.

    Examples
    --------
    >>> report = check_module(torch.nn.LSTM(3, 4), torch.randn(5, 2, 3))  # doctest: +SKIP
    >>> report.ok, report.gradients["weight_hh_l0"].units  # doctest: +SKIP
    (True, 0.382)
    """
    told = foreign.foreign(module, inputs)
    _same_values(told)
    axis = time if time is not None else told.time
    rng = np.random.default_rng(seed)
    highest = 16 if told.epsilon <= 2.0**-3 else 4
    seeds = [np.asarray(rng.integers(1, highest, y.shape) * rng.choice([-0.125, 0.125], y.shape)).astype(y.dtype)
             for y in told.outputs]  # few binary digits: every dtype has them exactly  # fmt: skip
    whole, digits = _compared(told, seeds)
    for t in range(told.outputs[0].shape[axis] if axis is not None and told.outputs[0].ndim > axis else 0):
        of_step = [np.zeros_like(s) for s in seeds]
        at = (slice(None),) * (axis or 0) + (t,)
        of_step[0][at] = seeds[0][at]
        for name, found in _compared(told, of_step)[0].items():
            whole[name].by_time[t + 1] = found.units
            if _RANK.index(found.status) > _RANK.index(whole[name].status):
                whole[name] = Compared(whole[name].units, whole[name].by_time, found.status, found.where, found.theirs,
                                       found.true)  # fmt: skip
    report = ModuleReport(told.title, told.dtype, whole, digits)
    if foreign.is_function_of_torch(module) or (comes_from(module, "jax") and hasattr(module, "defvjp")):
        report.backward = check_backward(*_pair(module, inputs), _arrays(inputs), seed)
    return report


_RANK = ["checked", "excluded", "undecided", "refuted"]


def _same_values(told: Foreign) -> None:
    """Refuse a recording that computes something else: nothing could be said by it."""
    if len(told.recorded) != len(told.outputs):
        raise UsageError(
            f"{told.title} returns {len(told.outputs)} arrays with gradients, but {len(told.recorded)} were "
            f"recorded{here()}"
        )
    close = min(1e4 * told.epsilon, max(0.1, told.epsilon))
    for there, ours in zip(told.outputs, told.recorded, strict=True):
        if there.shape != ours.shape or not np.allclose(there, ours.value, rtol=close, atol=close):
            raise UsageError(
                f"{told.title} computes something else than what was recorded of it: is it random, or does it keep "
                f"a state?{here()}"
            )


def _compared(told: Foreign, seeds: Sequence[Array]) -> tuple[dict[str, Compared], int]:
    """Every gradient beside the true one."""
    pairs = list(zip(told.recorded, seeds, strict=True))
    total: Any = sum((y * Tensor(s.astype(np.float64))).sum() for y, s in pairs)
    truth = Truth(told.leaves, {"L": total.record}, {}, differentiate(total))
    precise = exact(truth)
    fine = min(told.epsilon, FINE)
    true, units = precise or truth.gradients, rounding(truth, fine)
    theirs = told.gradients(seeds)
    result = {}
    for name, leaf in told.leaves.items():
        there = theirs.get(name, np.zeros(leaf.shape))
        result[name] = _one(there, true[f"d{name}"], units[f"d{name}"] * (told.epsilon / fine))
        if result[name].status != "checked" and _kinked(pairs, leaf, result[name].where):
            result[name].status = "excluded"
    return result, 60 if precise else 16


def _one(theirs: Array, true: Array, unit: Array) -> Compared:
    with np.errstate(all="ignore"):
        off = np.abs(theirs.astype(np.float64) - true)
        units = np.where(off == 0, 0.0, off / np.maximum(unit, np.finfo(np.float64).tiny))
    units = np.where(np.isfinite(theirs), units, np.inf)
    where = np.unravel_index(int(np.argmax(units)), units.shape)
    worst = float(units[where])
    status = "checked" if worst <= RIGHT else "refuted" if worst > WRONG else "undecided"
    place = tuple(int(i) for i in where)
    return Compared(worst, {}, status, place, float(theirs[where]), float(true[where]))


def _kinked(pairs: Sequence[tuple[Tensor, Array]], leaf: Tensor, where: tuple[int, ...]) -> bool:
    """Whether the derivative by an element leads over a kink that is met exactly."""
    found = derivatives({y: s.astype(np.float64) for y, s in pairs}, [leaf])
    return bool(found.kinked[leaf.record][where])


# -- a backward pass written by hand -----------------------------------------------------------------


def _arrays(inputs: Any) -> dict[str, Array]:
    """Inputs as NumPy's arrays, by names, in float64: what is written by hand is tried in full precision."""
    arrays = {name: as_array(x, name) for name, x in foreign.named(inputs).items()}
    return {name: a.astype(np.float64) if a.dtype.kind == "f" else a for name, a in arrays.items()}


def _pair(module: Any, inputs: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A forward and a backward pass as `check_backward` takes them."""

    def told(arrays: Mapping[str, Any]) -> Foreign:
        if foreign.is_function_of_torch(module):
            return foreign.of_torch_function(module, arrays, module.__name__)
        return foreign.of_jax(module, list(arrays.values()), list(arrays), "a function of JAX")

    def forward(**arrays: Any) -> Any:
        values = {k: a.value if isinstance(a, Tensor) else a for k, a in arrays.items()}
        if not any(isinstance(a, Tensor) for a in arrays.values()):
            return {f"y_{n}": y for n, y in enumerate(told(values).outputs, start=1)}, values
        outputs = foreign.recorded_on(module, arrays)
        return {f"y_{n}": y for n, y in enumerate(outputs, start=1)}, values

    def backward(upstream: Mapping[str, Array], cache: Mapping[str, Array]) -> dict[str, Array]:
        gradients = told(cache).gradients(list(upstream.values()))
        return {f"d{name}": g for name, g in gradients.items()}

    backward.__name__ = getattr(module, "__name__", "backward")
    return forward, backward
