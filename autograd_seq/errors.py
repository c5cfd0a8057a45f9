"""What can go wrong, said to a student: what was given, what was expected, where, what to write instead."""

from __future__ import annotations


class AutogradError(Exception):
    """The base of every error that this package raises on purpose."""


class ShapeError(AutogradError, ValueError):
    """Arrays whose shapes do not fit together."""


class DtypeError(AutogradError, TypeError):
    """A value of a kind that an operation cannot take."""


class ValueRangeError(AutogradError, ValueError):
    """A value outside what is allowed: NaN in a parameter, an empty sequence, an unknown choice."""


class GraphLostError(AutogradError, TypeError):
    """Code that would silently turn a recorded tensor into a plain number or array."""


class GradientError(AutogradError, RuntimeError):
    """A derivative that was asked for and does not exist or is not defined as asked."""


class UsageError(AutogradError, TypeError):
    """A call with arguments that the function does not have."""


class FileError(AutogradError, OSError):
    """A file that cannot be written."""
