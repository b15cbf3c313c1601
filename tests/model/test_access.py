"""Who may reach what."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.model.access import (
    ServiceTable,
    permission,
    remote_address,
    service_for,
    services_for,
    tenant_chain,
    tenant_named,
    tenant_of,
)
from ipsec_client.model.elements import AccessPolicy, PortRange, Remote, Service, Transport
from ipsec_client.model.values import Prefix
from tests.configs.strategies import addresses


def policy(text: str) -> tuple[AccessPolicy, ...]:
    """``lan:allow wan:deny other`` as policies; the last leaves its permission unset."""
    pairs = (word.rpartition(":") if ":" in word else (word, "", None) for word in text.split())
    return tuple(AccessPolicy(source=source, permission=said) for source, _, said in pairs)


def service(name: str, *prefixes: str, policies: str = "lan", udp: int | None = None) -> Service:
    ports = (PortRange(start_port=udp),) if udp else ()
    return Service(
        name=name,
        address=tuple(map(Prefix, prefixes)),
        access_policy=policy(policies),
        transport=(Transport(protocol="udp", port_range=ports),) if udp else (),
    )


@pytest.mark.parametrize(
    ("policies", "tenant", "expected"),
    [
        ("", "lan", None),
        ("lan", "lan", True),
        ("lan:allow", "lan", True),
        ("lan:deny", "lan", False),
        ("lan", "wan", None),
        ("lan", "a.lan", True),
        ("lan", "b.a.lan", True),
        ("a.lan", "lan", None),
        ("lan", "xlan", None),
        ("lan:deny a.lan:allow", "a.lan", True),
        ("lan:deny a.lan:allow", "b.a.lan", True),
        ("lan:allow a.lan:deny", "a.lan", False),
        ("lan:allow a.lan:deny", "c.lan", True),
        ("lan:allow lan@10.0.0.0/8:deny", "lan", False),
        ("lan@10.0.0.0/8:allow", "lan", None),
        ("10.0.0.0/8:deny lan:allow", "lan", False),
        ("10.0.0.0/8:allow", "lan", None),
    ],
)
def test_permission(policies: str, tenant: str, expected: bool | None) -> None:
    assert permission(service("s", "1.1.1.1", policies=policies), tenant) is expected


def test_hierarchy_of_tenants() -> None:
    assert tenant_chain("a.b.c") == ("a.b.c", "b.c", "c")
    assert [tenant_named(source) for source in ("lan", "lan@10.0.0.0/8", "10.0.0.0/8", "::/0")] == [
        "lan",
        "lan",
        "",
        "",
    ]
    assert tenant_of(Remote(name="r")) == "_internal_"
    assert tenant_of(Remote(name="r", tenant="lan")) == "lan"


def test_the_address_of_a_gateway() -> None:
    assert remote_address(Remote(name="r", host="1.2.3.4")) == ip_address("1.2.3.4")
    assert remote_address(Remote(name="r", host="gateway1.com")) is None
    assert remote_address(Remote(name="r")) is None


@pytest.mark.parametrize(
    ("protocol", "port", "expected"),
    [(None, None, True), ("udp", None, True), ("udp", 500, True), ("udp", 4500, False), ("tcp", 500, False)],
)  # fmt: skip
def test_transports(protocol: str | None, port: int | None, expected: bool) -> None:
    narrow = service("s", "1.0.0.0/8", udp=500)
    wide = service("s", "1.0.0.0/8")
    assert bool(services_for((narrow,), ip_address("1.2.3.4"), protocol, port)) is expected
    assert services_for((wide,), ip_address("1.2.3.4"), protocol, port)
    assert not services_for((narrow,), ip_address("2.2.3.4"))
    assert not services_for((service("s", "::/0"),), ip_address("1.2.3.4"))


def test_the_longest_prefix_comes_first_then_transports_then_the_order_written() -> None:
    every = service("every", "0.0.0.0/0")
    wide = service("wide", "10.0.0.0/8", "10.1.0.0/16")
    second = service("second", "10.1.0.0/16")
    narrow = service("narrow", "10.1.0.0/16", udp=53)
    found = services_for((every, wide, second, narrow), ip_address("10.1.2.3"), "udp", 53)
    assert [item.name for item in found] == ["narrow", "wide", "second", "every"]
    found = services_for((every, wide, second, narrow), ip_address("10.1.2.3"), "tcp", 53)
    assert [item.name for item in found] == ["wide", "second", "every"]


def test_services_that_say_nothing_of_a_tenant_do_not_exist_for_it() -> None:
    every = service("every", "0.0.0.0/0", policies="lan")
    other = service("other", "10.0.0.0/8", policies="wan")
    closed = service("closed", "10.1.0.0/16", policies="lan:deny")
    services = (every, other, closed)
    assert service_for(services, "lan", ip_address("10.2.0.1")) is every
    assert service_for(services, "wan", ip_address("10.2.0.1")) is other
    assert service_for(services, "lan", ip_address("10.1.0.1")) is None
    assert service_for(services, "wan", ip_address("11.0.0.1")) is None


prefixes = st.builds(lambda address, length: f"{address}/{length}", addresses, st.integers(0, 32))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(prefixes, max_size=3), max_size=6), addresses)
def test_the_table_finds_what_a_search_finds(several: list[list[str]], destination: object) -> None:
    services = [service(str(place), *texts) for place, texts in enumerate(several)]
    found = ServiceTable(services).covering(destination)  # type: ignore[arg-type]

    def longest(item: Service) -> int:
        networks = (prefix.network for prefix in item.address)
        return max((net.prefixlen for net in networks if destination in net), default=-1)

    matching = [item for item in services if longest(item) >= 0]
    assert found == sorted(matching, key=longest, reverse=True)
