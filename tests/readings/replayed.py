"""A recording made anew with other leaves, by the operations themselves: what a page has to show after an edit."""

import numpy as np

from autograd_seq import Tensor
from autograd_seq.core.backward import seed_for, sweep
from autograd_seq.folding.steps import scopes


def replayed(graph, values):
    """The new record of each record; `values` gives leaves their new arrays."""
    made, places = {}, scopes(graph)
    with np.errstate(all="ignore"):
        for record in graph:
            if record.operation is None:
                array = values.get(record, record.value)
                made[record] = Tensor(array, requires_grad=record.requires_grad).record
            else:
                inputs = [made[x] for x in record.inputs]
                operation = record.operation
                made[record] = operation(*([inputs] if operation.variadic else inputs), **record.settings).record
            made[record].scope = places[record]
    return made


def adjoints(made, loss, gradient=None):
    """The adjoint of each record of the old graph, in the new one."""
    new = made[loss]
    with np.errstate(all="ignore"):
        found = dict(sweep(new, seed_for(new, gradient), everything=True))
    return {old: found[record] for old, record in made.items() if record in found}
