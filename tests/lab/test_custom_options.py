"""An option that Libreswan itself cannot read, on a client that runs: it costs its own remote alone."""

from __future__ import annotations

import time

import pytest

from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab, running, spi
from tests.lab.test_leaks import PLUTO

pytestmark = pytest.mark.patient

GOOD = DEMO.read_text()
BAD = GOOD.replace(
    "somekey2", "somekey2\ncustom-option fragmentation\nname fragmentation\nvalue maybe\nexit"
)
"""The word has the form that the table asks for; that there is no such choice, only Libreswan tells."""


def refused(lab: Lab) -> list[str]:
    """The alarms of connections that Libreswan does not take."""
    said = "Tunnel rem2 is refused by Libreswan: "
    return [alarm.message for alarm in lab.alarms() if alarm.message.startswith(said)]


def costs_its_own_remote_alone(lab: Lab, said: str) -> None:
    """Not even that, where it runs already: it goes on as it was, and the alarm tells that it is not as written."""
    plutos, before = lab.pids(PLUTO), spi(lab)
    try:
        with lab.stream("bad-option", rate=1000) as sent:
            time.sleep(1)
            lab.commit(BAD)
            assert wait_until(lambda: bool(refused(lab)), deadline=30, pause=0.3), lab.story()
            assert all(said in message for message in refused(lab)), refused(lab)
            assert refused(lab)[0].endswith(". It carries on as before the change")
            assert "refuses the change, which is not in force" in lab.pcli("why remote rem2")
            time.sleep(1)
        assert sent.figures.lost == 0
        assert len(sent.at("rem1")) == sent.figures.sent
        assert lab.up()
        assert lab.pids(PLUTO) == plutos
    finally:
        lab.commit(GOOD)
    assert wait_until(lambda: not refused(lab), deadline=30, pause=0.3), lab.story()
    assert lab.up()
    assert spi(lab) == before


def test_on_5_2_a_bad_option_costs_its_own_remote_alone() -> None:
    said = "warning: invalid, keyword ignored: fragmentation=maybe"
    with running(GOOD, "--libreswan", "5") as lab:
        costs_its_own_remote_alone(lab, said)
        lab.stop()
        lab.start(BAD)
        lab.await_up("rem1")
        assert wait_until(lambda: bool(refused(lab)), deadline=30, pause=0.3), lab.story()
        assert said in refused(lab)[0]
        assert said in lab.pcli("why")
        assert not lab.up("rem2")
        lab.commit(GOOD)
        lab.await_up()
