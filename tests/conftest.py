"""What is true of every test: no key shows (see ``tests.canary``), and none is held to a time by hypothesis."""

from hypothesis import settings

from tests.canary import pytest_configure, pytest_runtest_makereport

__all__ = ["pytest_configure", "pytest_runtest_makereport"]

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
