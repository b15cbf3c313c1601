"""What the living lab's router shows, in the page's layouts: three forms of `show device-interface`, and alarms."""

from __future__ import annotations

import re
from pathlib import Path

from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab

PAGE = Path(__file__).with_name("page")
"""The page's samples, one a file, without prompts."""

VARIABLE = (
    (r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "DATE"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC"),
    (r"Completed in \d+\.\d\d seconds", "COMPLETED"),
    (r"(?m)^ ((?:in|out)-[a-z-]+): +\d+$", r" \1: N"),
    (r"(bytes:|bytes\):) *\d+", r"\1N"),
    (r"combo-west|node1", "NODE"),
    (r"(?m)^=+(?: =+)*$", "="),
    (r"\((\d+)\)", "(N)"),
    (r":\d+ +TIME", ":N TIME"),
)
"""What differs from sample to sample, and what stands for it."""

MONITOR = re.compile(r"\n +tunnel-monitor\n +destination  8.8.8.8\n.*?exit\n +exit\n", re.DOTALL)


def shape(shown: str) -> list[str]:
    """The lines with everything that varies replaced."""
    for pattern, word in VARIABLE:
        shown = re.sub(pattern, word, shown)
    return [line.rstrip() for line in shown.strip().splitlines()]


def sample(name: str) -> list[str]:
    return shape((PAGE / f"{name}.txt").read_text())


def block(shown: str) -> str:
    """The interface's block alone, as the page shows it for a tunnel that is down."""
    return shown[shown.index("===") :].partition("\nCompleted")[0]


def test_a_monitored_tunnel_has_totals_and_its_monitors_state(lab: Lab) -> None:
    shown = lab.pcli("show device-interface name rem1")
    ipsec = shown[shown.index(" IPSec:") :].partition("\nCompleted")[0]
    assert shape(ipsec) == sample("monitored")


def test_a_tunnel_without_a_monitor_has_the_first_form(lab: Lab) -> None:
    text = DEMO.read_text()
    lab.commit(MONITOR.sub("\n", text))
    try:
        assert wait_until(
            lambda: "SA creation time" in lab.pcli("show device-interface name rem2"),
            deadline=30,
            pause=0.5,
        )
        assert shape(lab.pcli("show device-interface name rem2")) == sample("healthy")
    finally:
        lab.commit(text)


def test_a_tunnel_that_is_down_says_no_more(lab: Lab) -> None:
    lab.break_("gateway-silent", "rem1")
    assert wait_until(lambda: not lab.up("rem1"), deadline=30, pause=0.5)
    assert shape(block(lab.pcli("show device-interface name rem1"))) == sample("down")


def test_an_alarm_tells_of_it_and_goes_with_it(lab: Lab) -> None:
    lab.break_("gateway-silent", "rem1")
    assert wait_until(lambda: bool(lab.alarms()), deadline=30, pause=0.5)
    shown, expected = shape(lab.pcli("show alarms")), sample("alarms")
    assert [" ".join(line.split()) for line in shown] == [" ".join(row.split()) for row in expected]
    lab.heal()
    assert wait_until(lambda: not lab.alarms(), deadline=60, pause=0.5)
