"""Both remotes carry 0.0.0.0/0 at once, and what is sent by one leaves to its own gateway alone."""

from __future__ import annotations

import time

import pytest

from ipsec_lab import pcap
from ipsec_lab.judge import Kind
from ipsec_lab.topology import PROVIDER, TO_ROUTER, UPLINK
from tests.lab.driver import Lab, watch

pytestmark = pytest.mark.patient


@pytest.mark.parametrize(("lowered", "carries"), [(None, "rem1"), ("rem1", "rem2")])
def test_the_stream_is_at_the_gateway_that_carries_and_at_no_other(
    lab: Lab, lowered: str | None, carries: str
) -> None:
    if lowered is not None:
        lab.silence(lowered)
    with lab.stream(f"separation-{carries}") as sent:
        time.sleep(2)
    arrived = {remote.name: len(sent.at(remote.name)) for remote in lab.site.remotes}
    assert arrived[carries] == sent.figures.sent > 0
    assert sum(arrived.values()) == arrived[carries]
    assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0


def test_esp_to_a_gateway_is_only_on_its_own_link(lab: Lab) -> None:
    places = [(remote.name, UPLINK) for remote in lab.site.remotes]
    with lab.captured("links", (PROVIDER, TO_ROUTER), *places) as files:
        time.sleep(2)
    for remote in lab.site.remotes:
        seen = list(pcap.packets(files[remote.name]))
        ends = {
            address
            for packet in seen
            if packet.is_ip and len(packet.source) == 4
            for address in packet[1:3]
        }
        assert ends == {remote.host.packed, lab.site.wan.address.ip.packed}
        assert watch(lab.site).account(seen)[Kind.ESP] > 0
