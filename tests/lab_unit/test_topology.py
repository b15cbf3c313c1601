"""How a site is wired."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, IPv6Network
from pathlib import Path

import pytest

from ipsec_lab import topology
from ipsec_lab.document import Port, read

SITE = read(Path(__file__).with_name("document.json").read_text())
NAMESPACES = {name: f"/ns/{name}" for name in topology.hosts(SITE)}


def test_machines_come_in_an_order_that_makes_links_before_they_are_used() -> None:
    assert topology.hosts(SITE) == (
        *("lan", "router", "provider", "rem1", "behind-rem1", "rem2", "behind-rem2"),
    )
    made: set[tuple[str, str]] = set()
    for name, lines in topology.wiring(SITE, NAMESPACES).items():
        for line in lines:
            words = line.split()
            if words[:2] == ["link", "add"]:
                made |= {(name, words[2]), (words[-1].removeprefix("/ns/"), words[7])}
            elif "dev" in words:
                device = words[words.index("dev") + 1]
                assert device == "lo" or (name, device) in made


def test_the_router_has_what_its_configuration_says_and_a_way_to_leak() -> None:
    lines = topology.wiring(SITE, NAMESPACES)["router"]
    assert "addr add 172.16.1.2/24 dev lan" in lines
    assert "addr add 172.16.3.2/24 dev wan" in lines
    assert "route add default via 172.16.3.5 dev wan onlink" in lines


def test_hosts_behind_a_gateway_have_the_services_and_what_is_monitored() -> None:
    lines = topology.wiring(SITE, NAMESPACES)["behind-rem2"]
    assert "addr add 1.1.1.1/32 dev lo" in lines
    assert "addr add 8.8.8.8/32 dev lo" in lines


def test_a_gateways_tunnel_leads_to_the_lan_and_to_the_probes() -> None:
    assert topology.tunnel_routes(SITE, SITE.remotes[0]) == [
        "route replace 172.16.1.0/24 dev tunnel",
        "route replace 10.128.128.0/28 dev tunnel",
    ]


@pytest.mark.parametrize(
    ("address", "gateway", "expected"),
    [
        ("172.16.1.2/24", None, "172.16.1.10"),
        ("172.16.1.10/24", None, "172.16.1.1"),
        ("172.16.1.2/24", "172.16.1.10", "172.16.1.1"),
        ("172.16.1.1/30", None, "172.16.1.2"),
    ],
)
def test_the_lan_host_takes_an_address_that_is_free(
    address: str, gateway: str | None, expected: str
) -> None:
    port = Port("lan", IPv4Interface(address), IPv4Address(gateway) if gateway else None)
    assert topology.lan_address(port) == IPv4Address(expected)


def test_a_second_inner_port_gets_a_host_of_its_own() -> None:
    more = Port("guests", IPv4Interface("10.5.0.1/24"), None)
    site = replace(SITE, lans=(*SITE.lans, more))
    assert topology.hosts(site)[:2] == ("lan", "at-guests")


def test_ipv6_is_wired_where_there_is_some_and_serves_at_once() -> None:
    lan = replace(SITE.lans[0], six=IPv6Interface("2001:db8:1::1/64"))
    wan = replace(SITE.wan, six=IPv6Interface("2001:db8:3::2/64"))
    rem1 = replace(SITE.remotes[0], host=IPv6Address("2001:db8:3::9"))
    services = (*SITE.services, IPv6Network("2001:db8:7::/48"))
    site = replace(SITE, lans=(lan,), wan=wan, remotes=(rem1, SITE.remotes[1]), services=services)
    lines = topology.wiring(site, NAMESPACES)
    assert "addr add 2001:db8:1::2/64 dev uplink nodad" in lines["lan"]
    assert "route add default via 2001:db8:3:: dev wan onlink" not in lines["router"]
    assert "route add default via 2001:db8:3::1 dev wan onlink" in lines["router"]
    assert "neigh add proxy 2001:db8:3::9 dev to-router" in lines["provider"]
    assert "addr add 2001:db8:3::9/128 dev uplink nodad" in lines["rem1"]
    assert "addr add 2001:db8:7::1/128 dev lo nodad" in lines["behind-rem2"]
    assert "route replace fdb6:dc80:a25f::/96 dev tunnel" in topology.tunnel_routes(site, rem1)
    assert not [line for line in topology.wiring(SITE, NAMESPACES)["router"] if "::" in line]
