"""The whole plan of a node: router side and client side in one, with what cannot be and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipsec_client.plan.admission import firewall
from ipsec_client.plan.client import Inside, Tunnel
from ipsec_client.plan.forwarding import Forwarding, allocate_tables
from ipsec_client.plan.objects import DockerRules, Object
from ipsec_client.wire.document import Document


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan depends on besides the document: the node's Libreswan series, the services' tables so far."""

    series: int = 4
    tables: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """All that must exist, ordered by phase; ``refused`` says which remotes will not run, and why."""

    document: Document
    objects: tuple[Object, ...]
    tables: Mapping[str, int]
    inside: Inside | None
    refused: Mapping[str, str]

    @property
    def tunnels(self) -> list[Tunnel]:
        """The client's tunnels, none where there is no client."""
        return self.inside.tunnels if self.inside else []


def build(document: Document, facts: Facts, hosts: Mapping[str, str]) -> Plan:
    """The plan of a node. ``hosts`` maps names of gateways to their addresses, as far as known."""
    services = document.authority.service
    tables = allocate_tables((service.name for service in services), facts.tables)
    client = document.client
    forwarding = Forwarding(document, tables)
    inside = Inside(document, client, forwarding, hosts, facts.series) if client else None
    wanted: list[Object] = []
    if services or forwarding.knis:
        wanted = [firewall(forwarding), *forwarding.objects()]
    if forwarding.devices:
        wanted.append(DockerRules(tuple(forwarding.devices)))
    if inside:
        wanted += inside.objects()
    wanted.sort(key=lambda item: item.phase)
    return Plan(
        document,
        tuple(wanted),
        tables,
        inside,
        inside.refused if inside else {},
    )
