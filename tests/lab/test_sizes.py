"""How large a packet may be: what a tunnel carries by cipher and path, and how the LAN is told of one too large."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ipsec_lab import pcap
from ipsec_lab.shapes import PROBED_SIX, Remote, Service, configuration
from ipsec_lab.topology import PROVIDER, behind_of
from ipsec_lab.waiting import wait_until
from tests.lab.driver import Lab, running

pytestmark = pytest.mark.patient

CBC, CHACHA = (
    "phase2-encryption aes256\nphase2-digest sha2_512",
    "phase2-encryption chacha20_poly1305",
)
SHORT = "phase2-encryption aes128\nphase2-digest sha2_256"
REMOTES = (
    Remote("gcm", "172.16.1.3", "phase2-encryption aes_gcm256"),
    Remote("cbc", "172.16.2.3", CBC, "enforced-mss 1200"),
    Remote("chacha", "2001:db8:16::3", CHACHA, "enforced-mss disabled"),
    Remote("six", "172.16.4.3", SHORT, "subnet ::/0\nenforced-mss automatic", PROBED_SIX),
)
"""The third is reached by IPv6, the fourth carries it."""
FAR = {"gcm": "10.60.0.1", "cbc": "10.61.0.1", "chacha": "10.62.0.1", "six": "2001:db8:63::1"}
BLOCK = {"gcm": 4, "cbc": 16, "chacha": 4, "six": 16}
"""Bytes that ESP fills up to with the widest cipher of each."""
TEXT = configuration(
    REMOTES,
    {
        f"of-{name}": Service([far + ("/128" if ":" in far else "/32")], [name])
        for name, far in FAR.items()
    },
)
NARROW = 1400


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Four tunnels, with a server of bulk behind each; timestamps of TCP, which are no part of an MSS, are off."""
    with running(TEXT, "--gateway", "cbc=libreswan") as lab:
        lab.must("lan", "sysctl", "-q", "-w", "net.ipv4.tcp_timestamps=0")
        for name, far in FAR.items():
            serve = (
                f"{sys.executable} -m ipsec_lab.bulk serve {far} </dev/null >/run/bulk.log 2>&1 &"
            )
            lab.must(behind_of(name), "sh", "-c", serve)
        lab.await_up()
        yield lab


def device_mtu(lab: Lab, name: str) -> int:
    device = f"ipsec{list(FAR).index(name) + 1}"
    found = re.search(r"mtu (\d+)", lab.must("client1", "ip", "link", "show", device))
    assert found
    return int(found[1])


def headers(name: str) -> int:
    """Of IP and TCP, inside the tunnel of a remote."""
    return 60 if ":" in FAR[name] else 40


def ping(lab: Lab, name: str, size: int, whole: str = "do") -> str:
    """What three packets of that size come to, which must not be taken apart, or (``dont``) may be."""
    data = size - headers(name) + 12  # IP and ICMP
    words = ("-c", "3", "-i", "0.3", "-W", "1", "-M", whole, "-s", str(data))
    return lab.do("lan", "ping", *words, FAR[name]).out


def forget(lab: Lab) -> None:
    """What the hosts have learned of paths, so that they ask again. All tunnels are up then."""
    lab.await_up()
    for host in ("lan", *map(behind_of, FAR)):
        for version in ("-4", "-6"):
            lab.must(host, "ip", version, "route", "flush", "cache")


def answered(told: str) -> bool:
    """All but one at most: the far gateway, which is narrower, may first have to tell its own host how to answer."""
    return bool(re.search(r" [23] received", told))


def bulk(lab: Lab, name: str) -> dict[str, Any]:
    done = lab.do("lan", sys.executable, "-m", "ipsec_lab.bulk", "send", FAR[name], "2000000")
    assert done.status == 0, f"{name}: {done.err[-300:]}"
    told: dict[str, Any] = json.loads(done.out)
    assert told["whole"], name
    return told


@pytest.mark.parametrize("name", FAR)
def test_the_default_is_the_most_that_cipher_and_path_leave(lab: Lab, name: str) -> None:
    """A packet of the tunnel's size is answered and fills one of 1500 bytes outside; a larger one is told so."""
    forget(lab)
    size = device_mtu(lab, name)
    too_large = ping(lab, name, 1500)
    assert re.search(rf"(Frag needed and DF set|Packet too big).*mtu[ =]+{size}\b", too_large)
    with lab.captured(f"sizes-{name}", (PROVIDER, "to-router")) as files:
        assert answered(ping(lab, name, size))
    outside = [
        int.from_bytes(packet.payload[4:6], "big") + (40 if len(packet.source) == 16 else 20)
        for packet in pcap.packets(files[PROVIDER])
        if packet.protocol == pcap.UDP
    ]
    assert 1500 - BLOCK[name] < max(outside) <= 1500


def test_plugin_1289_enforced_mss_is_a_number_automatic_or_off(lab: Lab) -> None:
    forget(lab)
    found = {name: bulk(lab, name)["first_segment"] for name in FAR}
    assert found == {
        "gcm": device_mtu(lab, "gcm") - 40,
        "cbc": 1200,
        "chacha": 1460,
        "six": device_mtu(lab, "six") - 60,
    }


@pytest.mark.parametrize("name", FAR)
def test_bulk_passes_where_the_path_turns_out_to_be_narrow(lab: Lab, name: str) -> None:
    """Nothing of it is configured: the provider says so, the kernel lowers what passes and tells the LAN."""
    forget(lab)
    lab.must(PROVIDER, "ip", "link", "set", f"to-{name}", "mtu", str(NARROW))
    lab.must(name, "ip", "link", "set", "uplink", "mtu", str(NARROW))
    told = bulk(lab, name)
    assert told["last_segment"] + headers(name) < NARROW - 60
    assert not answered(ping(lab, name, device_mtu(lab, name)))
    ping(lab, name, 3000, "dont")  # either end may have to learn how to take it apart
    assert answered(ping(lab, name, 3000, "dont"))
    assert answered(ping(lab, name, told["last_segment"] + headers(name)))


def test_plugin_384_the_mtu_of_a_profile_is_the_tunnels_and_told_to_the_lan(lab: Lab) -> None:
    lab.commit(TEXT.replace(CBC, f"{CBC}\nmtu 1280"))
    try:
        assert wait_until(lambda: device_mtu(lab, "cbc") == 1280, deadline=30, pause=0.3)
        forget(lab)
        assert "mtu = 1280" in ping(lab, "cbc", 1281)
        assert answered(ping(lab, "cbc", 1280))
        assert bulk(lab, "cbc")["first_segment"] == 1200
    finally:
        lab.commit(TEXT)
