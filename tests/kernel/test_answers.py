"""What answers a packet that came out of a tunnel goes back into one, or nowhere: never out in the clear."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.apply import apply
from ipsec_client.plan.build import Facts, build
from ipsec_client.plan.objects import Connection, KernelObject, Pluto, TunnelDevice
from tests.configs import clean

from .support import MemoryLedger, ip, needs_root, steps

pytestmark = needs_root

INSIDE = """
        service inside
            address 172.16.1.0/24
            address 10.77.0.0/16
            address 2001:db8:1::/64
            address 2001:db8:77::/48
            access-policy _internal_
            exit
        exit
        tenant internet
"""
SIX = "address 2001:db8:{}::2\n prefix-length 64\n exit"
CHANGES = {
    "client1": "{client}",
    "        tenant lan\n": f"{INSIDE}        exit\n        tenant lan\n",
    "name          lanintf": f"name lanintf\n {SIX.format(1)}",
    "name          wanintf": f"name wanintf\n tenant internet\n {SIX.format(3)}",
    "host     172.16.4.3": "host 172.16.4.3\n tenant _internal_",
    "host     172.16.5.4": "host 172.16.5.4\n tenant _internal_\n subnet ::/0",
}
COVERED, UNCOVERED, UNCOVERED_SIX = "1.1.1.{}", "203.0.113.{}", "2001:db8:99::{}"
"""Addresses behind a tunnel: some in a service that leads back into it, the others in none. IPv6 is by rem2."""
ETH_P_ALL = 3


def wanted(client: str) -> list[KernelObject]:
    text = clean()
    for old, new in CHANGES.items():
        assert old in text, old
        text = text.replace(old, new.format(client=client))
    examined = examine(text)
    assert not examined.refused, [str(item) for item in examined.findings]
    plan = build(document(generate(examined.authority), "router1", "node1"), Facts(), {})
    parts = (Pluto, Connection, TunnelDevice)
    return [item for item in plan.objects if not isinstance(item, parts)]


HOSTS = {
    "a host of the LAN": ("172.16.1.10",),
    "the router itself": ("172.16.1.2",),
    "too many hops": ("172.16.1.10", "-t", "1"),
    "no way there": ("10.77.0.1",),
}
HOSTS_SIX = {
    "a host of the LAN": ("2001:db8:1::10",),
    "the router itself": ("2001:db8:1::2",),
    "too many hops": ("2001:db8:1::10", "-t", "1"),
    "no way there": ("2001:db8:77::1",),
}
ANSWERING = dict(list(HOSTS.items())[:2])
LINKS = (
    ("lan", ("172.16.1.2/24", "2001:db8:1::2/64"), ("172.16.1.10/24", "2001:db8:1::10/64")),
    ("wan", ("172.16.3.2/24", "2001:db8:3::2/64"), ("172.16.3.5/24", "2001:db8:3::5/64")),
)
"""The router's devices with its addresses and those of who is there."""


def linked(name: str, device: str, ours: Sequence[str], theirs: Sequence[str]) -> None:
    """A namespace that the router reaches by a device of its own."""
    ip("netns", "add", name)
    ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name)
    for here, there in zip(ours, theirs, strict=True):
        ip("addr", "add", here, "dev", device, "nodad")
        ip("addr", "add", there, "dev", "eth0", "nodad", netns=name)
    ip("link", "set", "eth0", "up", netns=name)
    ip("link", "set", device, "up")


