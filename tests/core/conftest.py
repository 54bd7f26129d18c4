"""Hypothesis for the core: no timing (two shared processors), and a failure prints how to repeat it."""

from hypothesis import settings

settings.register_profile("core", deadline=None, print_blob=True)
settings.load_profile("core")
