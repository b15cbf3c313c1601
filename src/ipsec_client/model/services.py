"""Tenants, services and the routes to them: what of the router's configuration decides who may go where, and how."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, children, key, leaf, leaves

NOTE = "None on the node: it is a note for people"
"""The effect of fields that are meant to have none."""


@dataclass(frozen=True, kw_only=True)
class Tenant(Element):
    """Whom packets belong to; ``a.b`` is a part of ``b``."""

    name: str = key(
        v.TENANT,
        "The name of the tenant",
        effect="Interfaces, clients and access policies that name it are taken together",
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)


@dataclass(frozen=True, kw_only=True)
class AccessPolicy(Element):
    """Whether a tenant may use the service."""

    source: str = key(
        v.SOURCE,
        "The tenant",
        effect="The firewall passes or drops what comes in by this tenant's interfaces",
    )
    permission: str | None = leaf(
        v.choice("allow", "deny"),
        "Whether it may",
        effect="The firewall's verdict for the tenant: deny wins beside allow",
        default="allow",
    )


@dataclass(frozen=True, kw_only=True)
class PortRange(Element):
    """A range of destination ports."""

    start_port: int = key(
        v.number(0, 65535),
        "First port",
        effect="First port that the service's firewall rules and routing rules match",
    )
    end_port: int | None = leaf(
        v.number(0, 65535),
        "Last port; unset: the first",
        effect="Last port that the service's firewall rules and routing rules match",
    )


@dataclass(frozen=True, kw_only=True)
class Transport(Element):
    """A protocol of a service."""

    protocol: str = key(
        v.choice("tcp", "udp", "icmp", "gre", "esp"),
        "The protocol",
        effect="The service's firewall rules and routing rules match this protocol only",
    )
    port_range: tuple[PortRange, ...] = children(PortRange)


@dataclass(frozen=True, kw_only=True)
class Service(Element):
    """Destinations that packets are allowed to and routed to."""

    name: str = key(
        v.NAME,
        "The name of the service",
        effect="A routing table of its own, which the service's routes fill",
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)
    scope: str | None = leaf(v.choice("private", "public"), "Who learns of it", default="private")
    address: tuple[v.Prefix, ...] = leaves(
        v.PREFIX,
        "Destination addresses",
        effect="Routing rules lead packets to these addresses into the service's table, the firewall admits them",
    )
    transport: tuple[Transport, ...] = children(Transport)
    access_policy: tuple[AccessPolicy, ...] = children(AccessPolicy)


@dataclass(frozen=True, kw_only=True)
class NextHop(Element):
    """An interface of a node that a service's packets may leave by."""

    node_name: str = key(v.NAME, "The node", effect="Which node has the route")
    interface: str = key(
        v.NAME, "The network interface", effect="The device of the route in the service's table"
    )
    gateway_ip: v.Address | None = leaf(
        v.ADDRESS,
        "Next hop; unset: the interface's gateway",
        effect="The gateway of the route in the service's table",
    )


@dataclass(frozen=True, kw_only=True)
class ServiceRoute(Element):
    """How a service is reached from this router."""

    name: str = key(
        v.NAME,
        "The name of the service-route",
        effect="None of its own: routes count in the order they are written, not by name",
    )
    service_name: str | None = leaf(
        v.NAME, "The service", effect="Whose table the routes are in", required=True
    )
    next_hop: tuple[NextHop, ...] = children(NextHop)
