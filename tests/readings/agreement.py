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
    return value_of(given) if isinstance(given, (Family, Node)) else np.asarray(given)


def agrees(text, first, derivations):
    """The module's outputs and gradients are the engine's, for every recording."""
    inputs, backward, keys, _ = layout(first)
    cases = [{key: valued(u) for group in layout(d)[:3] for key, u in group.items()} for d in derivations]
    found = run_alone(text, cases, list(inputs), list(backward), list(keys))
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
