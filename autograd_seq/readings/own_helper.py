"""A function of one array that the author has in a helper, such as ``sigmoid(z)``: a program calls it so as well."""

from __future__ import annotations

from autograd_seq.core import names
from autograd_seq.core.notation import ATOM, Form
from autograd_seq.core.source_line import ours
from autograd_seq.folding.unit import Family
from autograd_seq.writer.tree import Apply, record_of


def own_helper(tree: Apply, form: Form) -> Form | None:
    """How a function is written that a helper of the author's returns of its argument; None for all others.

    What NumPy has a function for is written as that. `form` is how it is written otherwise.
    """
    node = tree.unit.any if isinstance(tree.unit, Family) else tree.unit
    if not tree.operation.activation or tree.operation.arity != 1 or tree.settings or form.helper or node.owner:
        return None
    text, _ = form.write([("x", ATOM)], {})
    record = record_of(tree.unit)
    code, origin = record._code, record._origin
    if text.startswith("np.") or code is None or ours(code) or not record.inputs or record.inputs[0]._code is code:
        return None
    returned = type(origin) is tuple and len(origin) > 1 and origin[0] == (code, record._offset)
    if not returned or code.co_argcount != 1 or code.co_kwonlyargcount or not code.co_name.isidentifier():
        return None
    word = names.as_identifier(code.co_name)
    return Form(f"{word}({{0}})", helper=f"def {word}(x):\n    return {text}\n")
