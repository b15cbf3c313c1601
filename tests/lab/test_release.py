"""A machine's Libreswan becomes another release while the tunnels are up, as by an upgrade of the distribution."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ipsec_lab import trixie
from ipsec_lab.judge import Kind
from ipsec_lab.router import PLUTOS
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab, running

pytestmark = pytest.mark.patient

OPTION = "custom-option  session-resumption\nvalue  no\nexit\n"
"""What 4.10 does not know."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The demo's network; rem2 has an option of 5.2, which the router begins with."""
    profile = "name                 secondary\n"
    configuration = DEMO.read_text().replace(profile, profile + OPTION, 1)
    with running(configuration, "--libreswan", "5") as lab:
        yield lab


def runs(lab: Lab) -> str:
    """The release that pluto says it is."""
    socket = "/run/ipsec-client/client1/pluto.ctl"
    said = lab.do(ROUTER, f"{PLUTOS}/whack", "--ctlsocket", socket, "--status").out
    return said.partition("pluto_version=")[2].partition(",")[0]


def refused(lab: Lab) -> list[str]:
    """What alarms say of connections that were refused."""
    return [alarm.message for alarm in lab.alarms() if "refused by Libreswan" in alarm.message]


def test_what_the_older_one_lacks_costs_its_own_remote_alone_and_is_told(lab: Lab) -> None:
    lab.await_up()
    assert runs(lab) == "5.2"
    lab.must(ROUTER, "umount", "-l", PLUTOS)
    assert wait_until(lambda: runs(lab) == "4.10" and bool(refused(lab)), deadline=60, pause=0.3)
    assert "Tunnel rem2 is refused by Libreswan" in refused(lab)[0]
    assert "session-resumption" in refused(lab)[0]
    lab.await_up("rem1")
    assert not lab.up("rem2")
    assert "session-resumption" in lab.pcli("why remote rem2")


def test_another_release_is_taken_into_use_by_itself(lab: Lab) -> None:
    lab.await_up("rem1")
    with lab.stream("release", rate=1000) as sent:
        time.sleep(1)
        lab.must(ROUTER, "mount", "--bind", str(trixie.place()), PLUTOS)
        lab.await_up()
        time.sleep(1)
    assert runs(lab) == "5.2"
    assert refused(lab) == []
    assert sent.figures.longest_gap_ms <= 3000
    assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0
