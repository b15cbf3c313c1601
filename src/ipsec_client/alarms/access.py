"""Gateways that the router's own services keep the client's packets from reaching, as alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ipsec_client.alarms.book import Alarm
from ipsec_client.model.access import service_for, services_for
from ipsec_client.model.elements import IpsecClient, Service
from ipsec_client.model.values import Address

IKE = ("udp", 500)
"""What a gateway must be reachable by at least (RFC 7296, section 2)."""


def denied(
    client: IpsecClient,
    services: Iterable[Service],
    addresses: Mapping[str, Address],
) -> list[Alarm]:
    """An alarm per remote whose address is in none of the services that let the client's tenant in.

    ``addresses`` are those the remotes' hosts have; a remote whose host is not resolved is left out.
    """
    known, tenant = list(services), client.tenant or ""
    return [
        _denied(known, tenant, remote.name, addresses[remote.name])
        for remote in client.remote
        if remote.name in addresses
        and service_for(known, tenant, addresses[remote.name], *IKE) is None
    ]


def _denied(services: list[Service], tenant: str, remote: str, address: Address) -> Alarm:
    covering = services_for(services, address, *IKE)
    who = f"tenant {tenant} reach {address} ({remote})"
    message = (
        f"Service {covering[0].name} does not let {who}" if covering else f"No service lets {who}"
    )
    return Alarm(f"access {remote}", "critical", "service", remote, message)
