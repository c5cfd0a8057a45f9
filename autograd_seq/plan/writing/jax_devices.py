"""The devices of one machine or of several: which are asked for, and how arrays are laid over them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.plan.writing import jax_run

AXIS = "devices"  # of the mesh
_TRIAL = "XLA_FLAGS=--xla_force_host_platform_device_count="


def several(asked: Any, kind: str | None) -> tuple[Any, ...]:
    """The devices that are asked for, those of other processes too.

    Parameters
    ----------
    asked : int, "all" or list of JAX's devices
        How many: the first that there are, of each process alike.
    kind : str, optional
        ``"cpu"``, ``"gpu"``, ``"tpu"``.

    Raises
    ------
    UsageError
        If there are not so many, or a process would have none.
    """
    import jax

    if isinstance(asked, (list, tuple)):
        return _listed(asked, kind)
    jax_run.device(kind)  # says so, if there is none
    there = jax.devices(kind) if kind else jax.devices()
    if asked == "all":
        return tuple(there)
    if isinstance(asked, bool) or not isinstance(asked, (int, np.integer)) or asked < 1:
        raise UsageError(
            f"devices is how many of them, from 1 on, or 'all', or a list of JAX's devices, not {asked!r:.60}{here()}"
        )
    if asked > len(there):
        kinds = there[0].platform
        trial = f"; for a trial a CPU passes for {asked}: set {_TRIAL}{asked} before Python starts"
        raise UsageError(
            f"{asked} devices are asked for, but JAX finds {len(there)} ({kinds}): write devices='all' for what there "
            f"is{trial if kinds == 'cpu' and jax.process_count() == 1 else ''}{here()}"
        )
    return _with_every_process(_alike(there, int(asked)))


def _alike(there: Sequence[Any], count: int) -> tuple[Any, ...]:
    """So many devices, as many of each process where that can be."""
    turns: dict[int, int] = {}
    places = []
    for place, device in enumerate(there):
        turn = turns[device.process_index] = turns.get(device.process_index, -1) + 1
        places.append((turn, device.process_index, place))
    chosen = sorted(place for *_, place in sorted(places)[:count])
    return tuple(there[place] for place in chosen)


def _listed(devices: Sequence[Any], kind: str | None) -> tuple[Any, ...]:
    import jax

    if kind is not None:
        raise UsageError(f"devices are listed, so leave device={kind!r} out{here()}")
    strange = [device for device in devices if not isinstance(device, jax.Device)]
    if strange or not devices:
        what = f"{strange[0]!r:.60}" if strange else "an empty list"
        raise UsageError(f"a list of devices is one of JAX's, such as jax.devices()[:2], not {what}{here()}")
    if len(set(devices)) < len(devices) or len({device.platform for device in devices}) > 1:
        raise UsageError(
            f"devices work together if each is listed once and all are of one kind, not {list(devices)!r:.120}{here()}"
        )
    return _with_every_process(tuple(devices))


def _with_every_process(devices: tuple[Any, ...]) -> tuple[Any, ...]:
    import jax

    idle = set(range(jax.process_count())) - {device.process_index for device in devices}
    if idle:
        raise UsageError(
            f"all {jax.process_count()} processes compute together, but {len(devices)} devices leave process "
            f"{min(idle)} without any: write devices='all'{here()}"
        )
    return devices


def said(devices: Sequence[Any]) -> str:
    """How many devices of what kind, and of how many processes."""
    processes = len({device.process_index for device in devices})
    of = f", of {processes} processes" if processes > 1 else ""
    return f"{len(devices)} device{'s' * (len(devices) > 1)} ({devices[0].platform}{of})"


def laid(array: Array, axis: int | None, devices: Sequence[Any]) -> Any:
    """An array over devices: a share of it on each; or, if it is not split or they do not divide it, all of it."""
    import jax
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    split = axis is not None and array.shape[axis] % len(devices) == 0
    spec = PartitionSpec(*[None] * axis, AXIS) if split and axis is not None else PartitionSpec()
    array = np.asarray(array, jax.dtypes.canonicalize_dtype(array.dtype))
    sharding = NamedSharding(Mesh(np.array(devices), (AXIS,)), spec)
    return jax.make_array_from_callback(array.shape, sharding, lambda part: array[part])


def same_everywhere(devices: Sequence[Any] | None, things: Mapping[str, Any]) -> None:
    """Compare what several processes are called with, by a checksum of each thing.

    Parameters
    ----------
    devices : list of JAX's devices, or None
        On which they compute together; without them there is nothing to compare.
    things : dict of str to array, str or None

    Raises
    ------
    UsageError
        If it is not the same: what they compute together would be the result of none of them.
    """
    if devices is None or len({device.process_index for device in devices}) == 1:
        return
    from jax.experimental import multihost_utils

    mine = np.array([_checksum(thing) for thing in things.values()], np.uint32)
    every = np.asarray(multihost_utils.process_allgather(mine)).reshape(-1, len(mine))
    other = [name for name, sums in zip(things, every.T, strict=True) if len(set(sums.tolist())) > 1]
    if other:
        raise UsageError(
            f"{', '.join(other)} {'is' if len(other) == 1 else 'are'} not the same in all {len(every)} processes: each "
            "is given all examples in the same order, and begins with the same parameters. Use the same seeds, and go "
            f"on from the same file{here()}"
        )


def _checksum(thing: Any) -> int:
    content = thing.tobytes() if isinstance(thing, np.ndarray) else repr(thing).encode()
    return zlib.crc32(content, zlib.crc32(repr(np.shape(thing)).encode()))


def first_process() -> bool:
    """Whether this is the process that writes files and reports, of several that compute together.

    They wait for each other here, so that what the first has written can be read by all.
    """
    import jax

    if jax.process_count() > 1:
        from jax.experimental import multihost_utils

        multihost_utils.sync_global_devices("which of us is the first")
    return bool(jax.process_index() == 0)
