"""A JAX program on many devices: each computes its share of the examples, and XLA adds up what is summed over them.

The program itself stays as it is, written for all examples. Told how its arguments lie, XLA divides it: a mean is one
over all examples, and one sum over the devices gives the gradients. Where the devices do not divide the examples, it
pads, and what it pads with reaches no result.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from autograd_seq.plan.writing.jax_devices import AXIS, laid, said, same_everywhere
from autograd_seq.plan.writing.jax_run import Runner, in_double
from autograd_seq.translation.reader import translated


class OverDevices:
    """A program on many devices.

    Parameters
    ----------
    program : JaxProgram
    devices : list of JAX's devices
    axes : list of int or None
        Of each argument, along which axis it is split, if it is.

    Attributes
    ----------
    text : str
        The program, with a function ``over(devices)`` that gives ``run`` on many devices.
    """

    def __init__(self, program: Any, devices: Sequence[Any], axes: Sequence[int | None]) -> None:
        self._program, self._devices, self._axes = program, devices, axes
        self._names = [program.names[value] for value in program.given]
        self.text = program.text + self._over("run")
        same_everywhere(devices, {"the program": self.text})

    @property
    def runner(self) -> Runner:
        """What computes on all of them; its results lie whole on each."""
        return RunnerOver(self.text, self._devices, self._axes)

    @property
    def soon(self) -> Runner:
        """The same, compiled soon and run slowly; JAX can be told so only of the outermost function."""
        how = ', compiler_options={"xla_backend_optimization_level": "0"}'
        return RunnerOver(self._program.soon + self._over("run.__wrapped__", how), self._devices, self._axes)

    def note(self, size: str | None = None) -> str:
        """What is split."""
        if len(self._devices) == 1:
            return f"on {said(self._devices)}"
        if all(axis is None for axis in self._axes):
            return f"on {said(self._devices)}, each of which computes everything"
        return f"{size or 'what counts examples'} is split over {said(self._devices)}"

    def _over(self, inner: str, how: str = "") -> str:
        shares = [
            "whole" if axis is None else f"NamedSharding(mesh, PartitionSpec({'None, ' * axis}{AXIS!r}))"
            for axis in self._axes
        ]
        lines = "".join(f"        {share},  # {name}\n" for name, share in zip(self._names, shares, strict=True))
        return f'''

def over(devices):
    """The same on many devices: each computes its share of the examples, and XLA adds up what is summed over them."""
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    mesh = Mesh(devices, ({AXIS!r},))
    whole = NamedSharding(mesh, PartitionSpec())
    shares = (
{lines}    )

    def everywhere(*arguments):
        return {inner}(*lax.with_sharding_constraint(arguments, shares))

    return jax.jit(everywhere, out_shardings=whole{how})
'''


class RunnerOver(Runner):
    """A program's function ``over(devices)``.

    With several processes, each has all arguments, and lays on its devices what these compute with.
    """

    def __init__(self, text: str, devices: Sequence[Any], axes: Sequence[int | None]) -> None:
        super().__init__(text, None)
        self._devices, self._axes = devices, axes
        self._everywhere = self.defined["over"](devices)

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """What the program gives for its arguments."""
        with in_double() if self.double else nullcontext():
            pairs = zip(arguments, self._axes, strict=True)
            return self._everywhere(*(laid(array, axis, self._devices) for array, axis in pairs))


def warn_of_copies(devices: Sequence[Any] | None, split: Mapping[int, int], arrays: Sequence[Any]) -> None:
    """Warn, if nothing is split, though there are several devices and several examples.

    Parameters
    ----------
    devices : list of JAX's devices, or None
    split : dict of int to int
        By its number, along which axis an argument is split.
    arrays : list
        The arguments.
    """
    if devices is None or len(devices) == 1 or split or any(1 in getattr(array, "shape", ()) for array in arrays):
        return
    warnings.warn(
        translated(
            f"each of {said(devices)} computes everything: which axis of the arguments counts examples is not known. "
            "Compile a function of arrays, which gives a loss for other numbers of examples too, or leave devices out"
        ),
        stacklevel=4,
    )