@pytest.fixture
def provider(client: str) -> Iterator[str]:
    """The router with a LAN host, and a provider that its default route leads to; the tunnel's end is the namespace."""
    lan, provider = f"{client}l", f"{client}p"
    for name, (device, ours, theirs) in zip((lan, provider), LINKS, strict=True):
        linked(name, device, ours, theirs)
    ip("link", "set", "lo", "up")
    for at_lan, at_provider in (("172.16.1.2", "172.16.3.5"), ("2001:db8:1::2", "2001:db8:3::5")):
        ip("route", "add", "default", "via", at_lan, netns=lan)
        ip("route", "add", "default", "via", at_provider)
    ledger, plan = MemoryLedger(), wanted(client)
    until = time.monotonic() + 20
    while (left := [apply(step, ledger) for step in steps(client, plan, ledger)]) and any(
        not reason.startswith("ipsec") for reason in left
    ):
        for kni in ("rem1", "rem2"):
            ip("link", "set", kni, "up", netns=client)
        assert time.monotonic() < until, left
    # Here the namespace itself sends what otherwise came out of the tunnel.
    subprocess.run(
        ["ip", "netns", "exec", client, "nft", "delete", "table", "inet", "ipsec_client"],
        check=True,
    )
    for network in (COVERED, UNCOVERED, UNCOVERED_SIX):
        for number in range(len(HOSTS)):
            ip("addr", "add", network.format(number + 1), "dev", "lo", netns=client)
    for version in ("-4", "-6"):
        ip(version, "rule", "add", "pref", "10", "lookup", "10", netns=client)
    for network in ("172.16.1.0/24", "10.77.0.0/16"):
        way = ("via", "169.254.129.5", "dev", "rem1", "table", "10")
        ip("route", "add", network, *way, netns=client)
    for network in ("2001:db8:1::/64", "2001:db8:77::/48"):
        way = ("via", "fdb6:dc80:a25f::a9fe:8109", "dev", "rem2", "table", "10")
        ip("route", "add", network, *way, netns=client)
    while "tentative" in ip("-6", "addr") + ip("-6", "addr", netns=client):
        assert time.monotonic() < until
    yield provider
    for name in (lan, provider):
        ip("netns", "del", name)


def sent(client: str, provider: str, source: str, to: str, *words: str) -> tuple[bool, int]:
    """Whether a ping out of the tunnel is answered, and how many packets about it the provider sees."""
    with namespaces.open_socket(
        provider, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)
    ) as seen:
        ping = ["ping", "-c", "2", "-i", "0.2", "-W", "1", "-I", source, *words, to]
        done = subprocess.run(
            ["ip", "netns", "exec", client, *ping], stdout=subprocess.DEVNULL, check=False
        )
        seen.setblocking(False)
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                count += ip_address(source).packed in seen.recv(2048)
    return done.returncode == 0, count


def all_sent(
    client: str, provider: str, groups: Iterable[tuple[str, Mapping[str, Sequence[str]]]]
) -> dict[tuple[str, str], tuple[bool, int]]:
    """What came of each, all sent at once, each from an address of its own."""
    asked = {
        (network, what): (network.format(number), *words)
        for network, hosts in groups
        for number, (what, words) in enumerate(hosts.items(), 1)
    }
    with ThreadPoolExecutor(len(asked)) as pool:
        found = pool.map(lambda words: sent(client, provider, *words), asked.values())
        return dict(zip(asked, found, strict=True))


def test_an_answer_leaves_nowhere_unless_a_service_leads_it_back(
    client: str, provider: str
) -> None:
    found = all_sent(
        client, provider, ((COVERED, ANSWERING), (UNCOVERED, HOSTS), (UNCOVERED_SIX, HOSTS_SIX))
    )
    assert found == {key: (key[0] == COVERED, 0) for key in found}
    assert len(found) == len(ANSWERING) + len(HOSTS) + len(HOSTS_SIX)


def test_without_the_firewall_the_provider_sees_it(client: str, provider: str) -> None:
    subprocess.run(["nft", "delete", "table", "inet", "ipsec_client"], check=True)
    found = all_sent(client, provider, ((UNCOVERED, HOSTS), (UNCOVERED_SIX, HOSTS_SIX)))
    assert {key: (answered, seen > 0) for key, (answered, seen) in found.items()} == dict.fromkeys(
        found, (False, True)
    )
