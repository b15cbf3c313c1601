"""The whole plan of a node: router side and client side in one, with what cannot be and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipsec_client.plan.admission import firewall
from ipsec_client.plan.client import Inside, Tunnel
from ipsec_client.plan.forwarding import Forwarding, allocate_tables
from ipsec_client.plan.objects import DockerRules, Kni, Object
from ipsec_client.wire.document import Document


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan depends on besides the document: the node's Libreswan series, the services' tables so far.

    ``side_door``: a Session Smart Router forwards, and gives us its KNIs; ``parted`` are those it is about to
    delete. Without its egress KNI a client is nothing.
    """

    series: int = 4
    tables: Mapping[str, int] = field(default_factory=dict)
    side_door: bool = False
    parted: frozenset[str] = frozenset()


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
    inside = None
    if client and client.name not in facts.parted:
        inside = Inside(document, client, forwarding, hosts, facts.series, facts.side_door)
    wanted: list[Object] = []
    if (services or forwarding.knis) and not facts.side_door:
        wanted = [firewall(forwarding), *forwarding.objects()]
    if forwarding.devices and not facts.side_door:
        wanted.append(DockerRules(tuple(forwarding.devices)))
    if inside:
        wanted += (
            item
            for item in inside.objects()
            if not (isinstance(item, Kni) and item.name in facts.parted)
        )
    wanted.sort(key=lambda item: item.phase)
    return Plan(
        document,
        tuple(wanted),
        tables,
        inside,
        inside.refused if inside else {},
    )
