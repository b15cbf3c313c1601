"""What the lab takes from a node document."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

import pytest

from ipsec_lab.document import Port, a_host, read
from ipsec_lab.errors import LabError

TEXT = Path(__file__).with_name("document.json").read_text()


def changed(change: Callable[[Any, Any], None]) -> str:
    """The document after a change to its authority and its node."""
    document = json.loads(TEXT)
    authority = document["authority"]
    change(authority, authority["router"][0]["node"][0])
    return json.dumps(document)


def test_the_example_of_the_page() -> None:
    site = read(TEXT)
    assert (site.router, site.node, site.client) == ("router1", "node1", "client1")
    lan = IPv4Interface("172.16.1.2/24")
    assert site.lans == (Port("lan", lan, IPv4Address("2.2.2.1")),)
    assert site.wan.device == "wan"
    assert site.services == (IPv4Network("1.1.1.0/24"),)
    assert site.monitor_network == IPv4Network("10.128.128.0/28")
    rem1 = site.remote("rem1")
    assert (rem1.host, rem1.key) == (IPv4Address("172.16.4.3"), "somekey1")
    assert (rem1.local_id, rem1.remote_id) == ("169.254.129.2", "172.16.4.3")
    assert site.behind(rem1) == (IPv4Address("1.1.1.1"), IPv4Address("8.8.8.8"))


def test_keys_do_not_show_in_what_is_printed() -> None:
    assert "somekey" not in repr(read(TEXT))


def test_private_networks_leave_out_any() -> None:
    def subnet(_: Any, node: Any) -> None:
        node["ipsec-client"][0]["remote"][0]["subnet"] = ["10.77.1.0/24"]

    assert read(changed(subnet)).private == (
        IPv4Network("172.16.1.0/24"),
        IPv4Network("1.1.1.0/24"),
        IPv4Network("10.77.1.0/24"),
        IPv4Network("8.8.8.8/32"),
        IPv4Network("10.128.128.0/28"),
    )


def test_identities_that_are_written() -> None:
    def name(authority: Any, node: Any) -> None:
        authority["router"][0]["ipsec-profile"][0]["local-id"] = "branch.example"
        node["ipsec-client"][0]["remote"][0]["remote-id"] = "hub.example"

    rem1 = read(changed(name)).remote("rem1")
    assert (rem1.local_id, rem1.remote_id) == ("branch.example", "hub.example")


def test_without_generated_interfaces_the_identity_follows_the_plugin_network() -> None:
    def move(_: Any, node: Any) -> None:
        node["device-interface"] = node["device-interface"][:2]
        node["ipsec-client"][0]["plugin-network"] = "169.254.200.0/27"

    assert read(changed(move)).remote("rem1").local_id == "169.254.200.2"


def six(authority: Any, node: Any) -> None:
    """IPv6 on both interfaces, outside and inside of the first remote."""
    for device, address in zip(
        node["device-interface"], ("2001:db8:1::2", "2001:db8:3::2"), strict=False
    ):
        addresses = device["network-interface"][0]["address"]
        addresses.append({"ip-address": address, "prefix-length": 64})
    authority["service"][1]["address"].append("2001:db8:16::/48")
    remote = node["ipsec-client"][0]["remote"][0]
    remote.update({"host": "2001:db8:16::3", "local-subnet": ["2001:db8:1::/64"]})
    for device in node["device-interface"]:
        if device["name"] == "client1":
            egress = {"ip-address": "fd00::1", "prefix-length": 126, "gateway": "fd00::2"}
            device["network-interface"][0]["address"].append(egress)


def test_ipv6_outside_and_inside() -> None:
    site = read(changed(six))
    assert (str(site.wan.six), str(site.lans[0].six)) == ("2001:db8:3::2/64", "2001:db8:1::2/64")
    rem1, rem2 = site.remotes
    assert (str(rem1.host), rem1.local_id) == ("2001:db8:16::3", "fd00::2")
    assert (str(rem1.subnets[0]), str(rem2.subnets[0])) == ("::/0", "0.0.0.0/0")
    assert IPv6Network("2001:db8:1::/64") in site.private


def test_a_gateway_that_is_named_has_two_addresses_where_gateways_are() -> None:
    def name(authority: Any, node: Any) -> None:
        authority["service"][1]["address"] = ["172.16.0.0/19"]
        node["ipsec-client"][0]["remote"][0]["host"] = "hub.example"

    rem1, rem2 = read(changed(name)).remotes
    assert (rem1.host_name, [*map(str, rem1.hosts)]) == (
        "hub.example",
        ["172.16.31.240", "172.16.31.241"],
    )
    assert (rem2.host_name, rem2.hosts) == ("", (rem2.host,))


def test_a_monitor_that_is_switched_off_is_not_served() -> None:
    def off(_: Any, node: Any) -> None:
        node["ipsec-client"][0]["remote"][0]["tunnel-monitor"]["enabled"] = False

    assert read(changed(off)).remote("rem1").monitored == ()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda _, node: node.update({"ipsec-client": []}), "no enabled ipsec-client"),
        (lambda a, _: a.update({"service": a["service"][:1]}), "no interface leads"),
        (
            lambda _, node: node["ipsec-client"][0]["remote"][0].update({"host": "hub.example"}),
            "rem1 host hub.example is a name",
        ),
        (
            lambda _, node: node["device-interface"][0]["network-interface"][0].update(
                {"address": [{"ip-address": "2001:db8::1", "prefix-length": 64}]}
            ),
            "lan has no IPv4 address",
        ),
        (
            lambda _, node: node["ipsec-client"][0]["remote"][1].update({"host": "172.16.4.3"}),
            "same host",
        ),
    ],
)
def test_what_the_lab_cannot_supply_is_said(
    change: Callable[[Any, Any], None], complaint: str
) -> None:
    with pytest.raises(LabError, match=complaint):
        read(changed(change))


def test_an_unknown_remote_is_answered_with_those_there_are() -> None:
    with pytest.raises(LabError, match=r"rem1, rem2"):
        read(TEXT).remote("rem3")


@pytest.mark.parametrize(
    ("network", "host"),
    [
        ("1.1.1.0/24", "1.1.1.1"),
        ("8.8.8.8/32", "8.8.8.8"),
        ("10.0.0.2/31", "10.0.0.2"),
        ("0.0.0.0/0", "198.51.100.1"),
    ],
)
def test_one_host_stands_for_a_network(network: str, host: str) -> None:
    assert a_host(IPv4Network(network)) == IPv4Address(host)
