"""A gradient that is that of something else: returned or assigned under the wrong name."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import RARE, Edit, Variant
from autograd_seq.diagnosis.rerun import Change, bare


def copied(c: Context) -> Iterator[Variant]:
    """One gradient in place of another of its shape."""
    results = c.program.results
    for name, r in results.items():
        for other, y in results.items():
            if other != name and y.shape == r.shape and bare(y) is not bare(r):
                edit = Edit(("copy", other), "wrong value", f"with {other} in its place", _value(y))
                yield c.listed(("copy", name), edit, [name], {r: edit.change})
    names = list(results)
    for i, a in enumerate(names):
        for b in names[:i]:
            x, y = results[a], results[b]
            if x.shape == y.shape:
                edit = Edit(("exchanged", a, b), "wrong value", "exchanged with one another", _value(y))
                yield c.listed(("exchanged results", a, b), edit, [b, a], {x: _value(y), y: _value(x)})


def intermediate(c: Context) -> Iterator[Variant]:
    """The adjoint of something on the way in place of a gradient."""
    for name, r in c.program.results.items():
        seen = set()
        for y in c.program.records:
            if y in c.live and y.shape == r.shape and y.index < r.index and bare(y) is not bare(r):
                said = c.called(y)
                if bare(y) not in seen and not any(y is x for x in c.program.results.values()):
                    seen.add(bare(y))
                    edit = Edit(
                        ("intermediate", c.role(y), c.program.time(y)),
                        "wrong value",
                        f"with {said} in its place",
                        _value(y),
                    )
                    made = c.listed(("intermediate", name), edit, [name], {r: edit.change})
                    yield Variant(made.key, made.category, made.where, made.words, made.correct, RARE, made.changes, 3)


def _value(y: Tensor) -> Change:
    known = y._value  # the true one: what is computed later cannot be waited for
    return lambda v: known


__all__ = ["copied", "intermediate"]
