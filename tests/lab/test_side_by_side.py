"""Two routers on one machine, alike in every name and address, each in a mount namespace of its own."""

from __future__ import annotations

import time

import pytest

from ipsec_lab.judge import Kind
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import ROUTER
from tests.lab.driver import Lab, running
from tests.lab.test_leaks import PLUTO

pytestmark = pytest.mark.patient

TEXT = configuration([Remote("rem1", "172.16.1.3")], {"far": Service(["1.1.1.0/24"], ["rem1"])})


def born(lab: Lab) -> str:
    """The process that is the client's pluto, with the instant of its start."""
    [pid] = lab.must(ROUTER, "cat", "/run/ipsec-client/client1/pluto.pid").split()[:1]
    return lab.must(ROUTER, "cut", "-d", " ", "-f", "1,22", f"/proc/{pid}/stat")


def test_two_routers_with_one_name_and_one_address_do_not_disturb_each_other() -> None:
    with running(TEXT) as first:
        pluto = born(first)
        with first.stream("beside") as sent, running(TEXT, apart=True) as second:
            with second.stream("beside-second") as theirs:
                time.sleep(1)
            assert theirs.figures.lost == 0
            assert len(theirs.at("rem1")) == theirs.figures.sent
            second.signal("KILL", PLUTO)
            second.await_up()
            second.stop()
            assert second.pids(PLUTO) == []
            assert not second.interfaces()
        assert born(first) == pluto
        assert first.up()
        assert sent.figures.lost == 0
        assert len(sent.at("rem1")) == sent.figures.sent > 0
        assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0
