"""Run the text of a JAX program: on which device, and in which precision of numbers."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here

Run = Callable[..., tuple[Any, ...]]


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
        return jax.local_devices(backend=name)[0]
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


def loaded(text: str) -> tuple[dict[str, Any], bool]:
    """What a program's text defines, and whether it computes in float64.

    The text is identifiers and what operations declare of themselves, which is code; never a user's words. A program
    in float64 says so to JAX when it runs by itself; here that holds for its own calls only.
    """
    import jax

    double = "jax_enable_x64" in text
    before = jax.config.jax_enable_x64
    namespace: dict[str, Any] = {}
    try:
        exec(compile(text, "<JAX program>", "exec"), namespace)
    finally:
        jax.config.update("jax_enable_x64", before)
    return namespace, double


def runner(text: str, where: str | None) -> Run:
    """The function ``run`` of a program's text."""
    import jax

    namespace, double = loaded(text)
    run: Run = namespace["run"]
    place = device(where)

    def called(*arguments: Any) -> tuple[Any, ...]:
        with in_double(double), nullcontext() if place is None else jax.default_device(place):
            return run(*arguments)

    return called


def in_double(double: bool = True) -> AbstractContextManager[Any]:
    """JAX with float64, if that is asked for."""
    if not double:
        return nullcontext()
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64

    return enable_x64(True)
