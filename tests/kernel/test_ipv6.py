"""A plan with IPv6 on both sides of a tunnel, put into the kernel."""

from __future__ import annotations

import time

from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.kernel.apply import apply
from ipsec_client.plan.build import Facts, build
from ipsec_client.plan.objects import Connection, KernelObject, Pluto
from tests.configs import clean

from .support import MemoryLedger, ip, needs_root, steps

pytestmark = needs_root

CHANGES = {
    "client1": "{client}",
    "host     172.16.4.3": "host 2001:db8:4::3\n subnet 2001:db8:7::/48",
    "address         1.1.1.0/24": "address 2001:db8:7::/48",
    "address        172.16.4.3\n": "address 2001:db8:4::/64\n",
    "gateway-ip  169.254.129.6": "",
    "gateway-ip  172.16.3.5": "",
}


def wanted(client: str) -> list[KernelObject]:
    text = clean()
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new.format(client=client))
    examined = examine(text)
    assert not examined.refused, [str(item) for item in examined.findings]
    plan = build(document(generate(examined.authority), "router1", "node1"), Facts(), {})
    return [item for item in plan.objects if not isinstance(item, Pluto | Connection)]


def test_all_of_it_is_there_and_an_address_survives_a_lowered_kni(client: str) -> None:
    plan, ledger = wanted(client), MemoryLedger()
    ip("link", "add", "wan", "type", "veth", "peer", "name", "provider")
    ip("link", "set", "wan", "up")
    deadline = time.monotonic() + 10
    waiting = {"ipsec1", "ipsec2", "rem1", "rem2"}  # until pluto is there and the tunnels are up
    while True:
        left = [apply(step, ledger) for step in steps(client, plan, ledger)]
        if all(reason.split(" ")[0] in waiting for reason in left):
            break
        assert time.monotonic() < deadline, left
    for verb in ("up", "down", "up"):
        ip("link", "set", "rem1", verb, netns=client)
        assert "fdb6:dc80:a25f::a9fe:8106/126" in ip("-6", "addr", "show", "rem1", netns=client)
        assert "fdb6:dc80:a25f::a9fe:8102/126" in ip("-6", "addr", "show", client, netns=client)
    for end in (
        client,
        "",
    ):  # else no neighbour is asked for until the link-local address is settled
        assert "scope link" in ip("-6", "addr", "show", "rem1", netns=end)
        assert "tentative" not in ip("-6", "addr", "show", "rem1", netns=end)
    ip("route", "get", "2001:db8:4::3", netns=client)
    out = ip("-6", "route", "get", "2001:db8:4::3", netns=client)
    assert f"via fdb6:dc80:a25f::a9fe:8101 dev {client}" in out
