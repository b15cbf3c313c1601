"""Encapsulation, compression, kinds of identity and of peer, with traffic, by both versions of IKE."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ipsec_lab import pcap
from ipsec_lab.judge import Kind
from ipsec_lab.topology import PROVIDER, TO_ROUTER
from tests.lab.driver import Lab, running, watch
from tests.lab.site import Remote, Service, configuration

OLD = "ike-v2 never\n"
NAMED, MAILED = "local-id branch.example", "local-id me@branch.example"
REMOTES = {
    "name2": Remote(
        "name2", "172.16.1.3", f"encapsulation yes\ncompress true\n{NAMED}", "remote-id hub.example"
    ),
    "mail1": Remote(
        "mail1", "172.16.2.3", f"{OLD}encapsulation auto\n{MAILED}", "remote-id hub@hub.example"
    ),
    "name1": Remote(
        "name1",
        "172.16.3.3",
        f"{OLD}compress true\nremote-peer-type cisco\n{NAMED}1",
        "remote-id hub1.example",
    ),
    "mail2": Remote("mail2", "172.16.4.3", f"{MAILED}2", "remote-id hub@hub2.example"),
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
def test_each_carries_in_udp_behind_nat(lab: Lab, name: str) -> None:
    with (
        lab.captured(f"nat-{name}", (PROVIDER, TO_ROUTER)) as files,
        lab.stream(f"nat-stream-{name}", rate=100, to=FAR[name]) as sent,
    ):
        time.sleep(1)
    assert sent.figures.lost == 0
    assert len(sent.at(name)) == sent.figures.sent > 50
    seen = list(pcap.packets(files[PROVIDER]))
    assert watch(lab.site).account(seen)[Kind.ESP] > 100
    assert watch(lab.site).account(seen)[Kind.CLEAR] == 0
    assert not [packet for packet in seen if packet.protocol == pcap.ESP]


@pytest.mark.parametrize("name", ["name2", "name1"])
def test_what_compresses_well_is_compressed(lab: Lab, name: str) -> None:
    """1200 bytes of one value need a fraction of that outside; what does not shrink goes as it is."""
    with lab.captured(f"nat-compress-{name}", (PROVIDER, TO_ROUTER)) as files:
        lab.must("lan", "ping", "-c", "3", "-i", "0.2", "-s", "1200", "-p", "00", FAR[name])
    sizes = [
        int.from_bytes(packet.payload[4:6], "big")
        for packet in pcap.packets(files[PROVIDER])
        if packet.protocol == pcap.UDP
    ]
    print(name, sizes)
    assert max(sizes) < 400
