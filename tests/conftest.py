"""What is true of every test: no key shows (see ``tests.canary``)."""

from tests.canary import pytest_configure, pytest_runtest_makereport

__all__ = ["pytest_configure", "pytest_runtest_makereport"]
