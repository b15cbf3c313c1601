"""What a test that failed has to tell beside its own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipsec_lab.errors import LabError


def tell(report: pytest.TestReport, title: str, story: Callable[[], str]) -> None:
    """Adds a story to the report of a failed test, while there is still somebody who knows it."""
    if not report.failed:
        return
    try:
        report.sections.append((title, story()))
    except (OSError, LabError, AssertionError) as error:
        report.sections.append((title, f"cannot be asked: {error}"))
