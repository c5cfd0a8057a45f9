"""What writes and runs the program of a plan: NumPy, NumPy with loops that Numba compiles, or JAX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.plan.writing import jax_devices, jax_run
from autograd_seq.plan.writing.tools import require

NAMES = ("numpy", "numba", "jax")
PRECISIONS = ("highest", "high", "default")
DTYPES = ("float32", "float64", "bfloat16")


@dataclass(frozen=True)
class Engine:
    """How a program is written and run.

    Attributes
    ----------
    name : {"numpy", "numba", "jax"}
    dtype : str or None
        What JAX computes in, if that is not what was recorded.
    precision : str
        Of products in JAX.
    device : str or None
        Where JAX computes: ``"cpu"``, ``"gpu"``, ``"tpu"``; None for what JAX takes by itself.
    otherwise : str or None
        What is to be used for a program that JAX has no words for; None if that is an error.
    threads : int
        In how many parts examples are taken at the same time, where that is exact.
    devices : tuple or None
        JAX's devices over which the examples are split; None if they are not.
    """

    name: str = "numpy"
    dtype: str | None = None
    precision: str = "highest"
    device: str | None = None
    otherwise: str | None = None
    threads: int = 1
    devices: tuple[Any, ...] | None = None

    @property
    def compiled(self) -> bool:
        """Whether Numba compiles loops."""
        return self.name == "numba"

    @property
    def platform(self) -> str:
        """What kind of device JAX computes on."""
        return str(self.devices[0].platform) if self.devices else jax_run.platform(self.device)

    @property
    def on_one_cpu(self) -> bool:
        """Whether JAX computes on one CPU, whose memory is slow and whose loops cost little."""
        return self.name == "jax" and not self.devices and self.platform == "cpu"

    @property
    def fused(self) -> bool:
        """Whether what is element by element is computed in one go, in the loop whose values it is made of."""
        return self.compiled or self.on_one_cpu

    @property
    def unroll(self) -> int:
        """How many steps of a scan are written out: on a GPU starting a step is dear, elsewhere compiling it is."""
        return 16 if self.platform == "gpu" else 1

    @property
    def side_by_side(self) -> bool:
        """Whether what is multiplied by the same should stand side by side, in one product.

        NumPy's arrays are computed where they are to stand; JAX would copy them, to rows of odd lengths.
        """
        return self.name != "jax"

    def tolerance(self, recorded: float) -> float:
        """How far results may be apart, as a part of their size."""
        if self.dtype == "bfloat16":
            return 0.1
        if self.dtype == "float32" or self.precision != "highest":
            return max(recorded, 1e-3 if self.precision == "highest" else 2e-2)
        return recorded


def engine(
    name: str | None, fast: bool, dtype: Any, precision: str, device: str | None, otherwise: str | None,
    threads: Any = 1, devices: Any = None,
) -> Engine:
    """An engine as it is asked for in `compile`.

    Raises
    ------
    UsageError
        If there is no such engine, its package is not installed, or something is asked of it that it does not know.
    """
    name = name or ("numba" if fast else "numpy")
    _one_of("engine", name, NAMES)
    if fast and name != "numba":
        raise UsageError(f"fast=True is the engine 'numba'; ask for one of them, not for {name!r} too{here()}")
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or threads < 1:
        raise UsageError(f"threads is how many there may be, 1 or more, not {threads!r:.60}{here()}")
    if name == "jax" and threads > 1:
        raise UsageError(f"threads belongs to engine='numpy' and 'numba'; JAX uses all cores by itself{here()}")
    if name == "numba":
        require()
    if name != "jax":
        asked = {"dtype": dtype, "device": device, "otherwise": otherwise, "devices": devices}
        for word, given in asked.items():
            if given is not None:
                raise UsageError(f"{word} belongs to engine='jax'; {name} computes as it was recorded{here()}")
        return Engine(name, threads=int(threads))
    _one_of("precision", precision, PRECISIONS)
    if otherwise is not None:
        _one_of("otherwise", otherwise, ("numpy",))
    jax_run.require()
    jax_run.device(device)
    wanted = None if dtype is None else dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if wanted is not None:
        _one_of("dtype", wanted, DTYPES)
    among = None if devices is None else jax_devices.several(devices, device)
    return Engine(name, wanted, precision, device, otherwise, devices=among)


def _one_of(word: str, given: Any, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UsageError(f"{word} is one of {', '.join(map(repr, known))}, not {given!r:.60}{here()}")
