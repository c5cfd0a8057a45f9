"""Which language the reader reads."""

from __future__ import annotations

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.translation.reader import LANGUAGES, chosen


class language:  # noqa: N801  (used like a function)
    """Choose the language of everything that is said: errors, reports, pictures, pages, the command line.

    Parameters
    ----------
    name : str or None
        ``"en"``, ``"zh"``, or None for what the environment says: ``AUTOGRAD_SEQ_LANG``, else the locale.

    Notes
    -----
    The choice holds for the whole process, at once; in a ``with`` statement it ends with the block. Statuses
    (``proven``, ``refuted``) and the keys of JSON are the same in all languages.

    Examples
    --------
    >>> import autograd_seq
    >>> with autograd_seq.language("en"):
    ...     pass
    """

    def __init__(self, name: str | None) -> None:
        if name is not None and name not in LANGUAGES:
            known = ", ".join(repr(key) for key in LANGUAGES)
            said = f"there is no language {name!r}; there are {known}, or None: as the environment says"
            raise UsageError(f"{said}{here()}")
        self._before = chosen.name
        chosen.name = name

    def __enter__(self) -> language:
        return self

    def __exit__(self, *_: object) -> None:
        chosen.name = self._before
