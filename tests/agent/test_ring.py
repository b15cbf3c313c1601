"""Events and decisions by number: bounded, kept across restarts, tolerant of what another release wrote."""

from __future__ import annotations

import math

from ipsec_client.agent.ring import DECISIONS, Ring


def test_numbers_go_on_after_a_restart() -> None:
    ring = Ring({})
    ring.event(1.0, "alarm", "add", "one")
    again = Ring(ring.kept())
    again.event(2.0, "alarm", "clear", "one")
    assert [item.number for item in again.events] == [1, 2]
    assert again.events[0] == ring.events[0]


def test_it_is_bounded() -> None:
    ring = Ring({})
    for place in range(DECISIONS + 10):
        ring.decision(float(place), "rem1", "up", "because")
    assert len(ring.decisions) == DECISIONS
    assert ring.decisions[-1].time == DECISIONS + 9


def test_rows_of_another_release_are_passed_over() -> None:
    good = Ring({})
    good.event(1.0, "alarm", "add", "one")
    [row] = good.kept()["events"]
    rows = [
        {"strange": 1},
        5,
        None,
        {**row, "time": "noon"},
        {**row, "time": math.nan},
        {**row, "time": 1e300},
        {**row, "number": 7, "new": 1},
    ]
    ring = Ring({"next": "x", "events": rows, "decisions": "no list"})
    assert [event.number for event in ring.events] == [7]
    ring.event(1.0, "alarm", "add", "one")
    assert ring.events[-1].number == 8
