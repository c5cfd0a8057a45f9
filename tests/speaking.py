"""A small catalogue for tests, in place of the one that ships: what is said with it does not change as that grows."""

from contextlib import contextmanager

import autograd_seq
from autograd_seq.translation import reader


@contextmanager
def chinese(monkeypatch, messages):
    """Chinese, of which these messages are all that is known."""
    with monkeypatch.context() as patched:
        patched.setattr(reader, "_messages", lambda name: messages)
        reader._phrases.cache_clear()
        try:
            with autograd_seq.language("zh"):
                yield
        finally:
            reader._phrases.cache_clear()
