"""IPv6 on either side of a tunnel: what is added for it, and that nothing is where it is not used."""

from __future__ import annotations

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.objects import LAST_METRIC, Firewall, Kni, Route, Rule, Sysctl, TunnelDevice
from tests.configs import clean

HOST = ("host     172.16.4.3", "host 2001:db8:4::3")
SERVICE = ("address        172.16.4.3\n", "address 2001:db8:4::/64\n address 172.16.4.3\n")
SUBNET = ("host     172.16.4.3", "host 172.16.4.3\n subnet 2001:db8:7::/48")
INSIDE = ("address         1.1.1.0/24", "address 2001:db8:7::/48\n address 1.1.1.0/24")
GATEWAYS = ("gateway-ip  169.254.129.6", ""), ("gateway-ip  172.16.3.5", "")
HOP = ("next-hop      node1 rem2-intf\n", "next-hop      node1 wanintf\n")
OUTSIDE = [HOST, SERVICE, *GATEWAYS]
WITHIN = [SUBNET, INSIDE, *GATEWAYS]


def plan(*changes: tuple[str, str]) -> Plan:
    text = clean()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    examined = examine(text)
    assert not examined.refused, [str(item) for item in examined.findings]
    return build(document(generate(examined.authority), "router1", "node1"), Facts(), {})


def of(found: Plan, kind: type) -> list:  # type: ignore[type-arg]
    return [item for item in found.objects if isinstance(item, kind)]


def firewall(found: Plan, netns: str) -> str:
    return str(next(item.text for item in of(found, Firewall) if item.netns == netns))


def test_without_ipv6_nothing_of_it_is_set_up_in_the_namespace() -> None:
    found = plan()
    assert not [item for item in of(found, Route) if item.netns and item.family == 6]
    assert not [item for item in of(found, Sysctl) if item.key.endswith("all/forwarding")]
    assert "ipv6-icmp" not in firewall(found, "client1")
    assert not [item for item in of(found, Kni) if ":" in item.router]


def test_a_gateway_of_ipv6_is_reached_over_the_egress_kni() -> None:
    found = plan(*OUTSIDE)
    knis = {item.name: (item.router, item.namespace) for item in of(found, Kni)}
    assert knis["client1"] == (
        "169.254.129.1/30 fdb6:dc80:a25f::a9fe:8101/126",
        "169.254.129.2/30 fdb6:dc80:a25f::a9fe:8102/126",
    )
    assert knis["rem1"] == ("169.254.129.5/30", "169.254.129.6/30")
    (way,) = [item for item in of(found, Route) if item.netns and item.family == 6]
    assert (way.to, way.dev, way.via) == ("default", "client1", "fdb6:dc80:a25f::a9fe:8101")
    inner = firewall(found, "client1")
    assert 'oifname "client1" meta l4proto { esp, icmp, ipv6-icmp } accept' in inner
    assert 'iifname { "ipsec1", "ipsec2" } meta l4proto icmp accept' in inner
    nat = "ip6 saddr fdb6:dc80:a25f::a9fe:8102 oifname != "
    assert nat in firewall(found, "")
    assert Sysctl("", "net/ipv6/conf/all/forwarding", "1") in found.objects


def test_each_version_of_ip_takes_only_the_tunnels_that_carry_it() -> None:
    ways = [
        (item.family, item.dev, item.via)
        for item in of(plan(*WITHIN), Route)
        if not item.netns and item.dev.startswith("rem")
    ]
    assert ways == [
        (4, "rem2", "169.254.129.10"),
        (6, "rem1", "fdb6:dc80:a25f::a9fe:8106"),
    ]


def test_an_interface_without_an_ipv6_address_is_no_way_for_ipv6() -> None:
    wan = plan(*WITHIN, ("interface   rem2-intf\n", "interface   wanintf\n"), HOP)
    assert [item.family for item in of(wan, Route) if not item.netns and item.dev == "wan"] == [
        4,
        4,
    ]


def test_the_longer_header_of_ipv6_leaves_less_room() -> None:
    four, six = (of(plan(*changes), TunnelDevice)[0].mtu for changes in ([], OUTSIDE))
    assert 16 <= four - six <= 24


def test_a_tunnel_that_carries_ipv6_has_room_for_it() -> None:
    """Linux has no IPv6 on a device with less (RFC 8200, 5)."""
    small = ("name                 primary\n", "name                 primary\n mtu 1230\n")
    assert of(plan(small), TunnelDevice)[0].mtu == 1230
    assert of(plan(*WITHIN, small), TunnelDevice)[0].mtu == 1280


def test_networks_of_ipv6_are_routed_into_the_tunnel_and_back() -> None:
    found = plan(*WITHIN)
    routes = [item for item in of(found, Route) if item.netns and item.family == 6]
    assert [(item.table, item.to, item.dev, item.via) for item in routes if item.dev] == [
        (101, "2001:db8:7::/48", "ipsec1", ""),
        (201, "default", "rem1", "fdb6:dc80:a25f::a9fe:8105"),
    ]
    assert {item.table for item in routes if item.metric == LAST_METRIC} == {101, 201}
    rules = [item for item in of(found, Rule) if item.netns and item.family == 6]
    assert [(item.iif, item.oif, item.table) for item in rules] == [
        ("rem1", "", 101), ("ipsec1", "", 201), ("", "ipsec1", 101),
    ]  # fmt: skip
    inner = firewall(found, "client1")
    assert 'oifname "ipsec1" fib saddr type local snat ip6 to fdb6:dc80:a25f::a9fe:8106' in inner
    assert 'oifname "ipsec2" fib saddr type local snat ip to' in inner
    keep = Sysctl("client1", "net/ipv6/conf/all/keep_addr_on_down", "1")
    assert keep.identity in {item.identity for item in found.objects}


def test_the_router_leads_networks_of_ipv6_to_the_kni() -> None:
    found = plan(*WITHIN)
    table = found.tables["cleartext"]
    ways = [item for item in of(found, Route) if item.table == table and item.family == 6]
    assert ("rem1", "fdb6:dc80:a25f::a9fe:8106") in [(item.dev, item.via) for item in ways]
    assert Sysctl("", "net/ipv6/conf/rem1/ignore_routes_with_linkdown", "1") in found.objects
    assert "ip6 daddr 2001:db8:7::/48 accept" in firewall(found, "")


@pytest.mark.parametrize("version", [4, 6])
def test_icmp_is_that_of_the_version(version: int) -> None:
    more = ("address 2001:db8:7::/48", "address 2001:db8:7::/48\n transport icmp\n exit")
    found = plan(*WITHIN, more)
    rules = [item for item in of(found, Rule) if item.protocol and item.family == version]
    assert {item.protocol for item in rules} == {1 if version == 4 else 58}
    word = {4: "1.1.1.0/24 meta l4proto icmp accept", 6: "::/48 meta l4proto ipv6-icmp accept"}
    assert word[version] in firewall(found, "")
