"""IPv6 outside a tunnel, inside, and both: each carries, is probed, fails over, and lets nothing out in the clear."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ipsec_lab.judge import Kind
from ipsec_lab.shapes import PROBED, PROBED_SIX, Remote, Service, configuration
from tests.lab.driver import Lab, running

pytestmark = pytest.mark.patient

INSIDE = {4: "1.1.1.1", 6: "2001:db8:7::1"}
WHOLE_SIX = "subnet ::/0"
REMOTES = {
    "four-in-four": Remote("in44", "172.16.4.3"),
    "four-in-six": Remote("in46", "2001:db8:16::3"),
    "six-in-four": Remote("in64", "172.16.5.4", fields=WHOLE_SIX, probed=PROBED_SIX),
    "six-in-six": Remote("in66", "2001:db8:16:1::4", fields=WHOLE_SIX, probed=PROBED_SIX),
}
SERVICES = {
    "four": Service(["1.1.1.0/24"], ["in44", "in46"]),
    "six": Service(["2001:db8:7::/48"], ["in64", "in66"]),
}
FIRST = {4: "in44", 6: "in64"}
SECOND = {4: "in46", 6: "in66"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The four combinations, two of them with a Libreswan as gateway."""
    text = configuration(tuple(REMOTES.values()), SERVICES)
    with running(text, "--gateway", "in46=libreswan", "--gateway", "in64=libreswan") as lab:
        yield lab


@pytest.mark.parametrize("version", [4, 6])
def test_each_combination_carries_and_the_second_takes_over_from_a_silent_first(
    lab: Lab, version: int
) -> None:
    lab.await_up()
    with lab.stream(f"six-{version}", to=INSIDE[version]) as sent:
        time.sleep(1)
        lab.silence(FIRST[version])
        time.sleep(1)
    lab.heal()
    carried = {name: len(sent.at(name)) for name in lab.remotes}
    assert carried[FIRST[version]] > 100
    assert carried[SECOND[version]] > 100
    assert sum(carried.values()) == carried[FIRST[version]] + carried[SECOND[version]]
    assert sent.figures.lost < sent.figures.sent / 2
    seen = sent.on_wan
    assert seen[Kind.ESP] > 200
    assert seen[Kind.CLEAR] == seen[Kind.OTHER] == 0, seen


def test_all_are_probed(lab: Lab) -> None:
    lab.await_up()
    for name in lab.remotes:
        shown = lab.pcli(f"show device-interface name {name}")
        assert (PROBED if name.startswith("in4") else PROBED_SIX) in shown


def test_with_all_silent_nothing_leaves(lab: Lab) -> None:
    lab.await_up()
    for name in lab.remotes:
        lab.break_("gateway-silent", name)
    for version, to in INSIDE.items():
        with lab.stream(f"six-none-{version}", to=to) as sent:
            time.sleep(2)
        assert sent.figures.sent > 0
        assert sent.on_wan[Kind.CLEAR] == 0
    lab.heal()


def test_sas_that_live_are_ended_by_nobody(lab: Lab) -> None:
    """Longer than it takes to find those too many: pluto writes SPIs beside addresses of IPv6 in another way."""
    lab.await_up()
    time.sleep(45)
    assert lab.up()
    assert "is ended: Libreswan does not know it" not in lab.pcli("why")
