"""One lab for the whole suite; each test finds it whole, and leaves it healed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from ipsec_lab.guest import probe
from tests.lab.driver import DEMO, Lab, running
from tests.story import tell

HERE = Path(__file__).parent
OF_THEIR_OWN = (
    "test_causes.py",
    "test_custom_options.py",
    "test_demo.py",
    "test_diagnosis.py",
    "test_four_remotes.py",
    "test_matrix.py",
    "test_names.py",
    "test_nat.py",
    "test_side_by_side.py",
    "test_side_door.py",
    "test_rekeys.py",
    "test_release.py",
    "test_series.py",
    "test_six.py",
    "test_sizes.py",
    "test_subnets.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the lab; elsewhere than where ESP is it is skipped, and says how to run it.

    Some make labs of their own, and there is one at a time: they come before the one for all others.
    """
    items.sort(key=lambda item: item.path.name not in OF_THEIR_OWN)
    ours = [item for item in items if HERE in item.path.parents]
    lacking = probe.missing() if ours else []
    for item in ours:
        item.add_marker(pytest.mark.lab)
        item.add_marker(pytest.mark.timeout(300))
        if lacking:
            reason = f"no {', '.join(lacking)} here: ipsec-lab exec -- pytest tests/lab"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed tells what the router decided and why: the lab is gone when it is read."""
    report = yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if lab is not None:
        tell(report, "router", lab.story)
    return report


@pytest.fixture(scope="session")
def standing_lab() -> Iterator[Lab]:
    """The demo's network."""
    with running(DEMO.read_text()) as lab:
        yield lab


@pytest.fixture
def lab(standing_lab: Lab) -> Iterator[Lab]:
    """It, with all tunnels up."""
    standing_lab.await_up()
    yield standing_lab
    standing_lab.heal()
