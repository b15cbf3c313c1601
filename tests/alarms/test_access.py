"""A service that does not let the client's packets reach a gateway is named."""

from __future__ import annotations

from ipaddress import ip_address

from ipsec_client.alarms.access import denied
from ipsec_client.model.elements import AccessPolicy, IpsecClient, Remote, Service
from ipsec_client.model.values import Prefix

CLIENT = IpsecClient(
    name="client1", tenant="ipsec", remote=(Remote(name="rem1"), Remote(name="rem2"))
)
ADDRESSES = {"rem1": ip_address("172.16.4.3"), "rem2": ip_address("172.16.5.4")}


def service(*tenants: str) -> Service:
    policies = tuple(AccessPolicy(source=tenant) for tenant in tenants)
    return Service(name="ipsec", address=(Prefix("172.16.4.3"),), access_policy=policies)


def test_the_page_denies_its_second_remote_and_a_missing_policy_the_first() -> None:
    assert [alarm.message for alarm in denied(CLIENT, [service("ipsec")], ADDRESSES)] == [
        "No service lets tenant ipsec reach 172.16.5.4 (rem2)"
    ]
    (first, _) = denied(CLIENT, [service("lan")], ADDRESSES)
    assert first.message == "Service ipsec does not let tenant ipsec reach 172.16.4.3 (rem1)"
    assert (first.severity, first.category, first.source) == ("critical", "service", "rem1")


def test_an_unresolved_host_is_not_judged() -> None:
    assert denied(CLIENT, [], {}) == []
