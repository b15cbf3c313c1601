"""What the living lab's router shows, in the documented layouts: devices, alarms, the generated configuration, the
restart of a tunnel, plugin state.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab

pytestmark = pytest.mark.patient

PAGE = Path(__file__).with_name("page")
"""The page's samples, one a file, without prompts."""

LAYOUTS = Path(__file__).with_name("layouts")
"""Layouts that the page leaves to us, in the forms of its router's other plugins."""

TESTS = Path(__file__).parents[1]

STEADY = [
    "Name",
    "Client",
    "Host",
    "Profile",
    "Connection",
    "Remote-id",
    "Verdict",
    "Loaded",
    "Negotiation",
    "Destination",
    "Status",
]
"""Of the plugin's state what is the same each time, while the tunnels are up."""

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


def words(text: str) -> list[str]:
    """The lines that hold something, without their padding."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_the_generated_configuration_is_the_pages(lab: Lab) -> None:
    page = words((TESTS / "configs" / "page-generated.conf").read_text())
    first = page.index("device-interface client1")
    generated = page[first:-first]  # what encloses it is a line and an exit each
    shown = words(lab.pcli("show config running authority router router1 node node1"))
    place = shown.index("device-interface client1")
    assert shown[place : place + len(generated)] == generated


def test_a_restart_is_framed_as_on_the_page_around_libreswans_own_lines(lab: Lab) -> None:
    sample = (TESTS / "commands" / "golden" / "restart.txt").read_text()
    frame = [line for line in sample.splitlines() if not line[:1].isdigit()]
    shown = lab.pcli("restart ipsec remote router router1 node node1 rem1").splitlines()
    said = [line for line in shown if re.match(r"\d{3} ", line)]
    assert said
    assert all('"ipsec-client-tunnel-primary-rem1"' in line for line in said)
    framed = [line for line in shown if line not in said]
    assert framed == [line.replace("node1.conductor", "node1.router1") for line in frame]
    assert shown[frame.index("") + 1 : frame.index("") + 1 + len(said)] == said


def steady(shown: str) -> list[str]:
    """The lines with only their labels, but for values that are the same each time; of several SAs the first."""
    first = re.sub(r"( +Add time:.*\n.*\n.*\n)(?: +Add time:.*\n.*\n.*\n)+", r"\1", shown)
    return [
        line if label.strip().replace(" ", "-") in STEADY or not colon else f"{label}:"
        for line in shape(first)
        for label, colon, _ in [line.partition(":")]
    ]


def test_the_plugins_state_has_the_documented_layout(lab: Lab) -> None:
    shown = lab.pcli("show plugins state router router1 node node1")
    assert steady(shown) == steady((LAYOUTS / "plugin-state.txt").read_text())


def test_the_plugins_summary_is_a_row_for_each_remote(lab: Lab) -> None:
    numbers = re.compile(r"(?m)^( rem\d +up +[\d.]+) +[1-9]\d* +\d+ +\d+")
    shown, expected = (
        [" ".join(line.split()) for line in shape(numbers.sub(r"\1 SAS IN OUT", text))]
        for text in (
            lab.pcli("show plugins state summary router router1 node node1"),
            (LAYOUTS / "plugin-summary.txt").read_text(),
        )
    )
    assert shown == expected
