"""A commit disturbs nothing that it does not name."""

from __future__ import annotations

import re
import time

from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab
from tests.lab.test_leaks import PLUTO

REM1 = re.compile(r"\n +remote   rem1\n.*?\n {20}exit\n", re.DOTALL)
ROUTE1 = re.compile(r"\n +service-route         rem1\n.*?\n {12}exit\n", re.DOTALL)


def without_rem1() -> str:
    """The demo's configuration without its first remote."""
    text = DEMO.read_text()
    for part in (REM1, ROUTE1):
        text, count = part.subn("\n", text)
        assert count == 1
    return text


def test_rem1_removed_leaves_rem2_its_address_and_its_packets(lab: Lab) -> None:
    address = ["ip", "-o", "-4", "addr", "show", "dev", "rem2"]
    before = lab.must("client1", *address)
    assert "169.254.129.10/30" in before
    lab.silence("rem1")
    try:
        with lab.stream("remove-rem1", rate=1000) as sent:
            time.sleep(1)
            lab.commit(without_rem1())
            assert wait_until(lambda: "rem1" not in lab.interfaces(), deadline=30, pause=0.5)
            time.sleep(1)
        assert lab.must("client1", *address) == before
        assert sent.figures.lost == 0
        assert len(sent.at("rem2")) == sent.figures.sent
    finally:
        lab.commit(DEMO.read_text())


def test_a_configuration_with_errors_changes_nothing_and_starts_nothing(lab: Lab) -> None:
    plutos = lab.pids(PLUTO)
    broken = DEMO.read_text().replace("profile  secondary", "profile  tertiary")
    try:
        with lab.stream("refused", rate=1000) as sent:
            time.sleep(1)
            lab.commit(broken)
            time.sleep(2)
        assert sent.figures.lost == 0
        assert lab.pids(PLUTO) == plutos
        assert "tertiary" not in lab.pcli("show config running")
        assert lab.up()
    finally:
        lab.commit(DEMO.read_text())
