"""What is lost when a part of the product dies."""

from __future__ import annotations

import time

from ipsec_lab.judge import Kind
from ipsec_lab.topology import ROUTER
from tests.lab.driver import Lab
from tests.lab.test_leaks import PLUTO


def test_agent_killed_loses_nothing_and_is_watching_again_within_a_second(lab: Lab) -> None:
    before = lab.pids(PLUTO)
    with lab.stream("agent-killed", rate=1000) as sent:
        time.sleep(1)
        lab.must(ROUTER, "kill", "-KILL", lab.agent())
        time.sleep(1)
        # Pluto does not bring it back by itself; an IKE SA it does, at times before anybody has looked.
        lab.break_("child-deleted", "rem1")
        time.sleep(2)
    assert lab.pids(PLUTO) == before
    # A packet a millisecond: nobody watching would lose them until pluto's own patience ends.
    assert sent.figures.lost <= 100
    assert sent.at("rem2")
    assert sent.on_wan[Kind.CLEAR] == 0


def test_agent_killed_alone_loses_no_packet(lab: Lab) -> None:
    with lab.stream("agent-killed-alone", rate=1000) as sent:
        time.sleep(1)
        lab.must(ROUTER, "kill", "-KILL", lab.agent())
        time.sleep(3)
    assert sent.figures.lost == 0
    assert len(sent.at("rem1")) == sent.figures.sent


def test_pluto_killed_takes_traffic_away_for_three_seconds_at_most(lab: Lab) -> None:
    with lab.stream("pluto-killed", rate=1000) as sent:
        time.sleep(1)
        lab.signal("KILL", PLUTO)
        time.sleep(6)
    assert sent.figures.lost > 0
    assert sent.figures.longest_gap_ms <= 3000
    assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0
