"""The machine of this folder's tests is made by root alone, and tells what it knows when one of them fails."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.story import tell

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each is one step of a story: they are not spread over processes, and last as long as a machine boots."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.timeout(600))
            if os.geteuid() != 0 or "PYTEST_XDIST_WORKER" in os.environ:
                reason = "sudo .venv/bin/pytest -n 0 tests/system runs it"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What systemd and the router have to say."""
    report = yield
    machine = getattr(item, "funcargs", {}).get("machine")
    if machine is not None:
        tell(report, "machine", machine.story)
    return report
