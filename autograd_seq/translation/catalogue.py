"""The catalogues of one language, as gettext compiled them."""

from __future__ import annotations

from gettext import GNUTranslations
from pathlib import Path

FOLDER = Path(__file__).parent


def messages(language: str) -> dict[str, str]:
    """All messages of a language that have a translation, with it.

    Examples
    --------
    >>> messages("xx")
    {}
    """
    found: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.mo")):
        with path.open("rb") as file:
            known: dict[object, str] = vars(GNUTranslations(file))["_catalog"]
        found |= {key: said for key, said in known.items() if isinstance(key, str) and key and said}
    return found
