"""Run the text of a JAX program: on which device, and in which precision of numbers."""

from __future__ import annotations

import importlib.util
from contextlib import ExitStack
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here


def available() -> bool:
    """Whether JAX is installed."""
    return importlib.util.find_spec("jax") is not None


def require() -> None:
    """Say so if it is not.

    Raises
    ------
    UsageError
        Without JAX.
    """
    if not available():
        raise UsageError(f"the engine 'jax' needs JAX: pip install 'autograd-seq[jax]'{here()}")


def device(name: str | None) -> Any:
    """A device of a kind; None if JAX is to choose.

    Raises
    ------
    UsageError
        If there is none.
    """
    if name is None:
        return None
    import jax

    try:
        return jax.devices(name)[0]
    except RuntimeError as error:
        there = sorted({d.platform for d in jax.devices()} | {"cpu"})
        raise UsageError(
            f"JAX finds no device {name!r} here, only {', '.join(there)}: leave device out, or install JAX "
            f"for that device (https://docs.jax.dev/en/latest/installation.html){here()}"
        ) from error


def platform(name: str | None) -> str:
    """What kind of device JAX will take: cpu, gpu, tpu."""
    import jax

    place = device(name)
    return str(place.platform if place is not None else jax.default_backend())


class Runner:
    """A program's function ``run``, and where and with which numbers it runs.

    The text is identifiers and what operations declare of themselves, which is code; never a user's words. A program
    in float64 says so to JAX when it runs by itself; here that holds for its own calls only.

    Parameters
    ----------
    text : str
        The program.
    where : str, optional
        A kind of device.

    Attributes
    ----------
    run : function
        What JAX compiles: it can be part of what else JAX compiles.
    double : bool
        Whether it computes in float64.
    """

    def __init__(self, text: str, where: str | None) -> None:
        import jax

        self.double = "jax_enable_x64" in text
        before = jax.config.jax_enable_x64
        namespace: dict[str, Any] = {}
        try:
            exec(compile(text, "<JAX program>", "exec"), namespace)
        finally:
            jax.config.update("jax_enable_x64", before)
        self.run = namespace["run"]
        self._place = device(where)

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """What the program gives for its arguments."""
        import jax

        with ExitStack() as stack:
            if self.double:
                stack.enter_context(_in_double())
            if self._place is not None:
                stack.enter_context(jax.default_device(self._place))
            return self.run(*arguments)


def _in_double() -> Any:
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64

    return enable_x64(True)
