"""The whole plan of a node: router side and client side in one, with what cannot be and why."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from ipsec_client.model.access import permission, service_for, services_for
from ipsec_client.plan.client import Inside, Tunnel
from ipsec_client.plan.forwarding import Forwarding, allocate_tables
from ipsec_client.plan.objects import Object
from ipsec_client.wire.document import Document


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan depends on besides the document: the node's Libreswan series, the services' tables so far."""

    series: int = 4
    tables: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Denial:
    """A gateway that the client's encrypted packets may not reach: no service lets its tenant there."""

    remote: str
    tenant: str
    address: str
    service: str | None

    def __str__(self) -> str:
        if self.service is None:
            return f"No service covers {self.address}, the gateway of {self.remote}"
        return (
            f"Service {self.service} does not let tenant {self.tenant} reach "
            f"{self.address}, the gateway of {self.remote}"
        )


@dataclass(frozen=True)
class Plan:
    """All that must exist, ordered by phase; ``refused`` and ``denials`` say what will not work and why."""

    document: Document
    objects: tuple[Object, ...]
    tables: Mapping[str, int]
    inside: Inside | None
    refused: Mapping[str, str]
    denials: tuple[Denial, ...]

    @property
    def tunnels(self) -> list[Tunnel]:
        """The client's tunnels, none where there is no client."""
        return self.inside.tunnels if self.inside else []


def build(document: Document, facts: Facts, hosts: Mapping[str, str]) -> Plan:
    """The plan of a node. ``hosts`` maps names of gateways to their addresses, as far as known."""
    services = document.authority.service
    tables = allocate_tables((service.name for service in services), facts.tables)
    client = document.client
    inside = Inside(document, client, hosts, facts.series) if client else None
    wanted: list[Object] = list(Forwarding(document, tables).objects())
    if inside:
        wanted += inside.objects()
    wanted.sort(key=lambda item: item.phase)
    return Plan(
        document,
        tuple(wanted),
        tables,
        inside,
        inside.refused if inside else {},
        _denials(inside) if inside else (),
    )


def _denials(inside: Inside) -> tuple[Denial, ...]:
    services = inside.document.authority.service
    tenant = inside.client.tenant or ""
    found = []
    for tunnel in inside.tunnels:
        host = tunnel.remote.host or ""
        try:
            address = ipaddress.ip_address(inside.hosts.get(host, host))
        except ValueError:
            continue  # a name not resolved yet: told elsewhere
        if any(service_for(services, tenant, address, "udp", port) is None for port in (500, 4500)):
            covering = services_for(services, address, "udp", 500)
            refusing = [item.name for item in covering if not permission(item, tenant)]
            found.append(
                Denial(tunnel.remote.name, tenant, str(address), refusing[0] if refusing else None)
            )
    return tuple(found)
