"""Whether a generated module gives the outputs and gradients of the engine, also for other recordings than its own."""

import numpy as np
from readings.alone import run_alone
from readings.derived_cells import value_of

from autograd_seq.folding.unit import Family, Node
from autograd_seq.readings.module_text import signature
from autograd_seq.readings.program import ProgramWriter


def layout(derivation):
    """The writer of a derivation, its signature, and every leaf by the name of its argument."""
    writer = ProgramWriter(derivation, "net")
    arguments = signature(writer)
    inputs = [*arguments.required, *arguments.later, *arguments.optional]
    return (
        {writer.variables[u]: u for u in inputs} | arguments.given,
        {writer.variables[u]: u for u in arguments.backward},
        {key: u for u, key in arguments.parameters.items()},
        writer,
    )


def valued(given):
    """An argument of the recording; what is given besides its leaves is a value already."""
    if isinstance(given, (Family, Node)):
        return value_of(given)
    return given if holds_slices(given) else np.asarray(given)


def holds_slices(given):
    """Whether it is no array: an index that is a slice, or a list of them."""
    return isinstance(given, slice) or (isinstance(given, list) and isinstance(given[0], slice))


def run_here(text, cases, forward, backward, parameters):
    """As `run_alone`, for arguments that are no arrays."""
    namespace, found = {}, {}
    exec(compile(text, "generated", "exec"), namespace)
    for i, case in enumerate(cases):
        weights = {key: case[key] for key in parameters}
        *outputs, cache = namespace["net_forward"](parameters=weights, **{key: case[key] for key in forward})
        gradients = namespace["net_backward"](cache=cache, **{key: case[key] for key in backward})
        found |= {f"{i}/out{k}": np.asarray(output) for k, output in enumerate(outputs)}
        found |= {f"{i}/{key}": gradient for key, gradient in gradients.items()}
    return found


def agrees(text, first, derivations):
    """The module's outputs and gradients are the engine's, for every recording."""
    inputs, backward, keys, _ = layout(first)
    cases = [{key: valued(u) for group in layout(d)[:3] for key, u in group.items()} for d in derivations]
    run = run_here if any(holds_slices(value) for value in cases[0].values()) else run_alone
    found = run(text, cases, list(inputs), list(backward), list(keys))
    for i, derivation in enumerate(derivations):
        *_, parameters, writer = layout(derivation)
        for k, unit in enumerate(derivation.outputs):
            close(found[f"{i}/out{k}"], value_of(unit), "output")
        keys = {unit: key for key, unit in parameters.items()}
        leaves = {u: owner for u, owner in derivation.adjoint_of.items() if owner.leaf}
        assert leaves
        for unit, owner in leaves.items():
            key = f"d{keys.get(owner) or writer.variables[owner]}"
            close(found[f"{i}/{key}"], value_of(unit), key)


def close(found, expected, what):
    assert found.shape == expected.shape, what
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * max(1, np.abs(expected).max()), err_msg=what)
