"""Mistakes that are not a function's own: it is right, or less is wrong, with a right one in the place of another."""

from __future__ import annotations

from dataclasses import replace

from autograd_seq.diagnosis.report import BackwardReport


def blame(report: BackwardReport, fixed: BackwardReport, other: str) -> None:
    """Say of a function's mistakes which are its own, and which follow from another function.

    Parameters
    ----------
    report : BackwardReport
        What is wrong with it as it stands; changed in place.
    fixed : BackwardReport
        What is wrong with a right one in the place of the other.
    other : str
        What that is called.
    """
    if fixed.ok:
        report.inherited = f"all of it follows from {other}: with a right cell it is right"
        return
    report.causes, report.also = fixed.causes, fixed.also
    report.look_at, report.together = fixed.look_at, fixed.together
    for key in set(report.wrong) & set(fixed.wrong):
        report.gradients[key] = replace(report[key], diagnosis=fixed[key].diagnosis)
    report.remains, report.failure = [*fixed.wrong, *fixed.missing], fixed.failure
    report.warnings.append(f"{other} is wrong too; the mistakes named here remain with a right one")
