"""Settings of all tests."""

import os

from hypothesis import settings

# In continuous integration the same examples every time; elsewhere new ones each run, which find more.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")
