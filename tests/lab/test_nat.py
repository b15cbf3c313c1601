"""Encapsulation, kinds of identity and of peer, with traffic, by both versions of IKE."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ipsec_lab import pcap
from ipsec_lab.judge import Kind
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import PROVIDER, TO_ROUTER
from tests.lab.driver import Lab, running, watch

pytestmark = pytest.mark.patient

OLD = "ike-v2 never\n"
NAMED, MAILED = "local-id branch.example", "local-id me@branch.example"
REMOTES = {
    "name2": Remote("name2", "172.16.1.3", f"encapsulation yes\n{NAMED}", "remote-id hub.example"),
    "mail1": Remote(
        "mail1", "172.16.2.3", f"{OLD}encapsulation auto\n{MAILED}", "remote-id hub@hub.example"
    ),
    "name1": Remote(
        "name1",
        "172.16.3.3",
        f"{OLD}remote-peer-type cisco\n{NAMED}1",
        "remote-id hub1.example",
    ),
    "mail2": Remote(
        "mail2", "172.16.4.3", f"encapsulation no\n{MAILED}2", "remote-id hub@hub2.example"
    ),
}
"""By the kind of their identities and the version of IKE; those that are addresses are everywhere else."""
FAR = {name: f"10.7{number}.0.1" for number, name in enumerate(REMOTES)}
TEXT = configuration(
    tuple(REMOTES.values()), {f"of-{name}": Service([f"{FAR[name]}/32"], [name]) for name in FAR}
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Behind the router's NAT, as always; the last two with a Libreswan as gateway."""
    with running(TEXT, "--gateway", "name1=libreswan", "--gateway", "mail2=libreswan") as lab:
        yield lab


@pytest.mark.parametrize("name", REMOTES)
def test_each_carries_behind_nat_in_udp_unless_that_is_forbidden(lab: Lab, name: str) -> None:
    with (
        lab.captured(f"nat-{name}", (PROVIDER, TO_ROUTER)) as files,
        lab.stream(f"nat-stream-{name}", rate=100, to=FAR[name]) as sent,
    ):
        time.sleep(1)
    assert sent.figures.lost == 0
    assert len(sent.at(name)) == sent.figures.sent > 50
    gateway = lab.site.remote(name).host.packed
    seen = [
        packet
        for packet in pcap.packets(files[PROVIDER])
        if gateway in (packet.source, packet.destination)
    ]
    counted = watch(lab.site).account(seen)
    assert counted[Kind.ESP] > 100
    assert counted[Kind.CLEAR] == counted[Kind.OTHER] == 0
    bare = sum(packet.protocol == pcap.ESP for packet in seen)
    assert bare == (counted[Kind.ESP] if name == "mail2" else 0)
